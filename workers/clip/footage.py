"""One film of the user's: opened without following anything that it names, seen at any of its times, heard whole.

The file is opened as bytes, by a demuxer that its first bytes choose: what a playlist or a `concat:` inside would lead to
is out of reach. Times are seconds from the first picture; a film of varying frame rate is shown as it was shot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.container import InputContainer
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from creative.errors import StepRefused
from workers.media.decode import decoder

RATE = 48_000
MOST_SECONDS = 900
MOST_PIXELS = 8192 * 4320
MOST_ENLARGED = 3.0
"""How far a film is enlarged at most: beyond that it is mush."""
_SEEK_FROM = 2.0  # seconds ahead from where it is quicker to seek than to decode on

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]


def demuxer(head: bytes) -> str | None:
    """The demuxer for a film by its first bytes: MP4 and MOV (ISO base media), MKV and WebM (EBML); None for all else."""
    if head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip"):
        return "mov"
    return "matroska" if head.startswith(b"\x1aE\xdf\xa3") else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a film is. `width` and `height` as seen (turned upright, with square pixels); `seconds` of its picture."""

    width: int
    height: int
    seconds: float
    sound: bool
    notes: tuple[str, ...]


class Film:
    """A film to be read; use it as a context manager. `name` is how refusals call it."""

    def __init__(self, path: Path, name: str = "the film") -> None:
        self.path, self.name = path, name

    def __enter__(self) -> Film:
        self._file = self.path.open("rb")
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()
        self._file.close()

    def _open(self) -> None:
        head = self._file.read(16)
        self._file.seek(0)
        kind = demuxer(head)
        if kind is None:
            raise StepRefused(f"{self.name} is no MP4, MOV, MKV or WebM: export it as MP4 with H.264")
        with self._reading():
            self._container: InputContainer = av.open(self._file, "r", format=kind)
            if not self._container.streams.video:
                raise StepRefused(f"{self.name} has no picture: only sound is in it")
            self._stream: VideoStream = self._container.streams.video[0]
            self._stream.thread_type = "SLICE"
            context = decoder(self._stream, 2)
            assert isinstance(context, VideoCodecContext)
            if context.width * context.height > MOST_PIXELS or min(context.width, context.height) < 16:
                raise StepRefused(f"{self.name} has pictures of {context.width} x {context.height} px: export it in HD")
            if context.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
                raise StepRefused(
                    f"{self.name} is HDR ({'PQ' if context.color_trc == ColorTrc.SMPTE2084 else 'HLG'}), which would look "
                    "grey here: export it as SDR (Rec. 709)"
                )
            self._frames = self._from(0.0)
            first = next(self._frames, None)
            if first is None:
                raise StepRefused(f"{self.name} has no picture that can be decoded: it is cut off or damaged")
            self._zero = float(first.time or 0.0)
            self._ahead: av.VideoFrame | None = first
            self._now = first
        self.facts = self._facts(first)

    def _facts(self, first: av.VideoFrame) -> Facts:
        turned = round(first.rotation / 90) % 4
        aspect = self._stream.sample_aspect_ratio or Fraction(1)
        wide, high = round(first.width * (aspect if aspect > 0 else 1)), first.height
        length = self._container.duration / av.time_base if self._container.duration else 0.0
        if self._stream.duration and self._stream.time_base:
            length = float(self._stream.duration * self._stream.time_base)
        if length > MOST_SECONDS:
            raise StepRefused(f"{self.name} lasts {length:.0f} s, and may last {MOST_SECONDS} s: cut it first")
        rate, average = self._stream.base_rate, self._stream.average_rate
        notes = []
        if turned:
            notes.append(f"turned by {90 * turned} degrees")
        if rate and average and abs(float(rate) / float(average) - 1) > 0.02:
            notes.append(f"of varying frame rate, {float(average):.2f} a second on average")
        if first.interlaced_frame:
            notes.append("interlaced")
        bits = max(component.bits for component in first.format.components)
        if bits > 8:
            notes.append(f"of {bits} bits")
        size = (high, wide) if turned % 2 else (wide, high)
        return Facts(*size, length, bool(self._container.streams.audio), tuple(notes))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, EOFError, ValueError, OSError, IndexError) as error:
            raise StepRefused(f"{self.name} cannot be decoded: it is cut off or damaged") from error

    def _from(self, seconds: float) -> Iterator[av.VideoFrame]:
        if seconds > 0 or self._container.streams.video[0].codec_context.is_open:
            self._container.seek(max(0, int(seconds * av.time_base)))
        for packet in self._container.demux(self._stream):
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame) and frame.pts is not None:
                    yield frame

    def at(self, seconds: float) -> av.VideoFrame:
        """The picture that is seen at a time. The last one stays: see `ended`."""
        with self._reading():
            there = self._time(self._now)
            if seconds < there - 1e-6 or seconds > there + _SEEK_FROM:
                self._frames = self._from(seconds + self._zero)
                self._ahead = next(self._frames, None)
                if self._ahead is None or self._time(self._ahead) > seconds:
                    self._frames = self._from(0.0)
                    self._ahead = next(self._frames, None)
            while self._ahead is not None and self._time(self._ahead) <= seconds + 1e-6:
                self._now = self._ahead
                self._ahead = next(self._frames, None)
        return self._now

    def ended(self, seconds: float) -> bool:
        """Whether the pictures decoded by `at(seconds)` were over more than a tenth of a second before."""
        rate = float(self._stream.average_rate or 25)
        return self._ahead is None and seconds > self._time(self._now) + max(0.1, 2 / rate)

    def _time(self, frame: av.VideoFrame) -> float:
        return float(frame.time or 0.0) - self._zero

    def heard(self, start: float, end: float) -> Samples:
        """The sound of a stretch of its time: (samples, 2) at 48 kHz, exactly so long; silent where there is none."""
        count = round((end - start) * RATE)
        out: Samples = np.zeros((count, 2), np.float32)
        if not self.facts.sound:
            return out
        with self._reading(), self.path.open("rb") as file:
            kind = demuxer(file.read(16))
            file.seek(0)
            with av.open(file, "r", format=kind) as opened:
                stream = opened.streams.audio[0]
                context = decoder(stream)
                assert isinstance(context, AudioCodecContext)
                if context.sample_rate < 8000 or not 1 <= context.layout.nb_channels <= 8:
                    raise StepRefused(f"the sound of {self.name} cannot be used: export it as AAC, 48 kHz, stereo")
                resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
                begun: float | None = None
                place = 0
                for frame in (*_sounds(opened, start + self._zero), None):
                    if frame is not None and begun is None:
                        begun = float(frame.time or 0.0) - self._zero
                        place = round((begun - start) * RATE)
                    for block in resampler.resample(frame):
                        data = block.to_ndarray().T
                        first, last = max(place, 0), min(place + len(data), count)
                        if last > first:
                            out[first:last] = data[first - place : last - place]
                        place += len(data)
                    if place >= count:
                        break
        return np.nan_to_num(out)


def _sounds(opened: InputContainer, start: float) -> Iterator[av.AudioFrame]:
    if start > 1.0:
        opened.seek(int((start - 0.5) * av.time_base))
    yield from opened.decode(audio=0)


class Cover:
    """Pictures of a film, upright, cropped in the middle to fill `width` x `height` px, as RGB."""

    def __init__(self, film: Film, width: int, height: int) -> None:
        facts = film.facts
        scale = max(width / facts.width, height / facts.height)
        if scale > MOST_ENLARGED:
            raise StepRefused(
                f"{film.name} has {facts.width} x {facts.height} px, too few to fill {width} x {height} px: "
                f"supply at least {round(width / MOST_ENLARGED)} x {round(height / MOST_ENLARGED)} px"
            )
        self.film, self.size = film, (width, height)
        # Whole source px; the rest of the ratio is made up by scaling (less than a px of the canvas).
        self._crop = (min(facts.width, round(width / scale)), min(facts.height, round(height / scale)))
        self._graph: tuple[tuple[object, ...], Graph] | None = None
        self._last: tuple[object, Pixels] | None = None

    def __call__(self, seconds: float) -> Pixels:
        """The RGB picture at a time."""
        frame = self.film.at(seconds)
        if self._last is None or self._last[0] is not frame:
            with self.film._reading():
                self._last = (frame, self._made(frame))
        return self._last[1]

    def _made(self, frame: av.VideoFrame) -> Pixels:
        shape = (frame.width, frame.height, frame.format.name, frame.rotation, frame.colorspace, frame.color_range)
        if self._graph is None or self._graph[0] != shape:
            self._graph = (shape, self._chain(frame))
        graph = self._graph[1]
        graph.push(frame)
        made = graph.pull()
        assert isinstance(made, av.VideoFrame)
        return np.asarray(made.to_ndarray(), np.uint8)

    def _chain(self, frame: av.VideoFrame) -> Graph:
        graph = Graph()
        graph.threads = 1
        facts = self.film.facts
        steps: list[tuple[str, str]] = []
        if frame.interlaced_frame:
            steps.append(("yadif", "deint=interlaced"))
        turned = round(frame.rotation / 90) % 4  # counter-clockwise
        steps += {1: [("transpose", "cclock")], 2: [("hflip", ""), ("vflip", "")], 3: [("transpose", "clock")]}.get(
            turned, []
        )
        aspect = self.film._stream.sample_aspect_ratio or Fraction(1)
        if aspect > 0 and aspect != 1:
            steps.append(("scale", f"{facts.width}:{facts.height}"))
        across, down = self._crop
        steps.append(("crop", f"{across}:{down}:exact=1"))
        # Where a film does not say its matrix, HD is BT.709 and all below BT.601.
        matrix = "auto" if int(frame.colorspace) in (1, 5, 6, 9) else ("bt709" if facts.height >= 720 else "bt601")
        scaling = f"{self.size[0]}:{self.size[1]}:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
        steps += [("scale", f"{scaling}:in_color_matrix={matrix}"), ("format", "rgb24")]
        last = graph.add_buffer(template=self.film._stream)
        for name, args in steps:
            following = graph.add(name, args)
            last.link_to(following)
            last = following
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
