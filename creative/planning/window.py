"""A window of cells with every step that they need, once."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from creative.records import CellRecord
from creative.steps import SILENT, Output, Step

ENDS = ("finish", "measure", "poster")
"""What ends every ad; `CellRecord.steps` has their keys, and those of its judges, if it has any."""
SUBTITLES = "subtitles"
"""The name under which `CellRecord.steps` has a film's subtitles."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One step with all that it is made from, each before what needs it."""

    step: Step
    steps: tuple[Step, ...]

    def out(self, name: str) -> Output:
        """One of its outputs, as an input."""
        return Output(self.step.key, name)


def part(step: Step, *made_from: Part) -> Part:
    """A step on top of the parts that it is made from; it needs the consents that they need, unless it is silent."""
    if step.kind not in SILENT:
        step = step.under(right for source in made_from for right in source.step.rights)
    if len(made_from) == 1:
        return Part(step, (*made_from[0].steps, step))
    steps = {below.key: below for source in made_from for below in source.steps}
    return Part(step, (*steps.values(), step))


@dataclass(frozen=True, slots=True, eq=False)
class PlannedCell:
    """A cell with the steps that end it. `record()` makes its record: only those who keep it need one."""

    ad_id: str
    modality: str
    segment: str
    steps: Mapping[str, str]
    record: Callable[[], CellRecord]


@dataclass(frozen=True, slots=True)
class PlanWindow:
    """Some cells and their steps by key, each step after those that it needs."""

    number: int
    cells: tuple[PlannedCell, ...]
    steps: Mapping[str, Step]

    def needed(self, known: Container[str]) -> dict[str, Step]:
        """The steps that have to be made when those of `known` are there: back from the ends, stopping at what is known."""
        missing: set[str] = set()
        stack = [key for cell in self.cells for key in cell.steps.values()]
        while stack:
            key = stack.pop()
            if key not in missing and key not in known:
                missing.add(key)
                stack.extend(self.steps[key].needs())
        return {key: step for key, step in self.steps.items() if key in missing}
