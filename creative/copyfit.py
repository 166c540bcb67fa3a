"""Copy that fits: how large a text can be set in its box, and whether that is large enough.

Lines are shaped by HarfBuzz (`creative.typefaces`) once, for planning and for the composers, who draw the very glyphs that
were measured here: what was planned to fit, does. No imaging library is needed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from creative.bidi import base_level, classes_of, levels, on_line, runs_leftwards, visual
from creative.font_files import Source
from creative.font_table import FontRole, own_fonts
from creative.layouts import LEAST_PX
from creative.linebreak import Line, stubs
from creative.paragraphs import Paragraph, Setting
from creative.scripts import INVISIBLE, RTL_LANGUAGES, subtags
from creative.segments import typographic
from creative.typefaces import Ink, Typeface

_PRICE = re.compile(
    r"(?P<before>[^\d\s]{0,4}[\s\u00a0\u202f]?)(?P<whole>\d[\d.,'’٬\s\u00a0\u202f]*?)"
    r"(?P<point>[.,٫])(?P<cents>\d\d)(?P<after>[\s\u00a0\u202f]?[^\d\s]{0,4})"
)
_WHOLE_PRICE = re.compile(
    r"(?P<before>[^\d\s]{0,4}[\s\u00a0\u202f]?)(?P<whole>\d[\d.,'’٬\s\u00a0\u202f]*\d|\d)"
    r"(?P<after>[\s\u00a0\u202f]?[^\d\s.,]{1,4}|)"
)
CENTS_SCALE = 0.54
"""Cents and the currency's sign beside the whole part of a price; CRAFT: big whole part, raised cents."""
POINT_SCALE = 0.7
"""The decimal sign under raised cents: at full size a comma hangs into what stands below."""

_GROWS, _STAMMER_GROWS = 120, 135
"""How large, per cent of it with one line less, a text has to be for one line more; and where that makes it stammer."""
_POINT_GAP, _CENTS_GAP = 0.012, 0.02
"""Before a decimal sign, and how much further right than it the cents begin, in ems."""

_REMEMBERED = 65536
"""How many answers are kept before all are forgotten."""


class Piece(NamedTuple):
    """A part of a price: its size relative to the whole part's, how far it is raised, the gap before it, in ems."""

    text: str
    scale: float
    rise: float
    gap: float


class Fit(NamedTuple):
    """How a text is set: `size` in px, `leading` per mille of it; `top` and `bottom` as in Ink, of first and last line."""

    size: int
    lines: tuple[Line, ...]
    top: float
    bottom: float
    leading: int = 0

    def block(self, leading: float) -> float:
        """Height of the ink in px, at most."""
        return self.size * (self.top + self.bottom + (len(self.lines) - 1) * leading)


class Metrics(Typeface):
    """A typeface that answers what fits. Raises ValueError when the bytes are no font."""

    def __init__(self, source: Source, others: Mapping[str, Source] | None = None) -> None:
        super().__init__(source, others)
        self._fits: dict[tuple[str, str, Room], Fit | None] = {}
        self._copies: dict[tuple[str, str], Paragraph] = {}

    def fit(self, text: str, locale: str, room: Room) -> Fit | None:
        """See `fit_text`."""
        key = (text, locale, room)
        if key not in self._fits:
            if len(self._fits) >= _REMEMBERED:
                self._fits.clear()
            self._fits[key] = self._fit(text, locale, room)
        return self._fits[key]

    def _fit(self, text: str, locale: str, room: Room) -> Fit | None:
        if not text.strip():
            return None
        if room.price:
            ink = price_ink(self, text, locale)
            return room.best([Setting((Line(text, ink.width),), ink.top, ink.bottom, 0)])
        copy = self._copy(text, locale)
        if not copy.words:
            return None
        # What reads well comes first; then the narrowest lines; then breaks inside of phrases and long words.
        for fine, tight in ((False, False), (False, True), (True, False), (True, True)):
            parts = copy.fine if fine else copy.words
            if (room.whole and (fine or tight)) or (fine and len(parts) == len(copy.words)):
                break
            counts = range(1, min(room.lines, len(parts)) + 1)
            found = room.best(self._seen(copy.split(count, tight, fine), room) for count in counts)
            if found is not None:
                return found
        return None

    def _seen(self, setting: Setting, room: Room) -> Setting:
        # A button's height hangs on its font alone, so that equal buttons are equally high.
        return setting._replace(top=self.cap, bottom=0.0) if room.pad != (0, 0) else setting

    def _copy(self, text: str, locale: str) -> Paragraph:
        if (text, locale) not in self._copies:
            if len(self._copies) >= _REMEMBERED:
                self._copies.clear()
            self._copies[text, locale] = Paragraph(self, text, locale)
        return self._copies[text, locale]


def direction(locale: str) -> Literal["ltr", "rtl"]:
    """Which way a locale's script runs, by its language ("ar-EG", "he")."""
    return "rtl" if subtags(locale)[0] in RTL_LANGUAGES else "ltr"


def price_pieces(metrics: Typeface, text: str, locale: str = "") -> tuple[Piece, ...]:
    """A formatted price as a retail designer sets it, from left to right: the whole part large, cents and sign small, raised.

    Raised parts share the whole part's top; the cents stand over the decimal sign, which is smaller than it would be
    between figures. Where the currency stands is the
    bidirectional algorithm's: left of the number in Arabic and Hebrew. What is no plain price with two cents ("5 for 3",
    "1,000") is one piece as it is.
    """
    seen = typographic("".join(letter for letter in text if letter not in INVISIBLE), locale)
    match = _PRICE.fullmatch(seen) or _WHOLE_PRICE.fullmatch(seen)
    before, after = (match["before"].strip(), match["after"].strip()) if match is not None else ("", "")
    cents = match.groupdict().get("cents", "") if match is not None else ""
    if match is None or not (before or after or cents):
        return (Piece(typographic(text, locale) or text, 1.0, 0.0, 0.0),)
    rise = metrics.cap * (1 - CENTS_SCALE)
    if _swapped(text, locale, before, after):
        before, after = after, before
    made = []
    if before:
        made.append(Piece(before, CENTS_SCALE, rise, 0.0))
    made.append(Piece(match["whole"], 1.0, 0.0, 0.1 if any(map(str.isalpha, before)) else 0.0))
    if cents:
        point = match["point"]
        wide = POINT_SCALE * metrics.ink(point, locale).width
        made.append(Piece(point, POINT_SCALE, 0.0, _POINT_GAP))
        made.append(Piece(cents, CENTS_SCALE, rise, _CENTS_GAP - wide if point in ".," else -0.5 * wide))
    if after:
        made.append(Piece(after, CENTS_SCALE, rise, 0.06))
    return tuple(made)


def _swapped(text: str, locale: str, before: str, after: str) -> bool:
    """Whether what is written before a price's number stands right of it, and what is written after, left."""
    if not (before or after) or not runs_leftwards(text):
        return False
    base = 1 if direction(locale) == "rtl" else base_level(text)
    order = visual(on_line(levels(text, base), classes_of(text), base))
    digit = next(at for at, letter in enumerate(text) if letter.isdigit())
    sign = text.index((after or before)[0], digit if after else 0)
    return (order.index(sign) > order.index(digit)) != bool(after)


def price_ink(metrics: Typeface, text: str, locale: str) -> Ink:
    """Measures of a price in its pieces, in ems of the whole part's size."""
    width = top = bottom = 0.0
    for piece in price_pieces(metrics, text, locale):
        ink = metrics.ink(piece.text, locale)
        width += piece.gap + ink.width * piece.scale
        top = max(top, piece.rise + ink.top * piece.scale)
        bottom = max(bottom, ink.bottom * piece.scale - piece.rise)
    return Ink(width, top, bottom, 0.0, width)


class Room(NamedTuple):
    """What a text may take: an item of a layout document, as a key. Sizes in px; leading and pads per mille of the type.

    `whole`: no line may break inside of a phrase or a word.
    """

    price: bool
    width: int
    height: int
    most: int
    least: int
    lines: int
    leading: int
    pad: tuple[int, int]
    whole: bool = False

    def best(self, options: Iterable[Setting]) -> Fit | None:
        """The option that is best set here: one line more only where it lets the text grow by a fifth; by a half where it
        makes lines of a short word that the other has not."""
        chosen: Fit | None = None
        stammers = False
        for lines, top, bottom, least in options:
            leading = max(self.leading, least)
            ems = max(line.width for line in lines) + 2 * self.pad[0] / 1000
            block = top + bottom + (len(lines) - 1) * leading / 1000 + 2 * self.pad[1] / 1000
            # Two pixels are kept back for the rounding of ink to the grid.
            size = min(self.most, int((self.width - 2) / max(ems, 0.01)), int((self.height - 2) / max(block, 0.01)))
            # Each line stands on a whole pixel: several may be higher together than those two.
            while (
                math.ceil(top * size) + (len(lines) - 1) * round(size * leading / 1000) + math.ceil(bottom * size)
                + 2 * round(size * self.pad[1] / 1000) > self.height
            ):  # fmt: skip
                size -= 1
            stub = stubs(lines)
            grows = _STAMMER_GROWS if stub and not stammers else _GROWS
            if size >= self.least and (chosen is None or size * 100 >= chosen.size * grows):
                chosen, stammers = Fit(size, lines, top, bottom, leading), stub
        return chosen


def fit_text(
    metrics: Metrics,
    text: str,
    locale: str,
    item: Mapping[str, Any],
    least: int | None = None,
    whole: bool = False,
) -> Fit | None:
    """The largest setting of a text in an item of a layout document, or None when even the least size is too large.

    Tries every allowed number of lines: one line more is taken where it lets the text grow by a fifth or more. Splits
    that read well come first; where none fits, the narrowest does; then long words are hyphenated and phrases broken:
    none of that where the text has to stay `whole`. `least` stands in for the item's.
    """
    price = item["role"] == "price"
    floor = item["least"] if least is None else least
    if price:
        # Cents and sign are smaller than the whole part, and no text is smaller than LEAST_PX.
        floor = max(floor, math.ceil(LEAST_PX / CENTS_SCALE))
    pad = tuple(item["button"]["pad"]) if "button" in item else (0, 0)
    room = Room(
        price,
        item["width"],
        item["height"],
        item["most"],
        floor,
        item["lines"],
        item["leading"],
        (pad[0], pad[1]),
        whole,
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
    """Chooses copy for layouts in one pair of fonts. Raises ValueError when either is no font.

    `others` are the fonts of other scripts, by role and script; the farm's own, if left out.
    """

    def __init__(
        self, display: Source, text: Source, others: Mapping[FontRole, Mapping[str, Source]] | None = None
    ) -> None:
        behind = others or {"display": own_fonts("display"), "text": own_fonts("text")}
        self._metrics: dict[str, Metrics] = {
            "display": Metrics(display, behind.get("display")),
            "text": Metrics(text, behind.get("text")),
        }
        self._items: dict[tuple[int, str], tuple[Mapping[str, Any], dict[str, dict[str, Any]]]] = {}
        self._answers: dict[tuple[int, str, str, str, str, bool], bool] = {}

    def fits(
        self,
        document: Mapping[str, Any],
        role: str,
        text: str,
        locale: str,
        part: str = "still",
        whole: bool = False,
    ) -> bool:
        """Whether a text can be set at its least size or larger. A role that the layout has no place for fits: it is left out.

        `whole`: without hyphenating a word, or breaking a phrase.
        """
        key = (id(document), part, role, text, locale, whole)
        answer = self._answers.get(key)
        if answer is None:
            item = self._item(document, part, role)
            answer = item is None or fit_text(self._metrics[item["font"]], text, locale, item, whole=whole) is not None
            if len(self._answers) >= 4 * _REMEMBERED:
                self._answers.clear()
            self._answers[key] = answer
        return answer

    def longest(
        self, document: Mapping[str, Any], role: str, candidates: Sequence[str], locale: str, part: str = "still"
    ) -> str | None:
        """The longest candidate that fits, by letters (the first of equals); None when none does.

        One that fits whole comes before a longer one that has to be hyphenated.
        """
        for whole in (True, False):
            fitting = [text for text in candidates if self.fits(document, role, text, locale, part, whole)]
            if fitting:
                return max(fitting, key=len)
        return None

    def missing(self, text: str, font: FontRole, locale: str = "") -> str:
        """The characters that cannot be set right: a text with any of them is refused."""
        return self._metrics[font].missing(typographic(text, locale), locale)

    def scripts(self, texts: Iterable[str], locale: str) -> tuple[str, ...]:
        """Names ("display.Arab", "text.Arab") of the other fonts that texts need, in order."""
        texts = [typographic(text, locale) for text in texts]
        return tuple(
            sorted(
                f"{role}.{name}"
                for role, metrics in self._metrics.items()
                for name in frozenset().union(*(metrics.names(text, locale) for text in texts))
            )
        )

    def _item(self, document: Mapping[str, Any], part: str, role: str) -> dict[str, Any] | None:
        # The document is kept with its items, so that its id stays its own.
        kept = self._items.get((id(document), part))
        if kept is None:
            kept = self._items[id(document), part] = (document, items_of(document, part))
        return kept[1].get(role)
