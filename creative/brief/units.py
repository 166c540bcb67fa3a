"""Unit prices: a price per kg, 100 g, l, 100 ml or piece, from what the product's facts say of its content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from creative.brief.types import currency_digits

# What each unit is measured in, and how much of that it is.
_WANTED = {
    "per kg": ("net_weight", Decimal(1000)),
    "per 100 g": ("net_weight", Decimal(100)),
    "per l": ("net_volume", Decimal(1000)),
    "per 100 ml": ("net_volume", Decimal(100)),
    "per piece": ("pieces", Decimal(1)),
}
_GRAMS_OR_ML = {
    "net_weight": {"kg": Decimal(1000), "g": Decimal(1), "mg": Decimal("0.001")},
    "net_volume": {"l": Decimal(1000), "cl": Decimal(10), "ml": Decimal(1)},
    "pieces": {"": Decimal(1), "pieces": Decimal(1)},
}
_AMOUNT = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,4})?)\s*([A-Za-z]*)\Z")


def content(unit_price: str, facts: Mapping[str, object]) -> Decimal:
    """How many of the unit ("per kg") the product holds: 250 g is 0.25. Raises ValueError: what the facts lack."""
    name, one = _WANTED[unit_price]
    fact = facts.get(name)
    units = _GRAMS_OR_ML[name]
    example = {"net_weight": "250 g", "net_volume": "0.5 l", "pieces": "12"}[name]
    if not isinstance(fact, str):
        raise ValueError(f"needs the product's fact {name}, such as {name}: {example}")
    match = _AMOUNT.match(fact.strip())
    if not match or match[2].lower() not in units or not Decimal(match[1]):
        raise ValueError(f"cannot be computed from {name}: {fact[:40]!r}; write it as {example}")
    return Decimal(match[1]) * units[match[2].lower()] / one


def unit_price(price: Decimal, unit: str, facts: Mapping[str, object], currency: str) -> Decimal:
    """The price of one `unit` ("per kg"), rounded half up to the currency's digits. Raises ValueError."""
    exact = price / content(unit, facts)
    return exact.quantize(Decimal(1).scaleb(-currency_digits(currency)), rounding=ROUND_HALF_UP)
