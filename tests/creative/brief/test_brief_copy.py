"""Rendering copy, and banned words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.brief.copy_rules import BannedWords, FieldError, MissingField, render, used_fields

_CONTEXT = {"product.name": "Spade", "offer.price": "£34.50", "product.facts.net-weight_2": "1.5 kg"}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("{product.name} for {offer.price}", "Spade for £34.50"),
        ("{product.facts.net-weight_2}", "1.5 kg"),
        ("{{product.name}}", "{product.name}"),
        ("{{{product.name}}}", "{Spade}"),
        ("no fields: 100 %", "no fields: 100 %"),
        ("", ""),
    ],
)
def test_render(text: str, want: str) -> None:
    assert render(text, _CONTEXT) == want


@pytest.mark.parametrize(
    ("price", "text", "want"),
    [
        ("129.00 د.إ.\u200f", "{offer.price}. Today.", "129.00 د.إ.\u200f Today."),
        ("£5", "{offer.price}. Today.", "£5. Today."),
        ("5 Kč.", "{offer.price}... {offer.price}", "5 Kč.... 5 Kč."),
    ],
)
def test_a_sentence_that_ends_in_a_point_of_its_own_gets_no_second_one(price: str, text: str, want: str) -> None:
    assert render(text, {"offer.price": price}) == want


@pytest.mark.parametrize(
    "text", ["{", "}", "{}", "{product.name", "a } b", "{product name}", "{0}", "{product.name:>9}", "{a[0]}"]
)
def test_wrong_braces(text: str) -> None:
    with pytest.raises(FieldError) as caught:
        render(text, _CONTEXT)
    assert not isinstance(caught.value, MissingField)
    assert caught.value.offset == min(index for index in (text.find("{"), text.find("}")) if index >= 0)


def test_a_missing_field_is_a_key_error() -> None:
    with pytest.raises(KeyError) as caught:
        render("From {offer.from}", _CONTEXT)
    assert str(caught.value) == "needs {offer.from}, and there is none"


@given(st.text(st.sampled_from("{}ab. \n"), max_size=30))
def test_doubled_text_is_itself(text: str) -> None:
    assert render(text.replace("{", "{{").replace("}", "}}"), {}) == text
    try:
        tuple(used_fields(text))
    except FieldError as error:
        assert 0 <= error.offset < len(text)


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["cheap"], "So CHEAP!", "cheap"),
        (["cheap"], "cheaper", None),
        (["Best Ever"], "the best\n ever spade", "Best Ever"),
        (["straße"], "STRASSE", "straße"),
        (["gesund"], "ungesund", None),
        (["最高"], "これは最高です", "最高"),
        (["a+b"], "now a+b!", "a+b"),
        ([], "anything", None),
    ],
)
def test_banned_words(words: list[str], text: str, found: str | None) -> None:
    assert BannedWords(words).find(text) == found
