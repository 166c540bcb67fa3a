"""Text as pixels, in every script: what is drawn is inside of its place, whole, and where it was planned to be."""

from __future__ import annotations

import random
from decimal import Decimal

import numpy as np
import pytest

from creative.copyfit import fit_text
from creative.font_table import ROLES, own_fonts
from creative.pricing import money
from tests.support.headlines import ROOMS, WORDS, faults, headline, item, setter
from workers.compose.glyphs import Face, faces

FACES = faces({role: own_fonts(role)["Latn"] for role in ROLES})


@pytest.mark.parametrize("locale", WORDS)
def test_headlines_by_chance_are_set_right(locale: str) -> None:
    chance, refused = random.Random(f"{locale} draw"), 0
    for _ in range(3):
        text = headline(locale, chance)
        for room in ROOMS:
            found = list(faults(locale, text, room))
            refused += found == ["refused"]
            assert found in ([], ["refused"]), (text, room)
    assert refused < 9


@pytest.mark.parametrize(
    ("locale", "text", "room"),
    [
        ("th-TH", "กรัม250กรัมMarloคั่วใหม่ทุกวัน Marlo 822", (1100, 700, 160, 24)),
        ("ko-KR", "똠양꿍 시간이 만나보세요! 왜? 좋은 만나보세요! 손으로 아침 좋은 Marlo 1507", (936, 420, 150, 20)),
    ],
)
def test_lines_on_whole_pixels_stay_in_their_place(locale: str, text: str, room: tuple[int, int, int, int]) -> None:
    assert list(faults(locale, text, room)) == []


@pytest.mark.parametrize("locale", WORDS)
def test_ink_is_as_wide_as_planned(locale: str) -> None:
    own = setter(locale)
    metrics = own.faces["display"].metrics
    for room in ROOMS[:3]:
        text = headline(locale, random.Random(1))
        fit = fit_text(metrics, text, locale, item(room))
        assert fit is not None
        for line in fit.lines:
            ink = own.faces["display"].ink(line.text, fit.size, locale, line.levels)
            assert abs(ink.mask.width - line.width * fit.size) <= 2


@pytest.mark.parametrize(
    ("locale", "currency"),
    [("ar-AE", "AED"), ("he-IL", "ILS"), ("ja-JP", "JPY"), ("de-DE", "EUR"), ("fa-IR", "IRR"), ("th-TH", "THB")],
)
@pytest.mark.parametrize("place", ["below", "beside"])
def test_prices_and_their_details_never_touch(locale: str, currency: str, place: str) -> None:
    own = setter(locale)
    row = {**item((400, 220, 110, 20), "price"), "font": "display", "lines": 1}
    row["details"] = {"place": place, "share": 350, "most": 30, "least": 12}
    texts = {
        "price": money(Decimal("12.50"), currency, locale),
        "was": money(Decimal("17.90"), currency, locale),
        "unit_price": f"{money(Decimal('49.90'), currency, locale)}/kg",
    }
    block = own.offer(row, texts, "right" if own.direction == "rtl" else "left")
    canvas = np.zeros((block.height, block.width), np.int32)
    for part in block.parts:
        assert part.x >= 0 and part.y >= 0
        assert part.x + part.mask.width <= block.width <= 400 and part.y + part.mask.height <= block.height <= 220
        canvas[part.y : part.y + part.mask.height, part.x : part.x + part.mask.width] += np.asarray(part.mask) > 127
    assert canvas.max() == 1


def test_arabic_letters_join_and_hebrew_ones_do_not() -> None:
    """A joined word is one blob of ink where its letters alone are several."""

    def gaps(text: str, locale: str) -> int:
        columns = np.asarray(setter(locale).faces["display"].ink(text, 120, locale).mask).max(axis=0) > 0
        return int((columns[1:] & ~columns[:-1]).sum())

    assert gaps("بيت", "ar-EG") == 0
    assert gaps("ب ي ت", "ar-EG") == 2
    assert gaps("בית", "he-IL") == 2


def test_latin_names_and_numbers_keep_their_order_in_arabic() -> None:
    """The ink of a name inside of an Arabic line is the name's own, left of what comes before it."""
    face = setter("ar-EG").faces["display"]
    line = np.asarray(face.ink("قهوة Marlo", 100, "ar-EG").mask)
    alone = np.asarray(face.ink("Marlo", 100, "ar-EG").mask)
    assert line.shape[1] > alone.shape[1]
    sums = [mask[:, : alone.shape[1] - 2].astype(np.int64).sum(axis=0) for mask in (line, alone)]
    assert np.corrcoef(*sums)[0, 1] > 0.9


def test_letters_stand_at_fractions_of_pixels() -> None:
    """The same letter at two places of a small line is drawn differently: no place is rounded to whole pixels."""
    mask = np.asarray(FACES["text"].ink("llllllllll", 13, "en").mask).sum(axis=0)
    strokes = {tuple(mask[at : at + 3]) for at in range(0, len(mask) - 3)}
    assert len(strokes) > 6


def test_what_is_drawn_can_be_drawn_on() -> None:
    """Masks are copies: a strike through one leaves the next as it was."""
    face = FACES["text"]
    first = face.ink("Text", 40, "en").mask
    first.paste(255, (0, 0, *first.size))
    assert face.ink("Text", 40, "en").mask.tobytes() != first.tobytes()


def test_the_same_text_gives_the_same_bytes() -> None:
    again = Face(own_fonts("text")["Latn"])
    assert (
        again.ink("Same, again", 33, "en").mask.tobytes() == FACES["text"].ink("Same, again", 33, "en").mask.tobytes()
    )
