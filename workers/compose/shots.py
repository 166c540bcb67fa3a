"""The shots of a body: when the picture is cut, and how the camera moves in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from workers.compose.depth import Look
from workers.compose.kinetic import Motion
from workers.compose.motion import View, between, ease_drift, ease_in_out
from workers.compose.stage import NEAR, TIGHT, Stage, covers, final_look, framings

_LONGEST = 2.8  # seconds that a shot holds: something has to change at least every 3 s
_SHORTEST = 0.7  # seconds: at this pace no cut can be part of a flash (WCAG 2.3.1: three in any one second)
_CLEAR = ("open", "close", "away", "wide")  # framings that keep the product clear of the text
_TURNS: dict[Motion, tuple[str, ...]] = {
    "push": ("close", "away", "label", "middle", "aside", "middle"),
    "rack": ("away", "label", "middle", "close", "middle", "aside"),
    "pan": ("aside", "away", "label", "middle", "close", "middle"),
}
_LOOPS: dict[Motion, tuple[str, ...]] = {
    "push": ("open", "label", "middle", "close", "away", "aside"),
    "rack": ("open", "close", "middle", "label", "away", "close"),
    "pan": ("open", "aside", "middle", "label", "away", "close"),
}


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames `first`.. `end` (exclusive), and the looks at both. `clear`: no text of the layout lies over the product."""

    kind: str
    first: int
    end: int
    start: Look
    finish: Look
    clear: bool

    def look(self, n: int) -> Look:
        """What is seen in frame `n`."""
        share = (n - self.first) / max(1, self.end - self.first - 1)
        # What follows on (a loop's start, an end card) takes over from rest; between cuts the camera is already moving.
        t = ease_in_out(share) if self.kind in ("open", "wide") else ease_drift(share)
        near = self.start.near + (self.finish.near - self.start.near) * t
        return Look(between(self.start.view, self.finish.view, t), near)


def storyboard(
    stage: Stage,
    frames: int,
    fps: int,
    captioned: bool = False,
    beats: Sequence[int] = (),
    motion: Motion = "push",
) -> list[Shot]:
    """Framings in turns of 1 to 3 s, each much tighter or wider than the one before; the last is wide, so that the end card
    can follow it, and where the film loops the first starts as the end card ends.

    `captioned`: the framings leave room for captions too. `beats` are frames at which a phrase starts: cuts move onto
    them when they are near.
    """
    if stage.footage:
        rest = Look(stage.base)
        return [Shot("footage", 0, frames, rest, rest, True)]
    loops = stage.card is not None
    cuts = [0, *_cuts(frames, fps, beats, loops or motion == "rack"), frames]
    kinds = _kinds(len(cuts) - 1, motion, loops)
    views, tight = framings(stage, captioned)
    if not tight:  # clear of all words, the close framing would hardly differ from the wide one
        begins = "whole" if views["whole"][1].scale >= TIGHT * stage.base.scale else "label"
        kinds = [("label" if n else begins) if kind == "close" else kind for n, kind in enumerate(kinds)]
    shots = []
    for n, kind in enumerate(kinds):
        start, finish = (view.inside(*stage.scene, stage.canvas) for view in views[kind])
        first, near = stage.near, stage.near * (1 + NEAR / 2 if stage.layered else 1)
        if kind in ("wide", "open"):
            near = final_look(stage).near
        if kind == "open":
            first = stage.card_near
        if motion == "pan" and n % 2 and kind in ("label", "aside"):
            start, finish = finish, start
        clear = kind in _CLEAR or not any(covers(box, view, stage) for box in stage.texts for view in (start, finish))
        shots.append(Shot(kind, cuts[n], cuts[n + 1], Look(start, first), Look(finish, near), clear))
    return shots


def filling(stage: Stage, captioned: bool) -> tuple[Look, Look]:
    """Start and finish of a shot that has the whole canvas to itself (that of `stage`): the product as large as it goes."""
    start, finish = (view.inside(*stage.scene, stage.canvas) for view in framings(stage, captioned)[0]["whole"])
    return Look(start, stage.near), Look(finish, stage.near * (1 + NEAR / 2 if stage.layered else 1))


def standing(stage: Stage) -> tuple[list[View], list[View]]:
    """Between which views the camera moves: those that may have text over them, and all, whatever the film's length."""
    clear: list[View] = []
    every: list[View] = []
    if stage.footage:
        return [stage.base], [stage.base]
    for captioned in (False, True):
        for kind, views in framings(stage, captioned)[0].items():
            seen = [view.inside(*stage.scene, stage.canvas) for view in views]
            every += seen
            if kind in _CLEAR or not any(covers(box, view, stage) for box in stage.texts for view in seen):
                clear += seen
    return list(dict.fromkeys(clear)), list(dict.fromkeys(every))


def _cuts(frames: int, fps: int, beats: Sequence[int], from_wide: bool) -> list[int]:
    seconds = frames / fps
    if seconds < 2 * _SHORTEST + 0.2:
        return []
    # Tight and wide in turns: an even number, or an odd one where the first is wide as the last is.
    wanted = seconds / _LONGEST + 0.25
    shots = 2 * ceil((wanted - 1) / 2) + 1 if from_wide else 2 * ceil(wanted / 2)
    if shots == 1:
        shots = 3 if seconds > 3.2 else 2
    # The first shot is the shortest: a cut within the first two seconds holds the eye.
    lengths = [1.0 if from_wide else 0.75] + [1.0] * (shots - 1)
    if from_wide and shots == 3:
        lengths = [1.0, 0.7, 1.0]
    total, at, cuts = sum(lengths), 0.0, []
    for length in lengths[:-1]:
        at += length
        cuts.append(round(frames * at / total))
    near, least, most = 0.35 * fps, _SHORTEST * fps, 3 * fps
    placed = [0]
    for cut, following in zip(cuts, [*cuts[1:], frames], strict=True):
        beat = min(beats, key=lambda b: abs(b - cut), default=cut)
        fits = least <= beat - placed[-1] <= most and least <= following - beat <= most
        placed.append(beat if fits and abs(beat - cut) <= near else cut)
    return placed[1:]


def _kinds(count: int, motion: Motion, loops: bool) -> list[str]:
    """Tight and wide in turns, the last one wide."""
    if count == 1:
        return ["wide"]
    turns = _LOOPS[motion] if loops else _TURNS[motion]
    return [*(turns[n % len(turns)] for n in range(count - 1)), "wide"]
