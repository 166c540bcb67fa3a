"""Prompts to looks: every word of the table leads to rows that exist, and any text leads to some look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.resources import templates
from workers.scene.light import GOBOS
from workers.scene.look import HOURS, KINDS, look, plain, said
from workers.scene.props import PROPS
from workers.scene.sets import GROUNDS, SETS
from workers.scene.words import STEMS

TABLES = {"hour": HOURS, "set": SETS, "props": PROPS, "gobo": GOBOS, "ground": GROUNDS}


def looked(prompt: str, seed: int, product: bool = True):  # type: ignore[no-untyped-def]
    return look(prompt, np.random.default_rng(seed), product)


def test_every_word_names_rows_that_exist_and_is_spelt_as_it_is_looked_up() -> None:
    for stem, row in STEMS.items():
        assert stem == plain(stem)
        for column, value in row.items():
            assert value in TABLES[column], stem


def test_every_set_has_a_row_of_choices_and_every_choice_exists() -> None:
    assert set(KINDS) == set(SETS) and len(SETS) >= 10
    for kind in KINDS.values():
        for column, values in (
            ("ground", kind.grounds),
            ("props", kind.props),
            ("gobo", kind.gobos),
            ("hour", kind.hours),
        ):
            assert set(values) <= set(TABLES[column])


@settings(deadline=None)
@given(st.text(), st.integers(0, 2**63), st.booleans())
def test_any_prompt_gives_a_look(prompt: str, seed: int, product: bool) -> None:
    first = looked(prompt, seed, product)
    assert first == looked(prompt, seed, product)
    assert first.set in SETS and first.props in PROPS and first.gobo in GOBOS and first.ground in GROUNDS
    assert product or KINDS[first.set].bare


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("station at dawn, steel and warm light", ("blinds", "dawn", "stone", "steel")),
        ("kitchen morning, oak table", ("kitchen", "morning", "oak", None)),
        ("wrapped gift on a sideboard, evening", ("table", "evening", "walnut", "gift")),
        ("dusk at a window, stone ledge, lights out of focus", ("dusk", "evening", "stone", None)),
        ("morning, wet stone", ("wet", "morning", "stone", None)),
        ("bright studio, paper geometry", ("paper", "noon", None, None)),
        ("paper geometry in a studio", ("paper", None, None, None)),
        ("minimal studio, noon", ("studio", "noon", None, None)),
        ("Küche am Morgen, Eichentisch", ("kitchen", "morning", "oak", None)),
        ("Abend am Meer, Sandstrand", ("sky", "evening", None, None)),
        ("plage de sable à midi", ("sky", "noon", "sand", None)),
        ("feuilles sur un mur, matin", ("leaves", "morning", None, None)),
        ("cocina por la mañana", ("kitchen", "morning", None, None)),
        ("lino piegato, tramonto", ("fabric", "evening", None, None)),
        ("papier en geometrie", ("paper", None, None, None)),
        ("夜のキッチン", ("kitchen", "night", None, None)),
        ("مطبخ في الصباح", ("kitchen", "morning", None, None)),
    ],
)
def test_the_words_of_a_prompt_are_heard(prompt: str, wanted: tuple[str | None, ...]) -> None:
    for seed in range(5):
        found = looked(prompt, seed)
        names = (found.set, next(name for name, hour in HOURS.items() if hour == found.hour), found.ground, found.props)
        assert all(want in (None, name) for want, name in zip(wanted, names, strict=True)), names


@pytest.mark.parametrize("prompt", ["the store has a good bar of soap", "a table tennis match"])
def test_small_words_of_one_language_are_none_of_another(prompt: str) -> None:
    assert "props" not in said(prompt)


def test_without_words_the_seed_chooses() -> None:
    looks = [looked("something else", seed) for seed in range(120)]
    assert {one.set for one in looks} == set(SETS)
    assert len({(one.set, one.hour.key, one.ground, one.props, one.gobo) for one in looks}) > 60


def test_the_evening_brings_no_morning_set() -> None:
    assert {looked("evening", seed).set for seed in range(40)} <= {"dusk", "wet", "fabric", "table", "studio"}


def test_the_readme_shows_and_names_every_set() -> None:
    folder = templates() / "scenes"
    text = (folder / "README.md").read_text()
    assert all(f"| `{name}` |" in text for name in SETS)
    assert (folder / "sets.jpg").stat().st_size < 250_000
