"""Which part of a photo fills a picture: what it is about stays whole and where the layout wants it, words get calm ground.

Places are in shares of the photo (0 to 1); sizes of pictures in px.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]
Rect = tuple[float, float, float, float]
"""left, top, right, bottom"""

_CLOSER = (1.0, 1.12, 1.26, 1.42, 1.6)
_STEPS = 17
MOST_ENLARGED = 1.4
WHOLE = 0.97
"""How much of what a photo is about must be seen; less is no crop but a mistake."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a photo: `focus` and `faces` in shares of it, `busy` a square map of detail, 0 to 1."""

    width: int
    height: int
    focus: Rect
    faces: tuple[Rect, ...]
    busy: Floats


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the photo, in px of it; `seen`: the share of the focus that is in it, `score`: higher is better."""

    left: float
    top: float
    width: float
    height: float
    seen: float
    score: float

    def place(self, rect: Rect, sight: Sight) -> Rect:
        """Where a part of the photo lies in the crop, in shares of the crop."""
        return (
            (rect[0] * sight.width - self.left) / self.width,
            (rect[1] * sight.height - self.top) / self.height,
            (rect[2] * sight.width - self.left) / self.width,
            (rect[3] * sight.height - self.top) / self.height,
        )


def sight_of(view: Mapping[str, Any], focus: Sequence[int] | None = None) -> Sight:
    """From the output of a `view` step. `focus`: a point per mille that somebody named; it is looked at instead."""
    x, y, w, h = (part / 1000 for part in view["focus"])
    box: Rect = (x, y, x + w, y + h)
    if focus is not None:
        half_w, half_h = min(w / 2, 0.2), min(h / 2, 0.2)
        at = (focus[0] / 1000, focus[1] / 1000)
        box = (at[0] - half_w, at[1] - half_h, at[0] + half_w, at[1] + half_h)
    faces = tuple((fx / 1000, fy / 1000, (fx + fw) / 1000, (fy + fh) / 1000) for fx, fy, fw, fh, *_ in view["faces"])
    busy = np.asarray(np.asarray(view["busy"], np.float32) / 255, np.float32)
    return Sight(int(view["width"]), int(view["height"]), _inside(box), faces, busy)


def _inside(rect: Rect) -> Rect:
    return max(rect[0], 0.0), max(rect[1], 0.0), min(rect[2], 1.0), min(rect[3], 1.0)


def best_crop(sight: Sight, size: tuple[int, int], slot: Rect, centred: bool = True) -> Crop:
    """The crop for a picture of `size` px in which what matters should stand in `slot` (shares of the picture).

    `centred` False: nothing has to stand in the slot, which something else will cover; it is only to be calm there.
    """
    whole = max(size[0] / sight.width, size[1] / sight.height)
    sums = np.zeros((sight.busy.shape[0] + 1, sight.busy.shape[1] + 1))
    sums[1:, 1:] = sight.busy.cumsum(0).cumsum(1)
    best: Crop | None = None
    for closer in _CLOSER:
        scale = whole * closer
        if closer > 1 and scale > MOST_ENLARGED:
            break
        wide, high = size[0] / scale, size[1] / scale
        for across in np.linspace(0, max(sight.width - wide, 0), _STEPS if sight.width - wide > 1 else 1):
            for down in np.linspace(0, max(sight.height - high, 0), _STEPS if sight.height - high > 1 else 1):
                crop = _judged(sight, sums, (float(across), float(down), wide, high), slot, centred, closer)
                if best is None or crop.score > best.score:
                    best = crop
    assert best is not None
    return best


def _judged(
    sight: Sight,
    sums: npt.NDArray[np.float64],
    part: tuple[float, float, float, float],
    slot: Rect,
    centred: bool,
    closer: float,
) -> Crop:
    crop = Crop(*part, 0.0, 0.0)
    focus = crop.place(sight.focus, sight)
    seen = _area(_inside(focus)) / max(_area(focus), 1e-6)
    score = -0.5 * (closer - 1)
    if centred:
        middle = ((focus[0] + focus[2]) / 2, (focus[1] + focus[3]) / 2)
        wanted = ((slot[0] + slot[2]) / 2, (slot[1] + slot[3]) / 2)
        off = abs(middle[0] - wanted[0]) + abs(middle[1] - wanted[1])
        # Room at its edges: what only just fits looks cut.
        edge = min(focus[0], focus[1], 1 - focus[2], 1 - focus[3])
        # Larger than its place, it would stand under the words.
        score -= 2.5 * max((focus[3] - focus[1]) / (slot[3] - slot[1]) - 1.15, 0)
        score += 4 * min(seen, 0.98) - 1.6 * off + 1.2 * min(edge, 0.04) / 0.04
    else:
        seen = 1.0
    for face in sight.faces:
        there = crop.place(face, sight)
        share = _area(_inside(there)) / max(_area(there), 1e-6)
        if 0.02 < share < 0.98:
            score -= 6.0  # a face cut in two is worse than none
        elif share <= 0.02:
            score -= 2.0
    here = _mean(sums, sight, part)
    around = _mean(sums, sight, _part_of(part, slot))
    # Words stand outside of the slot: there it is to be calm.
    inside = _area(slot)
    rest = (here - around * inside) / max(1 - inside, 1e-3)
    score -= 1.5 * rest if centred else 0.8 * rest + 1.2 * around
    return Crop(*part, seen, score)


def _area(rect: Rect) -> float:
    return max(rect[2] - rect[0], 0.0) * max(rect[3] - rect[1], 0.0)


def _part_of(part: tuple[float, float, float, float], slot: Rect) -> tuple[float, float, float, float]:
    left, top, wide, high = part
    return left + slot[0] * wide, top + slot[1] * high, (slot[2] - slot[0]) * wide, (slot[3] - slot[1]) * high


def _mean(sums: npt.NDArray[np.float64], sight: Sight, part: tuple[float, float, float, float]) -> float:
    """The mean detail of a part of the photo (px), by whole cells."""
    cells = sums.shape[0] - 1
    left, top = int(part[0] / sight.width * cells), int(part[1] / sight.height * cells)
    right = min(max(left + 1, round((part[0] + part[2]) / sight.width * cells)), cells)
    bottom = min(max(top + 1, round((part[1] + part[3]) / sight.height * cells)), cells)
    left, top = min(left, right - 1), min(top, bottom - 1)
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    return float(total / ((right - left) * (bottom - top)))


def cut(image: Image.Image, crop: Crop, size: tuple[int, int]) -> Image.Image:
    """The crop at its size."""
    box = (crop.left, crop.top, min(crop.left + crop.width, image.width), min(crop.top + crop.height, image.height))
    return image.resize(size, Image.Resampling.LANCZOS, box=box)
