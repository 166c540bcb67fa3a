from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.compose.encode import planes, views
from workers.compose.kinetic import MOTIONS, Motion
from workers.compose.motion import Camera, View, between, ease_drift, ease_in_out, ease_out
from workers.compose.shots import storyboard
from workers.compose.stage import Stage, covers

CANVAS = (216, 384)
SCENE = (240, 400)
BLOB = (130.5, 190.5)  # centre of a bright spot, scene px


def spot() -> np.ndarray:
    rows, columns = np.mgrid[0 : SCENE[1], 0 : SCENE[0]] + 0.5
    light = 220 * np.exp(-((columns - BLOB[0]) ** 2 + (rows - BLOB[1]) ** 2) / 2 / 9.0**2)
    return np.repeat(light[..., None], 3, axis=2)


def test_a_slow_move_has_no_jitter() -> None:
    """The spot's centre of light, frame by frame, keeps within a tenth of a pixel of where the move wants it."""
    start, finish = View(1.0, 120, 200), View(1.09, 123, 195)
    move = [between(start, finish, ease_drift(n / 23)) for n in range(24)]
    camera = Camera(planes(spot()), CANVAS, move)
    errors = []
    for view in move:
        wanted = view.place(*BLOB, CANVAS)
        light = views(camera.see(view))[0].astype(float) - 16
        rows, columns = np.mgrid[0 : CANVAS[1], 0 : CANVAS[0]] + 0.5
        errors.append((np.average(columns, weights=light) - wanted[0], np.average(rows, weights=light) - wanted[1]))
    assert np.abs(errors).max() < 0.12
    assert np.abs(np.diff(errors, axis=0)).mean() < 0.05


@settings(deadline=None, max_examples=40)
@given(st.floats(0.7, 2.0), st.floats(1.0, 1.08), st.floats(0, 1), st.floats(0, 1))
def test_every_view_of_a_move_is_met_within_a_fraction_of_a_pixel(
    scale: float, push: float, x: float, y: float
) -> None:
    size, canvas = (540, 960), (360, 640)
    ends = [View(scale * more, x * size[0], y * size[1]).inside(*size, canvas) for more in (1, push)]
    move = [between(*ends, n / 9) for n in range(10)]
    camera = Camera(planes(np.zeros((size[1], size[0], 3))), canvas, move)
    assert max(camera.error(view) for view in move) < 0.2


def test_what_is_drawn_on_a_frame_is_not_in_the_next() -> None:
    scene = planes(np.full((96, 64, 3), 120, np.uint8))
    whole = View(1.0, 32.0, 48.0)
    camera = Camera(scene, (64, 96), [whole])
    before = camera.see(whole).to_ndarray()
    views(camera.see(whole))[0][...] = 16
    assert np.array_equal(camera.see(whole).to_ndarray(), before)


def test_a_view_never_leaves_the_scene() -> None:
    view = View(0.5, -50, 10_000).inside(*SCENE, CANVAS)
    assert view.scale == max(CANVAS[0] / SCENE[0], CANVAS[1] / SCENE[1])
    assert CANVAS[1] / view.scale / 2 <= view.y <= SCENE[1] - CANVAS[1] / view.scale / 2 + 1e-9


def test_easings_start_and_end_at_rest_and_never_turn_back() -> None:
    for ease in (ease_in_out, ease_out, ease_drift):
        steps = [ease(n / 50) for n in range(51)]
        assert steps[0] == 0 and steps[-1] == 1
        assert all(b >= a for a, b in pairwise(steps))
        assert ease(-1) == 0 and ease(2) == 1


@settings(deadline=None)
@given(
    st.integers(1, 900),
    st.sampled_from([24, 25, 30, 60]),
    st.lists(st.integers(0, 900), max_size=12),
    st.one_of(st.none(), st.tuples(*[st.floats(10, 400)] * 4)),
)
def test_shots_cover_the_film_without_gaps(frames: int, fps: int, beats: list[int], product: tuple | None) -> None:
    stage = Stage(
        (1080, 1920),
        (54, 54, 972, 1812),
        (1080, 1920),
        View(1.0, 540, 960),
        product,
        ((54, 100, 900, 300),),
        ((54, 1500, 900, 120),),
    )
    shots = storyboard(stage, frames, fps, bool(beats), beats)
    assert (shots[0].first, shots[-1].end) == (0, frames)
    assert all(a.end == b.first for a, b in pairwise(shots))
    assert all(shot.end - shot.first <= 3 * fps + 1 for shot in shots)
    for shot in shots:
        for view in (shot.look(shot.first).view, shot.look(shot.end - 1).view):
            assert view.scale >= 1 - 1e-9
    if frames >= 4 * fps:
        assert shots[0].kind in ("close", "detail") and shots[1].first <= 2.8 * fps


def test_the_first_shot_is_tight_and_clear_of_the_text() -> None:
    text = (54.0, 120.0, 900.0, 300.0)
    stage = Stage(
        (1080, 1920),
        (54, 54, 972, 1812),
        (1080, 1920),
        View(1.0, 540, 960),
        (340, 900, 400, 460),
        (text,),
        ((54, 1560, 972, 140),),
    )
    first, second, *_ = storyboard(stage, 135, 30)
    assert first.start.view.scale > 1.3 * second.start.view.scale
    for view in (first.start.view, first.finish.view):
        assert view.place(340, 900, stage.canvas)[1] > text[1] + text[3]


@given(st.one_of(st.none(), st.floats(0.9, 1.0)), st.floats(0, 60))
def test_a_product_does_not_grow_into_words_beside_it(layer: float | None, gap: float) -> None:
    near = layer or 1.0
    product, words = (1160.0, 150.0, 620.0, 860.0), (54.0, 160.0, 1106.0 - gap, 300.0)
    stage = Stage(
        (1920, 1080),
        (54, 54, 1812, 972),
        (2200, 1240),
        View(1.0, 1100, 620),
        (product[0] + 140, product[1] + 80, *product[2:]),
        (words,),
        layered=layer is not None,
        near=near,
    )
    shots = storyboard(stage, 360, 30)
    edges = []
    for n in range(shots[-1].first, shots[-1].end):
        look = shots[-1].look(n)
        foot, _ = look.view.place(product[0] + 140 + product[2] / 2, 0, stage.canvas)
        edges.append(foot - product[2] / 2 * look.view.scale * look.near)
    assert edges[-1] < edges[0] - 1  # it grows, and still
    free = product[0] + product[2] * (1 - near) / 2 - words[0] - words[2]
    assert min(edges) - words[0] - words[2] >= min(free, 28)


@given(st.sampled_from(MOTIONS), st.floats(380, 620), st.booleans())
def test_beside_words_the_framings_change_and_nothing_lies_on_the_product(
    motion: Motion, wide: float, mirrored: bool
) -> None:
    def side(x: float, w: float) -> float:
        return 1920 - x - w if mirrored else x

    logo, caption = (side(54, 400), 54.0, 400.0, 70.0), (side(54, 1000), 880.0, 1000.0, 146.0)
    headline = (side(54, 1010), 190.0, 1010.0, 400.0)
    product = (side(1200, wide) + 140, 180.0, wide, 820.0)
    stage = Stage(
        (1920, 1080),
        (54, 54, 1812, 972),
        (2200, 1240),
        View(1.0, 1100, 620),
        product,
        (headline,),
        (logo,),
        (caption,),
        True,
    )
    shots = storyboard(stage, 342, 30, True, (), motion)
    scales = [shot.start.view.scale for shot in shots]
    assert max(scales) > 1.3 * min(scales)
    for shot in shots:
        for look in (shot.start, shot.finish):
            for box in (
                (logo, caption) if shot.kind not in ("close", "wide", "away", "open") else (logo, caption, headline)
            ):
                assert not covers(box, look.view, stage)
    left, _ = shots[0].start.view.place(product[0], 0, stage.canvas)
    right, _ = shots[0].start.view.place(product[0] + wide, 0, stage.canvas)
    # Whole, or so near that leaving the frame is meant.
    assert (left >= 0 and right <= 1920) or shots[0].start.view.scale > 1.2
