"""Which of the brand's colours goes where: a harmony of one ground (60), a second (30) and a little of a third (10).

The accent itself is the button's and the price's, and appears in no set: the third colour lies between it and the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from workers.scene.colour import Rgb, apart, from_oklch, luminance, mix, oklch, shaded, surface
from workers.scene.look import Hour


@dataclass(frozen=True, slots=True)
class Palette:
    """The brand's colours as linear RGB."""

    ground: Rgb
    second: Rgb
    accent: Rgb


@dataclass(frozen=True, slots=True)
class Scheme:
    """Colours as surfaces: what is far, what is stood on, what lifts the product, two for small things."""

    name: str
    wall: Rgb
    floor: Rgb
    stand: Rgb
    prop: Rgb
    spark: Rgb


def _spark(palette: Palette) -> Rgb:
    return shaded(mix(palette.second, palette.accent, 0.55), chroma=0.85)


def _tint(p: Palette, plain: Rgb, share: float, turn: float = 0.0) -> Rgb:
    """A surface of a brand whose ground has no colour of its own: `plain` gives way to the ground with `share` (0 to 1) of
    the second colour's depth and more of its chroma, its hue turned by degrees. A ground that has a colour stays `plain`.

    Not mixed as light: a pale grey and a deep blue give grey.
    """
    light, chroma, _ = oklch(p.ground)
    deep, strong, _ = oklch(p.second)
    grey = float(np.clip((0.03 - chroma) / 0.015, 0, 1) * np.clip(strong / 0.05, 0, 1))
    hue = oklch(mix(p.ground, p.second, 0.6))[2]
    full = from_oklch(light + (deep - light) * share, chroma + max(strong - chroma, 0) * share**0.5, hue)
    return mix(plain, shaded(full, turn=turn), grey)


def _tonal(p: Palette) -> Scheme:
    wall, floor = _tint(p, p.ground, 0.2), _tint(p, shaded(p.ground, -0.06), 0.34)
    return Scheme("tonal", wall, floor, shaded(p.ground, 0.03), p.second, _spark(p))


def _deep(p: Palette) -> Scheme:
    wall = shaded(p.second, 0.03)
    return Scheme("deep", wall, shaded(wall, 0.06), shaded(wall, 0.12), p.ground, _spark(p))


def _split(p: Palette) -> Scheme:
    return Scheme(
        "split", _tint(p, p.ground, 0.14), mix(p.ground, p.second, 0.6), p.second, shaded(p.second, -0.05), _spark(p)
    )


def _lifted(p: Palette) -> Scheme:
    wall = _tint(p, mix(p.ground, p.second, 0.22), 0.4)
    return Scheme("lifted", wall, _tint(p, shaded(p.ground, -0.02), 0.25), p.ground, p.second, _spark(p))


def _near(p: Palette) -> Scheme:
    """A neighbour of the ground's hue, on the side of the second colour."""
    way = 28.0 if np.sin(oklch(p.second)[2] - oklch(p.ground)[2]) >= 0 else -28.0
    wall = _tint(p, shaded(p.ground, -0.05, 1.5, way), 0.2, -0.6 * way)
    return Scheme(
        "near", wall, _tint(p, shaded(p.ground, -0.03), 0.3), shaded(p.ground, -0.01, 1.2, way / 2), p.second, _spark(p)
    )


SCHEMES: Mapping[str, Callable[[Palette], Scheme]] = {
    "tonal": _tonal,
    "deep": _deep,
    "split": _split,
    "lifted": _lifted,
    "near": _near,
}
CLEAR = 0.16
"""How different a wall must look from the product before it, if any scheme of the brand's is."""


def scheme(palette: Palette, product: Rgb | None, late: bool, rng: np.random.Generator) -> Scheme:
    """One of the brand's harmonies, drawn; the product's mean colour stands out from its wall.

    By day the ground is the brand's own; when it is `late`, a wall may be in the second colour.
    """
    names = [name for name in SCHEMES if late or name != "deep"]
    order = [names[k] for k in rng.permutation(len(names))]
    found = [SCHEMES[name](palette) for name in order]
    if product is not None:
        clear = [one for one in found if apart(one.wall, product) > CLEAR]
        best = max(apart(one.wall, product) for one in found)
        found = clear or [one for one in found if apart(one.wall, product) >= 0.8 * best]
    one = found[0]
    return Scheme(one.name, *(surface(c) for c in (one.wall, one.floor, one.stand, one.prop, one.spark)))


def balanced(hour: Hour, wall: Rgb) -> Hour:
    """The hour with light that is whiter before a cool wall: warm light on pale blue or green is grey. On a warm wall it
    is gold, and on a deep one it stays warm."""
    if luminance(wall) < 0.2:
        return hour
    cool = (wall[2] - wall[0]) / max(wall[0], wall[2])
    share = min(max(1.5 * cool, 0.0), 0.5)
    even = luminance(hour.sun)
    return replace(hour, sun=mix(hour.sun, (even, even, even), share)) if share else hour


def is_dark(colour: Rgb) -> bool:
    """Whether a surface of this colour reads as dark."""
    return luminance(colour) < 0.09
