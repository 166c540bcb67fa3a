"""Rows: a JPEG put together from rows is the one that coding the whole picture gives."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from workers.compose.rows import Rows

SIDE = st.integers(1, 90)
PLACES = st.lists(st.tuples(st.integers(-5, 95), st.integers(1, 40)), max_size=3)


def cut_of(picture: Image.Image) -> Callable[[int, int], Image.Image]:
    """Rows of a picture that is there already."""
    return lambda first, end: picture.crop((0, first, picture.width, end))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SIDE, SIDE, st.lists(PLACES, min_size=1, max_size=3), st.integers(50, 95), st.integers(0, 2))
def test_the_same_bytes_whatever_was_coded_before(
    width: int, height: int, ads: list[list[tuple[int, int]]], quality: int, subsampling: int
) -> None:
    rng = np.random.default_rng(width * 100 + height)
    ground = Image.fromarray(rng.integers(0, 255, (height, width, 3)).astype(np.uint8))
    rows = Rows()
    for number, places in enumerate(ads):
        picture = ground.copy()
        for top, high in places:
            picture.paste((90 * number, 200, 30), (0, top, width, top + high))
        found = rows.jpeg(
            picture.size, cut_of(picture), [(top, top + high) for top, high in places], quality, subsampling
        )
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, subsampling=subsampling, restart_marker_rows=1)
        assert found == buffer.getvalue()


def test_what_is_not_touched_is_not_looked_at_again() -> None:
    ground = Image.new("RGB", (64, 160), (200, 120, 40))
    rows = Rows()
    rows.jpeg(ground.size, cut_of(ground), [], 90)
    other = Image.new("RGB", (64, 160), (0, 0, 0))
    found = Image.open(io.BytesIO(rows.jpeg(other.size, cut_of(other), [(16, 32)], 90)))
    assert np.asarray(found)[20].max() < 8  # touched: as it is in this picture
    assert np.abs(np.asarray(found)[100].astype(int) - (200, 120, 40)).max() < 8  # the ground's own
