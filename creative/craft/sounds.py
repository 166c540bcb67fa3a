"""What good spots keep to: a pace that can be followed, a brand that is named, an ask that comes last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from creative.craft.pictures import words_in
from creative.craft.table import RULES
from creative.placements import Placement
from creative.records import FindingRecord

Figures = Mapping[str, Any]

_SLACK_MS = 25
_TAIL_MS = 1000
_FASTEST, _SLOWEST = 80 / 30, 1.2
_LONGEST = 20
_LEAST_BED, _MOST_BED = 9.0, 21.0
"""12 to 18 dB are good; what one track tells of it is some dB wide."""
_END = re.compile(r"(?<=[.!?…。！？؟])\s+")
_ASKS = frozenset(
    [
        "order",
        "buy",
        "shop",
        "try",
        "get",
        "book",
        "call",
        "visit",
        "discover",
        "find",
        "see",
        "taste",
        "start",
        "join",
        "come",
        "ask",
        "choose",
        "pick",
        "grab",
        "kauf",
        "kaufe",
        "kaufen",
        "hol",
        "hole",
        "holen",
        "holt",
        "probier",
        "probiere",
        "probieren",
        "teste",
        "testen",
        "schau",
        "schauen",
        "klick",
        "buche",
        "buchen",
        "ruf",
        "rufen",
        "achète",
        "achetez",
        "essaie",
        "essayez",
        "goûte",
        "goûtez",
        "offrez",
        "venez",
        "viens",
        "trouvez",
        "appelez",
        "rendez",
        "profitez",
        "compra",
        "compre",
        "pide",
        "pida",
        "prueba",
        "pruebe",
        "haz",
        "ven",
        "venga",
        "llama",
        "llame",
        "visita",
        "visite",
        "ordina",
        "prova",
        "scopri",
        "prenota",
        "chiama",
        "vieni",
        "acquista",
    ]
)
_ASK_STEMS = ("bestell", "entdeck", "besuch", "sicher", "command", "découvr", "réserv", "descubr", "reserv")
"""How asks begin, in the languages of the stock voices: whole words, and stems of long ones."""
_NO_ASKS = frozenset({"now", "the", "jetzt", "und", "les", "des", "our", "more", "plus", "mehr", "ahora", "ora"})
_ADDRESS = re.compile(r"\w\.[a-z]{2,}\b|\bwww\b|://", re.IGNORECASE)


def of_sounds(
    figures: Figures, placement: Placement, script: str, brand: str, ask: str, spoken: bool
) -> Iterator[FindingRecord]:
    """Findings on a spot or a film's sound. `script`: as written; `brand`: its name; `ask`: the words of the button."""
    lasts = figures["audio_seconds"] * 1000
    for start, end in figures.get("silent", ()):
        if start > 0 and end >= lasts - _SLACK_MS and end - start > _TAIL_MS:
            yield RULES["silent-end"].found(f"{(end - start) / 1000:.1f} s")
    if not spoken or not script.strip():
        return
    under = figures.get("under_db")
    if under is not None and not _LEAST_BED <= under <= _MOST_BED and figures.get("bed", True):
        yield RULES["bed-level"].found(f"{under:.0f} dB")
    yield from _script(script, lasts / 1000, placement, brand, ask)


def is_ask(sentence: str, button: str = "") -> bool:
    """Whether a sentence says what to do: it has a word of the button's, or an address, or tells to do something.

    Who is told to do something hears the verb first: "Order yours today.", after a "Now" or a "Come" at most, "Jetzt bestellen." at
    its end too. The verbs are those of asks, by stem, in the languages of the stock voices.
    """
    words = re.findall(r"[\w’']+", sentence.casefold())
    asked = {word for word in re.findall(r"\w{3,}", button.casefold()) if word not in _NO_ASKS}
    if asked & set(words) or _ADDRESS.search(sentence):
        return True
    return any(word in _ASKS or word.startswith(_ASK_STEMS) for word in (*words[:3], *words[-1:]))


def _script(script: str, seconds: float, placement: Placement, brand: str, ask: str) -> Iterator[FindingRecord]:
    sentences = [sentence for sentence in _END.split(script.strip()) if sentence.strip()]
    said = words_in(script) / max(seconds, 1.0)
    if said > _FASTEST:
        yield RULES["talks-fast"].found(f"{said:.1f}")
    elif said < _SLOWEST and placement.modality == "audio":
        yield RULES["says-little"].found(f"{said:.1f}")
    longest = max(map(words_in, sentences))
    if longest > _LONGEST:
        yield RULES["long-sentence"].found(longest)
    name = brand.casefold().strip()
    if name:
        times = script.casefold().count(name)
        least = 1 if seconds < 10 else 2 if seconds < 25 else 3
        if times < least:
            yield RULES["brand-said"].found({0: "never", 1: "once"}.get(times, f"{times} times"), brand)
        if times and name not in sentences[0].casefold():
            number = next(n for n, sentence in enumerate(sentences, 1) if name in sentence.casefold())
            yield RULES["brand-late"].found(f"in sentence {number}", brand)
    last = sentences[-1]
    asks = is_ask(last, ask)
    if placement.modality == "audio" and len(sentences) > 1 and not asks:
        yield RULES["ask-last"].found(f"“{last if len(last) <= 60 else last[:59] + '…'}”")
