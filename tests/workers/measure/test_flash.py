"""Flashes by WCAG 2.3.1 and BT.1702: how often, how strong, how large, and which red."""

from fractions import Fraction

import av
import numpy as np
import pytest

from creative.acceptance import accept
from creative.placements import placements
from workers.measure.flash import Flashes
from workers.measure.measure import figures_of

GREY, WHITE, BLACK = (110, 110, 110), (235, 235, 235), (20, 20, 20)


def found(hertz, colours=(BLACK, WHITE), share=1.0, fps=30, seconds=3, ground=GREY, bright=None):
    """Two colours in turn, `hertz` times a second, on a share of the picture's width."""
    watcher = Flashes(Fraction(fps))
    for number in range(fps * seconds):
        frame = np.full((96, 54, 3), ground, np.uint8)
        frame[:, : round(54 * share)] = colours[int(number * 2 * hertz / fps) % 2]
        watcher.see(frame)
    return watcher


@pytest.mark.parametrize(("hertz", "harmful"), [(1, False), (2, False), (3, False), (5, True), (7.5, True), (15, True)])
def test_more_than_three_a_second_are_too_many(hertz, harmful):
    watcher = found(hertz)
    assert bool(watcher.found) == harmful
    assert (watcher.most > 3) == harmful


@pytest.mark.parametrize(
    ("change", "harmful"),
    [
        ({"share": 0.06}, False),  # less than a quarter of a third of the width
        ({"share": 0.12}, True),
        ({"colours": (GREY, (126, 126, 126))}, False),  # luminance changes by less than a tenth
        ({"colours": (GREY, (160, 160, 160))}, True),
        ({"colours": ((240, 240, 240), (255, 255, 255))}, False),  # the darker picture is above 0.8
        ({"colours": ((255, 0, 0), (90, 60, 60))}, True),  # a saturated red comes and goes
        ({"colours": ((200, 110, 100), (180, 115, 105))}, False),
    ],
)
def test_size_strength_and_red(change, harmful):
    assert bool(found(5, **change).found) == harmful


def test_red_is_seen_where_luminance_hardly_changes():
    red, blue = (255, 0, 0), (0, 90, 255)
    assert {kind for _, _, kind in found(5, colours=(red, blue)).found} == {"red"}


def test_one_flash_and_a_slow_pulse_are_calm():
    watcher = Flashes(Fraction(30))
    for number in range(90):
        level = 128 + 100 * np.sin(2 * np.pi * number / 30)
        watcher.see(np.full((54, 96, 3), 255 if number == 40 else int(level), np.uint8))
    assert watcher.found == [] and 1 <= watcher.most <= 3


def test_it_says_when():
    watcher = Flashes(Fraction(30))
    for number in range(150):
        lit = 60 <= number < 105 and number // 3 % 2
        watcher.see(np.full((54, 96, 3), 230 if lit else 40, np.uint8))
    [(first, end, kind)] = watcher.found
    assert kind == "general" and 45 <= first <= 80 and 90 <= end <= 135


def encoded(frames, path):
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        track = out.add_stream("libx264", rate=12, options={"preset": "ultrafast", "threads": "1"})
        track.width, track.height, track.pix_fmt = 180, 320, "yuv420p"
        for number, level in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.full((320, 180, 3), level, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 12)
            out.mux(track.encode(frame))
        out.mux(track.encode(None))


def test_a_film_that_flashes_fails_and_a_calm_one_does_not(tmp_path):
    row = placements()["meta-reel-6"].model_copy(update={"fps": 12})
    says = {}
    for name, frames in (("wild", [(40, 220)[n % 2] for n in range(36)]), ("calm", [40 + 5 * n for n in range(36)])):
        encoded(frames, tmp_path / f"{name}.mp4")
        figures = figures_of(tmp_path / f"{name}.mp4", "video")
        says[name] = [one for one in accept(figures, row).reasons if "flashes more than three times a second" in one]
        assert (figures["flashes"] > 3) == (name == "wild")
    assert says["calm"] == [] and "it can harm" in says["wild"][0]
