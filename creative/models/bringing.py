"""Bringing a model to this machine: from a folder, a mirror or the hub, whole or not at all.

    <models>/.incoming/<name>-<revision>/    what is being fetched; the same command again goes on there
    <models>/.<name>.lock                    one process of a machine fetches it, the others wait

The folder <models>/<name> appears by one rename, its manifest in it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from creative.canonical import digest, file_digest
from creative.errors import UsageError
from creative.models import hub
from creative.models.files import (
    MANIFEST,
    Manifest,
    ModelError,
    allowed,
    check_safetensors,
    problems,
    read_manifest,
    refused_because,
    there,
    write_manifest,
)
from creative.models.rows import ModelRow

_CONVERT = "workers.models.convert"
_CONVERT_S = 1800
_SPARE_BYTES = 2 << 30
"""What a disk keeps free beside a model."""
_CACHE = ".cache"  # huggingface_hub's notes on files that were cut off


@contextlib.contextmanager
def locked(models: Path, name: str, say: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Of all processes of this machine one at a time. `say` hears of it where another one has to be waited for."""
    try:
        models.mkdir(parents=True, exist_ok=True)
        file = (models / f".{name}.lock").open("w")
    except OSError as error:
        raise UsageError(
            f"{models} cannot be written to ({error.strerror or error}): name another in CREATIVE_MODELS"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process of this machine is bringing {name}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_there(models: Path, name: str, revision: str | None = None) -> bool:
    """Whether the model is there, at that revision if one is named. Reads its manifest, not its files."""
    try:
        manifest = read_manifest(models / name)
    except ModelError:
        return False
    return revision is None or manifest.revision == revision


def pull(
    row: ModelRow,
    models: Path,
    *,
    revision: str | None = None,
    source: Path | None = None,
    check: bool = False,
    offline: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Bring the row's model to `models`; nothing is fetched if it is there at that revision.

    `revision`: the hub's commit, else the row's pin. Where there is neither, what is there stays, and if nothing is, the hub's
    newest commit is taken and written down. `source`: a folder with the repository's files, instead of the hub. `check`: hold
    what is there against its sha256, and bring anew what is damaged. `offline`: no hub is asked, whatever the environment says.
    Raises UsageError, ModelError, InfrastructureError.
    """
    revision = revision or row.revision
    with locked(models, row.name, say):
        if source is None and (here := _here(models, row.name, revision)) is not None:
            wrong = problems(models / row.name, here) if check else []
            if not wrong:
                say(f"{row.name} is there already, at {here.revision}")
                return here
            say(f"{row.name} is damaged ({'; '.join(wrong[:3])}): it is brought again")
            revision = here.revision
        if source is not None:
            return _from_folder(row, models, revision, source, say)
        if row.archive:
            raise UsageError(
                f"{row.name} is no repository of the hub: unpack {row.archive} and pull it with --from FOLDER"
            )
        if offline:
            raise hub.offline_error()
        commit, files = hub.look(row, revision)
        needed = sum(file.bytes for file in files)
        part = incoming(models, f"{row.name}-{commit}")
        _keep_what_is_good(models / row.name, part, files)
        have = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
        twice = sum(file.bytes for file in files if file.path in row.convert)  # beside what it is converted from
        check_room(models, needed + twice - min(have, needed), row.name)
        say(f"{row.name} at {commit}: {len(files)} files, {needed / 1e9:.1f} GB")
        hub.download(row, commit, files, part, say)
        return _finish(row, models, part, commit, say)


def _here(models: Path, name: str, revision: str | None) -> Manifest | None:
    """What is there of the model, at that revision if one is named; random weights of a rehearsal are not it."""
    if not is_there(models, name, revision):
        return None
    manifest = read_manifest(models / name)
    return None if manifest.rehearsal else manifest


def _keep_what_is_good(folder: Path, part: Path, files: list[hub.HubFile]) -> None:
    """Links to those files of an older or a damaged model that are what the hub has: they are not fetched again."""
    for file in files:
        old, new = folder / file.path, part / file.path
        if file.sha256 is None or new.exists() or not old.is_file() or old.stat().st_size != file.bytes:
            continue
        if file_digest(old) == file.sha256:
            new.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # of file systems without links
                os.link(old, new)


def _from_folder(
    row: ModelRow, models: Path, revision: str | None, source: Path, say: Callable[[str], None]
) -> Manifest:
    if not source.is_dir():
        raise UsageError(f"{source} is not a folder")
    told = read_manifest(source) if (source / MANIFEST).is_file() else None
    paths = [path for path in there(source) if path in row.convert or (hub.wanted(row, path) if told is None else True)]
    left = [path for path in there(source) if path not in paths]
    if not paths:
        raise UsageError(f"{source} has none of the files that {row.name} needs")
    if told is not None:
        if told.name != row.name:
            raise UsageError(f"{source} is the model {told.name}, not {row.name}")
        if revision and told.revision != revision:
            raise UsageError(f"{source} is {row.name} at {told.revision}, not at {revision}")
        wrong = problems(source, told)
        if wrong:
            raise ModelError(f"{source}: {'; '.join(wrong[:3])}")
        revision = told.revision
    if left:
        say(f"left there, since the model does not need it or nobody may load it: {', '.join(left[:5])}")
    check_room(models, sum((source / path).stat().st_size for path in paths), row.name)
    part = incoming(models, f"{row.name}-folder")
    shutil.rmtree(part, ignore_errors=True)
    for path in paths:
        (part / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, part / path)
    if revision is None:  # nobody knows the commit: its files say which they are
        revision = digest("\n".join(f"{path} {file_digest(part / path)}" for path in paths).encode())[:40]
        say(f"{row.name} gets the revision {revision}, made from its files: --revision names the hub's commit")
    return _finish(row, models, part, revision, say, rehearsal=told.rehearsal if told else False)


def incoming(models: Path, name: str) -> Path:
    """The folder in which something is put together."""
    folder = models / ".incoming" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_room(models: Path, needed: int, name: str) -> None:
    """Raise UsageError unless the disk has room for `needed` bytes and two GB more."""
    free = shutil.disk_usage(models).free
    if needed + _SPARE_BYTES > free:
        raise UsageError(
            f"{name} takes {needed / 1e9:.1f} GB, and the disk of {models} has {free / 1e9:.1f} GB free (2 GB are kept): make "
            "room, or name a larger disk in CREATIVE_MODELS"
        )


def _finish(
    row: ModelRow, models: Path, part: Path, revision: str, say: Callable[[str], None], rehearsal: bool = False
) -> Manifest:
    for source, target in row.convert.items():
        if (part / source).is_file():
            expected = row.sha256.get(source)
            if expected and file_digest(part / source) != expected:
                raise ModelError(f"{source} of {row.name} is not the file that its row is pinned to")
            say(f"{source} is made safe: {target}")
            convert(part / source, part / target)
            (part / source).unlink()
    shutil.rmtree(part / _CACHE, ignore_errors=True)
    _check_phonemiser(row, part)
    for path in list(there(part)):
        if not allowed(path):
            raise ModelError(f"{row.name}: {path} {refused_because(path)}")
    manifest = write_manifest(
        part, name=row.name, repo=row.repo, revision=revision, licence=row.licence.weights, rehearsal=rehearsal
    )
    put_in_place(part, models / row.name)
    return manifest


def _check_phonemiser(row: ModelRow, part: Path) -> None:
    """Raise ModelError where a row says that its model reads letters, and the model's own settings say phonemes."""
    if row.phonemiser != "none":
        return
    for name, field in (("config.json", "use_phonemes"), ("tokenizer_config.json", "phonemize")):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if json.loads((part / name).read_bytes()).get(field) is True:
                raise ModelError(
                    f"{row.name} reads phonemes by its own {name}, which espeak-ng (GPL) makes, and its row says that it does not: "
                    "it is not taken"
                )


def put_in_place(part: Path, folder: Path) -> None:
    """Make `part` the model's folder, in place of an older one."""
    old = folder.with_name(f".old-{folder.name}-{os.getpid()}")
    shutil.rmtree(old, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def convert(source: Path, target: Path) -> None:
    """Turn a pickled file of tensors into safetensors (or JSON, by `target`'s name) in a child that has nothing to lose: a
    process of its own, tensors and plain values only (`weights_only`), bounded memory, time and file size, no network where
    the system allows that, none of this process's environment.

    Raises ModelError for a file that has code in it, or is none.
    """
    root = str(Path(__file__).resolve().parents[2])
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": root,
        "LANG": "C.UTF-8",
        "HOME": str(target.parent),
        "OMP_NUM_THREADS": "1",
    }
    part = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-B", "-m", _CONVERT, str(source), str(part), target.suffix]
    try:
        done = subprocess.run(
            command, env=environment, cwd=target.parent, capture_output=True, text=True, timeout=_CONVERT_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise ModelError(
                f"{source.name} was refused: {said[-1][:500] if said else f'the child ended with {done.returncode}'}"
            )
        if target.suffix == ".safetensors":
            check_safetensors(part)
        part.replace(target)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{source.name} was refused: nothing came of it in {_CONVERT_S} s") from error
    except OSError as error:
        raise ModelError(f"{source.name} could not be converted: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
