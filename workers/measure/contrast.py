"""The contrast of set type against what is really under it, on the final pixels.

WCAG 2.2's ratio, 1 to 21, between the glyphs' colour and the ground: every pixel in and just around the ink's rectangle
that is neither glyph nor glyph's edge. The 5th percentile counts, so that a small bright spot does not, and a bright
corner under one letter does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt, uniform_filter

from workers.measure.sight import DICHROMATS, TO_LUMINANCE, Floats, linear, seen_by
from workers.measure.sight import luminance as luminance  # asked for here by others

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Rectangle = tuple[int, int, int, int]

_NEAR = 40  # levels of luma (half as strict for chroma, which is subsampled): nearer is the glyph's own colour
_SMALL = 16  # px of type: up to here a thin stroke may lie across two pixels and reach its colour in neither
_THICKEST = 0.18  # of the type size: half the thickest stroke; a thicker patch of the glyph's colour is ground
_WORKING_SIZE = 40  # px of type: larger type is measured on a reduced picture
_PERCENTILE = 5
_TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]], np.float32)


@dataclass(frozen=True, slots=True)
class Legibility:
    """`contrast` is None where there is no ground to be seen. `ink`: share of the rectangle in the glyphs' colour.

    `sight`: the contrast to who sees two primaries only, by `workers.measure.sight.DICHROMATS`.
    """

    contrast: float | None
    ink: float
    sight: Mapping[str, float] = field(default_factory=dict)


def around(ink: Rectangle, size: int, width: int, height: int) -> Rectangle:
    """Left, top, right, bottom of what is looked at for a run: its ink (x, y, w, h) and a ring, within the canvas."""
    x, y, w, h = ink
    ring = max(3, round(size * 0.12))
    return (
        min(max(x - ring, 0), width),
        min(max(y - ring, 0), height),
        max(min(x + w + ring, width), 0),
        max(min(y + h + ring, height), 0),
    )


def _reduced(pixels: Pixels, factor: int) -> Pixels:
    if factor == 1:
        return pixels
    height, width = (pixels.shape[0] // factor) * factor, (pixels.shape[1] // factor) * factor
    blocks = pixels[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32) + 0.5, np.uint8)


def legibility(
    pixels: Pixels, ink: Rectangle, colour: tuple[int, int, int], size: int, others: Mask | None = None
) -> Legibility:
    """Measures one run.

    `pixels`: RGB, what `around` cut out; `ink`: the ink's rectangle (x, y, w, h) within it; `size`: type size in px;
    `others`: where other runs' ink is, which is nobody's ground.
    """
    factor = max(1, size // _WORKING_SIZE)
    if min(pixels.shape[:2]) < 3 * factor:
        return Legibility(None, 0.0)
    pixels = _reduced(pixels, factor)
    distance = np.abs((pixels.astype(np.float32) - np.array(colour, np.float32)) @ _TO_YCC.T)
    away = np.maximum(distance[..., 0], distance[..., 1:].max(axis=-1) / 2)
    # Most of the place is ground: what is half of the way from that to the glyphs' colour is half of a stroke.
    near: Mask = away < (max(_NEAR, 0.55 * float(np.median(away))) if size <= _SMALL else _NEAR)

    thick = max(2.0, _THICKEST * size / factor)
    inside = distance_transform_edt(np.pad(near, 1, mode="edge"))[1:-1, 1:-1] > thick
    patch = distance_transform_edt(~inside) <= thick if inside.any() else np.zeros_like(near)
    x, y, w, h = (round(value / factor) for value in ink)
    # Beyond the ink's rectangle there is no glyph: what has its colour there is ground, however small.
    reach = np.zeros_like(near)
    reach[max(y - 2, 0) : max(y + h + 2, 0), max(x - 2, 0) : max(x + w + 2, 0)] = True
    glyph: Mask = near & ~patch & reach
    ground: Mask = ~binary_dilation(glyph, iterations=2)
    if others is not None:
        # Only the middle of each block is asked: a ring of a pixel more or less does not change a percentile.
        ground &= ~others[factor // 2 :: factor, factor // 2 :: factor][: ground.shape[0], : ground.shape[1]]

    own_place = glyph[max(y, 0) : max(y + h, 0), max(x, 0) : max(x + w, 0)]
    share = float(own_place.mean()) if own_place.size else 0.0
    if np.count_nonzero(ground) < 8:
        return Legibility(None, share)
    light, own = linear(pixels), linear(np.array(colour, np.uint8))
    sight = {who: _ratio(seen_by(light, who), seen_by(own, who), ground) for who in DICHROMATS}
    return Legibility(_ratio(light, own, ground), share, sight)


def _ratio(light: Floats, own: Floats, ground: Mask) -> float:
    """WCAG's ratio of a colour against the ground, in linear light; the eye does not see a codec's noise of single pixels:
    three by three are averaged, ground only."""
    weight = uniform_filter(ground.astype(np.float32), 3)
    bright = uniform_filter(np.where(ground, light @ TO_LUMINANCE, 0).astype(np.float32), 3)[ground] / weight[ground]
    mine = float(own @ TO_LUMINANCE)
    ratio = (np.maximum(bright, mine) + 0.05) / (np.minimum(bright, mine) + 0.05)
    return float(np.percentile(ratio, _PERCENTILE))
