"""Where lines break: balanced, without a lone short word at the end, over widths that the caller measures.

Pure arithmetic, in ems: a line's width grows in proportion to its type size, so the widths are needed only once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SOFT_HYPHEN = "\u00ad"
_WIDOW_EM = 2.2
"""A last line narrower than this, under others, looks forgotten."""
_WEAK = 3
"""A word of at most so many letters, without punctuation, had better begin a line than end it."""


@dataclass(frozen=True, slots=True)
class Word:
    """What must stay together, and what follows it: a space, or a hyphen that shows only where the line breaks.

    Widths in ems. `closes`: it ends a sentence or clause, where a break reads well; `weak`: it should not end a line.
    """

    text: str
    width: float
    space: float = 0.0
    hyphen: float = 0.0
    closes: bool = False
    weak: bool = False


class Line(NamedTuple):
    """A line as it is set, and its width in ems."""

    text: str
    width: float


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """(what stays together, what follows it: " ", a soft hyphen or ""). Spaces that do not break stay inside.

    Lines may break at spaces, after a hyphen or dash inside a word, and at soft hyphens.
    """
    for chunk in re.split(r"[ \t\r\n]+", text):
        if not chunk:
            continue
        start = 0
        found: list[tuple[str, str]] = []
        for at, letter in enumerate(chunk):
            inner = 0 < at < len(chunk) - 1
            if letter == SOFT_HYPHEN:
                if at > start:
                    found.append((chunk[start:at], SOFT_HYPHEN))
                start = at + 1
            elif inner and letter in "-–—/" and chunk[at - 1].isalpha() and chunk[at + 1].isalpha():
                found.append((chunk[start : at + 1], ""))
                start = at + 1
        if chunk[start:]:
            found.append((chunk[start:], " "))
        elif found:
            found[-1] = (found[-1][0], " ")
        yield from found


def words(text: str, width: Callable[[str], float]) -> tuple[Word, ...]:
    """The words of a text, measured by `width` (ems of a string set on its own)."""
    space, hyphen = width(" "), width("-")
    made = []
    for piece, follows in pieces(text):
        closes = piece[-1] in ".!?:;,…" and follows == " "
        made.append(
            Word(
                piece + (SOFT_HYPHEN if follows == SOFT_HYPHEN else ""),
                width(piece),
                space if follows == " " else 0.0,
                hyphen if follows == SOFT_HYPHEN else 0.0,
                closes,
                not closes and follows == " " and len(piece) <= _WEAK and piece.isalpha(),
            )
        )
    return tuple(made)


def balanced(parts: Sequence[Word], lines: int, *, tight: bool = False) -> tuple[Line, ...]:
    """Split words into `lines` lines (fewer if there are fewer words): the split whose widest line is narrowest.

    Among splits that are nearly as narrow, the one that reads well wins: a line counts 4 % wider if it ends with a
    weak word, 3 % narrower if it ends a sentence, and far wider if it is a lone short word at the end. `tight` leaves
    this out: the narrowest split, whatever it reads like.
    """
    count = len(parts)
    lines = min(lines, count)
    starts = [0.0]
    for word in parts:
        starts.append(starts[-1] + word.width + word.space)

    def width(first: int, end: int) -> float:
        last = parts[end - 1]
        return starts[end] - starts[first] - last.space + (last.hyphen if end < count else 0.0)

    def cost(first: int, end: int) -> float:
        ems = width(first, end)
        if tight:
            return ems
        if end == count:
            return ems if ems > _WIDOW_EM or first == 0 else ems + 2 * _WIDOW_EM
        last = parts[end - 1]
        return ems * (0.97 if last.closes else 1.04 if last.weak else 1.0)

    costs = [[cost(first, end) if first < end else 0.0 for end in range(count + 1)] for first in range(count)]
    # table[k][j]: the first j words in k lines: the cost of their costliest line, the sum of squares, the last break.
    none = (float("inf"), 0.0, 0)
    table = [[(0.0, 0.0, 0)] + [none] * count]
    for k in range(1, lines + 1):
        row, above = [none] * (count + 1), table[-1]
        # Every line has a word, so that k lines leave room for the rest.
        for j in range(k, count + 1 - (lines - k)):
            best = none
            for i in range(k - 1, j):
                here, before = costs[i][j], above[i]
                most = here if here > before[0] else before[0]
                if most <= best[0]:
                    best = min(best, (most, before[1] + here * here, i))
            row[j] = best
        table.append(row)
    made: list[Line] = []
    end = count
    for k in range(lines, 0, -1):
        first = table[k][end][2]
        made.append(Line(_set(parts[first:end], end == count), width(first, end)))
        end = first
    return tuple(reversed(made))


def _set(parts: Sequence[Word], last: bool) -> str:
    text = "".join(word.text + (" " if word.space else "") for word in parts).rstrip(" ")
    if text.endswith(SOFT_HYPHEN):
        text = text[:-1] + ("" if last else "-")
    return text.replace(SOFT_HYPHEN, "")
