"""Windows that move: a film's surfaces close in on its picture, or its window opens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from creative.layouts import Part, Shape, load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.encode import frame_of, planes, views
from workers.compose.ground import Ground
from workers.compose.layers import Layer
from workers.compose.motion import View, across, moving, showing

CANVAS = (64, 96)
LAYOUTS = load_layouts(templates() / "layouts")
even = st.integers(0, 20).map(lambda n: 2 * n)


@given(even, even, even, even, st.floats(0, 1))
def test_a_window_on_its_way_stays_even_and_on_the_canvas(x: int, y: int, w: int, h: int, share: float) -> None:
    window = (x, y, min(64 - x, w + 2), min(96 - y, h + 2))
    left, top, width, height = moving((0, 0, *CANVAS), window, share)
    assert not any(edge % 2 for edge in (left, top, width, height))
    assert 0 <= left <= x and 0 <= top <= y
    assert left + width <= CANVAS[0] and top + height <= CANVAS[1]
    assert moving((0, 0, *CANVAS), window, 1.0) == window


@given(st.floats(0.2, 3), st.floats(-200, 400), st.floats(-200, 400), even, even)
def test_a_hole_shows_the_scene_only(scale: float, x: float, y: float, left: int, top: int) -> None:
    hole, size = (left, top, 64 - left, 96 - top), (120, 180)
    view = showing(View(scale, x, y), hole, size, CANVAS)
    first = view.x + (hole[0] - 32) / view.scale, view.y + (hole[1] - 48) / view.scale
    last = first[0] + hole[2] / view.scale, first[1] + hole[3] / view.scale
    assert min(first) >= -1e-6
    assert last[0] <= size[0] + 1e-6 and last[1] <= size[1] + 1e-6


def test_a_view_of_a_window_is_the_same_from_the_canvas() -> None:
    view, window = View(1.5, 40.0, 70.0), (10, 20, 30, 40)
    there = view.place(33.0, 66.0, window[2:])
    here = across(view, window, CANVAS).place(33.0, 66.0, CANVAS)
    assert here == pytest.approx((there[0] + 10, there[1] + 20))


def test_around_a_hole_is_the_mat() -> None:
    mat = Image.new("RGBA", CANVAS, (255, 255, 255, 255))
    ground = Ground(CANVAS, (16, 32, 32, 32), [Layer("surface", "surface", mat, 0, 0)])
    seen = frame_of(planes(np.zeros((96, 64, 3), np.uint8)))
    luma = views(ground.around(seen, (8, 16, 48, 64), (0, 0)))[0]
    assert (luma[16:80, 8:56] == 16).all()
    luma = luma.copy()
    luma[16:80, 8:56] = 235
    assert (luma == 235).all()


@pytest.mark.parametrize("window", [(16, 32, 32, 32), (0, 48, 64, 48), (0, 0, 64, 40), (40, 0, 24, 96)])
def test_before_a_window_opens_the_mat_is_where_it_will_be(window: tuple[int, int, int, int]) -> None:
    x, y, w, h = window
    mat = Image.new("RGBA", CANVAS, (200, 200, 200, 255))
    mat.paste((0, 0, 0, 0), (x, y, x + w, y + h))
    ground = Ground(CANVAS, window, [Layer("surface", "surface", mat, 0, 0)])
    seen = frame_of(planes(np.zeros((96, 64, 3), np.uint8)))
    luma = views(ground.around(seen, (x, y, 2, 2), (x, y)))[0].astype(int)
    luma[y : y + 2, x : x + 2] = luma[0, -1] if (x, y) == (0, 0) else luma[y + 4, x + 4]
    assert luma.max() - luma.min() <= 1 and luma.min() > 150


def test_every_family_has_a_film_of_its_own() -> None:
    for name in ("meta-reel-6", "tiktok-infeed", "youtube-15"):
        row = placements()[name]
        seen: dict[str, Any] = {}
        for family, layout in LAYOUTS.items():
            parts = layout.shape_for(row).document(row)["parts"]
            seen[family] = (parts["body"]["picture"], parts["body"]["groups"], parts["endcard"]["groups"])
        films = list(seen.values())
        assert all(one != other for n, one in enumerate(films) for other in films[:n])


def test_an_opening_needs_a_window_and_a_film_both_its_parts() -> None:
    entry = LAYOUTS["split"].shapes[0].model_dump(mode="json")
    assert entry["still"] is None and entry["body"]["opening"] == "whole"
    with pytest.raises(ValueError, match="for films only"):
        Shape.model_validate({**entry, "endcard": None})
    with pytest.raises(ValueError, match="needs a picture window"):
        Part.model_validate({**entry["body"], "picture": None})
