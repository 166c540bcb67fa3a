"""Fit: the read in its time. Pauses give first, then the tempo within its limits; speech is never cut."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import butter, sosfilt

from creative.backends import Made, Task
from creative.canonical import canonical
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.stretch import stretch
from workers.sound.wav import RATE, Samples, fade, frames_of, mono, read_wav, resample, wav_bytes

LEAST_GAP, MOST_GAP = 0.6, 1.7  # of the gap asked for, before the tempo is touched
WORDS_PER_SECOND = 2.7  # an unhurried read; only to say how much to cut
_LEVEL_DB = 2.0  # most that a sentence is raised or lowered to sit with the others


class Fit(OneByOne):
    """Places sentences one after another in exactly `ms`.

    The first sentence starts at `lead_ms`, the last ends `tail_ms` before the end at the latest. Gaps are `gap_ms` on average; they
    shrink to 60% or grow to 170% of it before the tempo moves. The read is slowed only if that fills the time; otherwise
    the time that is left stays at the end.
    """

    def make_one(self, task: Task) -> Made:
        """See kind `fit`. Raises StepRefused for a read that is too long for its time."""
        params = task.params
        sentences = _sentences(task.inputs)
        room = (params["ms"] - params["lead_ms"] - params["tail_ms"]) / 1000
        lengths = [len(audio) / rate for rate, audio, _ in sentences]
        speed, gap = _pace(lengths, room, params["gap_ms"] / 1000, params["tempo_permille"], params["ms"])
        gaps = [*breaths(lengths, gap), 0.0]

        track = np.zeros(frames_of(params["ms"]), np.float32)
        times: list[dict[str, int]] = []
        at = frames_of(params["lead_ms"])
        gains = _levels([audio for _, audio, _ in sentences])
        for (rate, audio, spans), gain, pause in zip(sentences, gains, gaps, strict=True):
            sound = resample(stretch(audio, rate, speed), rate) * gain
            end = min(at + len(sound), len(track))  # only the rounding of single frames can reach the end
            track[at:end] += sound[: end - at]
            offset = at * 1000 / RATE
            for span in spans:
                times.append(
                    {name: min(round(offset + span[name] / speed), params["ms"]) for name in ("start_ms", "end_ms")}
                )
            at = end + round(pause * RATE)
        track += _room_tone(track, frames_of(params["lead_ms"]), at)
        peak = float(np.abs(track).max(initial=0.0))
        if peak > 0.98:
            track *= 0.98 / peak
        notes = {
            "tempo": f"{speed:.3f}",
            "gap_ms": round(gap * 1000),
            "left_ms": round((room - sum(lengths) / speed - gap * (len(sentences) - 1)) * 1000),
        }
        return Made({"audio": wav_bytes(track, RATE), "times": canonical(times)}, notes)


def _sentences(inputs: Mapping[str, Path]) -> list[tuple[int, Samples, list[Mapping[str, int]]]]:
    numbers = sorted(int(role.partition(".")[2]) for role in inputs if role.startswith("audio."))
    found = []
    for number in numbers:
        rate, samples = read_wav(inputs[f"audio.{number}"])
        spans: list[Any] = json.loads(inputs[f"times.{number}"].read_bytes())
        found.append((rate, mono(samples), spans))
    if not found:
        raise StepRefused("there is no sentence to fit")
    return found


def breaths(lengths: Sequence[float], gap: float) -> list[float]:
    """The pauses between sentences of those lengths, in seconds: `gap` on average, longer after a long sentence and before
    the last one, as somebody would breathe; none is under 70% of it."""
    if len(lengths) < 2:
        return []
    mean = sum(lengths) / len(lengths)
    weights = [max(0.75, min(1.3, 1 + 0.3 * (length - mean) / mean)) for length in lengths[:-1]]
    weights[-1] *= 1.12 if len(weights) > 1 else 1.0
    share = gap * len(weights) / sum(weights)
    return [share * weight for weight in weights]


def _room_tone(track: Samples, first: int, last: int) -> Samples:
    """The room between the sentences: the read's own noise, very soft, so that pauses are not dead; gone at both ends.

    As loud as the quietest of the read, between -80 and -66 dBFS; dull, as rooms are.
    """
    tone = np.zeros_like(track)
    last = min(len(track), last + frames_of(250))
    if last - first < 2 * frames_of(60):
        return tone
    size = frames_of(20)
    spoken = track[first:last]
    power = (spoken[: len(spoken) // size * size].reshape(-1, size).astype(np.float64) ** 2).mean(axis=1)
    heard = np.sqrt(power[power > 1e-10])
    floor = float(np.percentile(heard, 3)) if len(heard) else 0.0
    level = min(10 ** (-66 / 20), max(10 ** (-80 / 20), floor))
    noise = np.random.default_rng(7).standard_normal(last - first)
    dull = np.asarray(sosfilt(butter(1, (90, 1400), "bandpass", fs=RATE, output="sos"), noise), np.float64)
    tone[first:last] = fade((dull * (level / dull.std())).astype(np.float32), RATE, 60, 200)
    return tone


def _pace(lengths: Sequence[float], room: float, gap: float, limits: tuple[int, int], ms: int) -> tuple[float, float]:
    """Tempo (1 as read, more is faster) and mean gap in seconds."""
    spoken, gaps = sum(lengths), len(lengths) - 1
    slowest, fastest = limits[0] / 1000, limits[1] / 1000
    least, most = gap * LEAST_GAP, gap * MOST_GAP
    if spoken + gaps * least > room:
        speech_room = room - gaps * least
        needed = spoken / speech_room if speech_room > 0 else math.inf
        if needed > fastest:
            over = spoken / fastest + gaps * least - room
            words = max(1, math.ceil(over * fastest * WORDS_PER_SECOND))
            where = ""
            if gaps:
                longest = max(range(len(lengths)), key=lambda number: lengths[number])
                where = f"; sentence {longest + 1} of {gaps + 1} is the longest ({lengths[longest]:.1f} s)"
            raise StepRefused(
                f"the read is {max(over, 0.1):.1f} s too long for {ms / 1000:g} s: cut about {words} word{'s' if words > 1 else ''}{where}"
            )
        return needed, least
    wide = spoken + gaps * most
    if wide < room and spoken / slowest + gaps * most >= room and slowest < 1:
        return spoken / (room - gaps * most), most
    return 1.0, min(most, (room - spoken) / gaps) if gaps else gap


def _levels(sentences: list[Samples]) -> list[float]:
    """A gain for each sentence towards the median level of all."""
    levels = []
    for audio in sentences:
        loud = audio[np.abs(audio) > 0.05 * np.abs(audio).max(initial=1e-9)]
        levels.append(10 * math.log10(float((loud.astype(np.float64) ** 2).mean()) + 1e-12) if len(loud) else -120.0)
    middle = float(np.median(levels))
    return [10 ** (max(-_LEVEL_DB, min(_LEVEL_DB, middle - level)) / 20) for level in levels]
