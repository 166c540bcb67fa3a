"""Small type: half of a thin stroke is not its ground, and what is dark under it is not its stroke."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from creative.resources import templates
from workers.measure.contrast import around, legibility

WORDS, SIZE = "Small print 12", 12


def measured(ground: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], level: int) -> float:
    font = ImageFont.truetype(str(templates() / "fonts" / "Inter-Medium.ttf"), SIZE)
    image = Image.fromarray(ground)
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = (round(edge) for edge in draw.textbbox((10, 10), WORDS, font=font))
    draw.text((10, 10), WORDS, font=font, fill=(level, level, level))
    ink = (left, top, right - left, bottom - top)
    x, y, end, low = around(ink, SIZE, *image.size)
    found = legibility(np.asarray(image)[y:low, x:end], (left - x, top - y, *ink[2:]), (level, level, level), SIZE)
    assert found.contrast is not None
    return found.contrast


def flat(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((36, 130, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("level", "ground", "ratio"), [(20, 235, 15.45), (20, 120, 4.17), (90, 160, 2.64), (255, 110, 5.1)]
)
def test_on_plain_ground_it_is_the_ratio_of_the_two_colours(level: int, ground: int, ratio: float) -> None:
    assert measured(flat(ground), level) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize("wide", [6, 8, 14])
def test_a_dark_bar_behind_a_letter_is_ground(wide: int) -> None:
    ground = flat(235)
    ground[:, 40 : 40 + wide] = 70
    assert measured(ground, 20) < 2


@pytest.mark.parametrize(("wide", "every"), [(3, 9), (4, 12), (6, 18)])
def test_stripes_are_ground_however_thin(wide: int, every: int) -> None:
    ground = flat(235)
    for x in range(0, 130, every):
        ground[:, x : x + wide] = 90
    assert measured(ground, 20) < 4.5
