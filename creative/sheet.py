"""The contact sheet of a campaign: one HTML page that needs no server and asks nobody for anything.

Pictures, films and sounds are inside the page as long as it stays under `limit`; what is beyond is shown by its poster
and opened from its place in the store, and the page says so. Every word on it is data: escaped, under a content security
policy that runs the page's own script and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from creative.cards import (
    MODALITIES,
    Card,
    Chapter,
    Group,
    Missing,
    chapters_of,
    counted,
    natural,
    placed,
    size,
    state_counts,
)
from creative.errors import StoreError, UsageError
from creative.records import STATES
from creative.registry.rows import AssetRow
from creative.resources import templates
from creative.store.port import Store
from creative.tally import FindingCount, tally

LIMIT = 14_000_000
"""Bytes that a page's pictures, films and sounds may take together, as they stand in it (a third more than the files): what a
mailbox takes and a browser opens at once."""
POSTERS_ONLY = 600
"""With more ads than this a page holds their posters, and opens all originals from the store."""
_POSTER_GUESS = 40_000
_SIDE = 250  # CSS px: of the square that a placement is drawn as large as
_TALLEST = 360
_LINE = 1344  # CSS px: of the page on a screen of 1440
_GAP, _CARD_GAP, _LEAST_CARD = 40, 18, 168
_MARK = 13
_MANY_MARKS = 12
_MOST_SEGMENTS = 200
_MARKS = {"image/jpeg": (b"\xff\xd8\xff",), "image/png": (b"\x89PNG\r\n\x1a\n",), "image/webp": (b"RIFF",)} | {
    "video/mp4": (b"ftyp",),
    "text/vtt": (b"WEBVTT",),
    "audio/wav": (b"RIFF",),
    "audio/mpeg": (b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2"),
}
"""Types that a page may hold, with what their bytes begin with: nothing else becomes a data: URI."""


@dataclass(frozen=True, slots=True)
class SheetSummary:
    """What was written. `embedded` and `linked` count originals; `unreadable` files that the store did not have."""

    path: Path
    ads: int
    segments: int
    bytes: int
    embedded: int
    linked: int
    unreadable: int


def write_sheet(
    rows: Iterable[AssetRow],
    store: Store,
    path: Path,
    *,
    title: str,
    facts: Mapping[str, str],
    missing: Iterable[Missing] = (),
    limit: int = LIMIT,
) -> SheetSummary:
    """Write the page of these renditions at `path`; the same input gives the same bytes.

    `facts` are shown beside the title, in their order; `missing` are ads that were wanted and not made. The page is
    written piece by piece, and takes its name when it is whole. A file that the store lacks is shown as a gap.
    """
    chapters = chapters_of(rows, missing)
    media = _Media(store, path.absolute().parent, limit)
    media.choose([card for chapter in chapters for card in chapter.cards])
    path.parent.mkdir(parents=True, exist_ok=True)
    growing = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with growing.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            for piece in _page(chapters, media, title, facts):
                file.write(piece)
        written = growing.stat().st_size
        growing.replace(path)
    finally:
        growing.unlink(missing_ok=True)
    ads = sum(len(chapter.cards) for chapter in chapters)
    return SheetSummary(
        path, ads, len(chapters), written, len(media.inside), ads - len(media.inside), len(media.unreadable)
    )


def _page(chapters: Sequence[Chapter], media: _Media, title: str, facts: Mapping[str, str]) -> Iterator[str]:
    folder = templates() / "pages"
    sizes = _Sizes(chapters)
    style = (folder / "sheet.css").read_text(encoding="utf-8") + sizes.css()
    script = (folder / "sheet.js").read_text(encoding="utf-8")
    links = " file:" if media.links else ""
    policy = (
        f"default-src 'none'; img-src data:{links}; media-src data:{links}; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    cards = [card for chapter in chapters for card in chapter.cards]
    findings = tally(cards)
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"size": size}
    return environment.get_template("sheet.html").generate(
        policy=policy,
        style=Markup(style),  # our own file and numbers; nothing from a brief
        script=Markup(script),
        title=title,
        facts=facts,
        chapters=chapters,
        cards=cards,
        media=media,
        sizes=sizes,
        counted=counted,
        states=state_counts(cards),
        modalities=[(name, count) for name in MODALITIES if (count := sum(card.modality == name for card in cards))],
        filters=_filters(chapters, cards, findings),
        findings=findings,
        coverage=_Coverage(chapters),
        rehearsed=sum(card.rehearsed for card in cards),
        lost=sum(len(group.missing) for chapter in chapters for group in chapter.groups),
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class _Media:
    """Which files go into the page, and how each is named there."""

    def __init__(self, store: Store, folder: Path, limit: int) -> None:
        self.store, self.folder, self.limit = store, folder.resolve(), limit
        self.inside: set[str] = set()
        self.linked: list[Card] = []
        self.unreadable: set[str] = set()
        self.spent = 0
        self.links = False

    def choose(self, cards: Sequence[Card]) -> None:
        """Decide on the originals before anything is written. Every ad has its poster; what room is left is for the originals:
        pictures first, then sounds, then films, the smallest first. A picture needs no poster then."""
        left = self.limit - len(cards) * _encoded(_POSTER_GUESS)
        order = {"image": 0, "audio": 1}
        ranked = sorted(cards, key=lambda card: (order.get(card.modality, 2), card.bytes))
        for card in ranked if len(cards) <= POSTERS_ONLY else ():
            more = _encoded(card.bytes) - (_encoded(_POSTER_GUESS) if card.modality == "image" else 0)
            if card.type in _MARKS and (more <= 0 or more <= left):
                self.inside.add(card.asset_id)
                left -= more
        self.linked = [card for card in cards if card.asset_id not in self.inside]
        self.links = any(self._relative(card.sha256) for card in self.linked)

    def original(self, card: Card) -> str | None:
        """The ad itself: a data: URI, a path from the page to the store, or None where there is neither."""
        if card.asset_id in self.inside:
            return self._data(card.sha256, card.type)
        return self._relative(card.sha256)

    def embedded(self, card: Card) -> bool:
        """Whether the ad itself is in the page."""
        return card.asset_id in self.inside

    def poster(self, card: Card) -> str | None:
        """The ad's poster; beyond the page's limit a path to the store, if there is one."""
        if card.poster is None:
            return None
        beyond = self.spent + _encoded(_POSTER_GUESS) > self.limit
        return (self._relative(card.poster) if beyond and self.links else None) or self._data(card.poster, "image/jpeg")

    def subtitles(self, card: Card) -> str | None:
        """What is said in a film, as WebVTT inside the page: so small that no limit minds."""
        return None if card.subtitles is None else self._data(card.subtitles, "text/vtt")

    def _data(self, sha256: str, type: str) -> Markup | None:
        try:
            data = self.store.get_blob(sha256)
        except (StoreError, UsageError):
            self.unreadable.add(sha256)
            return None
        start = data[4:8] if type == "video/mp4" else data
        if not start.startswith(_MARKS.get(type, ())):
            self.unreadable.add(sha256)
            return None
        self.spent += _encoded(len(data))
        return Markup(f"data:{type};base64,{base64.b64encode(data).decode()}")

    def _relative(self, sha256: str) -> str | None:
        try:
            uri = urlsplit(self.store.uri(sha256))
        except UsageError:
            return None
        if uri.scheme != "file":
            return None
        return quote(os.path.relpath(Path(unquote(uri.path)).resolve(), self.folder).replace(os.sep, "/"))


def _encoded(count: int) -> int:
    return -(-count // 3) * 4


class _Sizes:
    """How large a placement is drawn: all about the same area, in true proportions, banners at their own size."""

    def __init__(self, chapters: Sequence[Chapter]) -> None:
        self.of: dict[tuple[str, int, int], tuple[int, int]] = {}
        self.classes: dict[str, str] = {}
        for group in (group for chapter in chapters for group in chapter.groups):
            self.classes.setdefault(group.placement, f"p{len(self.classes)}")
        self.marks = {
            group.placement: _mark(group) for chapter in reversed(chapters) for group in reversed(chapter.groups)
        }

    def css(self) -> str:
        """Rules of the marks of the coverage grid; inline styles are against the page's own policy."""
        return "".join(
            f".{self.classes[name]}{{--w:{width}px;--h:{height}px}}\n" for name, (width, height) in self.marks.items()
        )

    def shown(self, card: Card | Group) -> tuple[int, int]:
        """Width and height in CSS px."""
        width, height = card.width, card.height
        if card.modality == "audio":
            return 360, 180
        if not (width and height):
            return _SIDE, _SIDE
        scale = min((_SIDE * _SIDE / (width * height)) ** 0.5, _TALLEST / height)
        if width / height > 2.5 or height / width > 2.5:
            scale = max(scale, min(1.0, 970 / width, 600 / height))
        scale = min(scale, 1.0)
        return max(round(width * scale), 1), max(round(height * scale), 1)

    def wide(self, group: Group) -> bool:
        """Whether captions stand beside each other under it."""
        return self.shown(group)[0] >= 560

    def lines(self, groups: Sequence[Group]) -> list[Group]:
        """The groups in an order that fills lines of a usual screen: each goes to the first line with room for it."""
        lines: list[tuple[int, list[Group]]] = []
        for group in groups:
            each = max(self.shown(group)[0], _LEAST_CARD)
            wanted = 1 if self.wide(group) else len({(card.market, card.locale) for card in group.cards}) or 1
            width = min(wanted * (each + _CARD_GAP) - _CARD_GAP, _LINE)
            for number, (used, line) in enumerate(lines):
                if used + _GAP + width <= _LINE:
                    lines[number] = (used + _GAP + width, [*line, group])
                    break
            else:
                lines.append((width, [group]))
        return [group for _, line in lines for group in line]


def _mark(group: Group) -> tuple[int, int]:
    if group.modality == "audio" or not (group.width and group.height):
        return _MARK, _MARK
    scale = _MARK / (group.width * group.height) ** 0.5
    return max(round(group.width * scale), 5), max(round(group.height * scale), 5)


def _filters(
    chapters: Sequence[Chapter], cards: Sequence[Card], findings: Sequence[FindingCount]
) -> list[dict[str, Any]]:
    """The filter bar's choices: a name in the cards' data, a label, and the values that occur."""
    places = {group.placement: group.title for chapter in chapters for group in chapter.groups}
    found: list[tuple[str, str, dict[str, str]]] = [
        ("segment", "Segment", {chapter.segment: chapter.segment for chapter in chapters}),
        ("market", "Market", {name: name for name in sorted({card.market for card in cards})}),
        ("placement", "Placement", dict(sorted(places.items(), key=lambda item: natural(item[1])))),
        ("modality", "Kind", {name: counted(2, name)[2:].capitalize() for name in MODALITIES}),
        ("state", "State", {str(state): str(state) for state in STATES}),
        (
            "findings",
            "Worth a look",
            {one.id: f"{one.title} ({one.ads - one.waived})" for one in findings if one.ads > one.waived},
        ),
    ]
    present: dict[str, set[str]] = {
        "modality": {card.modality for card in cards},
        "state": {card.state for card in cards},
    }
    return [
        {"name": name, "label": label, "values": kept}
        for name, label, values in found
        if (kept := {key: text for key, text in values.items() if name not in present or key in present[name]})
    ]


@dataclass(slots=True)
class _Square:
    """One field of the coverage grid: a mark for each ad (made, failed, lost, none), or sums where they are many."""

    marks: list[str] = field(default_factory=list)

    @property
    def many(self) -> bool:
        return len(self.marks) > _MANY_MARKS

    @property
    def there(self) -> bool:
        """Whether the page has a group for it."""
        return any(mark != "none" for mark in self.marks)

    @property
    def shares(self) -> list[tuple[str, float, float]]:
        """(mark, start, width) in hundredths of a bar."""
        shares, start = [], 0.0
        for mark in ("made", "failed", "lost", "none"):
            if width := round(100 * self.marks.count(mark) / len(self.marks), 2):
                shares.append((mark, round(start, 2), width))
                start += width
        return shares

    def __str__(self) -> str:
        words = {"made": "made", "failed": "failed", "lost": "not made", "none": "none"}
        counts = {mark: self.marks.count(mark) for mark in words}
        return ", ".join(f"{count} {words[mark]}" for mark, count in counts.items() if count) or "none"


class _Coverage:
    """Segments by placements. A market and locale that a placement has elsewhere and not here is marked "none"."""

    def __init__(self, chapters: Sequence[Chapter]) -> None:
        groups = [group for chapter in chapters for group in chapter.groups]
        self.columns = sorted({group.placement: group for group in groups}.values(), key=placed)
        self.places: dict[str, set[tuple[str, str]]] = {}
        for group in groups:
            here = self.places.setdefault(group.placement, set())
            here |= {(card.market, card.locale) for card in group.cards}
            here |= {(gap.market, gap.locale) for gap in group.missing}
        self.rows = [(chapter, self._row(chapter)) for chapter in chapters[:_MOST_SEGMENTS]]
        self.left_out = max(len(chapters) - _MOST_SEGMENTS, 0)
        self.kinds = {mark for _, squares in self.rows for square in squares for mark in square.marks}

    def _row(self, chapter: Chapter) -> list[_Square]:
        groups = {group.placement: group for group in chapter.groups}
        return [self._square(groups.get(column.placement), column.placement) for column in self.columns]

    def _square(self, group: Group | None, placement: str) -> _Square:
        marks = []
        for place in sorted(self.places[placement]):
            here = [card for card in group.cards if (card.market, card.locale) == place] if group else []
            now = [
                "made" if card.made else "failed"
                for card in here
                if card.made or card.state in ("failed-check", "rejected")
            ]
            lost = [gap for gap in group.missing if (gap.market, gap.locale) == place] if group else []
            marks += sorted(now, reverse=True) + ["lost"] * len(lost) or ["none"]
        return _Square(marks)
