"""The shots of a body: when the picture is cut, and how the camera moves in each.

Views are in the scene's own pixels, so that the camera may use all of the scene and not only what the canvas shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from workers.compose.motion import View, between, ease_drift

Box = tuple[float, float, float, float]  # x, y, w, h

_LONGEST = 2.8  # seconds that a shot holds: something has to change at least every 3 s
_CLOSEST = 1.9  # scene px are never magnified further: beyond this they look soft
_TIGHT = 1.3  # a framing that is not this much tighter than the wide one reads as a jump, not as a cut
_CLEAR = ("close", "away", "wide")  # framings that keep the product clear of the text
_PUSH = 1.06  # how much a slow push magnifies


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames `first`.. `end` (exclusive), and the views at both. `clear`: no text of the layout lies over the product."""

    kind: str
    first: int
    end: int
    start: View
    finish: View
    clear: bool

    def view(self, n: int) -> View:
        """What is seen in frame `n`."""
        return between(self.start, self.finish, ease_drift((n - self.first) / max(1, self.end - self.first - 1)))


@dataclass(frozen=True, slots=True)
class Stage:
    """What the camera has before it.

    `canvas` px; `field`: what of it the publisher leaves free; `scene` px; `base`: the view that the layout wants; `product`: its box in scene px. On the canvas stand
    `texts` (they come and go), `lasting` ones (logo, legal lines: in every shot) and `captions`.
    """

    canvas: tuple[int, int]
    field: Box
    scene: tuple[int, int]
    base: View
    product: Box | None
    texts: tuple[Box, ...] = ()
    lasting: tuple[Box, ...] = ()
    captions: tuple[Box, ...] = ()


def storyboard(stage: Stage, frames: int, fps: int, captioned: bool = False, beats: Sequence[int] = ()) -> list[Shot]:
    """Tight first, then wide, and on in turns of 2 to 3 s; the last shot is wide, so that the end card can follow it.

    `captioned`: the framings leave room for captions too. `beats` are frames at which a phrase starts: cuts move onto
    them when they are near.
    """
    cuts = [0, *_cuts(frames, fps, beats), frames]
    kinds = _kinds(len(cuts) - 1)
    views, tight = _views(stage, captioned)
    if not tight:  # clear of all words, the close framing would hardly differ from the wide one
        kinds = ["whole" if kind == "close" else kind for kind in kinds]
    shots = []
    for n, kind in enumerate(kinds):
        start, finish = (view.inside(*stage.scene, stage.canvas) for view in views[kind])
        shots.append(Shot(kind, cuts[n], cuts[n + 1], start, finish, kind in _CLEAR))
    return shots


def _cuts(frames: int, fps: int, beats: Sequence[int]) -> list[int]:
    seconds = frames / fps
    if seconds < 1.6:
        return []
    # The first shot is the shortest: a cut within the first two seconds holds the eye.
    shots = 2 * ceil((seconds / _LONGEST + 0.25) / 2)  # an even number: tight and wide in turns
    lengths = [0.75] + [1.0] * (shots - 1)
    total, at, cuts = sum(lengths), 0.0, []
    for length in lengths[:-1]:
        at += length
        cuts.append(round(frames * at / total))
    near, least, most = 0.35 * fps, 0.7 * fps, 3 * fps
    placed = [0]
    for cut, following in zip(cuts, [*cuts[1:], frames], strict=True):
        beat = min(beats, key=lambda b: abs(b - cut), default=cut)
        fits = least <= beat - placed[-1] <= most and least <= following - beat <= most
        placed.append(beat if fits and abs(beat - cut) <= near else cut)
    return placed[1:]


def _kinds(count: int) -> list[str]:
    """Tight and wide in turns, the last one wide."""
    turns = ("close", "away", "label", "middle", "aside", "middle")
    return [*(turns[n % len(turns)] for n in range(count - 1)), "wide"]


def standing(stage: Stage) -> tuple[list[View], list[View]]:
    """Between which views the camera moves: those that may have text over them, and all, whatever the film's length."""
    clear: list[View] = []
    every: list[View] = []
    for captioned in (False, True):
        for kind, views in _views(stage, captioned)[0].items():
            seen = [view.inside(*stage.scene, stage.canvas) for view in views]
            every += seen
            if kind in _CLEAR:
                clear += seen
    return list(dict.fromkeys(clear)), list(dict.fromkeys(every))


def _views(stage: Stage, captioned: bool) -> tuple[dict[str, tuple[View, View]], bool]:
    """Start and finish of each kind of shot, and whether the close one is much tighter than the wide one."""
    base, canvas = stage.base, stage.canvas
    away = View(1.07 * base.scale, base.x, base.y)
    if stage.product is None:
        step_x, step_y = canvas[0] / base.scale, canvas[1] / base.scale
        first = View(1.3 * base.scale, base.x - 0.06 * step_x, base.y - 0.05 * step_y)
        left = View(1.5 * base.scale, base.x - 0.1 * step_x, base.y + 0.06 * step_y)
        right = View(1.4 * base.scale, base.x + 0.1 * step_x, base.y)
        return {
            "wide": (base, View(_PUSH * base.scale, base.x, base.y)),
            "away": (away, base),
            "close": (first, View(first.scale * _PUSH, first.x, first.y)),
            "whole": (first, View(first.scale * _PUSH, first.x, first.y)),
            "label": (left, View(left.scale, base.x, left.y)),
            "middle": (View(1.16 * base.scale, base.x, base.y), View(1.1 * base.scale, base.x, base.y)),
            "aside": (right, View(right.scale, base.x, right.y)),
        }, True
    x, y, w, h = stage.product
    centre = (x + w / 2, y + h / 2)
    below = stage.captions if captioned else ()
    scale, aim = _closest(stage, (*stage.texts, *stage.lasting, *below))
    whole, centred = _closest(stage, (*stage.lasting, *below), middle=True)
    label = min(_CLOSEST, 1.4 * max(whole, base.scale))
    aside = max(0.82 * whole, min(whole, _TIGHT * base.scale))
    aside_from, aside_to = centred[0] - 0.07 * canvas[0], centred[0] - 0.01 * canvas[0]
    near = (
        _seen_at(canvas, centre, (centred[0] + 0.07 * w * label, 0.46 * canvas[1]), label / 1.03),
        _seen_at(canvas, centre, (centred[0] - 0.05 * w * label, 0.56 * canvas[1]), label),
    )
    if any(_covers(box, view, stage) for box in below for view in near):  # a caption would hide what it came to show
        near = (
            _seen_at(canvas, centre, (centred[0] + 0.03 * canvas[0], centred[1]), 0.95 * whole),
            _seen_at(canvas, centre, (centred[0] - 0.02 * canvas[0], centred[1]), 0.97 * whole),
        )
    return {
        "wide": (base, wide(stage)),
        "away": (_seen_at(canvas, centre, base.place(*centre, canvas), away.scale), base),
        "close": (_seen_at(canvas, centre, aim, scale / _PUSH), _seen_at(canvas, centre, aim, scale)),
        "whole": (_seen_at(canvas, centre, centred, whole / _PUSH), _seen_at(canvas, centre, centred, whole)),
        "label": near,
        "middle": (
            _seen_at(canvas, centre, centred, 1.16 * base.scale),
            _seen_at(canvas, centre, centred, 1.1 * base.scale),
        ),
        "aside": (
            _seen_at(canvas, centre, (aside_from, centred[1]), aside),
            _seen_at(canvas, centre, (aside_to, centred[1]), aside * 1.02),
        ),
    }, scale >= _TIGHT * base.scale


def wide(stage: Stage) -> View:
    """What the last frame of every body shows, so that an end card can go on from there."""
    if stage.product is None:
        last = View(_PUSH * stage.base.scale, stage.base.x, stage.base.y)
    else:
        x, y, w, h = stage.product
        centre = (x + w / 2, y + h / 2)
        last = _seen_at(stage.canvas, centre, stage.base.place(*centre, stage.canvas), _PUSH * stage.base.scale)
    return last.inside(*stage.scene, stage.canvas)


def _seen_at(canvas: tuple[int, int], point: tuple[float, float], at: tuple[float, float], scale: float) -> View:
    """The view that shows the scene's `point` at the canvas' place `at`."""
    return View(scale, point[0] + (canvas[0] / 2 - at[0]) / scale, point[1] + (canvas[1] / 2 - at[1]) / scale)


def _closest(stage: Stage, texts: Sequence[Box], middle: bool = False) -> tuple[float, tuple[float, float]]:
    """How near the camera may go, and where the product's centre then stands: large, whole, and clear of `texts`.

    It stands as near as may be to its place in the wide framing, or in the `middle` of the free space.
    """
    assert stage.product is not None
    _, _, w, h = stage.product
    (width, height), (x, y, wide, high) = stage.canvas, stage.field
    margin = 0.05 * min(stage.canvas)
    # The product may reach half-way into what the publisher covers, as its shadow and its stand do.
    spaces: list[Box] = [  # left, top, right, bottom
        (
            max(margin, x / 2),
            max(margin, y / 2),
            min(width - margin, (width + x + wide) / 2),
            min(height - margin, (height + y + high) / 2),
        )
    ]
    for text in texts:
        spaces = [cut for space in spaces for cut in _around(space, text, margin)]
    if not spaces:
        return 0.0, (0.0, 0.0)

    def fit(space: Box) -> float:
        return min((space[2] - space[0]) / w, (space[3] - space[1]) / h)

    # Of equal ones the space nearest to the product's place in the wide framing: the eye need not search.
    best = max(spaces, key=lambda space: (round(fit(space), 2), -_away(space, stage)))
    scale = min(fit(best), _CLOSEST)
    if middle:
        return scale, ((best[0] + best[2]) / 2, (best[1] + best[3]) / 2)
    return scale, _aim(best, stage, scale)


def _covers(box: Box, view: View, stage: Stage) -> bool:
    """Whether a box on the canvas lies over the product, as a view shows it."""
    assert stage.product is not None
    x, y, w, h = stage.product
    left, top = view.place(x, y, stage.canvas)
    right, bottom = view.place(x + w, y + h, stage.canvas)
    return box[0] < right and box[0] + box[2] > left and box[1] < bottom and box[1] + box[3] > top


def _around(space: Box, text: Box, margin: float) -> list[Box]:
    left, top, right, bottom = space
    x, y, w, h = text
    if x >= right or y >= bottom or x + w <= left or y + h <= top:
        return [space]
    parts = (
        (left, y + h + margin, right, bottom),
        (left, top, right, y - margin),
        (x + w + margin, top, right, bottom),
        (left, top, x - margin, bottom),
    )
    return [part for part in parts if part[2] > part[0] and part[3] > part[1]]


def _away(space: Box, stage: Stage) -> float:
    assert stage.product is not None
    x, y, w, h = stage.product
    at = stage.base.place(x + w / 2, y + h / 2, stage.canvas)
    return abs((space[0] + space[2]) / 2 - at[0]) + abs((space[1] + space[3]) / 2 - at[1])


def _aim(space: Box, stage: Stage, scale: float) -> tuple[float, float]:
    """Where in `space` the product's centre stands: as near as it fits to its place in the wide framing."""
    assert stage.product is not None
    x, y, w, h = stage.product
    at = stage.base.place(x + w / 2, y + h / 2, stage.canvas)
    half_w, half_h = w * scale / 2, h * scale / 2
    return (
        min(max(at[0], space[0] + half_w), space[2] - half_w),
        min(max(at[1], space[1] + half_h), space[3] - half_h),
    )
