"""Veils under words: they lie on the ground, never on the product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from workers.compose.colour import LEAST_CONTRAST, contrast
from workers.compose.layers import Lit
from workers.compose.scrim import about, scrim

PRODUCT = (120, 60, 160, 240)


def test_words_over_a_product_are_read() -> None:
    ground = Image.new("RGB", (400, 400), (200, 60, 30))
    spots, lit = [(100, 100, 200, 24)], Lit(ground)
    shade = scrim(lit, spots, (16, 32, 48), [lit.at(spot) for spot in spots], 22, PRODUCT)
    ground.paste(shade.tint, (shade.x, shade.y), shade.mask)
    assert contrast((16, 32, 48), Lit(ground).at(spots[0])) >= LEAST_CONTRAST


@pytest.mark.parametrize("gap", [2, 8, 30])
@pytest.mark.parametrize("colour", [(16, 32, 48), (255, 255, 255)])
def test_a_veil_for_words_beside_a_product_leaves_its_colours(gap: int, colour: tuple[int, int, int]) -> None:
    ground = Image.new("RGB", (400, 400), (128, 128, 128))
    ground.paste((200, 60, 30), (120, 60, 280, 300))
    spots = [(90, 300 + gap, 200, 24), (20, 200, 100 - gap, 24)]
    lit = Lit(ground)
    shade = scrim(lit, spots, colour, [lit.at(spot) for spot in spots], 22, PRODUCT)
    whole = Image.new("L", ground.size, 0)
    whole.paste(shade.mask, (shade.x, shade.y))
    strength = np.asarray(whole)
    x, y, w, h = PRODUCT
    assert strength[y + 3 : y + h - 3, x + 3 : x + w - 3].max() <= 6
    ground.paste(shade.tint, (0, 0), whole)
    assert all(contrast(colour, Lit(ground).at(spot)) >= LEAST_CONTRAST for spot in spots)


PLACES = st.tuples(st.integers(0, 380), st.integers(0, 380), st.integers(1, 20), st.integers(1, 20))


@given(st.lists(PLACES, min_size=1, max_size=3), st.sampled_from([None, PRODUCT]))
def test_about_where_words_stand_is_around_them_and_no_nearer_to_the_product(
    spots: list[tuple[int, int, int, int]], product: tuple[int, int, int, int] | None
) -> None:
    for (x, y, w, h), (left, top, wide, high) in zip(spots, about(spots, (400, 400), product), strict=True):
        assert 0 <= left <= x and 0 <= top <= y
        assert x + w <= left + wide <= 400 and y + h <= top + high <= 400
        assert product is None or room((x, y, w, h), product) == room((left, top, wide, high), product)


def room(spot: tuple[int, int, int, int], product: tuple[int, int, int, int]) -> tuple[int, int]:
    """px between a place and the product, across and down."""
    (x, y, w, h), (left, top, wide, high) = spot, product
    return max(0, left - x - w, x - left - wide), max(0, top - y - h, y - top - high)
