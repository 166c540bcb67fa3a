"""Where the camera stands, so that the product is exactly where its layout family wants it.

A level camera with a shifted lens, as product photographers use it: the product's plane stays parallel to the film, so
that one world unit there is the same number of pixels everywhere, whatever the format.

World: x to the right, y away from the camera, z up. The origin is where the product's front meets what it stands on.
One unit is the product's longer side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Calm = Literal["top", "left", "right"]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture's geometry.

    `width`, `height`: px of the picture. `box`: x, y, w, h of the product in px, or of the empty place that stands for
    it. `unit`: px of one world unit on the product's plane. `distance`, `lift`: of the camera, in units. `calm`: the
    side that is kept free for words.
    """

    width: int
    height: int
    box: Box
    unit: float
    distance: float
    lift: float
    calm: Calm
    filled: bool

    @property
    def centre(self) -> float:
        """px from the left edge to the product's middle."""
        return self.box[0] + self.box[2] / 2

    @property
    def foot(self) -> int:
        """px from the upper edge to the line that the product stands on."""
        return self.box[1] + self.box[3]

    @property
    def product(self) -> tuple[float, float]:
        """Width and height of the product in units."""
        return self.box[2] / self.unit, self.box[3] / self.unit

    @property
    def left(self) -> float:
        """Units seen left of the product's middle, on its plane."""
        return self.centre / self.unit

    @property
    def right(self) -> float:
        """Units seen right of the product's middle, on its plane."""
        return (self.width - self.centre) / self.unit

    @property
    def top(self) -> float:
        """Units seen above the standing line, on the product's plane."""
        return self.foot / self.unit

    @property
    def bottom(self) -> float:
        """Units seen under the standing line, on the product's plane."""
        return (self.height - self.foot) / self.unit

    @property
    def banner(self) -> bool:
        """Much wider than high: there is room for a product and a line of words, and nothing else."""
        return self.width > 3 * self.height

    @property
    def narrow(self) -> bool:
        """Much higher than wide: no room beside the product."""
        return self.height > 2.5 * self.width

    def nearest(self, drop: float = 0.0) -> float:
        """y (0 or less) of the nearest ground that is seen, for a ground `drop` units under the standing line."""
        if self.bottom <= drop:
            return -0.2
        return -self.distance * (1 - (self.lift + drop) / (self.lift + self.bottom))

    def depth(self, rise: float, drop: float = 0.0) -> float:
        """y at which a ground `drop` units under the standing line is seen `rise` units above that line."""
        below = max(self.lift - rise, 0.05)
        return self.distance * ((self.lift + drop) / below - 1)


def frame(width: int, height: int, slot: Mapping[str, int] | None, aspect: float | None, tilt: float = 0.0) -> Frame:
    """The frame for a picture of `width` x `height` px.

    `slot`: the family's product place in per mille of the canvas (x of the centre, foot line, greatest width and
    height). `aspect`: the product's width by its height; None without a product. `tilt`: from -1 (the camera stands low)
    to 1 (high).
    """
    filled = slot is not None and aspect is not None
    if slot is None or aspect is None:
        room = min(width, height) * (0.8 if max(width, height) > 3 * min(width, height) else 0.5)
        # Without a product, what stands in the set stands aside: words lie in the middle, or on the left.
        share = 0.5 if width <= 1.2 * height else 0.94 if width > 3 * height else 0.8
        box = _box(width * share, round(height * 0.8), room, room, 0.8)
    else:
        centre, foot = width * slot["x"] / 1000, round(height * slot["foot"] / 1000)
        box = _box(centre, foot, width * slot["width"] / 1000, height * slot["height"] / 1000, aspect)
    unit = float(max(box[2], box[3]))
    across = max(width, height * 0.8) / unit
    distance = max(7.0, 1.15 * across)
    # Photos of products are taken from a little above; a banner shows only what is right in front of it.
    angle = 4.5 + tilt if width > 3 * height else 10.5 + 3 * tilt
    middle = box[0] + box[2] / 2
    calm: Calm = "top"
    if width > 1.2 * height:
        calm = "left" if middle > width * 0.5 else "right"
    return Frame(width, height, box, unit, distance, distance * math.tan(math.radians(angle)), calm, filled)


def _box(centre: float, foot: int, room_width: float, room_height: float, aspect: float) -> Box:
    high = min(room_height, room_width / aspect)
    w, h = max(round(high * aspect), 1), max(round(high), 1)
    return round(centre - w / 2), foot - h, w, h
