"""Copy that fits: how large a text can be set in its box, and whether that is large enough.

Widths come from HarfBuzz (Pillow's raqm shapes with the same; they agreed within 0.2 px from 12 to 80 px), so planning
chooses the copy by the very rule that the composers set it by: they call `fit_text`, too. No imaging library is needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import uharfbuzz

from creative.layouts import LEAST_PX
from creative.linebreak import SOFT_HYPHEN, Line, Word, balanced, words

FontRole = Literal["display", "text"]
_RTL = frozenset({"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
_PRICE = re.compile(
    r"(?P<before>[^\d\s]{0,4}[\s\u00a0\u202f]?)(?P<whole>\d[\d.,'’\s\u00a0\u202f]*?)"
    r"(?P<point>[.,])(?P<cents>\d\d)(?P<after>[\s\u00a0\u202f]?[^\d\s]{0,4})"
)
CENTS_SCALE = 0.54
"""Cents and the currency's sign beside the whole part of a price; CRAFT: big whole part, raised cents."""


_REMEMBERED = 65536
"""How many answers are kept before all are forgotten."""


class Ink(NamedTuple):
    """A string set on one line, in ems: advance width; ink above and below the baseline (both positive)."""

    width: float
    top: float
    bottom: float


class Piece(NamedTuple):
    """A part of a price: its size relative to the whole part's, how far it is raised, the gap before it, in ems."""

    text: str
    scale: float
    rise: float
    gap: float


class Fit(NamedTuple):
    """How a text is set: `size` in px; `top` and `bottom` as in Ink, of all its lines."""

    size: int
    lines: tuple[Line, ...]
    top: float
    bottom: float

    def block(self, leading: float) -> float:
        """Height of the ink in px, at most."""
        return self.size * (self.top + self.bottom + (len(self.lines) - 1) * leading)


class _Copy:
    """A text measured once: its words, the ink above and below any of its lines in ems, and its splits as asked for."""

    def __init__(self, parts: Sequence[Word], top: float, bottom: float) -> None:
        self.words, self.top, self.bottom = parts, top, bottom
        self._splits: dict[tuple[int, bool], tuple[Line, ...]] = {}

    def split(self, lines: int, tight: bool = False) -> tuple[Line, ...]:
        """See `creative.linebreak.balanced`."""
        if (lines, tight) not in self._splits:
            self._splits[lines, tight] = balanced(self.words, lines, tight=tight)
        return self._splits[lines, tight]


class Metrics:
    """One font file's measures. Raises ValueError when the bytes are no font."""

    def __init__(self, data: bytes) -> None:
        try:
            face = uharfbuzz.Face(data)
            self._known = frozenset(face.unicodes)
        except uharfbuzz.HarfBuzzError as error:
            raise ValueError(f"this is not a font: {error}") from error
        if not self._known:
            raise ValueError("this is not a font: it has no characters")
        self._font = uharfbuzz.Font(face)
        self._em = float(face.upem)
        self._inks: dict[tuple[str, str], Ink] = {}
        self._fits: dict[tuple[str, str, Room], Fit | None] = {}
        self._copies: dict[tuple[str, str], _Copy] = {}
        self.cap = self.ink("H", "").top
        """Height of a capital, in ems."""

    def ink(self, text: str, locale: str) -> Ink:
        """Measure a string, shaped for a locale."""
        found = self._inks.get((text, locale))
        if found is None:
            if len(self._inks) >= _REMEMBERED:
                self._inks.clear()
            found = self._inks[text, locale] = self._shape(text, locale)
        return found

    def _shape(self, text: str, locale: str) -> Ink:
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        if locale:
            buffer.language = locale
        uharfbuzz.shape(self._font, buffer)
        width = top = bottom = 0
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            width += place.x_advance
            extents = self._font.get_glyph_extents(info.codepoint)
            if extents is not None:
                top = max(top, extents.y_bearing + place.y_offset)
                bottom = max(bottom, -(extents.y_bearing + extents.height + place.y_offset))
        return Ink(width / self._em, top / self._em, bottom / self._em)

    def fit(self, text: str, locale: str, room: Room) -> Fit | None:
        """See `fit_text`."""
        key = (text, locale, room)
        if key not in self._fits:
            if len(self._fits) >= _REMEMBERED:
                self._fits.clear()
            self._fits[key] = self._fit(text, locale, room)
        return self._fits[key]

    def _fit(self, text: str, locale: str, room: Room) -> Fit | None:
        if room.price:
            ink = price_ink(self, text, locale)
            return room.best([(Line(text, ink.width),)], ink.top, ink.bottom) if text.strip() else None
        copy = self._copy(text, locale)
        if not copy.words:
            return None
        # A button's height hangs on its font alone, so that equal buttons are equally high.
        top, bottom = (self.cap, 0.0) if room.pad != (0, 0) else (copy.top, copy.bottom)
        counts = range(1, min(room.lines, len(copy.words)) + 1)
        found = room.best((copy.split(count) for count in counts), top, bottom)
        return found or room.best((copy.split(count, tight=True) for count in counts), top, bottom)

    def _copy(self, text: str, locale: str) -> _Copy:
        if (text, locale) not in self._copies:
            if len(self._copies) >= _REMEMBERED:
                self._copies.clear()
            parts = words(text, lambda piece: self.ink(piece, locale).width)
            inks = [self.ink(word.text, locale) for word in parts]
            top, bottom = max((ink.top for ink in inks), default=0.0), max((ink.bottom for ink in inks), default=0.0)
            self._copies[text, locale] = _Copy(parts, max(self.cap, top), bottom)
        return self._copies[text, locale]

    def missing(self, text: str) -> str:
        """The characters that the font has no glyph for, in order, each once."""
        invisible = {SOFT_HYPHEN, "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060"}
        return "".join(
            dict.fromkeys(letter for letter in text if ord(letter) not in self._known and letter not in invisible)
        )


def direction(locale: str) -> Literal["ltr", "rtl"]:
    """Which way a locale's script runs, by its language ("ar-EG", "he")."""
    return "rtl" if locale.replace("_", "-").split("-")[0].lower() in _RTL else "ltr"


def price_pieces(metrics: Metrics, text: str) -> tuple[Piece, ...]:
    """A formatted price as a retail designer sets it: the whole part large, cents and sign small and raised.

    Raised parts share the whole part's top; the cents stand over the decimal sign. What is no plain price with two
    cents ("5 for 3", "1,000", Arabic digits) is one piece as it is.
    """
    match = _PRICE.fullmatch(text.strip())
    if match is None:
        return (Piece(text, 1.0, 0.0, 0.0),)
    rise = metrics.cap * (1 - CENTS_SCALE)
    before, after = match["before"].strip(), match["after"].strip()
    made = []
    if before:
        made.append(Piece(before, CENTS_SCALE, rise, 0.0))
    made.append(Piece(match["whole"] + match["point"], 1.0, 0.0, 0.1 if before[-1:].isalpha() else 0.0))
    made.append(Piece(match["cents"], CENTS_SCALE, rise, -0.82 * metrics.ink(match["point"], "").width))
    if after:
        made.append(Piece(after, CENTS_SCALE, rise, 0.06))
    return tuple(made)


def price_ink(metrics: Metrics, text: str, locale: str) -> Ink:
    """Measures of a price in its pieces, in ems of the whole part's size."""
    width = top = bottom = 0.0
    for piece in price_pieces(metrics, text):
        ink = metrics.ink(piece.text, locale)
        width += piece.gap + ink.width * piece.scale
        top = max(top, piece.rise + ink.top * piece.scale)
        bottom = max(bottom, ink.bottom * piece.scale - piece.rise)
    return Ink(width, top, bottom)


class Room(NamedTuple):
    """What a text may take: an item of a layout document, as a key. Sizes in px; leading and pads per mille of the type."""

    price: bool
    width: int
    height: int
    most: int
    least: int
    lines: int
    leading: int
    pad: tuple[int, int]

    def best(self, options: Iterable[tuple[Line, ...]], top: float, bottom: float) -> Fit | None:
        """The option that is best set here: one line more only where it lets the text grow by a fifth."""
        chosen: Fit | None = None
        for option in options:
            ems = max(line.width for line in option) + 2 * self.pad[0] / 1000
            block = top + bottom + (len(option) - 1) * self.leading / 1000 + 2 * self.pad[1] / 1000
            # Two pixels are kept back for the rounding of glyphs to the grid.
            size = min(self.most, int((self.width - 2) / max(ems, 0.01)), int((self.height - 2) / max(block, 0.01)))
            if size >= self.least and (chosen is None or size * 5 >= chosen.size * 6):
                chosen = Fit(size, option, top, bottom)
        return chosen


def fit_text(metrics: Metrics, text: str, locale: str, item: Mapping[str, Any], least: int | None = None) -> Fit | None:
    """The largest setting of a text in an item of a layout document, or None when even the least size is too large.

    Tries every allowed number of lines: one line more is taken where it lets the text grow by a fifth or more. Splits
    that read well come first; where none fits, the narrowest does. `least` stands in for the item's.
    """
    price = item["role"] == "price"
    floor = item["least"] if least is None else least
    if price:
        # Cents and sign are smaller than the whole part, and no text is smaller than LEAST_PX.
        floor = max(floor, math.ceil(LEAST_PX / CENTS_SCALE))
    pad = tuple(item["button"]["pad"]) if "button" in item else (0, 0)
    room = Room(
        price, item["width"], item["height"], item["most"], floor, item["lines"], item["leading"], (pad[0], pad[1])
    )
    return metrics.fit(text, locale, room)


def offer_items(item: Mapping[str, Any], row: bool = False) -> dict[str, dict[str, Any]]:
    """A price and its details as items of their own, each with the room that is always its own.

    Beside: the details have `share` of the width, in a column. Below: each its own line under the price, or, with
    `row`, both on one (composers take that where it fits, since it leaves the price more room).
    """
    details = item.get("details")
    if details is None:
        return {"price": dict(item)}
    width, height = item["width"], item["height"]
    if details["place"] == "beside":
        small = width * details["share"] // 1000
        price = {**item, "width": width - small - max(4, width // 40)}
        detail = {**item, "width": small, "height": height // 2}
    else:
        line = math.ceil(details["least"] * 1.5)
        price = {**item, "height": height - line * (1 if row else 2)}
        detail = {**item, "height": line}
    detail |= {"font": "text", "most": details["most"], "least": details["least"], "lines": 1, "colour": "text"}
    return {"price": price, "was": {**detail, "role": "was"}, "unit_price": {**detail, "role": "unit_price"}}


def items_of(document: Mapping[str, Any], part: str = "still", plain: bool = False) -> dict[str, dict[str, Any]]:
    """Every text's item in a layout document by role, the small lines of an offer included."""
    arrangement = document["parts"][part]
    groups = arrangement["plain"] if plain and arrangement["plain"] is not None else arrangement["groups"]
    found: dict[str, dict[str, Any]] = {}
    for group in groups:
        for item in group["items"]:
            found |= offer_items(item) if item["role"] == "price" else {item["role"]: item}
    return found


class Fitter:
    """Chooses copy for layouts in one pair of fonts. Raises ValueError when either is no font."""

    def __init__(self, display: bytes, text: bytes) -> None:
        self._metrics: dict[str, Metrics] = {"display": Metrics(display), "text": Metrics(text)}
        self._items: dict[tuple[int, str], tuple[Mapping[str, Any], dict[str, dict[str, Any]]]] = {}
        self._answers: dict[tuple[int, str, str, str, str], bool] = {}

    def fits(self, document: Mapping[str, Any], role: str, text: str, locale: str, part: str = "still") -> bool:
        """Whether a text can be set at its least size or larger. A role that the layout has no place for fits: it is left out."""
        key = (id(document), part, role, text, locale)
        answer = self._answers.get(key)
        if answer is None:
            item = self._item(document, part, role)
            answer = item is None or fit_text(self._metrics[item["font"]], text, locale, item) is not None
            if len(self._answers) >= 4 * _REMEMBERED:
                self._answers.clear()
            self._answers[key] = answer
        return answer

    def longest(
        self, document: Mapping[str, Any], role: str, candidates: Sequence[str], locale: str, part: str = "still"
    ) -> str | None:
        """The longest candidate that fits, by letters (the first of equals); None when none does."""
        fitting = [text for text in candidates if self.fits(document, role, text, locale, part)]
        return max(fitting, key=len) if fitting else None

    def missing(self, text: str, font: FontRole) -> str:
        """The characters that a font has no glyph for: a text with any of them is refused."""
        return self._metrics[font].missing(text)

    def _item(self, document: Mapping[str, Any], part: str, role: str) -> dict[str, Any] | None:
        # The document is kept with its items, so that its id stays its own.
        kept = self._items.get((id(document), part))
        if kept is None:
            kept = self._items[id(document), part] = (document, items_of(document, part))
        return kept[1].get(role)
