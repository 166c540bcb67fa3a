"""Soft shade or light behind words: only as strong as reading needs, running off the nearest edges like light does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.compose.colour import AIMED_CONTRAST, Floats, Rgb, contrast, luminance, mixed

Box = tuple[int, int, int, int]
_NEAR = 0.16
"""A text nearer to an edge than this share of the canvas has its scrim run off that edge."""
_STEPS = 24


def veil(size: tuple[int, int], box: Box) -> NDArray[np.float64]:
    """Strength (0 to 1) of a scrim around a box (x, y, w, h) on a canvas: full under the box, easing out softly."""
    (width, height), (x, y, w, h) = size, box
    across = _ramp(width, x, x + w, max(0.35 * w, 0.9 * h))
    down = _ramp(height, y, y + h, max(0.9 * h, 0.12 * height))
    return np.outer(down, across)


def _ramp(length: int, first: int, end: int, reach: float) -> NDArray[np.float64]:
    at = np.arange(length) + 0.5
    before = 0.0 if first < _NEAR * length else np.clip((first - at) / reach, 0, 1)
    after = 0.0 if length - end < _NEAR * length else np.clip((at - end) / reach, 0, 1)
    away = np.maximum(before, after)
    eased: NDArray[np.float64] = np.broadcast_to(1 - away * away * (3 - 2 * away), (length,))
    return eased


def needed(under: Floats, colour: Rgb) -> float:
    """How strong (0 to 1) a scrim has to be for `colour` to be read on `under`, the pixels under the text."""
    flat = np.array(_tint(under, colour), dtype=np.float64)
    for step in range(1, _STEPS):
        if contrast(colour, under + (flat - under) * step / _STEPS) >= AIMED_CONTRAST:
            return step / _STEPS
    return 1.0


def scrim(ground: Image.Image, box: Box, colour: Rgb, under: Floats, strength: float) -> Image.Image:
    """A canvas-sized RGBA layer that shades or lights the ground around a box for a text of this colour.

    Its tint is the ground's own colour there, much darker or much lighter, so that it reads as light, not as a plate.
    """
    # Rounded up, so that eight bits of alpha cannot take the last tenth of contrast away.
    alpha = np.ceil(veil(ground.size, box) * strength * 255).astype(np.uint8)
    layer = Image.new("RGBA", ground.size, (*_tint(under, colour), 0))
    layer.putalpha(Image.fromarray(alpha))
    return layer


def _tint(under: Floats, colour: Rgb) -> Rgb:
    mean = under.reshape(-1, 3).mean(axis=0)
    own: Rgb = (round(float(mean[0])), round(float(mean[1])), round(float(mean[2])))
    light = float(luminance(np.array(colour, dtype=np.float64))) > 0.25
    return mixed(own, (0, 0, 0), 0.82) if light else mixed(own, (255, 255, 255), 0.86)
