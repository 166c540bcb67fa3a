"""Typefaces: a brand's font with fonts of other scripts behind it, and lines of text shaped in them by HarfBuzz.

Planning measures and composers draw the same shaped lines, so what was planned to fit does. No imaging library is needed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import uharfbuzz

from creative.bidi import classes_of, levels, on_line, runs_leftwards, spans
from creative.font_files import DOTTED_CIRCLE, FontFile, Source, instead, opened, shape
from creative.font_table import Row, table
from creative.scripts import EAST_ASIAN, INVISIBLE, JOINERS, SIGNS, direction_of, group, script_of, script_of_locale

_REMEMBERED = 65536
"""How many answers are kept before all are forgotten."""
_LEAST_SCALE, _MOST_SCALE = 1.0, 1.2
_EMOJI = "\ufe0f"
"""Asks for a colour picture instead of a letter."""
_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”", "‘": "’", "„": "“", "‹": "›"}
_SHARED = frozenset("“”‘’…—·")
"""Signs that Latin and East Asian fonts draw in different widths."""


class Ink(NamedTuple):
    """A string set on one line, in ems: advance width; ink above and below the baseline (both positive).

    `left` and `right`: where its ink begins and ends, from the pen at the start.
    """

    width: float
    top: float
    bottom: float
    left: float = 0.0
    right: float = 0.0


class Glyph(NamedTuple):
    """One glyph of a shaped line: its font, id, place of its origin in ems, and size relative to the type's."""

    font: FontFile
    id: int
    x: float
    y: float
    scale: float


class Shaped(NamedTuple):
    """A line as it is drawn: glyphs from left to right, and its ink."""

    glyphs: tuple[Glyph, ...]
    ink: Ink


class Typeface:
    """A font with others behind it by script. Raises ValueError when it is no font.

    `others` are by the names of `creative.font_table` ("Arab", "Jpan", ..., "Zsym"), opened when a text needs them; None
    stands for the farm's own, of the role `role` ("display" or "text").
    """

    def __init__(self, source: Source, others: Mapping[str, Source] | None = None) -> None:
        self.own = opened(source)
        self._others: Mapping[str, Source] = others or {}
        self._open: dict[str, FontFile | None] = {"": self.own}
        self._scales: dict[str, float] = {"": 1.0}
        self._shapes: dict[tuple[str, str, tuple[int, ...]], Shaped] = {}
        self._inks: dict[tuple[str, str], Ink] = {}
        self._cover: dict[tuple[str, str], tuple[str | None, ...]] = {}
        self.cap = self.own.height("H") or 0.7
        """Height of a capital, in ems."""
        x_height = self.own.height("x") or self.cap * 0.74
        self._middle = (self.cap + x_height) / 2

    def ink(self, text: str, locale: str) -> Ink:
        """Measure a string, shaped for a locale, as a paragraph of its own."""
        found = self._inks.get((text, locale))
        if found is None:
            if len(self._inks) >= _REMEMBERED:
                self._inks.clear()
            found = self._inks[text, locale] = self._shape(text, locale, line_levels(text, locale)).ink
        return found

    def shaped(self, text: str, locale: str, leveled: Sequence[int] = ()) -> Shaped:
        """One line; `leveled` are bidi levels of its characters if it is a part of a longer paragraph."""
        key = (text, locale, tuple(leveled))
        found = self._shapes.get(key)
        if found is None:
            if len(self._shapes) >= 2048:
                self._shapes.clear()
            found = self._shapes[key] = self._shape(text, locale, leveled or line_levels(text, locale))
        return found

    def missing(self, text: str, locale: str = "") -> str:
        """The characters that cannot be set right, in order, each once: without glyph, or a mark without its letter."""
        if all(letter in self._plain for letter in text):
            return ""
        lacking = [
            letter
            for letter, name in zip(text, self.covers(text, locale), strict=True)
            if (name is None and letter not in INVISIBLE) or letter == _EMOJI
        ]
        lacking = lacking or self._astray(text, locale)
        return "".join(dict.fromkeys(letter for letter in lacking if letter not in INVISIBLE))

    def names(self, text: str, locale: str) -> frozenset[str]:
        """Which of the other fonts a text needs."""
        if all(letter in self._plain for letter in text):
            return frozenset()
        return frozenset(name for name in self.covers(text, locale) if name)

    def leading(self, text: str, locale: str) -> int:
        """The least distance of baselines that the scripts of a text need, per mille of the type size."""
        rows = table()
        own = {group(letter, locale) for letter in text if letter > "\u02ff"}
        return max((rows[name].leading for name in own if name in rows), default=0)

    def scale(self, name: str) -> float:
        """How large one of the other fonts is set, so that its letters look as large as the first one's."""
        if name not in self._scales:
            row, font = table().get(name, Row()), self._font(name)
            height = font.height(row.sample) if font is not None and row.sample else 0.0
            wanted = self._middle * row.height / 1000 / height if height else 1.0
            self._scales[name] = min(_MOST_SCALE, max(_LEAST_SCALE, wanted))
        return self._scales[name]

    @property
    def _plain(self) -> frozenset[str]:
        """Letters of Latin, Greek and Cyrillic that the first font has: most texts have no others."""
        if not hasattr(self, "_plain_letters"):
            self._plain_letters = (
                frozenset(
                    chr(code)
                    for code in self.own.known
                    if 0x20 <= code < 0x370 or 0x1E00 <= code < 0x2060 or code == 0x20AC
                )
                - INVISIBLE
            )
        return self._plain_letters

    def _font(self, name: str) -> FontFile | None:
        if name not in self._open:
            source = self._others.get(name)
            self._open[name] = None if source is None else opened(source)
        return self._open[name]

    def covers(self, text: str, locale: str) -> tuple[str | None, ...]:
        """For each character the name of its font, "" for the first; None if no font has it.

        All letters of one script are set in one font, if one has them all; punctuation goes with the letters before it.
        """
        found = self._cover.get((text, locale))
        if found is None:
            if len(self._cover) >= _REMEMBERED:
                self._cover.clear()
            found = self._cover[text, locale] = tuple(self._covers(text, locale))
        return found

    def _covers(self, text: str, locale: str) -> list[str | None]:
        strong = _groups(text, locale)
        wants = _adapted(text, strong, script_of_locale(locale))
        order = list(dict.fromkeys([*wants, script_of_locale(locale)]))
        letters: dict[str, list[str]] = {name: [] for name in order}
        for letter, name in zip(text, strong, strict=True):
            if script_of(letter) not in ("Zyyy", "Zinh"):
                letters[name].append(letter)
        chosen = {name: self._best(name, letters[name]) for name in order}
        made: list[str | None] = []
        for letter, name in zip(text, wants, strict=True):
            if letter in INVISIBLE or letter == _EMOJI or unicodedata.category(letter) in ("Mn", "Me"):
                before = made[-1] if made else chosen[name]
                inherits = letter in INVISIBLE or letter == _EMOJI or (before is not None and self._has(before, letter))
                made.append(before if inherits else None)
                continue
            tries = [chosen[name], "", name, "Latn"]
            if script_of(letter) in ("Zyyy", "Zinh"):
                tries += [*(chosen[other] for other in order), SIGNS.get(letter, ""), "Zsym"]
            made.append(next((one for one in tries if self._has(one, letter)), None))
        return made

    def _best(self, name: str, letters: Sequence[str]) -> str:
        """The font for a script: the first that has all its letters."""
        wanted = {letter for letter in letters if letter not in INVISIBLE}
        tries = ["", name, "Latn"] if wanted or name == "Latn" else [name, ""]
        for one in tries:
            font = self._font(one)
            if font is not None and all(font.has(letter) for letter in wanted):
                return one
        return name if self._font(name) is not None else ""

    def _has(self, name: str, letter: str) -> bool:
        font = self._font(name)
        return font is not None and font.has(letter)

    def _astray(self, text: str, locale: str) -> list[str]:
        """Marks for which HarfBuzz would have to draw a dotted circle, or letters that a font lost in shaping."""
        found: list[str] = []
        for _, piece, buffer, font in self._pieces(text, locale, line_levels(text, locale)):
            for info in buffer.glyph_infos:
                circle = font.dotted and info.codepoint == font.dotted and chr(DOTTED_CIRCLE) not in piece
                if info.codepoint == 0 or circle:
                    rest = piece[info.cluster :]
                    marks = (letter for letter in rest if unicodedata.category(letter) in ("Mn", "Mc"))
                    found.append(next(marks, rest[0]) if circle else rest[0])
        return found

    def _pieces(
        self, text: str, locale: str, leveled: Sequence[int]
    ) -> Iterable[tuple[str, str, uharfbuzz.Buffer, FontFile]]:
        """(font's name, string, shaped buffer, font) from left to right: one script, font and level each."""
        names = self.covers(text, locale)
        scripts = _scripts(text)
        for first, end, level in spans(leveled):
            cuts = [
                at
                for at in range(first, end)
                if at == first or names[at] != names[at - 1] or scripts[at] != scripts[at - 1]
            ]
            pieces = list(zip(cuts, [*cuts[1:], end], strict=True))
            for start, stop in reversed(pieces) if level % 2 else pieces:
                name = names[start] or ""
                font = self._font(name) or self.own
                piece = "".join(
                    instead(letter, font) for letter in text[start:stop] if letter not in INVISIBLE or letter in JOINERS
                )
                if piece:
                    yield name, piece, shape(font, piece, scripts[start], level, locale), font

    def _shape(self, text: str, locale: str, leveled: Sequence[int]) -> Shaped:
        glyphs: list[Glyph] = []
        pen = top = bottom = 0.0
        left = right = None
        simple = all(letter in self._plain for letter in text)
        pieces = (
            [("", text, shape(self.own, text, "Latn", 0, locale), self.own)]
            if simple and text
            else self._pieces(text, locale, leveled)
        )
        for name, _, buffer, font in pieces:
            scale = self.scale(name)
            unit = scale / font.em
            for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
                x, y = pen + place.x_offset * unit, place.y_offset * unit
                found = font.extents(info.codepoint)
                if found is not None:
                    glyphs.append(Glyph(font, info.codepoint, x, y, scale))
                    top, bottom = max(top, y + found[3] * scale), max(bottom, -(y + found[1] * scale))
                    left = x + found[0] * scale if left is None else min(left, x + found[0] * scale)
                    right = x + found[2] * scale if right is None else max(right, x + found[2] * scale)
                pen += place.x_advance * unit
        return Shaped(tuple(glyphs), Ink(pen, top, bottom, left or 0.0, right or 0.0))


def line_levels(text: str, locale: str) -> list[int]:
    """Bidi levels of a paragraph on one line."""
    if not runs_leftwards(text):
        return [0] * len(text)
    base = 1 if direction_of(text, locale) == "rtl" else 0
    return on_line(levels(text, base), classes_of(text), base)


def _groups(text: str, locale: str) -> list[str]:
    """The group of each character; "" for those that adapt."""
    japanese = any(script_of(letter) in ("Hira", "Kana") for letter in text)
    return [group(letter, locale, japanese) for letter in text]


def _adapted(text: str, groups: Sequence[str], default: str) -> list[str]:
    """The same, with those that adapt in the group of the letters before them, or after them at the start."""
    made: list[str] = []
    before = next((name for name in groups if name), default)
    wide = default if default in EAST_ASIAN and any(letter > "\u2e7f" for letter in text) else ""
    pending: list[tuple[str, str]] = []
    for letter, name in zip(text, groups, strict=True):
        before = name or before
        own = wide if wide and letter in _SHARED else before
        # Both signs of a pair are of one font.
        if letter in _PAIRS:
            pending.append((_PAIRS[letter], own))
        elif pending and letter == pending[-1][0]:
            own = pending.pop()[1]
        made.append(own)
    return made


def _scripts(text: str) -> list[str]:
    """The script that each character is shaped as."""
    found = [script_of(letter) for letter in text]
    default = next((name for name in found if name not in ("Zyyy", "Zinh")), "Latn")
    made, before = [], default
    for letter, name in zip(text, found, strict=True):
        if name not in ("Zyyy", "Zinh"):
            before = name
        elif unicodedata.category(letter) in ("Nd", "Sc"):
            before = "Latn"
        made.append(before)
    return made
