"""Prices and dates as a reader of a locale expects them, by CLDR."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.dates import format_skeleton
from babel.numbers import format_currency, get_currency_precision
from babel.units import format_unit

_AMOUNT = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*(kg|g|l|cl|ml|pieces|piece|pcs)?\b\.?\s*", re.IGNORECASE)
_PER = {
    "per kg": ("net_weight", Decimal(1000), "kg"),
    "per 100 g": ("net_weight", Decimal(100), "100 g"),
    "per l": ("net_volume", Decimal(1000), "l"),
    "per 100 ml": ("net_volume", Decimal(100), "100 ml"),
    "per piece": ("pieces", Decimal(1), ""),
}
_UNITS = {"kg": "mass-kilogram", "g": "mass-gram", "l": "volume-liter", "ml": "volume-milliliter"}
"""CLDR's names of what `_PER` writes."""
_BASE = {"kg": 1000, "g": 1, "l": 1000, "cl": 10, "ml": 1, "": 1, "pieces": 1, "piece": 1, "pcs": 1}


def _cldr(locale: str) -> Locale:
    return Locale.parse(locale, sep="-")


def money(amount: Decimal, currency: str, locale: str) -> str:
    """An amount in its currency: "£5.49" in en-GB, "5,99\u00a0€" in de-DE."""
    return format_currency(amount, currency, locale=_cldr(locale))


def day(date: datetime.date, locale: str) -> str:
    """Day and month: "14 October", "14. Oktober"."""
    return format_skeleton("MMMMd", date, locale=_cldr(locale))


def unit_price(amount: Decimal, currency: str, unit: str, facts: Mapping[str, str], locale: str) -> str | None:
    """The price for `unit` ("per kg", "per 100 ml", ...) of something whose facts say how much it is ("250 g").

    None when the fact is missing or cannot be read: net_weight, net_volume or pieces.
    """
    fact, base, label = _PER[unit]
    match = _AMOUNT.fullmatch(facts.get(fact, ""))
    if match is None:
        return None
    quantity = Decimal(match[1].replace(",", ".")) * _BASE[(match[2] or "").lower()]
    if not quantity:
        return None
    precision = Decimal(1).scaleb(-get_currency_precision(currency))
    value = (amount * base / quantity).quantize(precision, ROUND_HALF_UP)
    return f"{money(value, currency, locale)}/{_measure(label, locale)}" if label else money(value, currency, locale)


def _measure(label: str, locale: str) -> str:
    """ "100 ml" in letters that the locale's readers know: its own where CLDR has some, else the symbol as it is."""
    number, _, symbol = label.rpartition(" ")
    words = format_unit(int(number or 1), _UNITS[symbol], length="short", locale=_cldr(locale))
    if re.search("[A-Za-z]", words):
        return label
    # One of a thing goes without its number: "per kilogram".
    return words if number else re.sub(r"[\d\s]", "", words)
