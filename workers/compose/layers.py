"""Layers: what is laid over a ground, where it lies, and the ground with it: looked at in places, or drawn.

`workers.compose.colouring` gives them their colours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from PIL import Image

from workers.compose.blocks import Block
from workers.compose.colour import Rgb, Sample, spread
from workers.compose.surfaces import Surface

Box = tuple[int, int, int, int]
LayerKind = Literal["scrim", "surface", "button", "text", "logo"]
_STRIP = 64  # px


@dataclass(frozen=True)
class Layer:
    """One thing over the ground, its top left corner at (x, y) on the canvas: an RGBA picture, or a mask (L) of one colour.

    `runs` and `marks` are rows of the Boxes contract (`creative.steps`) without `first` and `end`; `contrast` is the
    ratio that all but 2 % of the pixels under a text reach (0 for what has no text).
    """

    kind: LayerKind
    role: str
    ink: Image.Image
    x: int
    y: int
    runs: tuple[dict[str, Any], ...] = ()
    marks: tuple[dict[str, Any], ...] = ()
    contrast: float = 0.0
    colour: Rgb | None = None

    @cached_property
    def image(self) -> Image.Image:
        """The layer as an RGBA picture."""
        if self.colour is None:
            return self.ink
        made = Image.new("RGBA", self.ink.size, self.colour)
        made.putalpha(self.ink)
        return made

    def on(self, picture: Image.Image, top: int = 0) -> None:
        """Lay it over an RGB picture of the canvas's rows from `top` on."""
        width, height = self.ink.size
        first, end = max(0, top - self.y), min(height, top + picture.height - self.y)
        if first >= end:
            return
        if self.colour is None:
            picture.paste(self.ink, (self.x, self.y - top), self.ink)
            return
        # In strips that a processor's cache holds: one picture of the colour serves all of them.
        strip = Image.new("RGB", (width, min(end - first, _STRIP)), self.colour)
        for row in range(first, end, _STRIP):
            below = min(row + _STRIP, end)
            ink = strip if below - row == strip.height else strip.crop((0, 0, width, below - row))
            mask = self.ink if below - row == height else self.ink.crop((0, row, width, below))
            picture.paste(ink, (self.x, self.y + row - top), mask)

    def _seen(self, picture: Image.Image, left: float, top: float, across: float, down: float) -> None:
        """Lay it over a picture that has one pixel of every `across` x `down` of the canvas's, from (left, top) on."""
        x, y, (width, height) = self.x - left, self.y - top, self.ink.size
        if x >= picture.width * across or y >= picture.height * down or x + width <= 0 or y + height <= 0:
            return
        data = (across, 0.0, -x, 0.0, down, -y)
        ink = self.ink.transform(picture.size, Image.Transform.AFFINE, data, Image.Resampling.NEAREST)
        picture.paste(ink if self.colour is None else self.colour, (0, 0, *picture.size), ink)


class Placed(NamedTuple):
    """A block on the canvas, and what the layout allots to it."""

    block: Block
    x: int
    y: int
    box: Box


class Laid(NamedTuple):
    """A group on the canvas: its blocks, one under the other, and the plate under them."""

    placed: Sequence[Placed]
    plate: Surface | None = None

    @property
    def ink(self) -> Box:
        """x, y, w, h of its blocks."""
        left, top = min(one.x for one in self.placed), min(one.y for one in self.placed)
        right = max(one.x + one.block.width for one in self.placed)
        bottom = max(one.y + one.block.height for one in self.placed)
        return left, top, right - left, bottom - top


class Lit:
    """A ground (RGB) with layers over it, looked at in places: nothing is drawn but what is looked at."""

    def __init__(self, ground: Image.Image, layers: Sequence[Layer] = ()) -> None:
        self._ground = ground if ground.mode == "RGB" else ground.convert("RGB")
        self._layers = tuple(layers)
        self._places: dict[Box, Sample] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return self._ground.size

    def at(self, box: Box) -> Sample:
        """The pixels within a box (x, y, w, h); of a large one evenly chosen ones."""
        found = self._places.get(box)
        if found is None:
            size, edges = spread(box)
            found = self._places[box] = Sample.of(self.cut(size, edges))
        return found

    def cut(self, size: tuple[int, int], edges: Box) -> Image.Image:
        """A picture of `size` with evenly chosen pixels of what lies between `edges` (left, top, right, bottom)."""
        made = self._ground.resize(size, Image.Resampling.NEAREST, box=edges)
        left, top, right, bottom = edges
        for layer in self._layers:
            layer._seen(made, left, top, (right - left) / size[0], (bottom - top) / size[1])
        return made


def draw(ground: Image.Image, layers: Sequence[Layer], rows: tuple[int, int] | None = None) -> Image.Image:
    """The ground with the layers over it, RGB; only its `rows` (first, end; px), if given."""
    first, end = rows or (0, ground.height)
    picture = ground.crop((0, first, ground.width, end))
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    for layer in layers:
        layer.on(picture, first)
    return picture


def boxes(
    document: Mapping[str, Any], product: Box | None, layers: Sequence[Layer], first: int = 0, end: int = 1
) -> dict[str, Any]:
    """What is where, as the Boxes contract of `creative.steps` has it; everything stands from `first` to `end`."""
    times = {"first": first, "end": end}
    return {
        "width": document["width"],
        "height": document["height"],
        "frames": end,
        "product": None if product is None else list(product),
        "runs": [{**run, **times} for layer in layers for run in layer.runs],
        "marks": [{**mark, **times} for layer in layers for mark in layer.marks],
    }
