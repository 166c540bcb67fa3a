"""The contact sheet as one picture, for a deck or a message: the posters of the page that `creative.sheet` writes."""

from __future__ import annotations

import io
import itertools
import os
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont

from creative.cards import GONE, MODALITIES, Card, Chapter, chapters_of, counted, state_counts
from creative.errors import StoreError, UsageError
from creative.registry.rows import AssetRow
from creative.rehearsals import SAID
from creative.resources import templates
from creative.store.port import Store

WIDTH = 2000
TALLEST = 10_000
_EDGE = 72
_GUTTER = 24
_CAPTION, _LINE_GAP = 62, 30  # px: under each poster, and under that
_BAND, _BAND_GAP = 112, 46  # px: a segment's heading, and the space before the next
_HEAD, _FOOT = 300, 56
_SHRINK, _STRETCH = 0.8, 1.34
_MOST_PIXELS = 50_000_000
_FAINT = 0.45
_DISPLAY, _TEXT = "Geologica-SemiBold.ttf", "Inter-Medium.ttf"

_PAPER, _INK, _SOFT, _LINE, _FRAME = "#ffffff", "#141414", "#6b6b6b", "#dcdcdc", "#f1f1f1"
_TONES = {"failed-check": "#b3201a", "rejected": "#b3201a", "approved": "#1a6b3a"}
_HEIGHTS = ((0.66, 470), (2.5, 330), (float("inf"), 120))
"""Shapes that share lines: the ratio of width to height below which they are one, and the usual height of a line in px."""
_SOUND = (2.0, 150)
"""Sound has lines of its own: the ratio of a waveform's box, and the height."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn: the picture's size in px, the ads on it, and how many are left out for want of room."""

    path: Path
    width: int
    height: int
    ads: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Line:
    """Ads side by side at one height (px, before rounding), each with its ratio of width to height."""

    height: float
    ads: list[tuple[Card, float]]

    @property
    def depth(self) -> int:
        return round(self.height) + _CAPTION + _LINE_GAP


@dataclass(slots=True)
class _Band:
    chapter: Chapter
    lines: list[_Line]
    kept: int = 0

    @property
    def depth(self) -> int:
        return _BAND + sum(line.depth for line in self.lines[: self.kept]) + _BAND_GAP


def draw_sheet(rows: Iterable[AssetRow], store: Store, path: Path, title: str) -> Drawn:
    """Draw the posters by segment, in true proportions, as a PNG of 2,000 px width and at most 10,000 px height.

    Of more ads than fit, each segment shows its first, and says how many are left out. A poster that the store lacks,
    or that is no picture, is an empty frame. The same input gives the same bytes.
    """
    chapters = chapters_of(rows)
    bands = _fitted([_Band(chapter, list(_lines(chapter.cards))) for chapter in chapters])
    hidden = len(chapters) - len(bands)
    height = _HEAD + sum(band.depth for band in bands) + _FOOT * (1 + bool(hidden))
    sheet = Image.new("RGB", (WIDTH, height), _PAPER)
    pen = _Pen(sheet, store)
    cards = [card for chapter in chapters for card in chapter.cards]
    pen.head(title, cards, len(chapters))
    top, shown = _HEAD, 0
    for band in bands:
        shown += pen.band(band, top)
        top += band.depth
    if hidden:
        pen.text((_EDGE, top), f"{hidden:,} more segments are left out here: the page has them all", 26, _SOFT)
    data = io.BytesIO()
    sheet.save(data, "PNG", compress_level=6)
    path.parent.mkdir(parents=True, exist_ok=True)
    growing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        growing.write_bytes(data.getvalue())
        growing.replace(path)
    finally:
        growing.unlink(missing_ok=True)
    return Drawn(path, WIDTH, height, shown, len(cards) - shown)


def _lines(cards: Sequence[Card]) -> Iterator[_Line]:
    """The lines of a segment: tall shapes, usual ones, banners, sounds; what fills no line alone shares one."""
    seen = [(card, _ratio(card)) for card in cards if card.modality != "audio"]
    shapes: list[tuple[int, list[tuple[Card, float]]]] = []
    least = 0.0
    for most, usual in _HEIGHTS:
        shapes.append((usual, [ad for ad in seen if least <= ad[1] < most]))
        least = most
    shapes.append((_SOUND[1], [(card, _SOUND[0]) for card in cards if card.modality == "audio"]))
    for (one, some), (other, more) in (shapes[:2], shapes[2:]):
        both = [*some, *more]
        if some and more and _full(both) >= _SHRINK * (lower := min(one, other)):
            yield from _justified(both, lower)
        else:
            yield from _justified(some, one)
            yield from _justified(more, other)


def _full(line: Sequence[tuple[Card, float]]) -> float:
    """The height at which a line is as wide as the sheet."""
    return (WIDTH - 2 * _EDGE - _GUTTER * (len(line) - 1)) / sum(ratio for _, ratio in line)


def _justified(ads: Sequence[tuple[Card, float]], usual: int) -> Iterator[_Line]:
    """Break ads into lines of about equal width; each line's height is what makes it full, within reason."""
    if not ads:
        return
    room = WIDTH - 2 * _EDGE
    starts = list(itertools.accumulate((ratio * usual + _GUTTER for _, ratio in ads), initial=0.0))
    count = min(max(round((starts[-1] - _GUTTER) / room), 1), len(ads))
    goal = starts[-1] / count
    lines: list[list[tuple[Card, float]]] = [[] for _ in range(count)]
    for start, ad in zip(starts, ads, strict=False):
        middle = start + ad[1] * usual / 2
        lines[min(int(middle / goal), count - 1)].append(ad)
    for line in filter(None, lines):
        yield _Line(min(_full(line), usual * _STRETCH), line)


def _ratio(card: Card) -> float:
    return min(max(card.width / card.height, 0.2), 12.0) if card.width and card.height else 1.0


def _fitted(bands: Sequence[_Band]) -> list[_Band]:
    """The bands that fit with one line at least, each with as many lines as fit, dealt out in turn."""
    left = TALLEST - _HEAD - 2 * _FOOT
    kept = []
    for band in bands:
        band.kept = 1
        if band.depth > left:
            break
        left -= band.depth
        kept.append(band)
    growing = [band for band in kept if len(band.lines) > 1]
    while growing:
        for band in list(growing):
            depth = band.lines[band.kept].depth
            if depth > left:
                growing.remove(band)
                continue
            left -= depth
            band.kept += 1
            if band.kept == len(band.lines):
                growing.remove(band)
    return kept


class _Pen:
    """Draws on one sheet."""

    def __init__(self, sheet: Image.Image, store: Store) -> None:
        self.sheet, self.store = sheet, store
        self.draw = ImageDraw.Draw(sheet)

    def head(self, title: str, cards: Sequence[Card], segments: int) -> None:
        """The title, and what there is."""
        self.text((_EDGE, 66), title, 76, _INK, WIDTH - 2 * _EDGE, display=True)
        words = [f"{len(cards):,} {'ad' if len(cards) == 1 else 'ads'}"]
        words += [counted(n, name) for name in MODALITIES if (n := sum(card.modality == name for card in cards))]
        words.append(f"{segments:,} {'segment' if segments == 1 else 'segments'}")
        x = self.text((_EDGE, 186), " · ".join(words), 30, _INK)
        for state, count in state_counts(cards).items():
            x = self.text((x + 36, 186), f"{count:,} {state}", 30, _TONES.get(state, _SOFT))
        if count := sum(card.rehearsed for card in cards):
            said = SAID if count == len(cards) else f"{count:,} of them {SAID}"
            self.text((_EDGE, 240), f"{said}: models of random weights", 30, _TONES["failed-check"])
        if not cards:
            self.text((_EDGE, 240), "No ads yet.", 30, _SOFT)

    def band(self, band: _Band, top: int) -> int:
        """One segment; returns how many ads it shows."""
        self.draw.rectangle((_EDGE, top, WIDTH - _EDGE - 1, top + 1), fill=_INK)
        shown, whole = sum(len(line.ads) for line in band.lines[: band.kept]), len(band.chapter.cards)
        x = self.text((_EDGE, top + 26), band.chapter.segment, 46, _INK, WIDTH // 2, display=True)
        words = f"{whole:,} {'ad' if whole == 1 else 'ads'}"
        if shown < whole:
            words = f"the first {shown:,} of {words}; {whole - shown:,} are left out here"
        self.text((x + 24, top + 42), words, 26, _SOFT)
        y = top + _BAND
        for line in band.lines[: band.kept]:
            left = float(_EDGE)
            for card, ratio in line.ads:
                right = left + line.height * ratio
                self.ad(card, round(left), y, round(right) - round(left), round(line.height))
                left = right + _GUTTER
            y += line.depth
        return shown

    def ad(self, card: Card, x: int, y: int, width: int, height: int) -> None:
        """One poster in its box, with its caption below."""
        self.draw.rectangle((x, y, x + width - 1, y + height - 1), fill=_FRAME)
        picture = self._picture(card, width)
        if picture is not None:
            scale = min(width / picture.width, height / picture.height)
            size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
            if abs(size[0] - width) <= 2 and abs(size[1] - height) <= 2:
                size = (width, height)  # rounding must not leave a seam
            picture = picture.resize(size, Image.Resampling.LANCZOS)
            if card.state in GONE:
                picture = Image.blend(Image.new("RGB", size, _PAPER), picture, _FAINT)
            self.sheet.paste(picture, (x + (width - size[0]) // 2, y + (height - size[1]) // 2))
        else:
            self.text((x + 14, y + height // 2 - 12), "no poster", 20, _SOFT, width - 28)
        if card.modality == "video":
            self._play(x + 18, y + height - 18 - 46, 46)
        tone = _TONES.get(card.state, _SOFT)
        failed = card.state in ("failed-check", "rejected")
        self.draw.rectangle(
            (x, y, x + width - 1, y + height - 1), outline=tone if failed else _LINE, width=5 if failed else 1
        )
        self.text((x, y + height + 9), card.title, 21, _INK, width)
        end = self.text((x, y + height + 36), f"{card.market} {card.locale}", 19, _SOFT, width)
        room = x + width - end - 14
        if failed or _font(_TEXT, 19).getlength(card.state) <= room:
            self.text((end + 14, y + height + 36), card.state, 19, tone, room)

    def text(
        self, at: tuple[int, int], text: str, size: int, colour: str, room: int | None = None, *, display: bool = False
    ) -> int:
        """Draw one line, cut to `room` px with an ellipsis; returns where it ends."""
        font = _font(_DISPLAY if display else _TEXT, size)
        line = _one_line(text)
        if room is not None and font.getlength(line) > room:
            least, most = 0, len(line)
            while least < most:
                middle = (least + most + 1) // 2
                least, most = (
                    (middle, most) if font.getlength(line[:middle].rstrip() + "…") <= room else (least, middle - 1)
                )
            line = line[:least].rstrip() + "…"
        self.draw.text(at, line, font=font, fill=colour)
        return at[0] + round(font.getlength(line))

    def _picture(self, card: Card, width: int) -> Image.Image | None:
        """The poster; the ad itself where that is a picture which the poster is too small to show at this width."""
        sources = [card.poster] if card.poster else []
        if card.modality == "image" and (not card.poster or width > 640):
            sources.insert(0, card.sha256)
        for sha256 in sources:
            try:
                data = self.store.get_blob(sha256)
            except (StoreError, UsageError):
                continue
            try:
                with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
                    picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
                if picture.width * picture.height <= _MOST_PIXELS:
                    picture.draft("RGB", (width, width))
                    return picture.convert("RGB")
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                continue  # not a picture, or damaged: an empty frame says so
        return None

    def _play(self, x: int, y: int, side: int) -> None:
        """A play mark, drawn four times as large and scaled down, so that its edge is smooth."""
        big = Image.new("L", (side * 4, side * 4))
        pen = ImageDraw.Draw(big)
        pen.ellipse((0, 0, side * 4 - 1, side * 4 - 1), fill=190)
        disc = big.resize((side, side), Image.Resampling.LANCZOS)
        pen.rectangle((0, 0, side * 4, side * 4), fill=0)
        pen.polygon([(side * 1.55, side * 1.1), (side * 1.55, side * 2.9), (side * 3.05, side * 2)], fill=255)
        arrow = big.resize((side, side), Image.Resampling.LANCZOS)
        self.sheet.paste(_INK, (x, y), disc)
        self.sheet.paste(_PAPER, (x, y), ImageChops.darker(arrow, arrow))


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(templates() / "fonts" / name), size, layout_engine=ImageFont.Layout.BASIC)


def _one_line(text: str) -> str:
    """Free of line breaks and control characters, which would be drawn as boxes."""
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())
