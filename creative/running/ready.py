"""Steps that are missing, and the queues of those that could be made now: the most valuable first, by backend."""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from creative.backends import BackendSpec
from creative.models.rows import own_models
from creative.running.port import FLIGHTS
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

    @property
    def form(self) -> tuple[object, ...]:
        """What steps have in common that a card makes at once: the model's size that is nearest to theirs, or none."""
        return form(self.step, self.spec)

    @property
    def length(self) -> int:
        """How much a voice has to say, in characters: a batch takes as long as its longest line. Of others 0."""
        phrases = self.step.params.get("phrases")
        return sum(map(len, map(str, phrases))) if isinstance(phrases, list | tuple) else 0


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

    def alike(self, name: Name, most: int) -> int:
        """How many of the next steps, up to `most`, could go in one batch of a card."""
        return len(self._alike(self._queues[name], most))

    def take(self, name: Name, most: int) -> list[State]:
        """The next steps for one batch: for a card, those of the first one's form; where there are more of them than it takes,
        those whose length is nearest to the first one's. One that has to be alone is.
        """
        queue = self._queues[name]
        if queue and queue[0][1].spec.resources.gpu:
            found = self._alike(queue, len(queue))
            if len(found) > most:
                first = found[0][1].length
                found = sorted(found, key=lambda entry: (abs(entry[1].length - first), entry[0]))[:most]
                found.sort(key=lambda entry: entry[0])
            gone = {rank for rank, _ in found}
            queue[:] = [entry for entry in queue if entry[0] not in gone]
            heapq.heapify(queue)
            return [state for _, state in found]
        taken: list[State] = []
        while queue and len(taken) < most and not (queue[0][1].alone and taken):
            taken.append(heapq.heappop(queue)[1])
            if taken[-1].alone:
                break
        return taken

    @staticmethod
    def _alike(queue: list[tuple[int, State]], most: int) -> list[tuple[int, State]]:
        found: list[tuple[int, State]] = []
        for entry in sorted(queue, key=lambda one: one[0]):
            if not found or (not entry[1].alone and entry[1].form == found[0][1].form):
                found.append(entry)
            if len(found) >= most or found[0][1].alone:
                break
        return found

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
    """Seconds that a batch may take. A group of steps that take next to nothing has no more time than a usual batch; on a
    card it may be given before others have ended.
    """
    return spec.timeout_s * min(steps, spec.batch) * (FLIGHTS if spec.resources.gpu else 1)


def form(step: Step, spec: BackendSpec) -> tuple[object, ...]:
    """See `State.form`. Of a model whose sizes nobody states, only steps of the same size are alike."""
    width, height = step.params.get("width"), step.params.get("height")
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        return ()
    sizes = _sizes(str(spec.options.get("weights", "")), _spelled(spec.options.get("sizes")))
    made = min(sizes, key=lambda one: (abs(math.log(one[0] * height / (one[1] * width))), one), default=(width, height))
    return (*made, "cutout" in step.inputs, step.params.get("frames"))


def _spelled(sizes: Any) -> tuple[tuple[int, int], ...]:
    return tuple((int(one[0]), int(one[1])) for one in sizes or ())


@cache
def _sizes(model: str, stated: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    row = own_models().get(model)
    return stated or (_spelled(row.sizes) if row is not None else ())
