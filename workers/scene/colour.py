"""Colours of light and surfaces: linear RGB triples, 0 is black, 1 reflects (or shows) all."""

from __future__ import annotations

import re

Rgb = tuple[float, float, float]
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def linear(colour: str) -> Rgb:
    """ "#rrggbb" as linear RGB (IEC 61966-2-1). Raises ValueError for another spelling."""
    if not _HEX.fullmatch(colour):
        raise ValueError(f"{colour!r} is not a colour like #1d3a2f")
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Relative luminance (Rec. 709)."""
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """`a` with `share` (0 to 1) of `b`."""
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def scaled(colour: Rgb, factor: float) -> Rgb:
    """The colour, `factor` times as bright."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def surface(colour: Rgb, darkest: float = 0.03, lightest: float = 0.72) -> Rgb:
    """The colour as paint: no real surface is black or white, and pure ones look drawn."""
    bright = max(luminance(colour), 1e-4)
    wanted = min(max(bright, darkest), lightest)
    red, green, blue = scaled(colour, wanted / bright) if bright > 1e-3 else (wanted, wanted, wanted)
    return min(max(red, 0.012), 0.86), min(max(green, 0.012), 0.86), min(max(blue, 0.012), 0.86)
