"""Time stretch that keeps the pitch: waveform similarity overlap-add (Verhelst and Roelands, 1993)."""

from __future__ import annotations

import numpy as np

from workers.sound.wav import Samples

_FRAME = 0.03  # seconds: two to three periods of a low voice
_SEEK = 0.008  # seconds: how far a frame may move to continue the wave before it


def stretch(audio: Samples, rate: int, speed: float) -> Samples:
    """`audio` (frames,) said `speed` times as fast (0.5 to 2), pitch unchanged; what was at t is at t/speed, within 8 ms."""
    if speed == 1.0 or not len(audio):
        return audio
    hop = round(_FRAME * rate / 2)
    size, seek = 2 * hop, round(_SEEK * rate)
    length = round(len(audio) / speed)
    count = length // hop + 2
    margin = size + seek
    source = np.pad(audio.astype(np.float64), (margin, margin + size + round(hop * speed)))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    out = np.zeros(count * hop + size)
    place = margin - hop
    for index in range(count):
        wanted = margin - hop + round(index * hop * speed)
        if index:
            follows = source[place + hop : place + hop + size]
            low = max(0, wanted - seek)
            region = source[low : min(wanted + seek + size, len(source))]
            if len(region) < size:
                break
            likeness = np.correlate(region, follows, "valid")
            energy = np.convolve(region**2, np.ones(size), "valid")
            place = low + int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1e-9))))
        out[index * hop : index * hop + size] += source[place : place + size] * window
    return out[hop : hop + length].astype(np.float32)
