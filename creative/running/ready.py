"""Steps that are missing, and the queues of those that could be made now: the most valuable first, by backend."""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from creative.backends import BackendSpec
from creative.steps import Step

Name = tuple[str, str]
"""Kind and backend."""

_GROUP_SECONDS = 0.05
_GROUP_STEPS = 16
_MEASURED = 8


@dataclass(slots=True)
class State:
    """One step that is missing: what it waits for, who waits for it. `rank` is its place in the plan."""

    step: Step
    spec: BackendSpec
    rank: int
    waits: set[str]
    wanted_by: list[str] = field(default_factory=list)
    tries: int = 0
    deaths: int = 0
    alone: bool = False

    @property
    def name(self) -> Name:
        return self.step.kind, self.step.backend


class Ready:
    """Queues by backend, in the order of the plan; and steps that are put off for a while."""

    def __init__(self) -> None:
        self._queues: dict[Name, list[tuple[int, State]]] = defaultdict(list)
        self._later: list[tuple[float, int, State]] = []
        self._later_of: Counter[Name] = Counter()
        self._numbers = itertools.count()

    def push(self, state: State) -> None:
        """It can be made now."""
        heapq.heappush(self._queues[state.name], (state.rank, state))

    def put_off(self, state: State, seconds: float) -> None:
        """It can be made in a while."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._numbers), state))
        self._later_of[state.name] += 1

    def wake(self) -> None:
        """Bring back what was put off until now."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            state = heapq.heappop(self._later)[2]
            self._later_of[state.name] -= 1
            self.push(state)

    def names(self) -> list[Name]:
        """The backends that have something to do now, the one whose first step comes first in the plan before others."""
        return [name for _, name in sorted((queue[0][0], name) for name, queue in self._queues.items() if queue)]

    def count(self, name: Name) -> int:
        """How many steps of this backend can be made now."""
        return len(self._queues[name])

    def has_work(self, name: Name) -> bool:
        """Whether the backend has something to do, now or in a while."""
        return bool(self._queues[name] or self._later_of[name])

    def take(self, name: Name, most: int) -> list[State]:
        """The next steps for one batch. One that has to be alone is."""
        queue = self._queues[name]
        taken: list[State] = []
        while queue and len(taken) < most and not (queue[0][1].alone and taken):
            taken.append(heapq.heappop(queue)[1])
            if taken[-1].alone:
                break
        return taken

    def drain(self, name: Name) -> list[State]:
        """All that could be made now; the queue is empty afterwards."""
        return [state for _, state in self._queues.pop(name, [])]


class Pace:
    """How long steps take in this run, and so how many go to a worker at once."""

    def __init__(self) -> None:
        self._count: Counter[Name] = Counter()
        self._seconds: dict[Name, float] = defaultdict(float)

    def made(self, name: Name, seconds: float) -> None:
        """A step of this backend was made."""
        self._count[name] += 1
        self._seconds[name] += seconds

    def batch(self, spec: BackendSpec, ready: int, workers: int) -> int:
        """How many steps to send: as many as the backend makes at a time. Of steps that take next to nothing, as many as
        take a moment together, since sending one costs as much as making it; but every worker is to have its share.
        """
        name = (spec.kind, spec.name)
        if spec.resources.gpu or self._count[name] < _MEASURED:
            return spec.batch
        each = self._seconds[name] / self._count[name]
        moment = _GROUP_STEPS if each * _GROUP_STEPS <= _GROUP_SECONDS else int(_GROUP_SECONDS / each)
        return max(spec.batch, min(moment, math.ceil(ready / max(1, workers))))


def patience(spec: BackendSpec, steps: int) -> float:
    """Seconds that a batch may take. A group of steps that take next to nothing has no more time than a usual batch."""
    return spec.timeout_s * min(steps, spec.batch)
