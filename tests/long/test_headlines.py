"""Five thousand headlines by chance in each of twenty locales and twelve places: the long form of `test_glyphs`."""

from __future__ import annotations

import random

import pytest

from tests.support.headlines import ROOMS, WORDS, faults, headline

COUNT = 5_000


@pytest.mark.long
@pytest.mark.parametrize("locale", WORDS)
def test_no_headline_leaves_its_place(locale: str) -> None:
    chance, refused = random.Random(locale), 0
    for number in range(COUNT):
        text = headline(locale, chance)
        for room in ROOMS:
            for fault in faults(locale, text, room):
                refused += fault == "refused"
                assert fault == "refused", (number, text, room)
    assert refused < COUNT * len(ROOMS) // 8
