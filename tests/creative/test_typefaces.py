"""Typefaces: which font sets which letters, and what cannot be set right is named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.copyfit import Fitter, Metrics, price_pieces
from creative.font_table import ROLES, own_fonts, table
from creative.pricing import money
from creative.scripts import INVISIBLE, direction_of, script_of_locale
from tests.support.headlines import WORDS

FACES = {role: Metrics(own_fonts(role)["Latn"], own_fonts(role)) for role in ROLES}
FITTER = Fitter(own_fonts("display")["Latn"], own_fonts("text")["Latn"])


@pytest.mark.parametrize("locale", WORDS)
def test_every_locale_can_be_set_in_both_fonts(locale: str) -> None:
    for role in ROLES:
        assert FACES[role].missing(WORDS[locale], locale) == ""
        shaped = FACES[role].shaped(WORDS[locale], locale)
        assert shaped.glyphs and all(glyph.id for glyph in shaped.glyphs)


@pytest.mark.parametrize(
    ("text", "locale", "names"),
    [
        ("Good coffee, 5 €", "en-GB", ()),
        ("Хороший кофе", "ru-RU", ()),
        ("قهوة Marlo", "ar-EG", ("display.Arab", "text.Arab")),
        ("咖啡", "zh-CN", ("display.Hans", "text.Hans")),
        ("咖啡", "zh-HK", ("display.Hant", "text.Hant")),
        ("珈琲", "ja-JP", ("display.Jpan", "text.Jpan")),
        ("한국", "ko-KR", ("display.Kore", "text.Kore")),
        ("12.50 ₪", "he-IL", ("display.Hebr",)),
        ("✓ frisch", "de-DE", ("display.Zsym",)),
    ],
)
def test_only_the_fonts_that_a_text_needs_are_its_inputs(text: str, locale: str, names: tuple[str, ...]) -> None:
    assert FITTER.scripts([text], locale) == names


def test_letters_of_one_script_have_one_font_and_signs_follow_them() -> None:
    face = FACES["display"]
    assert face.covers("قهوة، Marlo 50%!", "ar") == (*["Arab"] * 6, *[""] * 10)
    assert face.covers("“咖啡”，5", "zh-CN") == (*["Hans"] * 5, "")
    assert face.covers("「今」！5円", "ja") == (*["Jpan"] * 4, "", "Jpan")
    assert set(face.covers("कॉफ़ी।", "hi")) == {"Deva"}


@pytest.mark.parametrize(
    ("text", "locale", "named"),
    [
        ("Kaffee ☕", "de-DE", "☕"),
        ("Love ❤️", "en-GB", "\ufe0f"),
        ("👩‍👩‍👧 family", "en-GB", "👩👧"),
        ("ქართული", "ka-GE", "ქართული"),
        ("தமிழ்", "ta-IN", "தமிழ்"),
        ("नीर ्ि", "hi-IN", "्ि"),
        ("ab\u0e31", "th-TH", "\u0e31"),
        ("\ud7fc", "en-GB", "\ud7fc"),
    ],
)
def test_what_cannot_be_set_right_is_named(text: str, locale: str, named: str) -> None:
    found = FACES["display"].missing(text, locale)
    assert found and set(found) <= set(named)


def test_invisible_marks_have_no_ink_and_no_width() -> None:
    for face in FACES.values():
        for mark in INVISIBLE - {"\u200c", "\u200d"}:
            assert face.missing(f"a{mark}b", "ar") == ""
            assert face.ink(f"a{mark}b", "en").width == pytest.approx(face.ink("ab", "en").width, abs=0.03)


@pytest.mark.parametrize("locale", ["ar-EG", "ar-AE", "he-IL", "fa-IR", "hi-IN", "th-TH", "ja-JP", "de-CH", "pt-BR"])
@pytest.mark.parametrize("currency", ["EGP", "AED", "ILS", "JPY", "EUR", "INR", "THB"])
def test_any_price_can_be_set(locale: str, currency: str) -> None:
    text = money(Decimal("1299.50"), currency, locale)
    assert FACES["display"].missing(text, locale) == ""
    pieces = price_pieces(FACES["display"], text, locale)
    assert pieces and all(piece.text for piece in pieces)
    assert len(pieces) == 1 or not any(set(piece.text) & INVISIBLE for piece in pieces)


def test_a_price_in_arabic_has_its_currency_on_the_left() -> None:
    face = FACES["display"]
    assert [piece.text for piece in price_pieces(face, money(Decimal("12.50"), "AED", "ar-AE"), "ar-AE")] == [
        "د.إ.",
        "12",
        ".",
        "50",
    ]
    assert [piece.text for piece in price_pieces(face, money(Decimal("12.50"), "ILS", "he-IL"), "he-IL")] == [
        "₪",
        "12",
        ".",
        "50",
    ]
    assert [piece.text for piece in price_pieces(face, "١٢٫٥٠ ج.م.", "ar-EG")] == ["ج.م.", "١٢", "٫", "٥٠"]


def test_other_scripts_look_as_large_and_never_smaller() -> None:
    for role, face in FACES.items():
        for name in table():
            assert 1.0 <= face.scale(name) <= 1.2, (role, name)
        assert face.scale("Latn") == 1.0


def test_tall_scripts_have_room_between_lines() -> None:
    face = FACES["display"]
    assert face.leading("Good", "en") == 0
    assert face.leading("กาแฟ", "th") == table()["Thai"].leading > 1200


@pytest.mark.parametrize(
    ("text", "locale", "way"),
    [("Order now!", "ar-EG", "ltr"), ("اطلب Marlo", "ar-EG", "rtl"), ("قهوة", "en-GB", "ltr"), ("", "he", "ltr")],
)
def test_the_direction_of_a_paragraph(text: str, locale: str, way: str) -> None:
    assert direction_of(text, locale) == way


@pytest.mark.parametrize(
    ("locale", "script"),
    [
        ("zh-TW", "Hant"),
        ("zh_Hans_HK", "Hans"),
        ("zh", "Hans"),
        ("sr-Latn", "Latn"),
        ("sr", "Cyrl"),
        ("xx", "Latn"),
        ("", "Latn"),
    ],
)
def test_what_a_locale_is_written_in(locale: str, script: str) -> None:
    assert script_of_locale(locale) == script


@given(st.text(max_size=16), st.sampled_from(list(WORDS)))
def test_any_text_is_named_or_set(text: str, locale: str) -> None:
    face = FACES["text"]
    missing = face.missing(text, locale)
    assert set(missing) <= set(text)
    ink = face.ink(text, locale)
    assert ink.width >= 0 and ink.top >= 0 and ink.bottom >= 0 and ink.left <= ink.right


def test_every_packaged_font_is_named_with_its_licence() -> None:
    folder = own_fonts("text")["Latn"].parent
    listed = (folder.parent / "LICENSES.md").read_text("utf-8")
    used = {path for role in ROLES for path in own_fonts(role).values()}
    assert used == set(folder.glob("*.ttf"))
    for path in used:
        family = path.stem.partition("-")[0]
        assert (folder / f"{family}-OFL.txt").is_file() and family.removesuffix(family[-2:]) in listed


def test_fonts_are_read_anew_when_a_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "font.ttf"
    file.write_bytes(own_fonts("text")["Latn"].read_bytes())
    assert Metrics(file).missing("ñ") == ""
    file.write_bytes(own_fonts("text")["Thai"].read_bytes())
    assert Metrics(file).missing("ก") == ""


def test_both_brackets_of_a_pair_are_of_one_font() -> None:
    assert FACES["display"].covers("קפה (Marlo)", "he") == (*["Hebr"] * 5, *[""] * 5, "Hebr")


def test_full_width_signs_share_their_white() -> None:
    face = FACES["text"]
    assert face.ink("込）。", "ja").width == pytest.approx(2.5 * face.scale("Jpan"), abs=0.02)
    assert face.ink("込）込", "ja").width == pytest.approx(3.0 * face.scale("Jpan"), abs=0.02)
