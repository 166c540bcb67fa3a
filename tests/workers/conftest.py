"""Small real media, made on the spot: a still, a film, a mix."""

from __future__ import annotations

import io
import tempfile
import wave
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont


def _ground(width: int, height: int, shift: float = 0.0) -> Image.Image:
    """A smooth, darkish ground that moves with `shift`."""
    y, x = np.mgrid[0:height, 0:width]
    red = 70 + 30 * np.sin((x + shift) / 23)
    green = 60 + 30 * np.sin((y + shift) / 31)
    return Image.fromarray(np.stack([red, green, np.full_like(red, 50)], axis=-1).astype(np.uint8))


def _write(image: Image.Image, text: str, at: tuple[int, int], size: int, colour: str) -> tuple[int, int, int, int]:
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text(at, text, font=font, fill=colour)
    left, top, right, bottom = font.getbbox(text)
    return at[0] + int(left), at[1] + int(top), int(right - left), int(bottom - top)


def _run(ink: tuple[int, int, int, int], text: str, size: int, colour: str, **more: Any) -> dict[str, Any]:
    x, y, w, h = ink
    return {
        "role": "headline",
        "text": text,
        "x": x,
        "y": y,
        "w": w,
        "h": h,
        "box": [x - 4, y - 4, w + 8, h + 8],
        "size": size,
        "least": 12,
        "colour": colour,
        "first": 0,
        "end": 1,
        **more,
    }


def still(
    width: int = 400, height: int = 300, text: str = "Take it slow.", size: int = 40, colour: str = "#ffffff",
    ground: str | None = None, quality: int = 90,
) -> tuple[bytes, dict[str, Any]]:  # fmt: skip
    """A JPEG with one headline, and its boxes."""
    image = _ground(width, height) if ground is None else Image.new("RGB", (width, height), ground)
    ink = _write(image, text, (30, 40), size, colour)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    boxes = {"width": width, "height": height, "frames": 1, "product": [100, 120, 180, 160], "marks": []}
    return file.getvalue(), {**boxes, "runs": [_run(ink, text, size, colour)]}


def tone(ms: int, rate: int = 48000, gain: float = 0.4, channels: int = 2) -> np.ndarray[Any, Any]:
    """A tone that swells, as float samples (channels, samples)."""
    t = np.arange(ms * rate // 1000) / rate
    one = gain * np.sin(2 * np.pi * 330 * t) * (0.7 + 0.3 * np.sin(2 * np.pi * 1.5 * t))
    return np.stack([one.astype(np.float32)] * channels)


def mix(signal: np.ndarray[Any, Any], rate: int = 48000) -> bytes:
    """A 16-bit WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(len(signal))
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.clip(np.round(signal.T * 32767), -32768, 32767).astype("<i2").tobytes())
    return file.getvalue()


def film(
    frames: int = 36, fps: int = 12, width: int = 180, height: int = 320, sound: np.ndarray[Any, Any] | None = None,
    black: range = range(0), still_frames: range = range(0), faststart: bool = True, text: str = "Slow", colour: str = "#ffffff",
    codec: str = "libx264", bars: int = 0,
) -> tuple[bytes, dict[str, Any]]:  # fmt: skip
    """An MP4 whose ground moves and whose headline stands, and its boxes."""
    options = {"movflags": "+faststart"} if faststart else {}
    # Faststart reads the file again while it is written: not possible in memory.
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file, av.open(file.name, "w", options=options) as out:
        picture = out.add_stream(codec, rate=fps, options={"preset": "ultrafast", "crf": "16", "threads": "1"})
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.codec_context.thread_count = 1
        voice = None
        if sound is not None:
            voice = out.add_stream("aac", rate=48000)
            voice.codec_context.layout = "stereo"
            voice.codec_context.bit_rate = 192_000
        for number in range(frames):
            shift = 4.0 * (still_frames.start if number in still_frames else number)
            image = _ground(width, height, shift)
            ink = _write(image, text, (20, 60), 36, colour)
            if number in black:
                image = Image.new("RGB", (width, height))
            if bars:
                ImageDraw.Draw(image).rectangle((0, 0, width, bars - 1), fill="black")
                ImageDraw.Draw(image).rectangle((0, height - bars, width, height), fill="black")
            frame = av.VideoFrame.from_image(image).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        if voice is not None and sound is not None:
            for start in range(0, sound.shape[1], 1024):
                block = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(sound[:, start : start + 1024]), format="fltp", layout="stereo"
                )
                block.sample_rate, block.pts = 48000, start
                out.mux(voice.encode(block))
            out.mux(voice.encode(None))
        out.close()
        data = file.read()
    boxes = {"width": width, "height": height, "frames": frames, "product": None, "marks": []}
    run = _run(ink, text, 36, colour, end=frames)
    return data, {**boxes, "runs": [run]}


@pytest.fixture(name="still", scope="session")
def _still() -> Callable[..., tuple[bytes, dict[str, Any]]]:
    return still


@pytest.fixture(name="film", scope="session")
def _film() -> Callable[..., tuple[bytes, dict[str, Any]]]:
    return film


@pytest.fixture(name="mix", scope="session")
def _mix() -> Callable[..., bytes]:
    return mix


@pytest.fixture(name="tone", scope="session")
def _tone() -> Callable[..., Any]:
    return tone
