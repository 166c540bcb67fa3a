"""Text and marks over moving pictures: prepared once as planes, blended only where they are.

An overlay has three parts of life: it enters (fading and sliding into place), stands, and leaves (fading). While it stands
its planes are those prepared once; only the few frames of its entrance are drawn anew, because a slide that rests on whole
pixels would stutter as it comes to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.compose.encode import halve, to_yuv, views
from workers.compose.motion import ease_in_out, ease_out

_Weights = NDArray[np.uint16]
_ONE = 256  # full opacity


@dataclass(frozen=True, slots=True)
class _Patch:
    """Planes of one picture with alpha at an even place: colour already multiplied by alpha (0..256)."""

    x: int
    y: int
    alpha: _Weights
    luma: _Weights
    half_alpha: _Weights
    u: _Weights
    v: _Weights

    def blend(self, frame: av.VideoFrame, opacity: int) -> None:
        """Lay it over the frame; `opacity` 0..256."""
        rows, columns = self.alpha.shape
        y, u, v = views(frame)
        _lay(y[self.y : self.y + rows, self.x : self.x + columns], self.alpha, self.luma, opacity)
        half = np.s_[self.y // 2 : (self.y + rows) // 2, self.x // 2 : (self.x + columns) // 2]
        _lay(u[half], self.half_alpha, self.u, opacity)
        _lay(v[half], self.half_alpha, self.v, opacity)


def _lay(ground: NDArray[np.uint8], alpha: _Weights, colour: _Weights, opacity: int) -> None:
    if opacity < _ONE:
        alpha = (alpha * np.uint32(opacity) >> 8).astype(np.uint16)
        colour = (colour * np.uint32(opacity) >> 8).astype(np.uint16)
    mixed = ground * (_ONE - alpha)
    mixed += colour
    mixed += 128
    ground[...] = mixed >> 8


def _patch(image: Image.Image, x: float, y: float, canvas: tuple[int, int], scale: float = 1.0) -> _Patch | None:
    """Planes of an RGBA picture whose corner lies at (`x`, `y`), or None when it lies wholly outside the canvas."""
    if scale != 1.0:
        size = ceil(image.width * scale), ceil(image.height * scale)
        wide = Image.new("RGBA", (image.width + 2, image.height + 2))
        wide.paste(image)
        reach = (min(size[0] / scale, wide.width), min(size[1] / scale, wide.height))
        image = wide.convert("RGBa").resize(size, Image.Resampling.BICUBIC, box=(0, 0, *reach)).convert("RGBA")
    left, top = floor(x) // 2 * 2, floor(y) // 2 * 2
    right = ceil((x + image.width + 1) / 2) * 2
    bottom = ceil((y + image.height + 1) / 2) * 2
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, canvas[0]), min(bottom, canvas[1])
    if right <= left or bottom <= top:
        return None
    whole = x == floor(x) and y == floor(y)
    moved = image.convert("RGBa").transform(
        (right - left, bottom - top),
        Image.Transform.AFFINE,
        (1, 0, left - x, 0, 1, top - y),
        Image.Resampling.NEAREST if whole else Image.Resampling.BILINEAR,
    )
    pixels = np.asarray(moved, np.float32)
    alpha = pixels[..., 3] * np.float32(1 / 255)
    # The offsets of video range count only as far as the picture is opaque.
    luma, u, v = to_yuv(pixels[..., :3])
    luma -= 16 * (1 - alpha)
    u -= 128 * (1 - alpha)
    v -= 128 * (1 - alpha)
    return _Patch(left, top, *(_weights(plane) for plane in (alpha, luma, halve(alpha), halve(u), halve(v))))


def _weights(plane: NDArray[np.float32]) -> _Weights:
    return np.rint(plane * _ONE).astype(np.uint16)


@dataclass
class Overlay:
    """One picture with alpha, in its place for a while.

    It is seen in frames `first`.. `end` (exclusive); the first `enter` of them it fades in and slides by `slide` px
    (dx, dy: from where it comes; without `fade` it is opaque from the
    start; `scale`: how large it is there), the last `leave` of them it fades out.
    """

    image: Image.Image
    x: int
    y: int
    first: int
    end: int
    enter: int = 0
    leave: int = 0
    slide: tuple[float, float] = (0.0, 0.0)
    fade: bool = True
    scale: float = 1.0
    _still: _Patch | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        box = self.image.getchannel("A").getbbox() or (0, 0, 1, 1)
        self.image = self.image.crop(box)
        self.x, self.y = self.x + box[0], self.y + box[1]

    @property
    def stands(self) -> tuple[int, int]:
        """Frames [first, end) during which it stands still and opaque."""
        return self.first + self.enter, max(self.first + self.enter, self.end - self.leave)

    def blend(self, frame: av.VideoFrame, n: int) -> None:
        """Lay it over frame number `n`, as it is then."""
        if not self.first <= n < self.end:
            return
        entered = (n - self.first + 1) / (self.enter + 1)
        left = (self.end - n) / (self.leave + 1)
        shown = ease_in_out(min(entered * 1.6, 1.0)) if self.fade else 1.0
        opacity = round(_ONE * shown * ease_in_out(left))
        canvas = (frame.width, frame.height)
        if entered >= 1 or (self.slide == (0.0, 0.0) and self.scale == 1.0):
            if self._still is None:
                self._still = _patch(self.image, self.x, self.y, canvas)
            patch = self._still
        else:
            rest = 1 - (ease_out(entered) if self.fade else ease_in_out(entered))
            scale = 1 + (self.scale - 1) * rest
            patch = _patch(self.image, self.x + self.slide[0] * rest, self.y + self.slide[1] * rest, canvas, scale)
        if patch is not None and opacity > 0:
            patch.blend(frame, opacity)
