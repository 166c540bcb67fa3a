"""What a brief must agree with itself about: names that exist, prices where they are needed, one id for one thing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from creative.brief.brand import Brand
from creative.brief.findings import Findings, Place
from creative.brief.models import BriefFile, Market, Matrix, Offer, Product, Segment
from creative.brief.places import currency_digits, known_locale
from creative.brief.types import did_you_mean
from creative.brief.yaml_source import Node
from creative.placements import Placement, placements
from creative.pricing import unit_price
from creative.steps import KINDS


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text as it stands in its file."""

    text: str
    node: Node
    place: Place

    def at(self, offset: int) -> Place:
        """The place of a character."""
        line = self.place.line + self.text.count("\n", 0, offset)
        return Place(self.place.file, line, offset - self.text.rfind("\n", 0, offset))


@dataclass(frozen=True)
class Facts:
    """What the rules look at. `known` has the names that were written, those of things that are wrong too."""

    file: BriefFile
    root: Node
    kit: Brand | None
    findings: Findings
    known: Mapping[str, tuple[str, ...]]
    scripts: Mapping[tuple[str, ...], Script] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    """Kinds of names that are not known, because their table could not be read."""

    @property
    def products(self) -> Mapping[str, Product]:
        """Products of the brief itself."""
        return self.file.products if isinstance(self.file.products, Mapping) else {}

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments, of the brief or its table."""
        return self.file.segments if isinstance(self.file.segments, tuple) else ()

    def at(self, *steps: str) -> Node:
        """The node at a path, or the deepest one that is there."""
        node = self.root
        for step in steps:
            below = node.child(int(step) if isinstance(node.value, list) and step.isdecimal() else step)
            if below is None:
                break
            node = below
        return node

    def rows(self) -> Iterator[Matrix | None]:
        """The rows of `include`; None for everything when there is none."""
        if not self.file.include:
            yield None
        yield from self.file.include

    def markets(self, row: Matrix | None) -> tuple[str, ...]:
        """The markets of a row, those of the brief only."""
        named = row.markets if row is not None else ()
        return tuple(market for market in named or self.file.markets if market in self.file.markets)

    def places(self, row: Matrix | None) -> Iterator[tuple[str, str]]:
        """The markets and locales of a row."""
        for market in self.markets(row):
            for locale in self.file.markets[market].locales:
                if row is None or not row.locales or locale in row.locales:
                    yield market, locale

    @functools.cached_property
    def _excludes(self) -> list[dict[str, frozenset[str]]]:
        return [
            {name: frozenset(getattr(row, name)) for name in Matrix.DIMENSIONS if getattr(row, name)}
            for row in self.file.exclude
        ]

    def excluded(self, **coordinate: str) -> bool:
        """Whether `exclude` takes out everything at a coordinate (segments="commuters", markets="FR", ...)."""
        return any(
            all(coordinate.get(name) in values for name, values in row.items())  # a name that is not given is not in
            for row in self._excludes
        )


def written_names(root: Node) -> dict[str, tuple[str, ...]]:
    """The names of everything that others may name, before anything wrong is pruned."""

    def names(path: str) -> tuple[str, ...]:
        return tuple(name for node in root.select(path) for name in node.names())

    def values(pattern: str) -> tuple[str, ...]:
        found = (item for node in root.select(pattern) for item in items(node))
        return tuple(dict.fromkeys(node.text for node in found if node.text is not None))

    plain = ("script", "cta", "support", "post_text", "alt")
    return {
        "product": names("products"),
        "offer": names("offers"),
        "footage": names("footage"),
        "headline": tuple(name for name in names("copy") if name not in plain),
        "segment": values("segments.*.id"),
        "market": names("markets"),
        "locale": values("markets.*.locales"),
        "placement": values("placements"),
    }


def items(node: Node) -> list[Node]:
    """The items of a list, or the one that was written without it."""
    return node.value if isinstance(node.value, list) else [node]


def check_references(facts: Facts) -> None:
    """Names that exist."""
    for pattern, kind in _REFERENCES:
        if kind in facts.unread:
            continue
        known = frozenset(facts.known[kind])
        if kind == "locale" and not all(map(known_locale, known)):
            continue  # the one that is misspelt is noted: it may well be what is named here
        for node in facts.root.select(pattern):
            for item in items(node):
                if item.text is not None and item.text not in known:
                    _unknown(facts, item, item.text, kind)
    for pattern in ("offers.*.price", "offers.*.was"):
        for node in facts.root.select(pattern):
            for market, price in node.value.items() if isinstance(node.value, dict) else ():
                if not market.startswith("x-") and market not in facts.known["market"]:
                    _unknown(facts, price, market, "market", price.key)
    for kind in facts.file.backends:
        if kind not in KINDS:
            node = facts.at("backends", kind)
            facts.findings.add(node.key, node.path, "is not a kind of step", did_you_mean(kind, KINDS))


_REFERENCES = (
    ("offers.*.product", "product"),
    ("segments.*.copy", "headline"),
    ("segments.*.footage", "footage"),
    *(
        (f"{matrix}.*.{dimension}", dimension.removesuffix("s"))
        for matrix in ("include", "exclude")
        for dimension in ("segments", "products", "offers", "markets", "locales")
    ),
    ("experiments.*.segments", "segment"),
    ("experiments.*.arms.*", "headline"),
    ("compliance.required_disclosures.*.products", "product"),
    ("compliance.required_disclosures.*.jurisdictions", "market"),
    ("products.*.claims.*.markets", "market"),
    ("voices.*.locale", "locale"),
)


def _unknown(facts: Facts, node: Node, name: str, kind: str, place: Place | None = None) -> None:
    hint = did_you_mean(name, facts.known[kind]) or f"Add the {kind}, or remove the name"
    facts.findings.add(place or node.at, node.path, f"names the {kind} {name!r}, which the brief does not have", hint)


def check_placements(facts: Facts) -> None:
    """Placements of the table; and of the brief, in its matrix."""
    table = placement_table()
    wanted = facts.known["placement"]
    for node in facts.root.select("placements"):
        for item in items(node):
            if table and item.text is not None and item.text not in table:
                hint = did_you_mean(item.text, table) or f"There is: {', '.join(table)}"
                facts.findings.add(item.at, item.path, f"is not a placement: {item.text!r}", hint)
    for matrix in ("include", "exclude"):
        for node in facts.root.select(f"{matrix}.*.placements"):
            for item in items(node):
                if item.text is not None and item.text not in wanted:
                    hint = did_you_mean(item.text, wanted) or "Add it to placements"
                    problem = f"names the placement {item.text!r}, which the brief does not have"
                    facts.findings.add(item.at, item.path, problem, hint)


def placement_table() -> Mapping[str, Placement]:
    """The table of ad formats."""
    return placements()


def check_ids(facts: Facts) -> None:
    """One id for one thing."""
    for pattern in ("segments", "voices", "experiments", "review.stages"):
        seen: dict[str, Place] = {}
        for node in facts.root.select(f"{pattern}.*.id"):
            if node.text is None:
                continue
            if node.text in seen:
                first = seen[node.text]
                problem = f"is a second {node.text!r}; the first is in line {first.line}"
                facts.findings.add(node.at, node.path, problem, "Rename or remove one")
            seen.setdefault(node.text, node.at)


def check_offers(facts: Facts) -> None:
    """Prices that make sense, where they are needed."""
    for name, offer in facts.file.offers.items():
        _check_prices(facts, name, offer)
        if offer.valid and facts.file.flight and offer.valid.until < facts.file.flight.from_:
            node = facts.at("offers", name, "valid", "until")
            problem = f"is over on {offer.valid.until}, before the flight begins on {facts.file.flight.from_}"
            facts.findings.add(node.at, node.path, problem, "Mend one of the dates")
    for number, row in enumerate(facts.file.include):
        for place, name in enumerate(row.offers):
            named = facts.file.offers.get(name)
            node = facts.at("include", str(number), "offers", str(place))
            if named is None:
                continue
            if row.products and named.product not in row.products and named.product in facts.products:
                problem = f"is an offer for {named.product!r}, which this row does not name"
                facts.findings.add(node.at, node.path, problem, "Add the product, or remove the offer")
            for market in row.markets:
                if market in facts.file.markets and market not in named.price and not _mispriced(facts, name):
                    problem = f"names the offer {name!r}, which has no price for {market}"
                    facts.findings.add(node.at, node.path, problem, f'Add {market}: "5.99" to its price')
    _check_coverage(facts)


def _check_prices(facts: Facts, name: str, offer: Offer) -> None:
    for part, prices in (("price", offer.price), ("was", offer.was)):
        for market, price in prices.items():
            node = facts.at("offers", name, part, market)
            terms = facts.file.markets.get(market)
            if terms is not None and -int(price.as_tuple().exponent) > (digits := currency_digits(terms.currency)):
                problem = f"has more digits than {terms.currency}, which has {digits} after the point"
                facts.findings.add(node.at, node.path, problem, "Round it")
            if part == "was" and market not in offer.price and terms is not None:
                if _mispriced(facts, name):
                    continue
                facts.findings.add(node.key, node.path, f"has no price for {market} beside it", "Add the price")
            elif part == "was" and price <= offer.price.get(market, 0):
                problem = f"is {price}, not above the price of {offer.price[market]}"
                facts.findings.add(node.at, node.path, problem, "Write the higher price before, or remove it")
    product = facts.products.get(offer.product)
    if offer.unit_price and product is not None:
        for market, price in offer.price.items():
            terms = facts.file.markets.get(market)
            if terms is None or _unit_price(price, offer.unit_price, product, terms):
                continue
            fact, example = _CONTENT[offer.unit_price.split()[-1]]
            node = facts.at("offers", name, "unit_price")
            problem = f"needs how much of {offer.product!r} there is, in a form that can be computed with"
            facts.findings.add(node.at, node.path, problem, f"Write {fact}: {example} in the product's facts")


def _unit_price(price: Decimal, unit: str, product: Product, market: Market) -> str | None:
    locale = market.locales[0]
    texts = {name: fact if isinstance(fact, str) else fact.get(locale, "") for name, fact in product.facts.items()}
    return unit_price(price, market.currency, unit, texts, locale)


_CONTENT = {
    "kg": ("net_weight", "250 g"),
    "g": ("net_weight", "250 g"),
    "l": ("net_volume", "0.5 l"),
    "ml": ("net_volume", "0.5 l"),
    "piece": ("pieces", '"12"'),
}


def _check_coverage(facts: Facts) -> None:
    """A product with offers needs one with a price in every market where it is advertised."""
    by_product: dict[str, list[str]] = {}
    for name, offer in facts.file.offers.items():
        by_product.setdefault(offer.product, []).append(name)
    everywhere: dict[str, None] = {}
    for row in facts.rows():
        if row is None or not (row.products or row.offers):
            everywhere |= dict.fromkeys(facts.markets(row))
        elif not row.offers:
            for product in row.products:
                _check_priced(facts, product, by_product.get(product, []), facts.markets(row))
        else:
            named: dict[str, list[str]] = {}
            for name in row.offers:
                if name in facts.file.offers:
                    named.setdefault(facts.file.offers[name].product, []).append(name)
            for product, offers in named.items():
                if not row.products or product in row.products:
                    _check_priced(facts, product, offers, facts.markets(row))
    for product, offers in by_product.items():
        _check_priced(facts, product, offers, everywhere)


def _check_priced(facts: Facts, product: str, offers: list[str], markets: Iterable[str]) -> None:
    for market in markets if offers else ():
        if any(market in facts.file.offers[name].price or _mispriced(facts, name) for name in offers):
            continue
        if not facts.excluded(products=product, markets=market):
            node = facts.at("offers", offers[0], "price")
            problem = f"has no price for {market}, where {product!r} is advertised"
            hint = f'Add {market}: "5.99", or exclude the product there'
            facts.findings.add(node.key, node.path, problem, hint)


def _mispriced(facts: Facts, offer: str) -> bool:
    """Whether something is wrong with the offer's price: what follows from that is no news."""
    return facts.findings.under(f"offers.{offer}.price")


CHECKS: Iterable[Callable[[Facts], None]] = (check_references, check_placements, check_ids, check_offers)
