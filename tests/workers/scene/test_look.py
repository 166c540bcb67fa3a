"""Prompts to looks: every word of the table leads to rows that exist, and any text leads to some look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.scene.light import GOBOS
from workers.scene.look import HOURS, WORDS, look
from workers.scene.props import PROPS
from workers.scene.sets import GROUNDS, SETS

TABLES = {"hour": HOURS, "set": SETS, "props": PROPS, "gobo": GOBOS, "ground": GROUNDS}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_names_rows_that_exist(word: str) -> None:
    for column, row in WORDS[word].items():
        assert row in TABLES[column]


@settings(deadline=None)
@given(st.text(), st.integers(0, 2**63), st.booleans())
def test_any_prompt_gives_a_look(prompt: str, seed: int, product: bool) -> None:
    first, again = (look(prompt, np.random.default_rng(seed), product) for _ in range(2))
    assert first == again
    assert first.set in SETS and first.props in PROPS and first.gobo in GOBOS and first.ground in GROUNDS
    assert (first.set == "type") == (not product)


@pytest.mark.parametrize(
    ("prompt", "set_", "hour", "props", "ground"),
    [
        ("station at dawn, steel and warm light", "plaster", "dawn", "steel", "stone"),
        ("kitchen morning, oak table", "table", "morning", "cup", "oak"),
        ("wrapped gift on a sideboard, evening", "table", "evening", "gift", "walnut"),
    ],
)
def test_the_words_of_a_prompt_are_heard(prompt: str, set_: str, hour: str, props: str, ground: str) -> None:
    for seed in range(5):
        found = look(prompt, np.random.default_rng(seed), True)
        assert (found.set, found.hour, found.props, found.ground) == (set_, HOURS[hour], props, ground)


def test_without_words_the_seed_chooses() -> None:
    looks = {look("something else", np.random.default_rng(seed), True) for seed in range(40)}
    assert len(looks) > 8
