"""Surfaces of a layout as pictures: panels, bands, rules, plates that hug words, and the mat around a picture window.

A panel is a surface and not a fill: light falls across it, hardly seen, as across the wall of a set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from workers.compose.colour import Rgb, between, inks, mixed, rgb

Box = tuple[int, int, int, int]
_READABLE = 5.3
"""Contrast that words on a panel have at least: its light and JPEG take a little."""
_FALL = 0.022
"""By how much of white a large panel's light falls from its upper left corner to its lower right one, each way."""
_LARGE = 90
"""px of its shorter side from which a surface is lit rather than flat."""
_MIDDLE = 128
_FINE = 4


class Surface(NamedTuple):
    """A surface on the canvas: `role` is that of the words that it belongs to, or "surface"."""

    image: Image.Image
    x: int
    y: int
    colour: Rgb
    role: str

    def covers(self, box: Box) -> bool:
        """Whether a box (x, y, w, h) lies on it."""
        x, y, w, h = box
        right, bottom = self.x + self.image.width, self.y + self.image.height
        if self.x > x or self.y > y or right < x + w or bottom < y + h:
            return False
        alpha = self.image.getchannel("A").crop((x - self.x, y - self.y, x - self.x + w, y - self.y + h))
        low, _ = alpha.getextrema()
        return bool(isinstance(low, int | float) and low >= 250)


def standing(
    part: Mapping[str, Any], size: tuple[int, int], palette: Mapping[str, str], shown: Sequence[str]
) -> list[Surface]:
    """The mat around a part's picture window, and its surfaces, in the order in which they lie.

    `size`: of the canvas, px; `shown`: the roles that the ad has.
    """
    made = []
    window = part.get("picture")
    if window is not None:
        made.append(_mat(window, size, palette))
    for row in part.get("surfaces", ()):
        if row["role"] is None or row["role"] in shown:
            made.append(surface(tuple(row["box"]), row["radius"], row["colour"], palette, row["role"] or "surface"))
    return made


def surface(box: Box, radius: int, tone: str, palette: Mapping[str, str], role: str) -> Surface:
    """One surface; `tone` is a colour by its role in the palette."""
    x, y, w, h = box
    colour = tone_colour(tone, palette)
    image = _lit(w, h, colour).convert("RGBA")
    if radius:
        image.putalpha(_rounded(w, h, min(radius, w // 2, h // 2)))
    return Surface(image, x, y, colour, role)


def plate(group: Mapping[str, Any], ink: Box, palette: Mapping[str, str], role: str) -> Surface:
    """The plate around the ink (x, y, w, h) of a group of a layout document."""
    spec = group["plate"]
    x, y, w, h = ink
    pad_x, pad_y = spec["pad"]
    left, top, width, height = spec["box"]
    if spec["shape"] == "circle":
        side = min(width, height, math.ceil(math.hypot(w, h)) + 2 * max(pad_x, pad_y))
        own_x = min(max(left, x + w // 2 - side // 2), left + width - side)
        own_y = min(max(top, y + h // 2 - side // 2), top + height - side)
        return surface((own_x, own_y, side, side), side // 2, spec["colour"], palette, role)
    across = (left, width) if spec["wide"] else (x - pad_x, w + 2 * pad_x)
    box = (across[0], y - pad_y, across[1], h + 2 * pad_y)
    return surface(box, spec["radius"], spec["colour"], palette, role)


def tone_colour(tone: str, palette: Mapping[str, str]) -> Rgb:
    """A role of the palette as a colour on which words can be read: moved from the brand's own by as little as that takes."""
    _, light, dark = inks(palette)
    own = {"light": light, "dark": dark}.get(tone) or rgb(palette[tone])
    candidates = [*inks(palette), rgb(palette["on_accent"])]
    if max(between(ink, own) for ink in candidates) >= _READABLE:
        return own
    found = []
    for towards in ((0, 0, 0), (255, 255, 255)):
        for step in range(1, 51):
            moved = mixed(own, towards, step / 50)
            if max(between(ink, moved) for ink in candidates) >= _READABLE:
                found.append((step, moved))
                break
    return min(found)[1]


def _mat(window: Mapping[str, Any], size: tuple[int, int], palette: Mapping[str, str]) -> Surface:
    x, y, w, h = window["box"]
    made = surface((0, 0, *size), 0, window["mat"], palette, "surface")
    hole = _rounded(w, h, window["radius"]) if window["radius"] else Image.new("L", (w, h), 255)
    alpha = Image.new("L", size, 255)
    alpha.paste(0, (x, y), hole)
    made.image.putalpha(alpha)
    return made


def _lit(width: int, height: int, colour: Rgb) -> Image.Image:
    """A panel as an RGB picture."""
    if min(width, height) < _LARGE:
        return Image.new("RGB", (width, height), colour)
    fall = _fall(width, height)
    return Image.merge(
        "RGB", [fall.point([min(255, max(0, level + step - _MIDDLE)) for step in range(256)]) for level in colour]
    )


@lru_cache(maxsize=8)
def _fall(width: int, height: int) -> Image.Image:
    """By how many levels light falls across a panel, from _MIDDLE on (L): the same for all of its size."""
    across = (
        np.linspace(1, -1, width, dtype=np.float32)[None, :] + np.linspace(1, -1, height, dtype=np.float32)[:, None]
    )
    across *= _FALL * 255 / 2
    # The noise, less than one level, keeps so slow a gradient from breaking up into bands.
    across += np.random.default_rng(7).random((height, width), np.float32)
    across += _MIDDLE
    return Image.fromarray(across.astype(np.uint8))


@lru_cache(maxsize=32)
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    """The mask (L) of a rectangle with round, smooth corners."""
    mask = Image.new("L", (width, height), 255)
    corner = Image.new("L", (radius * _FINE, radius * _FINE), 0)
    ImageDraw.Draw(corner).pieslice((0, 0, 2 * radius * _FINE, 2 * radius * _FINE), 180, 270, fill=255)
    corner = corner.resize((radius, radius), Image.Resampling.BOX)
    for x, y, turned in (
        (0, 0, corner),
        (width - radius, 0, corner.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        (0, height - radius, corner.transpose(Image.Transpose.FLIP_TOP_BOTTOM)),
        (width - radius, height - radius, corner.transpose(Image.Transpose.ROTATE_180)),
    ):
        mask.paste(turned, (x, y))
    return mask
