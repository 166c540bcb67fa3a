"""Cutting and joining long texts."""

from __future__ import annotations

import unicodedata

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


TEXTS = {
    "ja-JP": "毎日の一杯を、ゆっくりと楽しむための深煎りコーヒーです。「おいしい！」と言われたMarlo Coffeeを、あなたに。",
    "zh-CN": "每一天，从一杯慢慢烘焙的咖啡开始。“真香！”大家都这么说；你也来试试吧？",
    "th-TH": "กาแฟคั่วเข้มสำหรับทุกเช้าของคุณ รสชาติกลมกล่อม หอมกรุ่นทุกแก้ว สั่งเลยวันนี้",
    "hi-IN": "हर सुबह के लिए ताज़ा कॉफ़ी। धीरे-धीरे भुनी हुई, छोटे बैचों में। आज ही मँगाइए।",
    "ar-AE": "قهوة محمصة ببطء، في دفعات صغيرة. هل جربتها؟ لكل صباح؛ بكل حب.",
    "ur-PK": "ہر صبح کے لیے تازہ کافی۔ آہستہ بھنی ہوئی، چھوٹے بیچوں میں۔",
}


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.integers(1, 9), st.integers(25, MOST))
def test_every_script_is_cut_where_its_readers_breathe(locale, times, most) -> None:
    text = (" " if locale[:2] not in ("ja", "zh") else "").join([TEXTS[locale]] * times)
    pieces = cut([text], locale, most)
    assert all(0 < len(piece.text) <= most for piece in pieces)
    assert "".join("".join(piece.text for piece in pieces).split()) == "".join(text.split())
    assert all(not unicodedata.combining(piece.text[0]) for piece in pieces)
    if most >= 60 and locale != "th-TH":  # no sentence is longer
        assert {piece.ends for piece in pieces} == {"sentence"}
    if most >= 60 and locale == "th-TH":
        assert {piece.ends for piece in pieces[:-1]} <= {"clause"}


def test_what_is_said_together_keeps_its_spaces() -> None:
    text = TEXTS["th-TH"]
    assert [piece.text for piece in cut([text * 2], "th-TH", 2 * len(text))] == [text * 2]
    pieces = cut([" ".join([text] * 3)], "th-TH", len(text) + 20)
    assert "รสชาติกลมกล่อม หอมกรุ่นทุกแก้ว" in pieces[0].text


def test_a_long_clause_is_cut_evenly() -> None:
    pieces = cut([" ".join(["roasted"] * 40)], "en-GB", 280)
    lengths = [len(piece.text) for piece in pieces]
    assert len(lengths) == 2 and max(lengths) - min(lengths) <= 16


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0.4, 1.6), st.floats(0.3, 2.0)), min_size=2, max_size=6))
def test_joined_pieces_are_as_loud_as_one_another(pieces) -> None:
    rate = 16_000
    sounds = [
        np.float32(0.2 * level) * np.sin(2 * np.pi * 200 * np.arange(round(rate * seconds)) / rate).astype(np.float32)
        for level, seconds in pieces
    ]
    middle = 20 * np.log10(np.median([level for level, _ in pieces]))
    row, spans = join(sounds, rate, ["sentence"] * len(sounds))
    heard = [
        20 * np.log10(np.sqrt((row[round(begin * rate) + 800 : round(end * rate) - 800] ** 2).mean()) + 1e-9)
        for begin, end in spans
    ]
    near = [loud for loud, (level, _) in zip(heard, pieces, strict=True) if abs(20 * np.log10(level) - middle) <= 5.5]
    assert max(near) - min(near) < 0.7
    assert [round((end - begin) * rate) for begin, end in spans] == [len(sound) for sound in sounds]
    assert np.abs(np.diff(row)).max() < 0.1  # no seam clicks


@pytest.mark.parametrize(("ends", "pause"), [("sentence", 0.32), ("clause", 0.16), ("word", 0.05)])
def test_pieces_join_with_a_pause_of_their_own(ends, pause) -> None:
    rate = 24_000
    sound = (0.3 * np.sin(2 * np.pi * 200 * np.arange(rate) / rate)).astype(np.float32)
    row, spans = join([sound, sound], rate, [ends, "sentence"])
    assert spans[1][0] - spans[0][1] == pytest.approx(max(0.0, pause - 0.04), abs=1e-3)
    assert len(row) == pytest.approx(spans[1][1] * rate, abs=1)
