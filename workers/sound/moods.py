"""Moods: what sets one bed apart from another. One row a mood; `score` writes the notes, `players` say how parts go.

Chords are semitones above the tonic, the root first (it may be negative). Rhythms are in beats of a bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Chord = tuple[int, ...]
Strokes = tuple[tuple[float, float], ...]  # (beat of the bar, velocity)

CHORDS: Mapping[str, Chord] = {
    # Major: with the ninths and sevenths that keep a bed from sounding like a hymn.
    "I": (0, 4, 7, 14), "Imaj7": (0, 4, 7, 11), "Itriad": (0, 4, 7), "ii7": (2, 5, 9, 12), "iii7": (4, 7, 11, 14),
    "IV": (5, 9, 12, 19), "IVmaj7": (5, 9, 12, 16), "IVtriad": (5, 9, 12), "V": (7, 11, 14, 21), "V7": (7, 11, 14, 17),
    "Vsus": (7, 12, 14, 19), "Vtriad": (7, 11, 14), "vi7": (9, 12, 16, 19), "vi": (9, 12, 16, 23), "vitriad": (9, 12, 16),
    "VI7": (9, 13, 16, 19), "II7": (2, 6, 9, 12), "bVII": (10, 14, 17),
    # Minor: natural, with the fourth chord major for dorian and the fifth major for a cadence.
    "i": (0, 3, 7), "i9": (0, 3, 7, 14), "i7": (0, 3, 7, 10), "III": (3, 7, 10), "IIImaj7": (3, 7, 10, 14),
    "iv7": (5, 8, 12, 15), "IVdor": (5, 9, 12, 15), "v7": (7, 10, 14, 17), "VI": (8, 12, 15), "VImaj7": (8, 12, 15, 19),
    "VII": (10, 14, 17), "iiø": (2, 5, 8, 12),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kit:
    """Drums of a bar: strokes of each, and those of the last bar before the end."""

    strokes: Mapping[str, Strokes]
    fill: Mapping[str, Strokes]


@dataclass(frozen=True, slots=True)
class Mood:
    """How a bed of this mood is played."""

    tempo: float  # beats a minute, about
    metre: int  # beats of a bar
    minor: bool
    swing: float  # how much of an eighth the second of two comes late
    tonics: tuple[int, ...]  # MIDI notes around middle C
    progressions: tuple[tuple[str, ...], ...]
    bridges: tuple[tuple[str, ...], ...]
    cadence: tuple[str, str]  # before the dominant, and the dominant
    last: str  # the chord that everything ends on
    comp: str  # arpeggio, held, eighths, stabs, waltz, strum, sixteenths
    hands: tuple[str, ...]  # who may play it
    melody: tuple[str, ...]  # who may sing above it
    tune: float  # how much of the melody sounds, 0 to 1
    pad: float
    bass: tuple[str, str]  # how, who
    kit: Kit
    lift: float  # how much louder the body is than the beginning, in dB
    room: float  # seconds of reverberation
    wet: float
    tilt: float  # dB more above 3 kHz


_NONE = Kit({}, {})

MOODS: Mapping[str, Mood] = {
    "warm": Mood(
        84, 4, False, 0.10, (60, 62, 58),
        (("Imaj7", "vi7", "IVmaj7", "Vsus"), ("IVmaj7", "iii7", "ii7", "Vsus"), ("Imaj7", "IVmaj7", "vi7", "Vsus")),
        (("vi7", "iii7", "IVmaj7", "I"), ("ii7", "Vsus", "Imaj7", "vi7")), ("ii7", "Vsus"), "I",
        "strum", ("guitar", "guitar"), ("keys", "piano"), 0.5, 0.5, ("held", "upright"),
        Kit({"kick": ((0, 0.5), (2.5, 0.32)), "brush": ((1, 0.42), (3, 0.46)), "shaker": ((0.5, 0.3), (1.5, 0.3), (2.5, 0.3), (3.5, 0.34))},
            {"brush": ((1, 0.42), (2, 0.36), (2.5, 0.4), (3, 0.46), (3.5, 0.5)), "kick": ((0, 0.5),)}),
        2.0, 1.4, 0.17, 4.0,
    ),
    "bright": Mood(
        112, 4, False, 0.0, (60, 62, 65),
        (("I", "V", "vi7", "IV"), ("I", "IV", "vi7", "V"), ("IV", "V", "I", "vi7")),
        (("vi7", "IV", "I", "V"), ("ii7", "IV", "I", "V")), ("IV", "V"), "Itriad",
        "arpeggio", ("marimba", "marimba"), ("whistle", "pluck"), 0.6, 0.2, ("walk", "upright"),
        Kit({"kick": ((0, 0.55), (2, 0.5)), "clap": ((1, 0.36), (3, 0.4)),
             "shaker": ((0, 0.3), (0.5, 0.46), (1, 0.3), (1.5, 0.46), (2, 0.3), (2.5, 0.46), (3, 0.3), (3.5, 0.5))},
            {"clap": ((1, 0.36), (2, 0.34), (3, 0.4), (3.5, 0.44)), "kick": ((0, 0.55), (2, 0.5))}),
        1.5, 1.2, 0.2, 5.0,
    ),
    "calm": Mood(
        66, 4, False, 0.0, (60, 57, 62),
        (("Imaj7", "IVmaj7", "vi7", "IVmaj7"), ("vi7", "IVmaj7", "Imaj7", "Vsus"), ("Imaj7", "iii7", "IVmaj7", "Vsus")),
        (("IVmaj7", "Imaj7", "ii7", "Vsus"), ("vi7", "iii7", "IVmaj7", "Vsus")), ("IVmaj7", "Vsus"), "Imaj7",
        "held", ("piano", "piano"), ("piano", "keys"), 0.4, 0.9, ("held", "bass"), _NONE, 1.5, 2.6, 0.32, 6.0,
    ),
    "driving": Mood(
        124, 4, False, 0.0, (57, 59, 60),
        (("vi", "IV", "I", "V"), ("I", "vi", "IV", "V"), ("IV", "I", "V", "vi")),
        (("IV", "V", "vi", "I"), ("ii7", "vi", "IV", "V")), ("IV", "V"), "I",
        "sixteenths", ("pluck", "pluck"), ("lead", "keys"), 0.45, 0.45, ("pulse", "synth"),
        Kit({"kick": ((0, 0.66), (1, 0.62), (2, 0.66), (3, 0.62)), "snare": ((1, 0.42), (3, 0.46)),
             "hat": ((0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.55))},
            {"kick": ((0, 0.66), (1, 0.62)), "snare": ((1, 0.4), (2, 0.4), (2.5, 0.45), (3, 0.5), (3.25, 0.5), (3.5, 0.56), (3.75, 0.6))}),
        2.5, 1.1, 0.16, 4.0,
    ),
    "playful": Mood(
        104, 4, False, 0.28, (60, 62, 65),
        (("Itriad", "VI7", "ii7", "V7"), ("Itriad", "Itriad", "II7", "V7"), ("Itriad", "IVtriad", "Itriad", "V7")),
        (("IVtriad", "Itriad", "II7", "V7"), ("vitriad", "II7", "ii7", "V7")), ("ii7", "V7"), "Itriad",
        "stabs", ("pizzicato", "pizzicato"), ("pizzicato", "clarinet"), 0.8, 0.0, ("two", "upright"),
        Kit({"block": ((0.5, 0.3), (1.5, 0.3), (2.5, 0.3), (3.5, 0.34)), "brush": ((1, 0.34), (3, 0.36)), "kick": ((0, 0.34), (2, 0.3))},
            {"block": ((0, 0.36), (0.5, 0.3), (1, 0.34), (1.5, 0.34), (2, 0.4)), "brush": ((3, 0.4),)}),
        1.0, 1.0, 0.2, 6.0,
    ),
    "elegant": Mood(
        88, 3, True, 0.0, (57, 60, 55),
        (("i", "VImaj7", "iv7", "V7"), ("i", "VII", "VImaj7", "V7"), ("i9", "iv7", "VII", "IIImaj7")),
        (("IIImaj7", "VII", "iv7", "V7"), ("VImaj7", "III", "iv7", "V7")), ("iv7", "V7"), "i9",
        "waltz", ("harp", "harp"), ("cello", "piano"), 0.6, 0.65, ("one", "bass"),
        Kit({"hat": ((1, 0.16), (2, 0.18))}, {}), 2.5, 2.2, 0.26, 3.0,
    ),
    "hopeful": Mood(
        76, 4, False, 0.0, (58, 60, 63),
        (("Itriad", "Vtriad", "vitriad", "IVtriad"), ("IVtriad", "Itriad", "Vtriad", "vitriad"), ("vitriad", "IVtriad", "Itriad", "Vsus")),
        (("ii7", "vitriad", "IVtriad", "Vsus"), ("IVtriad", "Vtriad", "vitriad", "iii7")), ("IVtriad", "Vsus"), "Itriad",
        "eighths", ("piano", "piano"), ("strings", "bell"), 0.5, 1.0, ("held", "bass"),
        Kit({"tom": ((0, 0.5), (1.75, 0.26), (2.5, 0.36)), "snare": ((3, 0.26),)},
            {"tom": ((0, 0.5), (1, 0.4), (2, 0.45), (2.5, 0.5), (3, 0.55), (3.5, 0.6))}),
        5.0, 2.2, 0.25, 3.0,
    ),
    "focused": Mood(
        116, 4, True, 0.0, (57, 59, 62),
        (("i7", "IVdor", "i7", "VImaj7"), ("i9", "v7", "VImaj7", "IVdor"), ("VImaj7", "v7", "i9", "i7")),
        (("VImaj7", "VII", "i9", "v7"), ("iv7", "v7", "VImaj7", "VII")), ("VImaj7", "VII"), "i9",
        "arpeggio", ("bell", "bell"), ("lead", "bell"), 0.3, 0.6, ("syncopated", "synth"),
        Kit({"kick": ((0, 0.55), (1.5, 0.4), (2.75, 0.36)), "snap": ((1, 0.34), (3, 0.36)),
             "hat": ((0, 0.26), (0.5, 0.4), (1, 0.26), (1.5, 0.4), (2, 0.26), (2.5, 0.4), (3, 0.26), (3.25, 0.22), (3.5, 0.42))},
            {"kick": ((0, 0.55),), "hat": tuple((step / 4, 0.22 + 0.02 * step) for step in range(8, 16)), "snap": ((1, 0.34), (3, 0.4))}),
        1.5, 1.6, 0.2, 4.0,
    ),
}  # fmt: skip
