"""Players: how each part of a bed goes, bar by bar. A hand is not a clock: some milliseconds early or late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workers.sound.moods import Chord, Mood

_FIGURES = 8  # eighths or sixteenths of a figure
_RHYTHMS: dict[int, tuple[tuple[tuple[float, float], ...], ...]] = {
    # (beat, length) of a tune's bar.
    4: (
        ((0, 1.5), (1.5, 0.5), (2, 2)), ((0.5, 0.5), (1, 1), (2, 1.5)), ((0, 1), (1, 0.5), (1.5, 1), (2.5, 1.5)),
        ((1, 0.5), (1.5, 0.5), (2, 2)), ((0, 0.75), (0.75, 0.75), (1.5, 1), (3, 1)),
    ),
    3: (((0, 2), (2, 1)), ((0, 1), (1, 1), (2, 1)), ((0, 1.5), (1.5, 0.5), (2, 1))),
}  # fmt: skip
_MAJOR, _MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
_SHORT = frozenset({"pizzicato", "marimba", "pluck", "block"})


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke: instrument, start in seconds, length, MIDI notes, velocity 0 to 1, place -1 (left) to 1."""

    who: str
    start: float
    seconds: float
    notes: tuple[float, ...]
    velocity: float
    place: float = 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One chord's time: start in seconds, beats, its tones, and how loud it is. `cadence`: the last chord comes next."""

    start: float
    beats: int
    chord: Chord
    voicing: tuple[int, ...]
    number: int
    energy: float
    cadence: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """What a seed has drawn for the whole bed."""

    tonic: int
    beat: float
    hand: str
    tune: str
    figure: tuple[int | None, ...]
    rhythms: tuple[tuple[tuple[float, float], ...], ...]
    contour: tuple[int, ...]
    strums: tuple[float, ...]
    side: float

    @classmethod
    def drawn(cls, mood: Mood, tonic: int, beat: float, rng: np.random.Generator) -> Parts:
        """Hands, figure and tune of one bed."""
        rhythms = _RHYTHMS[mood.metre]
        order = rng.permutation(len(rhythms))
        strums = ((0, 1.5, 2, 3.5), (0, 1, 2.5, 3), (0, 1.5, 2.5, 3.5))[int(rng.integers(3))]
        return cls(
            tonic, beat,
            str(rng.choice(mood.hands)), str(rng.choice(mood.melody)), _figure(0.72 if mood.comp == "sixteenths" else 0.62, rng),
            tuple(rhythms[int(one)] for one in order[:2]), tuple(int(one) for one in rng.integers(-2, 3, 16)),
            strums, float(rng.choice((-1, 1))),
        )  # fmt: skip


def _figure(density: float, rng: np.random.Generator) -> tuple[int | None, ...]:
    """A bar's figure: which chord tone on each step, or rest. Its second half answers the first."""
    sounds = [step == 0 or bool(rng.random() < density) for step in range(_FIGURES)]
    if sum(sounds) < 4:
        for step in rng.permutation(np.arange(1, _FIGURES))[:3]:
            sounds[int(step)] = True
    half: list[int | None] = []
    tone = int(rng.integers(1, 4))
    for sound in sounds:
        if sound:
            # A line, not a drone: always another tone, turned back at the ends of the hand.
            move = int(rng.choice((-1, 1, 1, 2, -2)))
            tone += move if 0 <= tone + move <= 4 else -move
        half.append(tone if sound else None)
    answer = [
        None if tone is None else (tone + 1) % 6 if step > _FIGURES // 2 else tone for step, tone in enumerate(half)
    ]
    return tuple(half + answer)


def _at(mood: Mood, parts: Parts, bar: Bar, beat: float) -> float:
    """Seconds of a beat of the bar; the second eighth of two comes late where the mood swings."""
    late = mood.swing * 0.5 if abs(beat % 1 - 0.5) < 1e-6 else 0.0
    return bar.start + (beat + late) * parts.beat


def _loose(rng: np.random.Generator, seconds: float = 0.004) -> float:
    return float(np.clip(rng.normal(0, seconds), -0.009, 0.012))


def pad(mood: Mood, parts: Parts, bar: Bar) -> Iterator[Note]:
    """The chord, held under all."""
    if mood.pad:
        yield Note("pad", bar.start, bar.beats * parts.beat + 0.5, bar.voicing, mood.pad * bar.energy)


def comping(mood: Mood, parts: Parts, bar: Bar, rng: np.random.Generator) -> Iterator[Note]:
    """Hands on the chord, in the mood's manner."""
    beat, span, loud, who = parts.beat, bar.beats * parts.beat, bar.energy, parts.hand
    ladder = [note + 12 * octave for octave in (0, 1) for note in bar.voicing]
    side = 0.42 * parts.side
    match mood.comp:
        case "held" | "arpeggio" | "sixteenths":
            steps = {"held": 2, "arpeggio": 2 if who != "bell" else 4, "sixteenths": 4}[mood.comp]
            if mood.comp == "held":
                yield Note(who, bar.start, span, bar.voicing, 0.42 * loud, -side / 2)
            for step in range(0 if mood.comp != "held" else 1, bar.beats * steps):
                tone = parts.figure[(step + 8 * (bar.number % 2)) % len(parts.figure)]
                if tone is None:
                    continue
                accent = 0.6 if step % steps == 0 else 0.44
                height = ladder[min(tone + (2 if mood.comp == "held" else 1), len(ladder) - 1)]
                velocity = (accent + 0.1 * float(rng.random())) * loud
                at = max(0.0, _at(mood, parts, bar, step / steps) + (_loose(rng) if step else 0.0))
                yield Note(
                    who,
                    at,
                    beat * (1.8 if mood.comp == "held" else 1.2),
                    (height,),
                    velocity,
                    side * (1 if step % 2 else -1),
                )
        case "eighths":
            for step in range(bar.beats * 2):
                top = bar.voicing if step % 4 == 0 else bar.voicing[1:]
                velocity = (0.5 if step % 4 == 0 else 0.34 + 0.04 * float(rng.random())) * loud
                yield Note(
                    who,
                    max(0.0, _at(mood, parts, bar, step / 2) + (_loose(rng) if step else 0)),
                    beat * 0.9,
                    top,
                    velocity,
                    -side,
                )
        case "stabs":
            for step in range(bar.beats):
                at = _at(mood, parts, bar, step + 0.5) + _loose(rng)
                yield Note(who, at, 0.3, bar.voicing[-3:], (0.5 if step % 2 else 0.42) * loud, side)
                if step % 2 == 0 and (bar.number % 2 or bar.start + step == 0):
                    yield Note(
                        who, _at(mood, parts, bar, step), 0.3, (ladder[min(4, len(ladder) - 1)],), 0.42 * loud, -side
                    )
        case "waltz":
            rising = [*bar.voicing, bar.voicing[0] + 12, bar.voicing[1] + 12]
            for step in range(bar.beats * 2):
                tone = rising[step] if step < len(rising) else rising[2 * len(rising) - 2 - step]
                velocity = (0.56 if step == 0 else 0.4) * loud
                yield Note(
                    who,
                    max(0.0, _at(mood, parts, bar, step / 2) + (_loose(rng) if step else 0)),
                    beat * 2,
                    (tone,),
                    velocity,
                    side * (step / 5 - 0.5) * 2,
                )
        case "strum":
            for number, stroke in enumerate(one for one in parts.strums if one < bar.beats):
                down = stroke % 1 == 0
                strings = bar.voicing if down else tuple(reversed(bar.voicing[1:]))
                for string, note in enumerate(strings):
                    at = (
                        _at(mood, parts, bar, stroke)
                        + string * (0.014 if down else 0.009)
                        + (_loose(rng) if number else 0)
                    )
                    yield Note(who, max(0.0, at), beat * 1.6, (note,), (0.5 if down else 0.36) * loud, side)


def bass_line(mood: Mood, parts: Parts, bar: Bar) -> Iterator[Note]:
    """The root and what goes with it."""
    how, who = mood.bass
    beat, loud = parts.beat, bar.energy
    root = parts.tonic + bar.chord[0] - 24
    while root > 48:
        root -= 12
    while root < 33:
        root += 12
    fifth = root + 7 if root + 7 <= 50 else root - 5
    strokes: list[tuple[float, float, int, float]] = []  # beat, length in beats, note, velocity
    match how:
        case "held":
            strokes = [(0, bar.beats * 0.96, root, 0.62)] + ([(2.5, 0.9, fifth, 0.36)] if bar.beats >= 4 else [])
        case "pulse":
            strokes = [(step / 2, 0.42, root, 0.62 if step % 2 == 0 else 0.46) for step in range(bar.beats * 2)]
        case "walk":
            tones = (root, fifth, root + 12 if root < 40 else root, fifth)
            strokes = [(step, 0.7, tones[step % 4], 0.58) for step in range(bar.beats)]
        case "two":
            strokes = [(step, 0.5, root if step % 4 == 0 else fifth, 0.6) for step in range(0, bar.beats, 2)]
        case "one":
            strokes = [(0, bar.beats * 0.95, root, 0.55)]
        case "syncopated":
            strokes = [
                (at, length, note, 0.6)
                for at, length, note in ((0, 0.9, root), (1.5, 0.4, root), (2.75, 0.9, fifth))
                if at < bar.beats
            ]
    for at, length, note, velocity in strokes:
        if at < bar.beats:
            yield Note(who, _at(mood, parts, bar, at), min(length, bar.beats - at) * beat, (note,), velocity * loud)


def drums(mood: Mood, parts: Parts, bar: Bar, rng: np.random.Generator) -> Iterator[Note]:
    """The bar's strokes; before the last chord its fill."""
    strokes = mood.kit.fill if bar.cadence and mood.kit.fill else mood.kit.strokes
    offset = mood.metre - bar.beats if bar.cadence else 0  # a short bar has the end of a fill
    places = {"shaker": -0.5, "hat": 0.42, "block": 0.45, "clap": 0.2, "snap": 0.25, "brush": -0.2, "tom": -0.3}
    for who, line in strokes.items():
        for beat, velocity in line:
            at = beat - offset
            if not 0 <= at < bar.beats:
                continue
            start = _at(mood, parts, bar, at) + (_loose(rng, 0.003) if who != "kick" and at else 0)
            varied = velocity * (0.9 + 0.2 * float(rng.random())) * bar.energy
            place = places.get(who, 0.0) + (0.12 * (beat % 2 - 0.5) if who == "tom" else 0)
            yield Note(who, max(0.0, start), 0.4, (), varied, place)


def sing(mood: Mood, parts: Parts, bar: Bar, rng: np.random.Generator) -> Iterator[Note]:
    """A tune above: one of two rhythms, chord tones on strong beats, steps between them; the cadence leads to the tonic."""
    scale = sorted((parts.tonic + tone) % 12 for tone in (_MINOR if mood.minor else _MAJOR))
    rhythm = parts.rhythms[0 if bar.number % 4 != 3 else 1]
    height = 74 + parts.contour[bar.number % 16]
    for index, (beat, length) in enumerate(rhythm):
        if beat >= bar.beats or (index and float(rng.random()) > mood.tune + 0.25):
            continue
        wanted = height + parts.contour[(bar.number % 4 * 4 + index) % 16]
        tones = {tone % 12 for tone in (parts.tonic + one for one in bar.chord)} if beat % 1 == 0 else set(scale)
        note = min((one for one in range(64, 86) if one % 12 in tones), key=lambda one: (abs(one - wanted), one))
        if mood.tune <= 0.5 and index > 2:
            break
        held = min(length, bar.beats - beat) * parts.beat
        height = note
        start = max(0.0, _at(mood, parts, bar, beat) + (_loose(rng) if beat else 0))
        yield Note(
            parts.tune,
            start,
            held * (0.7 if parts.tune in _SHORT else 1.05),
            (note,),
            0.5 * bar.energy,
            -0.36 * parts.side,
        )


def ending(
    mood: Mood, parts: Parts, chord: Chord, voicing: tuple[int, ...], strike: float, seconds: float
) -> Iterator[Note]:
    """The last chord, spread a little, over its root; a last word of the tune; then nothing but its ring."""
    left = seconds - strike
    root = parts.tonic + chord[0] - 24
    root += 12 if root < 33 else 0
    long = {"pizzicato": "harp", "pluck": "pluck"}.get(parts.hand, parts.hand)
    yield Note(mood.bass[1], strike, left, (root,), 0.6)
    yield Note("pad", max(0.0, strike - 0.2), left + 0.6, voicing, max(0.45, mood.pad * 1.05))
    spread = {"strum": 0.02, "waltz": 0.055, "held": 0.035, "sixteenths": 0.008}.get(mood.comp, 0.016)
    for index, note in enumerate((*voicing, voicing[0] + 12)):
        yield Note(long, strike + index * spread, left, (note,), 0.54, -0.2 + 0.12 * index)
    tonic = next(one for one in range(72, 90) if (one - parts.tonic) % 12 == 0)
    yield Note(parts.tune, strike, left * 0.8, (tonic,), 0.42, -0.2 * parts.side)
    if mood.kit.strokes:
        if "kick" in mood.kit.strokes or "tom" in mood.kit.strokes:
            yield Note("kick", strike, 0.4, (), 0.5)
        yield Note("cymbal", strike, min(2.2, left), (), 0.34, 0.15)
    if strike > 2 * parts.beat and (mood.lift >= 2 or "hat" in mood.kit.strokes):
        yield Note("swell", strike - 2 * parts.beat, 2 * parts.beat, (), 0.7, 0.1)
    if left > 1.5 and mood.comp in {"held", "strum", "waltz", "arpeggio"}:
        # A last word: the fifth, the third and the octave, softer and softer, into the ring.
        third = 3 if mood.minor else 4
        for index, note in enumerate((tonic - 5, tonic - 12 + third, tonic)):
            yield Note(
                long,
                strike + (0.75 + 0.5 * index) * min(parts.beat, 0.55),
                left,
                (note,),
                0.3 - 0.06 * index,
                0.25 * parts.side,
            )
