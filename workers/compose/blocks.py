"""Items of a layout as blocks of ink with known sizes, before they have a place or a colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from creative.copyfit import Fit, fit_text, offer_items, price_ink, price_pieces
from creative.errors import StepRefused
from creative.layouts import LEAST_PX
from creative.segments import typographic
from workers.compose.glyphs import Face, check_glyphs

_YIELDS = 3
_GAP = 4.0
"""A logo is first reduced by whole numbers to so many times its size: Lanczos on all of a large file takes ten times as long."""
_LARGER = 125
"""How large, per cent, a price over its details has to be beside one that has them at its side."""
_AIRY = 86
"""Of its place's height, per cent, what a price over its details may take where they were to stand beside it: its letters are
larger, and keep clear of the edge of the surface that they stand on."""


@dataclass(frozen=True, slots=True)
class Part:
    """One run of ink: an L mask at (x, y) within its block, the type size in px and the least allowed."""

    role: str
    text: str
    mask: Image.Image
    x: int
    y: int
    size: int
    least: int


@dataclass(frozen=True, slots=True)
class Block:
    """One item, set: `width` x `height` px of ink. `rise` and `drop`: how far ink leaves cap line and last baseline.

    `button` is the radius of the surface that fills the block, or None; `pictures` are the logo's versions, of one size.
    """

    role: str
    width: int
    height: int
    parts: tuple[Part, ...] = ()
    rise: int = 0
    drop: int = 0
    button: int | None = None
    pictures: tuple[Image.Image, ...] = ()


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets items in one pair of fonts, one locale and one direction; `align` is left, center or right."""

    faces: Mapping[str, Face]
    locale: str
    direction: str

    def text(self, item: Mapping[str, Any], text: str, align: str) -> Block:
        """A text in balanced lines; with a button, its label in the middle of the surface. Raises StepRefused."""
        fit = self._fit(item, text)
        face, size = self.faces[item["font"]], fit.size
        step = round(size * fit.leading / 1000)
        inks = [face.ink(line.text, size, self.locale, line.levels) for line in fit.lines]
        cap = round(face.metrics.cap * size)
        width = max(ink.mask.width for ink in inks)
        pad_x, pad_y = (round(size * pad / 1000) for pad in item["button"]["pad"]) if "button" in item else (0, 0)
        # A button's height hangs on its font alone; any other block begins and ends with its ink.
        rise = 0 if pad_y else max(0, -inks[0].top - cap)
        last = inks[-1]
        drop = 0 if pad_y else max(0, last.top + last.mask.height)
        parts = []
        for number, (line, ink) in enumerate(zip(fit.lines, inks, strict=True)):
            x = {"left": 0, "center": (width - ink.mask.width) // 2, "right": width - ink.mask.width}[align]
            y = pad_y + rise + cap + number * step + ink.top
            parts.append(Part(item["role"], line.text, ink.mask, pad_x + x, y, size, item["least"]))
        height = 2 * pad_y + rise + cap + (len(inks) - 1) * step + drop
        radius = height * item["button"]["radius"] // 2000 if "button" in item else None
        return Block(item["role"], width + 2 * pad_x, height, tuple(parts), rise, drop, radius)

    def offer(self, item: Mapping[str, Any], texts: Mapping[str, str], align: str) -> Block:
        """A price with its struck price and unit price, as far as `texts` has them. Raises StepRefused."""
        items = offer_items(item)
        small = [role for role in ("was", "unit_price") if texts.get(role) and role in items]
        if not small:
            main = self._price(item, texts["price"])
            return Block("price", main.mask.width, main.mask.height, (main,), 0, self._drop(item, main))
        size = min(self._fit(items[role], texts[role]).size for role in small)
        details = [self._detail(items[role], texts[role], size) for role in small]
        if item["details"]["place"] == "beside":
            beside = self._price(items["price"], texts["price"])
            under = self._under(item, texts, details, align)
            if under is not None and under.parts[0].size * 100 >= beside.size * _LARGER:
                return under
            return self._beside(item, beside, details)
        gap = round(size * 0.75)
        row = sum(part.mask.width for part in details) + gap * (len(details) - 1)
        one = row <= item["width"]
        price = offer_items(item, row=one)["price"]
        return self._priced(item, price, texts, [details] if one else [[part] for part in details], gap, align)

    def _under(
        self, item: Mapping[str, Any], texts: Mapping[str, str], details: Sequence[Part], align: str
    ) -> Block | None:
        """What would stand beside a price, in one row under it: a wide currency leaves a price little room beside words; None
        where there is no room for it."""
        gap = round(details[0].size * 0.75)
        below = {**item, "height": item["height"] * _AIRY // 100, "details": {**item["details"], "place": "below"}}
        price = offer_items(below, row=True)["price"]
        row = sum(part.mask.width for part in details) + gap * (len(details) - 1)
        if row > item["width"] or not self._fits(price, texts["price"]):
            return None
        made = self._priced(below, price, texts, [details], gap, align)
        return made if made.height <= below["height"] else None

    def _priced(
        self,
        item: Mapping[str, Any],
        price: Mapping[str, Any],
        texts: Mapping[str, str],
        rows: Sequence[Sequence[Part]],
        gap: int,
        align: str,
    ) -> Block:
        """A price over its details, within the item's height: what hangs below a price's baseline, or stands high in a line
        of details, is only known when both are drawn; then the price gives way."""
        block = self._below(item, self._price(price, texts["price"]), rows, gap, align)
        for _ in range(_YIELDS):
            over = block.height - item["height"]
            if over <= 0:
                break
            price = {**price, "height": price["height"] - over}
            if not self._fits(price, texts["price"]):
                break  # smaller than it may be: the check of the finished ad will tell
            block = self._below(item, self._price(price, texts["price"]), rows, gap, align)
        return block

    def _beside(self, item: Mapping[str, Any], main: Part, details: Sequence[Part]) -> Block:
        """Details in a column: the first hangs from the price's cap line, the last stands on its baseline."""
        base = main.mask.height - self._drop(item, main)
        left = main.mask.width + max(5, round(main.size * 0.16))
        parts = [main]
        for number, part in enumerate(details):
            hangs = number == 0 and len(details) == 2
            standing = max(0, min(base - self._above(part), item["height"] - part.mask.height))
            parts.append(_at(part, left, 0 if hangs else standing))
        width = left + max(part.mask.width for part in details)
        if self.direction == "rtl":
            parts = [_at(part, width - part.x - part.mask.width, part.y) for part in parts]
        height = max(part.y + part.mask.height for part in parts)
        return Block("price", width, height, tuple(parts), 0, height - base)

    def _below(
        self, item: Mapping[str, Any], main: Part, rows: Sequence[Sequence[Part]], gap: int, align: str
    ) -> Block:
        """Details in rows under the price."""
        slack = {"left": 0, "center": 1, "right": 2}[align]
        wide = [sum(part.mask.width for part in row) + gap * (len(row) - 1) for row in rows]
        width = max(main.mask.width, *wide)
        parts = [_at(main, (width - main.mask.width) * slack // 2, 0)]
        size = rows[0][0].size
        baseline = main.mask.height - self._drop(item, main) + round(size * 0.45)
        for row, ink in zip(rows, wide, strict=True):
            baseline += max(self._above(part) for part in row)
            x = (width - ink) * slack // 2
            # Clear of the decimal comma, and of letters that go below the baseline: by the rim that is measured as a ground.
            rim = max(3, round(size * 0.13))
            under = (x - parts[0].x - rim, baseline - max(self._above(part) for part in row) - rim)
            beside = (*under, under[0] + ink + 2 * rim, main.mask.height)
            if under[1] < main.mask.height and main.mask.crop(beside).getbbox():
                baseline += main.mask.height - under[1]
            for part in row if self.direction == "ltr" else reversed(row):
                parts.append(_at(part, x, baseline - self._above(part)))
                x += part.mask.width + gap
            baseline += round(size * 0.4)
        height = max(part.y + part.mask.height for part in parts)
        return Block("price", width, height, tuple(parts), 0, 0)

    def _fits(self, item: Mapping[str, Any], text: str) -> bool:
        return fit_text(self.faces[item["font"]].metrics, text, self.locale, item) is not None

    def _fit(self, item: Mapping[str, Any], text: str) -> Fit:
        check_glyphs(self.faces, item["font"], item["role"], text, self.locale)
        metrics = self.faces[item["font"]].metrics
        fit = fit_text(metrics, text, self.locale, item)
        if fit is not None:
            return fit
        could = fit_text(metrics, text, self.locale, {**item, "least": 1})
        size = "at any size" if could is None else f"only at {could.size} px"
        lines = f"{item['lines']} line{'s' if item['lines'] > 1 else ''}"
        raise StepRefused(
            f"the {item['role']} {text!r} is too long for its place: it would fit {size} in {lines}, "
            f"the least is {item['least']} px. Shorten it, or write a shorter variant"
        )

    def _price(self, item: Mapping[str, Any], text: str) -> Part:
        fit = self._fit(item, text)
        face, size = self.faces[item["font"]], fit.size
        drawn, pen = [], 0.0
        for piece in price_pieces(face.metrics, text, self.locale):
            own = size if piece.scale == 1.0 else max(LEAST_PX, round(size * piece.scale))
            ink = face.ink(piece.text, own, self.locale)
            pen += piece.gap * size
            # Raised pieces share the cap line of the whole part to the pixel.
            base = -round(face.metrics.cap * (size - own)) if piece.rise else 0
            drawn.append((ink.mask, round(pen) + ink.left, base + ink.top))
            pen += face.metrics.ink(piece.text, self.locale).width * own
        left, top = min(x for _, x, _ in drawn), min(y for _, _, y in drawn)
        width = max(x + mask.width for mask, x, _ in drawn) - left
        height = max(y + mask.height for mask, _, y in drawn) - top
        whole = Image.new("L", (width, height), 0)
        for mask, x, y in drawn:
            whole.paste(255, (x - left, y - top), mask)
        return Part("price", text, whole, 0, 0, size, item["least"])

    def _detail(self, item: Mapping[str, Any], text: str, size: int) -> Part:
        text = typographic(text, self.locale)
        ink = self.faces[item["font"]].ink(text, size, self.locale)
        mask = ink.mask
        if item["role"] == "was":
            # Struck at half the height of the figures, within the ink.
            middle = -ink.top - round(self.faces[item["font"]].metrics.cap * size / 2)
            thick = max(1, round(size * 0.075))
            first, end = self._struck(text, size, item["font"], mask.width)
            ImageDraw.Draw(mask).rectangle(
                (first, middle - thick // 2, end - 1, middle - thick // 2 + thick - 1), fill=255
            )
        return Part(item["role"], text, mask, 0, 0, size, item["least"])

    def _struck(self, text: str, size: int, font: str, width: int) -> tuple[int, int]:
        """From where to where a former price is struck: its words ("was", "statt") are not."""
        digits = [at for at, letter in enumerate(text) if letter.isdigit()]
        if not digits or self.direction == "rtl":
            return 0, width
        start = text.rfind(" ", 0, digits[0] + 1) + 1
        if start and not text[start - 2].isalpha() and text[start - 2] not in ":.":
            start = text.rfind(" ", 0, start - 1) + 1
        before = self.faces[font].metrics.ink(text[:start], self.locale).width if start else 0.0
        return min(width - 1, round(before * size)), width

    def _above(self, part: Part) -> int:
        """Ink of a detail above its baseline, in px."""
        return -self.faces["text"].ink(part.text, part.size, self.locale).top

    def _drop(self, item: Mapping[str, Any], main: Part) -> int:
        metrics = self.faces[item["font"]].metrics
        return min(main.mask.height, max(0, round(price_ink(metrics, main.text, self.locale).bottom * main.size)))


_LOGOS: dict[tuple[int, ...], tuple[Sequence[Image.Image], Block]] = {}
"""Scaled logos by the identity of their pictures, which are held so that none is another's: a worker has few."""


def logo_block(versions: Sequence[Image.Image], item: Mapping[str, Any]) -> Block:
    """A logo as large as its item allows, without its transparent border; its other versions in the first one's place."""
    key = (*map(id, versions), item["width"], item["height"])
    found = _LOGOS.get(key)
    if found is None:
        if len(_LOGOS) >= 32:
            _LOGOS.clear()
        found = _LOGOS[key] = (tuple(versions), _scaled(versions, item))
    return found[1]


def _scaled(versions: Sequence[Image.Image], item: Mapping[str, Any]) -> Block:
    size: tuple[int, int] | None = None
    made = []
    for version in versions:
        picture = _bare(version)
        room = size or (item["width"], item["height"])
        scale = min(room[0] / picture.width, room[1] / picture.height)
        own = (max(1, int(picture.width * scale + 0.01)), max(1, int(picture.height * scale + 0.01)))
        scaled = picture.resize(own, Image.Resampling.LANCZOS, reducing_gap=_GAP).convert("RGBA")
        size = size or own
        whole = Image.new("RGBA", size, (0, 0, 0, 0))
        whole.paste(scaled, ((size[0] - own[0]) // 2, (size[1] - own[1]) // 2))
        made.append(whole)
    if size is None:
        raise StepRefused("there is no logo to set")
    return Block("logo", size[0], size[1], pictures=tuple(made))


_BARE: dict[int, tuple[Image.Image, Image.Image]] = {}
"""As `_LOGOS`: what `_bare` gave."""


def _bare(logo: Image.Image) -> Image.Image:
    """A logo without its transparent border, its colours multiplied by its alpha (RGBa), as scaling wants them."""
    found = _BARE.get(id(logo))
    if found is None:
        picture = logo.convert("RGBA")
        box = picture.getchannel("A").getbbox()
        if box is None:
            raise StepRefused("the logo is wholly transparent: give the brand kit another file")
        if len(_BARE) >= 8:
            _BARE.clear()
        found = _BARE[id(logo)] = (logo, picture.crop(box).convert("RGBa"))
    return found[1]


def _at(part: Part, x: int, y: int) -> Part:
    return Part(part.role, part.text, part.mask, x, y, part.size, part.least)
