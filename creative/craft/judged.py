"""What judges' figures come to: see `creative.judging`. Models err: all of it is a finding, but for one.

A price or legal words that are not heard at all, in a spot whose other words are, is a check: what is said of an offer is
binding, and an omission is no matter of taste. Heard otherwise ("fifty" for "fifteen") it is a finding: that is where
models err, and where somebody has to listen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from creative.craft.table import RULES
from creative.records import FindingRecord

_ERRORS, _LETTERS = 0.15, 0.10
_CLEAR = 0.12  # share of wrong letters up to which the rest of a spot counts as well heard
_TAIL = 2  # words: one more is often a model's guess at music
_QUALITY, _UNSAFE = 3.0, 0.2


def of_judges(figures: Mapping[str, Any]) -> Iterator[FindingRecord]:
    """Findings by what the judges said: `figures["judges"]`."""
    judges: Mapping[str, Mapping[str, Any]] = figures.get("judges", {})
    for name, said in judges.items():
        if "why_not" in said:
            yield RULES["not-judged"].found(said["why_not"], f"the judge {name}")
    for wrong in judges.get("ocr", {}).get("wrong", ()):
        role = str(wrong["role"]).replace("_", " ")
        yield RULES["text-read"].found(
            f"“{wrong['read']}”" if wrong["read"] else "nothing", f"the {role} “{wrong['text']}”"
        )
    extra = judges.get("ocr", {}).get("extra", ())
    if extra:
        yield RULES["text-extra"].found("; ".join(f"“{text}”" for text in extra))
    heard = judges.get("transcript", {})
    if heard.get("errors", 0.0) > _ERRORS and heard.get("letters", 0.0) > _LETTERS:
        yield RULES["heard-otherwise"].found(f"{heard['errors']:.0%}")
    if len(str(heard.get("tail", "")).split()) >= _TAIL:
        yield RULES["tail-junk"].found(f"“{heard['tail']}”")
    for part in heard.get("lost", ()):
        if part not in heard.get("absent", ()):
            yield RULES["must-heard"].found(f"“{heard.get('heard', '')}”", f"“{part}”")
    speech = judges.get("speech", {}).get("speech")
    if speech is not None and speech < _QUALITY:
        yield RULES["speech-quality"].found(f"{speech:.1f}")
    unsafe = judges.get("safety", {}).get("unsafe", 0.0)
    if unsafe > _UNSAFE:
        yield RULES["unsafe"].found(f"{unsafe:.0%}")


def checks_of_judges(figures: Mapping[str, Any]) -> Iterator[str]:
    """Why the ad fails, by the same: what has to be heard and is not there at all, where all else is."""
    heard: Mapping[str, Any] = figures.get("judges", {}).get("transcript", {})
    if heard.get("clear", 1.0) > _CLEAR:
        return
    for part in heard.get("absent", ()):
        yield f"“{part}” is in the script and is not said: heard is “{heard.get('heard', '')}”"
