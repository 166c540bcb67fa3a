"""WAV in and out: PCM, 16 bits, little endian; samples are float32 in [-1, 1], shaped (frames, channels)."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from creative.errors import StepRefused

Samples = npt.NDArray[np.float32]

RATE = 48_000  # of everything after the read: Hz


def read_wav(path: Path) -> tuple[int, Samples]:
    """Rate in Hz and samples of a 16-bit PCM file. Raises StepRefused for anything else."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            if width != 2:
                raise StepRefused(f"the sound has {width * 8} bits a sample: give 16-bit PCM WAV")
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise StepRefused(f"the sound is no PCM WAV file ({error}): give 16-bit PCM WAV") from error
    samples = np.frombuffer(raw[: len(raw) // (2 * channels) * 2 * channels], "<i2").astype(np.float32) / 32768.0
    return rate, samples.reshape(-1, channels)


def wav_bytes(samples: npt.NDArray[np.floating], rate: int) -> bytes:
    """A WAV file; what is beyond full scale is cut off there, so keep the peak below it."""
    data = np.atleast_2d(samples.T).T
    pcm = np.clip(np.rint(data.astype(np.float64) * 32767.0), -32768, 32767).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(pcm.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())
    return buffer.getvalue()


def mono(samples: Samples) -> Samples:
    """The mean of all channels, shaped (frames,)."""
    return np.asarray(samples.mean(axis=1), dtype=np.float32)


def resample(samples: Samples, rate: int, to: int = RATE) -> Samples:
    """Samples at another rate, by a polyphase filter (linear phase, so that times stay)."""
    if rate == to:
        return samples
    shared = np.gcd(rate, to)
    return np.asarray(resample_poly(samples, to // shared, rate // shared, axis=0), dtype=np.float32)


def frames_of(ms: int, rate: int = RATE) -> int:
    """How many frames `ms` milliseconds have, to the nearest."""
    return (ms * rate + 500) // 1000


def fade(samples: Samples, rate: int, into_ms: float, out_ms: float) -> Samples:
    """The same with raised-cosine fades at both ends, so that neither clicks."""
    out = samples.copy()
    for ms, end in ((into_ms, slice(None)), (out_ms, slice(None, None, -1))):
        length = min(len(out), round(ms * rate / 1000))
        if length:
            curve = (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
            out[end][:length] *= curve if out.ndim == 1 else curve[:, None]
    return out
