"""What is heard for what is written, and where scripts are cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creative.errors import UsageError
from creative.spoken import CAPTION, phrases, script, seconds_needed, spoken, words_to_cut
from creative.unspaced import display_width

SAID = {
    "en-GB": {
        "Only £5.49": "Only five pounds forty-nine",
        "£0.99, £1.05, £1, £12.00": "ninety-nine pence, one pound and five pence, one pound, twelve pounds",
        "£2 million": "two million pounds",
        "€5.99 or 5.99 EUR": "five euros ninety-nine or five euros ninety-nine",
        "£21.96/kg": "twenty-one pounds ninety-six per kilogram",
        "250 g, 0.5 l, 15 s": "two hundred and fifty grams, zero point five litres, fifteen seconds",
        "250\u00a0g": "two hundred and fifty grams",
        "50% off & more": "fifty per cent off and more",
        "1,299 cups in 2026": "one thousand two hundred and ninety-nine cups in twenty twenty-six",
        "Until 14 October.": "Until the fourteenth of October.",
        "until the 14th of October 2026": "until the fourteenth of October twenty twenty-six",
        "14 Oct 2026 and 14/10/2026": "the fourteenth of October twenty twenty-six and the fourteenth of October twenty twenty-six",
        "1st, 22nd": "first, twenty-second",
        "at marlo.example.": "at marlo dot example.",
        "https://www.marlo.co.uk/autumn": "marlo dot co dot U K slash autumn",
        "mara@marlo.example": "mara at marlo dot example",
        "9:30, 6:05 pm, 9am": "nine thirty, six oh five p m, nine a m",
        "0800 123 456": "zero eight zero zero one two three four five six",
        "2–3 cups": "two to three cups",
        "V60": "V sixty",
        "the No. 1 coffee, e.g. ours": "the number one coffee, for example ours",
        "Slow – and “good”® (really)": "Slow, and good, really,",
        "-20%": "minus twenty per cent",
        "½ cup": "half cup",
        "٣ cups": "three cups",
    },
    "en-US": {
        "$5.49 by October 14, 2026": "five dollars and forty-nine cents by October fourteenth twenty twenty-six",
        "10/14/2026": "October fourteenth twenty twenty-six",
        "250 g": "two hundred fifty grams",
    },
    "de-DE": {
        "Nur 5,99 €": "Nur fünf Euro neunundneunzig",
        "Nur 5,99\u00a0€ statt 7,49\u00a0€.": "Nur fünf Euro neunundneunzig statt sieben Euro neunundvierzig.",
        "1 € 1,01 € 0,99 € 1.299,00 €": "ein Euro ein Euro eins neunundneunzig Cent eintausendzweihundertneunundneunzig Euro",
        "23,96 €/kg": "dreiundzwanzig Euro sechsundneunzig pro Kilogramm",
        "Bis 14. Oktober": "Bis vierzehnten Oktober",
        "Der 3. November": "Der dritte November",
        "am 14.10.2026 und am 14.10.": "am vierzehnten Oktober zweitausendsechsundzwanzig und am vierzehnten Oktober",
        "250 g, 0,5 l, 1 h, 20 %": "zweihundertfünfzig Gramm, null Komma fünf Liter, eine Stunde, zwanzig Prozent",
        "marlo.example": "marlo Punkt example",
        "Nr. 1 mit z. B. 2 Mio. Tassen inkl. MwSt.": "Nummer eins mit zum Beispiel zwei Millionen Tassen inklusive Mehrwertsteuer",
        "marlo.de/herbst": "marlo Punkt D E Schrägstrich herbst",
        "um 9:30 Uhr & um 18:00": "um neun Uhr dreißig und um achtzehn Uhr",
    },
    "fr-FR": {
        "5,49 € seulement": "cinq euros quarante-neuf seulement",
        "1\u202f299,00 €": "mille deux cent quatre-vingt-dix-neuf euros",
        "jusqu’au 14 octobre": "jusqu'au quatorze octobre",
        "1er octobre 2026": "premier octobre deux mille vingt-six",
        "0,5 l, 250 g, 20 %, 1 h": "zéro virgule cinq litre, deux cent cinquante grammes, vingt pour cent, une heure",
        "marlo.fr": "marlo point F R",
        "p. ex. p.ex. le n° 1": "par exemple par exemple le numéro un",
    },
    "es-ES": {
        "Solo 5,99 €": "Solo cinco euros con noventa y nueve",
        "21 € y 1 h": "veintiún euros y una hora",
        "hasta el 14 de octubre de 2026": "hasta el catorce de octubre de dos mil veintiséis",
        "0,5 l, marlo.es": "cero coma cinco litros, marlo punto E S",
    },
    "it-IT": {
        "Solo 5,99 €": "Solo cinque euro e novantanove",
        "1º ottobre, 14 ottobre 2026": "primo ottobre, quattordici ottobre duemilaventisei",
        "250 g, 20%, 21,96 €/kg": "duecentocinquanta grammi, venti percento, ventun euro e novantasei al chilogrammo",
        "marlo.it": "marlo punto I T",
    },
}


@pytest.mark.parametrize(
    ("locale", "written"), [(locale, written) for locale, table in SAID.items() for written in table]
)
def test_said(locale: str, written: str) -> None:
    assert spoken(written, locale, {}) == SAID[locale][written]


def test_lexicon_comes_first_longest_first_and_only_for_whole_words() -> None:
    lexicon = {"Marlo": "Mahr-loh", "250 g": "a quarter kilo", "Marlo House": "Marlo's house", "roast": "rohst"}
    assert (
        spoken("Marlo House, Marlo, Marlos, 250\u00a0g", "en-GB", lexicon)
        == "Marlo's house, Mahr-loh, Marlos, a quarter kilo"
    )
    assert spoken("marlo.example and Marlo.", "en-GB", lexicon) == "Mahr-loh dot example and Mahr-loh."
    assert spoken("Only 1250 g", "en-GB", lexicon) == "Only one thousand two hundred and fifty grams"


def test_what_a_lexicon_says_is_no_pattern() -> None:
    assert spoken("Marlo のコーヒー", "ja-JP", {"Marlo": r"マー\1ロ"}).startswith("マー一ロ")


def test_a_language_without_spoken_forms_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"'zh-CN'.*de, en, es, fr, it"):
        spoken("你好", "zh-CN", {})
    assert phrases("こんにちは。 さようなら。", "ja-JP")


def test_sentences_and_phrases() -> None:
    text = "Marlo House Roast, roasted slowly for people in no hurry. Only £5.49 until 14 October at marlo.example!\nDr. Who drinks it."
    first, second, third = script(text, "en-GB", {})
    assert " ".join(first.phrases) == first.written == "Marlo House Roast, roasted slowly for people in no hurry."
    assert second.written == "Only £5.49 until 14 October at marlo.example!"
    assert any("£5.49" in phrase for phrase in second.phrases)
    assert any("marlo.example" in phrase for phrase in second.phrases)
    assert second.spoken[-1].endswith("marlo dot example!")
    assert third.written == "Dr. Who drinks it."
    for sentence in (first, second, third):
        assert len(sentence.phrases) == len(sentence.spoken)
        assert all(len(phrase) <= CAPTION for phrase in sentence.phrases)


def test_a_short_form_does_not_end_a_sentence() -> None:
    text = "Ask for the No. 1 coffee, approx. Five cups. St. James agrees."
    assert [sentence.written for sentence in script(text, "en-GB", {})] == [
        "Ask for the No. 1 coffee, approx. Five cups.",
        "St. James agrees.",
    ]


def test_captions_break_after_punctuation_before_they_break_evenly() -> None:
    assert phrases("Langsam geröstet, in kleinen Chargen, für Menschen mit Zeit.", "de-DE") == [
        "Langsam geröstet, in kleinen Chargen,",
        "für Menschen mit Zeit.",
    ]


def test_what_is_said_as_one_is_not_cut() -> None:
    text = "Angebot gültig nur noch ganz kurz, nämlich bis 14. Oktober 2026 für nur 1.299,00 € im Laden."
    assert any("14. Oktober 2026" in phrase for phrase in phrases(text, "de-DE"))
    assert any("1.299,00 €" in phrase for phrase in phrases(text, "de-DE"))
    assert any("cold brew coffee" in p for s in script("Try our cold brew coffee today, tomorrow and always and again", "en-GB", {"cold brew coffee": "x"}) for p in s.phrases)  # fmt: skip


def test_a_lone_dash_is_no_phrase_of_its_own_and_nothing_to_say_is_refused() -> None:
    (sentence,) = script("– Slow is good –", "en-GB", {})
    assert sentence.phrases == ("– Slow is good –",)
    assert sentence.spoken == ("Slow is good,",)
    with pytest.raises(UsageError, match="no word"):
        script("– … !", "en-GB", {})


def test_seconds_needed_and_words_to_cut() -> None:
    sentences = script("Slowly roasted coffee for you. Order it now.", "en-GB", {})
    characters = len("Slowly roasted coffee for you.") + len("Order it now.")
    assert seconds_needed(sentences, 10, 500) == pytest.approx(characters / 10 + 0.5)
    assert words_to_cut(sentences, 10, 5000, 500) == 0
    assert words_to_cut(sentences, 10, 3800, 500) == 2
    assert words_to_cut(sentences, 10, 100, 500) == 8


LOCALES = st.sampled_from(["en-GB", "en-US", "de-DE", "fr-FR", "es-ES", "it-IT", "de-AT", "fr"])
FREE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=120)
ALIKE = st.lists(
    st.sampled_from(
        ["£5.49", "5,99 €", "14. Oktober", "14 Oct", "marlo.example", "250 g", "0,5 l", "1.299,00", "9:30", "20 %", "–", "und", "the",
         "Marlo,", "slow.", "z. B.", "/kg", "1", "€", "%", "31/31/31", "½", "²", "1er", "0800", "12 de", "...", "a-b", "+49 30 12", "\u00a0"]
    ),
    max_size=14,
).map(" ".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(FREE, ALIKE), LOCALES)
def test_no_text_is_too_odd(text: str, locale: str) -> None:
    said = spoken(text, locale, {"Marlo": "Mahr-loh"})
    assert not re.search(r"\d", said)
    assert said == " ".join(said.split())
    cut = phrases(text, locale)
    assert " ".join(cut).split() == text.split()
    if any(sign.isalnum() for sign in said):
        for sentence in script(text, locale, {}):
            assert len(sentence.phrases) == len(sentence.spoken)
            assert all(sentence.spoken)


JAPANESE = {
    "10月14日まで、1,480円（税込）。": "十月十四日まで、千四百八十円、税込。",
    "この冬は、￥4,400。": "この冬は、四千四百円。",
    "250 gで20%引き。": "二百五十グラムで二十パーセント引き。",
    "2026/10/14、9:30から": "二千二十六年十月十四日、九時三十分から",
    "0120-123-456へ": "ゼロ一二ゼロ、一二三、四五六へ",
    "1.5倍の「香り」": "一点五倍の、香り、",
    "詳しくは、oseli.exampleへ。": "詳しくは、オセリドットエグザンプルへ。",
    "Oseliの塩": "オセリの塩",
    "Oselisの塩": "Oselisの塩",
}


@pytest.mark.parametrize("written", JAPANESE)
def test_japanese_is_said_in_kanji_numerals(written: str) -> None:
    assert spoken(written, "ja-JP", {"Oseli": "オセリ", "example": "エグザンプル"}) == JAPANESE[written]


def test_languages_without_spaces_are_cut_between_words_and_never_in_a_number() -> None:
    text = "Oseliのナイトバームは、海から生まれます。この冬は、特別価格の￥4,400で10月14日までお届けします。"
    first, second = script(text, "ja-JP", {})
    assert "".join(first.phrases) + "".join(second.phrases) == text
    assert all(1 <= display_width(phrase) <= CAPTION for sentence in (first, second) for phrase in sentence.phrases)
    assert sum("￥4,400" in phrase for phrase in second.phrases) == 1
    assert sum("10月14日" in phrase for phrase in second.phrases) == 1
    assert len(phrases("今晚，把一天放下，只留下安静，海盐与植物油，不多不少。五种成分。", "zh-CN")) >= 3
    assert phrases("يبدأ من البحر؟ خمسة مكوّنات.", "ar-AE") == ["يبدأ من البحر؟", "خمسة مكوّنات."]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="あア漢字、。「」!?0123456789,.￥$%/:-kgABz 月日円\n", max_size=60))
def test_any_japanese_is_cut_and_said(text: str) -> None:
    cut = phrases(text, "ja-JP")
    assert "".join("".join(cut).split()) == "".join(text.split())
    assert not any(sign.isdecimal() for sign in spoken(text, "ja-JP", {}))
