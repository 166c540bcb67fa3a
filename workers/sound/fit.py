"""Fit: the read in its time. Pauses give first, then the tempo within its limits; speech is never cut."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from creative.backends import Made, Task
from creative.canonical import canonical
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.stretch import stretch
from workers.sound.wav import RATE, Samples, frames_of, mono, read_wav, resample, wav_bytes

LEAST_GAP, MOST_GAP = 0.6, 1.7  # of the gap asked for, before the tempo is touched
WORDS_PER_SECOND = 2.7  # an unhurried read; only to say how much to cut
_LEVEL_DB = 2.0  # most that a sentence is raised or lowered to sit with the others


class Fit(OneByOne):
    """Places sentences one after another in exactly `ms`.

    The first sentence starts at `lead_ms`, the last ends `tail_ms` before the end at the latest. Gaps are `gap_ms`; they
    shrink to 60% or grow to 170% of it before the tempo moves. The read is slowed only if that fills the time; otherwise
    the time that is left stays at the end.
    """

    def make_one(self, task: Task) -> Made:
        """See kind `fit`. Raises StepRefused for a read that is too long for its time."""
        params = task.params
        sentences = _sentences(task.inputs)
        room = (params["ms"] - params["lead_ms"] - params["tail_ms"]) / 1000
        spoken = sum(len(audio) / rate for rate, audio, _ in sentences)
        speed, gap = _pace(
            spoken, len(sentences) - 1, room, params["gap_ms"] / 1000, params["tempo_permille"], params["ms"]
        )

        track = np.zeros(frames_of(params["ms"]), np.float32)
        times: list[dict[str, int]] = []
        at = frames_of(params["lead_ms"])
        gains = _levels([audio for _, audio, _ in sentences])
        for (rate, audio, spans), gain in zip(sentences, gains, strict=True):
            sound = resample(stretch(audio, rate, speed), rate) * gain
            end = min(at + len(sound), len(track))  # only the rounding of single frames can reach the end
            track[at:end] += sound[: end - at]
            offset = at * 1000 / RATE
            for span in spans:
                times.append(
                    {name: min(round(offset + span[name] / speed), params["ms"]) for name in ("start_ms", "end_ms")}
                )
            at = end + round(gap * RATE)
        peak = float(np.abs(track).max(initial=0.0))
        if peak > 0.98:
            track *= 0.98 / peak
        notes = {
            "tempo": f"{speed:.3f}",
            "gap_ms": round(gap * 1000),
            "left_ms": round((room - spoken / speed - gap * (len(sentences) - 1)) * 1000),
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


def _pace(spoken: float, gaps: int, room: float, gap: float, limits: tuple[int, int], ms: int) -> tuple[float, float]:
    """Tempo (1 as read, more is faster) and gap in seconds."""
    slowest, fastest = limits[0] / 1000, limits[1] / 1000
    least, most = gap * LEAST_GAP, gap * MOST_GAP
    if spoken + gaps * least > room:
        speech_room = room - gaps * least
        needed = spoken / speech_room if speech_room > 0 else math.inf
        if needed > fastest:
            over = spoken / fastest + gaps * least - room
            words = max(1, math.ceil(over * fastest * WORDS_PER_SECOND))
            raise StepRefused(
                f"the read is {over:.1f} s too long for {ms / 1000:g} s: cut about {words} word{'s' if words > 1 else ''}"
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
