"""The ground of a picture: a scene laid on a canvas so that its product stands where the layout wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from creative.errors import StepRefused
from creative.layouts import placed

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PlacedScene:
    """A scene on a canvas. A scene pixel p is at p * scale + (x, y); `product` is [x, y, w, h] in canvas px, cut to it."""

    image: Image.Image
    product: Box | None
    scale: float
    x: float
    y: float


def place_scene(
    scene: Image.Image, meta: Mapping[str, Any], document: Mapping[str, Any], part: str = "still"
) -> PlacedScene:
    """Crop and scale a scene for one part of a layout document (`creative.layouts.Shape.document`).

    Raises StepRefused when scene and meta do not belong together.
    """
    if list(scene.size) != [meta["width"], meta["height"]]:
        raise StepRefused(f"the scene is {scene.width}x{scene.height}, its meta says {meta['width']}x{meta['height']}")
    canvas = (document["width"], document["height"])
    product = meta["product"]
    scale, x, y = placed(canvas, scene.size, product, document["parts"][part]["product"])
    left, top = max(0.0, -x / scale), max(0.0, -y / scale)
    crop = (left, top, min(scene.width, left + canvas[0] / scale), min(scene.height, top + canvas[1] / scale))
    image = scene.convert("RGB").resize(canvas, Image.Resampling.LANCZOS, box=crop)
    return PlacedScene(image, None if product is None else _on_canvas(product, scale, x, y, canvas), scale, x, y)


def _on_canvas(product: list[int], scale: float, x: float, y: float, canvas: tuple[int, int]) -> Box:
    px, py, pw, ph = product
    left, top = max(0, round(px * scale + x)), max(0, round(py * scale + y))
    right = min(canvas[0], round((px + pw) * scale + x))
    bottom = min(canvas[1], round((py + ph) * scale + y))
    return (left, top, max(0, right - left), max(0, bottom - top))
