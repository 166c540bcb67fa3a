"""Long texts: cut where a speaker would breathe, said piece by piece, joined at even loudness with natural pauses.

Neural readers lose the thread of long texts: they repeat, mumble, or stop. `MOST` characters at once is what XTTS and
pocket-tts are made for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from creative.segments import pieces as words_of
from creative.unspaced import LANGUAGES as UNSPACED
from workers.sound.wav import Samples, fade
from workers.speech.reading import PAD, Span, loudness_curve

MOST = 280  # characters
_SENTENCE, _CLAUSE = ".!?…。｡．！？।॥؟۔", ",;:–—、､，：；،؛"  # of Latin, Chinese, Japanese, Hindi, Arabic, Urdu, Greek
_CLOSING = "»«›‹”“’‘\"')]}」』）】〉》〕｣ "
_PAUSES = {"sentence": 0.32, "clause": 0.16, "word": 0.05}  # seconds of silence between two pieces
_EVEN_DB = 6.0  # how far a piece may be moved to sound as loud as the others


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said in one go. `parts`: phrases, or parts of long ones; `phrases`: the number of each part's phrase;
    `ends`: sentence, clause or word, which says how long the pause after it is."""

    parts: tuple[str, ...]
    phrases: tuple[int, ...]
    ends: str
    glue: str

    @property
    def text(self) -> str:
        """What the model is given."""
        return self.glue.join(self.parts).strip()


def cut(phrases: Sequence[str], locale: str, most: int = MOST) -> list[Piece]:
    """The phrases in pieces of at most `most` characters: at the ends of sentences, else of clauses, else between words.

    A word that is longer than `most` stays whole: no reader can say half of it.
    """
    glue = "" if locale.partition("-")[0] in UNSPACED else " "
    parts = [(part, number) for number, phrase in enumerate(phrases) for part in _parts(phrase, locale, most)]
    groups: list[list[tuple[str, int]]] = []
    for sentence in _grouped(parts, "sentence"):
        if _length(sentence, glue) <= most:
            groups.append(sentence)
            continue
        for clause in _grouped(sentence, "clause"):
            groups += [clause] if _length(clause, glue) <= most else [[part] for part in clause]
    joined: list[list[tuple[str, int]]] = []
    for group in groups:
        # A sentence is begun anew rather than cut: only what belongs to one sentence, or fits whole, is said together.
        if joined and _length(joined[-1], glue) + len(glue) + _length(group, glue) <= most:
            joined[-1] = [*joined[-1], *group]
        else:
            joined.append(group)
    return [
        Piece(tuple(part for part, _ in group), tuple(number for _, number in group), _end(group[-1][0]), glue)
        for group in joined
    ]


def _length(group: Sequence[tuple[str, int]], glue: str) -> int:
    return sum(len(part) for part, _ in group) + len(glue) * (len(group) - 1)


def _end(text: str) -> str:
    bare = text.rstrip(_CLOSING)[-1:]
    if bare and bare in _SENTENCE:
        return "sentence"
    # Thai has no signs: a space is where its reader breathes.
    return "clause" if bare and (bare in _CLAUSE or (text.endswith(" ") and "\u0e00" <= bare <= "\u0e7f")) else "word"


def _grouped(parts: Sequence[tuple[str, int]], end: str) -> list[list[tuple[str, int]]]:
    """Neighbours together until one ends so (the end of a sentence is the end of a clause too)."""
    groups: list[list[tuple[str, int]]] = [[]]
    for part in parts:
        groups[-1].append(part)
        if _end(part[0]) in ("sentence", end):
            groups.append([])
    return [group for group in groups if group]


def _parts(phrase: str, locale: str, most: int) -> list[str]:
    """A phrase, or its parts of at most `most` characters: its sentences, of longer ones the clauses, of longer ones runs of
    words, as long as one another. Where a language glues parts without a space, one that was there stays at a part's end."""
    if len(phrase) <= most:
        return [phrase]
    words = [word + (" " if follows == " " else "") for word, follows in words_of(phrase, locale, fine=True)]
    parts: list[str] = []
    for sentence in _runs(words, "sentence"):
        whole = len("".join(sentence).strip()) <= most
        for clause in [sentence] if whole else _runs(sentence, "clause"):
            parts += _even(clause, most)
    keep = locale.partition("-")[0] in UNSPACED
    return [part if keep else part.strip() for part in parts if part.strip()]


def _runs(words: Sequence[str], end: str) -> list[list[str]]:
    """Words together until one ends so."""
    runs: list[list[str]] = [[]]
    for word in words:
        runs[-1].append(word)
        if _end(word) in ("sentence", end):
            runs.append([])
    return [run for run in runs if run]


def _even(words: Sequence[str], most: int) -> list[str]:
    """Words in runs of at most `most` characters, the last not much shorter than the others."""
    length = len("".join(words).strip())
    room = min(most, -(-length // -(-length // most)) + max(map(len, words)) // 2) if length > most else most
    made = [""]
    for word in words:
        if made[-1] and len((made[-1] + word).strip()) > room:
            made.append("")
        made[-1] += word
    return made


def join(sounds: Sequence[Samples], rate: int, ends: Sequence[str]) -> tuple[Samples, list[Span]]:
    """All sounds in a row, as loud as one another, and where each of them is (seconds).

    `sounds` are trimmed, mono, with `PAD` of silence at both ends, which counts for the pause; each fades in and out, so
    that no seam clicks.
    """
    if len(sounds) == 1:
        return sounds[0], [(0.0, len(sounds[0]) / rate)]
    levels = [_level(sound, rate) for sound in sounds]
    middle = float(np.median(levels))
    row: list[Samples] = []
    spans: list[Span] = []
    at = 0
    for number, (sound, level) in enumerate(zip(sounds, levels, strict=True)):
        if number:
            gap = np.zeros(max(0, round((_PAUSES[ends[number - 1]] - 2 * PAD) * rate)), np.float32)
            row.append(gap)
            at += len(gap)
        move = float(np.clip(middle - level, -_EVEN_DB, _EVEN_DB))
        row.append(fade(sound * np.float32(10 ** (move / 20)), rate, 6, 8))
        spans.append((at / rate, (at + len(sound)) / rate))
        at += len(sound)
    return np.concatenate(row), spans


def _level(sound: Samples, rate: int) -> float:
    """How loud its voice is, in dB: the mean power of what is within 20 dB of its loudest 5 ms."""
    curve = loudness_curve(sound, rate)
    loud = curve[curve > curve.max(initial=0.0) / 10]
    return float(10 * np.log10(np.mean(loud**2))) if len(loud) else -120.0
