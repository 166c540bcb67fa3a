"""The film: body and end card joined by copying packets, the mix beside them as AAC.

The picture is not encoded again. Packets go from file to file with their timestamps shifted by whole frames, through
PyAV, so no path is ever handed to a demuxer that could follow it elsewhere. moviepy joins by decoding and encoding every
frame anew, which costs a hundred times more and loses a generation: it has no place in this step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne

SAMPLE_RATE = 48_000
AUDIO_BIT_RATE = 192_000


class Film(OneByOne):
    """Kind `film`: see `creative.steps.KINDS`. Works without an end card, and without sound."""

    def make_one(self, task: Task) -> Made:
        """Join; raises StepRefused when the parts do not fit each other or the frames asked for."""
        parts = [task.inputs[role] for role in ("body", "endcard") if role in task.inputs]
        path = task.scratch / "film.mp4"
        join(path, parts, task.inputs.get("mix"), int(task.params["fps"]), int(task.params["frames"]))
        return Made({"film": path})


def join(path: Path, parts: Sequence[Path], mix: Path | None, fps: int, frames: int) -> None:
    """Write `path`: the pictures of `parts` one after the other, `frames` in all, and `mix` (48 kHz stereo WAV) from 0.

    Sound is cut, or continued with silence, to the picture's length, so both tracks end together. Raises StepRefused.
    """
    sources: list[InputContainer] = []
    try:
        for part in parts:
            sources.append(_opened(part))
        pictures = [source.streams.video[0] for source in sources]
        _agree(pictures, fps, frames)
        # Edit lists count in the movie's own time scale: milliseconds, unless told, would shorten the sound by up to 1 ms.
        options = {"movflags": "+faststart", "fflags": "+bitexact", "movie_timescale": str(SAMPLE_RATE)}
        with av.open(str(path), "w", format="mp4", options=options) as target:
            video = target.add_stream_from_template(pictures[0])
            video.time_base = Fraction(1, fps)
            sound = _sound_track(target) if mix else None
            packets = [_picture_packets(sources, pictures, video, fps)]
            if mix and sound:
                packets.append(_sound_packets(mix, sound, frames * SAMPLE_RATE // fps))
            _interleave(target, packets)
    finally:
        for source in sources:
            source.close()


def _opened(part: Path) -> InputContainer:
    try:
        source = av.open(str(part), "r", format="mp4")
    except av.error.FFmpegError as error:
        raise StepRefused(f"{part.name} is no MP4 file: {error}") from error
    if not source.streams.video:
        source.close()
        raise StepRefused(f"{part.name} has no picture")
    return source


def _agree(pictures: Sequence[VideoStream], fps: int, frames: int) -> None:
    first = pictures[0].codec_context
    for picture in pictures[1:]:
        context = picture.codec_context
        if (context.width, context.height, context.extradata) != (first.width, first.height, first.extradata):
            raise StepRefused("body and end card were encoded differently: make both again with the same backend")
    for picture in pictures:
        if picture.average_rate != fps:
            raise StepRefused(f"a part runs at {picture.average_rate} frames a second, the film at {fps}")
    total = sum(picture.frames for picture in pictures)
    if total != frames:
        raise StepRefused(f"the parts have {total} frames, the film wants {frames}")


def _picture_packets(
    sources: Sequence[InputContainer], pictures: Sequence[VideoStream], video: VideoStream, fps: int
) -> Iterator[av.Packet[Any]]:
    shift = 0
    for source, picture in zip(sources, pictures, strict=True):
        for packet in source.demux(picture):
            if packet.dts is None or packet.pts is None:
                continue
            ticks = packet.time_base * fps
            packet.pts = round(packet.pts * ticks) + shift
            packet.dts = round(packet.dts * ticks) + shift
            packet.duration = 1
            packet.time_base = Fraction(1, fps)
            packet.stream = video
            yield packet
        shift += picture.frames


def _sound_track(target: Any) -> AudioStream:
    sound: AudioStream = target.add_stream("aac", rate=SAMPLE_RATE)
    context = sound.codec_context
    context.layout = "stereo"
    context.format = "fltp"
    context.bit_rate = AUDIO_BIT_RATE
    context.thread_count = 1
    context.time_base = Fraction(1, SAMPLE_RATE)
    # Without bitexact the stream carries the encoder's build in every file; the plain coder gives one answer everywhere.
    context.options = {"flags": "+bitexact", "profile": "aac_low"}
    return sound


def _sound_packets(mix: Path, sound: AudioStream, samples: int) -> Iterator[av.Packet[Any]]:
    data = read_wav(mix, samples)
    # The encoder starts 1024 samples early (its priming); the muxer writes the edit list that hides them.
    step = 1024
    for start in range(0, samples, step):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data[:, start : start + step]), "fltp", "stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = start
        yield from sound.encode(frame)
    yield from sound.encode(None)


def read_wav(path: Path, samples: int) -> NDArray[np.float32]:
    """Two channels of exactly `samples`, float32 in -1..1, from a 48 kHz stereo WAV file. Raises StepRefused."""
    try:
        with av.open(str(path), "r", format="wav") as file:
            sound = file.streams.audio[0]
            if (sound.rate, sound.channels) != (SAMPLE_RATE, 2):
                raise StepRefused(
                    f"the mix has {sound.rate} Hz and {sound.channels} channels: it must be 48 kHz stereo"
                )
            convert = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE)
            heard = [piece.to_ndarray() for frame in file.decode(sound) for piece in convert.resample(frame)]
    except (av.error.FFmpegError, IndexError) as error:
        raise StepRefused(f"the mix is no WAV file: {error}") from error
    data = np.concatenate(heard, axis=1)[:, :samples] if heard else np.zeros((2, 0), np.float32)
    return np.pad(data, ((0, 0), (0, samples - data.shape[1])))


def _interleave(target: Any, tracks: Sequence[Iterator[av.Packet[Any]]]) -> None:
    """Mux by time: a player, or a faststart pass, never has to seek far between picture and sound."""
    for packet in merge(*tracks, key=_due):
        target.mux(packet)


def _due(packet: av.Packet[Any]) -> float:
    """When a packet is decoded, seconds."""
    base = packet.time_base
    return (packet.dts or 0) * base.numerator / base.denominator
