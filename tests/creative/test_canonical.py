"""One spelling for one value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.canonical import canonical, key

plain = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    plain, lambda below: st.lists(below) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), below)
)


@given(values)
def test_the_spelling_reads_back_as_the_value(value: Any) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(st.text("abcdef", max_size=3), plain, min_size=2))
def test_the_order_of_names_is_no_matter(value: dict[str, Any]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"size": 0.1}, "size is a float: it has no single spelling; use an integer of a smaller unit"),
        ({"tags": {"a"}}, "use a sorted list"),
        ({"bytes": b"x"}, "use its digest"),
        ({1: "a"}, "a key that is not a string: 1"),
        ([["\ud800"]], "surrogates not allowed"),
        ({"when": object()}, "when is a object"),
    ],
)
def test_what_has_no_single_spelling_is_refused(value: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refusal:
        canonical(value)
    assert says in str(refusal.value)


def test_nesting_has_a_limit() -> None:
    value: list[Any] = []
    for _ in range(100):
        value = [value]
    with pytest.raises(ValueError, match="nested deeper"):
        canonical(value)


def test_a_key_is_the_sha256_of_the_spelling() -> None:
    # sha256 of {"a":[1,true,null],"ä":"x"} in UTF-8, by another tool (sha256sum).
    assert canonical({"ä": "x", "a": (1, True, None)}) == '{"a":[1,true,null],"ä":"x"}'.encode()
    assert key({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
