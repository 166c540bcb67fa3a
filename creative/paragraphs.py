"""Paragraphs: a text in one typeface with its words, and its splits into lines, each shaped as it is drawn."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from creative.bidi import classes_of, levels, on_line, runs_leftwards
from creative.linebreak import Line, Word, balanced, words
from creative.scripts import direction_of
from creative.segments import typographic
from creative.typefaces import Glyph, Shaped, Typeface

_CLEAR = 60
"""Between the ink of two lines where it would touch, per mille of the type size."""
_HIGH, _BESIDE = 0.78, 0.03
"""Ink so far above a baseline may meet the line above; and how near beside each other it does, in ems."""


class Setting(NamedTuple):
    """A way to break a text: its lines, ink above the first baseline and below the last in ems, leading per mille."""

    lines: tuple[Line, ...]
    top: float
    bottom: float
    leading: int


class Paragraph:
    """A text in one typeface: its words, and its splits as asked for."""

    def __init__(self, face: Typeface, text: str, locale: str) -> None:
        self._face, self._locale = face, locale
        self._text = typographic(text, locale)
        self._leading = face.leading(self._text, locale)
        self._base = 1 if direction_of(self._text, locale) == "rtl" else 0
        self._levels = levels(self._text, self._base) if runs_leftwards(self._text) else []
        self.words = self._words(False)
        self._fine: tuple[Word, ...] | None = None
        self._splits: dict[tuple[int, bool, bool], Setting] = {}

    def _words(self, fine: bool) -> tuple[Word, ...]:
        return words(
            self._text, lambda piece: self._face.ink(piece, self._locale).width, self._locale, self._levels, fine
        )

    @property
    def fine(self) -> tuple[Word, ...]:
        """Its smallest pieces, where phrases are too long for a line."""
        if self._fine is None:
            self._fine = self._words(True)
        return self._fine

    def split(self, count: int, tight: bool = False, fine: bool = False) -> Setting:
        """See `creative.linebreak.balanced`; `fine` also breaks inside of phrases and long words."""
        key = (count, tight, fine)
        if key not in self._splits:
            self._splits[key] = self._split(count, tight, fine)
        return self._splits[key]

    def _split(self, count: int, tight: bool, fine: bool) -> Setting:
        lines: list[Line] = []
        shapes: list[Shaped] = []
        for line in balanced(self.fine if fine else self.words, count, tight=tight):
            leveled = tuple(on_line(line.levels, classes_of(line.text), self._base)) if line.levels else ()
            shaped = self._face.shaped(line.text, self._locale, leveled)
            lines.append(Line(line.text, shaped.ink.right - shaped.ink.left, leveled))
            shapes.append(shaped)
        # Tall scripts keep whole lines apart; in the others only what would touch.
        near = max(
            (one.ink.bottom + two.ink.top if self._leading else _near(one, two) for one, two in pairwise(shapes)),
            default=0.0,
        )
        leading = max(self._leading, math.ceil(near * 1000) + _CLEAR if near else 0)
        top, bottom = shapes[0].ink.top, shapes[-1].ink.bottom
        return Setting(tuple(lines), max(self._face.cap, top), bottom, leading)


def _near(above: Shaped, below: Shaped) -> float:
    """How far apart the baselines of two lines are, in ems, when glyphs that stand over each other touch; 0 if none do.

    Looked at with both lines aligned at the left, in the middle, and at the right.
    """
    high = [box for glyph in below.glyphs if (box := _box(glyph))[3] > _HIGH]
    if not high:
        return 0.0
    deep = [_box(glyph) for glyph in above.glyphs]
    spare = (above.ink.right - above.ink.left) - (below.ink.right - below.ink.left)
    start = above.ink.left - below.ink.left
    found = 0.0
    for shift in (start, start + spare / 2, start + spare):
        for low, left, right, _ in deep:
            for _, first, last, high_top in high:
                if first + shift < right + _BESIDE and left < last + shift + _BESIDE:
                    found = max(found, high_top - low)
    return found


def _box(glyph: Glyph) -> tuple[float, float, float, float]:
    """Bottom, left, right and top of a glyph's ink on its line, in ems."""
    left, bottom, right, top = glyph.font.extents(glyph.id) or (0.0, 0.0, 0.0, 0.0)
    scale = glyph.scale
    return glyph.y + bottom * scale, glyph.x + left * scale, glyph.x + right * scale, glyph.y + top * scale
