"""A store in a directory.

    store.json                  {"id": ..., "schema": 1}
    blobs/ab/cd/<sha256>        read-only
    receipts/..., campaigns/... named objects, as their names say
    .incoming/                  files being written; what a crash leaves here is removed when it is a day old

Every file is written whole into `.incoming`, flushed to the disk, then linked to its name, which fails if the name is
taken: that one system call is the commit, and the directory is flushed before it is acknowledged.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from creative.errors import MissingStoreError, StoreError, WrongStoreError
from creative.records import BlobRef
from creative.store.port import SCHEMA, check_name, check_sha256

_INCOMING = ".incoming"
_MARK = "store.json"
_HARMLESS = {_INCOMING, _MARK, "lost+found", ".DS_Store"}
_LEFTOVER_S = 24 * 3600
_CHUNK = 1 << 20
_WORDS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted (hard links may be missing on this file system)",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space left",
    errno.EDQUOT: "the quota is used up",
    errno.ENOTDIR: "not a directory",
    errno.ENAMETOOLONG: "the path is too long",
    errno.EMFILE: "too many open files",
    errno.EXDEV: "it spans two file systems",
}
_MISNAMED = (errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG)  # what stands where the store should be is no folder


@contextlib.contextmanager
def _plain_words(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        words = _WORDS.get(error.errno or 0) or error.strerror or str(error)
        misnamed = what == "open the store" and error.errno in _MISNAMED
        raise (WrongStoreError if misnamed else StoreError)(f"cannot {what} {path}: {words}") from error


class DirectoryStore:
    """See `creative.store.port.Store`. `root` is absolute."""

    def __init__(self, root: Path, id: str) -> None:
        self.root = root
        self._id = id
        self._flushed: set[Path] = set()  # directories whose own name is on the disk

    @classmethod
    def open(cls, root: Path, *, create: bool = True) -> DirectoryStore:
        """The store at `root`. Two processes may make it at once: both get the same one.

        Raises WrongStoreError if `root` is a file, holds other things, or is missing and `create` is False (then
        MissingStoreError); StoreError if it was written by a newer version, is damaged, or cannot be reached.
        """
        root = root.absolute()
        with _plain_words("open the store", root):
            data = _read(root / _MARK)
            if data is None:
                if not create and not root.exists():
                    raise MissingStoreError(f"there is no store at {root}")
                _refuse_foreign(root)
                if not create:
                    raise MissingStoreError(f"there is no store at {root}: the folder is empty")
                fresh = cls(root, "")
                fresh._directory(root)
                fresh._commit(root / _MARK, json.dumps({"id": uuid.uuid4().hex, "schema": SCHEMA}).encode() + b"\n")
                data = _read(root / _MARK)
        store = cls(root, _identity(root, data))
        store._sweep()
        return store

    @property
    def id(self) -> str:
        return self._id

    @property
    def url(self) -> str:
        return self.root.as_uri()

    def put_blob(self, source: bytes | Path, type: str) -> BlobRef:
        if isinstance(source, bytes):
            sha256, size = hashlib.sha256(source).hexdigest(), len(source)
        else:
            with _plain_words("read", source), source.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size = file.tell()
        path = self._blob(sha256)
        with _plain_words("store a blob at", path):
            there = _size(path)
            # A blob of another size was damaged behind our back: it is replaced, never believed.
            self._commit(path, source, mode=0o444, sha256=sha256, link=there is None or there == size)
        return BlobRef(sha256=sha256, bytes=size, type=type)

    def has_blob(self, sha256: str) -> bool:
        path = self._blob(sha256)
        with _plain_words("look for", path):
            return _size(path) is not None

    def fetch(self, sha256: str, cache: Path) -> Path:  # noqa: ARG002 - the port's; here nothing is copied
        path = self._blob(sha256)
        with _plain_words("read", path):
            if _size(path) is None:
                raise StoreError(f"the store {self.root} has no blob {sha256}")
        return path

    def get_blob(self, sha256: str) -> bytes:
        path = self._blob(sha256)
        with _plain_words("read", path):
            data = _read(path)
        if data is None:
            raise StoreError(f"the store {self.root} has no blob {sha256}")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StoreError(f"the blob {path} is damaged: its bytes are not those of its name")
        return data

    def uri(self, sha256: str) -> str:
        return self._blob(sha256).as_uri()

    def delete_blob(self, sha256: str) -> None:
        self._remove(self._blob(sha256))

    def create(self, name: str, data: bytes) -> bool:
        path = self.root / check_name(name)
        with _plain_words("write", path):
            return self._commit(path, data)

    def read(self, name: str) -> bytes | None:
        path = self.root / check_name(name)
        with _plain_words("read", path):
            return _read(path)

    def names(self, prefix: str = "") -> Iterator[str]:
        folder, _, start = prefix.rpartition("/")
        if folder:
            check_name(folder)
        with _plain_words("list", self.root / folder):
            yield from self._walk(f"{folder}/" if folder else "", start)

    def delete(self, name: str) -> None:
        self._remove(self.root / check_name(name))

    # Inside

    def _blob(self, sha256: str) -> Path:
        check_sha256(sha256)
        return self.root / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def _walk(self, folder: str, start: str) -> Iterator[str]:
        found = []
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or (not folder and entry.name in ("blobs", _MARK, "lost+found")):
                        continue
                    # A folder sorts as its names do: with the slash.
                    found.append(entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in sorted(found):
            if not name.startswith(start) and not (name.endswith("/") and name[:-1] == start):
                continue
            if name.endswith("/"):
                yield from self._walk(folder + name, "")
            else:
                yield folder + name

    def _commit(
        self, path: Path, source: bytes | Path, *, mode: int = 0o644, sha256: str | None = None, link: bool = True
    ) -> bool:
        """Give `source` the name `path`, durably; with `link`, only if the name is free. Whether this call did it.

        A name that is taken is flushed too: whoever is told "it is there" may build on it.
        """
        self._directory(path.parent)
        if link and path.exists():
            _flush(path.parent)
            return False
        incoming = self.root / _INCOMING
        self._directory(incoming)
        temporary = incoming / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            _write(temporary, source, mode, sha256)
            if link:
                try:
                    os.link(temporary, path)
                    made = True
                except FileExistsError:
                    made = False
            else:
                temporary.replace(path)
                made = True
        finally:
            temporary.unlink(missing_ok=True)
        _flush(path.parent)
        return made

    def _directory(self, path: Path) -> None:
        """Make the directory; its name, and those of all above it that are new, are on the disk afterwards."""
        if path in self._flushed:
            return
        if path != self.root:
            self._directory(path.parent)
            path.mkdir(exist_ok=True)
            _flush(path.parent)
        elif not path.is_dir():
            for new in (*reversed([folder for folder in path.parents if not folder.exists()]), path):
                new.mkdir(exist_ok=True)
                _flush(new.parent)  # each of them: a power cut must not take the store with its folders
        self._flushed.add(path)

    def _remove(self, path: Path) -> None:
        with _plain_words("remove", path), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
            _flush(path.parent)

    def _sweep(self) -> None:
        """Remove what crashes left in `.incoming`. A reader without the right to do so does not mind."""
        before = time.time() - _LEFTOVER_S
        with contextlib.suppress(OSError), os.scandir(self.root / _INCOMING) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        Path(entry.path).unlink()


def _refuse_foreign(root: Path) -> None:
    if not root.exists():
        return
    others = sorted({path.name for path in root.iterdir()} - _HARMLESS)
    if others and not (root / _MARK).exists():  # asked last: another process may just have made the store
        raise WrongStoreError(
            f"{root} is not a store, and holds other things ({', '.join(others[:3])}): name a new or an empty folder"
        )


def _identity(root: Path, data: bytes | None) -> str:
    try:
        mark = json.loads(data or b"")
        id, schema = str(mark["id"]), int(mark["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{root / _MARK} is damaged: it should hold an id and a schema") from error
    if schema > SCHEMA:
        raise StoreError(
            f"the store {root} was written by a newer version of creative-farm "
            f"(its schema is {schema}, this version knows {SCHEMA}): upgrade"
        )
    return id


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _write(path: Path, source: bytes | Path, mode: int, sha256: str | None) -> None:
    """A new file, on the disk when this returns. Raises StoreError if its bytes are not those of `sha256`."""
    seen = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for chunk in [source] if isinstance(source, bytes) else _chunks(source):
            _write_all(descriptor, chunk)
            seen.update(chunk)
        if sha256 is not None and seen.hexdigest() != sha256:
            raise StoreError(f"{source if isinstance(source, Path) else path} changed while it was stored: try again")
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _flush(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
