"""UAX 9: levels and visual order. Capitals stand for Hebrew letters, as in the standard's own examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.bidi import base_level, classes_of, levels, on_line, runs_leftwards, spans, visual

LRI, RLI, FSI, PDI, LRE, RLE, LRO, RLO, PDF = "\u2066\u2067\u2068\u2069\u202a\u202b\u202d\u202e\u202c"
HEBREW = {chr(65 + n): chr(0x5D0 + n) for n in range(26)}


def seen(text: str, base: int) -> str:
    """A text as it stands from left to right, formatting characters left out."""
    own = on_line(levels(text, base), classes_of(text), base)
    return "".join(
        text[at] for at in visual(own) if text[at] not in LRI + RLI + FSI + PDI + LRE + RLE + LRO + RLO + PDF
    )


def hebrew(text: str) -> str:
    return "".join(HEBREW.get(letter, letter) for letter in text)


@pytest.mark.parametrize(
    ("text", "base", "shown"),
    [
        ("car is HTML.", 0, "car is LMTH."),
        ("car is HTML.", 1, ".LMTH car is"),
        ("HE SAID car", 1, "car DIAS EH"),
        ("A 12 B", 1, "B 12 A"),
        ("A 1.5%", 1, "1.5% A"),
        ("A (b) C", 1, "C )b( A"),  # glyphs are mirrored when they are drawn
        ("a (B) c", 0, "a (B) c"),
        ("a-B-C-d", 0, "a-C-B-d"),
        ("A, B!", 1, "!B ,A"),
        ("A  ", 1, "  A"),
        ("a  ", 0, "a  "),
        (f"a{RLE}B c{PDF}D", 0, "aDc B"),
        (f"A{LRI}1 km{PDI}B", 1, "B1 kmA"),
        (f"A {FSI}b{PDI} C", 1, "C b A"),
        (f"{RLO}abc{PDF}", 0, "cba"),
        (f"{LRO}ABC{PDF}", 1, "ABC"),
        ("A 10-20", 1, "10-20 A"),
        ("", 0, ""),
    ],
)
def test_what_stands_where(text: str, base: int, shown: str) -> None:
    assert seen(hebrew(text), base) == hebrew(shown)


def test_numbers_after_arabic_letters_are_arabic_numbers() -> None:
    arabic, hebrew_ = "\u0642 10-20", "\u05d0 10-20"
    assert seen(arabic, 1) == "20-10 \u0642"  # W2: a hyphen joins European numbers only
    assert seen(hebrew_, 1) == "10-20 \u05d0"


def test_the_first_strong_letter_says_the_base() -> None:
    assert base_level("12 א b") == 1 and base_level("a א") == 0 and base_level("12!", 1) == 1
    assert base_level(f"{RLI}א{PDI}a") == 0


controls = [LRI, RLI, FSI, PDI, LRE, RLE, LRO, RLO, PDF, "\u0301", "\u200f"]
letters = st.sampled_from([*"ab1+,.(){} \t", *"אבקו٣€%", *controls])
texts = st.lists(letters, max_size=24).map("".join)


@given(texts, st.integers(0, 1))
def test_every_character_has_a_place(text: str, base: int) -> None:
    found = levels(text, base)
    assert len(found) == len(text) and all(base <= level <= 126 for level in found)
    order = visual(on_line(found, classes_of(text), base))
    assert sorted(order) == list(range(len(text)))
    assert sorted(at for first, end, _ in spans(found) for at in range(first, end)) == list(range(len(text)))


@given(texts, texts, st.sampled_from("אa"), st.integers(0, 1))
def test_what_an_isolate_holds_changes_nothing_outside(inner: str, other: str, first: str, base: int) -> None:
    plain = [letter for letter in inner if letter not in LRI + RLI + FSI + PDI]
    quiet = [letter for letter in other if letter not in LRI + RLI + FSI + PDI]
    one, two = (f"{first} 1{RLI}{''.join(held)}{PDI}2 b" for held in (plain, quiet))
    ends = [levels(text, base) for text in (one, two)]
    assert ends[0][:4] == ends[1][:4] and ends[0][-4:] == ends[1][-4:]


@given(st.text("abc 12.,!()", max_size=20))
def test_rightward_texts_stay_as_they_are(text: str) -> None:
    assert not runs_leftwards(text)
    assert levels(text, 0) == [0] * len(text)


@given(st.text("אבג ,!", min_size=1, max_size=20))
def test_leftward_texts_are_turned_round(text: str) -> None:
    assert visual(levels(text, 1)) == list(range(len(text)))[::-1]


@given(st.text("aא ", max_size=6), st.text("aא1 ", max_size=6), st.integers(0, 1))
def test_both_brackets_of_a_pair_run_one_way(before: str, inner: str, base: int) -> None:
    text = f"{before}({inner}){before}"
    found = levels(text, base)
    assert found[len(before)] == found[len(before) + len(inner) + 1]
