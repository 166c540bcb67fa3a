"""The logo on its ground: the version that stands out; one of a single colour is turned light or dark where it would drown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from workers.compose.colour import Rgb, Sample, between, contrast, inks

_READABLE = 3.0
"""WCAG 2 asks 3:1 of graphics."""
_NEARLY = 2.4
"""Enough, to the eye, for a large simple mark beside words of its own colour: set by looking, not by a standard."""
_ONE_COLOUR = 14.0
"""Standard deviation (0 to 255) of opaque pixels below which a logo has one colour, antialiasing aside."""


def legible(versions: Sequence[Image.Image], under: Sample, palette: Mapping[str, str], text: Rgb) -> Image.Image:
    """The logo (RGBA versions of one size) that goes with the text's colour if it stands out, else the one that does best."""

    def merit(version: tuple[Image.Image, Rgb, bool]) -> tuple[bool, bool, float]:
        ratio, goes = contrast(version[1], under), between(version[1], text) < _READABLE
        # One dark and one light line on one ground look like a mistake: a mark a fifth below readable is the lesser one.
        return goes and ratio >= _READABLE, goes and ratio >= _NEARLY, ratio

    logo, own, single = max(((picture, *_colour(picture)) for picture in versions), key=merit)
    if not single or contrast(own, under) >= _READABLE:
        return logo
    colour = max(inks(palette), key=lambda ink: contrast(ink, under))
    turned = Image.new("RGBA", logo.size, (*colour, 0))
    turned.putalpha(logo.getchannel("A"))
    return turned


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
