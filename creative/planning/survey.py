"""The survey: what a plan comes to before anything runs. One pass over the windows, in little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from creative.backends import BackendSpec
from creative.planning.window import PlannedCell, PlanWindow
from creative.steps import Step


@dataclass(frozen=True, slots=True)
class Rate:
    """What one step of a backend takes: seconds on one worker, bytes of its outputs; `guess` when nobody measured it."""

    seconds: float
    bytes: float
    guess: bool


@dataclass(frozen=True, slots=True)
class Takes:
    """What a plan asks of one backend: steps in all, and how many of them are missing; seconds of one worker for each, by a
    measured rate or the row's own (`guess`), and the share of a GPU that it holds meanwhile.
    """

    steps: int
    missing: int
    seconds: float
    gpu: float
    guess: bool


_GUESSED_BYTES = {"still": 300_000, "scene": 3_000_000, "body": 2_500_000, "film": 3_000_000, "finish": 800_000,
                  "speech": 150_000, "fit": 1_000_000, "bed": 2_000_000, "mix": 2_000_000}  # fmt: skip


_BLOCK = 16384


@dataclass(slots=True)
class Survey:
    """Totals of a plan: ads by modality and state, steps by kind, what is missing, and what that takes.

    `seconds` are worker-seconds; of these, `gpu_seconds` are of GPUs (half a GPU for 10 s is 5 s) and `cpu_seconds` of
    workers that use none. `shares`: both (cpu, gpu) by segment, each step for the first segment that needs it, in the order
    of the plan; only where they were asked for. `backends`: all that the plan uses, by (kind, name), and what it `takes` of each.
    `guessed` names the kinds whose rate nobody has measured yet. `warnings`: what is made otherwise than one may expect, each
    with its place in the brief.
    """

    ads: Counter[str] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)
    steps: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    ads_to_make: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    shares: dict[str, tuple[float, float]] = field(default_factory=dict)
    bytes: int = 0
    backends: tuple[tuple[str, str], ...] = ()
    takes: dict[tuple[str, str], Takes] = field(default_factory=dict)
    guessed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Distinct:
    """Counts distinct keys by kind in 8 bytes a key: 64 of its 256 bits tell 100,000 apart (odds 1 in 10^9 of a miss).

    Sorted blocks, each mark once over all of them: no set of all marks is ever held.
    """

    def __init__(self) -> None:
        self._blocks: dict[tuple[str, str], list[array[int]]] = defaultdict(list)
        self._fresh: dict[tuple[str, str], set[int]] = defaultdict(set)

    def add(self, name: tuple[str, str], key: str) -> None:
        fresh = self._fresh[name]
        fresh.add(int(key[:16], 16))
        if len(fresh) >= _BLOCK:
            self._fold(name)

    def counts(self) -> dict[tuple[str, str], int]:
        for name in list(self._fresh):
            self._fold(name)
        return {name: sum(map(len, blocks)) for name, blocks in self._blocks.items()}

    def _fold(self, name: tuple[str, str]) -> None:
        """Move what no block has yet into a block of its own."""
        blocks = self._blocks[name]
        marks = sorted(self._fresh.pop(name))
        new = array("Q", (mark for mark in marks if not any(_has(block, mark) for block in blocks)))
        if new:
            blocks.append(new)


def _has(block: array[int], mark: int) -> bool:
    at = bisect_left(block, mark)
    return at < len(block) and block[at] == mark


def survey(
    windows: Iterable[PlanWindow],
    known: Callable[[Iterable[str]], set[str]],
    rates: Mapping[tuple[str, str], Rate],
    specs: Mapping[tuple[str, str], BackendSpec],
    *,
    shares: bool = False,
) -> Survey:
    """Go through a plan. `known` says which step keys have receipts; `rates` are measured ones by (kind, backend).

    With `shares`, what each segment takes is counted too, in some 60 bytes for each missing step.
    """
    found, all_steps, missing_steps = Survey(), _Distinct(), _Distinct()
    split = _Shares(rates, specs) if shares else None
    for window in windows:
        there = known(window.steps)
        missing = window.needed(there)
        for key, step in window.steps.items():
            all_steps.add((step.kind, step.backend), key)
        for key, step in missing.items():
            missing_steps.add((step.kind, step.backend), key)
        for cell in window.cells:
            found.ads[cell.modality] += 1
            found.segments[cell.segment] += 1
            found.ads_to_make += any(key in missing for key in cell.steps.values())
        if split:
            split.add(window.cells, missing)
    guessed, counted, lacking = set(), all_steps.counts(), missing_steps.counts()
    for name, total in counted.items():
        rate = rates.get(name) or Rate(specs[name].seconds, _GUESSED_BYTES.get(name[0], 20_000), True)
        count, gpu = lacking.get(name, 0), specs[name].resources.gpu
        found.takes[name] = Takes(total, count, rate.seconds, gpu, rate.guess)
        if not count:
            continue
        found.seconds += count * rate.seconds
        if gpu:
            found.gpu_seconds += count * rate.seconds * gpu
        else:
            found.cpu_seconds += count * rate.seconds
        found.bytes += round(count * rate.bytes)
        if rate.guess:
            guessed.add(name[0])
    found.guessed = tuple(sorted(guessed))
    found.steps, found.backends = _by_kind(counted), tuple(sorted(counted))
    found.missing = _by_kind(lacking)
    if split:
        found.shares = {segment: (cpu, gpu) for segment, (cpu, gpu) in split.found.items()}
    return found


class _Shares:
    """What each segment's missing steps take; a step that several need is the first one's."""

    def __init__(self, rates: Mapping[tuple[str, str], Rate], specs: Mapping[tuple[str, str], BackendSpec]) -> None:
        self.rates, self.specs = rates, specs
        self.found: dict[str, list[float]] = {}
        self._seen: set[int] = set()

    def add(self, cells: Iterable[PlannedCell], missing: Mapping[str, Step]) -> None:
        for cell in cells:
            tally = self.found.setdefault(cell.segment, [0.0, 0.0])
            stack = list(cell.steps.values())
            while stack:
                key = stack.pop()
                mark = int(key[:16], 16)
                if key not in missing or mark in self._seen:
                    continue
                self._seen.add(mark)
                step = missing[key]
                stack.extend(step.needs())
                name = (step.kind, step.backend)
                rate = self.rates.get(name)
                seconds = rate.seconds if rate else self.specs[name].seconds
                gpu = self.specs[name].resources.gpu
                tally[gpu > 0] += seconds * (gpu or 1)


def _by_kind(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    kinds: Counter[str] = Counter()
    for (kind, _), count in counts.items():
        kinds[kind] += count
    return dict(kinds)
