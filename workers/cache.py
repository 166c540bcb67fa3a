"""What a worker machine fetched from the store, kept for the next step that needs it, within a bound.

    <cache>/blobs/ab/<sha256>    what `Store.fetch` put there; the time of its last use is its mtime
    <cache>/.trim                a lock: shared while something is fetched, exclusive while what is old is removed

All workers of a machine share one cache. A file that was used within the last half hour is never removed: no step takes
that long with an input.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from creative.errors import UsageError
from creative.store import Store

_DEFAULT_GB = 10.0
_IN_USE_S = 1800.0
_TRIM_EVERY_S = 60.0


def bound() -> int:
    """CREATIVE_CACHE_GB in bytes (10, if it is not set). Raises UsageError for what is no number."""
    told = os.environ.get("CREATIVE_CACHE_GB") or str(_DEFAULT_GB)
    try:
        gigabytes = float(told)
        if not 0 <= gigabytes < 1_000_000:
            raise ValueError
    except ValueError:
        raise UsageError(f"CREATIVE_CACHE_GB={told[:40]}: write a number of gigabytes, such as 20") from None
    return int(gigabytes * 1e9)


class Cache:
    """The cache in `folder`, of at most `most` bytes, but for what is in use."""

    def __init__(self, store: Store, folder: Path, most: int) -> None:
        self.store, self.folder, self.most = store, folder, most
        self._trimmed = time.monotonic()

    def fetch(self, sha256: str) -> Path:
        """A file with the blob's bytes, as `Store.fetch`; it stays for half an hour at least."""
        if self.store.is_local:
            return self.store.fetch(sha256, self.folder)  # the store's own: nothing is kept here
        with self._lock(fcntl.LOCK_SH):
            path = self.store.fetch(sha256, self.folder)
            with contextlib.suppress(OSError):
                os.utime(path)
        return path

    def trim(self, *, now: bool = False) -> None:
        """Remove what was used longest ago, until the rest is within the bound; at most once a minute, unless `now`."""
        if self.store.is_local or (not now and time.monotonic() - self._trimmed < _TRIM_EVERY_S):
            return
        self._trimmed = time.monotonic()
        with contextlib.suppress(BlockingIOError, OSError), self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
            found = sorted(self._files())
            total = sum(size for _, size, _ in found)
            before = time.time() - _IN_USE_S
            for used, size, path in found:
                if total <= self.most or used > before:
                    return
                path.unlink(missing_ok=True)
                total -= size

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for path in (self.folder / "blobs").glob("*/*"):
            with contextlib.suppress(OSError):
                status = path.lstat()
                yield status.st_mtime, status.st_size, path

    @contextlib.contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".trim").open("w") as file:
            fcntl.flock(file, how)
            yield
