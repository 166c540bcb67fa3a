"""Captions on the frame grid."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from creative.errors import StepRefused
from workers.sound.cues import read_cues, spoken_cues


def spans(*bounds):
    return [{"start_ms": start, "end_ms": end} for start, end in bounds]


def cues(make, captions, frames, times=None, fps=30):
    made = make("cues", {"fps": fps, "frames": frames, "captions": captions}, {"times": times} if times else {})
    return (
        made
        if isinstance(made, Exception)
        else [(c["text"], c["first"], c["end"]) for c in json.loads(made.outputs["cues"])]
    )


def test_a_caption_comes_with_its_phrase_and_goes_soon_after(make) -> None:
    found = cues(make, ["One,", "two.", "Three."], 180, spans((250, 1000), (1100, 2000), (3500, 4500)))
    assert found == [("One,", 8, 33), ("two.", 33, 78), ("Three.", 105, 153)]


def test_a_short_phrase_is_shown_long_enough(make) -> None:
    found = cues(make, ["A", "b", "c"], 90, spans((0, 100), (120, 260), (300, 900)))
    assert found == [("A", 0, 15), ("b", 15, 30), ("c", 30, 45)]


def test_a_caption_that_is_not_read_in_time_takes_a_little_from_its_neighbours(make) -> None:
    hurried = spans((0, 2000), (2000, 2650), (2650, 5000))
    found = cues(make, ["One.", "Two small words here.", "Three."], 180, hurried)
    assert found == [("One.", 0, 54), ("Two small words here.", 54, 86), ("Three.", 86, 168)]
    crowded = spans((0, 2000), (2000, 2650), (2650, 3200))
    found = cues(make, ["One.", "Two small words here.", "Three more words too."], 110, crowded)
    assert found == [("One.", 0, 54), ("Two small words here.", 54, 80), ("Three more words too.", 80, 110)]


def test_what_is_said_over_the_end_card_has_no_caption(make) -> None:
    found = cues(make, ["A", "b", "c"], 90, spans((0, 1000), (1000, 2900), (2800, 4000)))
    assert [text for text, _, _ in found] == ["A", "b"]
    assert found[-1][2] <= 90


def test_as_many_captions_as_phrases(make) -> None:
    refused = cues(make, ["A"], 90, spans((0, 1000), (1000, 2000)))
    assert isinstance(refused, StepRefused)
    assert "1 captions for 2 spoken phrases" in str(refused)


def test_without_a_voice_longer_captions_stay_longer(make) -> None:
    found = cues(make, ["Langsam geröstet.", "Bis 14. Oktober: 5,99 €."], 135)
    assert found[0][1] == 6
    assert found[0][2] == found[1][1]
    assert found[1][2] == 135
    assert found[1][2] - found[1][1] > found[0][2] - found[0][1]


def test_without_a_voice_and_without_time(make) -> None:
    refused = cues(make, ["a"] * 9, 60)
    assert "9 captions do not fit 2.0 s: 4 would" in str(refused)
    assert cues(make, [], 60) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=12), st.sampled_from([24, 25, 30, 60]), st.integers(1, 900))
def test_one_at_a_time_in_order_inside(lengths: list[int], fps: int, frames: int) -> None:
    bounds, at = [], 0
    for length in lengths:
        bounds.append((at, at + length))
        at += length + length % 400
    found = spoken_cues(bounds, [str(i) for i in range(len(bounds))], fps, frames)
    try:
        found_read = read_cues([str(i) * (1 + length % 30) for i, length in enumerate(lengths)], fps, frames)
    except StepRefused:
        found_read = []
    for several in (found, found_read):
        edges = [edge for _, first, end in several for edge in (first, end)]
        assert edges == sorted(edges)
        assert all(0 <= first < end <= frames for _, first, end in several)
        assert all(end - first >= fps * 0.5 - 1 for _, first, end in several)
