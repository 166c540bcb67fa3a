"""Where long words may be hyphenated: Liang's algorithm over the patterns of `templates/hyphens`, by language.

Only words that fit no line otherwise are hyphenated, so that a headline keeps its words whole wherever it can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from creative.resources import templates
from creative.scripts import subtags

_LONG = 9
"""Shorter words are never hyphenated; nor are fewer letters than these left before a hyphen, or carried over."""
_BEFORE, _AFTER = 3, 3


@lru_cache(4096)
def hyphenated(word: str, locale: str) -> tuple[str, ...]:
    """The parts of a word (letters only) between which it may be hyphenated; the word alone if it may not."""
    patterns = _patterns(subtags(locale)[0])
    if not patterns or len(word) < _LONG or word.isupper():
        return (word,)
    marked = f".{word.lower()}."
    if len(marked) != len(word) + 2:  # a letter that is two in lower case
        return (word,)
    points = [0] * (len(marked) + 1)
    longest = max(map(len, patterns))
    for first in range(len(marked)):
        for end in range(first + 1, min(len(marked), first + longest) + 1):
            for at, level in enumerate(patterns.get(marked[first:end], ())):
                points[first + at] = max(points[first + at], level)
    cuts = [at for at in range(_BEFORE, len(word) - _AFTER + 1) if points[at + 1] % 2]
    return tuple(word[first:end] for first, end in zip([0, *cuts], [*cuts, len(word)], strict=True))


@cache
def _patterns(language: str) -> Mapping[str, tuple[int, ...]]:
    """Letters of each pattern, with the levels before, between and after them; none for other languages."""
    path = templates() / "hyphens" / f"{language}.txt"
    if not language.isalpha() or not path.is_file():
        return {}
    made = {}
    for pattern in path.read_text("utf-8").split():
        letters = re.sub(r"\d", "", pattern)
        made[letters] = tuple(int(level or 0) for level in re.split(r"\D", pattern))
    return made
