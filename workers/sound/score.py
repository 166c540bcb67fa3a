"""The score of a bed: a mood is a tempo, a key, progressions and who plays; a seed chooses among them.

The tempo is bent so that the last chord falls on a beat and has time to ring out: music that ends with the spot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Chord = tuple[int, ...]  # semitones above the tonic, the root first (may be negative)

# Chords in a major key, with the ninths and sevenths that keep a bed from sounding like a hymn.
_CHORDS: Mapping[str, Chord] = {
    "I": (0, 4, 7, 14), "Imaj7": (0, 4, 7, 11), "ii7": (2, 5, 9, 12), "iii7": (4, 7, 11, 14), "IV": (5, 9, 12, 19),
    "IVmaj7": (5, 9, 12, 16), "V": (7, 11, 14, 21), "Vsus": (7, 12, 14, 19), "vi7": (9, 12, 16, 19), "vi": (9, 12, 16, 23),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mood:
    """How a bed of this mood is played."""

    tempo: float  # beats a minute, about
    tonics: tuple[int, ...]  # MIDI notes around middle C
    progressions: tuple[tuple[str, ...], ...]
    lead: str  # piano, keys, pluck, marimba
    steps: int  # notes of the figure in a beat
    density: float  # share of the steps that sound
    pad: float
    bass: str  # held, pulse, walk, none
    kick: tuple[float, ...]  # beats of a bar of four
    snap: tuple[float, ...]
    shaker: float
    room: float  # seconds of reverberation
    wet: float


MOODS: Mapping[str, Mood] = {
    "warm": Mood(
        84, (60, 62, 58),
        (("Imaj7", "vi7", "IVmaj7", "Vsus"), ("IVmaj7", "iii7", "ii7", "Vsus"), ("Imaj7", "IVmaj7", "vi7", "Vsus")),
        "keys", 2, 0.66, 0.55, "held", (0, 2.5), (1, 3), 0.55, 1.5, 0.20,
    ),
    "bright": Mood(
        112, (60, 62, 65),
        (("I", "V", "vi7", "IV"), ("I", "IV", "vi7", "V"), ("IV", "V", "I", "vi7")),
        "marimba", 4, 0.5, 0.35, "walk", (0, 2), (1, 3), 0.9, 1.1, 0.15,
    ),
    "calm": Mood(
        66, (60, 57, 62),
        (("Imaj7", "IVmaj7", "vi7", "IVmaj7"), ("vi7", "IVmaj7", "Imaj7", "Vsus"), ("Imaj7", "iii7", "IVmaj7", "Vsus")),
        "piano", 2, 0.5, 0.9, "held", (), (), 0.0, 2.4, 0.30,
    ),
    "driving": Mood(
        122, (57, 59, 60),
        (("vi", "IV", "I", "V"), ("I", "vi", "IV", "V"), ("IV", "I", "V", "vi")),
        "pluck", 4, 0.72, 0.45, "pulse", (0, 1, 2, 3), (1, 3), 1.0, 1.0, 0.13,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke: instrument, start in seconds, length, MIDI notes, velocity 0 to 1, place -1 (left) to 1."""

    who: str
    start: float
    seconds: float
    notes: tuple[float, ...]
    velocity: float
    place: float = 0.0


def ring_seconds(seconds: float) -> float:
    """How long before the end the last chord is struck."""
    return min(1.9, max(0.95, 0.07 * seconds + 0.8))


def score(mood: Mood, seconds: float, rng: np.random.Generator) -> list[Note]:
    """All notes of a bed of that length. The first sounds at once; the last chord is struck `ring_seconds` before the end."""
    strike = max(0.3, seconds - ring_seconds(seconds))
    per_chord = 4 if strike * mood.tempo / 60 >= 14 else 2
    beats = max(1, round(strike * mood.tempo / 60 / per_chord)) * per_chord
    beat = strike / beats
    if not 0.72 <= mood.tempo * beat / 60 <= 1.38:  # very short spots: any whole number of beats
        beats = max(1, round(strike * mood.tempo / 60))
        beat = strike / beats
    tonic = int(rng.choice(mood.tonics))
    progression = mood.progressions[int(rng.integers(len(mood.progressions)))]
    count = -(-beats // per_chord)
    names = _harmony(progression, count)
    figure = _figure(mood, rng)
    notes: list[Note] = []
    voicing: tuple[int, ...] = ()
    for number, name in enumerate(names):
        chord = _CHORDS[name]
        voicing = _lead_voices(chord, tonic, voicing)
        start, length = number * per_chord * beat, min(per_chord, beats - number * per_chord)
        grown = 1.0 if count < 4 else 0.82 + 0.18 * min(1.0, number / (count - 1) * 1.6)
        notes += _play(mood, chord, voicing, tonic, start, beat, length, number, count, grown, figure, rng)
    notes += _ending(mood, tonic, _lead_voices(_CHORDS["I"], tonic, voicing), strike, seconds, beat)
    return notes


def _harmony(progression: tuple[str, ...], count: int) -> list[str]:
    """`count` chords that lead to the tonic: the progression over and over, its last chord a dominant, none twice in a row."""
    names = [progression[i % len(progression)] for i in range(count)]
    if count == 1:
        return [progression[0]]
    if count < 4:
        names[0] = "Imaj7" if "Imaj7" in progression else "I"
    names[-1] = "Vsus" if "Vsus" in progression else "V"
    if names[-2] in {"V", "Vsus"}:
        names[-2] = "ii7" if count < 3 or names[-3].startswith("IV") else "IV"
    return names


def _figure(mood: Mood, rng: np.random.Generator) -> list[int | None]:
    """A bar's figure: which chord tone on each step, or rest. Its second half answers the first."""
    steps = mood.steps * 2
    sounds = [step == 0 or bool(rng.random() < mood.density) for step in range(steps)]
    if sum(sounds) < 2 + steps // 4:
        for step in rng.permutation(np.arange(1, steps))[: 1 + steps // 4]:
            sounds[int(step)] = True
    half: list[int | None] = []
    tone = int(rng.integers(1, 4))
    for sound in sounds:
        if sound:
            # A line, not a drone: always another tone, turned back at the ends of the hand.
            move = int(rng.choice((-1, 1, 1, 2, -2)))
            tone += move if 0 <= tone + move <= 4 else -move
        half.append(tone if sound else None)
    answer = [None if tone is None else (tone + 1) % 6 if step > steps // 2 else tone for step, tone in enumerate(half)]
    return half + answer


def _lead_voices(chord: Chord, tonic: int, before: tuple[int, ...]) -> tuple[int, ...]:
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


def _play(
    mood: Mood, chord: Chord, voicing: tuple[int, ...], tonic: int, start: float, beat: float, length: int,
    number: int, count: int, grown: float, figure: list[int | None], rng: np.random.Generator,
) -> Iterator[Note]:  # fmt: skip
    """One chord's worth of everybody."""
    span = length * beat
    root = tonic + chord[0] - 24
    while root > 48:
        root -= 12
    while root < 33:
        root += 12
    full = number > 0 or count < 4
    yield Note("pad", start, span + 0.5, voicing, mood.pad * grown)

    # The lead: soft chord on one, then the figure above it.
    yield Note(mood.lead, start, span, voicing if mood.lead in {"keys", "piano"} else voicing[::2], 0.42 * grown, -0.15)
    ladder = [note + 12 * octave for octave in (0, 1) for note in voicing]
    for step in range(1, length * mood.steps):
        tone = figure[step % len(figure)]
        if tone is None:
            continue
        # The hand is not a clock: some milliseconds, more on weak steps.
        late = float(rng.normal(0, 0.004)) + (0.012 if mood.steps == 2 and step % 2 else 0)
        accent = 0.62 if step % mood.steps == 0 else 0.46
        note = ladder[min(tone + 2, len(ladder) - 1)]
        at = start + step * beat / mood.steps + max(-0.01, late)
        yield Note(
            mood.lead, at, beat * 1.8, (note,), (accent + 0.08 * float(rng.random())) * grown, 0.28 if step % 2 else 0.1
        )

    if mood.bass == "held":
        yield Note("bass", start, span * 0.96, (root,), 0.62 * grown)
        if length >= 4 and full:
            yield Note("bass", start + 2.5 * beat, 0.9 * beat, (root + 12 if root < 40 else root,), 0.36 * grown)
    elif mood.bass == "pulse":
        for eighth in range(length * 2):
            yield Note(
                "bass", start + eighth * beat / 2, beat * 0.42, (root,), (0.62 if eighth % 2 == 0 else 0.45) * grown
            )
    elif mood.bass == "walk":
        fifth = root + 7 if root + 7 <= 50 else root - 5
        for index in range(length):
            yield Note("bass", start + index * beat, beat * 0.7, (root if index % 2 == 0 else fifth,), 0.58 * grown)

    if not full:
        return
    for bar in range(0, length, 4):
        left = min(4, length - bar)
        for strokes, who, velocity in ((mood.kick, "kick", 0.55), (mood.snap, "snap", 0.34)):
            for at in strokes:
                if at < left:
                    yield Note(who, start + (bar + at) * beat, 0.4, (), velocity * grown, 0.12 if who == "snap" else 0)
    if mood.shaker:
        for eighth in range(length * 2):
            velocity = (0.5 if eighth % 2 else 0.3) * mood.shaker * (0.9 + 0.2 * float(rng.random()))
            yield Note(
                "shaker", start + eighth * beat / 2 + float(rng.normal(0, 0.003)), 0.1, (), velocity * grown, -0.35
            )


def _ending(
    mood: Mood, tonic: int, voicing: tuple[int, ...], strike: float, seconds: float, beat: float
) -> Iterator[Note]:
    """The last chord, spread a little, over its root; then nothing but its ring."""
    left = seconds - strike
    root = tonic - 24 if tonic - 24 >= 33 else tonic - 12
    yield Note("bass", strike, left, (root,), 0.6)
    yield Note("pad", max(0.0, strike - 0.25), left + 0.6, voicing, mood.pad * 1.1)
    spread = 0.016 if mood.steps == 4 else 0.03
    for index, note in enumerate((*voicing, voicing[0] + 12)):
        yield Note(mood.lead, strike + index * spread, left, (note,), 0.54, -0.2 + 0.12 * index)
    if mood.kick:
        yield Note("kick", strike, 0.4, (), 0.42)
    if strike > 2 * beat and mood.shaker:
        yield Note("swell", strike - 2 * beat, 2 * beat, (), 0.8, 0.1)
