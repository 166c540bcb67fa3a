"""A model's folder: its files, and the manifest that says which files they are.

    <models>/<name>/model.json       the manifest, written last: without it there is no model
    <models>/<name>/...              what the library loads, in the hub's own layout

The manifest: {"schema": 1, "name", "repo", "revision", "licence", "rehearsal", "files": {path: {"sha256", "bytes"}}}.
`rehearsal` is true of random weights, whose pictures and voices are noise.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from creative.canonical import file_digest
from creative.errors import UsageError

MANIFEST = "model.json"
_SCHEMA = 1
_SUFFIXES = (".safetensors", ".json", ".txt", ".model", ".jinja")
_NAMES = ("LICENSE", "LICENSE.md", "NOTICE", "README.md")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".npy", ".npz", ".joblib", ".dill", ".h5", ".pb", ".tar")
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=@+-]{0,199}")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MANIFEST_BYTES = 16 << 20
_HEADER_BYTES = 100 << 20


class ModelError(UsageError):
    """The files of a model are missing, damaged, or of a kind that is never loaded. Says what to do."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: its sha256 (64 hexadecimal digits) and its size in bytes."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model's folder holds. `revision`: 40 hexadecimal digits of the hub's commit, or of whoever made the files."""

    name: str
    repo: str
    revision: str
    licence: str
    rehearsal: bool
    files: dict[str, ModelFile]

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(file.bytes for file in self.files.values())


def models_folder(told: Path | None = None) -> Path:
    """Where models are: `told`, else CREATIVE_MODELS, else `creative-farm/models` in the user's cache."""
    if told is not None:
        return told.expanduser().absolute()
    if named := os.environ.get("CREATIVE_MODELS"):
        return Path(named).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().absolute() / "creative-farm" / "models"


def is_name(name: str) -> bool:
    """Whether a model can be called so: lower-case letters, digits, points and hyphens."""
    return _NAME.fullmatch(name) is not None


def allowed(path: str) -> bool:
    """Whether a model may have such a file: safetensors, JSON, text, a tokenizer's model. No pickle, no code."""
    parts = PurePosixPath(path).parts
    if not parts or len(path) > 400 or not all(_PART.fullmatch(part) for part in path.split("/")):
        return False
    return parts[-1] in _NAMES or parts[-1].lower().endswith(_SUFFIXES)


def refused_because(path: str) -> str:
    """Why a file may not be in a model's folder."""
    if path.lower().endswith(_PICKLES):
        return "is pickled or packed, and may run code when it is loaded: only safetensors are"
    if path.lower().endswith((".py", ".pyc", ".so", ".dll", ".sh")):
        return "is code: no model brings its own"
    return "is neither safetensors nor JSON, text or a tokenizer's model"


def check_safetensors(path: Path) -> None:
    """Raise ModelError unless the file begins as safetensors do (8 bytes of length, then that much JSON) and is whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or not 2 <= length <= min(size - 8, _HEADER_BYTES):
            raise ModelError(f"{path} is not a safetensors file, whatever its name says")
        try:
            header = json.loads(file.read(length))
            ends = [int(one["data_offsets"][1]) for name, one in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise ModelError(f"{path} is not a safetensors file, whatever its name says") from error
    if max(ends, default=0) != size - 8 - length:
        raise ModelError(f"{path} is cut off or has bytes too many: fetch it again")


def read_manifest(folder: Path) -> Manifest:
    """The folder's manifest. Raises ModelError if there is none, or it cannot be meant."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            data = file.read(_MANIFEST_BYTES)
    except OSError as error:
        raise ModelError(f"{folder} has no {MANIFEST}: there is no whole model in it") from error
    return parse_manifest(data, str(path))


def parse_manifest(data: bytes, where: str) -> Manifest:
    """A manifest from its bytes. Raises ModelError that names `where`."""
    try:
        said: dict[str, Any] = json.loads(data)
        if said["schema"] != _SCHEMA:
            raise ModelError(f"{where} is of another version of creative-farm (schema {said['schema']!r})")
        files = {str(path): ModelFile(str(one["sha256"]), int(one["bytes"])) for path, one in said["files"].items()}
        rehearsal = said["rehearsal"]
        manifest = Manifest(
            str(said["name"]), str(said["repo"]), str(said["revision"]), str(said["licence"]), rehearsal, files
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{where} is damaged: pull the model again") from error
    if not isinstance(rehearsal, bool) or not files:
        raise ModelError(f"{where} is damaged: pull the model again")
    for path, file in files.items():
        if not allowed(path) or path == MANIFEST:
            raise ModelError(f"{where}: {path!r} {refused_because(path)}")
        if not _SHA256.fullmatch(file.sha256) or file.bytes < 0:
            raise ModelError(f"{where}: {path}: its sha256 or size is none")
    return manifest


def spell_manifest(manifest: Manifest) -> bytes:
    """Its one spelling."""
    files = {path: asdict(manifest.files[path]) for path in sorted(manifest.files)}
    said = {**asdict(manifest), "schema": _SCHEMA, "files": files}
    return json.dumps(said, indent=1, sort_keys=True).encode() + b"\n"


def write_manifest(
    folder: Path, *, name: str, repo: str, revision: str, licence: str, rehearsal: bool = False
) -> Manifest:
    """Hash what is in the folder and write its manifest, whole or not at all.

    Raises ModelError for a file that no model may have, and for one that only calls itself safetensors.
    """
    files = {}
    for path in there(folder):
        if not allowed(path):
            raise ModelError(f"{folder / path} {refused_because(path)}")
        if path.endswith(".safetensors"):
            check_safetensors(folder / path)
        files[path] = ModelFile(file_digest(folder / path), (folder / path).stat().st_size)
    if not files:
        raise ModelError(f"{folder} has no files of a model in it")
    manifest = Manifest(name, repo, revision, licence, rehearsal, files)
    keep_manifest(folder, manifest)
    return manifest


def keep_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: the last thing that is done to a folder."""
    part = folder / f".{MANIFEST}.{os.getpid()}"
    with part.open("wb") as file:
        file.write(spell_manifest(manifest))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / MANIFEST)


def there(folder: Path) -> Iterator[str]:
    """The files in a model's folder, sorted, without the manifest and what is hidden: paths with "/"."""
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in within.parts) or within == Path(MANIFEST):
            continue
        yield within.as_posix()


def problems(
    folder: Path,
    manifest: Manifest,
    paths: Iterable[str] | None = None,
    hashed: Callable[[Path], str] = file_digest,
) -> list[str]:
    """What is wrong with the folder's files, each told with its name: missing, of another size or sha256, or not in the
    manifest. Reads every byte, several files at a time. `paths`: only those of the manifest's files. `hashed`: how a file's
    sha256 is found.
    """
    wanted = manifest.files if paths is None else {path: manifest.files[path] for path in paths}
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = [said for said in pool.map(lambda path: _problem(folder, path, wanted[path], hashed), wanted) if said]
    if paths is None:
        for path in there(folder):
            if path not in manifest.files:
                why = refused_because(path) if not allowed(path) else "is not one of the model's files"
                found.append(f"{path} {why}")
    return found


def _problem(folder: Path, path: str, file: ModelFile, hashed: Callable[[Path], str]) -> str:
    full = folder / path
    try:
        size = full.stat().st_size
        if size != file.bytes:
            return f"{path} has {size} bytes, not {file.bytes}"
        return "" if hashed(full) == file.sha256 else f"{path} has another sha256 than the manifest says"
    except FileNotFoundError:
        return f"{path} is missing"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror or error}"
