"""Files as stores need them: written whole or not at all, hashed on the way, with what goes wrong in plain words."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from creative.errors import DamagedStoreError, StoreError, WrongStoreError

INCOMING = ".incoming"
"""The folder of files that are being written."""

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


class Changed(StoreError):
    """A file's bytes are not those any more that it is named by."""


@contextlib.contextmanager
def plain_words(what: str, path: Path) -> Iterator[None]:
    """Tell an OSError as a StoreError: "cannot <what> <path>: no space left"."""
    try:
        yield
    except OSError as error:
        words = _WORDS.get(error.errno or 0) or error.strerror or str(error)
        kind: type[StoreError] = StoreError
        if what == "open the store" and error.errno in _MISNAMED:
            kind = WrongStoreError
        elif what == "read" and error.errno == errno.EIO:  # a bad sector: only making it again helps
            kind = DamagedStoreError
        raise kind(f"cannot {what} {path}: {words}") from error


def temporary(folder: Path) -> Path:
    """A new name in `folder`, this process's own."""
    return folder / f"{os.getpid()}-{uuid.uuid4().hex}"


def sweep(folder: Path) -> None:
    """Remove what crashes left in `folder` a day ago or earlier. Who has no right to do so does not mind."""
    before = time.time() - _LEFTOVER_S
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    Path(entry.path).unlink()


def size_of(path: Path) -> int | None:
    """In bytes; None if nothing is there."""
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def read(path: Path) -> bytes | None:
    """The file's bytes; None if no file is there."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def digest(source: bytes | Path) -> tuple[str, int]:
    """sha256 and size of bytes, or of a file. Raises StoreError for a file that cannot be read."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest(), len(source)
    with plain_words("read", source), source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def chunks(source: bytes | Path, size: int = _CHUNK) -> Iterator[bytes]:
    """`source` in pieces of `size` bytes, the last one shorter."""
    if isinstance(source, bytes):
        for start in range(0, len(source), size):
            yield source[start : start + size]
        return
    with source.open("rb") as file:
        while chunk := file.read(size):
            yield chunk


def write(path: Path, pieces: Iterable[bytes], mode: int, sha256: str | None, what: object) -> None:
    """A new file, on the disk when this returns. Raises Changed, naming `what`, if its bytes are not those of `sha256`."""
    seen = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for piece in pieces:
            _write_all(descriptor, piece)
            seen.update(piece)
        if sha256 is not None and seen.hexdigest() != sha256:
            raise Changed(f"{what} changed while it was stored: try again")
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush(directory: Path) -> None:
    """Put the names in `directory` on the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
