"""The survey: what a plan comes to before anything runs. One pass over the windows, in little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from creative.backends import BackendSpec
from creative.planning.window import PlanWindow


@dataclass(frozen=True, slots=True)
class Rate:
    """What one step of a backend takes: seconds on one worker, bytes of its outputs; `guess` when nobody measured it."""

    seconds: float
    bytes: float
    guess: bool


_GUESSED_BYTES = {"still": 300_000, "scene": 3_000_000, "body": 2_500_000, "film": 3_000_000, "finish": 800_000,
                  "speech": 150_000, "fit": 1_000_000, "bed": 2_000_000, "mix": 2_000_000}  # fmt: skip


_BLOCK = 16384


@dataclass(slots=True)
class Survey:
    """Totals of a plan: ads by modality and state, steps by kind, what is missing, and what that takes.

    `seconds` are worker-seconds; `guessed` names the kinds whose rate nobody has measured yet. `warnings`: what
    is made otherwise than one may expect, each with its place in the brief.
    """

    ads: Counter[str] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)
    steps: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    ads_to_make: int = 0
    seconds: float = 0.0
    bytes: int = 0
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
) -> Survey:
    """Go through a plan. `known` says which step keys have receipts; `rates` are measured ones by (kind, backend)."""
    found, all_steps, missing_steps = Survey(), _Distinct(), _Distinct()
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
    guessed = set()
    for name, count in missing_steps.counts().items():
        rate = rates.get(name) or Rate(specs[name].seconds, _GUESSED_BYTES.get(name[0], 20_000), True)
        found.seconds += count * rate.seconds
        found.bytes += round(count * rate.bytes)
        if rate.guess:
            guessed.add(name[0])
    found.guessed = tuple(sorted(guessed))
    found.steps = _by_kind(all_steps.counts())
    found.missing = _by_kind(missing_steps.counts())
    return found


def _by_kind(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    kinds: Counter[str] = Counter()
    for (kind, _), count in counts.items():
        kinds[kind] += count
    return dict(kinds)
