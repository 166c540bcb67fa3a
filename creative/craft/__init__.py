"""Craft: what good ads have in common, as far as it can be measured. Findings, never refusals.

`table` is the table of findings and checks; `pictures`, `films` and `sounds` look at figures, `judged` at those of judges. Pure: no file is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from creative.craft.films import of_films
from creative.craft.judged import checks_of_judges, of_judges
from creative.craft.pictures import of_pictures
from creative.craft.sounds import of_sounds
from creative.craft.table import CHECKS, RULES, Rule
from creative.placements import Placement
from creative.records import FindingRecord

__all__ = ["CHECKS", "RULES", "Rule", "checks_of_judges", "findings"]


def findings(
    figures: Mapping[str, Any],
    placement: Placement,
    *,
    texts: Mapping[str, str] | None = None,
    brand: str = "",
    spoken: bool = False,
) -> Iterator[FindingRecord]:
    """Everything that is worth a look. `texts`: the copy by role; `brand`: its name; `spoken`: whether a voice says it."""
    said = texts or {}
    if placement.modality != "audio":
        yield from of_pictures(figures, placement)
    if placement.modality == "video":
        yield from of_films(figures, placement, spoken)
    if placement.modality != "image" and "audio_codec" in figures:
        yield from of_sounds(figures, placement, said.get("script", ""), brand, said.get("cta", ""), spoken)
    yield from of_judges(figures)
