"""What a contact sheet says of each ad, and in which order: small, so that thousands of them fit into memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from creative.placements import ENCODINGS, Placement, placements
from creative.records import STATES, AssetState
from creative.registry.rows import AssetRow
from creative.rehearsals import SAID, noise_in

GONE: tuple[AssetState, ...] = ("superseded", "retired", "withdrawn", "rejected")
"""States of renditions that nobody will publish: shown after those that may be, and not counted as made."""
MODALITIES = ("image", "video", "audio")
NOUNS: Mapping[str, tuple[str, str]] = {
    "image": ("image", "images"),
    "video": ("film", "films"),
    "audio": ("sound", "sounds"),
}
"""How an ad of a modality is called, one and several."""
_SPOKEN = "script"
_RIGHTS = (
    ("cloned voice", "voice", "consent"),
    ("likeness", "likeness", "consent"),
    ("licensed music", "background_music", "licence"),
)
"""What is said of rights: what it is, AdCP's use, what is named."""
_VAGUE = ("", "application/octet-stream")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class CardFinding:
    """Something worth a look. `waived`: by whom and why it may stay; empty if nobody said so."""

    id: str
    says: str
    waived: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One rendition. `width`, `height` in px (sound: 0), `figures` and `details` ready to be read, in order.

    `headline` is what the picture says largest, `script` what is spoken, `words` the other texts by role.
    """

    asset_id: str
    ad_id: str
    name: str
    segment: str
    market: str
    locale: str
    placement: str
    title: str
    modality: str
    arm: str | None
    variant: int
    state: AssetState
    reasons: tuple[str, ...]
    findings: tuple[CardFinding, ...]
    sha256: str
    bytes: int
    type: str
    poster: str | None
    subtitles: str | None
    width: int
    height: int
    ms: int
    headline: str
    script: str
    words: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    figures: tuple[str, ...]
    alt: str
    rehearsed: bool = False

    @property
    def open_findings(self) -> str:
        """The ids of its findings that nobody waived, each once, between spaces."""
        return " ".join(dict.fromkeys(one.id or "other" for one in self.findings if not one.waived))

    @property
    def made(self) -> bool:
        """Whether it counts as a finished ad."""
        return self.state not in GONE and self.state != "failed-check"


@dataclass(frozen=True, slots=True)
class Missing:
    """An ad that was wanted and has no rendition, with the reason as it was reported."""

    segment: str
    market: str
    locale: str
    placement: str
    reason: str = ""
    variant: int = 1


@dataclass(slots=True)
class Group:
    """The ads of one segment in one placement; `width`, `height` are those of most of its renditions, in px."""

    placement: str
    title: str
    modality: str
    width: int
    height: int
    cards: list[Card] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


@dataclass(slots=True)
class Chapter:
    """One segment's part of a sheet."""

    segment: str
    groups: list[Group] = field(default_factory=list)

    @property
    def cards(self) -> list[Card]:
        """All of the segment's, in order."""
        return [card for group in self.groups for card in group.cards]


def card_of(row: AssetRow) -> Card:
    """What a sheet says of a row. Figures of an unexpected form are left out, never guessed."""
    place = placements().get(row.placement)
    width, height = row.width or (place and place.width) or 0, row.height or (place and place.height) or 0
    words = {role: text for role, text in row.texts.items() if isinstance(text, str) and text.strip()}
    headline, script = words.pop("headline", ""), words.pop(_SPOKEN, "")
    alt = row.carried.get("alt")
    return Card(
        asset_id=row.asset_id,
        ad_id=row.ad_id,
        name=row.name,
        segment=row.segment,
        market=row.market,
        locale=row.locale,
        placement=row.placement,
        title=place.title if place else row.placement,
        modality=row.modality,
        arm=row.arm,
        variant=row.variant,
        state=row.state,
        reasons=tuple(row.reasons),
        findings=tuple(_finding(found) for found in row.findings),
        sha256=row.sha256,
        bytes=row.bytes,
        type=ENCODINGS[place.format].media_type if place and row.type in _VAGUE else row.type,
        poster=row.poster,
        subtitles=(row.figures.get("subtitles") or {}).get("vtt"),
        width=width,
        height=height,
        ms=row.ms or 0,
        headline=headline,
        script=script,
        words=tuple(words.items()),
        choices=tuple(row.choices.items()),
        figures=_figures(row, width, height),
        alt=alt if isinstance(alt, str) and alt.strip() else headline or script or row.name,
        rehearsed=bool(noise_in(row.lineage)),
    )


def chapters_of(rows: Iterable[AssetRow], missing: Iterable[Missing] = ()) -> list[Chapter]:
    """Cards by segment and placement: segments by name, placements as in their table (pictures, films, sounds).

    Inside a group variants follow each other, markets and locales side by side; what was replaced comes last.
    """
    found: dict[str, dict[str, Group]] = {}
    for row in rows:
        card = card_of(row)
        groups = found.setdefault(card.segment, {})
        group = groups.get(card.placement)
        if group is None:
            group = groups[card.placement] = _group(card.placement, card.modality, card.width, card.height)
        group.cards.append(card)
    for gap in missing:
        groups = found.setdefault(gap.segment, {})
        if gap.placement not in groups:
            groups[gap.placement] = _group(gap.placement)
        groups[gap.placement].missing.append(gap)
    chapters = []
    for segment in sorted(found, key=natural):
        groups = found[segment]
        for group in groups.values():
            group.cards.sort(key=_within)
            group.missing.sort(key=lambda gap: (gap.variant, gap.market, gap.locale, gap.reason))
        chapters.append(Chapter(segment, sorted(groups.values(), key=placed)))
    return chapters


def placed(group: Group) -> tuple[int, int, tuple[tuple[int, int, str], ...]]:
    """A key that orders placements: pictures, films, sounds; then as in their table."""
    kind = MODALITIES.index(group.modality) if group.modality in MODALITIES else len(MODALITIES)
    return kind, _order().get(group.placement, len(_order())), natural(group.placement)


@cache
def _order() -> Mapping[str, int]:
    return {name: number for number, name in enumerate(placements())}


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts "s2" before "s10"."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(text) if part)


def size(count: int) -> str:
    """Bytes as publishers count them: "148 kB", "3.2 MB" (powers of ten)."""
    if count < 999_500:
        return f"{max(round(count / 1000), 1) if count else 0} kB"
    return f"{count / 1_000_000:.1f} MB"


def counted(count: int, modality: str) -> str:
    """ "1 film", "12 sounds"."""
    return f"{count:,} {NOUNS.get(modality, (modality, modality))[count != 1]}"


def state_counts(cards: Sequence[Card]) -> dict[AssetState, int]:
    """How many cards are in each state that occurs, in the order of `creative.records.STATES`."""
    return {state: count for state in STATES if (count := sum(card.state == state for card in cards))}


def _group(name: str, modality: str = "", width: int = 0, height: int = 0) -> Group:
    place: Placement | None = placements().get(name)
    if place is None:
        return Group(name, name, modality or "image", width, height)
    return Group(name, place.title, place.modality, width or place.width or 0, height or place.height or 0)


def _within(card: Card) -> tuple[bool, str, int, str, str, int, str]:
    gone = card.state in GONE
    return (gone, card.arm or "", card.variant, card.market, card.locale, STATES.index(card.state), card.asset_id)


def _figures(row: AssetRow, width: int, height: int) -> tuple[str, ...]:
    figures, found = row.figures, [SAID] if noise_in(row.lineage) else []
    if row.modality != "audio" and width and height:
        found.append(f"{width} × {height}")
    if row.ms:
        found.append(f"{row.ms / 1000:g} s")
    if (fps := _number(figures, "fps")) is not None:
        found.append(f"{fps:g} fps")
    found.append(size(row.bytes))
    if (lufs := _number(figures, "lufs")) is not None:
        found.append(f"{_signed(lufs)} LUFS")
    if (peak := _number(figures, "true_peak")) is not None:
        found.append(f"{_signed(peak)} dBTP")
    texts = figures.get("texts")
    ratios = [_number(text, "contrast") for text in texts] if isinstance(texts, list) else []
    if known := [ratio for ratio in ratios if ratio is not None]:
        found.append(f"contrast {min(known):.1f}")
    for name, use, noun in _RIGHTS:
        ids = [str(one.get("rights_id")) for one in row.carried.get("rights") or () if use in one.get("uses", ())]
        found += [f"{name}: {noun} {', '.join(ids)}"] if ids else []
    return (*found, *_judged(figures))


def _judged(figures: Mapping[str, Any]) -> Iterator[str]:
    """What whoever judges would ask for, as far as it was measured."""
    if isinstance(cuts := figures.get("cuts"), list) and "frames" in figures:
        yield f"{len(cuts)} cut{'' if len(cuts) == 1 else 's'}"
    judges = figures.get("judges")
    if not isinstance(judges, Mapping):
        return
    ocr = judges.get("ocr")
    if (of := _number(ocr, "of")) and (read := _number(ocr, "read")) is not None:
        yield f"{read:.0f} of {of:.0f} words read"
    if (errors := _number(judges.get("transcript"), "letters")) is not None:
        yield f"{1 - min(errors, 1):.0%} heard as written"
    if (voice := _number(judges.get("speech"), "speech")) is not None:
        yield f"voice {voice:.1f} of 5"


def _finding(found: Any) -> CardFinding:
    if not isinstance(found, Mapping):
        return CardFinding("", str(found))
    waived = found.get("waived") or {}
    said = f"waived by {waived.get('by', '')}: {waived.get('reason', '')}" if waived else ""
    return CardFinding(str(found.get("id", "")), str(found.get("says", "")), said)


def _signed(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _number(figures: Any, name: str) -> float | None:
    value = figures.get(name) if isinstance(figures, Mapping) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
