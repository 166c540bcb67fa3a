"""Colours of light and surfaces: linear RGB triples, 0 is black, 1 reflects (or shows) all."""

from __future__ import annotations

import math
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


def oklch(colour: Rgb) -> tuple[float, float, float]:
    """Lightness (0 to 1), chroma and hue (radians) as they are seen: Oklab, bottosson.github.io/posts/oklab."""
    r, g, b = (max(c, 0.0) for c in colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    y = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return light, math.hypot(a, y), math.atan2(y, a)


def from_oklch(light: float, chroma: float, hue: float) -> Rgb:
    """The way back; chroma gives way until the colour can be shown."""
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0):
        a, y = chroma * share * math.cos(hue), chroma * share * math.sin(hue)
        long = (light + 0.3963377774 * a + 0.2158037573 * y) ** 3
        middle = (light - 0.1055613458 * a - 0.0638541728 * y) ** 3
        short = (light - 0.0894841775 * a - 1.2914855480 * y) ** 3
        colour = (
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        )
        if min(colour) >= -0.002 and max(colour) <= 1.002:
            break
    red, green, blue = (min(max(c, 0.0), 1.0) for c in colour)
    return red, green, blue


def shaded(colour: Rgb, light: float = 0.0, chroma: float = 1.0, turn: float = 0.0) -> Rgb:
    """The colour with its seen lightness moved by `light`, its chroma times `chroma`, its hue turned by degrees."""
    seen, strength, hue = oklch(colour)
    return from_oklch(min(max(seen + light, 0.05), 0.97), strength * chroma, hue + math.radians(turn))


def apart(a: Rgb, b: Rgb) -> float:
    """How different two colours look: distance in Oklab, 0 to about 1."""
    one, other = oklch(a), oklch(b)
    across = one[1] * math.cos(one[2]) - other[1] * math.cos(other[2])
    along = one[1] * math.sin(one[2]) - other[1] * math.sin(other[2])
    return math.sqrt((one[0] - other[0]) ** 2 + across**2 + along**2)
