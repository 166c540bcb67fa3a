"""The score of a bed: a form with a beginning, a body that grows and varies, a cadence, and a last chord that rings out.

Tempo and last ring are bent a little so that the last chord falls on a beat: music that ends with the spot. What a seed
chooses: key, tempo within 3%, progressions, who plays, figures, tune.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from workers.sound.moods import CHORDS, Chord, Mood
from workers.sound.players import Bar, Note, Parts, bass_line, comping, drums, ending, pad, sing

__all__ = ["Form", "Note", "form_of", "ring_seconds", "score"]

_RING_SLACK = (0.82, 1.3)  # of the ring that is aimed at
_TEMPO_SLACK = 0.09


@dataclass(frozen=True, slots=True)
class Form:
    """The time of a bed: `beats` of `beat` seconds each, `bars` by their length in beats; then the last chord."""

    beat: float
    bars: tuple[int, ...]

    @property
    def strike(self) -> float:
        """When the last chord is struck, in seconds."""
        return self.beat * sum(self.bars)


def ring_seconds(seconds: float) -> float:
    """How long before the end the last chord is struck, about."""
    return min(2.6, max(0.95, 0.075 * seconds + 0.85))


def form_of(mood: Mood, seconds: float, tempo: float) -> Form:
    """Whole bars if they fit, half bars or single beats in short spots; tempo and ring are bent as little as may be."""
    aim = ring_seconds(seconds)
    best: tuple[float, Form] | None = None
    middle = (seconds - aim) * tempo / 60
    for beats in range(max(1, int(middle * 0.8)), int(middle * 1.2) + 3):
        for ring in np.linspace(_RING_SLACK[0] * aim, _RING_SLACK[1] * aim, 13):
            beat = (seconds - float(ring)) / beats
            off = abs(60 / beat / tempo - 1)
            odd = beats % mood.metre
            # A half bar before the cadence is common; an odd beat is noticed, most where there are few bars to lean on.
            uneven = 0.0 if odd == 0 else 0.03 if odd * 2 == mood.metre else 0.09
            far = abs(float(ring) / aim - 1)
            cost = off + 0.15 * far + uneven + (1.0 if off > _TEMPO_SLACK else 0.0)
            if best is None or cost < best[0] - 1e-9:
                best = (cost, Form(beat, _bars(beats, mood.metre)))
    assert best is not None
    return best[1]


def _bars(beats: int, metre: int) -> tuple[int, ...]:
    """Bars of that many beats; what is left over makes the last but one short. In a short spot chords change twice a bar."""
    if beats < 3 * metre:
        half = max(1, metre // 2) if metre % 2 == 0 else metre
        whole, left = divmod(beats, half)
        if whole == 0:
            return (beats,)
        return (*(half for _ in range(whole - 1)), half + left)
    whole, left = divmod(beats, metre)
    bars = [metre] * whole
    return tuple([*bars[:-1], left, bars[-1]] if left else bars)


def score(mood: Mood, seconds: float, rng: np.random.Generator) -> tuple[list[Note], Form]:
    """All notes of a bed of that length, and its form. The first sounds at once."""
    form = form_of(mood, seconds, mood.tempo * (1 + float(rng.uniform(-0.03, 0.03))))
    tonic = int(rng.choice(mood.tonics))
    names = _harmony(mood, len(form.bars), rng)
    parts = Parts.drawn(mood, tonic, form.beat, rng)
    notes: list[Note] = []
    voicing: tuple[int, ...] = ()
    at = 0.0
    last = len(form.bars) - 1
    for number, (name, beats) in enumerate(zip(names, form.bars, strict=True)):
        chord = CHORDS[name]
        voicing = lead_voices(chord, tonic, voicing)
        bar = Bar(at, beats, chord, voicing, number, _energy(mood, number, last + 1), number == last)
        notes += _play(mood, parts, bar, last + 1, rng)
        at += beats * form.beat
    close = lead_voices(CHORDS[mood.last], tonic, voicing)
    notes += ending(mood, parts, CHORDS[mood.last], close, form.strike, seconds)
    return notes, form


def _play(mood: Mood, parts: Parts, bar: Bar, count: int, rng: np.random.Generator) -> Iterator[Note]:
    """One bar of everybody who plays in it: the beginning is thin, the middle drops the drums once, the end has all."""
    intro = count >= 5 and bar.number == 0
    middle = count >= 12 and bar.number == count // 2
    yield from pad(mood, parts, bar)
    yield from comping(mood, parts, bar, rng)
    if not intro or mood.comp in {"waltz", "sixteenths"}:
        yield from bass_line(mood, parts, bar)
    if not intro and not middle:
        yield from drums(mood, parts, bar, rng)
    # The tune speaks in the first half of a phrase and leaves the second to the voice.
    if count < 5 or (not intro and bar.number % 4 in {1, 2, 3}) or bar.cadence:
        yield from sing(mood, parts, bar, rng)


def _energy(mood: Mood, number: int, count: int) -> float:
    """How loud a bar is played, 1 at the most: it grows to three quarters, and stays."""
    if count < 4:
        return 1.0
    grown = min(1.0, number / max(1.0, 0.7 * (count - 1)))
    return float(10 ** (mood.lift * (grown - 1) / 20))


def _harmony(mood: Mood, count: int, rng: np.random.Generator) -> list[str]:
    """`count` chords: the progression, a bridge where there is room for one, and a cadence before the last chord."""
    first = mood.progressions[int(rng.integers(len(mood.progressions)))]
    bridge = mood.bridges[int(rng.integers(len(mood.bridges)))]
    if count == 1:
        return [mood.cadence[1]]
    if count < 4:
        opening = "i" if mood.minor else next(name for name in ("Imaj7", "I", "Itriad") if name in _all(mood))
        return [opening, *mood.cadence][-count:] if count == 3 else [opening, mood.cadence[1]]
    names: list[str] = []
    while len(names) < count:
        # A A B A: the bridge is the third phrase of four.
        names += bridge if len(names) // 4 % 4 == 2 and count - len(names) > 4 else first
    names = names[:count]
    names[-2:] = mood.cadence
    if names[-3] == names[-2]:
        names[-3] = "i" if mood.minor else "vi7"
    return names


def _all(mood: Mood) -> set[str]:
    return {name for progression in (*mood.progressions, (mood.last,)) for name in progression}


def lead_voices(chord: Chord, tonic: int, before: tuple[int, ...]) -> tuple[int, ...]:
    """The chord's tones near the voicing before, around middle C: close or with one voice dropped, whichever moves least.

    Semitones side by side sound sour in a soft chord, seconds in a row thick: both cost.
    """
    tones = sorted({(tonic + tone) % 12 for tone in chord})
    options = []
    for low in range(53, 67):
        close: list[int] = []
        at = low
        while len(close) < len(tones):
            if at % 12 in tones and at % 12 not in {note % 12 for note in close}:
                close.append(at)
            at += 1
        dropped = sorted([*close[:-2], close[-2] - 12, close[-1]])
        for found in (close, dropped):
            if found[0] < 50 or found[-1] > 79:
                continue
            steps = [high - lower for lower, high in pairwise(found)]
            thick = 14 * steps.count(1) + 5 * sum(one <= 2 and two <= 2 for one, two in pairwise(steps))
            moved = sum(min(abs(note - old) for old in before) for note in found) if before else 0
            options.append((moved + 0.9 * abs(float(np.mean(found)) - 64.5) + thick, tuple(found)))
    return min(options)[1]
