"""Comparing words: what was to be said or read against what was."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Compared:
    """`errors`: words changed, missing or added for one of the reference; `letters`: the same of characters, spaces apart.

    `missing`: stretches of the reference, as (start, end) in words, of which nothing was heard; `tail`: what was heard
    after its last word.
    """

    errors: float
    letters: float
    missing: tuple[tuple[int, int], ...]
    tail: tuple[str, ...]


def words(text: str) -> list[str]:
    """The words in a plain spelling: one case, no points; each character of Chinese, Japanese or Thai for itself."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("'", "")
    found: list[str] = []
    for word in _WORD.findall(plain):
        found += list(word) if _UNSPACED.search(word) else [word]
    return found


def compare(reference: str, heard: str) -> Compared:
    """By the fewest changes that make one of the other (Levenshtein)."""
    wanted, got = words(reference), words(heard)
    steps = _alignment(wanted, got)
    wrong = sum(kind != "same" for kind, _, _ in steps)
    tail: list[str] = []
    for kind, _, there in reversed(steps):
        if kind != "added":
            break
        tail.append(got[there])
    absent = [at for kind, at, _ in steps if kind == "missing"]
    runs: list[tuple[int, int]] = []
    for at in absent:
        if runs and runs[-1][1] == at:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    letters = _distance("".join(wanted), "".join(got)) / max(1, len("".join(wanted)))
    return Compared(wrong / max(1, len(wanted)), letters, tuple(runs), tuple(reversed(tail)))


def has(part: str, heard: str) -> bool:
    """Whether the words of `part` are heard, in their order and together; one letter in eight may be another."""
    wanted, got = "".join(words(part)), "".join(words(heard))
    if not wanted:
        return True
    allowed = len(wanted) // 8
    # Sellers' algorithm: the part may begin anywhere in what was heard.
    row = [0] * (len(got) + 1)
    for number, sign in enumerate(wanted, 1):
        before, row = row, [number]
        for at, other in enumerate(got, 1):
            row.append(min(before[at - 1] + (sign != other), before[at] + 1, row[at - 1] + 1))
    return min(row) <= allowed


def _table(wanted: Sequence[str], got: Sequence[str]) -> list[list[int]]:
    table = [list(range(len(got) + 1))]
    for number, one in enumerate(wanted, 1):
        before, row = table[-1], [number]
        for at, other in enumerate(got, 1):
            row.append(min(before[at - 1] + (one != other), before[at] + 1, row[at - 1] + 1))
        table.append(row)
    return table


def _distance(wanted: Sequence[str], got: Sequence[str]) -> int:
    return _table(wanted, got)[-1][-1]


def _alignment(wanted: Sequence[str], got: Sequence[str]) -> list[tuple[str, int, int]]:
    """(same | changed | missing | added, place in the reference, place in what was heard), in order."""
    table = _table(wanted, got)
    at, there = len(wanted), len(got)
    steps: list[tuple[str, int, int]] = []
    while at or there:
        cost = table[at][there]
        if at and there and cost == table[at - 1][there - 1] + (wanted[at - 1] != got[there - 1]):
            at, there = at - 1, there - 1
            steps.append(("same" if wanted[at] == got[there] else "changed", at, there))
        elif there and cost == table[at][there - 1] + 1:
            there -= 1
            steps.append(("added", at, there))
        else:
            at -= 1
            steps.append(("missing", at, there))
    return steps[::-1]
