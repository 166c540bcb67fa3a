"""Colours as ads need them: contrast on real pixels (WCAG 2), and the choice of a colour that can be read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from creative.errors import StepRefused

Rgb = tuple[int, int, int]
Floats = NDArray[np.float64]

LEAST_CONTRAST = 4.5
"""WCAG 2 AA for text of any size; CRAFT asks it of buttons."""
AIMED_CONTRAST = 4.8
"""What is aimed at, since JPEG moves the pixels beside glyphs a little."""
_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
_ENOUGH = 6_000
"""Pixels that are looked at for one run: more would not change a percentile."""


def rgb(colour: str) -> Rgb:
    """ "#rrggbb" as a triple. Raises StepRefused for anything else."""
    if len(colour) == 7 and colour[0] == "#":
        try:
            value = int(colour[1:], 16)
        except ValueError:
            pass
        else:
            return (value >> 16, value >> 8 & 255, value & 255)
    raise StepRefused(f"{colour!r} is no colour: write #rrggbb in the brand's palette")


def spelled(colour: Rgb) -> str:
    """A triple as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """`one` with `share` (0 to 1) of `other`, in sRGB."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


def luminance(pixels: Floats) -> Floats:
    """Relative luminance (0 to 1) of sRGB pixels (0 to 255 in the last axis), as WCAG 2 defines it for eight bits."""
    result: Floats = _LINEAR[np.rint(pixels).astype(np.uint8)] @ _WEIGHTS
    return result


def contrast(colour: Rgb, ground: Floats, spared: float = 2.0) -> float:
    """Contrast ratio of a colour against pixels: what all but `spared` per cent of them reach (2: one row counts)."""
    mine = float(luminance(np.array(colour, dtype=np.float64)))
    theirs = luminance(ground.reshape(-1, 3))
    ratios = (np.maximum(mine, theirs) + 0.05) / (np.minimum(mine, theirs) + 0.05)
    return float(np.percentile(ratios, spared))


def between(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two flat colours."""
    return contrast(one, np.array([other], dtype=np.float64))


def apart(one: Rgb, other: Rgb) -> float:
    """How different two colours look: distance in CIE Lab (D65); 25 and more is another colour at a glance."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _lab(colour: Rgb) -> Floats:
    linear = _LINEAR[list(colour)]
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def pixels(image: Image.Image, box: tuple[int, int, int, int]) -> Floats:
    """The pixels of an RGB image within a box (x, y, w, h), as rows of three; of a large box evenly chosen ones."""
    x, y, w, h = box
    cut = np.asarray(image.crop((x, y, x + w, y + h)))
    step = max(1, int((w * h / _ENOUGH) ** 0.5))
    return cut[step // 2 :: step, step // 2 :: step].reshape(-1, 3).astype(np.float64)


def inks(palette: Mapping[str, str]) -> tuple[Rgb, Rgb, Rgb]:
    """The colours that text may have: the brand's, a light and a dark one with a breath of the brand's ground."""
    ground = rgb(palette["ground"])
    dark = mixed((0, 0, 0), ground, 0.12)
    return rgb(palette["text"]), mixed((255, 255, 255), ground, 0.05), dark
