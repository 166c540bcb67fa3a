"""Captions: one at a time, each on a plate of the brand's darkest ground, so that they read over anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from workers.compose.colour import AIMED_CONTRAST, Rgb, contrast, luminance, mixed, rgb
from workers.compose.material import PLATE_PAD, Cue, Material
from workers.compose.typeset import Layer

_FADE = 3  # frames
_DARK = 0.05  # luminance of a colour that can carry light words
_AIM = AIMED_CONTRAST + 0.4  # the encoder moves colours beside glyphs a little
_ENDS = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.float64)


def fades(cues: Sequence[Cue], cue: Cue) -> tuple[int, int]:
    """How many frames a caption fades in, and out: none where another one stands before or after it, which it replaces."""
    most = min(_FADE, (cue.end - cue.first) // 4)
    return (
        0 if any(other.end == cue.first for other in cues) else most,
        0 if any(other.first == cue.end for other in cues) else most,
    )


def captions(material: Material, cues: Sequence[Cue]) -> list[tuple[Cue, Layer]]:
    """One layer a cue: its plate and its words, in the layout's place for captions."""
    if not cues:
        return []
    plate = _plate(material)
    flat = Image.new("RGB", material.canvas, plate)
    found = _laid(material, cues, flat)
    sizes = {int(words.runs[0]["size"]) for _, words in found}
    if len(sizes) > 1:  # a voice does not change its size from sentence to sentence
        found = _laid(material, cues, flat, min(sizes))
    return [(cue, _on_plate(material.canvas, plate, words)) for cue, words in found]


def _laid(
    material: Material, cues: Sequence[Cue], flat: Image.Image, size: int | None = None
) -> list[tuple[Cue, Layer]]:
    """Each caption's words in their place, at the largest size that fits, or at one `size` (px)."""
    # They are coloured for their own plate, whatever surfaces lie under that.
    part = {**material.document["parts"]["body"], "picture": None, "surfaces": []}
    if size is not None:
        part["groups"] = [
            {**group, "items": [_sized(item, size) for item in group["items"]]} for group in part["groups"]
        ]
    bare = replace(material, document={**material.document, "parts": {**material.document["parts"], "body": part}})
    made = []
    for cue in cues:
        laid = bare.layers("body", {"caption": cue.text}, flat, logo=False)
        words = [layer for layer in laid if layer.kind == "text"]
        if words:
            made.append((cue, words[0]))
    return made


def _sized(item: dict[str, Any], size: int) -> dict[str, Any]:
    return item if item["role"] != "caption" else {**item, "most": size, "least": size}


def _plate(material: Material) -> Rgb:
    """The brand's own dark colour if it has one, else nearly black with a breath of its ground."""
    own = [rgb(material.palette[name]) for name in ("text", "second", "ground")]
    for colour in own:
        if float(luminance(np.array(colour, dtype=np.float64))) < _DARK:
            return colour
    return mixed((0, 0, 0), own[-1], 0.22)


def _on_plate(canvas: tuple[int, int], plate: Rgb, words: Layer) -> Layer:
    colour = rgb(words.runs[0]["colour"])
    opacity = next(
        (
            share / 100
            for share in range(80, 100, 2)
            if contrast(colour, _ENDS + (np.array(plate) - _ENDS) * (share / 100)) >= _AIM
        ),
        1.0,
    )
    size = int(words.runs[0]["size"])
    pad_x, pad_y = (round(share * size) for share in PLATE_PAD)
    left, top = max(0, words.x - pad_x), max(0, words.y - pad_y)
    right = min(canvas[0], words.x + words.image.width + pad_x)
    bottom = min(canvas[1], words.y + words.image.height + pad_y)
    smooth = 4  # corners are drawn larger, then scaled: ImageDraw's own are jagged
    mask = Image.new("L", ((right - left) * smooth, (bottom - top) * smooth), 0)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, mask.width - 1, mask.height - 1), radius=round(0.34 * size * smooth), fill=round(255 * opacity)
    )
    image = Image.new("RGBA", (right - left, bottom - top), (*plate, 0))
    image.putalpha(mask.resize(image.size, Image.Resampling.BOX))
    image.alpha_composite(words.image, (words.x - left, words.y - top))
    return Layer("text", "caption", image, left, top, words.runs, words.marks, words.contrast)
