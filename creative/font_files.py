"""Font files, opened once, and strings of one font, script and direction shaped in them by HarfBuzz."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import uharfbuzz

from creative.scripts import script_of_locale

DOTTED_CIRCLE = 0x25CC
_FULL_OPENING, _FULL_CLOSING = frozenset("「『（【〈《〔［｛"), frozenset("」』）】〉》〕］｝、。，．")
_CENTRED = frozenset("、。，．")
"""Stops that stand in the middle of their square in traditional Chinese."""
_STAND_INS = {"\u2011": "\u2010\u002d", "\u2010": "\u002d", "\u00b5": "\u03bc", "\u2126": "\u03a9"}
"""Characters that look like others, which a font may have instead."""


class FontFile:
    """One font file. Raises ValueError when the bytes are no font."""

    def __init__(self, data: bytes) -> None:
        try:
            face = uharfbuzz.Face(data)
            self.known = frozenset(face.unicodes)
        except uharfbuzz.HarfBuzzError as error:
            raise ValueError(f"this is not a font: {error}") from error
        if not self.known:
            raise ValueError("this is not a font: it has no characters")
        self.font = uharfbuzz.Font(face)
        self.em = float(face.upem)
        self._extents: dict[int, tuple[float, float, float, float] | None] = {}
        dotted = self.font.get_nominal_glyph(DOTTED_CIRCLE)
        self.dotted = 0 if dotted is None else int(dotted)

    def has(self, letter: str) -> bool:
        """Whether it can draw a character, or one that looks the same."""
        if ord(letter) in self.known or any(ord(other) in self.known for other in _STAND_INS.get(letter, "")):
            return True
        # HarfBuzz makes a missing space of any width from the font's own.
        return letter.isspace() and 0x20 in self.known

    def extents(self, glyph: int) -> tuple[float, float, float, float] | None:
        """Left, bottom, right and top of a glyph's ink, in ems; None without ink."""
        if glyph not in self._extents:
            found = self.font.get_glyph_extents(glyph)
            self._extents[glyph] = (
                None
                if found is None or not (found.width and found.height)
                else (
                    found.x_bearing / self.em,
                    (found.y_bearing + found.height) / self.em,
                    (found.x_bearing + found.width) / self.em,
                    found.y_bearing / self.em,
                )
            )
        return self._extents[glyph]

    def height(self, letter: str) -> float:
        """Height of a character's ink, in ems; 0 if it has none."""
        glyph = self.font.get_nominal_glyph(ord(letter))
        found = self.extents(int(glyph)) if glyph else None
        return found[3] - found[1] if found else 0.0


Source = bytes | Path | FontFile


def opened(source: Source) -> FontFile:
    """A font, opened once. Raises ValueError when it is none, OSError when it cannot be read."""
    if isinstance(source, FontFile):
        return source
    if isinstance(source, bytes):
        return FontFile(source)
    # Not by the path alone: a worker's scratch folders come and go with the same names.
    found = source.stat()
    return _opened(os.fspath(source), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@lru_cache(maxsize=48)
def _opened(path: str, *_: int) -> FontFile:
    return FontFile(Path(path).read_bytes())


def instead(letter: str, font: FontFile) -> str:
    """The character that a font draws for another: itself, or one that looks the same."""
    if ord(letter) in font.known:
        return letter
    return next((other for other in _STAND_INS.get(letter, "") if ord(other) in font.known), letter)


def shape(font: FontFile, piece: str, script: str, level: int, locale: str) -> uharfbuzz.Buffer:
    """The glyphs of a string of one script and one bidi level; clusters are indices of its characters."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(piece)
    buffer.script = script
    buffer.direction = "rtl" if level % 2 else "ltr"
    if locale:
        buffer.language = locale
    halves = (
        _halves(piece, locale) if any(letter in _FULL_OPENING or letter in _FULL_CLOSING for letter in piece) else []
    )
    uharfbuzz.shape(font.font, buffer, {"halt": halves} if halves else {})
    return buffer


def _halves(piece: str, locale: str) -> list[tuple[int, int, bool]]:
    """Full-width brackets and stops that lose their white half beside another, as JLREQ has it: ranges of HarfBuzz's."""
    centred = _CENTRED if script_of_locale(locale) == "Hant" else frozenset()
    return [(at, at + 1, True) for at, letter in enumerate(piece) if letter not in centred and _half(piece, at)]


def _half(piece: str, at: int) -> bool:
    """Whether the sign at `at` gives up its white: before another sign, or an opening one after an opening one."""
    before, after = piece[at - 1 : at] if at else "", piece[at + 1 : at + 2]
    if piece[at] in _FULL_CLOSING:
        return after in _FULL_OPENING or after in _FULL_CLOSING
    return piece[at] in _FULL_OPENING and before in _FULL_OPENING
