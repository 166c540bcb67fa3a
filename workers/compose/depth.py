"""A scene as a camera sees it: the set, and before it the product as a layer of its own, which grows faster as it comes near.

The layer grows about the middle of the product's foot, where it touches the ground: there both layers agree, as they do
before a real camera on a dolly. All else of the set stays where the scene has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from workers.compose.encode import Planes, opacity, planes, views
from workers.compose.motion import Camera, View, Window
from workers.compose.reel import Reel

Box = tuple[float, float, float, float]

_ROOM = 8  # px of source around the product: what a resampling kernel reads


@dataclass(frozen=True, slots=True)
class Cut:
    """The product on its own: RGBA, its corner at (`x`, `y`) in scene px, its foot (where it stands) too."""

    picture: Image.Image
    x: int
    y: int
    foot: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen in one frame: the set through `view`, the product larger than there by `near` (1 or more)."""

    view: View
    near: float = 1.0


@dataclass(frozen=True, slots=True)
class Scenery:
    """What a camera is given: the set (without the product, if that can be) and the product's layer.

    With a `reel` the set moves: what it shows is seen in the ground's place.
    """

    ground: Planes
    cut: Cut | None = None
    layer: Planes | None = None
    reel: Reel | None = None

    @staticmethod
    def of(ground: Image.Image, cut: Cut | None, reel: Reel | None = None) -> Scenery:
        """The planes of both."""
        return Scenery(planes(np.asarray(ground)), cut, None if cut is None else _framed(cut), reel)


class Depth:
    """Renders looks of one scene at `canvas` px."""

    def __init__(
        self, scenery: Scenery, canvas: tuple[int, int], looks: Sequence[Look], holes: Sequence[Window] | None = None
    ) -> None:
        """`looks`: those that will be seen, in the scene's px; with `holes`, one for each look, only these windows of the
        canvas are seen, and the looks have to show the scene there."""
        ground, cut = scenery.ground, scenery.cut
        self.canvas = canvas
        self._size = (ground.width, ground.height)
        self._inside = holes is None
        self._reel = scenery.reel
        self._ratio = 1.0 if self._reel is None else self._reel.size[0] / ground.width
        taken = ground if self._reel is None else Planes.blank(*self._reel.size)
        self._camera = Camera(taken, canvas, [self._taken(look.view) for look in looks], holes)
        self._cut = cut
        if cut is not None:
            assert scenery.layer is not None
            near = [
                (view, window)
                for look, hole in zip(looks, holes or [(0, 0, *canvas)] * len(looks), strict=True)
                if (window := self._window(view := self._near(look, cut), cut, hole))
            ]
            self._layer = Camera(scenery.layer, canvas, *zip(*near, strict=True)) if near else None

    def see(self, look: Look) -> av.VideoFrame:
        """A fresh frame of the canvas' size."""
        frame = self.ground(look)
        self.lay(frame, look)
        return frame

    def ground(self, look: Look, hole: Window | None = None) -> av.VideoFrame:
        """A fresh frame of the set alone: of the canvas, or of a hole in it."""
        if self._reel is not None:
            self._camera.show(self._reel.now)
        return self._camera.see(self._taken(look.view), hole)

    def _taken(self, view: View) -> View:
        """A view of the scene in the px of what the camera takes."""
        return View(view.scale / self._ratio, view.x * self._ratio, view.y * self._ratio)

    def _near(self, look: Look, cut: Cut) -> View:
        """The view of the layer (in its own px) that puts its foot where the set has it, larger by `near`."""
        view = look.view.inside(*self._size, self.canvas) if self._inside else look.view
        at = view.place(*cut.foot, self.canvas)
        scale = view.scale * look.near
        foot = cut.foot[0] - cut.x + _ROOM, cut.foot[1] - cut.y + _ROOM
        return View(
            scale, foot[0] + (self.canvas[0] / 2 - at[0]) / scale, foot[1] + (self.canvas[1] / 2 - at[1]) / scale
        )

    def lay(self, frame: av.VideoFrame, look: Look, hole: Window | None = None) -> None:
        """Lay the product over a frame of the set (of the canvas, or of a hole in it), where it is a layer of its own."""
        cut = self._cut
        if cut is None:
            return
        view = self._near(look, cut)
        window = self._window(view, cut, hole)
        if window is None or self._layer is None:
            return
        x, y, width, height = window
        seen = self._layer.see(view, window)
        if hole is not None:
            x, y = x - hole[0], y - hole[1]
        alpha = opacity(seen).astype(np.uint16)
        alpha += alpha >> 7  # 0..256
        half = (alpha[0::2, 0::2] + alpha[1::2, 0::2] + np.uint16(1)) >> np.uint16(1)
        luma, *chroma = zip(views(frame), views(seen), strict=True)
        _blend(luma[0][y : y + height, x : x + width], luma[1], alpha)
        for ground, layer in chroma:
            _blend(ground[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2], layer, half)

    def _window(self, view: View, cut: Cut, hole: Window | None = None) -> Window | None:
        """Where on the canvas (or within a hole in it) the product is seen; None where it is not."""
        first_x, first_y, wide, high = hole or (0, 0, *self.canvas)
        left, top = view.place(_ROOM - 1, _ROOM - 1, self.canvas)
        right, bottom = view.place(_ROOM + 1 + cut.picture.width, _ROOM + 1 + cut.picture.height, self.canvas)
        x, y = max(first_x, floor(left / 2) * 2), max(first_y, floor(top / 2) * 2)
        width = min(first_x + wide, ceil(right / 2) * 2) - x
        height = min(first_y + high, ceil(bottom / 2) * 2) - y
        return (x, y, width, height) if min(width, height) >= 2 else None


def _blend(ground: NDArray[np.uint8], layer: NDArray[np.uint8], alpha: NDArray[np.uint16]) -> None:
    mixed = layer * alpha
    mixed += ground * (256 - alpha)
    mixed += 128
    mixed >>= 8
    ground[...] = mixed


def _framed(cut: Cut) -> Planes:
    """The layer's planes with an even, transparent rim; colours run on under it, so that no edge turns dark."""
    width, height = (ceil(side / 2) * 2 + 2 * _ROOM for side in cut.picture.size)
    whole = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    whole.paste(cut.picture, (_ROOM, _ROOM))
    pixels = np.asarray(whole)
    flat = planes(_filled(pixels))
    return Planes(flat.y, flat.u, flat.v, np.ascontiguousarray(pixels[..., 3]))


def _filled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB with the colours of opaque pixels drawn out over the transparent ones beside them."""
    image = Image.fromarray(pixels)
    around = np.asarray(image.convert("RGBa").reduce(8).filter(ImageFilter.BoxBlur(2)), np.float32)
    colours = np.clip(np.rint(around[..., :3] * (255 / np.maximum(around[..., 3:], 1))), 0, 255).astype(np.uint8)
    soft = Image.fromarray(colours).resize(image.size, Image.Resampling.BILINEAR)
    solid = image.getchannel("A").point([0] * 250 + [255] * 6)
    return np.asarray(Image.composite(image.convert("RGB"), soft, solid))
