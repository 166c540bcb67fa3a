"""Whether the product of a generated scene is the product: its cut-out against what the scene shows, pixel by pixel.

A model may paint whatever surrounds a product, and nothing of it. What a viewer would call the product is every opaque pixel
of its cut-out at the scene's size (Lanczos, as every scene is composed); its half-covered outline takes something of the
ground, and is no part of it. And the finished file is looked at coarsely: layouts crop and scale, codecs round.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from creative.errors import StepRefused
from workers.measure.contrast import Mask, Pixels, Rectangle
from workers.scene.develop import fitted

Figures = dict[str, Any]
ROLES = ("scene", "meta", "layer", "cutout")
"""Inputs of a measurement whose ad has a generated scene with a product."""
_SLACK = 1  # levels: what another machine's rounding may differ by
_CELLS = 24  # across the product's shorter side, in which the finished file is compared
_LEAST = 4 * _CELLS  # px of that side: below, half a pixel more or less of its box is as much as what is looked for


def product_pixels(inputs: Mapping[str, Path]) -> dict[str, int]:
    """`px`: how many opaque pixels of the product the scene shows; `changed`: how many of them, in the picture or in the
    layer that films lay over it, are not the cut-out's; `most`: by how many levels at most.

    Raises StepRefused for inputs that cannot be read or do not belong together.
    """
    scene, meta, layer, cutout = (inputs[role] for role in ROLES)
    try:
        picture = Image.open(scene).convert("RGB")
        box = json.loads(meta.read_bytes())["product"]
        if box is None:
            return {"px": 0, "changed": 0, "most": 0}
        x, y, w, h = (int(value) for value in box)
        own = np.asarray(fitted(Image.open(cutout).convert("RGBA"), (x, y, w, h)))
        laid = np.asarray(Image.open(layer).convert("RGBA"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StepRefused(f"the scene of this ad cannot be compared with its product: {error}") from error
    opaque: Mask = own[..., 3] == 255
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + w, picture.width), min(y + h, picture.height)
    inside = np.s_[max(top - y, 0) : max(bottom - y, 0), max(left - x, 0) : max(right - x, 0)]
    seen = np.asarray(picture)[top : max(bottom, top), left : max(right, left)]
    if seen.shape[:2] != opaque[inside].shape:
        raise StepRefused("the scene of this ad does not have its product where it says")
    apart = _apart(seen, own[inside], opaque[inside])
    if laid.shape == own.shape:
        apart = np.maximum(apart, _apart(laid[..., :3], own, opaque & (laid[..., 3] == 255))[inside])
        apart[opaque[inside] & (laid[..., 3][inside] < 255)] = 255
    elif laid.shape[:2] != (1, 1):
        raise StepRefused(f"the product's layer has {laid.shape[1]}x{laid.shape[0]} px, and its place {w}x{h}")
    return {
        "px": int(opaque[inside].sum()),
        "changed": int((apart > _SLACK).sum()),
        "most": int(apart.max(initial=0)),
    }


def _apart(one: Pixels, other: Pixels, where: Mask) -> Pixels:
    """By how many levels at most each pixel differs; 0 outside of the mask."""
    away = np.abs(one.astype(np.int16) - other[..., :3]).max(axis=2)
    return np.where(where, away, 0).astype(np.uint8)


def product_tone(pixels: Pixels, box: Rectangle, cutout: Path, hidden: Sequence[Rectangle]) -> Figures:
    """The product as a finished picture shows it in its box (x, y, w, h), against its cut-out, in coarse cells that words do
    not hide: `cells`, and `tone`: the levels by which the median one differs.

    Boxes are whole pixels and views are not: a product of less than 96 px is not compared (0 cells, None).
    """
    x, y, w, h = box
    if min(w, h) < _LEAST:
        return {"cells": 0, "tone": None}
    cell = min(w, h) // _CELLS
    size = across, down = w // cell, h // cell
    own = Image.open(cutout).convert("RGBA").resize((w, h), Image.Resampling.LANCZOS)
    # Cells of the inside only: at its edge a pixel more or less would be another tone.
    solid = own.getchannel("A").filter(ImageFilter.MinFilter(5)).point(lambda alpha: 255 if alpha == 255 else 0)
    free = Image.new("L", (w, h), 255)
    for one in hidden:
        free.paste(0, (one[0] - x, one[1] - y, one[0] - x + one[2], one[1] - y + one[3]))
    inside = Image.new("L", (w, h), 0)
    inside.paste(255, (-x, -y, pixels.shape[1] - x, pixels.shape[0] - y))
    counted = np.full((down, across), True)
    for mask in (solid, free, inside):
        counted &= np.asarray(mask.resize(size, Image.Resampling.BOX)) == 255
    if not counted.any():
        return {"cells": 0, "tone": None}
    seen = _coarse(Image.fromarray(pixels).crop((x, y, x + w, y + h)), size)
    apart = np.abs(seen - _coarse(own.convert("RGB"), size)).max(axis=2)[counted]
    return {"cells": int(counted.sum()), "tone": round(float(np.median(apart)), 2)}


def _coarse(picture: Image.Image, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    return np.asarray(picture.resize(size, Image.Resampling.BOX), np.float32)
