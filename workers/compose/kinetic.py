"""Words that move: a layer of words is taken apart into lines or words, which enter one after another and leave together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from PIL import Image

from workers.compose.overlay import Overlay
from workers.compose.typeset import Layer

Motion = Literal["push", "rack", "pan"]
"""The manner of a film: how its camera moves, and its words with it."""
MOTIONS: tuple[Motion, ...] = ("push", "rack", "pan")

LEAVE_SECONDS = 0.2
_ENTER_SECONDS = 0.5
_STAGGER_SECONDS = {"push": 0.12, "rack": 0.08, "pan": 0.12}
_MOST_WAIT_SECONDS = 0.5  # the last word starts at most this long after the first
_RISE = 0.022  # of the canvas's height: from how far below things rise
_GAP = 0.13  # of the type size: narrower ones are between letters


@dataclass(frozen=True, slots=True)
class Shown:
    """What is seen of one layer: its overlays, and its rows of the Boxes contract with the frames in which they stand."""

    kind: str
    role: str
    overlays: tuple[Overlay, ...]
    runs: tuple[dict[str, Any], ...] = ()
    marks: tuple[dict[str, Any], ...] = ()

    @property
    def rests(self) -> int:
        """The frame from which nothing of it moves any more."""
        return max((overlay.stands[0] for overlay in self.overlays), default=0)


@dataclass(frozen=True, slots=True)
class Timing:
    """When something is seen: frames `first`.. `end` (exclusive), of which so many are for entering and leaving."""

    first: int
    end: int
    enter: int = 0
    leave: int = 0
    fps: int = 30
    wait: int | None = field(default=None)
    """Frames within which all parts have begun; by the seconds of the motion, if left out."""


def shown(layer: Layer, timing: Timing, **moves: Any) -> Shown:
    """A layer in one piece; `moves` are the overlay's."""
    overlay = Overlay(layer.image, layer.x, layer.y, timing.first, timing.end, timing.enter, timing.leave, **moves)
    return Shown(layer.kind, layer.role, (overlay,), _rows(layer.runs, [overlay]), _rows(layer.marks, [overlay]))


def entering(layer: Layer, timing: Timing, motion: Motion, canvas: tuple[int, int], direction: str) -> Shown:
    """A layer as the motion has it come in: scrims fade, words of headlines come line by line or word by word."""
    if layer.kind == "scrim":
        return shown(layer, timing)
    away = (0.0, -0.4 * _RISE * canvas[1])
    if layer.role not in ("headline", "support") or layer.kind != "text":
        return shown(layer, timing, slide=(0.0, _RISE * canvas[1]))
    lines = [_words(layer, run, direction) if motion == "rack" else [_line(layer, run)] for run in layer.runs]
    if _overlapping(layer.runs):
        return shown(layer, timing, slide=(0.0, _RISE * canvas[1]), away=away)
    count = sum(len(line) for line in lines)
    most = timing.wait if timing.wait is not None else round(_MOST_WAIT_SECONDS * timing.fps)
    stagger = min(_STAGGER_SECONDS[motion] * timing.fps, most / max(1, count - 1))
    overlays: list[Overlay] = []
    runs: list[dict[str, Any]] = []
    for run, line in zip(layer.runs, lines, strict=True):
        mine = []
        for image, x, y in line:
            first = timing.first + round(len(overlays) * stagger)
            mine.append(
                Overlay(
                    image,
                    x,
                    y,
                    first,
                    timing.end,
                    timing.enter,
                    timing.leave,
                    away=away,
                    **_manner(motion, run, canvas, direction),
                )
            )
            overlays.append(mine[-1])
        runs += _rows([run], mine)
    return Shown(layer.kind, layer.role, tuple(overlays), tuple(runs), ())


def enter_frames(fps: int) -> int:
    """How long one thing takes to enter, in frames."""
    return round(_ENTER_SECONDS * fps)


def leave_frames(fps: int) -> int:
    """How long things take to leave, in frames."""
    return round(LEAVE_SECONDS * fps)


def _manner(motion: Motion, run: dict[str, Any], canvas: tuple[int, int], direction: str) -> dict[str, Any]:
    size = float(run["size"])
    if motion == "push":  # from behind its own foot
        return {"slide": (0.0, 1.1 * run["h"]), "fade": False, "clip": round(0.06 * size)}
    if motion == "pan":
        side = 1 if direction == "rtl" else -1
        return {"slide": (side * 0.055 * canvas[0], 0.0)}
    return {"slide": (0.0, 0.3 * size)}


def _rows(rows: Sequence[dict[str, Any]], overlays: Sequence[Overlay]) -> tuple[dict[str, Any], ...]:
    """Rows with the frames in which all of the overlays stand; none where they never do."""
    first, end = max(one.stands[0] for one in overlays), min(one.stands[1] for one in overlays)
    return tuple({**row, "first": first, "end": end} for row in rows) if end > first else ()


Piece = tuple[Image.Image, int, int]


def _line(layer: Layer, run: dict[str, Any]) -> Piece:
    left, top = run["x"] - layer.x, run["y"] - layer.y
    return layer.image.crop((left, top, left + run["w"], top + run["h"])), run["x"], run["y"]


def _overlapping(runs: Sequence[dict[str, Any]]) -> bool:
    """Whether lines reach into one another: then they cannot be cut apart."""
    return any(below["y"] < above["y"] + above["h"] for above, below in itertools.pairwise(runs))


def _words(layer: Layer, run: dict[str, Any], direction: str) -> list[Piece]:
    """The words of a line, in reading order; the whole line where its gaps do not tell them apart."""
    image, x, y = _line(layer, run)
    wanted = len(str(run["text"]).split()) - 1
    inked = np.asarray(image.getchannel("A")).max(axis=0) > 8
    edges = np.flatnonzero(np.diff(np.concatenate(([True], inked, [True])).astype(np.int8)))
    gaps = [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    wide = sorted((gap for gap in gaps if gap[1] - gap[0] >= _GAP * run["size"]), key=lambda gap: gap[0] - gap[1])
    if wanted < 1 or len(wide) < wanted:
        return [(image, x, y)]
    cuts = [0, *sorted((start + end) // 2 for start, end in wide[:wanted]), image.width]
    pieces = [(image.crop((left, 0, right, image.height)), x + left, y) for left, right in itertools.pairwise(cuts)]
    return pieces[::-1] if direction == "rtl" else pieces
