"""Soft shade or light behind words: only as strong as reading needs, falling off like light does.

Two things together: a band that runs off the nearer edge, as strong as most of the ground needs; and, where single
things under the words stand out (a bean, a bow), a soft spot over just those.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from workers.compose.colour import AIMED_CONTRAST, Floats, Rgb, contrast, luminance, mixed

Box = tuple[int, int, int, int]
_STEPS, _SPOT_STEPS = 24, 12
_MOST = 40.0
"""The band leaves this share (per cent) of the ground under a run to the spots."""


def needed(under: Sequence[Floats], colour: Rgb, spared: float = 2.0) -> float:
    """How strong (0 to 1) a scrim has to be for `colour` to be read on the pixels under each of some runs of text.

    `spared`: the share (per cent) of a run's pixels that need not reach the contrast.
    """
    flat = np.array(_tint(under, colour), dtype=np.float64)

    def enough(step: int) -> bool:
        share = step / _STEPS
        return all(contrast(colour, spot + (flat - spot) * share, spared) >= AIMED_CONTRAST for spot in under)

    return bisect_left(range(_STEPS), True, key=enough) / _STEPS


def scrim(
    ground: Image.Image,
    spots: Sequence[Box],
    colour: Rgb,
    under: Sequence[Floats],
    type_size: int,
    product: Box | None,
) -> Image.Image:
    """A canvas-sized RGBA layer over which text of a colour can be read at `spots` (x, y, w, h).

    `under`: the pixels at each spot; `type_size` in px. The band leaves the `product` alone. The tint is the ground's own
    colour there, much darker or much lighter, so that it reads as light, not as a plate.
    """
    tint = np.array(_tint(under, colour), dtype=np.float64)
    left, top = min(x for x, _, _, _ in spots), min(y for _, y, _, _ in spots)
    right, bottom = max(x + w for x, _, w, _ in spots), max(y + h for _, y, _, h in spots)
    alpha = veil(ground.size, (left, top, right - left, bottom - top)) * needed(under, colour, _MOST)
    if product is not None:
        alpha = alpha * _clear_of(product, ground.size)
    alpha = 1 - (1 - alpha) * (1 - _over_what_stands_out(ground, spots, colour, tint, alpha, type_size))
    # Rounded up, so that eight bits of alpha cannot take the last tenth of contrast away.
    layer = Image.new("RGBA", ground.size, (*_tint(under, colour), 0))
    layer.putalpha(Image.fromarray(np.ceil(np.clip(alpha, 0, 1) * 255).astype(np.uint8)))
    return layer


def veil(size: tuple[int, int], box: Box) -> NDArray[np.float64]:
    """Strength (0 to 1) of the band for a box (x, y, w, h) on a canvas.

    Wide words, and words on upright canvases, get a band across the whole width that runs off the nearer of top and
    bottom; a column on a wide canvas gets the whole height, and the nearer side.
    """
    (width, height), (x, y, w, h) = size, box
    if width > 1.15 * height and w < 0.62 * width:
        return np.broadcast_to(_band(width, x, x + w, max(0.3 * w, 0.5 * height)), (height, width))
    return np.broadcast_to(_band(height, y, y + h, max(0.5 * h, 0.06 * height))[:, None], (height, width))


def _band(length: int, first: int, end: int, reach: float) -> NDArray[np.float64]:
    at = np.arange(length) + 0.5
    before, after = np.clip((first - at) / reach, 0, 1), np.clip((at - end) / reach, 0, 1)
    if first < 0.3 * length and end < 0.7 * length:
        before = np.zeros(length)
    elif end > 0.7 * length and first > 0.3 * length:
        after = np.zeros(length)
    away = np.maximum(before, after)
    eased: NDArray[np.float64] = 1 - away * away * (3 - 2 * away)
    return eased


def _clear_of(product: Box, size: tuple[int, int]) -> NDArray[np.float64]:
    """0 over the product, rising to 1 around it."""
    (width, height), (x, y, w, h) = size, product
    reach = max(6.0, 0.18 * w)
    across = np.maximum(x - np.arange(width), np.arange(width) - (x + w - 1)) / reach
    down = np.maximum(y - np.arange(height), np.arange(height) - (y + h - 1)) / reach
    away = np.clip(np.hypot(np.clip(across, 0, None)[None, :], np.clip(down, 0, None)[:, None]), 0, 1)
    clear: NDArray[np.float64] = away * away * (3 - 2 * away)
    return clear


def _over_what_stands_out(
    ground: Image.Image,
    spots: Sequence[Box],
    colour: Rgb,
    tint: Floats,
    alpha: NDArray[np.float64],
    type_size: int,
) -> NDArray[np.float64]:
    """Strength of a second, local veil: what each pixel under the words still needs, spread softly."""
    width, height = ground.size
    own = float(luminance(np.array(colour, dtype=np.float64)))
    soft = max(2.0, 0.3 * type_size)
    # Small enough that the spreading costs nothing; what a large square needs is what its neediest pixel does.
    factor = max(1, round(soft / 3))
    small = np.zeros((-(-height // factor), -(-width // factor)), np.uint8)
    for x, y, w, h in spots:
        cut = np.asarray(ground.crop((x, y, x + w, y + h)), dtype=np.float64)
        every = max(1, min(4, factor // 2))
        cut, veiled = cut[::every, ::every], alpha[y : y + h : every, x : x + w : every, None]
        lit = cut + (tint - cut) * veiled
        least = np.full(lit.shape[:2], 255, np.uint8)
        for step in range(_SPOT_STEPS - 1, -1, -1):
            theirs = luminance(lit + (tint - lit) * (step / _SPOT_STEPS))
            ratio = (np.maximum(theirs, own) + 0.05) / (np.minimum(theirs, own) + 0.05)
            least[ratio >= AIMED_CONTRAST] = step * 255 // _SPOT_STEPS
        rows, columns = np.indices(least.shape) * every
        np.maximum.at(small, ((rows + y) // factor, (columns + x) // factor), least)
    if not small.any():
        return np.zeros((height, width))
    # Spread wider than it is softened, so that the softening takes nothing from the middle.
    spread = Image.fromarray(small).filter(ImageFilter.MaxFilter(2 * round(2 * soft / factor) + 1))
    spread = spread.filter(ImageFilter.GaussianBlur(soft / factor))
    spread = spread.resize((small.shape[1] * factor, small.shape[0] * factor), Image.Resampling.BILINEAR)
    return np.asarray(spread, dtype=np.float64)[:height, :width] / 255


def _tint(under: Sequence[Floats], colour: Rgb) -> Rgb:
    mean = np.concatenate([spot.reshape(-1, 3) for spot in under]).mean(axis=0)
    own: Rgb = (round(float(mean[0])), round(float(mean[1])), round(float(mean[2])))
    light = float(luminance(np.array(colour, dtype=np.float64))) > 0.25
    return mixed(own, (0, 0, 0), 0.82) if light else mixed(own, (255, 255, 255), 0.86)
