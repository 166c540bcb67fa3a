"""Scripts: how a written sentence is said, and where it is cut for captions.

Written phrase i of a sentence is what the caption shows while spoken phrase i is heard: both are made from the same cut,
and no cut falls inside something that is said as one ("5.49", "14 October", "marlo.example", an entry of the lexicon).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from creative import unspaced
from creative.errors import UsageError
from creative.readings import Reading, readings

CAPTION = 42  # characters of a caption at most, where words allow it: a line at 5 % of a wide film, two of a narrow one

# Abbreviations with a point that do not end a sentence, in all five languages.
_ABBREVIATIONS = frozenset(
    (
        "approx",
        "bzw",
        "ca",
        "cf",
        "dr",
        "e.g",
        "ej",
        "evtl",
        "ggf",
        "i.e",
        "inkl",
        "max",
        "min",
        "mio",
        "mme",
        "mr",
        "mrs",
        "ms",
        "mt",
        "nr",
        "p.ex",
        "prof",
        "r.b",
        "sig",
        "sr",
        "sra",
        "st",
        "str",
        "tel",
        "vs",
        "z.b",
        "zzgl",
    )
)
_SENTENCE_END = re.compile(r"[.!?…؟۔।]+[\"'”’»“)\]]*(?=\s)|\n+")
_CLAUSE_END = re.compile(r"[,;:.!?…–—،؛؟、。！？：][\"'”’»“)\]]*$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: as written, as its caption phrases, and each phrase as it is said (as many of both)."""

    written: str
    phrases: tuple[str, ...]
    spoken: tuple[str, ...]


def spoken(text: str, locale: str, lexicon: Mapping[str, str] | None = None) -> str:
    """How `text` is said in `locale`: "Only £5.49" becomes "Only five pounds forty-nine".

    `lexicon` says things its own way, whole words as written, the longest first. Signs without a sound are left out.
    Raises UsageError for a language without spoken forms.
    """
    if locale.partition("-")[0].lower() == "ja":
        return unspaced.say(text, lexicon or {})
    return _say(text, readings(text, locale, lexicon or {}))


def phrases(text: str, locale: str) -> list[str]:
    """The caption phrases of a whole script, in order: at most `CAPTION` characters each, if the words allow it.

    Joined by single spaces (by nothing in a language without spaces) they are `text` again, but for its white space. A
    language without spoken forms is cut too.
    """
    return [phrase for sentence in _sentences(text, locale, {}) for phrase in sentence.phrases]


def script(text: str, locale: str, lexicon: Mapping[str, str] | None = None) -> tuple[Sentence, ...]:
    """A script's sentences, cut into caption phrases, each with its spoken form.

    A phrase without a sound (a lone dash) joins its neighbour, so that no phrase is silent.
    Raises UsageError for a language without spoken forms, and for a script without a word to say.
    """
    return _script(text, locale, tuple((lexicon or {}).items()))


# One script is said in many ads, and takes about a millisecond to read.
@lru_cache(maxsize=1024)
def _script(text: str, locale: str, entries: tuple[tuple[str, str], ...]) -> tuple[Sentence, ...]:
    lexicon = dict(entries)
    join = "" if unspaced.unspaced(locale) else " "
    made = []
    for sentence in _sentences(text, locale, lexicon):
        written: list[str] = []
        said: list[str] = []
        pending = ""
        for phrase in sentence.phrases:
            whole = f"{pending}{join}{phrase}".strip()
            words = spoken(whole, locale, lexicon)
            if any(sign.isalnum() for sign in words):
                written.append(whole)
                said.append(words)
                pending = ""
            elif written:
                written[-1] = f"{written[-1]}{join}{phrase}"
            else:
                pending = whole
        if written:
            made.append(Sentence(sentence.written, tuple(written), tuple(said)))
    if not made:
        raise UsageError("the script has no word to say")
    return tuple(made)


def seconds_needed(sentences: Sequence[Sentence], characters_per_second: float, gap_ms: int = 0) -> float:
    """How long a voice of that rate needs for the sentences, with a gap between two of them."""
    characters = sum(len(" ".join(sentence.spoken)) for sentence in sentences)
    return characters / characters_per_second + gap_ms / 1000 * max(0, len(sentences) - 1)


def words_to_cut(sentences: Sequence[Sentence], characters_per_second: float, ms: int, gap_ms: int = 0) -> int:
    """About how many words are too many for `ms`; 0 if the script fits."""
    over = seconds_needed(sentences, characters_per_second, gap_ms) - ms / 1000
    if over <= 0:
        return 0
    text = " ".join(phrase for sentence in sentences for phrase in sentence.spoken)
    words = max(1, len(text.split()))
    return min(words, math.ceil(over * characters_per_second / max(1.0, len(text) / words)))


# -- saying -------------------------------------------------------------------------------------


def _say(text: str, found: Iterable[Reading]) -> str:
    pieces: list[str] = []
    at = 0
    for reading in found:
        pieces.append(_plain(text[at : reading.start]))
        before = " " if reading.start and text[reading.start - 1].isalnum() else ""
        after = " " if reading.end < len(text) and text[reading.end].isalnum() else ""
        pieces.append(before + reading.said + after)
        at = reading.end
    pieces.append(_plain(text[at:]))
    said = " ".join("".join(pieces).split())
    said = re.sub(r"\s+([,.;:!?])", r"\1", said)
    said = re.sub(r"([,;:])(?:\s*[,;:])+", r"\1", said)
    said = re.sub(r"[,;:]+(?=[.!?])", "", said)
    return said.lstrip(" ,;:.!?").rstrip()


def _plain(text: str) -> str:
    """Text whose signs can be said: letters and the marks that shape the melody of a sentence."""
    text = re.sub(r"(?<=\s)[-–—]+(?=\s)|[–—]", ", ", text)
    text = re.sub(r"[()\[\]{}]", ", ", text).replace("…", ".")
    kept = []
    for sign in text:
        category = unicodedata.category(sign)
        if category[0] in "LMN" or sign in ",.;:!?'-’":
            kept.append("'" if sign == "’" else sign)
        elif category[0] == "Z" or category == "Cc" or sign in "/_\\|=+":
            kept.append(" ")
        # Quotation marks, emoji, trade marks, asterisks: no sound.
    return "".join(kept)


# -- cutting ------------------------------------------------------------------------------------


def _sentences(text: str, locale: str, lexicon: Mapping[str, str]) -> list[Sentence]:
    if unspaced.unspaced(locale):
        found = ((one, unspaced.words(one, locale, lexicon)) for one in unspaced.sentences(text))
        return [Sentence(one, tuple(_cut(words, "")), ()) for one, words in found if words]
    try:
        said = readings(text, locale, lexicon)
    except UsageError:
        said = []
    made = []
    for start, end in _bounds(text, said):
        tokens = _tokens(text, start, end, said)
        if tokens:
            made.append(Sentence(" ".join(tokens), tuple(_cut(tokens)), ()))
    return made


def _bounds(text: str, found: Sequence[Reading]) -> Iterable[tuple[int, int]]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if any(reading.start < match.end() - 1 and match.start() + 1 < reading.end for reading in found):
            continue
        if match[0] == "." and "\n" not in match[0]:
            word = text[start : match.start()].split()[-1:] or [""]
            following = text[match.end() :].lstrip()[:1]
            last = word[0].strip("(\"'„“«").casefold()
            initial = len(last) == 1 and last.isalpha()
            numbered = last in {"no", "nr", "n"} and following.isdecimal()
            if last in _ABBREVIATIONS or initial or numbered or following.islower():
                continue
        yield start, match.end()
        start = match.end()
    yield start, len(text)


def _tokens(text: str, start: int, end: int, found: Sequence[Reading]) -> list[str]:
    """The words of [start, end); what is said as one, or tied by a no-break space, is one word with single spaces."""
    glued = [
        reading
        for reading in found
        if reading.start >= start
        and reading.end <= end
        and any(sign.isspace() for sign in text[reading.start : reading.end])
    ]
    inside: set[int] = set()
    for reading in glued:
        inside.update(range(reading.start, reading.end))
    tokens: list[str] = []
    current: list[str] = []
    for at in range(start, end):
        sign = text[at]
        if sign.isspace() and at not in inside and sign not in "\u00a0\u202f":
            tokens.append("".join(current))
            current = []
        else:
            current.append(sign)
    tokens.append("".join(current))
    cleaned = (_single(token) for token in tokens)
    return _tie([token for token in cleaned if token])


def _single(token: str) -> str:
    return re.sub(r"[^\S\u00a0\u202f]+", " ", token).strip()


def _tie(tokens: Sequence[str]) -> list[str]:
    """Marks that stand alone stay with the word before: French "!", a dash."""
    tied: list[str] = []
    for token in tokens:
        if tied and not any(sign.isalnum() for sign in token):
            tied[-1] = f"{tied[-1]} {token}"
        else:
            tied.append(token)
    return tied


def _cut(tokens: Sequence[str], join: str = " ") -> list[str]:
    """Lines of at most `CAPTION` characters, broken where a reader would: after punctuation, else evenly.

    Least cost over all breaks; the cost of a line grows with its distance from an even share.
    """
    widths = [unspaced.display_width(token) for token in tokens]
    total = sum(widths) + len(join) * (len(tokens) - 1)
    share = total / max(1, math.ceil(total / CAPTION))
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(tokens) + 1):
        options = []
        length = -len(join)
        for start in range(end - 1, -1, -1):
            length += widths[start] + len(join)
            if length > CAPTION and start < end - 1:
                break
            cost = best[start][0] + 60 + 100 * (1 - length / share) ** 2 + (150 if length < 10 < total else 0)
            if end < len(tokens):
                last = tokens[end - 1]
                if not _CLAUSE_END.search(last):
                    # A line that ends in a short word ("the", "in", "der") leaves the reader hanging.
                    cost += 200 + (150 if join and len(last) <= 3 else 0)
                    # Nor is a clause begun behind another one and broken.
                    cost += 150 if any(_CLAUSE_END.search(token) for token in tokens[start : end - 1]) else 0
            options.append((cost, start))
        best.append(min(options))
    lines: list[str] = []
    end = len(tokens)
    while end:
        start = best[end][1]
        lines.append(join.join(tokens[start:end]))
        end = start
    return lines[::-1]
