"""Scripts of texts: which script each character belongs to, and what a locale is written in.

Scripts have the names of ISO 15924. Han letters count as Hans, Hant, Jpan or Kore, by the locale: their shapes differ.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import uharfbuzz

from creative.bidi import runs_leftwards

RTL_LANGUAGES = frozenset({"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
_WRITTEN = {
    "ar": "Arab", "fa": "Arab", "ur": "Arab", "ps": "Arab", "ckb": "Arab", "ug": "Arab", "sd": "Arab",
    "he": "Hebr", "yi": "Hebr", "th": "Thai", "hi": "Deva", "mr": "Deva", "ne": "Deva", "sa": "Deva",
    "ja": "Jpan", "ko": "Kore", "zh": "Hans", "yue": "Hant", "el": "Grek",
    "ru": "Cyrl", "uk": "Cyrl", "bg": "Cyrl", "be": "Cyrl", "mk": "Cyrl", "sr": "Cyrl", "kk": "Cyrl", "mn": "Cyrl",
}  # fmt: skip
_TRADITIONAL = frozenset({"tw", "hk", "mo", "hant"})
SIGNS = {"₪": "Hebr", "฿": "Thai", "﷼": "Arab", "₩": "Kore", "￦": "Kore", "￥": "Jpan"}
"""Currency signs that the fonts of one script surely have."""
EAST_ASIAN = frozenset({"Hans", "Hant", "Jpan", "Kore"})
INVISIBLE = frozenset(
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""What directs setting and has no ink of its own."""
JOINERS = frozenset("\u200c\u200d")
"""Invisible, but letters take other shapes beside them."""


def subtags(locale: str) -> list[str]:
    """ "zh-Hant-TW" as ["zh", "hant", "tw"]; never empty."""
    return locale.replace("_", "-").lower().split("-")


@lru_cache(256)
def script_of_locale(locale: str) -> str:
    """What a locale is written in; "Latn" for those not known."""
    tags = subtags(locale)
    script = next((tag.title() for tag in tags[1:] if len(tag) == 4 and tag.isalpha()), None)
    if script in ("Hant", "Hans"):
        return script
    if tags[0] == "zh" and _TRADITIONAL & set(tags[1:]):
        return "Hant"
    return script or _WRITTEN.get(tags[0], "Latn")


@lru_cache(16384)
def script_of(letter: str) -> str:
    """The script of one character: "Hani" for Han letters, "Zinh" for marks that go with any, "Zyyy" for what is common."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(letter)
    buffer.guess_segment_properties()
    common = "Zinh" if unicodedata.category(letter) in ("Mn", "Me") or letter in JOINERS else "Zyyy"
    return buffer.script or common


def group(letter: str, locale: str, japanese: bool = False) -> str:
    """The group of fonts that a character wants, by its script; "" for what adapts to its neighbours.

    Numbers, currency signs and what belongs to them keep to the brand's own font: "Latn".
    """
    script = script_of(letter)
    if script in ("Hira", "Kana"):
        return "Jpan"
    if script == "Hang":
        return "Kore"
    if script in ("Hani", "Bopo"):
        own = script_of_locale(locale)
        return own if own in EAST_ASIAN else "Jpan" if japanese else "Hant" if script == "Bopo" else "Hans"
    if script in ("Zyyy", "Zinh"):
        kind = unicodedata.category(letter)
        return "Latn" if kind in ("Nd", "Sc") and ord(letter) not in range(0x660, 0x66A) else ""
    return script


def direction_of(text: str, locale: str) -> str:
    """The direction of a paragraph: the locale's, but a text without any right-to-left letter runs rightwards."""
    if not runs_leftwards(text):
        return "ltr"
    return "rtl" if subtags(locale)[0] in RTL_LANGUAGES else "ltr"
