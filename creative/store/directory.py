"""A store in a directory.

    store.json                  {"id": ..., "schema": 1}
    blobs/ab/cd/<sha256>        read-only
    receipts/..., campaigns/... named objects, as their names say
    published/...               copies under readable names: replaced, never linked to, so that nobody writes into a blob
    .incoming/                  files being written; what a crash leaves here is removed when it is a day old

Every file is written whole into `.incoming`, flushed to the disk, then linked to its name, which fails if the name is
taken: that one system call is the commit, and the directory is flushed before it is acknowledged.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from creative.errors import DamagedStoreError, MissingStoreError, WrongStoreError
from creative.records import BlobRef
from creative.store import files
from creative.store.files import INCOMING, plain_words
from creative.store.port import check_name, check_path, check_sha256, identity, mark

_MARK = "store.json"
_PUBLISHED = "published"
_NO_NAMES = ("blobs", _PUBLISHED, _MARK, "lost+found")
_HARMLESS = {INCOMING, _MARK, "lost+found", ".DS_Store"}


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
        with plain_words("open the store", root):
            data = files.read(root / _MARK)
            if data is None:
                if not create and not root.exists():
                    raise MissingStoreError(f"there is no store at {root}")
                _refuse_foreign(root)
                if not create:
                    raise MissingStoreError(f"there is no store at {root}: the folder is empty")
                fresh = cls(root, "")
                fresh._directory(root)
                fresh._commit(root / _MARK, mark(uuid.uuid4().hex))
                data = files.read(root / _MARK)
        store = cls(root, identity(data or b"", f"{root / _MARK}", f"the store {root}"))
        files.sweep(root / INCOMING)
        return store

    @property
    def id(self) -> str:
        return self._id

    @property
    def url(self) -> str:
        return self.root.as_uri()

    @property
    def is_local(self) -> bool:
        return True

    def put_blob(self, source: bytes | Path, type: str) -> BlobRef:
        sha256, size = files.digest(source)
        path = self._blob(sha256)
        with plain_words("store a blob at", path):
            there = files.size_of(path)
            # A blob of another size was damaged behind our back: it is replaced, never believed.
            self._commit(path, source, mode=0o444, sha256=sha256, link=there is None or there == size)
        return BlobRef(sha256=sha256, bytes=size, type=type)

    def has_blob(self, sha256: str) -> bool:
        return self.size_of(sha256) is not None

    def size_of(self, sha256: str) -> int | None:
        path = self._blob(sha256)
        with plain_words("look for", path):
            return files.size_of(path)

    def fetch(self, sha256: str, cache: Path) -> Path:  # noqa: ARG002 - the port's; here nothing is copied
        path = self._blob(sha256)
        with plain_words("read", path):
            if files.size_of(path) is None:
                raise self._missing(sha256)
        return path

    def get_blob(self, sha256: str) -> bytes:
        path = self._blob(sha256)
        with plain_words("read", path):
            data = files.read(path)
        if data is None:
            raise self._missing(sha256)
        if files.digest(data)[0] != sha256:
            raise self._torn(sha256)
        return data

    def uri(self, sha256: str) -> str:
        return self._blob(sha256).as_uri()

    def delete_blob(self, sha256: str) -> None:
        self._remove(self._blob(sha256))

    def create(self, name: str, data: bytes) -> bool:
        path = self.root / check_name(name)
        with plain_words("write", path):
            return self._commit(path, data)

    def read(self, name: str) -> bytes | None:
        path = self.root / check_name(name)
        with plain_words("read", path):
            return files.read(path)

    def names(self, prefix: str = "") -> Iterator[str]:
        folder, _, start = prefix.rpartition("/")
        if folder:
            check_name(folder)
        with plain_words("list", self.root / folder):
            yield from self._walk(f"{folder}/" if folder else "", start)

    def delete(self, name: str) -> None:
        self._remove(self.root / check_name(name))

    def publish(self, path: str, source: bytes | BlobRef, type: str) -> str:  # noqa: ARG002 - a file has no media type
        place = self.root / _PUBLISHED / check_path(path)
        if isinstance(source, bytes):
            sha256, size = files.digest(source)
        else:
            sha256, size = source.sha256, source.bytes
            there = self.size_of(sha256)
            if there is None:
                raise self._missing(sha256)
            if there != size:
                raise DamagedStoreError(f"the blob {self._blob(sha256)} is damaged: it has {there} bytes, not {size}")
        with plain_words("publish", place):
            if files.size_of(place) == size and place.is_file() and files.digest(place)[0] == sha256:
                return place.as_uri()
            try:
                taken = source if isinstance(source, bytes) else self._blob(sha256)
                self._commit(place, taken, sha256=sha256, link=False)
            except files.Changed as error:
                raise self._torn(sha256) from error
        return place.as_uri()

    def published_uri(self, path: str) -> str:
        return (self.root / _PUBLISHED / check_path(path)).as_uri()

    def published(self, prefix: str = "") -> Iterator[str]:
        folder, _, start = prefix.rpartition("/")
        if folder:
            check_path(folder)
        top = f"{_PUBLISHED}/"
        with plain_words("list", self.root / top / folder):
            for name in self._walk(f"{top}{folder}/" if folder else top, start):
                yield name.removeprefix(top)

    def unpublish(self, path: str) -> None:
        self._remove(self.root / _PUBLISHED / check_path(path))

    # Inside

    def _missing(self, sha256: str) -> DamagedStoreError:
        return DamagedStoreError(f"the store {self.root} has no blob {sha256}")

    def _torn(self, sha256: str) -> DamagedStoreError:
        return DamagedStoreError(f"the blob {self._blob(sha256)} is damaged: its bytes are not those of its name")

    def _blob(self, sha256: str) -> Path:
        check_sha256(sha256)
        return self.root / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def _walk(self, folder: str, start: str) -> Iterator[str]:
        found = []
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or (not folder and entry.name in _NO_NAMES):
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
            files.flush(path.parent)
            return False
        incoming = self.root / INCOMING
        self._directory(incoming)
        temporary = files.temporary(incoming)
        try:
            files.write(temporary, files.chunks(source), mode, sha256, source if isinstance(source, Path) else path)
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
        files.flush(path.parent)
        return made

    def _directory(self, path: Path) -> None:
        """Make the directory; its name, and those of all above it that are new, are on the disk afterwards."""
        if path in self._flushed:
            return
        if path != self.root:
            self._directory(path.parent)
            path.mkdir(exist_ok=True)
            files.flush(path.parent)
        elif not path.is_dir():
            for new in (*reversed([folder for folder in path.parents if not folder.exists()]), path):
                new.mkdir(exist_ok=True)
                files.flush(new.parent)  # each of them: a power cut must not take the store with its folders
        self._flushed.add(path)

    def _remove(self, path: Path) -> None:
        with plain_words("remove", path), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
            files.flush(path.parent)


def _refuse_foreign(root: Path) -> None:
    if not root.exists():
        return
    others = sorted({path.name for path in root.iterdir()} - _HARMLESS)
    if others and not (root / _MARK).exists():  # asked last: another process may just have made the store
        raise WrongStoreError(
            f"{root} is not a store, and holds other things ({', '.join(others[:3])}): name a new or an empty folder"
        )
