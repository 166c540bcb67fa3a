"""Stills: one picture for one placement, as a JPEG within the publisher's ceiling."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from creative.backends import Made, Task
from creative.canonical import canonical
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.compose.canvas import place_scene
from workers.compose.typeset import boxes, draw, lay_out

METADATA_BYTES = 4096
"""Kept free under the ceiling for the metadata that `finish` embeds."""
_QUALITIES = (94, 92, 90, 88, 85, 82, 79, 76, 72, 68, 64, 60, 55, 50)


class Still(OneByOne):
    """Kind `still`. Notes: the JPEG's quality and the least contrast of its texts, in tenths."""

    def make_one(self, task: Task) -> Made:
        """Raises StepRefused: see `lay_out`, `place_scene`, `encode`."""
        params = task.params
        document = read_json(task.inputs["layout"])
        if [document["width"], document["height"]] != [params["width"], params["height"]]:
            raise StepRefused(f"the layout is for {document['width']}x{document['height']}, the placement is not")
        placed = place_scene(read_image(task.inputs["scene"]), read_json(task.inputs["meta"]), document)
        layers = lay_out(
            document,
            params["texts"],
            {"display": task.inputs["font.display"], "text": task.inputs["font.text"]},
            placed.image,
            params["palette"],
            params["locale"],
            params["direction"],
            logo=read_logos(task) or None,
            product=placed.product,
        )
        data, quality = encode(draw(placed.image, layers), params["max_bytes"] - METADATA_BYTES)
        ratios = [layer.contrast for layer in layers if layer.runs]
        notes = {"quality": quality, "contrast_tenths": int(min(ratios) * 10) if ratios else None}
        found = canonical(boxes(document, placed.product, layers))
        return Made({"image": data, "boxes": found}, notes)


def encode(picture: Image.Image, ceiling: int) -> tuple[bytes, int]:
    """A JPEG of at most `ceiling` bytes at the highest quality that allows it, and that quality.

    Full colour resolution (4:4:4), since thin coloured letters blur without it. Raises StepRefused when not even
    quality 50 is small enough.
    """
    size = 0
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
        size = buffer.tell()
        if size <= ceiling:
            return buffer.getvalue(), quality
    raise StepRefused(
        f"the picture takes {size} bytes at quality {_QUALITIES[-1]}, the placement allows {ceiling} beside its metadata"
    )


def read_image(path: Path) -> Image.Image:
    """A picture, decoded. Raises StepRefused when it is none."""
    try:
        with Image.open(path) as picture:
            picture.load()
            copy: Image.Image = picture.copy()
            return copy
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise StepRefused(f"{path.name} is no picture that can be read: {error}") from error


def read_logos(task: Task) -> dict[str, Image.Image]:
    """The logo's versions by input role ("logo.light", "logo.dark"); none, if the brand has none. Raises StepRefused."""
    return {role: read_image(task.inputs[role]) for role in sorted(task.inputs) if role.split(".")[0] == "logo"}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises StepRefused when it is none."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise StepRefused(f"{path.name} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise StepRefused(f"{path.name} is no JSON object")
    return found
