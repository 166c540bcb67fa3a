"""The logo on its ground: a logo of one colour is turned light or dark where it would drown; any other stays as it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image

from workers.compose.colour import Floats, Rgb, contrast, inks

_READABLE = 3.0
"""WCAG 2 asks 3:1 of graphics."""
_ONE_COLOUR = 14.0
"""Standard deviation (0 to 255) of opaque pixels below which a logo has one colour, antialiasing aside."""


def legible(logo: Image.Image, under: Floats, palette: Mapping[str, str]) -> Image.Image:
    """The logo (RGBA) as it can be seen on the pixels under it."""
    data = np.asarray(logo, dtype=np.float64)
    solid = data[data[..., 3] > 200][:, :3]
    if len(solid) == 0 or float(solid.std(axis=0).max()) > _ONE_COLOUR:
        return logo
    mean = solid.mean(axis=0)
    own: Rgb = (round(float(mean[0])), round(float(mean[1])), round(float(mean[2])))
    if contrast(own, under) >= _READABLE:
        return logo
    colour = max(inks(palette), key=lambda ink: contrast(ink, under))
    turned = Image.new("RGBA", logo.size, (*colour, 0))
    turned.putalpha(logo.getchannel("A"))
    return turned
