"""Instruments, made of sines and noise: one note each, mono, at 48 kHz, starting and ending at zero.

Levels are about 1 at full velocity. Nothing here is random but what takes a generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, resample_poly, sosfilt

from workers.sound.wav import RATE

Tone = npt.NDArray[np.float64]


def pitch(note: float) -> float:
    """Frequency in Hz of a MIDI note number."""
    return float(440.0 * 2 ** ((note - 69) / 12))


def _time(seconds: float) -> Tone:
    return np.arange(max(2, round(seconds * RATE))) / RATE


def _partial(frequency: float, decay: float, count: int, phase: float = 0.0) -> Tone:
    """A dying sine: sin(2 pi frequency t + phase) exp(-t / decay), `count` frames.

    A power series taken in blocks: one complex product a frame instead of a sine and an exponential.
    """
    step = complex(-1 / decay, 2 * np.pi * frequency) / RATE
    block = 256
    within = np.exp(step * np.arange(block) + 1j * phase)
    starts = np.exp(step * block * np.arange(-(-count // block)))
    found: Tone = (starts[:, None] * within[None, :]).reshape(-1)[:count].imag
    return found


def _add(tone: Tone, level: float, frequency: float, decay: float, phase: float = 0.0) -> None:
    """Add a dying sine for as long as it can be heard (70 dB)."""
    count = min(len(tone), max(2, round(8 * decay * RATE)))
    tone[:count] += level * _partial(frequency, decay, count, phase)


def _shape(tone: Tone, attack: float, release: float) -> Tone:
    """Raised-cosine attack and release, in seconds, at the ends of a tone."""
    for length, backwards in ((attack, False), (release, True)):
        count = min(len(tone), max(2, round(length * RATE)))
        curve = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)
        if backwards:
            tone[-count:] *= curve[::-1]
        else:
            tone[:count] *= curve
    return tone


def piano(note: float, seconds: float, velocity: float) -> Tone:
    """A felt piano: stiff strings, dull hammers; high partials die first; soft notes are darker."""
    t = _time(seconds)
    base = pitch(note)
    slow = 0.55 + 3.2 * 2 ** (-(note - 36) / 16)  # seconds to fall by 8.7 dB
    tone = np.zeros_like(t)
    stiffness = 0.00022 * 2 ** ((note - 60) / 14)
    for k in range(1, 15):
        frequency = base * k * np.sqrt(1 + stiffness * k * k)
        if frequency > 9000:
            break
        level = k ** -(0.95 + 0.8 * (1 - velocity)) * np.exp(-k * base / 7000) * (0.55 if k % 7 == 0 else 1)
        decay = slow / (1 + 0.32 * (k - 1))
        # Two strings, hardly apart: the beat that makes a held note live.
        _add(tone, level, frequency, decay)
        _add(tone, 0.7 * level, frequency * 1.0006, decay, k)
    _add(tone, 0.25, min(180.0, base * 0.5), 0.018)
    return _shape(0.36 * velocity * tone, 0.004, min(0.12, seconds / 3))


def keys(note: float, seconds: float, velocity: float) -> Tone:
    """An electric piano: a sine that another of the same pitch bends, and a small bell at the stroke."""
    t = _time(seconds)
    base = pitch(note)
    index = (0.7 + 1.9 * velocity) * np.exp(-t / 0.7) + 0.25
    bell = 0.22 * velocity * np.exp(-t / 0.16) * np.sin(2 * np.pi * base * 7.01 * t) * (base * 7 < 9000)
    body = np.sin(2 * np.pi * base * t + index * np.sin(2 * np.pi * base * t))
    decay = np.exp(-t / (0.9 + 1.6 * 2 ** (-(note - 48) / 18)))
    sway = 1 + 0.09 * np.sin(2 * np.pi * 4.6 * t)
    return _shape(0.5 * velocity * decay * sway * (body + bell), 0.005, min(0.1, seconds / 3))


def pluck(note: float, seconds: float, velocity: float) -> Tone:
    """A muted string: bright at the stroke, round at once."""
    t = _time(min(seconds, 1.6))
    base = pitch(note)
    tone = np.zeros_like(t)
    for k in range(1, 13):
        if base * k > 10000:
            break
        level = k ** -(0.6 + 0.6 * (1 - velocity)) * abs(np.sin(np.pi * k * 0.27))
        _add(tone, level, base * k, 0.5 / (0.6 + 0.3 * k))
    return _shape(0.55 * velocity * tone, 0.002, 0.08)


def marimba(note: float, seconds: float, velocity: float) -> Tone:
    """A wooden bar: the tone, its fourth harmonic, and a click."""
    t = _time(min(seconds, 1.4))
    base = pitch(note)
    tone = np.zeros_like(t)
    _add(tone, 1.0, base, 0.34)
    _add(tone, 0.5 * velocity, base * 3.93, 0.09)
    _add(tone, 0.12 * velocity, min(base * 9.2, 9000), 0.02)
    return _shape(0.6 * velocity * tone, 0.002, 0.06)


def pad(notes: Sequence[float], seconds: float, velocity: float, phase: float) -> Tone:
    """Strings far away: detuned partials that fade in and out. `phase` makes left and right differ."""
    # Nothing above 5 kHz: a third of the rate is enough, and a third of the work.
    t = np.arange(-(-round(seconds * RATE) // 3)) * 3 / RATE
    tone = np.zeros_like(t)
    for number, note in enumerate(notes):
        for voice, cents in enumerate((-5.0, 0.0, 6.0)):
            base = pitch(note + cents / 100)
            drift = 0.7 * np.sin(2 * np.pi * (0.11 + 0.05 * voice) * t + phase + number)
            # Partials are powers of the first: each turns the one before it by one more angle.
            first = np.exp(1j * (2 * np.pi * base * t + drift + phase))
            turned = np.full(len(t), np.exp(1j * (phase * voice + number)))
            for k in range(1, 13):
                if base * k > 5000:
                    break
                turned *= first
                tone += k**-1.45 * turned.imag
    full = np.asarray(resample_poly(tone, 3, 1), np.float64)
    return _shape(0.11 * velocity * full, min(0.7, seconds * 0.35), min(0.8, seconds * 0.4))


def bass(note: float, seconds: float, velocity: float) -> Tone:
    """A round bass: sine with a little of its octave, so that small speakers carry it."""
    t = _time(seconds)
    base = pitch(note)
    tone = np.sin(2 * np.pi * base * t) + 0.32 * np.sin(4 * np.pi * base * t) + 0.12 * np.sin(6 * np.pi * base * t)
    tone = np.tanh(1.3 * tone) * np.exp(-t / 1.1)
    return _shape(0.6 * velocity * tone, 0.006, min(0.09, seconds / 3))


def kick(velocity: float) -> Tone:
    """A soft drum: a sine that falls from 120 to 46 Hz."""
    t = _time(0.32)
    sweep = 46 * t + (120 - 46) * 0.028 * (1 - np.exp(-t / 0.028))
    return _shape(0.9 * velocity * np.sin(2 * np.pi * sweep) * np.exp(-t / 0.1), 0.002, 0.05)


@cache
def _band(low: float, high: float) -> Tone:
    return np.asarray(butter(2, (low, high), "bandpass", fs=RATE, output="sos"))


def _noise(seconds: float, low: float, high: float, rng: np.random.Generator) -> Tone:
    return np.asarray(sosfilt(_band(low, high), rng.standard_normal(round(seconds * RATE))), np.float64)


def shaker(velocity: float, rng: np.random.Generator) -> Tone:
    """A shaker: a breath of high noise."""
    tone = _noise(0.11, 5200, 11500, rng)
    t = np.arange(len(tone)) / RATE
    return _shape(0.42 * velocity * tone * np.minimum(1, t / 0.018) * np.exp(-t / 0.03), 0.004, 0.02)


def snap(velocity: float, rng: np.random.Generator) -> Tone:
    """Fingers: two short strokes of noise in the middle."""
    tone = _noise(0.16, 1100, 3800, rng)
    t = np.arange(len(tone)) / RATE
    shape = np.exp(-t / 0.012) + 0.7 * np.exp(-np.abs(t - 0.013) / 0.006) * (t > 0.006) + 0.12 * np.exp(-t / 0.05)
    return _shape(0.5 * velocity * tone * shape, 0.001, 0.03)


def swell(seconds: float, velocity: float, rng: np.random.Generator) -> Tone:
    """A cymbal that rises into what comes: noise that opens up, ending on the stroke."""
    tone = _noise(seconds, 3000, 12000, rng)
    t = np.arange(len(tone)) / RATE / seconds
    return _shape(0.16 * velocity * tone * t**2.6, 0.05, 0.05)
