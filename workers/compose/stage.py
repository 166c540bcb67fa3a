"""What the camera has before it, and the views of it that show the product well and clear of words.

Views are in the scene's own pixels, so that the camera may use all of the scene and not only what the canvas shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.compose.depth import Look
from workers.compose.motion import View

Box = tuple[float, float, float, float]  # x, y, w, h

TIGHT = 1.3  # a framing that is not this much tighter than the wide one reads as a jump, not as a cut
NEAR = 0.08  # by how much more the product comes near than its set, at most
_CLOSEST = 1.9  # scene px are never magnified further: beyond this they look soft
_PUSH = 1.06  # how much a slow push magnifies
_APART = 0.03  # of the shorter side: what stays free between the product and words beside or above it
_BLEED = 0.2  # of the product's width that a close look may leave outside of the canvas
_LEAST = 0.95  # a wide framing steps back at most this far to keep it free
_MOVES = 1.02  # the last shot grows at least this much: a still one looks broken


@dataclass(frozen=True, slots=True)
class Stage:
    """What the camera has before it.

    `canvas`: the size of its window, px; `field`: what of it the publisher leaves free; `scene` px; `base`: the view that
    the layout wants; `product`: its box in scene px; `layered`: it can come nearer than its set. In the window stand
    `texts` (they come and go), `lasting` ones (logo, legal lines: in every shot) and `captions`. `card`: the view that the
    end card rests in; None where the film does not start from it. `footage`: moves by itself. `near`, `card_near`: how
    large the product's layer is beside its set in the wide framing, and on the end card.
    """

    canvas: tuple[int, int]
    field: Box
    scene: tuple[int, int]
    base: View
    product: Box | None
    texts: tuple[Box, ...] = ()
    lasting: tuple[Box, ...] = ()
    captions: tuple[Box, ...] = ()
    layered: bool = False
    card: View | None = None
    footage: bool = False
    near: float = 1.0
    card_near: float = 1.0


def framings(stage: Stage, captioned: bool) -> tuple[dict[str, tuple[View, View]], bool]:
    """Start and finish of each kind of shot, and whether the close one is much tighter than the wide one."""
    base, canvas = stage.base, stage.canvas
    away = View(1.07 * base.scale, base.x, base.y)
    card = stage.card or base
    if stage.product is None:
        step_x, step_y = canvas[0] / base.scale, canvas[1] / base.scale
        first = View(1.3 * base.scale, base.x - 0.06 * step_x, base.y - 0.05 * step_y)
        left = View(1.5 * base.scale, base.x - 0.1 * step_x, base.y + 0.06 * step_y)
        right = View(1.4 * base.scale, base.x + 0.1 * step_x, base.y)
        return {
            "open": (card, away),
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
    aside = max(0.82 * whole, min(whole, TIGHT * base.scale))
    pan = (
        _seen_at(canvas, centre, (centred[0] - 0.07 * canvas[0], centred[1]), aside),
        _seen_at(canvas, centre, (centred[0] + 0.01 * canvas[0], centred[1]), aside * 1.03),
    )
    near = (
        _seen_at(canvas, centre, (centred[0] + 0.07 * w * label, 0.46 * canvas[1]), label / 1.03),
        _seen_at(canvas, centre, (centred[0] - 0.05 * w * label, 0.56 * canvas[1]), label),
    )
    if any(covers(box, view, stage) for box in (*stage.lasting, *below) for view in near):
        near = (  # words would hide what it came to show
            _detail(stage, (*stage.lasting, *below))
            or _beside(stage, (*stage.lasting, *below), label)
            or (
                _seen_at(canvas, centre, (centred[0] + 0.03 * canvas[0], centred[1]), 0.9 * whole),
                _seen_at(canvas, centre, (centred[0] - 0.02 * canvas[0], centred[1]), 0.95 * whole),
            )
        )
    if _runs_into(pan, (*stage.lasting, *below), stage):
        low = _beside(stage, (*stage.lasting, *below), 0.86 * label)
        still = (_seen_at(canvas, centre, centred, aside / 1.03), _seen_at(canvas, centre, centred, aside))
        pan = (low[0], View(low[0].scale, low[1].x, low[0].y)) if low is not None else still
    last = final_look(stage).view
    foot = (x + w / 2, y + h)
    back = _seen_at(canvas, foot, base.place(*foot, canvas), last.scale)
    # Where words leave the product no room to grow, the shot begins further away instead.
    far = base
    if last.scale < _MOVES * base.scale:
        far = _seen_at(canvas, foot, base.place(*foot, canvas), last.scale / _MOVES)
    return {
        "open": (card, back),
        "wide": (far, last),
        "away": (back, far),
        "close": (_seen_at(canvas, centre, aim, scale / _PUSH), _seen_at(canvas, centre, aim, scale)),
        "whole": (_seen_at(canvas, centre, centred, whole / _PUSH), _seen_at(canvas, centre, centred, whole)),
        "label": near,
        "middle": (
            _seen_at(canvas, centre, centred, 1.16 * base.scale),
            _seen_at(canvas, centre, centred, 1.08 * base.scale),
        ),
        "aside": pan,
    }, scale >= TIGHT * base.scale


def final_look(stage: Stage) -> Look:
    """What the last frame of every body shows, so that an end card can go on from there."""
    if stage.footage:
        return Look(stage.base)
    if stage.product is None:
        last = View(_PUSH * stage.base.scale, stage.base.x, stage.base.y)
        return Look(last.inside(*stage.scene, stage.canvas))
    x, y, w, h = stage.product
    foot = (x + w / 2, y + h)
    grown = _room(stage)
    push = min(_PUSH, 1 + (grown - 1) * 0.5) if stage.layered and grown > 1 else min(_PUSH, grown)
    last = _seen_at(stage.canvas, foot, stage.base.place(*foot, stage.canvas), push * stage.base.scale)
    last = last.inside(*stage.scene, stage.canvas)
    # A set that has to cover the canvas may not step back as far as the product does.
    pushed = max(push, last.scale / stage.base.scale)
    near = stage.near * min(1 + NEAR, grown / pushed) if stage.layered else 1.0
    return Look(last, near)


def covers(box: Box, view: View, stage: Stage) -> bool:
    """Whether a box on the canvas lies over the product, as a view shows it."""
    if stage.product is None:
        return False
    x, y, w, h = _product(stage)
    left, top = view.place(x, y, stage.canvas)
    right, bottom = view.place(x + w, y + h, stage.canvas)
    return _meet(box, (left, top, right - left, bottom - top))


def _detail(stage: Stage, words: Sequence[Box]) -> tuple[View, View] | None:
    """A close look at the product's upper part, under words that stand above it; its foot may leave the frame."""
    width, height = stage.canvas
    foot = max((box[1] + box[3] for box in words), default=float(height))
    if foot > 0.42 * height:
        return None
    x, y, w, _ = _product(stage)
    scale = min(_CLOSEST, 1.5 * stage.base.scale, 0.8 * width / w)
    if scale < TIGHT * stage.base.scale:
        return None
    top = (x + w / 2, y)
    return (
        _seen_at(stage.canvas, top, (0.53 * width, foot + 0.05 * height), scale),
        _seen_at(stage.canvas, top, (0.48 * width, foot + 0.035 * height), scale * 1.04),
    )


def _beside(stage: Stage, words: Sequence[Box], scale: float) -> tuple[View, View] | None:
    """A close look at the product beside words at one side of the canvas: its head and foot leave the frame, and of its outer
    edge at most `_BLEED`. None where this is not much tighter than the wide framing."""
    width, height = stage.canvas
    x, y, w, h = _product(stage)
    margin = 0.03 * min(stage.canvas)
    left = max((box[0] + box[2] for box in words if box[0] + box[2] / 2 < width / 2), default=0.0) + margin
    right = min((box[0] for box in words if box[0] + box[2] / 2 >= width / 2), default=float(width)) - margin
    if left > margin and right < width - margin:
        return None  # words on both sides
    free = right - left
    scale = min(scale, free / ((1 - _BLEED) * w), _CLOSEST)
    if scale < TIGHT * stage.base.scale or h * scale < height:
        return None
    wide = w * scale
    middle = (left + right) / 2
    if wide > free:
        middle = left + wide / 2 if left > margin else right - wide / 2
    centre = (x + w / 2, y + h / 2)
    outwards = 0.02 * width * (1 if left > margin else -1)
    return (
        _seen_at(stage.canvas, centre, (middle + outwards, 0.47 * height), scale / 1.04),
        _seen_at(stage.canvas, centre, (middle, 0.55 * height), scale),
    )


def _runs_into(views: tuple[View, View], words: Sequence[Box], stage: Stage) -> bool:
    """Whether in one of the views the product is under words, or cut by an upright edge of the canvas."""
    x, _, w, _ = _product(stage)
    for view in views:
        left, right = view.place(x, 0, stage.canvas)[0], view.place(x + w, 0, stage.canvas)[0]
        if left < 0 or right > stage.canvas[0] or any(covers(box, view, stage) for box in words):
            return True
    return False


def _room(stage: Stage) -> float:
    """How much larger the product may become about its foot in the wide framing and still stand clear of words and of its window's edge; `_LEAST` at
    least."""
    assert stage.product is not None
    x, y, w, h = _product(stage, stage.near)
    left, top = stage.base.place(x, y, stage.canvas)
    right, foot = stage.base.place(x + w, y + h, stage.canvas)
    margin = _APART * min(stage.canvas)
    words = [
        box
        for box in (*stage.texts, *stage.lasting, *stage.captions)
        if not _meet(box, (left, top, right - left, foot - top))
    ]
    most = _PUSH * (1 + NEAR)
    for step in range(round(most * 100), round(_LEAST * 100), -1):
        more = step / 100
        wide, high = (right - left) * more, (foot - top) * more
        middle = (left + right) / 2
        box = (middle - wide / 2 - margin, foot - high - margin, wide + 2 * margin, high + margin)
        # Nor may the window's upper edge cut it.
        if box[1] >= 0 and not any(_meet(word, box) for word in words):
            return more
    return _LEAST


def _product(stage: Stage, near: float | None = None) -> Box:
    """The product's box in scene px, as large as its layer becomes beside its set (or `near` times)."""
    assert stage.product is not None
    near = near if near is not None else stage.near * (1 + NEAR / 2 if stage.layered else 1)
    x, y, w, h = stage.product
    return x + w * (1 - near) / 2, y + h * (1 - near), w * near, h * near


def _meet(one: Box, other: Box) -> bool:
    return (
        one[0] < other[0] + other[2]
        and one[0] + one[2] > other[0]
        and one[1] < other[1] + other[3]
        and one[1] + one[3] > other[1]
    )


def _seen_at(canvas: tuple[int, int], point: tuple[float, float], at: tuple[float, float], scale: float) -> View:
    """The view that shows the scene's `point` at the canvas' place `at`."""
    return View(scale, point[0] + (canvas[0] / 2 - at[0]) / scale, point[1] + (canvas[1] / 2 - at[1]) / scale)


def _closest(stage: Stage, texts: Sequence[Box], middle: bool = False) -> tuple[float, tuple[float, float]]:
    """How near the camera may go, and where the product's centre then stands: large, whole, and clear of `texts`.

    It stands as near as may be to its place in the wide framing, or in the `middle` of the free space.
    """
    assert stage.product is not None
    _, _, w, h = _product(stage)
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
