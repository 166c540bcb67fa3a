"""Where lines may break in each language, and what stays together."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.hyphens import hyphenated
from creative.linebreak import balanced, words
from creative.segments import SOFT_HYPHEN, pieces, typographic, weak

NBSP, NARROW = "\u00a0", "\u202f"


def parts(text: str, locale: str, fine: bool = False) -> list[str]:
    return [piece for piece, _ in pieces(typographic(text, locale), locale, fine)]


@pytest.mark.parametrize(
    ("text", "locale", "found"),
    [
        ("本日のコーヒーは、ゆっくり焙煎しました。", "ja-JP", ["本日の", "コーヒーは、", "ゆっくり", "焙煎しました。"]),
        ("送料無料キャンペーン実施中", "ja-JP", ["送料無料", "キャンペーン", "実施中"]),
        ("500円から！", "ja-JP", ["500円から！"]),
        ("今天就来一杯新鲜烘焙的咖啡吧！", "zh-CN", ["今天", "就来", "一杯", "新鲜", "烘焙的", "咖啡吧！"]),
        ("좋은 커피에는 시간이", "ko-KR", ["좋은", "커피에는", "시간이"]),
        ("กาแฟที่ดีต้องใช้เวลา", "th-TH", ["กาแฟ", "ที่", "ดี", "ต้อง", "ใช้", "เวลา"]),
        ("250 g für 5,99 €", "de-DE", [f"250{NBSP}g", "für", f"5,99{NBSP}€"]),
        ("Nr. 5, ca. 20 %", "de-DE", [f"Nr.{NBSP}5,", f"ca.{NBSP}20{NBSP}%"]),
        ("CHF 12.50 statt CHF 15", "de-CH", [f"CHF{NBSP}12.50", "statt", f"CHF{NBSP}15"]),
        ("kawa i w domu", "pl-PL", ["kawa", f"i{NBSP}w{NBSP}domu"]),
        ("кофе и суета в 250 г", "ru-RU", ["кофе", f"и{NBSP}суета", f"в{NBSP}250{NBSP}г"]),
        ("Good – better", "en-GB", [f"Good{NBSP}–", "better"]),
        ("« Bonjour » !", "fr-FR", [f"«{NBSP}Bonjour{NBSP}»{NARROW}!"]),
        ("250 ग्राम", "hi-IN", [f"250{NBSP}ग्राम"]),
        ("5 steps", "en-GB", ["5", "steps"]),
    ],
)  # fmt: skip
def test_what_stays_together(text: str, locale: str, found: list[str]) -> None:
    assert parts(text, locale) == found


@pytest.mark.parametrize(
    ("text", "locale", "set_"),
    [
        ("Vraiment? Oui!", "fr-FR", f"Vraiment{NARROW}? Oui{NARROW}!"),
        ("Voici : « ça »", "fr-FR", f"Voici{NBSP}: «{NBSP}ça{NBSP}»"),
        ("à 10:30 sur https://marlo.example", "fr-FR", "à 10:30 sur https://marlo.example"),
        ("Vraiment?", "fr-CA", "Vraiment?"),
        ("Really ?", "en-GB", f"Really{NBSP}?"),
        ("  one \n two\t", "en-GB", "one two"),
        ("e\u0301te\u0301", "fr-FR", "été"),
        ("￥500", "ja-JP", "¥500"),
        ("محمصة 250 g يوميا", "ar-EG", f"محمصة \u2066250{NBSP}g\u2069 يوميا"),
    ],
)
def test_texts_are_set_as_their_typesetters_do(text: str, locale: str, set_: str) -> None:
    assert typographic(text, locale) == set_
    assert typographic(set_, locale) == set_


OPENING, CLOSING = "「『（【《“", "」』）】》”、。，！？ーぁっゃ々"
kana = st.text(
    "コーヒーは時間をかけてゆっくり焙煎しますちょっと々「」『』（）、。！？500Marlo", min_size=1, max_size=24
)


@given(kana, st.sampled_from(["ja-JP", "zh-CN", "zh-TW"]), st.booleans())
def test_no_line_begins_with_closing_or_ends_with_opening_signs(text: str, locale: str, fine: bool) -> None:
    found = parts(text, locale, fine)
    assert "".join(found) == typographic(text, locale)
    for before, after in pairwise(found):
        assert before[-1] not in OPENING and after[0] not in CLOSING
        assert not (before[-1].isascii() and after[0].isascii())


@given(st.text("กาแฟที่ดีต้องใช้เวลาคั่วน้ำผู้เเโใไๆฯ", min_size=1, max_size=24))
def test_thai_clusters_are_never_broken(text: str) -> None:
    found = parts(text, "th-TH")
    for before, after in pairwise(found):
        assert unicodedata.category(after[0]) != "Mn" and after[0] not in "ะาำๆฯ" and before[-1] not in "เแโใไ"


@pytest.mark.parametrize(
    ("word", "locale", "found"),
    [
        ("Spezialitätenrösterei", "de-DE", "Spe-zia-li-tä-ten-rös-te-rei"),
        ("extraordinairement", "fr-FR", "extra-or-di-nai-re-ment"),
        ("unforgettable", "en-GB", "unforgettable"),
        ("Kaffee", "de-DE", "Kaffee"),
        ("KAFFEEVOLLAUTOMAT", "de-DE", "KAFFEEVOLLAUTOMAT"),
    ],
)
def test_hyphens(word: str, locale: str, found: str) -> None:
    assert "-".join(hyphenated(word, locale)) == found


@given(
    st.text("abcdefghijklmnopqrstuvwxyzäöüßİ", max_size=30),
    st.sampled_from(["de", "es", "fr", "it", "pt", "da", "en", "../x"]),
)
def test_hyphens_keep_the_word(word: str, locale: str) -> None:
    found = hyphenated(word, locale)
    assert "".join(found) == word and (len(found) == 1 or all(len(part) >= 1 for part in found))


def test_hyphens_come_last_and_show_only_at_the_end_of_lines() -> None:
    text = "Die Spezialitätenrösterei."
    fine = words(typographic(text, "de-DE"), len, "de-DE", fine=True)
    lines = [line.text for line in balanced(fine, 2)]
    assert lines[0].endswith("-") and lines[0][:-1] + lines[1] == text
    assert SOFT_HYPHEN not in "".join(line.text for line in balanced(fine, 1))


def test_postpositions_and_articles_stay_with_their_nouns() -> None:
    def lines(text: str, locale: str) -> list[str]:
        return [line.text for line in balanced(words(text, len, locale), 2)]

    assert lines("घर में कॉफ़ी का स्वाद", "hi-IN") == ["घर में", "कॉफ़ी का स्वाद"]
    assert lines("A gift of the sea to you", "en-GB") == ["A gift of", "the sea to you"]
    assert weak("with", " ", "care", "en-GB") and weak("250", " ", "people", "en-GB")
    assert not weak("in,", " ", "care", "en-GB") and not weak("coffee", " ", "care", "en-GB")


@given(st.text(max_size=40), st.sampled_from(["en", "fr-FR", "ja", "th", "ar", "pl", "zh-TW", ""]))
def test_any_text_is_cut_without_loss(text: str, locale: str) -> None:
    set_ = typographic(text, locale)
    assert typographic(set_, locale) == set_
    found = "".join(parts(text, locale))
    assert re.sub(r"[ \t\r\n\u00ad]", "", set_) == re.sub(r"[ \t\r\n\u00ad]", "", found)


def test_narrow_columns_do_not_stammer() -> None:
    """A weak word may end a line where the other way is a line of one short word."""
    text = "Let the day go. Keep the calm."
    assert [line.text for line in balanced(words(text, len, "en-GB"), 4)] == ["Let the", "day go.", "Keep the", "calm."]
    assert [line.text for line in balanced(words(text, len, "en-GB"), 2)] == ["Let the day go.", "Keep the calm."]
    text = "Fünf Zutaten. Mehr braucht es nicht."
    assert [line.text for line in balanced(words(text, len, "de-DE"), 3)][:2] == ["Fünf Zutaten.", "Mehr braucht"]
