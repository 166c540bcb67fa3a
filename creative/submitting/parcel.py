"""A parcel: a brief with every file that it needs, as blobs in a store, so that another machine can run it.

    {"parcel": 1, "campaign": "marlo-autumn", "brief": "brief/brief.yaml", "roots": 1,
     "files": [{"path": "brief/brief.yaml", "sha256": ..., "bytes": 2310}, ...],
     "references": [{"folder": "brief", "text": "/mnt/brands/marlo", "path": "media-1/marlo"}]}

Paths begin with the folder that may hold them: `brief`, or `media-1`, `media-2`, ... for media roots. What a text in one of
the files stands for is told only where it is not to be seen from the text: for links, absolute paths, and paths that lead
from one of those folders to another. So no machine's own paths are in it, and the same brief makes the same parcel, the same
keys and the same manifest everywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from creative.brief.brief import Brief
from creative.brief.load import load_brief
from creative.brief.media import MAX_FILM_BYTES, References
from creative.canonical import canonical
from creative.errors import DamagedStoreError, StoreError, UsageError
from creative.resources import templates
from creative.store import Store
from creative.world import Media

MAX_FILES = 20_000
MAX_BYTES = 20_000_000_000
"""Of all files of a parcel together."""
MAX_DOCUMENT_BYTES = 16_000_000
_MAX_PATH = 1_000
_UPLOADS = 8
_CHUNK = 1 << 20
_BRIEF = "brief"

_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Path = Annotated[str, Field(min_length=1, max_length=_MAX_PATH)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ParcelFile(_Part):
    """One file: its path in the parcel, and its blob."""

    path: _Path
    sha256: _Sha256
    bytes: int = Field(ge=0, le=MAX_FILM_BYTES)


class Reference(_Part):
    """What `text`, written in a file of `folder`, stands for: a file or a folder of the parcel."""

    folder: _Path
    text: Annotated[str, Field(max_length=_MAX_PATH)]
    path: _Path


class Parcel(_Part):
    """See the module. `roots`: how many of its folders are media roots."""

    parcel: Literal[1] = 1
    campaign: str
    brief: _Path
    roots: int = Field(ge=0, le=1_000)
    files: Annotated[tuple[ParcelFile, ...], Field(min_length=1, max_length=MAX_FILES)]
    references: Annotated[tuple[Reference, ...], Field(max_length=MAX_FILES)] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.files)

    def document(self) -> bytes:
        """The parcel as it is stored."""
        return canonical(self.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class Packed:
    """A parcel with the files that it was made from, by their sha256."""

    parcel: Parcel
    media: Media
    document: bytes
    sha256: str

    def upload(self, store: Store, observe: Callable[[int, int], None]) -> int:
        """Put what the store lacks into it, the document last. Returns how many files it lacked.

        `observe` is told first how many those are, and their bytes. Raises UsageError if a file changed meanwhile.
        """
        sizes = {file.sha256: file.bytes for file in self.parcel.files}
        with ThreadPoolExecutor(_UPLOADS) as pool:
            there = dict(zip(sizes, pool.map(store.size_of, sizes), strict=True))
            lacking = [sha256 for sha256, size in there.items() if size != sizes[sha256]]
            observe(len(lacking), sum(sizes[sha256] for sha256 in lacking))
            list(pool.map(lambda sha256: self.media.upload(sha256, store), lacking))
        if not store.has_blob(self.sha256):
            store.put_blob(self.document, "application/json")
        return len(lacking)


def pack(brief: Brief, path: Path, references: References, media_roots: Sequence[Path]) -> Packed:
    """The parcel of a brief that was loaded from `path`, as `references` noted it. Nothing is uploaded.

    Raises UsageError for more files or bytes than a parcel may have.
    """
    base = Path(os.path.realpath(path.parent))
    places = _Places(base, media_roots)
    media, files, told = Media(), {}, []
    for real in [base / path.name, *(real for real in references.noted.values() if real.is_file())]:
        name = places.name(real)
        if name not in files:
            _check_path(name, {name.split("/")[0]})
            sha256 = media.add_file(real)
            files[name] = ParcelFile(path=name, sha256=sha256, bytes=real.stat().st_size)
    if len(files) > MAX_FILES or sum(file.bytes for file in files.values()) > MAX_BYTES:
        raise UsageError(
            f"{path}: the brief needs {len(files)} files of {sum(file.bytes for file in files.values()) / 1e9:.1f} GB; "
            f"a parcel has at most {MAX_FILES} of {MAX_BYTES / 1e9:.0f} GB: run it where its files are, with creative run"
        )
    for (folder, text), real in references.noted.items():
        inside, meant = places.name(folder), places.name(real)
        if Path(text).is_absolute() or os.path.normpath(f"{inside}/{text}") != meant:
            told.append(Reference(folder=inside, text=text, path=meant))
    parcel = Parcel(
        campaign=brief.campaign.id,
        brief=places.name(base / path.name),
        roots=len(places.used),
        files=tuple(sorted(files.values(), key=lambda file: file.path)),
        references=tuple(sorted(told, key=lambda one: (one.folder, one.text))),
    )
    document = parcel.document()
    return Packed(parcel, media, document, hashlib.sha256(document).hexdigest())


class _Places:
    """Names of absolute paths in a parcel; media roots are numbered as they come up."""

    def __init__(self, base: Path, media_roots: Sequence[Path]) -> None:
        self.base = base
        self.roots = sorted({Path(os.path.realpath(root)) for root in media_roots}, key=lambda root: -len(root.parts))
        self.used: list[Path] = []

    def name(self, path: Path) -> str:
        if path.is_relative_to(self.base):
            return (PurePosixPath(_BRIEF) / path.relative_to(self.base)).as_posix()
        root = next(root for root in self.roots if path.is_relative_to(root))  # the longest; find() let no others in
        if root not in self.used:
            self.used.append(root)
        return (PurePosixPath(f"media-{self.used.index(root) + 1}") / path.relative_to(root)).as_posix()


def read_parcel(store: Store, sha256: str) -> Parcel:
    """The parcel with this digest. Raises UsageError if the blob is none, or one that leads out of its folder."""
    size = store.size_of(sha256)
    if size is None:
        raise UsageError(f"there is no parcel {sha256[:12]} in {store.url}: was it submitted with another store?")
    if size > MAX_DOCUMENT_BYTES:
        raise UsageError(f"{sha256[:12]} in {store.url} is no parcel: it has {size} bytes")
    try:
        parcel = Parcel.model_validate_json(store.get_blob(sha256))
    except (ValidationError, UnicodeDecodeError) as error:
        detail = ""
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False)[0]
            detail = f": {'.'.join(map(str, first['loc']))} {first['msg'].lower()}".rstrip()
        raise UsageError(f"{sha256[:12]} in {store.url} is no parcel that this version can read{detail}") from error
    folders = {_BRIEF, *(f"media-{number + 1}" for number in range(parcel.roots))}
    named = [parcel.brief, *(file.path for file in parcel.files)]
    told = [path for one in parcel.references for path in (one.folder, one.path)]
    for name in (*named, *told):
        _check_path(name, folders)
    paths = {file.path for file in parcel.files}
    if len(paths) != len(parcel.files) or parcel.brief not in paths or parcel.size > MAX_BYTES:
        raise UsageError(f"the parcel {sha256[:12]} is not whole: a file is missing from it, or in it twice")
    return parcel


def _check_path(name: str, folders: set[str]) -> None:
    """Raise UsageError unless the path stays in one of the parcel's folders."""
    first, *rest = name.split("/")
    strange = any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in rest)
    if first not in folders or strange:
        raise UsageError(f"the parcel has a path that leads out of its folder: {name[:80]!r}")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name[:80]!r}: the name of this file is not UTF-8: rename it") from None


def unpack(store: Store, parcel: Parcel, folder: Path) -> None:
    """Write the parcel's files below `folder`, which must be new or empty, each compared with its digest.

    Raises DamagedStoreError for a file that is missing from the store, or is not what the parcel says; what is damaged is
    removed from the store, so that submitting the brief again puts it there anew.
    """
    for root in (_BRIEF, *(f"media-{number + 1}" for number in range(parcel.roots))):
        (folder / root).mkdir(parents=True)
    cache = folder / ".fetched"

    def write(file: ParcelFile) -> None:
        try:
            source = store.fetch(file.sha256, cache)
            _copy(source, folder / file.path, file)
        except DamagedStoreError as error:
            with contextlib.suppress(StoreError):  # who may not remove it leaves it to --verify
                store.delete_blob(file.sha256)
            raise DamagedStoreError(f"{error}: submit the brief again") from error
        if source.is_relative_to(cache):  # the second copy is not needed any more
            source.unlink(missing_ok=True)

    once = {file.sha256: file for file in parcel.files}
    again = [file for file in parcel.files if once[file.sha256] is not file]
    try:
        for file in parcel.files:
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_UPLOADS) as pool:
            list(pool.map(write, once.values()))
        for file in again:
            _copy(folder / once[file.sha256].path, folder / file.path, file)
    except OSError as error:
        raise StoreError(f"cannot unpack a brief into {folder}: {error.strerror or error}") from error


def _copy(source: Path, target: Path, file: ParcelFile) -> None:
    seen = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    size = 0
    with os.fdopen(handle, "wb") as into, source.open("rb") as data:
        while (chunk := data.read(_CHUNK)) and size <= file.bytes:
            size += into.write(chunk)
            seen.update(chunk)
    if size != file.bytes or seen.hexdigest() != file.sha256:
        raise DamagedStoreError(f"the store's blob {file.sha256} is not the parcel's {file.path}")


def load_parcel(parcel: Parcel, folder: Path) -> Brief:
    """The brief of a parcel that was unpacked in `folder`. Raises BriefError, as for any brief."""
    root = Path(os.path.realpath(folder))
    given = {(root / one.folder, one.text): root / one.path for one in parcel.references}
    media_roots = [root / f"media-{number + 1}" for number in range(parcel.roots)]
    return load_brief(root / parcel.brief, media_roots=[*media_roots, templates()], references=References(given))
