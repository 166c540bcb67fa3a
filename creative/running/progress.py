"""What the loop counts, for whoever shows or records it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from creative.running.port import Batch
from creative.steps import Step


@dataclass(slots=True)
class Tally:
    """Counts of one kind of step. `limited`: not begun, since the budget was used up. `seconds` are device-seconds of what
    was made.
    """

    wanted: int = 0
    made: int = 0
    reused: int = 0
    failed: int = 0
    blocked: int = 0
    limited: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class StepFailure:
    """A step that was not made, for the report."""

    step: Step
    status: str
    reason: str


@dataclass(slots=True)
class Progress:
    """What the loop knows so far; read by whoever shows it.

    `broken` has the reasons of all steps that are not to be had in this run; of these, `limited` are not failures: the
    budget was used up before they were begun.
    """

    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    failures: list[StepFailure] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    limited: set[str] = field(default_factory=set)
    unavailable: bool = False
    in_flight: dict[int, Batch] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """The sum of one count over all kinds."""
        return sum(getattr(tally, name) for tally in self.kinds.values())
