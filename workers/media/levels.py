"""Loudness, true peak, silence and clipping of sound.

Signals are float arrays of shape (channels, samples), full scale 1.0.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.signal import resample_poly

Signal = NDArray[np.float32]
_OVERSAMPLING = 4  # ITU-R BS.1770-4, annex 2, for 44.1 and 48 kHz
_BLOCK_MS = 10
_SILENT_DB = -60.0
_SHORTEST_SILENCE_MS = 100
_CLIPPED = 32767 / 32768 - 1e-6


def decibels(ratio: float) -> float | None:
    """20 log10, or None for nothing at all."""
    return 20 * math.log10(ratio) if ratio > 0 else None


def loudness(signal: Signal, rate: int) -> float | None:
    """Integrated loudness in LUFS (ITU-R BS.1770-4); None for silence, or for less than one 400 ms block."""
    if signal.shape[1] < rate * 0.4:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of clipping, which is measured here as well
        lufs = float(pyloudnorm.Meter(rate).integrated_loudness(signal.T.astype(np.float64)))
    return lufs if math.isfinite(lufs) else None


def peaks(signal: Signal) -> Signal:
    """The true peak around each sample: the largest of its oversampled neighbours in any channel. Shape (samples,)."""
    largest = np.zeros(signal.shape[1], np.float32)
    for channel in signal:
        over = np.abs(resample_poly(channel, _OVERSAMPLING, 1)).astype(np.float32)
        # Sample i is oversampled point 4i; its neighbourhood reaches halfway to the samples beside it.
        around = np.pad(over, (_OVERSAMPLING // 2, _OVERSAMPLING // 2))[: signal.shape[1] * _OVERSAMPLING]
        np.maximum(largest, around.reshape(-1, _OVERSAMPLING).max(axis=1), out=largest)
        np.maximum(largest, np.abs(channel), out=largest)
    return largest


def true_peak(signal: Signal) -> float | None:
    """True peak in dBTP; None for silence."""
    return decibels(float(peaks(signal).max(initial=0.0)))


def silences(signal: Signal, rate: int) -> list[tuple[int, int]]:
    """Stretches of at least 100 ms below -60 dBFS, as (start, end) in milliseconds."""
    block = max(1, rate * _BLOCK_MS // 1000)
    count = -(-signal.shape[1] // block)
    loud = np.pad(np.abs(signal).max(axis=0, initial=0.0), (0, count * block - signal.shape[1]))
    quiet = loud.reshape(count, block).max(axis=1) < 10 ** (_SILENT_DB / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(np.int8), [0]])))
    stretches = [(int(a) * _BLOCK_MS, int(b) * _BLOCK_MS) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    length = round(signal.shape[1] * 1000 / rate)
    return [(start, min(end, length)) for start, end in stretches if end - start >= _SHORTEST_SILENCE_MS]


def clipped(signal: Signal) -> int:
    """How many samples are at full scale beside another one there: the mark of clipping, not of a lone peak."""
    full = np.abs(signal) >= _CLIPPED
    return int(np.count_nonzero(full[:, 1:] & full[:, :-1]))
