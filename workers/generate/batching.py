"""The largest batch that fits on a card: found once, remembered by card, model and size; memory that is out splits a batch.

<cache of the machine>/batches.json   {"<card>|<model>|<size>": {"fits": 8, "fails": 16}}
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class OutOfMemory(Exception):
    """Not even one at a time fits."""


class Fitting:
    """What fits on a card, for one model. `file` keeps it for later processes; it may be lost at any time."""

    def __init__(self, file: Path | None, card: str, model: str) -> None:
        self._file, self._stem = file, f"{card}|{model}"
        self._known = self._read()

    def most(self, size: str) -> int | None:
        """The largest batch worth trying, or None if nothing was refused so far."""
        fails = self._known.get(f"{self._stem}|{size}", {}).get("fails")
        return None if fails is None else max(fails - 1, 1)

    def fits(self, size: str, count: int) -> None:
        """A batch of `count` came through."""
        if count > self._known.get(f"{self._stem}|{size}", {}).get("fits", 0):
            self._note(size, "fits", count)

    def fails(self, size: str, count: int) -> None:
        """A batch of `count` was too large."""
        most = self.most(size)
        if most is None or count <= most:
            self._note(size, "fails", count)

    def _note(self, size: str, what: str, count: int) -> None:
        key = f"{self._stem}|{size}"
        self._known = self._read() | {key: self._known.get(key, {}) | {what: count}}
        if self._file is None:
            return
        with contextlib.suppress(OSError):  # forgotten, it is found again
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                every = self._read() | {key: self._known[key]}
                part = self._file.with_suffix(".part")
                part.write_text(json.dumps(every, indent=1, sort_keys=True))
                part.replace(self._file)
                self._known = every

    def _read(self) -> dict[str, dict[str, int]]:
        there: dict[str, dict[str, int]] = getattr(self, "_known", {})
        if self._file is None:
            return there
        try:
            said = json.loads(self._file.read_text())
            return there | {
                str(key): {what: int(row[what]) for what in ("fits", "fails") if what in row}
                for key, row in said.items()
            }
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return there


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that memory ran out, on a card or beside it."""
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryError", "AcceleratorOutOfMemoryError"):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)


def in_batches(
    items: Sequence[Item],
    make: Callable[[Sequence[Item]], Sequence[Result]],
    fitting: Fitting,
    size: str,
    release: Callable[[], None] = lambda: None,
    counts: Sequence[int] = (),
) -> list[Result]:
    """`make` of all items in order, as many at once as fit. `release`: called after memory ran out, before less is tried.

    `counts`: how many at once are ready to be made, if not any number is: what is compiled for batches of some sizes would be
    compiled anew for each other one. What is left over is made in several of these; without a 1 among them, at last as it is.

    Raises OutOfMemory when one alone is too much, and whatever else `make` raises.
    """
    results: list[Result] = []
    start = 0
    while start < len(items):
        count = min(len(items) - start, fitting.most(size) or len(items))
        count = max((one for one in counts if one <= count), default=count)
        part = items[start : start + count]
        try:
            made = list(make(part))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            fitting.fails(size, count)
            reason = str(error).strip().splitlines()[0] if str(error).strip() else "no memory left"
        else:
            fitting.fits(size, count)
            results += made
            start += count
            continue
        # Outside of the handler: the traceback held the tensors of the batch that was too large.
        release()
        if count == 1:
            raise OutOfMemory(reason)
    return results
