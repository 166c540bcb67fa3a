"""The logo on its ground: the version that stands out; one of a single colour is turned light or dark where it would drown.

Where no version stands out, the scrim under it is `workers.compose.colouring`'s to lay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from workers.compose.colour import Rgb, Sample, between, contrast, inks, is_light

READABLE = 3.0
"""WCAG 2.2, 1.4.11, asks 3:1 of graphics."""
AIMED = 3.3
"""What is aimed at with a scrim, since JPEG moves thin strokes a little."""
_NEARLY = 2.4
"""From here on a faint scrim is enough: then the version of the words' own lightness stays."""
_DARK = 0.25
"""Relative luminance under which a ground is seen as dark: white letters on it look right, where figures say either."""
_ONE_COLOUR = 14.0
"""Standard deviation (0 to 255) of opaque pixels below which a logo has one colour, antialiasing aside."""


def legible(
    versions: Sequence[Image.Image], under: Sample, palette: Mapping[str, str], text: Rgb | None
) -> tuple[Image.Image, Rgb, float]:
    """The logo (of RGBA versions of one size) that goes with the text's colour if it stands out, else the one that does best;
    its colour, and its contrast with all but 2 % of the ground. `text` is None where no words stand on that ground: then a light
    logo goes with one that is dark on the whole."""
    light = float(under.luminance.mean()) < _DARK

    def merit(version: tuple[Image.Image, Rgb, bool]) -> tuple[bool, bool, float]:
        ratio = contrast(version[1], under)
        goes = is_light(version[1]) == light if text is None else between(version[1], text) < READABLE
        # One dark and one light line on one ground look like a mistake: a faint scrim is the lesser one.
        return goes and ratio >= READABLE, goes and ratio >= _NEARLY, ratio

    logo, own, single = max(((picture, *_colour(picture)) for picture in versions), key=merit)
    ratio = contrast(own, under)
    if not single or ratio >= READABLE or merit((logo, own, single))[1]:
        return logo, own, ratio
    colour = max(inks(palette), key=lambda ink: contrast(ink, under))
    turned = Image.new("RGBA", logo.size, (*colour, 0))
    turned.putalpha(logo.getchannel("A"))
    return turned, colour, contrast(colour, under)


_COLOURS: dict[int, tuple[Image.Image, tuple[Rgb, bool]]] = {}
"""What was found of logos, by the identity of their pictures, which are held: `blocks.logo_block` gives the same again."""


def _colour(logo: Image.Image) -> tuple[Rgb, bool]:
    """A logo's mean colour, and whether it is its only one."""
    found = _COLOURS.get(id(logo))
    if found is None:
        if len(_COLOURS) >= 64:
            _COLOURS.clear()
        found = _COLOURS[id(logo)] = (logo, _look(logo))
    return found[1]


def _look(logo: Image.Image) -> tuple[Rgb, bool]:
    data = np.asarray(logo, dtype=np.float64)
    solid = data[data[..., 3] > 200][:, :3]
    if len(solid) == 0:
        return (128, 128, 128), False
    mean = solid.mean(axis=0)
    own: Rgb = (round(float(mean[0])), round(float(mean[1])), round(float(mean[2])))
    return own, float(solid.std(axis=0).max()) <= _ONE_COLOUR
