"""Clips: films of the user's trimmed, cropped to cover, joined, at one size and frame rate, with their sound beside them.

The cut is moviepy's: each film is one of its clips, trimmed and chained. Its pictures come from `footage`, which turns,
crops and scales them inside FFmpeg before they become arrays; its files are never given to a decoder by their name.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.clip.footage import RATE, Cover, Film, Pixels, Samples
from workers.sound.wav import frames_of, wav_bytes

_CRF = 12  # the film is encoded from this once more: nothing of it may be seen there
_DECLICK = 0.008  # seconds
_FADE = 0.4  # seconds: how the sound leaves when the footage ends


class Clip(OneByOne):
    """Kind `clip`: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Cut the films together. Raises StepRefused for one that cannot be used, and for too little of them."""
        params = task.params
        size = (int(params["width"]), int(params["height"]))
        fps, frames = int(params["fps"]), int(params["frames"])
        paths = [task.inputs[f"footage.{number}"] for number in range(len(params["trims"]))]
        with ExitStack() as stack:
            films = [stack.enter_context(Film(path, _name(number, len(paths)))) for number, path in enumerate(paths)]
            spans = [_span(film, trim) for film, trim in zip(films, params["trims"], strict=True)]
            _long_enough(spans, frames / fps)
            last = _write(task.scratch / "clip.mp4", films, spans, size, fps, frames)
            keep = params["sound"] == "keep"
            if keep and not any(film.facts.sound for film in films):
                raise StepRefused("sound: keep, but the footage has no sound: write sound: none")
            audio = (
                _heard(films, spans, int(params["ms"]))
                if keep
                else np.zeros((frames_of(int(params["ms"])), 2), np.float32)
            )
            notes = [f"{film.name}: {', '.join(film.facts.notes)}" for film in films if film.facts.notes]
        picture = io.BytesIO()
        Image.fromarray(last).save(picture, "PNG", compress_level=3)
        meta = {"width": size[0], "height": size[1], "product": None, "set": "footage", "sound": keep}
        return Made(
            {
                "picture": task.scratch / "clip.mp4",
                "audio": wav_bytes(audio, RATE),
                "image": picture.getvalue(),
                "meta": json.dumps(meta, sort_keys=True).encode(),
            },
            {"footage": notes} if notes else {},
        )


Span = tuple[float, float]


def _name(number: int, count: int) -> str:
    return "the footage" if count == 1 else f"film {number + 1} of the footage"


def _span(film: Film, trim: Sequence[int | None]) -> Span:
    """From where to where a film is used, in seconds."""
    start, length = (trim[0] or 0) / 1000, film.facts.seconds
    end = length if trim[1] is None else trim[1] / 1000
    if start >= length or end > length + 0.1:
        raise StepRefused(f"{film.name} lasts {length:.2f} s, and is wanted from {start:g} s until {end:g} s")
    return start, min(end, length)


def _long_enough(spans: Sequence[Span], wanted: float) -> None:
    there = sum(end - start for start, end in spans)
    if there < wanted - 0.05:
        raise StepRefused(
            f"the footage lasts {there:.2f} s, and {wanted:.2f} s are needed: {wanted - there:.2f} s are missing"
        )


def _write(
    path: Path, films: Sequence[Film], spans: Sequence[Span], size: tuple[int, int], fps: int, frames: int
) -> Pixels:
    """Encode the cut; its last picture."""
    cut = _cut(films, spans, size)
    # In the middle of a frame's time: no rounding then takes the picture before or after.
    with Track(path, *size, fps) as track:
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        for number in range(frames):
            seconds = min((number + 0.5) / fps, cut.duration - 1e-4)
            picture = np.ascontiguousarray(cut.get_frame(seconds))
            track.add(picture)
    for film, (_, end) in zip(films, spans, strict=True):
        reached = min(end, film.facts.seconds) - 0.5 / fps
        if film is films[-1]:
            continue
        if film.ended(reached):
            raise StepRefused(f"{film.name} ends before the {film.facts.seconds:.2f} s that it claims: it is cut off")
    return picture


def _cut(films: Sequence[Film], spans: Sequence[Span], size: tuple[int, int]) -> Any:
    """The timeline, by moviepy: every film as a clip, trimmed, one after another."""
    from moviepy import VideoClip, concatenate_videoclips

    clips = []
    for film, (start, end) in zip(films, spans, strict=True):
        cover = Cover(film, *size)
        whole = VideoClip(frame_function=_seen(cover), duration=film.facts.seconds)
        clips.append(whole.subclipped(start, min(end, film.facts.seconds)))
    return concatenate_videoclips(clips, method="chain") if len(clips) > 1 else clips[0]


def _seen(cover: Cover) -> Any:
    def frame(seconds: float) -> Pixels:
        picture = cover(seconds)
        if cover.film.ended(seconds):
            raise StepRefused(
                f"{cover.film.name} has no picture at {seconds:.2f} s, though it claims to last "
                f"{cover.film.facts.seconds:.2f} s: it is cut off or damaged"
            )
        return picture

    return frame


def _heard(films: Sequence[Film], spans: Sequence[Span], ms: int) -> Samples:
    """Their sound, cut as the picture is, without clicks at the cuts; it goes on under the end card while there is some."""
    out: Samples = np.zeros((frames_of(ms), 2), np.float32)
    place = 0.0
    for film, (start, end) in zip(films, spans, strict=True):
        first = round(place * RATE)
        if first >= len(out):
            break
        end = min(end, start + (len(out) - first) / RATE)
        part = film.heard(start, end)[: len(out) - first]
        _ramp(part, _DECLICK, _DECLICK)
        out[first : first + len(part)] = part
        place += end - start
    stop = min(round(place * RATE), len(out))
    _ramp(out[:stop], 0.0, min(_FADE, stop / RATE / 4))
    return out


def _ramp(samples: Samples, rise: float, fall: float) -> None:
    """Fade in and out, in place."""
    for seconds, part in ((rise, samples), (fall, samples[::-1])):
        count = min(round(seconds * RATE), len(samples))
        if count:
            part[:count] *= np.linspace(0.0, 1.0, count, dtype=np.float32)[:, None]


class Track:
    """An MP4 file with one H.264 track of RGB pictures (BT.709, video range), nearly lossless.

    `threads`: of the encoder, a number of the caller's and not of the machine's: another number gives other bytes. `preset`: of
    x264. Of 81 pictures 832x480 (a photo that moves, with grain) "veryfast" took 14 ms of a core each and made 4.1 MB at 33.2 dB;
    "ultrafast" 3 ms, 10.1 MB, 33.6 dB, and holds no picture back: nothing is left to do after the last one.
    """

    def __init__(
        self, path: Path, width: int, height: int, fps: int, threads: int = 1, preset: str = "veryfast"
    ) -> None:
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"})
        stream = self._file.add_stream("libx264", rate=fps)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, fps)
        context.thread_count = threads
        context.gop_size = fps
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        context.options = {
            "preset": preset, "crf": str(_CRF), "flags": "+bitexact",
            "x264-params": f"threads={threads}:lookahead-threads=1:sliced-threads=0:force-cfr=1",
        }  # fmt: skip
        self._stream, self._count, self._base = stream, 0, Fraction(1, fps)

    def __enter__(self) -> Track:
        return self

    def add(self, picture: Pixels) -> None:
        """The next picture, RGB (h, w, 3)."""
        self._add(_converted(picture))

    def add_planes(self, planes: Pixels) -> None:
        """The next picture as `planes` makes it of one in RGB."""
        self._add(av.VideoFrame.from_ndarray(planes, format="yuv420p"))

    @staticmethod
    def planes(picture: Pixels) -> Pixels:
        """An RGB picture (h, w, 3) of even sides as it is encoded, (3 h / 2, w): what is shown often is converted once."""
        return np.asarray(_converted(np.ascontiguousarray(picture)).to_ndarray(), np.uint8)

    def _add(self, frame: av.VideoFrame) -> None:
        frame.pts, frame.time_base = self._count, self._base
        frame.color_range, frame.colorspace = ColorRange.MPEG, Colorspace.ITU709
        self._count += 1
        self._file.mux(self._stream.encode(frame))

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._file.mux(self._stream.encode(None))
        self._file.close()


def _converted(picture: Pixels) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
