"""Bed: music in a mood that starts at once and ends with the spot. Played by `instruments` from a `score`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, fftconvolve, sosfilt

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused
from workers.backend import OneByOne
from workers.sound import instruments
from workers.sound.loudness import integrated, limit
from workers.sound.moods import MOODS, Mood
from workers.sound.score import Note, score
from workers.sound.wav import RATE, Samples, frames_of, wav_bytes

LEVEL = -20.0  # LUFS of a bed; the mix sets it against the voice
_SILENT_MS = 30  # at the very end, so that a coder has nothing to cut
# How much of each goes to the room, and its level among the others.
_SENT = {
    "bass": 0.05,
    "upright": 0.12,
    "synth": 0.03,
    "kick": 0.1,
    "pad": 0.8,
    "shaker": 0.5,
    "hat": 0.3,
    "swell": 0.8,
    "cymbal": 0.7,
}
_LEVELS = {
    "piano": 0.5, "keys": 0.42, "guitar": 0.5, "harp": 0.46, "pizzicato": 0.62, "pluck": 0.42, "marimba": 0.5, "bell": 0.34,
    "whistle": 0.34, "clarinet": 0.4, "cello": 0.62, "strings": 0.6, "lead": 0.34, "pad": 0.5, "bass": 0.5, "upright": 0.52,
    "synth": 0.36, "kick": 0.6, "tom": 0.7, "block": 0.5, "snap": 0.5, "clap": 0.46, "snare": 0.42, "brush": 0.55, "hat": 0.4,
    "shaker": 0.42, "cymbal": 0.6, "swell": 0.6,
}  # fmt: skip


class Bed(OneByOne):
    """Plays a bed in one of the moods of `workers.sound.moods`."""

    def make_one(self, task: Task) -> Made:
        """See kind `bed`. Raises StepRefused for a mood that it does not know."""
        mood = MOODS.get(task.params["mood"])
        if mood is None:
            raise StepRefused(f"there is no mood {task.params['mood']!r}: there is {', '.join(sorted(MOODS))}")
        if task.params["ms"] < 1000:
            raise StepRefused("a bed needs at least one second")
        music = play(mood, task.params["ms"], task.seed or 0)
        if not np.isfinite(music).all() or float(np.abs(music).max(initial=0.0)) < 0.01:
            raise AttemptRefused("the bed is silent")
        return Made({"audio": wav_bytes(music, RATE)}, {"mood": task.params["mood"]})


def play(mood: Mood, ms: int, seed: int) -> Samples:
    """A bed of exactly `ms`: (frames, 2) at 48 kHz, about `LEVEL` LUFS, ending in silence."""
    rng = np.random.default_rng([seed, ms])
    length = frames_of(ms)
    dry = np.zeros((length + RATE, 2))
    sent = np.zeros_like(dry)
    cache: dict[tuple[object, ...], npt.NDArray[np.float64]] = {}
    notes, form = score(mood, ms / 1000, rng)
    for note in notes:
        _lay(note, dry, sent, cache, rng)
    room = _room(mood.room)
    wet = np.stack([fftconvolve(sent[:, side], room[:, side])[: len(dry)] for side in (0, 1)], axis=1)
    music = (dry + mood.wet * wet)[:length]
    music = np.asarray(sosfilt(butter(2, 32, "highpass", fs=RATE, output="sos"), music, axis=0))
    music = _glue(_make_room_for_speech(music, mood.tilt))
    music *= _envelope(length, length - frames_of(round(form.strike * 1000)))[:, None]
    level = integrated(music.astype(np.float32), RATE)
    if not np.isfinite(level):
        raise AttemptRefused("the bed is silent")
    return limit((music * 10 ** ((LEVEL - level) / 20)).astype(np.float32), RATE, -3.0)


def _lay(
    note: Note, dry: npt.NDArray[np.float64], sent: npt.NDArray[np.float64],
    cache: dict[tuple[object, ...], npt.NDArray[np.float64]], rng: np.random.Generator,
) -> None:  # fmt: skip
    at = max(0, round(note.start * RATE))
    sides: list[npt.NDArray[np.float64]]
    if note.who == "pad":
        sides = [instruments.pad(note.notes, note.seconds, note.velocity, phase) for phase in (0.0, 1.9)]
    else:
        tone = _tone(note, cache, rng)
        angle = (note.place + 1) * np.pi / 4
        sides = [tone * np.cos(angle) * 1.2, tone * np.sin(angle) * 1.2]
    for side, tone in enumerate(sides):
        tone = tone[: len(dry) - at] * _LEVELS[note.who]
        dry[at : at + len(tone), side] += tone
        sent[at : at + len(tone), side] += tone * _SENT.get(note.who, 0.95)


def _tone(
    note: Note, cache: dict[tuple[object, ...], npt.NDArray[np.float64]], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    if note.who in instruments.STILL_DRUMS:
        return instruments.STILL_DRUMS[note.who](note.velocity)
    if note.who in instruments.DRUMS:
        return instruments.DRUMS[note.who](note.velocity, rng)
    if note.who in instruments.LONG:
        return instruments.LONG[note.who](note.seconds, note.velocity, rng)
    longest = round((note.seconds + 0.3) * RATE)
    total = np.zeros(longest)
    for pitch in note.notes:
        # Velocities in steps of 5%: notes come again, and are made once.
        velocity = round(note.velocity * 20) / 20
        named = (note.who, pitch, round(note.seconds, 3), velocity)
        if named not in cache:
            cache[named] = instruments.TUNED[note.who](pitch, note.seconds, velocity)
        tone = cache[named][: len(total)]
        total[: len(tone)] += tone
    return total


@lru_cache(maxsize=8)
def _room(seconds: float) -> npt.NDArray[np.float64]:
    """A room's answer: dense noise, different left and right, dying by 60 dB in `seconds`, darker as it dies."""
    rng = np.random.default_rng(20)
    t = np.arange(round(seconds * 1.1 * RATE)) / RATE
    noise = rng.standard_normal((len(t), 2))
    dark = np.asarray(sosfilt(butter(1, 1600, "lowpass", fs=RATE, output="sos"), noise, axis=0)) * 3.2
    bright = np.asarray(sosfilt(butter(1, 6500, "lowpass", fs=RATE, output="sos"), noise, axis=0))
    answer = bright * np.exp(-t / (seconds / 11))[:, None] + dark * np.exp(-t / (seconds / 6.9))[:, None]
    answer = np.asarray(sosfilt(butter(2, 180, "highpass", fs=RATE, output="sos"), answer, axis=0))
    answer *= np.minimum(1, t / 0.03)[:, None]
    silent = np.zeros((round(0.018 * RATE), 2))
    found: npt.NDArray[np.float64] = np.concatenate([silent, answer / np.sqrt((answer**2).sum(axis=0))])
    return found


def _make_room_for_speech(music: npt.NDArray[np.float64], tilt: float) -> npt.NDArray[np.float64]:
    """`tilt` dB more air above 3 kHz, and 2 dB less around 2 kHz, where consonants are."""
    band = np.asarray(sosfilt(butter(1, (1300, 3000), "bandpass", fs=RATE, output="sos"), music, axis=0))
    air = np.asarray(sosfilt(butter(1, 3200, "highpass", fs=RATE, output="sos"), music, axis=0))
    shaped: npt.NDArray[np.float64] = music - 0.2 * band + (10 ** (tilt / 20) - 1) * air
    return shaped


def _glue(music: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What a mix bus does: the loudest strokes give way by some dB, slowly, so that the parts sit together."""
    size = RATE // 200
    power = (np.pad(music, ((0, -len(music) % size), (0, 0))).reshape(-1, size, 2) ** 2).mean(axis=(1, 2))
    window = np.hanning(23) / np.hanning(23).sum()
    level = np.sqrt(np.convolve(np.pad(power, 11, mode="edge"), window, "valid"))
    middle = float(np.sqrt(power.mean())) or 1.0
    over = np.maximum(0.0, 20 * np.log10(np.maximum(level, 1e-9) / (1.25 * middle)))
    gain = 10 ** (-0.45 * over / 20)
    at = (np.arange(len(gain)) + 0.5) * size
    glued: npt.NDArray[np.float64] = music * np.interp(np.arange(len(music)), at, gain)[:, None]
    return glued


def _envelope(length: int, ring: int) -> npt.NDArray[np.float64]:
    """1, falling to silence over the last chord's `ring` frames, all gone `_SILENT_MS` before the end; no click at the start."""
    shape = np.ones(length)
    begin = round(0.004 * RATE)
    shape[:begin] = 0.5 - 0.5 * np.cos(np.pi * np.arange(begin) / begin)
    quiet = frames_of(_SILENT_MS)
    fall = min(length - quiet, round(0.62 * ring))
    shape[length - quiet - fall : length - quiet] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(fall) / fall)
    shape[length - quiet :] = 0.0
    return shape
