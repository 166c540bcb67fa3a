"""Colours as ads need them: contrast on real pixels (WCAG 2), and the choice of a colour that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from creative.errors import StepRefused
from workers.measure.sight import DICHROMATS, TO_LUMINANCE, linear, seen_by

Rgb = tuple[int, int, int]
Floats = NDArray[np.floating[Any]]

LEAST_CONTRAST = 4.5
"""WCAG 2 AA for text of any size; CRAFT asks it of buttons."""
AIMED_CONTRAST = 4.8
"""What is aimed at, since JPEG moves the pixels beside glyphs a little."""
_LEVELS = np.arange(256) / 255
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4)
_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
# Four figures are enough, and half as many bytes.
_RED, _GREEN, _BLUE = ((_LINEAR * weight).astype(np.float32) for weight in _WEIGHTS)
_REDS, _GREENS, _BLUES = ([float(level) for level in table] for table in (_RED, _GREEN, _BLUE))
_ENOUGH = 2_000
"""Pixels that are looked at for one run: more would not change a percentile."""


class Sample:
    """Pixels of a place: `rows` (n, 3), eight bits, and what is asked of them again and again."""

    def __init__(self, rows: NDArray[np.uint8]) -> None:
        self.rows = rows
        self._contrasts: dict[tuple[Rgb, float], float] = {}
        self._ranks: dict[int, Rgb] = {}

    @classmethod
    def of(cls, picture: Image.Image) -> Sample:
        """All pixels of an RGB picture."""
        return cls(np.asarray(picture).reshape(-1, 3))

    @cached_property
    def luminance(self) -> Floats:
        """Relative luminance of each."""
        red, green, blue = self.rows.T
        result: Floats = _RED.take(red, mode="clip")
        result += _GREEN.take(green, mode="clip")
        result += _BLUE.take(blue, mode="clip")
        return result

    @cached_property
    def mean(self) -> tuple[float, float, float]:
        """The mean colour."""
        red, green, blue = (int(channel.sum()) / len(channel) for channel in np.ascontiguousarray(self.rows.T))
        return red, green, blue

    @cached_property
    def middle(self) -> Rgb:
        """The median of each channel."""
        half = len(self.rows) // 2
        red, green, blue = np.partition(self.rows, half, axis=0)[half].tolist()
        return red, green, blue

    def contrast(self, colour: Rgb, spared: float = 2.0) -> float:
        """See `contrast`."""
        found = self._contrasts.get((colour, spared))
        if found is None:
            found = self._contrasts[colour, spared] = _reached(_ratios(_luminance_of(colour), self.luminance), spared)
        return found

    def hardest(self, colour: Rgb, spared: float) -> Rgb:
        """The pixel on which `colour` is hardest to read, but for `spared` per cent that are harder."""
        mine, (low, high) = _luminance_of(colour), self._ends
        at = int((len(self.rows) - 1) * spared / 100)
        if mine >= high:
            return self._ranked(len(self.rows) - 1 - at)
        if mine <= low:
            return self._ranked(at)
        red, green, blue = self.rows[np.argpartition(_ratios(mine, self.luminance), at)[at]].tolist()
        return red, green, blue

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """The darkest and the lightest luminance."""
        return float(self.luminance.min()), float(self.luminance.max())

    def _ranked(self, at: int) -> Rgb:
        """The pixel that so many are darker than."""
        found = self._ranks.get(at)
        if found is None:
            red, green, blue = self.rows[np.argpartition(self.luminance, at)[at]].tolist()
            found = self._ranks[at] = (red, green, blue)
        return found


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
    levels = np.rint(pixels).astype(np.uint8)
    result: Floats = _RED[levels[..., 0]] + _GREEN[levels[..., 1]] + _BLUE[levels[..., 2]]
    return result


@lru_cache(1024)
def _luminance_of(colour: Rgb) -> float:
    return float(_RED[colour[0]] + _GREEN[colour[1]] + _BLUE[colour[2]])


def _ratios(mine: float, theirs: Floats) -> Floats:
    result: Floats = (np.maximum(mine, theirs) + 0.05) / (np.minimum(mine, theirs) + 0.05)
    return result


def is_light(colour: Rgb) -> bool:
    """Whether a text of this colour wants a dark ground."""
    return _luminance_of(colour) > 0.25


def contrast(colour: Rgb, ground: Sample | Floats, spared: float = 2.0) -> float:
    """Contrast ratio of a colour against pixels: what all but `spared` per cent of them reach (2: one row counts)."""
    if isinstance(ground, Sample):
        return ground.contrast(colour, spared)
    return _reached(_ratios(_luminance_of(colour), luminance(ground.reshape(-1, 3))), spared)


def _reached(ratios: Floats, spared: float) -> float:
    """What all but `spared` per cent reach; the order of `ratios` changes."""
    # As np.percentile, which takes ten times as long for so few.
    place = (len(ratios) - 1) * spared / 100
    low = int(place)
    if low + 1 >= len(ratios):
        return float(ratios.max())
    ratios.partition((low, low + 1))
    return float(ratios[low] + (ratios[low + 1] - ratios[low]) * (place - low))


def luminance_of(red: float, green: float, blue: float) -> float:
    """Relative luminance (0 to 1) of one sRGB colour (0 to 255), as WCAG 2 defines it for eight bits."""
    return _REDS[round(red)] + _GREENS[round(green)] + _BLUES[round(blue)]


def read(colour: Rgb, theirs: Floats, least: float) -> NDArray[np.bool_]:
    """Whether a colour has at least a contrast ratio with pixels of each of some luminances."""
    mine = _luminance_of(colour) + 0.05
    result: NDArray[np.bool_] = (theirs >= least * mine - 0.05) | (theirs <= mine / least - 0.05)
    return result


def between(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two flat colours."""
    light, dark = sorted((_luminance_of(one), _luminance_of(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(1024)
def seen_least(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two flat colours to whoever sees it least: with three primaries, or with two of them only."""
    light = linear(np.array([one, other], np.uint8))
    found = [between(one, other)]
    for who in DICHROMATS:
        dark, bright = sorted((seen_by(light, who) @ TO_LUMINANCE).tolist())
        found.append((bright + 0.05) / (dark + 0.05))
    return min(found)


def deepened(colour: Rgb, ground: Rgb, least: float) -> Rgb:
    """A colour, darker or lighter by as little as lets everybody read it on a flat ground with a contrast of `least`; as it was
    where half of the way is not enough."""
    towards = (0, 0, 0) if between(colour, (255, 255, 255)) > between(colour, (0, 0, 0)) else (255, 255, 255)
    for step in range(11):
        moved = mixed(colour, towards, step / 20)
        if seen_least(moved, ground) >= least:
            return moved
    return colour


@lru_cache(1024)
def apart(one: Rgb, other: Rgb) -> float:
    """How different two colours look: distance in CIE Lab (D65); 25 and more is another colour at a glance."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _lab(colour: Rgb) -> Floats:
    linear = _LINEAR[list(colour)]
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = matrix @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def spread(box: tuple[int, int, int, int]) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    """How pixels that stand for all within a box (x, y, w, h) are chosen: how many across and down, and between which edges
    (left, top, right, bottom)."""
    x, y, w, h = box
    step = max(1, int((w * h / _ENOUGH) ** 0.5))
    size = (max(1, w // step), max(1, h // step))
    return size, (x, y, x + size[0] * step, y + size[1] * step)


def flat(colour: Rgb) -> Sample:
    """A ground of one colour."""
    return Sample(np.array([colour], dtype=np.uint8))


def inks(palette: Mapping[str, str]) -> tuple[Rgb, Rgb, Rgb]:
    """The colours that text may have: the brand's, a light and a dark one with a breath of the brand's ground."""
    ground = rgb(palette["ground"])
    dark = mixed((0, 0, 0), ground, 0.12)
    return rgb(palette["text"]), mixed((255, 255, 255), ground, 0.05), dark
