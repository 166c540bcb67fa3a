"""Where lines break: balanced, without a lone short word at the end, over widths that the caller measures.

Pure arithmetic, in ems: a line's width grows in proportion to its type size, so the widths are needed only once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from creative.segments import SOFT_HYPHEN, closes, ends, pieces, weak

_WIDOW_EM = 2.2
"""A last line narrower than this, under others, looks forgotten."""

_STUB = 0.55
"""A line narrower than this share of the widest, where no clause ends, reads like a stammer."""
_NARROWER = 0.85

_WEAK_COSTS, _SPLIT_COST, _INNER_COST, _SENTENCE_COST = (1.0, 1.18, 1.5), 1.25, 1.2, 1.4


@dataclass(frozen=True, slots=True)
class Word:
    """What must stay together, and what follows it: a space, or a hyphen that shows only where the line breaks.

    Widths in ems. `closes`: it ends a sentence or clause, where a break reads well; `ends`: a sentence; `weak`: how much it should not end a
    line (0 to 2).
    `levels`: bidi levels of its characters and of the space, or none.
    """

    text: str
    width: float
    space: float = 0.0
    hyphen: float = 0.0
    closes: bool = False
    weak: int = 0
    levels: tuple[int, ...] = ()
    ends: bool = False


class Line(NamedTuple):
    """A line as it is set, its width in ems, and the bidi levels of its characters where any runs leftwards."""

    text: str
    width: float
    levels: tuple[int, ...] = ()


def words(
    text: str, width: Callable[[str], float], locale: str = "", levels: Sequence[int] = (), fine: bool = False
) -> tuple[Word, ...]:
    """The words of a text, measured by `width` (ems of a string set on its own). `fine`: see `pieces`."""
    space, hyphen = width(" "), width("-")
    found = list(pieces(text, locale, fine))
    made, at = [], 0
    for number, (piece, follows) in enumerate(found):
        at = text.index(piece, at)
        end = at + len(piece)
        after = found[number + 1][0] if number + 1 < len(found) else ""
        split = follows == SOFT_HYPHEN
        own = tuple(levels[at : end + (1 if follows else 0)])
        made.append(
            Word(
                piece + (SOFT_HYPHEN if split else ""),
                width(piece),
                space if follows == " " else 0.0,
                hyphen if split else 0.0,
                not split and closes(piece),
                0 if split else weak(piece, follows, after, locale),
                # The last word of a text may be followed by nothing.
                own + own[-1:] if levels and follows and len(own) == len(piece) else own,
                not split and ends(piece),
            )
        )
        at = end
    return tuple(made)


def balanced(parts: Sequence[Word], lines: int, *, tight: bool = False) -> tuple[Line, ...]:
    """Split words into `lines` lines (fewer if there are fewer words): the split whose widest line is narrowest.

    Among splits that are nearly as narrow, the one that reads well wins: a line counts 18 % wider if it ends with a
    weak word (50 % inside of a foreign name), 25 % if it ends with a hyphen, 20 % if it ends inside of a clause where
    another could end (40 % where a sentence could), 3 % narrower if it ends one, and far wider if it is a lone short word at the end. `tight` leaves
    this out: the narrowest split, whatever it reads like.

    In a narrow column that makes lines of one short word ("Let / the day go."): each sentence is then balanced on lines of
    its own, if that is narrower by a sixth.
    """
    made = _split(parts, lines, tight)
    if tight or not stubs(made):
        return made
    other = _split(parts, lines, False, narrow=True)
    narrower = max(line.width for line in other) < _NARROWER * max(line.width for line in made)
    return other if narrower and not stubs(other) else made


def stubs(lines: Sequence[Line]) -> bool:
    """Whether any of three or more lines but the last is a stub: short beside the others, and no clause ends there."""
    if len(lines) < 3:
        return False
    widest = max((line.width for line in lines), default=0.0)
    return any(line.width < _STUB * widest and not closes(line.text) for line in lines[:-1])


def _split(parts: Sequence[Word], lines: int, tight: bool, narrow: bool = False) -> tuple[Line, ...]:
    """See `balanced`. `narrow`: no line goes on beyond a sentence's end, hardly one beyond a clause's; weak words may end lines."""
    count = len(parts)
    lines = min(lines, count)
    inner = _INNER_COST if any(word.closes for word in parts[:-1]) else 1.0
    if any(word.ends for word in parts[:-1]):
        inner = _SENTENCE_COST
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
        if narrow and any(word.ends for word in parts[first : end - 1]):
            return 4 * ems
        if narrow and any(word.closes for word in parts[first : end - 1]):
            ems *= _SENTENCE_COST
        if end == count:
            return ems if ems > _WIDOW_EM or first == 0 else ems + 2 * _WIDOW_EM
        last = parts[end - 1]
        if last.closes:
            return ems * 0.97
        weak = _WEAK_COSTS[last.weak] if last.weak == 2 or not narrow else 1.0
        return ems * (1.0 if narrow else inner) * (weak if last.weak else _SPLIT_COST if last.hyphen else 1.0)

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
        text, levels = _set(parts[first:end], end == count)
        made.append(Line(text, width(first, end), levels))
        end = first
    return tuple(reversed(made))


def _set(parts: Sequence[Word], last: bool) -> tuple[str, tuple[int, ...]]:
    """A line's string, and the levels of its characters."""
    text = "".join(word.text + (" " if word.space else "") for word in parts)
    levels = [level for word in parts for level in word.levels]
    while text.endswith(" "):
        text, levels = text[:-1], levels[: len(text) - 1]
    hyphen = text.endswith(SOFT_HYPHEN) and not last
    kept = [at for at, letter in enumerate(text) if letter != SOFT_HYPHEN]
    own = tuple(levels[at] for at in kept) if levels else ()
    text = text.replace(SOFT_HYPHEN, "")
    return (text + "-", own + own[-1:]) if hyphen else (text, own)
