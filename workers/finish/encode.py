"""Sound in its final form: resampled, encoded, and still under its true-peak ceiling when decoded again.

An encoder moves peaks by up to a decibel. What comes out too high is turned down where it is too high, for some
milliseconds and encoded again, so that the loudness stays.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve, resample_poly
from scipy.signal.windows import hann

from creative.errors import StepRefused
from workers.media.decode import sound_of
from workers.media.levels import Signal, decibels, peaks

RATE = 44100
_MP3_KBPS = (320, 256, 224, 192)
_FRAME = 1152
_ROUNDS = 8
_DIP_MS = 12


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sound's final coded form, without its label. `lowered_db`: by how much its highest peak was turned down."""

    data: bytes
    kbps: int
    true_peak: float | None
    lowered_db: float
    rounds: int


def resampled(signal: Signal, rate: int) -> Signal:
    """At 44.1 kHz; the length is exact when the milliseconds are whole."""
    if rate == RATE:
        return signal
    ratio = Fraction(RATE, rate)
    out = resample_poly(signal.astype(np.float64), ratio.numerator, ratio.denominator, axis=1, window=("kaiser", 9.0))
    return np.asarray(out[:, : round(signal.shape[1] * ratio)], np.float32)


def _quantised(signal: Signal) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return np.clip(np.round(signal * 32768.0), -32768, 32767).astype(np.int16)


def _pcm(signal: Signal) -> bytes:
    return np.ascontiguousarray(_quantised(signal).T).astype("<i2").tobytes()


def _mp3(signal: Signal, kbps: int) -> bytes:
    """Constant bit rate, with an Info frame that tells decoders the delay and padding, so that the length is exact."""
    whole = _quantised(signal)
    layout = "stereo" if len(whole) == 2 else "mono"
    file = io.BytesIO()
    quiet = {"write_id3v1": "0", "id3v2_version": "0", "write_xing": "1", "fflags": "+bitexact"}
    with av.open(file, "w", format="mp3", options=quiet) as out:
        # bitexact keeps the library's version out of the file.
        stream = out.add_stream("libmp3lame", rate=RATE, options={"flags": "+bitexact", "compression_level": "2"})
        stream.codec_context.bit_rate = kbps * 1000
        stream.codec_context.layout = layout
        stream.codec_context.format = "s16p"
        for start in range(0, whole.shape[1], _FRAME):
            block = np.ascontiguousarray(whole[:, start : start + _FRAME])
            frame = av.AudioFrame.from_ndarray(block, format="s16p", layout=layout)
            frame.sample_rate, frame.pts = RATE, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def _under_ceiling(
    signal: Signal, ceiling_db: float, code: Callable[[Signal], bytes], decode: Callable[[bytes], Signal]
) -> tuple[bytes, float | None, float, int]:
    ceiling = 10 ** (ceiling_db / 20)
    gain = np.ones(signal.shape[1], np.float32)
    dip = RATE * _DIP_MS // 1000
    smooth = hann(dip)
    smooth /= smooth.sum()
    for turn in range(1, _ROUNDS + 1):
        data = code(signal * gain)
        heard = peaks(decode(data))
        highest = float(heard.max(initial=0.0))
        if highest <= ceiling:
            return data, decibels(highest), abs(decibels(float(gain.min(initial=1.0))) or 0.0), turn
        # A hair more than needed: the encoder answers a changed signal with other peaks.
        wanted = np.minimum(1.0, ceiling * 0.994 / np.maximum(heard, 1e-9))
        wanted = minimum_filter1d(np.where(heard > ceiling, wanted, 1.0), 2 * dip)
        gain *= np.clip(fftconvolve(np.pad(wanted, dip, mode="edge"), smooth, "same")[dip:-dip], 0.0, 1.0).astype(
            np.float32
        )
    raise StepRefused(
        f"the encoded sound stays at {decibels(highest):.2f} dBTP, over {ceiling_db:.1f}: master the mix about 1 dB lower"
    )


def encode(
    signal: Signal, rate: int, form: str, ceiling_db: float, max_bytes: int, min_kbps: int = _MP3_KBPS[-1]
) -> Encoded:
    """`signal` as MP3 (the best constant bit rate of 192 to 320 kbit/s that fits) or as 16-bit PCM without a header.

    Raises StepRefused when `max_bytes`, `min_kbps` or the ceiling cannot be kept.
    """
    signal = resampled(signal, rate)
    length, channels = signal.shape[1], signal.shape[0]
    if form == "wav":
        data, peak, lowered, rounds = _under_ceiling(
            signal,
            ceiling_db,
            _pcm,
            lambda coded: np.frombuffer(coded, "<i2").reshape(-1, channels).T.astype(np.float32) / np.float32(32768),
        )
        kbps = RATE * channels * 16 // 1000
        if len(data) > max_bytes:
            raise StepRefused(
                f"{length / RATE:.1f} s of WAV do not fit into {max_bytes:,} bytes: choose an mp3 placement"
            )
    else:
        fitting = [
            kbps for kbps in _MP3_KBPS if kbps >= min_kbps and kbps * 125 * (length + 3 * _FRAME) / RATE <= max_bytes
        ]
        if not fitting:
            raise StepRefused(
                f"{length / RATE:.1f} s of MP3 at {max(min_kbps, _MP3_KBPS[-1])} kbit/s do not fit into {max_bytes:,} bytes: "
                "shorten the spot"
            )
        kbps = fitting[0]

        def decoded(coded: bytes) -> Signal:
            heard = sound_of(coded, "mp3")
            if heard is None or heard.signal.shape != signal.shape:
                raise StepRefused("the encoded MP3 does not decode to the length of its mix")
            return heard.signal

        data, peak, lowered, rounds = _under_ceiling(signal, ceiling_db, lambda part: _mp3(part, kbps), decoded)
    return Encoded(data, kbps, peak, lowered, rounds)
