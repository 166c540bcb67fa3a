"""One pass over a film's frames: how many, how bright, what moves, and the pixels that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from creative.errors import StepRefused
from workers.measure.contrast import Pixels, Rectangle
from workers.measure.flash import Flashes
from workers.measure.pace import Pace
from workers.media.decode import MAX_PIXELS, MAX_SECONDS, container, decoder

_STEP = 8  # px between looked-at samples: 1 in 64 tells black and still as well as all
_BLACK_MEAN, _BLACK_MOST = 24, 48  # luma, where 16 is black
_STILL_MEAN = 0.5  # levels of luma that a still picture may differ by
_CHANGED, _CHANGED_SHARE = 12, 0.0003
_SMALL = 96  # px of the longer side of what flashes and changes are seen on
_BT709, _FULL_RANGE = 1, 2
_KR_KB = {_BT709: (0.2126, 0.0722)}
_BT601 = (0.299, 0.114)


@dataclass(slots=True)
class Film:
    """What the frames are. `black` and `still` are stretches of frames, `end` exclusive.

    `bars`: px at top, right, bottom and left that are black from the first frame to the last. `flashing`: [first frame,
    end, kind]; `flashes`: the most in any second, of a harmful size (`workers.measure.flash`). `changes`, `cuts` and
    `bright`: `workers.measure.pace`.
    """

    codec: str
    profile: str | None
    pix_fmt: str
    width: int
    height: int
    fps: Fraction
    frames: int = 0
    even: bool = True
    start: float = 0.0
    black: list[tuple[int, int]] = field(default_factory=list)
    still: list[tuple[int, int]] = field(default_factory=list)
    flat: bool = True
    bars: tuple[int, int, int, int] = (0, 0, 0, 0)
    flashing: list[tuple[int, int, str]] = field(default_factory=list)
    flashes: int = 0
    changes: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    bright: float = 0.0


def plane(frame: VideoFrame, index: int) -> NDArray[np.uint8]:
    """One plane of a planar 8-bit frame (0 luma, 1 and 2 chroma), as it lies in memory. Shape (height, width)."""
    found = frame.planes[index]
    rows = np.frombuffer(memoryview(found), np.uint8).reshape(found.height, found.line_size)
    return rows[:, : found.width]


def crop(frame: VideoFrame, place: Rectangle) -> Pixels:
    """RGB pixels of left, top, right, bottom, from the frame's own planes: the rest is not converted."""
    left, top, right, bottom = place
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        return np.asarray(frame.to_ndarray(format="rgb24")[top:bottom, left:right], np.uint8)
    luma = plane(frame, 0)[top:bottom, left:right].astype(np.float32)
    rows, columns = np.arange(top, bottom) // 2, np.arange(left, right) // 2
    blue, red = (plane(frame, index)[np.ix_(rows, columns)].astype(np.float32) - 128 for index in (1, 2))
    full = frame.color_range == _FULL_RANGE or frame.format.name == "yuvj420p"
    if not full:
        luma, blue, red = (luma - 16) * (255 / 219), blue * (255 / 224), red * (255 / 224)
    unsaid_hd = frame.colorspace == 2 and min(frame.width, frame.height) >= 720
    kr, kb = _KR_KB[_BT709] if unsaid_hd else _KR_KB.get(frame.colorspace, _BT601)
    r, b = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
    g = (luma - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.stack([r, g, b], axis=-1) + 0.5, 0, 255).astype(np.uint8)


def reduced(frame: VideoFrame) -> Pixels:
    """The whole frame in RGB, its longer side 96 px: each pixel the mean of those that it stands for."""
    scale = min(1.0, _SMALL / max(frame.width, frame.height))
    width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    small = frame.reformat(width=width, height=height, format="rgb24", interpolation=Interpolation.AREA)
    return np.asarray(small.to_ndarray(), np.uint8)


class _Stretches:
    """Turns yes and no, frame by frame, into stretches of yes."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []
        self._since: int | None = None

    def say(self, frame: int, yes: bool) -> None:
        if yes and self._since is None:
            self._since = frame
        elif not yes and self._since is not None:
            self.found.append((self._since, frame))
            self._since = None


def _differs(now: NDArray[np.int16], then: NDArray[np.int16]) -> bool:
    difference = np.abs(now - then)
    return bool(difference.mean() > _STILL_MEAN or np.mean(difference > _CHANGED) > _CHANGED_SHARE)


def _dark(line: NDArray[np.int16]) -> int:
    """How many px from the beginning of a line of samples never were brighter than black; all of it counts as none."""
    bright = np.flatnonzero(line > _BLACK_MEAN)
    return int(bright[0]) * _STEP if len(bright) else 0


def watch(data: bytes, wanted: Mapping[int, Sequence[Callable[[VideoFrame], None]]], threads: int) -> Film:
    """Decodes every frame once. `wanted`: what to call with which frame. Raises StepRefused for a broken film.

    A stretch is still while its frames differ from its first: a slow zoom adds up, a codec's noise does not.
    """
    with container(data, "mp4") as opened:
        if not opened.streams.video:
            raise StepRefused("the file has no picture track")
        stream = opened.streams.video[0]
        context = decoder(stream, threads)
        assert isinstance(context, VideoCodecContext)
        if context.width * context.height > MAX_PIXELS:
            raise StepRefused(f"the film's frames have {context.width}x{context.height} pixels: more than are decoded")
        stream.thread_type = "AUTO"
        film = Film(
            context.name,
            context.profile,
            context.pix_fmt or "",
            context.width,
            context.height,
            Fraction(stream.average_rate or stream.guessed_rate or 0),
        )
        if film.fps <= 0:
            raise StepRefused("the film does not say how many frames a second it has")
        black, flashes, pace = _Stretches(), Flashes(film.fps), Pace()
        rows, columns = np.zeros(1, np.int16), np.zeros(1, np.int16)
        anchor: NDArray[np.int16] | None = None
        anchored = 0
        first_pts: int | None = None
        for number, frame in enumerate(opened.decode(stream)):
            if number > MAX_SECONDS * film.fps:
                raise StepRefused(f"the film lasts longer than {MAX_SECONDS} s")
            small = plane(frame, 0)[::_STEP, ::_STEP].astype(np.int16)
            black.say(number, bool(small.mean() < _BLACK_MEAN and np.percentile(small, 99.9) < _BLACK_MOST))
            rows, columns = np.maximum(rows, small.max(axis=1)), np.maximum(columns, small.max(axis=0))
            film.flat &= bool(small.max() - small.min() < 8)
            if anchor is None or _differs(small, anchor):
                if number - anchored > 1:
                    film.still.append((anchored, number))
                anchor, anchored = small, number
            seen = reduced(frame)
            flashes.see(seen)
            pace.see(seen)
            if frame.pts is not None and frame.time_base is not None:
                if first_pts is None:
                    first_pts, film.start = frame.pts, float(frame.time or 0.0)
                due = first_pts + number / film.fps / frame.time_base
                film.even &= abs(frame.pts - due) * frame.time_base * film.fps < Fraction(1, 20)
            for use in wanted.get(number, ()):
                use(frame)
            film.frames = number + 1
        if not film.frames:
            raise StepRefused("the film has no frame that can be decoded")
        black.say(film.frames, False)
        if film.frames - anchored > 1:
            film.still.append((anchored, film.frames))
        pace.end()
        film.black, film.flashing, film.flashes = black.found, flashes.found, flashes.most
        film.changes, film.cuts, film.bright = pace.changes, pace.cuts, pace.bright
        film.bars = (_dark(rows), _dark(columns[::-1]), _dark(rows[::-1]), _dark(columns))
        return film
