"""Prices and dates by CLDR."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from creative.pricing import day, money, unit_price


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        ("5.49", "GBP", "en-GB", "£5.49"),
        ("5.99", "EUR", "de-DE", "5,99\u00a0€"),
        ("1234.5", "EUR", "fr-FR", "1\u202f234,50\u00a0€"),
        ("1999", "JPY", "ja-JP", "￥1,999"),
    ],
)
def test_money_is_written_as_readers_expect(amount: str, currency: str, locale: str, text: str) -> None:
    assert money(Decimal(amount), currency, locale) == text


def test_days_are_written_as_readers_expect() -> None:
    date = datetime.date(2026, 10, 14)
    assert [day(date, locale) for locale in ("en-GB", "en-US", "de-DE", "fr-FR")] == [
        "14 October",
        "October 14",
        "14. Oktober",
        "14 octobre",
    ]


@pytest.mark.parametrize(
    ("unit", "facts", "text"),
    [
        ("per kg", {"net_weight": "250 g"}, "£21.96/kg"),
        ("per 100 g", {"net_weight": "0,25 kg"}, "£2.20/100 g"),
        ("per l", {"net_volume": "0.5 l"}, "£10.98/l"),
        ("per 100 ml", {"net_volume": "75 cl"}, "£0.73/100 ml"),
        ("per piece", {"pieces": "12"}, "£0.46"),
        ("per kg", {}, None),
        ("per kg", {"net_weight": "a bag"}, None),
        ("per kg", {"net_weight": "0 g"}, None),
    ],
)
def test_unit_prices_are_computed_from_the_facts(unit: str, facts: dict[str, str], text: str | None) -> None:
    assert unit_price(Decimal("5.49"), "GBP", unit, facts, "en-GB") == text


@pytest.mark.parametrize(
    ("unit", "locale", "ending"),
    [
        ("per 100 ml", "ar-AE", "/100 ملتر"),
        ("per l", "ar-AE", "/لتر"),
        ("per kg", "ar-EG", "/كغم"),
        ("per 100 g", "he-IL", "/100 גר׳"),
        ("per kg", "ru-RU", "/кг"),
        ("per 100 ml", "ja-JP", "/100 ml"),
        ("per l", "de-DE", "/l"),
        ("per 100 g", "fr-FR", "/100 g"),
    ],
)
def test_a_measure_is_written_in_letters_that_readers_know(unit: str, locale: str, ending: str) -> None:
    found = unit_price(Decimal("5.49"), "EUR", unit, {"net_weight": "250 g", "net_volume": "75 cl"}, locale)
    assert found is not None and found.endswith(ending)
