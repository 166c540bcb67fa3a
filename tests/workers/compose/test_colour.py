"""Colours that everybody can read, and what of a place is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.compose.colour import Rgb, Sample, between, contrast, deepened, read, seen_least

COLOURS = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


@given(COLOURS, COLOURS)
def test_nobody_is_seen_to_read_better_than_who_reads_least(one: Rgb, other: Rgb) -> None:
    assert 1 <= seen_least(one, other) <= between(one, other)
    assert seen_least(one, other) == pytest.approx(seen_least(other, one))


def test_dark_blue_on_coral_is_deepened_for_who_sees_no_red() -> None:
    ink, coral = (16, 38, 58), (255, 122, 89)
    assert between(ink, coral) > 5.5 > 4.95 > seen_least(ink, coral)
    found = deepened(ink, coral, 4.95)
    assert seen_least(found, coral) >= 4.95
    assert max(abs(a - b) for a, b in zip(found, ink, strict=True)) <= 10  # still the brand's


@given(COLOURS, COLOURS)
def test_a_colour_that_cannot_be_read_stays(one: Rgb, ground: Rgb) -> None:
    found = deepened(one, ground, 4.95)
    assert found == one or seen_least(found, ground) >= 4.95


@given(st.lists(COLOURS, min_size=1, max_size=60), COLOURS, st.sampled_from([2.0, 40.0]))
def test_the_hardest_pixel_leaves_as_many_harder_as_are_spared(rows: list[Rgb], colour: Rgb, spared: float) -> None:
    sample = Sample(np.array(rows, np.uint8))
    hardest = between(colour, sample.hardest(colour, spared))
    harder = sum(between(colour, row) < hardest - 1e-4 for row in rows)
    assert harder <= int((len(rows) - 1) * spared / 100)


@given(COLOURS, st.lists(COLOURS, min_size=1, max_size=20), st.sampled_from([3.3, 4.8]))
def test_what_is_read_has_the_contrast(colour: Rgb, rows: list[Rgb], least: float) -> None:
    sample = Sample(np.array(rows, np.uint8))
    for row, told in zip(rows, read(colour, sample.luminance, least).tolist(), strict=True):
        if abs(between(colour, row) - least) > 1e-3:
            assert told == (between(colour, row) >= least)
    assert contrast(colour, sample) == pytest.approx(contrast(colour, np.array(rows, np.float64)))
