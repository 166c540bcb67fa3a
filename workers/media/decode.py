"""Opening files that may be broken or hostile: by their bytes, within limits, with a refusal that says what is wrong."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Stream
from PIL import Image

from creative.errors import StepRefused
from workers.media.levels import Signal
from workers.media.sniff import MAX_BYTES, sniff

MAX_PIXELS = 50_000_000
MAX_SECONDS = 600
_DEMUXERS = {"mp4": "mp4", "mp3": "mp3", "wav": "wav"}


@dataclass(frozen=True, slots=True)
class Sound:
    """Decoded sound with what its container says of it. `offset` is the first sample's time in seconds."""

    signal: Signal
    rate: int
    codec: str
    kbps: int
    offset: float = 0.0

    @property
    def seconds(self) -> float:
        """Its exact length."""
        return int(self.signal.shape[1]) / self.rate


def read(path: Path) -> tuple[bytes, str]:
    """The bytes of a medium and its format (see `sniff`). Raises StepRefused for an unknown or far too large one."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise StepRefused(f"the file has {size:,} bytes: more than the {MAX_BYTES:,} that are read")
    data = path.read_bytes()
    kind = sniff(data[:16])
    if kind is None:
        raise StepRefused(
            "the file is empty"
            if not data
            else "the file is no JPEG, PNG, MP4, MP3 or WAV: its first bytes are none of theirs"
        )
    return data, kind


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Turns what the libraries raise for a broken file into StepRefused."""
    try:
        yield
    except (av.error.FFmpegError, EOFError, ValueError, OSError, SyntaxError, IndexError) as error:
        raise StepRefused(f"the {what} cannot be decoded: it is cut off or damaged ({error})") from error


def picture(data: bytes, most: int = MAX_PIXELS) -> Image.Image:
    """The decoded RGB picture. Raises StepRefused for a broken one, or one of more than `most` pixels, undecoded."""
    with decoding("picture"), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is stricter
        try:
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
        except Image.DecompressionBombError as error:
            raise StepRefused(f"the picture is far too large: {error}") from error
        if image.width * image.height > most:
            raise StepRefused(
                f"the picture has {image.width}x{image.height} pixels: more than the {most:,} that are decoded"
            )
        image.load()
        return image if image.mode == "RGB" else image.convert("RGB")


@contextmanager
def container(data: bytes, kind: str) -> Iterator[InputContainer]:
    """Opens sound or film with its own demuxer only, from memory: no file or address inside it is followed."""
    with (
        decoding("film" if kind == "mp4" else "sound"),
        av.open(io.BytesIO(data), "r", format=_DEMUXERS[kind]) as opened,
    ):
        if opened.duration and opened.duration > MAX_SECONDS * av.time_base:
            raise StepRefused(f"it claims to last {opened.duration / av.time_base:.0f} s: more than {MAX_SECONDS} s")
        yield opened


def decoder(stream: Stream, threads: int = 1) -> CodecContext:
    """The decoder of a stream, on so many threads. Raises StepRefused for a codec that is not known."""
    # PyAV's types leave out that it is None for an unknown codec.
    context: CodecContext | None = stream.codec_context
    if context is None:
        raise StepRefused("a track is coded in a way that is not known: the file is damaged, or no ad")
    context.thread_count = threads
    return context


def sound_of(data: bytes, kind: str) -> Sound | None:
    """The sound of a film, MP3 or WAV; None if it has no sound track. Raises StepRefused for a broken one."""
    with container(data, kind) as opened:
        if not opened.streams.audio:
            return None
        stream = opened.streams.audio[0]
        context = decoder(stream)
        assert isinstance(context, AudioCodecContext)
        rate, layout = context.sample_rate, context.layout
        if not 8000 <= rate <= 192_000 or not 1 <= layout.nb_channels <= 8:
            raise StepRefused(f"sound of {rate} Hz in {layout.nb_channels} channels is no ad's: the file is damaged")
        resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        blocks: list[Signal] = []
        count, offset = 0, None
        for frame in opened.decode(stream):
            if offset is None:
                offset = frame.time or 0.0
            for block in resampler.resample(frame):
                blocks.append(block.to_ndarray().astype(np.float32, copy=False))
                count += block.samples
            if count > MAX_SECONDS * rate:
                raise StepRefused(f"the sound lasts longer than {MAX_SECONDS} s")
        blocks += [block.to_ndarray().astype(np.float32, copy=False) for block in resampler.resample(None)]
        if not sum(block.shape[1] for block in blocks):
            raise StepRefused("the sound track is empty: not one sample could be decoded")
        codec = {"mp3float": "mp3"}.get(context.name, context.name)
        kbps = round((stream.bit_rate or context.bit_rate or 0) / 1000)
        return Sound(np.concatenate(blocks, axis=1), rate, codec, kbps, offset or 0.0)
