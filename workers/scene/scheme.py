"""Which of the brand's colours goes where: a harmony of one ground (60), a second (30) and a little of a third (10).

The accent itself is the button's and the price's, and appears in no set: the third colour lies between it and the second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from workers.scene.colour import Rgb, apart, luminance, mix, oklch, shaded, surface


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


def _tonal(p: Palette) -> Scheme:
    return Scheme("tonal", p.ground, shaded(p.ground, -0.06), shaded(p.ground, 0.03), p.second, _spark(p))


def _deep(p: Palette) -> Scheme:
    wall = shaded(p.second, 0.02)
    return Scheme("deep", wall, shaded(wall, -0.04), shaded(wall, 0.05), p.ground, _spark(p))


def _split(p: Palette) -> Scheme:
    return Scheme("split", p.ground, mix(p.ground, p.second, 0.6), p.second, shaded(p.second, -0.05), _spark(p))


def _lifted(p: Palette) -> Scheme:
    wall = mix(p.ground, p.second, 0.22)
    return Scheme("lifted", wall, shaded(p.ground, -0.02), p.ground, p.second, _spark(p))


def _near(p: Palette) -> Scheme:
    """A neighbour of the ground's hue, on the side of the second colour."""
    way = 28.0 if np.sin(oklch(p.second)[2] - oklch(p.ground)[2]) >= 0 else -28.0
    wall = shaded(p.ground, -0.05, 1.5, way)
    return Scheme("near", wall, shaded(p.ground, -0.03), shaded(p.ground, -0.01, 1.2, way / 2), p.second, _spark(p))


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
        found = clear or sorted(found, key=lambda one: -apart(one.wall, product))
    best = found[0]
    return Scheme(best.name, *(surface(c) for c in (best.wall, best.floor, best.stand, best.prop, best.spark)))


def is_dark(colour: Rgb) -> bool:
    """Whether a surface of this colour reads as dark."""
    return luminance(colour) < 0.09
