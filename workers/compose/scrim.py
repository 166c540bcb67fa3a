"""Soft shade or light behind words: only as strong as reading needs, running off the nearest edges like light does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.compose.colour import AIMED_CONTRAST, Floats, Rgb, contrast, luminance, mixed

Box = tuple[int, int, int, int]
_STEPS = 24


def veil(size: tuple[int, int], box: Box) -> NDArray[np.float64]:
    """Strength (0 to 1) of a scrim for a box (x, y, w, h) on a canvas: a band that eases out, as light falls off.

    On upright and square canvases the band lies across the whole width and runs off the nearer of top and bottom; on
    wide ones it takes the whole height and runs off the nearer side.
    """
    (width, height), (x, y, w, h) = size, box
    if width > 1.3 * height:
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


def needed(under: Sequence[Floats], colour: Rgb) -> float:
    """How strong (0 to 1) a scrim has to be for `colour` to be read on the pixels under each of some runs of text."""
    flat = np.array(_tint(under, colour), dtype=np.float64)
    for step in range(1, _STEPS):
        share = step / _STEPS
        if all(contrast(colour, spot + (flat - spot) * share) >= AIMED_CONTRAST for spot in under):
            return share
    return 1.0


def scrim(size: tuple[int, int], box: Box, colour: Rgb, under: Sequence[Floats], strength: float) -> Image.Image:
    """A canvas-sized RGBA layer that shades or lights the ground around a box for a text of this colour.

    Its tint is the ground's own colour there, much darker or much lighter, so that it reads as light, not as a plate.
    """
    # Rounded up, so that eight bits of alpha cannot take the last tenth of contrast away.
    alpha = np.ceil(veil(size, box) * strength * 255).astype(np.uint8)
    layer = Image.new("RGBA", size, (*_tint(under, colour), 0))
    layer.putalpha(Image.fromarray(alpha))
    return layer


def _tint(under: Sequence[Floats], colour: Rgb) -> Rgb:
    mean = np.concatenate([spot.reshape(-1, 3) for spot in under]).mean(axis=0)
    own: Rgb = (round(float(mean[0])), round(float(mean[1])), round(float(mean[2])))
    light = float(luminance(np.array(colour, dtype=np.float64))) > 0.25
    return mixed(own, (0, 0, 0), 0.82) if light else mixed(own, (255, 255, 255), 0.86)
