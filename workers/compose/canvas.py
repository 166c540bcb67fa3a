"""The ground of a picture: a scene laid on a canvas so that its product stands where the layout wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from creative.errors import StepRefused
from creative.layouts import shown
from workers.media.scale import scaled

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PlacedScene:
    """A scene on a canvas. A scene pixel p is at p * scale + (x, y); `product` is [x, y, w, h] in canvas px, cut to
    the window (or the canvas)."""

    image: Image.Image
    product: Box | None
    scale: float
    x: float
    y: float


def place_scene(
    scene: Image.Image, meta: Mapping[str, Any], document: Mapping[str, Any], part: str = "still"
) -> PlacedScene:
    """Crop and scale a scene for one part of a layout document (`creative.layouts.Shape.document`).

    With a picture window the scene lies in the window, and beyond it the canvas is mid-grey: `workers.compose.typeset`
    lays the mat over that. Raises StepRefused when scene and meta do not belong together.
    """
    if list(scene.size) != [meta["width"], meta["height"]]:
        raise StepRefused(f"the scene is {scene.width}x{scene.height}, its meta says {meta['width']}x{meta['height']}")
    canvas, product = (int(document["width"]), int(document["height"])), meta["product"]
    scale, x, y, window = shown(document, part, scene.size, product)
    left, top = max(0.0, (window[0] - x) / scale), max(0.0, (window[1] - y) / scale)
    crop = (left, top, min(scene.width, left + window[2] / scale), min(scene.height, top + window[3] / scale))
    flat = scene if scene.mode == "RGB" else scene.convert("RGB")
    image = scaled(flat, window[2:], crop)
    if image.size != canvas:
        whole = Image.new("RGB", canvas, (128, 128, 128))
        whole.paste(image, window[:2])
        image = whole
    return PlacedScene(image, None if product is None else _within(product, scale, x, y, window), scale, x, y)


def window_of(document: Mapping[str, Any], part: str = "still") -> Box:
    """Where a part shows the scene: x, y, w, h in canvas px."""
    picture = document["parts"][part].get("picture")
    if picture is None:
        return (0, 0, int(document["width"]), int(document["height"]))
    x, y, w, h = picture["box"]
    return (int(x), int(y), int(w), int(h))


def _within(product: list[int], scale: float, x: float, y: float, window: Box) -> Box:
    px, py, pw, ph = product
    wx, wy, ww, wh = window
    left, top = max(wx, round(px * scale + x)), max(wy, round(py * scale + y))
    right = min(wx + ww, round((px + pw) * scale + x))
    bottom = min(wy + wh, round((py + ph) * scale + y))
    return (left, top, max(0, right - left), max(0, bottom - top))
