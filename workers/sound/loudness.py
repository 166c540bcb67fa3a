"""Loudness (ITU-R BS.1770-4) and true peak, and a limiter that holds the latter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyloudnorm
from scipy.ndimage import minimum_filter1d
from scipy.signal import resample_poly

from workers.sound.wav import Samples

Peaks = npt.NDArray[np.float64]

_LOOK = 0.004  # seconds: how long before a peak the limiter begins to give way


def integrated(samples: Samples, rate: int) -> float:
    """Gated integrated loudness in LUFS of (frames, channels); -inf for silence and for less than 0.4 s."""
    if len(samples) < 0.4 * rate:
        return -math.inf
    return float(pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64)))


SHORT = 3.0  # seconds: below, a relative gate has too few blocks to tell speech from pauses


def programme(samples: Samples, rate: int) -> float:
    """What a master is set by, in LUFS: gated integrated loudness; under three seconds the K-weighted level of all that is
    not silence (absolute gate only), so that one pause more or less does not move it."""
    if len(samples) >= SHORT * rate:
        return integrated(samples, rate)
    meter = pyloudnorm.Meter(rate)
    weighted = samples.astype(np.float64)
    for stage in meter._filters.values():
        weighted = np.stack([stage.apply_filter(weighted[:, side]) for side in range(weighted.shape[1])], axis=1)
    power = (weighted**2).sum(axis=1)
    size = rate // 20
    blocks = power[: len(power) // size * size].reshape(-1, size).mean(axis=1)
    heard = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    return -0.691 + 10 * math.log10(float(heard.mean())) if len(heard) else -math.inf


def true_peak(samples: Samples) -> float:
    """The greatest magnitude between and at the samples, in dB of full scale: four times oversampled."""
    peak = float(peaks_of(samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def limit(samples: Samples, rate: int, ceiling_db: float, peaks: Peaks | None = None) -> Samples:
    """(frames, channels) with its true peak at or under `ceiling_db`; both channels give way alike, without clicks.

    `peaks` are `peaks_of(samples)`, where the caller has them.
    """
    ceiling = 10 ** (ceiling_db / 20)
    out = samples.astype(np.float64)
    # A moving gain makes new peaks between samples, hundredths of a dB high: what is left is taken in a second go.
    for goal in (ceiling, ceiling * 0.9985, ceiling * 0.995):
        if peaks is None:
            peaks = peaks_of(out)
        if peaks.max(initial=0.0) <= ceiling:
            break
        needed = np.minimum(1.0, goal / np.maximum(peaks, 1e-9))
        half = max(1, round(_LOOK * rate))
        size = 2 * half + 1
        held = np.pad(minimum_filter1d(needed, size, mode="nearest"), half, mode="edge")
        window = np.hanning(size + 2)[1:-1]
        gain = np.convolve(held, window / window.sum(), "valid")
        out *= gain[:, None]
        peaks = None
    return out.astype(np.float32)


def peaks_of(samples: npt.NDArray[np.floating]) -> Peaks:
    """The greatest magnitude around every frame, over channels, four times oversampled."""
    # Half the filter's length of silence on both sides: a sound that starts at once would else be cut by the resampler.
    padded = np.pad(samples.astype(np.float32), ((16, 16), (0, 0)))
    dense = _loudest(resample_poly(padded, 4, 1, axis=0))
    around = np.maximum(np.maximum(dense[::4], dense[1::4]), np.maximum(dense[2::4], dense[3::4]))[16:-16]
    found: Peaks = np.maximum(around, _loudest(samples)).astype(np.float64)
    return found


def _loudest(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The greatest magnitude over channels, frame by frame (numpy's own maximum over a short axis is ten times slower)."""
    found: npt.NDArray[Any] = np.abs(samples[:, 0])
    for side in range(1, samples.shape[1]):
        found = np.maximum(found, np.abs(samples[:, side]))
    return found
