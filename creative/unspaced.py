"""Languages written without spaces: where their sentences end, where a caption may break, and how Japanese is said.

Breaks come from `budoux`, a small segmenter; never inside a number, a price, a date, a Latin word or an address. Japanese
numbers are said as kanji numerals (CLDR's, by `unicode-rbnf`): a reader of Japanese knows what becomes of them before a
counter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import budoux
from unicode_rbnf import RbnfEngine

LANGUAGES = ("ja", "th", "zh")
_SENTENCE = re.compile(r"[^。！？!?\n]*(?:[。！？!?]+[」』）)”’]*|\n|$)")
_ATOM = re.compile(
    r"[¥￥$€£]?\s?[A-Za-z0-9０-９À-ÿ]+(?:[.,:/@&+'’_％%・-]?[A-Za-z0-9０-９À-ÿ]+)*[%％]?"
    r"(?:円|年|月|日|時半?|分|秒|個|本|杯|枚|人|名|つ|歳|回|度|割引?|元|块|号|พัน|บาท|グラム|キロ|リットル|セット)?"
)
_COUNTED = {
    "kg": "キログラム", "g": "グラム", "mg": "ミリグラム", "ml": "ミリリットル", "cl": "センチリットル", "l": "リットル", "km": "キロメートル",
    "cm": "センチメートル", "mm": "ミリメートル", "m": "メートル", "kwh": "キロワットアワー", "w": "ワット", "gb": "ギガバイト", "mb": "メガバイト",
    "%": "パーセント", "°c": "度", "℃": "度", "h": "時間", "min": "分", "s": "秒",
}  # fmt: skip
_MONEY = {
    "¥": "円", "円": "円", "jpy": "円", "€": "ユーロ", "eur": "ユーロ", "$": "ドル", "usd": "ドル", "£": "ポンド", "gbp": "ポンド",
}  # fmt: skip
_SIGNS = {
    "&": "アンド",
    "+": "プラス",
    "@": "アットマーク",
    "/": "スラッシュ",
    "-": "ハイフン",
    "_": "アンダーバー",
    ".": "ドット",
}
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"


def unspaced(locale: str) -> bool:
    """Whether the locale's language is written without spaces between words."""
    return _language(locale) in LANGUAGES


def sentences(text: str) -> Iterator[str]:
    """The sentences of a Japanese or Chinese text, with their marks; lines are sentences too."""
    for match in _SENTENCE.finditer(text):
        if sentence := " ".join(match[0].split()):
            yield sentence


def words(sentence: str, locale: str, lexicon: Mapping[str, str]) -> list[str]:
    """What must stay together, in order; joined they are the sentence again."""
    held = [match.span() for match in _ATOM.finditer(sentence)]
    for entry in lexicon:
        held += [match.span() for match in re.finditer(re.escape(entry), sentence)]
    found: list[str] = []
    start = at = 0
    for piece in _parser(_language(locale), locale).parse(sentence):
        at += len(piece)
        opens = sentence[at - 1 : at] in "「『（(" or sentence[at : at + 1] in "、。！？」』）)"
        if at < len(sentence) and (opens or any(first < at < end for first, end in held)):
            continue
        found.append(sentence[start:at])
        start = at
    return [piece for piece in found if piece]


def say(text: str, lexicon: Mapping[str, str]) -> str:
    """How a Japanese text is said: "14日まで￥1,480" becomes "十四日まで千四百八十円"."""
    text = unicodedata.normalize("NFKC", text)
    for entry in sorted(lexicon, key=lambda entry: (-len(entry), entry)):
        inner = re.escape(unicodedata.normalize("NFKC", entry))
        before, after = (
            (r"(?<![A-Za-z0-9])" if entry[0].isascii() else ""),
            (r"(?![A-Za-z0-9])" if entry[-1].isascii() else ""),
        )
        said = lexicon[entry].replace("\\", r"\\")  # as it is written: no reference to a group
        text = re.sub(f"{before}{inner}{after}", said, text, flags=re.IGNORECASE)
    for pattern, reader in _rules():
        text = pattern.sub(reader, text)
    text = re.sub(r"(?<=[A-Za-zァ-ヶー])\.(?=[A-Za-zァ-ヶー])", "ドット", text)
    text = re.sub(r"[&+@/]", lambda match: _SIGNS[match[0]], text)
    text = re.sub(r"[「」『』()（）\[\]〈〉《》【】]", "、", text)
    kept = "".join(sign for sign in text if unicodedata.category(sign)[0] in "LMN" or sign in "、。！？!?,. ー・〜~:")
    kept = re.sub(r"[、,]\s*(?=[、,。！？!?])", "", kept)
    return kept.lstrip("、。,. ").strip()


def display_width(text: str) -> int:
    """Characters, full-width ones counted twice."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()


@cache
def _parser(language: str, locale: str) -> Any:
    if language == "ja":
        return budoux.load_default_japanese_parser()
    if language == "th":
        return budoux.load_default_thai_parser()
    if any(part in locale for part in ("Hant", "-TW", "-HK", "-MO")):
        return budoux.load_default_traditional_chinese_parser()
    return budoux.load_default_simplified_chinese_parser()


@cache
def _engine() -> RbnfEngine:
    return RbnfEngine.for_language("ja")


def _spell(number: int) -> str:
    if number >= 10**16:
        return _digits(str(number))
    said = _engine().format_number(number, ruleset_names=["spellout-numbering"]).text_by_ruleset["spellout-numbering"]
    return str(said).replace("〇", "ゼロ")


def _digits(text: str) -> str:
    return "".join("ゼロ" if sign == "0" else "〇一二三四五六七八九"[int(sign)] for sign in text)


def _number(written: str) -> str:
    whole, _, fraction = written.replace(",", "").partition(".")
    said = _spell(int(whole)) if whole == "0" or not whole.startswith("0") else _digits(whole)
    return f"{said}点{_digits(fraction)}" if fraction.strip("0") else said


@cache
def _rules() -> list[tuple[re.Pattern[str], Any]]:
    units = "|".join(sorted(map(re.escape, _COUNTED), key=len, reverse=True))
    money = "|".join(sorted(map(re.escape, _MONEY), key=len, reverse=True))
    full_date = r"(?<!\d)(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?!\d)"
    table = [
        (full_date, lambda m: f"{_spell(int(m[1]))}年{_spell(int(m[2]))}月{_spell(int(m[3]))}日"),
        (r"(?<![\d/])(\d{1,2})/(\d{1,2})(?![\d/])", lambda m: f"{_spell(int(m[1]))}月{_spell(int(m[2]))}日"),
        (r"(?<!\d)([01]?\d|2[0-4]):([0-5]\d)(?!\d)", lambda m: f"{_spell(int(m[1]))}時" + (f"{_spell(int(m[2]))}分" if int(m[2]) else "")),
        (r"(?<!\d)(0\d{1,4}(?:-\d{2,4}){1,2})(?!\d)", lambda m: "、".join(_digits(part) for part in m[1].split("-"))),
        (rf"({money})\s?({_NUMBER})", lambda m: _number(m[2]) + _MONEY[m[1].lower()]),
        (rf"({_NUMBER})\s?({money})(?![a-z])", lambda m: _number(m[1]) + _MONEY[m[2].lower()]),
        (rf"({_NUMBER})\s?({units})(?![A-Za-z])", lambda m: _number(m[1]) + _COUNTED[m[2].lower()]),
        (rf"({_NUMBER})\s?[〜~–]\s?(?=\d)", lambda m: f"{_number(m[1])}から"),
        (rf"(?<!\d)({_NUMBER})", lambda m: _number(m[1])),
    ]  # fmt: skip
    return [(re.compile(pattern, re.IGNORECASE), reader) for pattern, reader in table]
