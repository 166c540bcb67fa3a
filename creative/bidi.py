"""The Unicode bidirectional algorithm (UAX 9, revision 46): which way each character runs, and what stands where on a line.

Rules are named as in the standard. Character classes are those of `unicodedata`; paired brackets follow from general
category and mirroring (BidiBrackets.txt), with the few pairs that are not next to each other listed here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

Direction = Literal["ltr", "rtl"]
_MOST_DEPTH = 125
_MOST_PAIRS = 63
_STRONG = frozenset({"L", "R", "AL"})
_ISOLATES = frozenset({"LRI", "RLI", "FSI"})
_EMBEDDINGS = {"RLE": ("R", ""), "LRE": ("L", ""), "RLO": ("R", "R"), "LRO": ("L", "L")}
_REMOVED = frozenset({"RLE", "LRE", "RLO", "LRO", "PDF", "BN"})
_NEUTRAL = frozenset({"B", "S", "WS", "ON", "FSI", "LRI", "RLI", "PDI"})
_ODD_PAIRS = {"[": "]", "{": "}", "\uff3b": "\uff3d", "\uff5b": "\uff5d", "\u298d": "\u2990", "\u298f": "\u298e"}
_SAME = {"\u2329": "\u3008", "\u232a": "\u3009"}
"""Brackets that are canonically equivalent to others."""


class _Status(NamedTuple):
    level: int
    override: str
    isolate: bool


@lru_cache(8192)
def _class(letter: str) -> str:
    # Unassigned characters have no class there; nearly all would be L.
    return unicodedata.bidirectional(letter) or "L"


@lru_cache(1024)
def _closing(letter: str) -> str | None:
    """The closing bracket of an opening one; None for what is no opening bracket."""
    if unicodedata.category(letter) != "Ps" or not unicodedata.mirrored(letter):
        return None
    after = _ODD_PAIRS.get(letter, chr(ord(letter) + 1))
    if unicodedata.category(after) != "Pe":
        return None
    return _SAME.get(after, after)


def runs_leftwards(text: str) -> bool:
    """Whether a text has any strong right-to-left character: what has none needs no reordering."""
    return not text.isascii() and any(_class(letter) in ("R", "AL") for letter in text)


def base_level(text: str, fallback: int = 0) -> int:
    """P2 and P3: 0 or 1 by the first strong character outside of isolates; `fallback` if there is none."""
    depth = 0
    for letter in text:
        kind = _class(letter)
        if kind in _ISOLATES:
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind in _STRONG:
            return 0 if kind == "L" else 1
    return fallback


def levels(text: str, base: int) -> list[int]:
    """The embedding level of each character of one paragraph; even runs rightwards, odd leftwards.

    Formatting characters, which X9 takes out, get the level of the character before them. L1 is not applied: `on_line` does.
    """
    return resolved([_class(letter) for letter in text], base, text)


def resolved(classes: Sequence[str], base: int, text: str | None = None) -> list[int]:
    """`levels` from bidi classes; brackets are paired only if there is a text."""
    explicit, kinds, ends = _explicit(classes, base)
    found = list(explicit)
    for run in _isolating(classes, explicit, ends):
        _resolve(run, kinds, explicit, found, base, classes, ends, text)
    before = base
    for at, kind in enumerate(classes):
        if kind in _REMOVED:
            found[at] = before
        before = found[at]
    return found


def on_line(line: Sequence[int], classes: Sequence[str], base: int) -> list[int]:
    """L1: levels of one line, with separators, and spaces before them or at its end, at the paragraph's own level."""
    made, trailing = list(line), True
    for at in range(len(made) - 1, -1, -1):
        if classes[at] in ("B", "S"):
            made[at], trailing = base, True
        elif classes[at] == "WS" or classes[at] in _ISOLATES or classes[at] in _REMOVED or classes[at] == "PDI":
            if trailing:
                made[at] = base
        else:
            trailing = False
    return made


def classes_of(text: str) -> list[str]:
    """The bidi class of each character."""
    return [_class(letter) for letter in text]


def visual(line: Sequence[int]) -> list[int]:
    """L2: indices of a line's characters from left to right."""
    order = list(range(len(line)))
    if not line:
        return order
    lowest = min((level for level in line if level % 2), default=None)
    if lowest is None:
        return order
    for level in range(max(line), lowest - 1, -1):
        at = 0
        while at < len(order):
            if line[order[at]] < level:
                at += 1
                continue
            end = at
            while end < len(order) and line[order[end]] >= level:
                end += 1
            order[at:end] = reversed(order[at:end])
            at = end
    return order


def _matching(classes: Sequence[str]) -> dict[int, int]:
    """BD9: each isolate initiator that has a PDI, and that PDI."""
    found: dict[int, int] = {}
    pending: list[int] = []
    for at, kind in enumerate(classes):
        if kind in _ISOLATES:
            pending.append(at)
        elif kind == "PDI" and pending:
            found[pending.pop()] = at
        elif kind == "B":
            pending.clear()
    return found


def _explicit(classes: Sequence[str], base: int) -> tuple[list[int], list[str], dict[int, int]]:
    """X1 to X8: levels, classes with overrides applied, and the matching PDIs."""
    ends = _matching(classes)
    stack = [_Status(base, "", False)]
    found, kinds = [base] * len(classes), list(classes)
    over_isolates = over_embeddings = valid = 0
    for at, kind in enumerate(classes):
        top = stack[-1]
        if kind in _EMBEDDINGS:
            way, override = _EMBEDDINGS[kind]
            found[at] = top.level
            level = _next(top.level, way)
            if level <= _MOST_DEPTH and not over_isolates and not over_embeddings:
                stack.append(_Status(level, override, False))
            elif not over_isolates:
                over_embeddings += 1
        elif kind in _ISOLATES:
            found[at] = top.level
            if top.override:
                kinds[at] = top.override
            way = {"RLI": "R", "LRI": "L"}.get(kind) or _first_strong(classes, at + 1, ends.get(at, len(classes)))
            level = _next(top.level, way)
            if level <= _MOST_DEPTH and not over_isolates and not over_embeddings:
                valid += 1
                stack.append(_Status(level, "", True))
            else:
                over_isolates += 1
        elif kind == "PDI":
            if over_isolates:
                over_isolates -= 1
            elif valid:
                over_embeddings = 0
                while not stack[-1].isolate:
                    stack.pop()
                stack.pop()
                valid -= 1
            top = stack[-1]
            found[at] = top.level
            if top.override:
                kinds[at] = top.override
        elif kind == "PDF":
            found[at] = top.level
            if over_isolates:
                pass
            elif over_embeddings:
                over_embeddings -= 1
            elif not top.isolate and len(stack) > 1:
                stack.pop()
        elif kind == "B":
            found[at] = base
            stack, over_isolates, over_embeddings, valid = [_Status(base, "", False)], 0, 0, 0
        else:
            found[at] = top.level
            if top.override and kind != "BN":
                kinds[at] = top.override
    return found, kinds, ends


def _next(level: int, way: str) -> int:
    """The least odd (R) or even (L) level above."""
    return level + (1 if (level % 2 == 0) == (way == "R") else 2)


def _first_strong(classes: Sequence[str], first: int, end: int) -> str:
    depth = 0
    for kind in classes[first:end]:
        if kind in _ISOLATES:
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind in _STRONG:
            return "L" if kind == "L" else "R"
    return "L"


def _isolating(classes: Sequence[str], explicit: Sequence[int], ends: dict[int, int]) -> Iterable[list[int]]:
    """X10: isolating run sequences, as lists of indices; what X9 takes out is in none."""
    runs: list[list[int]] = []
    for at in range(len(classes)):
        if classes[at] in _REMOVED:
            continue
        if runs and explicit[runs[-1][-1]] == explicit[at]:
            runs[-1].append(at)
        else:
            runs.append([at])
    by_first = {run[0]: run for run in runs}
    closed = set(ends.values())
    for run in runs:
        if run[0] in closed and classes[run[0]] == "PDI":
            continue  # goes on from its initiator
        whole = list(run)
        while (end := ends.get(whole[-1])) is not None and end in by_first:
            whole += by_first[end]
        yield whole


def _resolve(
    run: list[int],
    kinds: Sequence[str],
    explicit: Sequence[int],
    found: list[int],
    base: int,
    classes: Sequence[str],
    ends: dict[int, int],
    text: str | None,
) -> None:
    """W1 to W7, N0 to N2, I1 and I2 on one isolating run sequence."""
    level = explicit[run[0]]
    before, after = run[0] - 1, run[-1] + 1
    while before >= 0 and classes[before] in _REMOVED:
        before -= 1
    while after < len(classes) and classes[after] in _REMOVED:
        after += 1
    left = explicit[before] if before >= 0 else base
    open_isolate = classes[run[-1]] in _ISOLATES and run[-1] not in ends
    right = explicit[after] if after < len(classes) and not open_isolate else base
    sos = "R" if max(level, left) % 2 else "L"
    eos = "R" if max(level, right) % 2 else "L"
    own = "R" if level % 2 else "L"
    types = [kinds[at] for at in run]
    marks = [kind == "NSM" for kind in types]
    _weak(types, sos)
    if text is not None:
        _brackets([text[at] for at in run], types, marks, sos, own)
    at = 0
    while at < len(types):
        if types[at] not in _NEUTRAL:
            at += 1
            continue
        end = at
        while end < len(types) and types[end] in _NEUTRAL:
            end += 1
        # N1 and N2: neutrals take the direction on both sides, else the embedding's; numbers count as R.
        first = sos if at == 0 else "L" if types[at - 1] == "L" else "R"
        last = eos if end == len(types) else "L" if types[end] == "L" else "R"
        types[at:end] = [first if first == last else own] * (end - at)
        at = end
    for place, kind in zip(run, types, strict=True):
        if level % 2 == 0:
            found[place] = level + {"R": 1, "AN": 2, "EN": 2}.get(kind, 0)
        else:
            found[place] = level + (1 if kind in ("L", "AN", "EN") else 0)


def _weak(types: list[str], sos: str) -> None:
    before = sos
    for at, kind in enumerate(types):  # W1
        if kind == "NSM":
            types[at] = "ON" if before in _ISOLATES or before == "PDI" else before
        before = types[at]
    strong = sos
    for at, kind in enumerate(types):  # W2, W3
        if kind in _STRONG:
            strong = kind
        elif kind == "EN" and strong == "AL":
            types[at] = "AN"
    types[:] = ["R" if kind == "AL" else kind for kind in types]
    for at in range(1, len(types) - 1):  # W4
        sides = (types[at - 1], types[at + 1])
        if (types[at] in ("ES", "CS") and sides == ("EN", "EN")) or (types[at] == "CS" and sides == ("AN", "AN")):
            types[at] = sides[0]
    at = 0
    while at < len(types):  # W5
        if types[at] != "ET":
            at += 1
            continue
        end = at
        while end < len(types) and types[end] == "ET":
            end += 1
        if (at and types[at - 1] == "EN") or (end < len(types) and types[end] == "EN"):
            types[at:end] = ["EN"] * (end - at)
        at = end
    types[:] = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in types]  # W6
    strong = sos
    for at, kind in enumerate(types):  # W7
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            types[at] = "L"


def _brackets(letters: list[str], types: list[str], marks: list[bool], sos: str, own: str) -> None:
    """N0: both brackets of a pair take one direction."""
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for at, letter in enumerate(letters):
        if types[at] != "ON":
            continue
        closing = _closing(letter)
        if closing is not None:
            if len(waiting) == _MOST_PAIRS:
                break
            waiting.append((closing, at))
            continue
        same = _SAME.get(letter, letter)
        for depth in range(len(waiting) - 1, -1, -1):
            if waiting[depth][0] == same:
                pairs.append((waiting[depth][1], at))
                del waiting[depth:]
                break
    for first, last in sorted(pairs):
        inner = {_way(kind) for kind in types[first + 1 : last]} - {""}
        if own in inner:
            way = own
        elif inner:
            context = next((found for kind in reversed(types[:first]) if (found := _way(kind))), sos)
            way = context if context != own else own
        else:
            continue
        for at in (first, last):
            types[at] = way
            for mark in range(at + 1, len(types)):
                if not marks[mark]:
                    break
                types[mark] = way


def _way(kind: str) -> str:
    return "L" if kind == "L" else "R" if kind in ("R", "EN", "AN") else ""


def spans(line: Sequence[int]) -> list[tuple[int, int, int]]:
    """(first, end, level) of the pieces of equal level, from left to right: what is shaped at once."""
    starts = [at for at in range(len(line)) if at == 0 or line[at] != line[at - 1]]
    made = []
    for number, first in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(line)
        made.append((first, end, line[first]))
    order = visual([level for _, _, level in made])
    return [made[at] for at in order]
