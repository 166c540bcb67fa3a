"""Instruments, made of sines and noise: one note each, mono, at 48 kHz, starting and ending at zero.

Levels are about 1 at full velocity. Nothing here is random but what takes a generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


# -- struck and plucked ---------------------------------------------------------------------------


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
    bell_ = 0.22 * velocity * np.exp(-t / 0.16) * np.sin(2 * np.pi * base * 7.01 * t) * (base * 7 < 9000)
    body = np.sin(2 * np.pi * base * t + index * np.sin(2 * np.pi * base * t))
    decay = np.exp(-t / (0.9 + 1.6 * 2 ** (-(note - 48) / 18)))
    sway = 1 + 0.09 * np.sin(2 * np.pi * 4.6 * t)
    return _shape(0.5 * velocity * decay * sway * (body + bell_), 0.005, min(0.1, seconds / 3))


def _string(
    note: float, seconds: float, velocity: float, where: float, ring: float, dull: float, stiffness: float, top: float
) -> Tone:
    """A plucked string: partials by where it is plucked (0 to 0.5 of its length), the high ones dying by `dull`."""
    tone = np.zeros(max(2, round(seconds * RATE)))
    base = pitch(note)
    slow = ring * 2 ** (-(note - 55) / 20)
    for k in range(1, 31):
        frequency = base * k * np.sqrt(1 + stiffness * k * k)
        if frequency > top:
            break
        level = abs(np.sin(np.pi * k * where)) * k ** -(0.75 + 0.7 * (1 - velocity))
        # The finger is soft, and every partial leaves it a little later: no two begin in step.
        _add(tone, level, frequency, slow / (1 + dull * (k - 1) ** 1.3), 0.4 * k)
    return tone


def guitar(note: float, seconds: float, velocity: float) -> Tone:
    """A nylon guitar: plucked near the hole, a wooden body behind it."""
    tone = _string(note, seconds, velocity, 0.19, 1.1, 0.13, 0.00006, 8500)
    _add(tone, 0.5, 103.0, 0.05)
    _add(tone, 0.3, 208.0, 0.035)
    _add(tone, 0.12 * velocity, 2900.0, 0.004)  # the nail
    return _shape(0.5 * velocity * tone, 0.003, min(0.09, seconds / 3))


def harp(note: float, seconds: float, velocity: float) -> Tone:
    """A harp: plucked in the middle, long and round."""
    tone = _string(note, max(seconds, 0.3), velocity, 0.38, 1.5, 0.28, 0.00002, 7000)
    return _shape(0.6 * velocity * tone, 0.004, min(0.2, seconds / 3))


def pizzicato(note: float, seconds: float, velocity: float) -> Tone:
    """Strings, plucked: short, wooden."""
    tone = _string(note, min(seconds, 0.6), velocity, 0.23, 0.2, 0.2, 0.00004, 6000)
    _add(tone, 0.5, 275.0, 0.022)
    return _shape(0.72 * velocity * tone, 0.003, 0.06)


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


def bell(note: float, seconds: float, velocity: float) -> Tone:
    """Glass: a sine bent by another at no whole ratio, cool and clear."""
    t = _time(min(max(seconds, 0.3), 2.2))
    base = pitch(note)
    bend = (0.5 + 1.3 * velocity) * np.exp(-t / 0.22) * np.sin(2 * np.pi * base * 3.5 * t)
    tone = np.sin(2 * np.pi * base * t + bend) + 0.25 * np.exp(-t / 0.3) * np.sin(2 * np.pi * base * 2.0 * t)
    return _shape(0.5 * velocity * tone * np.exp(-t / 0.55), 0.003, 0.12)


# -- sung and bowed -------------------------------------------------------------------------------


def _sung(
    note: float, seconds: float, velocity: float, levels: Sequence[float], attack: float, vibrato: float, release: float
) -> Tone:
    """Held partials with a vibrato that comes in, and a swell in the middle."""
    t = _time(seconds + release)
    sway = vibrato * np.minimum(1, t / 0.5) ** 2 * np.sin(2 * np.pi * 5.3 * t)
    angle = 2 * np.pi * pitch(note) * (t + np.cumsum(sway) / RATE * 0.0578)
    tone = np.zeros_like(t)
    for k, level in enumerate(levels, start=1):
        if pitch(note) * k < 9000:
            tone += level * np.sin(k * angle)
    swell_ = 0.85 + 0.15 * np.sin(np.pi * np.minimum(1, t / max(0.2, seconds)))
    return _shape(velocity * tone * swell_, attack, min(release + 0.05, seconds * 0.6))


def whistle(note: float, seconds: float, velocity: float) -> Tone:
    """Somebody whistling."""
    return 0.34 * _sung(note, seconds, velocity, (1.0, 0.05, 0.02), 0.035, 0.12, 0.08)


def clarinet(note: float, seconds: float, velocity: float) -> Tone:
    """A clarinet, low: odd partials."""
    return 0.34 * _sung(
        note - 12, seconds, velocity, (1.0, 0.04, 0.55, 0.06, 0.3, 0.05, 0.14, 0.02, 0.07), 0.03, 0.03, 0.06
    )


def cello(note: float, seconds: float, velocity: float) -> Tone:
    """A cello, an octave below what is written: bowed, warm."""
    levels = [k**-1.15 * (0.8 if k in (3, 4) else 0.6 if k > 6 else 1) for k in range(1, 15)]
    return 0.22 * _sung(note - 12, seconds, velocity, levels, 0.09, 0.1, 0.18)


def strings(note: float, seconds: float, velocity: float) -> Tone:
    """Many violins, hardly together."""
    parts = [
        _sung(note + cents / 100, seconds, velocity, [k**-1.2 for k in range(1, 11)], 0.14, 0.07, 0.25)
        for cents in (-7, 0, 6)
    ]
    together: Tone = 0.12 * np.sum(parts, axis=0)
    return together


def lead(note: float, seconds: float, velocity: float) -> Tone:
    """A soft synthesiser: a filtered saw that opens and closes."""
    t = _time(seconds + 0.1)
    base = pitch(note)
    open_ = 2.2 + 3.2 * np.exp(-t / 0.25)
    tone = np.zeros_like(t)
    for cents in (-6.0, 6.0):
        own = base * 2 ** (cents / 1200)
        for k in range(1, 17):
            if own * k < 8000:
                tone += np.exp(-((k / (open_ * 1.6)) ** 2)) / k * np.sin(2 * np.pi * own * k * t + k)
    return _shape(0.24 * velocity * tone, 0.012, min(0.16, seconds * 0.5))


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


# -- basses ---------------------------------------------------------------------------------------


def bass(note: float, seconds: float, velocity: float) -> Tone:
    """A round bass: sine with a little of its octave, so that small speakers carry it."""
    t = _time(seconds)
    base = pitch(note)
    tone = np.sin(2 * np.pi * base * t) + 0.32 * np.sin(4 * np.pi * base * t) + 0.12 * np.sin(6 * np.pi * base * t)
    tone = np.tanh(1.3 * tone) * np.exp(-t / 1.1)
    return _shape(0.6 * velocity * tone, 0.006, min(0.09, seconds / 3))


def upright(note: float, seconds: float, velocity: float) -> Tone:
    """A double bass, plucked: a growl at the stroke, wood behind it."""
    tone = _string(note, seconds, velocity, 0.3, 0.5, 0.12, 0.00003, 2500)
    _add(tone, 0.4, 88.0, 0.06)
    return _shape(0.72 * velocity * np.tanh(tone), 0.005, min(0.1, seconds / 3))


def synth(note: float, seconds: float, velocity: float) -> Tone:
    """A synthesiser's bass: a square whose top closes."""
    t = _time(seconds)
    base = pitch(note)
    tone = np.zeros_like(t)
    for k in range(1, 12, 2):
        tone += np.exp(-((k / (1.6 + 4.5 * np.exp(-t / 0.09))) ** 2)) / k * np.sin(2 * np.pi * base * k * t)
    return _shape(0.62 * velocity * np.tanh(1.5 * tone), 0.004, min(0.06, seconds / 3))


# -- drums ----------------------------------------------------------------------------------------


def kick(velocity: float) -> Tone:
    """A soft drum: a sine that falls from 120 to 46 Hz."""
    t = _time(0.32)
    sweep = 46 * t + (120 - 46) * 0.028 * (1 - np.exp(-t / 0.028))
    return _shape(0.9 * velocity * np.sin(2 * np.pi * sweep) * np.exp(-t / 0.1), 0.002, 0.05)


def tom(velocity: float) -> Tone:
    """A large drum with a skin: a sine that falls from 150 to 78 Hz."""
    t = _time(0.6)
    sweep = 78 * t + (150 - 78) * 0.05 * (1 - np.exp(-t / 0.05))
    tone = np.sin(2 * np.pi * sweep) + 0.3 * np.sin(2 * np.pi * 1.6 * sweep) * np.exp(-t / 0.06)
    return _shape(0.7 * velocity * tone * np.exp(-t / 0.17), 0.002, 0.1)


def block(velocity: float) -> Tone:
    """A wooden block."""
    tone = np.zeros(round(0.14 * RATE))
    _add(tone, 1.0, 840.0, 0.018)
    _add(tone, 0.6, 1270.0, 0.011)
    return _shape(0.6 * velocity * tone, 0.001, 0.03)


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


def hat(velocity: float, rng: np.random.Generator) -> Tone:
    """Two small cymbals, shut: very high and very short."""
    tone = _noise(0.09, 7000, 14500, rng)
    t = np.arange(len(tone)) / RATE
    return _shape(0.4 * velocity * tone * np.exp(-t / 0.022), 0.001, 0.03)


def snap(velocity: float, rng: np.random.Generator) -> Tone:
    """Fingers: two short strokes of noise in the middle."""
    tone = _noise(0.16, 1100, 3800, rng)
    t = np.arange(len(tone)) / RATE
    shape = np.exp(-t / 0.012) + 0.7 * np.exp(-np.abs(t - 0.013) / 0.006) * (t > 0.006) + 0.12 * np.exp(-t / 0.05)
    return _shape(0.5 * velocity * tone * shape, 0.001, 0.03)


def clap(velocity: float, rng: np.random.Generator) -> Tone:
    """Some hands, not quite together, in a room."""
    tone = _noise(0.3, 900, 5200, rng)
    t = np.arange(len(tone)) / RATE
    shape = sum(level * np.exp(-(t - at) / 0.008) * (t >= at) for at, level in ((0.0, 0.7), (0.011, 0.8), (0.023, 1.0)))
    return _shape(0.42 * velocity * tone * (shape + 0.18 * np.exp(-t / 0.07)), 0.001, 0.06)


def snare(velocity: float, rng: np.random.Generator) -> Tone:
    """A snare drum: a skin and its wires."""
    tone = _noise(0.28, 1400, 9000, rng)
    t = np.arange(len(tone)) / RATE
    skin = np.sin(2 * np.pi * (185 * t + 2.2 * (1 - np.exp(-t / 0.02)))) * np.exp(-t / 0.06)
    return _shape(velocity * (0.4 * tone * np.exp(-t / 0.055) + 0.45 * skin), 0.001, 0.06)


def brush(velocity: float, rng: np.random.Generator) -> Tone:
    """A brush on a snare drum: a swish that ends in a tap."""
    tone = _noise(0.3, 1800, 10500, rng)
    t = np.arange(len(tone)) / RATE
    shape = 0.35 * np.minimum(1, t / 0.05) * np.exp(-np.maximum(0, t - 0.05) / 0.09) + np.exp(
        -np.abs(t - 0.012) / 0.012
    )
    return _shape(0.34 * velocity * tone * shape, 0.004, 0.08)


def cymbal(seconds: float, velocity: float, rng: np.random.Generator) -> Tone:
    """A cymbal that is struck and rings out."""
    tone = _noise(seconds, 3800, 13500, rng)
    t = np.arange(len(tone)) / RATE
    return _shape(
        0.2 * velocity * tone * (np.exp(-t / 0.05) + 0.5 * np.exp(-t / (seconds / 3.2))), 0.002, seconds * 0.5
    )


def swell(seconds: float, velocity: float, rng: np.random.Generator) -> Tone:
    """A cymbal that rises into what comes: noise that opens up, ending on the stroke."""
    tone = _noise(seconds, 3000, 12000, rng)
    t = np.arange(len(tone)) / RATE / seconds
    return _shape(0.16 * velocity * tone * t**2.6, 0.05, 0.05)


TUNED: Mapping[str, Callable[[float, float, float], Tone]] = {
    one.__name__: one
    for one in (
        piano, keys, guitar, harp, pizzicato, pluck, marimba, bell, whistle, clarinet, cello, strings, lead, bass, upright, synth
    )
}  # fmt: skip
"""Instruments with a pitch: (MIDI note, seconds, velocity)."""
DRUMS: Mapping[str, Callable[[float, np.random.Generator], Tone]] = {
    one.__name__: one for one in (shaker, hat, snap, clap, snare, brush)
}
STILL_DRUMS: Mapping[str, Callable[[float], Tone]] = {one.__name__: one for one in (kick, tom, block)}
LONG: Mapping[str, Callable[[float, float, np.random.Generator], Tone]] = {"cymbal": cymbal, "swell": swell}
