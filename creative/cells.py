"""Cells: one ad wanted each, by its coordinate, with its choices drawn.

Draws are stable: a variant's choice is the option with the highest hash of (seed, segment, product, variant, dimension,
option), never of the placement, so that a set of placements shares its scene and a new option moves few cells. Layouts are
drawn without replacement: a variant takes the highest that no lower variant of the same cell has, so that variants differ
in composition; one that does not suit an ad (its product, price, placement or words) is no option for it. Choices are
projected on the modality: a dimension that does not reach it is dropped, and variants that are equal then merge; the
lowest stays.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from creative.brief.brief import Brief
from creative.brief.models import Matrix, Segment
from creative.canonical import checked_key
from creative.errors import UsageError
from creative.placements import Modality, Placement

REACHES: Mapping[str, frozenset[str]] = {
    "image": frozenset({"headline", "scene", "layout"}),
    "video": frozenset({"headline", "scene", "layout", "voice"}),
    "audio": frozenset({"voice"}),
}
"""Which dimensions of choice reach a modality."""

Suits = Callable[[str, str | None, str | None, tuple[str, str, str], str | None], bool]
"""Whether a layout suits (layout, product, offer, (market, locale, placement), headline)."""

COORDINATES = ("segment", "product", "offer", "market", "locale", "placement", "variant")
"""What `--only` may name."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One ad wanted. `ad_id` is a hash of the coordinate alone: it survives every re-rendering."""

    ad_id: str
    campaign: str
    market: str
    locale: str
    product: str | None
    offer: str | None
    segment: str
    placement: str
    arm: str | None
    variant: int
    modality: Modality
    choices: Mapping[str, str]


def ad_id(coordinate: Mapping[str, str | int | None]) -> str:
    """The name of a cell: "ad_" and 20 hexadecimal digits of the coordinate's digest."""
    return f"ad_{checked_key(dict(coordinate))[:20]}"


def draw(options: Sequence[str], seed: int, segment: str, product: str | None, variant: int, dimension: str) -> str:
    """The option with the highest hash. Options are not empty."""
    return options[0] if len(options) == 1 else ranked(options, seed, segment, product, variant, dimension)[0]


def ranked(
    options: Sequence[str], seed: int, segment: str, product: str | None, variant: int, dimension: str
) -> tuple[str, ...]:
    """The options by their hash, the highest first."""
    stem = f"{seed}\0{segment}\0{product or ''}\0{variant}\0{dimension}\0"
    return tuple(sorted(options, key=lambda option: hashlib.sha256((stem + option).encode()).digest(), reverse=True))


def parse_only(only: Sequence[str]) -> dict[str, frozenset[str]]:
    """`segment=a,b,market=GB` as given to `--only`, once or often: allowed values by coordinate. Raises UsageError."""
    wanted: dict[str, frozenset[str]] = {}
    for text in only:
        name = ""
        for part in text.split(","):
            before, equals, value = part.partition("=")
            name = before if equals else name
            value = value if equals else part
            if name not in COORDINATES or not value:
                raise UsageError(f"--only {text}: write {'|'.join(COORDINATES)}=VALUE[,VALUE...][,...]")
            wanted[name] = wanted.get(name, frozenset()) | {value}
    return wanted


class Cells:
    """The cells of a brief, in the order in which they are made: the most valuable segment first."""

    def __init__(
        self,
        brief: Brief,
        placements: Mapping[str, Placement],
        layouts: Sequence[str],
        only: Mapping[str, frozenset[str]] | None = None,
        suits: Suits | None = None,
    ) -> None:
        """`layouts`: ids a layout may be drawn from, of which only those that `suits` are options. `only` trims the matrix (see `parse_only`); an id in it that the
        brief does not have is a UsageError."""
        self.brief, self.placements, self.layouts = brief, placements, tuple(layouts)
        self.only, self.suits = dict(only or {}), suits
        self._check_only()
        self._ranked = functools.lru_cache(4096)(
            lambda segment, product, variant: ranked(self.layouts, brief.seed, segment, product, variant, "layout")
        )
        self._draw = functools.lru_cache(4096)(self._choices)
        self._products: list[str | None] = list(brief.products) or [None]

    def __iter__(self) -> Iterator[Cell]:
        """All cells, once each."""
        for segment in sorted(self.brief.segments, key=lambda segment: -segment.value):
            if not self._allowed("segment", segment.id):
                continue
            for product in self._products:
                if product is not None and not self._allowed("product", product):
                    continue
                for offer in self._offers(product):
                    yield from self._of(segment.id, product, offer)

    def _of(self, segment: str, product: str | None, offer: str | None) -> Iterator[Cell]:
        brief = self.brief
        rows = [row for row in brief.include if self._row_has(row, segment, product, offer)] if brief.include else None
        if rows is not None and not rows:
            return
        out = [row for row in brief.exclude if self._row_has(row, segment, product, offer)]
        for market, terms in brief.markets.items():
            if not self._allowed("market", market) or (offer and market not in brief.offers[offer].price):
                continue
            for locale in terms.locales:
                if not self._allowed("locale", locale):
                    continue
                for placement in brief.placements:
                    if rows is not None and not any(_place_in(row, market, placement) for row in rows):
                        continue
                    if any(_place_in(row, market, placement) for row in out) or not self._allowed(
                        "placement", placement
                    ):
                        continue
                    yield from self._variants(segment, product, offer, (market, locale, placement))

    def _variants(
        self, segment: str, product: str | None, offer: str | None, place: tuple[str, str, str]
    ) -> Iterator[Cell]:
        market, locale, placement = place
        modality = self.placements[placement].modality
        seen: set[tuple[str, ...]] = set()
        taken: list[str] = []
        for variant in range(1, self.brief.variants.per_segment + 1):
            choices = self._draw(segment, product, locale, variant, modality)
            if self.layouts and "layout" in REACHES[modality]:
                layout = self._layout(segment, product, offer, place, variant, choices.get("headline"), taken)
                taken.append(layout)
                choices = {**choices, "layout": layout}
            projected = tuple(choices.values())
            if projected in seen:
                continue
            seen.add(projected)
            if not self._allowed("variant", str(variant)):
                continue
            coordinate = {
                "campaign": self.brief.campaign.id,
                "market": market,
                "locale": locale,
                "product": product,
                "offer": offer,
                "segment": segment,
                "placement": placement,
                "arm": None,
                "variant": variant,
            }
            yield Cell(
                ad_id(coordinate), self.brief.campaign.id, market, locale, product, offer, segment, placement, None,
                variant, modality, choices,
            )  # fmt: skip

    def _choices(
        self, segment: str, product: str | None, locale: str, variant: int, modality: str
    ) -> Mapping[str, str]:
        row = self._segments[segment]
        options = {
            "headline": tuple(row.copy_),
            "scene": tuple(row.scene),
            "voice": tuple(voice.id for voice in self.brief.voices if voice.locale == locale),
        }
        chosen = {}
        for dimension, names in options.items():
            if names and dimension in REACHES[modality]:
                drawn = dimension in self.brief.variants.choose
                chosen[dimension] = (
                    draw(names, self.brief.seed, segment, product, variant, dimension) if drawn else names[0]
                )
        return chosen

    def _layout(
        self,
        segment: str,
        product: str | None,
        offer: str | None,
        place: tuple[str, str, str],
        variant: int,
        headline: str | None,
        taken: Sequence[str],
    ) -> str:
        """The first in order that suits, those that lower variants took behind the others; the very first if none does."""
        order = self.layouts
        if "layout" in self.brief.variants.choose:
            drawn = self._ranked(segment, product, variant)
            order = tuple(sorted(drawn, key=taken.count)) if taken else drawn
        if self.suits is None:
            return order[0]
        return next((name for name in order if self.suits(name, product, offer, place, headline)), order[0])

    @functools.cached_property
    def _segments(self) -> Mapping[str, Segment]:
        return {segment.id: segment for segment in self.brief.segments}

    def _offers(self, product: str | None) -> list[str | None]:
        offers: list[str | None] = [
            name
            for name, offer in self.brief.offers.items()
            if offer.product == product and self._allowed("offer", name)
        ]
        return offers or ([None] if "offer" not in self.only else [])

    def _allowed(self, coordinate: str, value: str) -> bool:
        allowed = self.only.get(coordinate)
        return allowed is None or value in allowed

    @staticmethod
    def _row_has(row: Matrix, segment: str, product: str | None, offer: str | None) -> bool:
        return _among(row, "segments", segment) and _among(row, "products", product) and _among(row, "offers", offer)

    def _check_only(self) -> None:
        brief = self.brief
        known = {
            "segment": {segment.id for segment in brief.segments},
            "product": set(brief.products),
            "offer": set(brief.offers),
            "market": set(brief.markets),
            "locale": {locale for market in brief.markets.values() for locale in market.locales},
            "placement": set(brief.placements),
            "variant": {str(number) for number in range(1, brief.variants.per_segment + 1)},
        }
        for coordinate, values in self.only.items():
            for value in sorted(values - known[coordinate]):
                names = sorted(known[coordinate])
                there = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
                raise UsageError(f"--only {coordinate}={value}: the brief has no such {coordinate}; it has {there}")


def _among(row: Matrix, field: str, value: str | None) -> bool:
    values = getattr(row, field)
    return not values or value in values


def _place_in(row: Matrix, market: str, placement: str) -> bool:
    return _among(row, "markets", market) and _among(row, "placements", placement)
