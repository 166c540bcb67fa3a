"""The picture track: planes in, H.264 in MP4 out.

One function opens the encoder for bodies and end cards alike, so that a film joins both by copying packets: same profile,
same parameter sets, same reference structure. Planes are BT.709 in video range ("tv": 16 to 235), 4:2:0 with chroma
centred between rows and at every second column, as H.264 assumes when a stream says nothing else.

moviepy has no place here: it hands over whole RGB frames, which costs six times what YUV planes cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

# Quality first, with a ceiling that keeps a busy second inside what feeds stream well: about 1 to 2.5 MB for 6 s at
# 1080x1920. A fixed GOP and one thread, because x264 gives other bytes at 1, 2 and 4 threads.
CRF = 18
KEYFRAME_SECONDS = 2
_X264 = "threads=1:lookahead-threads=1:sliced-threads=0:scenecut=0:open-gop=0:b-adapt=0:bframes=2:b-pyramid=none:force-cfr=1:stitchable=1"


@dataclass(frozen=True, slots=True)
class Planes:
    """One picture in YUV 4:2:0: `y` is height x width, `u` and `v` are half of both, uint8; `alpha`, if any, as `y`."""

    y: Bytes
    u: Bytes
    v: Bytes
    alpha: Bytes | None = None

    @staticmethod
    def blank(width: int, height: int) -> Planes:
        """A black picture."""
        half = np.full((height // 2, width // 2), 128, np.uint8)
        return Planes(np.full((height, width), 16, np.uint8), half, half)

    @property
    def width(self) -> int:
        """Pixels a row."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.y.shape[0])


def to_yuv(rgb: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """Full-size Y, U, V in video range (float32) of an H x W x 3 picture in 0..255, by BT.709."""
    r, g, b = (rgb[..., channel].astype(np.float32) for channel in range(3))
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    return (
        16.0 + luma * np.float32(219 / 255),
        128.0 + (b - luma) * np.float32(224 / 255 / 1.8556),
        128.0 + (r - luma) * np.float32(224 / 255 / 1.5748),
    )


def halve(plane: Floats) -> Floats:
    """Half of a plane in both directions: rows in pairs, columns by 1-2-1 around every second one."""
    rows = (plane[0::2] + plane[1::2]) * np.float32(0.5)
    before = np.concatenate((rows[:, :1], rows[:, 1:-1:2]), axis=1)
    half: Floats = (before + 2 * rows[:, 0::2] + rows[:, 1::2]) * np.float32(0.25)
    return half


def planes(rgb: NDArray[Any]) -> Planes:
    """An H x W x 3 picture with even sides as planes."""
    y, u, v = to_yuv(rgb)
    return Planes(_bytes(y), _bytes(halve(u)), _bytes(halve(v)))


def _bytes(plane: Floats) -> Bytes:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def frame_of(picture: Planes) -> av.VideoFrame:
    """A fresh frame that holds a copy of the planes."""
    frame = av.VideoFrame(picture.width, picture.height, "yuv420p" if picture.alpha is None else "yuva420p")
    for view, plane in zip(_all(frame), (picture.y, picture.u, picture.v, picture.alpha), strict=False):
        if plane is not None:
            view[...] = plane
    return frame


def views(frame: av.VideoFrame) -> tuple[Bytes, Bytes, Bytes]:
    """The frame's own planes, writable: nothing is copied."""
    y, u, v = _all(frame)[:3]
    return y, u, v


def opacity(frame: av.VideoFrame) -> Bytes:
    """The plane that says how opaque each pixel of a yuva420p frame is."""
    return _all(frame)[3]


def _all(frame: av.VideoFrame) -> list[Bytes]:
    return [
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    ]


class PictureTrack:
    """An MP4 file with one H.264 track and no sound, written frame by frame; use it as a context manager.

    `width` and `height` are even numbers of px. Every frame lasts 1/fps s; the file is complete after `__exit__`, and
    `kbps` says what it takes. `finer`: by how much lower than CRF its rate factor is, with more key frames then; parts of
    any quality can be joined.
    """

    def __init__(self, path: Path, width: int, height: int, fps: int, finer: int = 0) -> None:
        self._path, self._fps = path, fps
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"})
        self._stream = self._file.add_stream("libx264", rate=fps)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, fps)
        context.thread_count = 1
        context.gop_size = max(fps // 2, (KEYFRAME_SECONDS * fps) // (1 + finer // 6))
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        # 6 bits a pixel and second: 12.4 Mbit/s at 1080x1920, which only noise or confetti would reach.
        most = max(400, width * height * 6 // 1000)
        context.options = {
            "preset": "veryfast",
            "profile": "high",
            "crf": str(CRF - finer),
            "maxrate": f"{most}k",
            "bufsize": f"{2 * most}k",
            "flags": "+bitexact",
            "x264-params": _X264,
        }
        self._context = context
        self._frames = 0

    def __enter__(self) -> PictureTrack:
        return self

    def add(self, frame: av.VideoFrame, key: bool = False) -> None:
        """The next frame; `key` starts a new group of pictures with it, as a cut wants."""
        frame.pts = self._frames
        frame.time_base = Fraction(1, self._context.framerate)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        frame.color_range = ColorRange.MPEG
        frame.colorspace = Colorspace.ITU709
        self._frames += 1
        for packet in self._stream.encode(frame):
            self._file.mux(packet)

    @property
    def kbps(self) -> int:
        """Kilobits a second of the finished file."""
        return self._path.stat().st_size * 8 * self._fps // (1000 * max(1, self._frames))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for packet in self._stream.encode(None):
                self._file.mux(packet)
        self._file.close()
