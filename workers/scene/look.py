"""From the words of a prompt to a look. The words are in `words.py`; those that are not known change nothing but the
seed's own choices."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workers.scene.colour import Rgb
from workers.scene.words import PLAIN, STEMS


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
    "noon": Hour(52, (1.0, 0.96, 0.90), (0.90, 0.95, 1.0), 0.40, 0.90),
    "evening": Hour(24, (1.0, 0.76, 0.54), (0.90, 0.80, 0.76), 0.22, 0.74, 0.04),
    "night": Hour(30, (1.0, 0.84, 0.68), (0.55, 0.66, 0.95), 0.12, 0.64, 0.03),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the seed may choose in a set, first what is most its own; and whether it carries words without a product."""

    grounds: tuple[str, ...]
    props: tuple[str, ...]
    gobos: tuple[str, ...] = ("none",)
    hours: tuple[str, ...] = ("morning", "noon", "dawn")
    bare: bool = True


KINDS: Mapping[str, Kind] = {
    "studio": Kind(("paint",), ("none", "disc", "spheres", "none"), hours=("noon", "morning")),
    "blinds": Kind(("paint", "stone"), ("spheres", "arch", "steel"), ("blinds", "window")),
    "leaves": Kind(("paint", "stone", "oak"), ("vase", "spheres", "none", "pebbles"), ("leaves",)),
    "podium": Kind(("paint",), ("spheres", "arch", "none"), hours=("noon", "morning")),
    "table": Kind(
        ("oak", "walnut", "birch"), ("cup", "beads", "vase", "books"), ("leaves", "window", "none"), bare=False
    ),
    "stone": Kind(("terrazzo", "stone", "limestone"), ("pebbles", "vase", "none"), ("none", "leaves")),
    "kitchen": Kind(("oak", "stone", "birch"), ("cup", "beads", "vase"), ("none",), ("morning", "noon"), bare=False),
    "dusk": Kind(("stone", "walnut", "limestone"), ("none", "candle", "pebbles"), hours=("evening", "night")),
    "paper": Kind(("paint",), ("none",), hours=("noon", "morning")),
    "fabric": Kind(("paint",), ("none",), ("none", "window"), ("morning", "noon", "evening")),
    "wet": Kind(("gloss", "stone"), ("none", "pebbles", "spheres"), hours=("night", "evening")),
    "sky": Kind(("limestone", "sand", "tiles"), ("none", "pebbles", "spheres"), hours=("noon", "dawn", "morning")),
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the prompt and the seed ask of a set: names of rows and of materials."""

    set: str
    hour: Hour
    ground: str
    props: str
    gobo: str

    @property
    def late(self) -> bool:
        """Whether the day is over."""
        return self.hour.key < 0.8


def plain(text: str) -> str:
    """The text in lower case without accents, as words are looked up."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def said(prompt: str) -> dict[str, str]:
    """What the words of a prompt ask for: of each kind of thing, the first word that says something counts; a
    studio gives way to any other set."""
    found: dict[str, str] = {}
    text = "".join(c if c.isalnum() else " " for c in plain(prompt))
    for word in text.split():
        for stem, row in STEMS.items():
            # Short words are taken whole: "sol" is not in "solid". Scripts without spaces are searched.
            if word == stem or (len(stem) > 3 and word.startswith(stem)) or (stem in PLAIN and stem in word):
                # Any set is built in a studio: the other word says more.
                if found.get("set") == "studio" and "set" in row:
                    del found["set"]
                for name, value in row.items():
                    found.setdefault(name, value)
    return found


def look(prompt: str, rng: np.random.Generator, product: bool) -> Look:
    """The look for a prompt: its words count, the seed chooses the rest."""
    asked = said(prompt)
    draws = [float(rng.random()) for _ in range(5)]  # always as many: what one word says changes no other choice

    def choose(name: str, draw: float, options: tuple[str, ...]) -> str:
        return asked.get(name, options[int(draw * len(options))])

    names = tuple(name for name, kind in KINDS.items() if product or kind.bare)
    if "hour" in asked:  # a night is no morning's: of what is left open, only what the hour suits
        names = tuple(name for name in names if (asked["hour"] in ("evening", "night")) <= _late(name)) or names
    chosen = choose("set", draws[0], names)
    if not product and not KINDS[chosen].bare:
        chosen = choose("", draws[0], names)
    kind = KINDS[chosen]
    return Look(
        chosen,
        HOURS[choose("hour", draws[1], kind.hours)],
        choose("ground", draws[2], kind.grounds),
        choose("props", draws[3], kind.props),
        choose("gobo", draws[4], kind.gobos),
    )


def _late(name: str) -> bool:
    return name in ("dusk", "wet", "fabric", "table", "studio")
