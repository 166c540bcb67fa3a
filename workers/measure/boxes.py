"""Where a composer says that its words and marks are: `boxes` of a still, or of a film's parts one after the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from creative.errors import StepRefused

_Colour = r"^#[0-9a-fA-F]{6}$"


class _Lenient(BaseModel):
    """Composers may say more than is measured."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Run(_Lenient):
    """A run of glyphs: `x, y, w, h` is its ink in px; see `creative.steps`."""

    role: str
    text: str
    x: int
    y: int
    w: int = Field(ge=0)
    h: int = Field(ge=0)
    box: tuple[int, int, int, int]
    size: int = Field(gt=0)
    least: int = Field(ge=0)
    colour: str = Field(pattern=_Colour)
    first: int = Field(0, ge=0)
    end: int = Field(1, ge=0)

    @property
    def ink(self) -> tuple[int, int, int, int]:
        """x, y, width, height."""
        return self.x, self.y, self.w, self.h

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The colour in three numbers of 0 to 255."""
        return int(self.colour[1:3], 16), int(self.colour[3:5], 16), int(self.colour[5:7], 16)

    def moments(self) -> tuple[int, ...]:
        """The first, middle and last frame during which it stands still; none if it never does."""
        if self.end <= self.first:
            return ()
        return tuple(dict.fromkeys((self.first, (self.first + self.end - 1) // 2, self.end - 1)))


class Mark(_Lenient):
    """A logo or a button."""

    role: str
    x: int
    y: int
    w: int = Field(ge=0)
    h: int = Field(ge=0)
    first: int = Field(0, ge=0)
    end: int = Field(1, ge=0)


class Boxes(_Lenient):
    """All of one picture track. `card` is the frame at which the end card begins, None without one."""

    width: int
    height: int
    frames: int = 1
    product: tuple[int, int, int, int] | None = None
    runs: list[Run] = []
    marks: list[Mark] = []
    card: int | None = None


def _shifted(part: Boxes, frames: int) -> Mapping[str, list[Any]]:
    def move(item: Run | Mark) -> Run | Mark:
        return item.model_copy(update={"first": item.first + frames, "end": item.end + frames})

    return {"runs": [move(run) for run in part.runs], "marks": [move(mark) for mark in part.marks]}


def read_boxes(paths: Sequence[Path]) -> Boxes | None:
    """The parts' boxes as one: frames of the second part count on from the first. None without parts.

    Raises StepRefused for what is not as `creative.steps` describes it.
    """
    try:
        parts = [Boxes.model_validate(json.loads(path.read_bytes())) for path in paths]
    except (ValidationError, ValueError, RecursionError) as error:
        raise StepRefused(f"the boxes are not as creative.steps describes them: {error}") from error
    if not parts:
        return None
    whole, frames = parts[0], parts[0].frames
    for part in parts[1:]:
        later = _shifted(part, frames)
        whole = whole.model_copy(
            update={
                "runs": [*whole.runs, *later["runs"]],
                "marks": [*whole.marks, *later["marks"]],
                "product": whole.product or part.product,
                "card": frames if whole.card is None else whole.card,
            }
        )
        frames += part.frames
    return whole.model_copy(update={"frames": frames})
