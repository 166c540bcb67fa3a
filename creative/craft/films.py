"""What good films keep to: an early brand, a pace, an ask that stays, words that can be read in their time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from creative.craft.pictures import named, words_in
from creative.craft.table import RULES
from creative.placements import Placement
from creative.records import FindingRecord

Figures = Mapping[str, Any]

_SLOW_S = 3.0
_DIM = 0.06  # mean relative luminance: a mean grey of about 27 %
_CAPTION_SPEED = 20
_TOGETHER = ("headline", "support", "price", "cta", "logo", "button")
_BARS = 0.02
_SLACK_S = 0.1  # what nobody reads faster or slower by


def of_films(figures: Figures, placement: Placement, spoken: bool) -> Iterator[FindingRecord]:
    """Findings on a film. `spoken`: whether somebody says its script."""
    rate = placement.fps or 30
    yield from _ask(figures, placement, rate)
    if "audio_codec" not in figures:
        yield RULES["no-sound"].found()
    elif spoken and not any(text["role"] == "caption" for text in figures.get("texts", ())):
        yield RULES["no-captions"].found()
    yield from _opening(figures, rate)
    if 0 < figures.get("bright", 1.0) < _DIM:
        yield RULES["dim"].found(f"{figures['bright'] ** (1 / 2.2):.0%}", limit=f"{_DIM ** (1 / 2.2):.0%} or more")
    top, right, bottom, left = figures.get("bars", (0, 0, 0, 0))
    if min(top, bottom) > _BARS * (placement.height or 1) or min(left, right) > _BARS * (placement.width or 1):
        yield RULES["bars"].found()
    yield from _pace(figures, rate)
    yield from _entrances(figures, rate)
    yield from _reading(figures, rate)


def _ask(figures: Figures, placement: Placement, rate: int) -> Iterator[FindingRecord]:
    card, frames = figures.get("card"), figures.get("frames", 0)
    if placement.end_card_ms and card is None:
        yield RULES["no-end-card"].found()
    if card is None:
        return
    least = 3.0 if (placement.ms or 0) >= 15_000 else 1.5
    if (frames - card) / rate < least - 0.5 / rate:
        yield RULES["end-card"].found(f"{(frames - card) / rate:.1f} s", limit=f"{least:g} s")
    asks = [text for text in figures.get("texts", ()) if text["role"] == "cta" and text["end"] > card]
    stands = max(((text["end"] - max(text["first"], card)) / rate for text in asks), default=None)
    if stands is not None and stands < 1.0:
        yield RULES["ask-still"].found(f"{stands:.1f} s")


def _opening(figures: Figures, rate: int) -> Iterator[FindingRecord]:
    if any(first == 0 and end > rate for first, end in figures.get("still", ())):
        yield RULES["stands-at-first"].found()
    logos = [mark["first"] / rate for mark in figures.get("marks", ()) if mark["role"] in ("logo", "button")]
    if figures.get("product") is None and not any(first < 5 for first in logos):
        yield RULES["late-brand"].found("5 s")


def _pace(figures: Figures, rate: int) -> Iterator[FindingRecord]:
    card, frames = figures.get("card"), figures.get("frames", 0)
    until = frames if card is None else card
    if "changes" in figures:
        words = [text["first"] for text in figures.get("texts", ())]
        moments = sorted({0, *figures["changes"], *words, until})
        for before, after in itertools.pairwise(moments):
            if after <= until and (after - before) / rate > _SLOW_S:
                yield RULES["slow"].found(f"{before / rate:.1f} to {after / rate:.1f} s")
    if "cuts" in figures and frames > 4 * rate:
        # A camera that travels shows another framing as a cut does: the picture has become another three times over.
        early = [frame for frame in figures["cuts"] if frame < 5 * rate]
        travelled = [frame for frame in figures.get("changes", ()) if frame < 5 * rate]
        if not early and len(travelled) < 3:
            yield RULES["one-framing"].found()


def _entrances(figures: Figures, rate: int) -> Iterator[FindingRecord]:
    card = figures.get("card")
    begins: dict[int, dict[str, None]] = {}
    for part in (*figures.get("texts", ()), *figures.get("marks", ())):
        role = "button" if part["role"] == "cta" else part["role"]
        if role in _TOGETHER and part["first"] > 0 and part["first"] != card:
            begins.setdefault(part["first"], {})[role] = None
    for frame, roles in sorted(begins.items()):
        if len(roles) > 2:
            yield RULES["together"].found(f"{frame / rate:.1f} s", ", ".join(roles))


def _reading(figures: Figures, rate: int) -> Iterator[FindingRecord]:
    shown: dict[tuple[str, str], int] = {}
    for text in figures.get("texts", ()):
        run = (text["role"], text["text"])
        shown[run] = shown.get(run, 0) + max(0, text["end"] - text["first"])
    for (role, words), still in shown.items():
        seconds, name = still / rate, named({"role": role, "text": words})
        # Four words a second and a moment to find them; captions are read along with the voice.
        takes = 0.3 + words_in(words) / (5 if role == "caption" else 4)
        if role not in ("legal", "disclaimer", "label") and seconds < takes - _SLACK_S:
            yield RULES["reading-time"].found(f"{seconds:.1f} s", name, limit=f"{takes:.1f} s")
        elif role == "caption" and len(words) > _CAPTION_SPEED * seconds:
            yield RULES["caption-speed"].found(f"{len(words) / max(seconds, 0.01):.0f}", name)
