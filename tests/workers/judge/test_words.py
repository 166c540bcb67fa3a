"""Comparing words: what is said alike is alike, what is missing is found, in its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.judge.transcript import _absent, _alike
from workers.judge.words import compare, has, words

SCRIPT = "Marlo roasts slowly. House Roast, this autumn only £5.49. Order now at marlo.example."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don't — stop!", ["dont", "stop"]),
        ("Guter KAFFEE, lässt sich Zeit.", ["guter", "kaffee", "lässt", "sich", "zeit"]),
        ("ゆっくり、味わう", ["ゆ", "っ", "く", "り", "味", "わ", "う"]),
        ("", []),
    ],
)
def test_words_in_one_spelling(text, found):
    assert words(text) == found


def test_what_was_changed_missing_and_added():
    told = compare("one two three four five", "one too four five and so")
    assert (told.errors, told.tail) == (0.8, ("and", "so")) and told.missing in (((1, 2),), ((2, 3),))
    assert compare("for only five pounds now", "for now").missing == ((1, 4),)
    assert compare("a b", "a b") == compare("A, b!", "a b") and compare("a b", "a b").errors == 0
    assert compare("", "").errors == 0 and compare("a b c", "").missing == ((0, 3),)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_texts_can_be_compared(one, other):
    told = compare(one, other)
    assert (told.errors == 0) == (words(one) == words(other))
    assert compare(one, one).errors == 0 and has(one, one) and has("", other)


def test_a_part_is_heard_though_a_letter_is_another():
    assert has("Order now", "so, order now at marlow") and not has("Order now", "or not")
    assert has("marlo.example", "at Marlow example") and not has("five pounds forty-nine", "five pounds nineteen")


@pytest.mark.parametrize(
    "heard", ["this autumn only 5 pounds 49.", "this autumn only five pounds forty nine", "this autumn only £5.49"]
)
def test_numbers_are_alike_however_they_are_written(heard):
    told, best = _alike("This autumn only £5.49.", heard, "en-GB")
    assert best.errors == 0 and told


def test_what_is_left_out_and_what_is_said_otherwise():
    gone = "Marlo roasts slowly. House Roast, this autumn only. Order now at marlo example."
    absent, clear = _absent(["£5.49"], SCRIPT, gone, "en-GB")
    assert absent == ["£5.49"] and clear < 0.05
    other = SCRIPT.replace("£5.49", "£6.90")
    assert _absent(["£5.49"], SCRIPT, other, "en-GB") == ([], 1.0)
    absent, clear = _absent(["£5.49"], SCRIPT, "something else altogether was heard", "en-GB")
    assert clear > 0.4
