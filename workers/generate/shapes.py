"""Few sizes for many formats: which of a model's own sizes a picture is made in, and what of it becomes the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

Size = tuple[int, int]

_STANDS = 0.62  # of the height: where the line on which a product stands lies in pictures that models know


@dataclass(frozen=True, slots=True)
class Shape:
    """A picture of `size` px is made as one of `made` px; `crop` (x, y, w, h) of that becomes it."""

    size: Size
    made: Size
    crop: tuple[int, int, int, int]

    @property
    def name(self) -> str:
        """For people and for what is remembered."""
        return f"{self.made[0]}x{self.made[1]}"

    def cut(self, picture: Image.Image) -> Image.Image:
        """What was made, as the picture that is wanted."""
        x, y, w, h = self.crop
        return picture.resize(self.size, Image.Resampling.LANCZOS, (x, y, x + w, y + h))

    def lay(self, picture: Image.Image, ground: Any) -> Image.Image:
        """The reverse: a picture of the wanted size, where it would lie in what is made; around it the `ground` colour."""
        x, y, w, h = self.crop
        result = Image.new(picture.mode, self.made, ground)
        result.paste(picture.resize((w, h), Image.Resampling.LANCZOS), (x, y))
        return result


def shape(size: Size, sizes: Sequence[Size], product: Mapping[str, int] | None) -> Shape:
    """The model's size whose form is nearest, and the largest part of it in the form of `size`.

    `product`: its place in per mille. Of a picture that is too high, the part in which its foot lies where models put what
    stands on something.
    """
    ratio = size[0] / size[1]
    made = min(sizes, key=lambda one: (round(abs(math.log(one[0] / one[1] / ratio)), 6), -one[0] * one[1]))
    wide, high = made
    if wide / high >= ratio:
        across = max(round(high * ratio), 1)
        return Shape(size, made, ((wide - across) // 2, 0, across, high))
    down = max(round(wide / ratio), 1)
    foot = _STANDS * high - product["foot"] / 1000 * down if product else (high - down) / 2
    return Shape(size, made, (0, min(max(round(foot), 0), high - down), wide, down))
