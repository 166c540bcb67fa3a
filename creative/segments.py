"""What a text is made of between possible line breaks: words, phrases, and what is glued to them, by language.

Spaces part words in most scripts; phrases of Chinese, Japanese and Thai are found by `budoux`, and breaks inside of runs of
them are those of UAX 14 (`uniseg`). What a reader expects on one line (a number and its unit) is glued by spaces that do not
break; French spaces before high signs are set as its typographers do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from creative.bidi import runs_leftwards
from creative.hyphens import hyphenated
from creative.scripts import EAST_ASIAN, script_of, script_of_locale, subtags
from creative.tongues import CURRENCIES, UNITS

SOFT_HYPHEN = "\u00ad"
_NBSP, _NARROW = "\u00a0", "\u202f"
_WEAK = 3
"""A word of at most so many letters, without punctuation, had better begin a line than end it."""
_LONG_WEAK = {
    "en": "with from your that this into over than when only just",
    "de": "eine einen einem einer eines dein deine mein euer unser nach über unter ohne durch oder auch nicht sich vom beim",
    "fr": "avec pour dans sans sous chez entre leur votre notre plus nous vous elle cette",
    "es": "para como entre desde hasta sobre cada esta este todo unos unas",
    "it": "della delle dello degli nella nelle dalla dalle alla alle agli come senza sulla anche ogni",
    "pt": "para como entre desde sobre cada esta este pelo pela numa",
    "nl": "voor door naar over onder zonder jouw onze niet deze",
    "ru": "без для или при под над что как это",
    "ar": "من في على إلى الى عن مع أو ثم بل لا ما هذا هذه كل",
    "he": "של עם את על אל או כי גם לא כל זה",
    "zh": "就 最 仅 僅 与 與 和 或 在 从 從 把 被 为 為 是 不 也 都 很 更 只 需 才 每 第 这 那 這",
}
_POSTPOSITIONS = {"hi": "में की के का को से ने पर तक भी ही है हैं", "mr": "च्या चे ची ला ने हून आहे"}
"""They belong to the word before them: no line begins with one, if it can be helped."""
_GLUED_LETTERS = frozenset({"pl", "cs", "sk", "ru", "uk", "be", "bg", "sr", "hr", "sl"})
"""Languages whose one-letter words never end a line."""
_SENTENCE = frozenset(".!?:;,…。！？、，：；।॥،؛؟")
_FULL_STOPS = frozenset(".!?…。！？।॥؟")
_OPENING, _CLOSING = "«„“‘‚‹([{¿¡「『（【〈《", "»”’›)]}」』）】〉》!?…"
_MORE_UNITS = (
    *(
        "Uhr",
        "Mio.",
        "Mrd.",
        "px",
        "cm²",
        "PS",
        "oz",
        "lb",
        "г",
        "кг",
        "мл",
        "л",
        "мм",
        "см",
        "м",
        "км",
        "мин",
        "ч",
        "γρ.",
        "κιλά",
    ),
    *("غرام", "جرام", "غ", "كجم", "كغ", "كيلو", "مل", "لتر", "درهم", "ريال", "جنيه", "دينار", "گرم", "تومان"),
    *(
        "גרם",
        "ק״ג",
        "מ״ל",
        "ליטר",
        "ש״ח",
        "กรัม",
        "กก.",
        "มล.",
        "ลิตร",
        "บาท",
        "नग",
        "ग्राम",
        "किलो",
        "मिली",
        "लीटर",
        "रुपये",
    ),
)
_SIGNS = "%‰°$€£¥₹₩₪₺₽฿"
_unit = "|".join(sorted((re.escape(unit) for unit in (*UNITS, *_MORE_UNITS)), key=len, reverse=True))
_codes = "|".join(
    (
        *sorted(CURRENCIES),
        "AED",
        "SAR",
        "EGP",
        "ILS",
        "THB",
        "KRW",
        "TWD",
        "HKD",
        "BRL",
        "MXN",
        "TRY",
        "kr",
        "zł",
        "Kč",
        "Ft",
        "лв",
        "руб",
        "грн",
    )
)
_GLUES = (
    (re.compile(rf"(?<=[\d٠-٩۰-۹०-९]) (?=(?:{_unit}|{_codes}|[{_SIGNS}])(?![^\W\d_]))"), _NBSP),
    (re.compile(rf"(?:(?<=[{_SIGNS}#№§])|(?<=\bNr\.)|(?<=\bNo\.)|(?<=\bn°)|(?<=\bca\.)) (?=\d)"), _NBSP),
    (re.compile(r"(?<=\b[A-Z]{3}) (?=\d)"), _NBSP),
    (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), _NBSP),
    (re.compile(r" (?=[–—] )"), _NBSP),
    (re.compile(rf"(?:(?<=^[{re.escape(_OPENING)}])|(?<=\s[{re.escape(_OPENING)}])) "), _NBSP),
    (re.compile(rf" (?=[{re.escape(_CLOSING)}]+(?:\s|$))"), _NBSP),
)
_ISOLATE, _POP = "\u2066", "\u2069"
_MEASURE = re.compile(r"(?<![\w\u2066])\d[\d.,]*[ \u00a0\u202f]?[A-Za-zµ°²³]+(?:/[A-Za-z]+)?(?![\w\u2069])")
"""A number with a Latin unit, which must read rightwards inside Arabic or Hebrew."""
_FRENCH = (
    (re.compile(r"(?<=[^\W_]|[»%€$)]) ?(?=[;!?]+(?:[\s\u00a0\u202f»”)]|$))"), _NARROW),
    (re.compile(r"(?<=[^\W_]|[»%€$)]) ?(?=:(?:\s|$))"), _NBSP),
    (re.compile(r"(?<=«) ?(?=\S)"), _NBSP),
    (re.compile(r"(?<=\S) ?(?=»)"), _NBSP),
)  # fmt: skip
_LONG_PHRASE = 6
_PARTICLES = frozenset("的了吧吗嗎呢啊们們着著过過起")
"""Chinese letters that belong to the word before them."""
_THAI_BEFORE = frozenset("ะาำๅๆฯ")
_THAI_AFTER = frozenset("เแโใไ")


@lru_cache(16384)
def typographic(text: str, locale: str) -> str:
    """A text as a typesetter of its language would write it: composed (NFC), with spaces that do not break where none may."""
    made = unicodedata.normalize("NFC", text)
    made = re.sub(r"[ \t\r\n]+", " ", made).strip(" ")
    made = re.sub(r"￥(?=\d)", "¥", made)
    tags = subtags(locale)
    if tags[0] == "fr" and "ca" not in tags[1:]:
        for pattern, instead in _FRENCH:
            made = pattern.sub(instead, made)
        made = re.sub(rf"[ {_NBSP}]+(?=[{_NBSP}{_NARROW}])|(?<=[{_NBSP}{_NARROW}]) +", "", made)
    for pattern, instead in _GLUES:
        made = pattern.sub(instead, made)
    if runs_leftwards(made):
        made = _MEASURE.sub(f"{_ISOLATE}\\g<0>{_POP}", made)
    if tags[0] in _GLUED_LETTERS:
        made = re.sub(r"(?<![^\W_])([^\W\d_]) ", rf"\1{_NBSP}", made)
    return made


def pieces(text: str, locale: str = "", fine: bool = False) -> Iterator[tuple[str, str]]:
    """(what stays together, what follows it: " ", a soft hyphen or ""). Spaces that do not break stay inside.

    Lines may break at spaces, after a hyphen or dash inside a word, at soft hyphens, and between phrases of scripts that have
    no spaces; with `fine`, between their letters, too (and between Korean syllables), wherever UAX 14 lets them, and inside of
    long words with a hyphen.
    """
    for chunk in re.split(r"[ \t\r\n]+", text):
        if not chunk:
            continue
        found = list(_chunk(chunk, locale, fine))
        if (found and found[-1][1] != SOFT_HYPHEN) or found:
            found[-1] = (found[-1][0], " ")
        yield from found


def _chunk(chunk: str, locale: str, fine: bool) -> Iterator[tuple[str, str]]:
    start = 0
    for at, letter in enumerate(chunk):
        inner = 0 < at < len(chunk) - 1
        if letter == SOFT_HYPHEN:
            if at > start:
                yield from _unspaced(chunk[start:at], locale, fine, SOFT_HYPHEN)
            start = at + 1
        elif inner and letter in "-–—/" and chunk[at - 1].isalpha() and chunk[at + 1].isalpha():
            yield from _unspaced(chunk[start : at + 1], locale, fine, "")
            start = at + 1
    if chunk[start:]:
        yield from _unspaced(chunk[start:], locale, fine, "")


def _unspaced(chunk: str, locale: str, fine: bool, follows: str) -> Iterator[tuple[str, str]]:
    if any(letter > "\u0e00" for letter in chunk):
        parts = [(part, "") for part in _phrases(chunk, locale, fine)]
    elif fine and follows != SOFT_HYPHEN:
        parts = _hyphenated(chunk, locale)
    else:
        parts = [(chunk, "")]
    yield from parts[:-1]
    yield parts[-1][0], follows


def _hyphenated(chunk: str, locale: str) -> list[tuple[str, str]]:
    """A chunk with the places where its long words may be hyphenated."""
    made: list[tuple[str, str]] = []
    start = 0
    for word in re.finditer(r"[^\W\d_]+", chunk):
        for part in hyphenated(word[0], locale)[:-1]:
            end = max(start, word.start()) + len(part)
            made.append((chunk[start:end], SOFT_HYPHEN))
            start = end
    return [*made, (chunk[start:], "")]


@lru_cache(16384)
def _phrases(chunk: str, locale: str, fine: bool) -> tuple[str, ...]:
    """A chunk without spaces, cut where a line may break."""
    scripts = {script_of(letter) for letter in chunk}
    if "Thai" in scripts:
        cuts = [at for at in _budoux("Thai", chunk) if _thai(chunk, at)]
    elif scripts & {"Hani", "Hira", "Kana", "Bopo"}:
        own = script_of_locale(locale)
        name = "Jpan" if own not in EAST_ASIAN or scripts & {"Hira", "Kana"} else own
        legal = _legal(chunk)
        found = [at for at in _budoux(name, chunk) if at in legal and _together(chunk, at)]
        found = _japanese(chunk, found, legal) if name == "Jpan" else _chinese(chunk, found)
        cuts = sorted(legal) if fine else found
    elif fine and "Hang" in scripts:
        cuts = sorted(_legal(chunk))
    else:
        return (chunk,)
    ends = [*cuts, len(chunk)]
    return tuple(chunk[first:end] for first, end in zip([0, *cuts], ends, strict=True))


def _budoux(script: str, chunk: str) -> list[int]:
    """Where phrases begin, by the model of a script."""
    found, at = [], 0
    for phrase in _parser(script).parse(chunk)[:-1]:
        at += len(phrase)
        found.append(at)
    return found


@cache
def _parser(script: str) -> Any:
    import budoux

    return {
        "Jpan": budoux.load_default_japanese_parser,
        "Hans": budoux.load_default_simplified_chinese_parser,
        "Hant": budoux.load_default_traditional_chinese_parser,
        "Thai": budoux.load_default_thai_parser,
    }.get(script, budoux.load_default_japanese_parser)()


@lru_cache(4096)
def _legal(chunk: str) -> frozenset[int]:
    """Where UAX 14 lets a line break inside a chunk: not before closing, not after opening signs, not between digits."""
    from uniseg.linebreak import line_break_breakables

    return frozenset(at for at, may in enumerate(line_break_breakables(chunk)) if may and at)


def _together(chunk: str, at: int) -> bool:
    """Whether a phrase may begin at `at`: not between a number and what it counts, nor inside a Latin word."""
    before, after = chunk[at - 1], chunk[at]
    return not (before.isdigit() or (before.isascii() and after.isascii() and before.isalnum() and after.isalnum()))


def _japanese(chunk: str, cuts: list[int], legal: frozenset[int]) -> list[int]:
    """Long phrases are also cut where Han letters and katakana meet, with two or more of each."""
    made: list[int] = []
    for first, end in zip([0, *cuts], [*cuts, len(chunk)], strict=True):
        made += [first] if first else []
        if end - first > _LONG_PHRASE:
            kinds = [script_of(letter) for letter in chunk[first:end]]
            kinds = ["Kana" if letter == "ー" else kind for letter, kind in zip(chunk[first:end], kinds, strict=True)]
            for at in range(2, len(kinds) - 1):
                sides = (kinds[at - 2 : at], kinds[at : at + 2])
                if first + at in legal and sides in ((["Hani"] * 2, ["Kana"] * 2), (["Kana"] * 2, ["Hani"] * 2)):
                    made.append(first + at)
    return made


def _chinese(chunk: str, cuts: list[int]) -> list[int]:
    """Without lines that begin with a particle, and single letters in pairs, as most words are."""
    made: list[int] = []
    single = False
    for at, end in zip(cuts, [*cuts[1:], len(chunk)], strict=False):
        alone = end - at == 1
        before = at - (made[-1] if made else 0) == 1
        if chunk[at] in _PARTICLES or (alone and before and not single):
            single = alone and before
            continue
        single = False
        made.append(at)
    return made


def _thai(chunk: str, at: int) -> bool:
    """Whether a Thai cluster may begin at `at`."""
    return (
        unicodedata.category(chunk[at]) not in ("Mn", "Mc")
        and chunk[at] not in _THAI_BEFORE
        and chunk[at - 1] not in _THAI_AFTER
        and chunk[at] not in _SENTENCE
        and chunk[at] not in _CLOSING
        and chunk[at - 1] not in _OPENING
        and not (chunk[at - 1].isdigit() or (chunk[at - 1].isascii() and chunk[at].isascii()))
    )


def closes(piece: str) -> bool:
    """Whether a piece ends a sentence or clause."""
    return piece.rstrip(_CLOSING.replace("!", "").replace("?", ""))[-1:] in _SENTENCE


def ends(piece: str) -> bool:
    """Whether a piece ends a whole sentence."""
    return piece.rstrip(_CLOSING.replace("!", "").replace("?", "").replace("…", ""))[-1:] in _FULL_STOPS


def weak(piece: str, follows: str, after: str, locale: str) -> int:
    """How much a line had better not end with a piece: 1 for an article, a preposition, or what the next one belongs to.

    2 inside of a Latin name in a text of another script.
    """
    language = subtags(locale)[0]
    if closes(piece) or (follows != " " and language != "zh"):
        return 0
    foreign = script_of_locale(locale) not in ("Latn", "Cyrl", "Grek")
    if foreign and piece[-1].isascii() and piece[-1].isalpha() and after[:1].isascii() and after[:1].isalnum():
        return 2
    if after and after.rstrip("।?!,.") in _postpositions(language):
        return 1
    if piece in ("&", "+", "×", "/") or (piece[0].isdigit() and piece[-1].isdigit()):
        return 1
    short = len(piece) <= _WEAK and piece.isalpha() and piece[0] < "\u0590"
    return int(short or piece.lower() in _long_weak(language))


@cache
def _long_weak(language: str) -> frozenset[str]:
    return frozenset(_LONG_WEAK.get(language, "").split())


@cache
def _postpositions(language: str) -> frozenset[str]:
    return frozenset(_POSTPOSITIONS.get(language, "").split())
