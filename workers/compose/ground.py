"""What a film's words stand on: the camera's picture in its window, and the layout's surfaces around and over it.

Surfaces do not move, so that only what of them lies over the window is drawn anew for each frame, in tiles.
"""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.compose.encode import frame_of, planes, views
from workers.compose.layers import Layer
from workers.compose.motion import Window

_TILE = 128  # px
_EDGE = 8  # px beside a window whose mean colour goes on in it


class Ground:
    """A canvas with a window for the camera; `surfaces` are laid over both, in their order."""

    def __init__(self, canvas: tuple[int, int], window: Window, surfaces: Sequence[Layer]) -> None:
        self.window = window
        self.whole = window == (0, 0, *canvas)
        over = Image.new("RGBA", canvas, (0, 0, 0, 0))
        for layer in surfaces:
            over.alpha_composite(layer.image, (layer.x, layer.y))
        self._plain = planes(_shut(over, window)) if surfaces or not self.whole else None
        self._tiles = _tiles(np.asarray(over.getchannel("A")), window) if surfaces else []

    def around(self, seen: av.VideoFrame, hole: Window, at: tuple[int, int]) -> av.VideoFrame:
        """The mat with a `hole` that is on its way to the window, or from it: in it is what the camera sees, in a frame whose
        corner lies at `at` on the canvas (even numbers)."""
        assert self._plain is not None
        x, y, w, h = hole
        frame = frame_of(self._plain)
        for number, (canvas, plane) in enumerate(zip(views(frame), views(seen), strict=True)):
            part = 1 if number == 0 else 2
            left, top = (x - at[0]) // part, (y - at[1]) // part
            canvas[y // part : (y + h) // part, x // part : (x + w) // part] = plane[
                top : top + h // part, left : left + w // part
            ]
        return frame

    def under(self, seen: av.VideoFrame) -> av.VideoFrame:
        """The canvas with what the camera sees (of the window's size) in it."""
        if self._plain is None:
            return seen
        x, y, w, h = self.window
        frame = seen if self.whole else frame_of(self._plain)
        if not self.whole:
            for number, (canvas, plane) in enumerate(zip(views(frame), views(seen), strict=True)):
                part = 1 if number == 0 else 2
                canvas[y // part : (y + h) // part, x // part : (x + w) // part] = plane
        own = (self._plain.y, self._plain.u, self._plain.v)
        for top, bottom, left, right, alpha, half in self._tiles:
            for number, (canvas, plane) in enumerate(zip(views(frame), own, strict=True)):
                part = 1 if number == 0 else 2
                place = np.s_[top // part : bottom // part, left // part : right // part]
                weight = alpha if part == 1 else half
                if weight is None:
                    canvas[place] = plane[place]
                else:
                    mixed = canvas[place] * (256 - weight) + plane[place] * weight
                    canvas[place] = (mixed + 128) >> 8
        return frame


def _shut(over: Image.Image, window: Window) -> NDArray[np.uint8]:
    """The surfaces' colours, going on where the window is: before it opens they have the canvas to themselves."""
    colours = np.array(over.convert("RGB"))
    x, y, w, h = window
    if (w, h) == over.size:
        return colours
    free = np.asarray(over.getchannel("A"))[y : y + h, x : x + w] == 0
    if w < over.width:  # as the column beside it
        near = colours[y : y + h, max(0, x - _EDGE) : x] if x > 0 else colours[y : y + h, x + w : x + w + _EDGE]
        line = near.mean(axis=1)[:, None]
    else:  # as the row above it, or below
        near = colours[max(0, y - _EDGE) : y, x : x + w] if y > 0 else colours[y + h : y + h + _EDGE, x : x + w]
        line = near.mean(axis=0)[None]
    inside = colours[y : y + h, x : x + w]
    inside[free] = np.broadcast_to(np.rint(line), inside.shape)[free]
    return colours


Tile = tuple[int, int, int, int, NDArray[np.uint16] | None, NDArray[np.uint16] | None]


def _tiles(alpha: NDArray[np.uint8], window: Window) -> list[Tile]:
    """Where surfaces lie over the window: top, bottom, left, right, and their weights (0..256), None where opaque."""
    x, y, w, h = window
    made: list[Tile] = []
    for top in range(y, y + h, _TILE):
        for left in range(x, x + w, _TILE):
            bottom, right = min(top + _TILE, y + h), min(left + _TILE, x + w)
            cut = alpha[top:bottom, left:right]
            if not cut.any():
                continue
            if cut.min() == 255:
                made.append((top, bottom, left, right, None, None))
                continue
            weight = cut.astype(np.uint16)
            weight += weight >> 7
            half = (weight[0::2, 0::2] + weight[1::2, 0::2] + np.uint16(1)) >> np.uint16(1)
            made.append((top, bottom, left, right, weight, half))
    return made
