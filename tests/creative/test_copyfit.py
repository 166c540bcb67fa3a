"""Copy that fits: how lines break, how prices are set, and which length of copy is chosen."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.copyfit import (
    CENTS_SCALE,
    Fitter,
    Metrics,
    direction,
    fit_text,
    items_of,
    offer_items,
    price_ink,
    price_pieces,
)
from creative.layouts import load_layouts
from creative.linebreak import SOFT_HYPHEN, balanced, pieces, words
from creative.placements import placements
from creative.resources import templates

DISPLAY = (templates() / "fonts" / "Geologica-SemiBold.ttf").read_bytes()
TEXT = (templates() / "fonts" / "Inter-Medium.ttf").read_bytes()
FITTER = Fitter(DISPLAY, TEXT)
METRICS = Metrics(DISPLAY)
LAYOUT = load_layouts(templates() / "layouts")["pedestal"]


def document(name: str) -> dict[str, Any]:
    return LAYOUT.shape_for(placements()[name]).document(placements()[name])


def lines_of(text: str, count: int) -> list[str]:
    return [line.text for line in balanced(words(text, len), count)]


word = st.text("abcdefghijklmnopqrstuvwxyzäöüß.,!", min_size=1, max_size=14)


@given(st.lists(word, min_size=1, max_size=9), st.integers(1, 4))
def test_lines_have_all_words_in_order(texts: list[str], count: int) -> None:
    lines = lines_of(" ".join(texts), count)
    assert " ".join(lines) == " ".join(texts)
    assert len(lines) == min(count, len(texts))


@given(st.lists(word, min_size=2, max_size=8), st.integers(2, 4))
def test_a_tight_split_is_the_narrowest(texts: list[str], count: int) -> None:
    count = min(count, len(texts))
    found = max(line.width for line in balanced(words(" ".join(texts), len), count, tight=True))
    cuts = [(0, *middle, len(texts)) for middle in combinations(range(1, len(texts)), count - 1)]
    assert found == min(max(len(" ".join(texts[a:b])) for a, b in pairwise(cut)) for cut in cuts)


@pytest.mark.parametrize(
    ("text", "count", "lines"),
    [
        ("Good coffee takes its time.", 2, ["Good coffee", "takes its time."]),
        ("Roasted in small drums by the sea", 2, ["Roasted in small", "drums by the sea"]),
        ("Bis 14. Okt.", 2, ["Bis 14.", "Okt."]),
        ("Nur 5,99\u00a0€ statt 7,49\u00a0€", 2, ["Nur 5,99\u00a0€", "statt 7,49\u00a0€"]),
        ("Kaffee-Vollautomat", 2, ["Kaffee-", "Vollautomat"]),
        (f"Spezialitäten{SOFT_HYPHEN}rösterei", 2, ["Spezialitäten-", "rösterei"]),
        (f"Spezialitäten{SOFT_HYPHEN}rösterei", 1, ["Spezialitätenrösterei"]),
        ("2025/26 e-mail", 3, ["2025/26", "e-", "mail"]),
        ("Fünf Zutaten. Mehr braucht es nicht.", 2, ["Fünf Zutaten.", "Mehr braucht es nicht."]),
        ("Eins, zwei, drei und vier", 2, ["Eins, zwei,", "drei und vier"]),
        ("one\ntwo\tthree", 3, ["one", "two", "three"]),
    ],
)
def test_where_lines_break(text: str, count: int, lines: list[str]) -> None:
    assert lines_of(text, count) == lines


def test_nothing_is_no_piece() -> None:
    assert list(pieces(" \n " + SOFT_HYPHEN)) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("£5.49", ["£", "5", ".", "49"]),
        ("5,99\u00a0€", ["5", ",", "99", "€"]),
        ("1.299,00\u00a0€", ["1.299", ",", "00", "€"]),
        ("1\u202f299,00\u00a0€", ["1\u202f299", ",", "00", "€"]),
        ("CHF\u00a05.90", ["CHF", "5", ".", "90"]),
        ("$1,299.50", ["$", "1,299", ".", "50"]),
        ("ab 5,99\u00a0€", ["ab", "5", ",", "99", "€"]),
        ("nur heute 5,99\u00a0€", ["nur heute 5,99\u00a0€"]),
        ("¥500", ["¥", "500"]),
        ("1.300\u00a0₫", ["1.300", "₫"]),
        ("1,300円", ["1,300", "円"]),
        ("1,000", ["1,000"]),
    ],
)
def test_prices_in_pieces(text: str, parts: list[str]) -> None:
    found = price_pieces(METRICS, text)
    assert [piece.text for piece in found] == parts
    if len(found) > 1:
        small = [piece for piece in found if piece.scale < 1]
        assert len(small) == len(found) - 1 and all((piece.rise > 0) != (piece.text in ".,") for piece in small)


def test_a_decimal_sign_hangs_less_than_a_letter() -> None:
    assert price_ink(METRICS, "27,90\u00a0€", "de-DE").bottom < METRICS.ink("27,", "de-DE").bottom
    whole, cents = METRICS.ink("27", "").width, price_ink(METRICS, "27,90", "de-DE").width
    assert whole < cents - METRICS.ink("90", "").width * CENTS_SCALE  # clear of the figures before them


@given(st.text(max_size=12))
def test_any_price_is_set(text: str) -> None:
    assert price_pieces(METRICS, text)


def test_the_longest_that_fits_wins() -> None:
    texts = [
        "Langsam gut.",
        "Guter Kaffee lässt sich Zeit.",
        "Kleine Trommel, ruhiges Feuer, runder Geschmack und Zeit.",
    ]
    assert FITTER.longest(document("meta-feed-1x1"), "headline", texts, "de-DE") == texts[1]
    assert FITTER.longest(document("meta-feed-1x1"), "headline", texts[:1], "de-DE") == texts[0]
    long = "Donaudampfschifffahrtsgesellschaft"
    assert FITTER.longest(document("iab-160x600"), "headline", [long], "en-GB") is None
    assert FITTER.longest(document("iab-160x600"), "headline", [long], "de-DE") == long  # hyphenated
    assert FITTER.longest(document("iab-160x600"), "headline", [long, "Schifffahrt"], "de-DE") == "Schifffahrt"
    assert FITTER.longest(document("meta-feed-1x1"), "headline", [], "de-DE") is None


def test_a_role_without_a_place_fits() -> None:
    assert FITTER.fits(document("iab-320x50"), "price", "1.299.999,00\u00a0€", "de-DE")


def test_what_is_chosen_can_be_set_at_its_least_size() -> None:
    for row in placements().values():
        if row.shape:
            for role, item in items_of(document(row.id)).items():
                text = "5,99\u00a0€" if role in ("price", "was") else "Jetzt"
                if role != "logo":
                    metrics = Metrics(DISPLAY if item["font"] == "display" else TEXT)
                    fit = fit_text(metrics, text, "de-DE", item)
                    assert fit is not None and item["least"] <= fit.size <= item["most"], (row.id, role)


def test_one_more_line_must_be_worth_it() -> None:
    item = {"role": "headline", "width": 1000, "height": 400, "most": 150, "least": 20, "lines": 3, "leading": 1060}
    fit = fit_text(METRICS, "Take it slow.", "en-GB", item)
    assert fit is not None and len(fit.lines) == 1
    fit = fit_text(METRICS, "Good coffee takes its time.", "en-GB", item)
    assert fit is not None and [line.text for line in fit.lines] == ["Good coffee", "takes its time."]


def test_details_below_leave_less_when_each_has_its_line() -> None:
    item = items_of(document("iab-160x600"))["price"]
    assert "was" in items_of(document("iab-160x600"))
    assert offer_items(item, row=True)["price"]["height"] > offer_items(item)["price"]["height"]


def test_missing_glyphs_are_named_once() -> None:
    assert FITTER.missing("Łódź 5,49\u00a0€ ε Ж", "display") == ""
    assert Metrics(TEXT).missing("茶と茶") == "茶と"
    assert FITTER.missing("茶と茶", "text") == ""
    assert FITTER.missing("ꨀ und ꨀ", "text") == "ꨀ"


@pytest.mark.parametrize(("locale", "way"), [("de-DE", "ltr"), ("ar-EG", "rtl"), ("he_IL", "rtl"), ("en", "ltr")])
def test_direction(locale: str, way: str) -> None:
    assert direction(locale) == way


@pytest.mark.parametrize("data", [b"", b"no font", DISPLAY[:100]])
def test_what_is_no_font_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a font"):
        Fitter(data, TEXT)
