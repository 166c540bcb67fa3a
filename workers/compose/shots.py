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

    `canvas` px; `scene` px; `base`: the view that the layout wants; `product`: its box in scene px; `texts`, `captions`:
    boxes on the canvas that stand over the picture.
    """

    canvas: tuple[int, int]
    scene: tuple[int, int]
    base: View
    product: Box | None
    texts: tuple[Box, ...] = ()
    captions: tuple[Box, ...] = ()


def storyboard(stage: Stage, frames: int, fps: int, beats: Sequence[int] = ()) -> list[Shot]:
    """Tight first, then wide, and on in turns of 2 to 3 s; the last shot is wide, so that the end card can follow it.

    `beats` are frames at which a phrase starts: cuts move onto them when they are near.
    """
    cuts = [0, *_cuts(frames, fps, beats), frames]
    kinds = _kinds(len(cuts) - 1)
    views, tight = _views(stage)
    if not tight:  # the close framing would hardly differ from the wide one
        kinds = ["detail" if kind == "close" else kind for kind in kinds]
    shots = []
    for n, kind in enumerate(kinds):
        start, finish = (view.inside(*stage.scene, stage.canvas) for view in views[kind])
        shots.append(Shot(kind, cuts[n], cuts[n + 1], start, finish, kind not in ("detail", "aside")))
    return shots


def _cuts(frames: int, fps: int, beats: Sequence[int]) -> list[int]:
    seconds = frames / fps
    if seconds < 1.6:
        return []
    # The first shot is the shortest: a cut within the first two seconds holds the eye.
    shots = max(2, ceil(seconds / _LONGEST + 0.25))
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
    """Tight and wide in turns, the last one wide; in an odd number two tight ones stand before it."""
    tight = ("close", "detail", "aside")
    kinds: list[str] = []
    for n in range(count - 1):
        turn = "away" if n % 2 and n < count - 2 else tight[(len(kinds) - kinds.count("away")) % 3]
        kinds.append(turn)
    return [*kinds, "wide"]


def _views(stage: Stage) -> tuple[dict[str, tuple[View, View]], bool]:
    """Start and finish of each kind of shot, and whether the close one is much tighter than the wide one."""
    base, canvas = stage.base, stage.canvas
    away = View(1.07 * base.scale, base.x, base.y)
    if stage.product is None:
        step_x, step_y = canvas[0] / base.scale, canvas[1] / base.scale
        near = View(1.3 * base.scale, base.x - 0.06 * step_x, base.y - 0.05 * step_y)
        left = View(1.5 * base.scale, base.x - 0.1 * step_x, base.y + 0.06 * step_y)
        right = View(1.4 * base.scale, base.x + 0.1 * step_x, base.y)
        return {
            "wide": (base, View(_PUSH * base.scale, base.x, base.y)),
            "away": (away, base),
            "close": (near, View(near.scale * _PUSH, near.x, near.y)),
            "detail": (left, View(left.scale, base.x, left.y)),
            "aside": (right, View(right.scale, base.x, right.y)),
        }, True
    x, y, w, h = stage.product
    centre = (x + w / 2, y + h / 2)
    scale, aim = _closest(stage, (*stage.texts, *stage.captions))
    if scale < _TIGHT * base.scale:  # captions have a plate of their own and may lie over the foot of the product
        scale, aim = _closest(stage, stage.texts)
    most = max(_CLOSEST, _PUSH * base.scale)
    detail = min(most, max(0.9 * canvas[0] / w, 0.75 * canvas[1] / h), 2.2 * base.scale)
    aside = min(most, 0.8 * canvas[0] / w, 0.72 * canvas[1] / h, 1.55 * base.scale)
    middle = 0.48 * canvas[1]
    return {
        "wide": (base, wide(stage)),
        "away": (_seen_at(canvas, centre, base.place(*centre, canvas), away.scale), base),
        "close": (_seen_at(canvas, centre, aim, scale / _PUSH), _seen_at(canvas, centre, aim, scale)),
        "detail": (
            View(detail / 1.03, centre[0] - 0.06 * w, centre[1] + 0.02 * h),
            View(detail, centre[0] + 0.04 * w, centre[1] - 0.06 * h),
        ),
        "aside": (
            _seen_at(canvas, centre, (0.4 * canvas[0], middle), aside),
            _seen_at(canvas, centre, (0.46 * canvas[0], middle), aside * 1.02),
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


def _closest(stage: Stage, texts: Sequence[Box]) -> tuple[float, tuple[float, float]]:
    """How near the camera may go, and where the product's centre then stands: large, whole, and clear of `texts`."""
    assert stage.product is not None
    _, _, w, h = stage.product
    width, height = stage.canvas
    margin = 0.045 * min(stage.canvas)
    spaces: list[Box] = [(margin, margin, width - margin, height - margin)]  # left, top, right, bottom
    for text in texts:
        spaces = [cut for space in spaces for cut in _around(space, text, margin)]
    if not spaces:
        return 0.0, (0.0, 0.0)

    def fit(space: Box) -> float:
        return min((space[2] - space[0]) / w, (space[3] - space[1]) / h)

    # Of equal ones the space nearest to the product's place in the wide framing: the eye need not search.
    best = max(spaces, key=lambda space: (round(fit(space), 2), -_away(space, stage)))
    scale = min(fit(best), _CLOSEST)
    return scale, _aim(best, stage, scale)


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
