"""Cutting and joining long texts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.speech.longtext import MOST, cut, join

words = st.text("abcdefgäößñ", min_size=1, max_size=12)
phrases = st.lists(
    st.builds(lambda some, end: " ".join(some) + end, st.lists(words, min_size=1, max_size=60), st.sampled_from(".,;!? ")),
    min_size=1, max_size=8,
).map(lambda some: [phrase.strip() for phrase in some])  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(phrases, st.sampled_from([40, 120, MOST]))
def test_no_piece_is_too_long_and_nothing_is_lost(some, most) -> None:
    pieces = cut(some, "de-DE", most)
    assert all(len(piece.text) <= most for piece in pieces)
    assert "".join(" ".join(piece.text for piece in pieces).split()) == "".join(" ".join(some).split())
    numbers = [number for piece in pieces for number in piece.phrases]
    assert numbers == sorted(numbers) and set(numbers) == set(range(len(some)))


def test_a_text_is_cut_at_sentences_then_clauses_then_words() -> None:
    first, second = "One two three, four five.", "Six seven eight."
    assert [piece.text for piece in cut([first, second], "en-GB", 30)] == [first, second]
    assert [piece.ends for piece in cut([first, second], "en-GB", 30)] == ["sentence", "sentence"]
    assert [piece.text for piece in cut(["One two three,", "four five six."], "en-GB", 20)] == [
        "One two three,",
        "four five six.",
    ]
    assert cut(["one two three four five"], "en-GB", 10)[0].ends == "word"
    assert len(cut([first, second], "en-GB")) == 1


def test_japanese_is_cut_without_spaces() -> None:
    text = "毎日の一杯を、ゆっくりと楽しむための、深煎りのコーヒーです。" * 4
    pieces = cut([text], "ja-JP", 60)
    assert all(len(piece.text) <= 60 for piece in pieces)
    assert "".join(piece.text for piece in pieces) == text


@pytest.mark.parametrize(("ends", "pause"), [("sentence", 0.32), ("clause", 0.16), ("word", 0.05)])
def test_pieces_join_with_a_pause_of_their_own(ends, pause) -> None:
    rate = 24_000
    sound = (0.3 * np.sin(2 * np.pi * 200 * np.arange(rate) / rate)).astype(np.float32)
    row, spans = join([sound, sound], rate, [ends, "sentence"])
    assert spans[1][0] - spans[0][1] == pytest.approx(max(0.0, pause - 0.04), abs=1e-3)
    assert len(row) == pytest.approx(spans[1][1] * rate, abs=1)
