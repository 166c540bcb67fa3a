"""Text and marks over moving pictures: prepared once as planes, blended only where they are.

An overlay has three parts of life: it enters (fading, sliding or growing into place), stands, and leaves. While it stands
its planes are those prepared once. While it moves they are shifted by fractions of a pixel, because a slide that rests on
whole pixels would stutter as it comes to its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, pi, sin

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.compose.encode import Floats, halve, to_yuv, views
from workers.compose.motion import ease_in, ease_in_out, ease_out

_Weights = NDArray[np.uint16]
_ONE = 256  # full opacity
BEAT_FRAMES = 16
"""How long a beat takes."""
_BEAT = 0.06  # how much larger it becomes
_RIM = 2  # px of nothing around a picture: room for shifts


@dataclass(frozen=True, slots=True)
class _Ink:
    """A picture's planes, at an even place (`x`, `y`) of the canvas: colour already multiplied by alpha (0..1), a rim around.

    `u`, `v` and `half` (their alpha) are half as large.
    """

    x: int
    y: int
    alpha: Floats
    luma: Floats
    half: Floats
    u: Floats
    v: Floats

    def planes(self) -> tuple[Floats, ...]:
        return self.alpha, self.luma, self.half, self.u, self.v


@dataclass(frozen=True, slots=True)
class _Patch:
    """Ink ready to be blended: 0..256, cut to the canvas."""

    x: int
    y: int
    alpha: _Weights
    luma: _Weights
    half: _Weights
    u: _Weights
    v: _Weights

    def blend(self, frame: av.VideoFrame, opacity: int) -> None:
        """Lay it over the frame; `opacity` 0..256."""
        rows, columns = self.alpha.shape
        y, u, v = views(frame)
        _lay(y[self.y : self.y + rows, self.x : self.x + columns], self.alpha, self.luma, opacity)
        part = np.s_[self.y // 2 : (self.y + rows) // 2, self.x // 2 : (self.x + columns) // 2]
        _lay(u[part], self.half, self.u, opacity)
        _lay(v[part], self.half, self.v, opacity)


def _lay(ground: NDArray[np.uint8], alpha: _Weights, colour: _Weights, opacity: int) -> None:
    if opacity < _ONE:
        alpha = (alpha * np.uint32(opacity) >> 8).astype(np.uint16)
        colour = (colour * np.uint32(opacity) >> 8).astype(np.uint16)
    mixed = ground * (_ONE - alpha)
    mixed += colour
    mixed += 128
    ground[...] = mixed >> 8


def _ink(image: Image.Image, x: int, y: int) -> _Ink:
    left, top = floor((x - _RIM) / 2) * 2, floor((y - _RIM) / 2) * 2
    width = ceil((x + image.width + _RIM - left) / 2) * 2
    height = ceil((y + image.height + _RIM - top) / 2) * 2
    whole = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    whole.paste(image, (x - left, y - top))
    pixels = np.asarray(whole.convert("RGBa"), np.float32)
    alpha = pixels[..., 3] * np.float32(1 / 255)
    # The offsets of video range count only as far as the picture is opaque.
    luma, u, v = to_yuv(pixels[..., :3])
    luma -= 16 * (1 - alpha)
    u -= 128 * (1 - alpha)
    v -= 128 * (1 - alpha)
    return _Ink(left, top, alpha, luma, halve(alpha), halve(u), halve(v))


def _shifted(plane: Floats, dx: float, dy: float) -> Floats:
    """A plane moved right and down by fractions (0 to 1) of a pixel."""
    if dx:
        moved = plane * np.float32(1 - dx)
        moved[:, 1:] += plane[:, :-1] * np.float32(dx)
        plane = moved
    if dy:
        moved = plane * np.float32(1 - dy)
        moved[1:] += plane[:-1] * np.float32(dy)
        plane = moved
    return plane


def _moved(ink: _Ink, dx: float, dy: float, canvas: tuple[int, int], clip: Clip | None) -> _Patch | None:
    """The ink slid by (`dx`, `dy`) px, seen only within `clip`."""
    left, top = floor(dx / 2) * 2, floor(dy / 2) * 2
    rest_x, rest_y = dx - left, dy - top
    full = [_shifted2(plane, rest_x, rest_y) for plane in (ink.alpha, ink.luma)]
    half = [_shifted(plane, rest_x / 2, rest_y / 2) for plane in (ink.half, ink.u, ink.v)]
    return _cut(_Ink(ink.x + left, ink.y + top, *full, *half), canvas, clip)


def _shifted2(plane: Floats, dx: float, dy: float) -> Floats:
    """As `_shifted`, up to two pixels."""
    for whole, axis in ((floor(dx), 1), (floor(dy), 0)):
        if whole:
            plane = np.roll(plane, whole, axis)  # the rim is empty: nothing comes in from the other side
    return _shifted(plane, dx - floor(dx), dy - floor(dy))


def _scaled(ink: _Ink, dx: float, dy: float, scale: float, canvas: tuple[int, int]) -> _Patch | None:
    """The ink `scale` times as large, its corner slid by (`dx`, `dy`) px."""
    x, y = ink.x + dx, ink.y + dy  # the corner of the rim, which grows with the rest
    rows, columns = ink.alpha.shape
    left, top = floor(x / 2) * 2 + 2, floor(y / 2) * 2 + 2
    right, bottom = floor((x + columns * scale) / 2) * 2 - 2, floor((y + rows * scale) / 2) * 2 - 2
    if right - left < 4 or bottom - top < 4:
        return None
    box = ((left - x) / scale, (top - y) / scale, (right - x) / scale, (bottom - y) / scale)

    def resized(plane: Floats, part: int) -> Floats:
        size = ((right - left) // part, (bottom - top) // part)
        edges = tuple(edge / part for edge in box)
        image = Image.fromarray(plane).resize(
            size, Image.Resampling.BILINEAR, box=(edges[0], edges[1], edges[2], edges[3])
        )
        return np.asarray(image)

    full = [resized(plane, 1) for plane in (ink.alpha, ink.luma)]
    half = [resized(plane, 2) for plane in (ink.half, ink.u, ink.v)]
    return _cut(_Ink(left, top, *full, *half), canvas, None)


Clip = tuple[int, int, int, int]
"""Left, top, right, bottom on the canvas, px."""


def _cut(ink: _Ink, canvas: tuple[int, int], clip: Clip | None) -> _Patch | None:
    """What of the ink lies on the canvas and within the clip (to even px), as weights."""
    edges = (0, 0, *canvas)
    if clip is not None:
        even = [edge // 2 * 2 for edge in clip[:2]] + [(edge + 1) // 2 * 2 for edge in clip[2:]]
        edges = (max(0, even[0]), max(0, even[1]), min(canvas[0], even[2]), min(canvas[1], even[3]))
    rows, columns = ink.alpha.shape
    left, top = max(edges[0], ink.x), max(edges[1], ink.y)
    right, bottom = min(edges[2] // 2 * 2, ink.x + columns), min(edges[3] // 2 * 2, ink.y + rows)
    if right <= left or bottom <= top:
        return None
    part = np.s_[top - ink.y : bottom - ink.y, left - ink.x : right - ink.x]
    half = np.s_[(top - ink.y) // 2 : (bottom - ink.y) // 2, (left - ink.x) // 2 : (right - ink.x) // 2]
    return _Patch(
        left,
        top,
        *(_weights(plane[part]) for plane in (ink.alpha, ink.luma)),
        *(_weights(plane[half]) for plane in (ink.half, ink.u, ink.v)),
    )


def _weights(plane: Floats) -> _Weights:
    return (plane * np.float32(_ONE) + np.float32(0.5)).astype(np.uint16)


@dataclass
class Overlay:
    """One picture with alpha, in its place for a while.

    It is seen in frames `first`.. `end` (exclusive). In the first `enter` of them it comes from `slide` px (dx, dy) away,
    where it is `scale` times as large, and fades in (not without `fade`); in the last `leave` of them it fades out, on its
    way to `away` px. `clip`: it is only seen within its own box, widened by this many px: words rise from behind a line.
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
    away: tuple[float, float] = (0.0, 0.0)
    clip: int | None = None
    beats: tuple[int, ...] = ()
    """Frames from which, while it stands, it grows a little about its `centre` and comes back: an ask that is seen."""
    centre: tuple[float, float] | None = None
    """Px on the canvas; the middle of the picture, if left out."""
    _prepared: _Ink | None = field(default=None, init=False, repr=False)
    _still: _Patch | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        box = self.image.getchannel("A").getbbox() or (0, 0, 1, 1)
        self.image = self.image.crop(box)
        self.x, self.y = self.x + box[0], self.y + box[1]

    @property
    def stands(self) -> tuple[int, int]:
        """Frames [first, end) during which it stands still and opaque."""
        return self.first + self.enter, max(self.first + self.enter, self.end - self.leave)

    def _beat(self, n: int) -> float:
        """How much larger it is in frame `n` than it stands."""
        since = next((n - beat for beat in self.beats if 0 <= n - beat < BEAT_FRAMES), None)
        return 0.0 if since is None else _BEAT * sin(pi * (since + 1) / (BEAT_FRAMES + 1)) ** 2

    def blend(self, frame: av.VideoFrame, n: int) -> None:
        """Lay it over frame number `n`, as it is then."""
        if not self.first <= n < self.end:
            return
        entered = min(1.0, (n - self.first + 1) / (self.enter + 1))
        left = min(1.0, (self.end - n) / (self.leave + 1))
        shown = ease_in_out(min(entered * 1.6, 1.0)) if self.fade else 1.0
        opacity = round(_ONE * shown * ease_in_out(left))
        if opacity <= 0:
            return
        canvas = (frame.width, frame.height)
        if self._prepared is None:
            self._prepared = _ink(self.image, self.x, self.y)
        rest = 1 - (ease_out(entered) if self.fade or self.clip is not None else ease_in_out(entered))
        gone = ease_in(1 - left)
        dx = self.slide[0] * rest + self.away[0] * gone
        dy = self.slide[1] * rest + self.away[1] * gone
        scale = 1 + (self.scale - 1) * rest
        more = self._beat(n)
        if more:
            x, y = self.centre or (self.x + self.image.width / 2, self.y + self.image.height / 2)
            dx, dy = dx - (x - self.x) * more, dy - (y - self.y) * more
            scale += more
        if abs(scale - 1) > 1e-6:
            # The picture's own corner is what slides; the rim before it grows too.
            patch = _scaled(
                self._prepared,
                dx + (self._prepared.x - self.x) * (scale - 1),
                dy + (self._prepared.y - self.y) * (scale - 1),
                scale,
                canvas,
            )
        elif dx or dy:
            patch = _moved(self._prepared, dx, dy, canvas, self._clip())
        else:
            if self._still is None:
                self._still = _cut(self._prepared, canvas, None)
            patch = self._still
        if patch is not None:
            patch.blend(frame, opacity)

    def _clip(self) -> Clip | None:
        if self.clip is None:
            return None
        wide = self.clip
        return (self.x - wide, self.y - wide, self.x + self.image.width + wide, self.y + self.image.height + wide)
