"""What a machine has hashed already: a file that is still the same one is not read again.

    <own folder>/hashed.json   {"check": sha256 of the rest, "files": {path: [device, inode, bytes, mtime ns, ctime ns, sha256]}}

The file is this machine's own and may be lost at any time; one that was cut off or edited by hand counts as lost. A file that
was changed within the last seconds is not remembered: its next change might leave the same times.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from pathlib import Path

from creative.canonical import canonical, digest, file_digest

_SETTLED_NS = 2_000_000_000
_Identity = tuple[int, int, int, int, int]


class Seen:
    """Digests of files by their identity. Without `file`, nothing is remembered."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known = _read(file)
        self._new: dict[str, list[int | str]] = {}

    def digest(self, path: Path) -> str:
        """The sha256 of the file's bytes, as they were when they were read last. Raises OSError."""
        name = str(path.absolute())
        before = _identity(path)
        known = self._known.get(name)
        if known is not None and tuple(known[:5]) == before:
            return str(known[5])
        found = file_digest(path)
        if _identity(path) == before and time.time_ns() - max(before[3:]) > _SETTLED_NS:
            self._new[name] = [*before, found]
        return found

    def keep(self) -> None:
        """Write down what is new. Whoever cannot write hashes again the next time."""
        if self._file is None or not self._new:
            return
        with contextlib.suppress(OSError):
            with self._file.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                files = {name: one for name, one in (_read(self._file) | self._new).items() if Path(name).exists()}
                part = self._file.with_suffix(f".{os.getpid()}.part")
                part.write_text(json.dumps({"check": _check(files), "files": files}))
                part.replace(self._file)
            self._known |= self._new
            self._new.clear()


def _identity(path: Path) -> _Identity:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _check(files: dict[str, list[int | str]]) -> str:
    return digest(canonical(files))


def _read(file: Path | None) -> dict[str, list[int | str]]:
    if file is None:
        return {}
    try:
        said = json.loads(file.read_bytes())
        files: dict[str, list[int | str]] = said["files"]
        if said["check"] != _check(files) or any(len(one) != 6 for one in files.values()):
            return {}
        return files
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
