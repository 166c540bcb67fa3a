"""Many calls at once, of those that mostly wait: a store that is far away answers sixteen in the time of one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from creative.store import Store

A = TypeVar("A")
B = TypeVar("B")
_FAR = 16
_here = threading.local()


class AtOnce:
    """Calls in a bounded number of threads; with one, in the caller's own, one after another.

    Whoever reads a program that uses it may think that it calls one after another: results come in the order of the
    items, and of several errors the earliest item's is raised. Only what was begun beside it has happened as well.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads

    @classmethod
    def on(cls, store: Store) -> AtOnce:
        """As fits the store: a directory answers faster than a thread starts."""
        return cls(1 if store.is_local else _FAR)

    def map(self, call: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """`call` of each item, in their order. `call` has to bear several threads; if it uses `map` itself, that goes one
        after another, so that there are never more calls at once than threads.

        Interrupted, it raises at once: calls that are under way end on their own, none is begun any more.
        """
        given = list(items)
        if self.threads < 2 or len(given) < 2 or getattr(_here, "is_one_of_many", False):
            return [call(item) for item in given]
        job = _Job(call, given)
        for _ in range(min(self.threads, len(given))):
            # Daemons: a call that hangs must not keep the process from ending.
            threading.Thread(target=job.work, daemon=True).start()
        return job.results()


class _Job(Generic[A, B]):
    def __init__(self, call: Callable[[A], B], items: Sequence[A]) -> None:
        self._call, self._items = call, items
        self._numbers = iter(range(len(items)))
        self._next = threading.Lock()
        self._answers: queue.SimpleQueue[tuple[int, B | None, BaseException | None]] = queue.SimpleQueue()
        self._ended = False

    def work(self) -> None:
        _here.is_one_of_many = True
        while not self._ended:
            with self._next:
                number = next(self._numbers, None)
            if number is None:
                return
            try:
                self._answers.put((number, self._call(self._items[number]), None))
            except BaseException as error:  # noqa: BLE001  it is raised where the results are taken
                self._answers.put((number, None, error))

    def results(self) -> list[B]:
        answered: dict[int, tuple[B | None, BaseException | None]] = {}
        found: list[B] = []
        try:
            for number in range(len(self._items)):
                while number not in answered:
                    which, result, error = self._answers.get()
                    answered[which] = (result, error)
                result, error = answered.pop(number)
                if error is not None:
                    raise error
                found.append(result)  # type: ignore[arg-type]  # without an error it is what the call returned
        finally:
            self._ended = True
        return found
