"""From the words of a prompt to a look: a small table, so that a new word is a row.

Words that are not in the table change nothing but the seed's own choices.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workers.scene.colour import Rgb


@dataclass(frozen=True, slots=True)
class Hour:
    """Light of one hour. `height`: of the sun, degrees. `sun`, `sky`: colours; `fill`: light of the sky by the sun's.

    `key`: how bright the finished picture is, as the share of white at which its bright parts lie; `least`: the traced
    light that may count as bright.
    """

    height: float
    sun: Rgb
    sky: Rgb
    fill: float
    key: float
    least: float = 0.2


HOURS: Mapping[str, Hour] = {
    "dawn": Hour(19, (1.0, 0.70, 0.46), (0.68, 0.78, 1.0), 0.34, 0.84),
    "morning": Hour(34, (1.0, 0.88, 0.72), (0.84, 0.91, 1.0), 0.34, 0.90),
    "noon": Hour(52, (1.0, 0.96, 0.90), (0.90, 0.95, 1.0), 0.40, 0.89),
    "evening": Hour(24, (1.0, 0.76, 0.54), (0.90, 0.80, 0.76), 0.22, 0.70, 0.04),
}

# word: what it says. A prompt's word takes part when it begins with the row's word ("kitchens", "wooden").
WORDS: Mapping[str, Mapping[str, str]] = {
    "dawn": {"hour": "dawn"},
    "sunrise": {"hour": "dawn"},
    "early": {"hour": "dawn"},
    "morning": {"hour": "morning"},
    "breakfast": {"hour": "morning", "set": "table"},
    "noon": {"hour": "noon"},
    "midday": {"hour": "noon"},
    "summer": {"hour": "noon"},
    "bright": {"hour": "noon"},
    "evening": {"hour": "evening"},
    "dusk": {"hour": "evening"},
    "night": {"hour": "evening"},
    "candle": {"hour": "evening"},
    "cosy": {"hour": "evening"},
    "cozy": {"hour": "evening"},
    "kitchen": {"set": "table", "props": "cup", "gobo": "leaves"},
    "table": {"set": "table"},
    "counter": {"set": "table", "ground": "stone"},
    "desk": {"set": "table"},
    "oak": {"set": "table", "ground": "oak"},
    "walnut": {"set": "table", "ground": "walnut"},
    "wood": {"set": "table"},
    "garden": {"gobo": "leaves"},
    "leaves": {"gobo": "leaves"},
    "plant": {"gobo": "leaves"},
    "autumn": {"gobo": "leaves"},
    "marble": {"ground": "stone"},
    "stone": {"ground": "stone"},
    "concrete": {"ground": "stone"},
    "sideboard": {"set": "table", "ground": "walnut"},
    "gift": {"props": "gift"},
    "wrapped": {"props": "gift"},
    "present": {"props": "gift"},
    "christmas": {"props": "gift", "hour": "evening"},
    "party": {"props": "gift", "hour": "evening"},
    "coffee": {"props": "cup"},
    "cup": {"props": "cup"},
    "barista": {"props": "cup", "set": "table"},
    "station": {"set": "plaster", "props": "steel", "gobo": "window", "ground": "stone"},
    "office": {"set": "plaster", "props": "steel", "gobo": "window"},
    "city": {"set": "plaster", "props": "steel", "gobo": "window"},
    "steel": {"props": "steel", "set": "plaster"},
    "metal": {"props": "steel"},
    "studio": {"set": "plaster"},
    "wall": {"set": "plaster"},
    "podium": {"set": "plaster"},
    "blinds": {"gobo": "blinds"},
    "window": {"gobo": "window"},
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the prompt and the seed ask of a set: names of rows and of materials."""

    set: str
    hour: Hour
    ground: str
    props: str
    gobo: str


def look(prompt: str, rng: np.random.Generator, product: bool) -> Look:
    """The look for a prompt: the first word that says something counts, the seed chooses the rest."""
    said: dict[str, str] = {}
    for word in re.findall(r"\w+", prompt.lower()):
        for stem, row in WORDS.items():
            if word.startswith(stem):
                for name, value in row.items():
                    said.setdefault(name, value)

    def choose(name: str, *options: str) -> str:
        drawn = options[int(rng.integers(len(options)))]  # drawn even when unused: other draws stay what they are
        return said.get(name, drawn)

    set_ = choose("set", "plaster", "table") if product else "type"
    hour = HOURS[choose("hour", "morning", "noon")]
    ground = choose(
        "ground", *(("oak", "walnut", "stone") if set_ == "table" else ("paint", "paint", "paint", "stone"))
    )
    props = choose("props", *(("cup", "beads") if set_ == "table" else ("spheres", "arch")))
    gobo = choose("gobo", *(("leaves", "window") if set_ == "table" else ("blinds", "window", "leaves")))
    return Look(set_, hour, ground, props, gobo)
