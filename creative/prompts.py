"""Prompts: what a trained picture or film model is told, made at planning from words that are written for pictures.

A template of `templates/prompts/` (one a family of text encoders: a row of the catalogue names it, `facts: {prompts: tags}`)
is filled with the scene's words, the product's name, the brand's colours in words, and what the framing keeps free for the
layout's text. A segment's description and traits have no way in: nothing here is given them.

The finished text is a document of its own, an input of its step by digest: a template that is edited makes anew only what
is told something else by it. The brand's name is left out on purpose: a picture model would paint it.
"""

from __future__ import annotations

import colorsys
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml.error import YAMLError

from creative.canonical import canonical
from creative.errors import UsageError
from creative.plain_yaml import read_plain
from creative.resources import templates

Way = Literal["with_product", "without_product", "surroundings"]
"""A picture of the product's surroundings that are painted around it, one without a product, an empty set for it."""

FIELDS = frozenset(
    ("scene", "product", "place", "place_upper", "side_free", "room", "colours", "light", "shape"),
)


class Template(BaseModel):
    """One family of templates. `version` is part of the document: raise it to have everything made anew. `most_scene`: characters
    of the scene's words, cut at a word, beyond which an encoder would cut off the rest, and with it the room for the ad's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: int = Field(ge=1)
    with_product: str
    without_product: str
    surroundings: str
    negative: str = ""
    most_scene: int = Field(400, ge=40)


@dataclass(frozen=True, slots=True)
class Framing:
    """The frame of a picture: px, and the product's place in it in per mille of the canvas, as `creative.framings`."""

    width: int
    height: int
    product: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Told:
    """What one picture is about. `words` are the brief's scene words, `product` a name or None, `colours` "#rrggbb" by role."""

    words: str
    product: str | None
    colours: Mapping[str, str]


def document(family: str, way: Way, told: Told, framing: Framing) -> bytes:
    """The prompt as canonical JSON: {family, version, way, prompt, negative}.

    Raises UsageError when there is no such family.
    """
    template = _template(family)
    text = getattr(template, way).format_map(_words(told, framing, template.most_scene))
    return canonical(
        {
            "family": family,
            "version": template.version,
            "way": way,
            "prompt": _tidy(text),
            "negative": _tidy(template.negative),
        }
    )


def name_for_models(names: Mapping[str, str]) -> str:
    """A product's name for a model, which reads English best: one name for all locales, since they share their scenes."""
    return min(names.items(), key=lambda item: (not item[0].startswith("en"), item[0]))[1]


def families() -> tuple[str, ...]:
    """The names of the templates that there are."""
    return tuple(sorted(path.stem for path in (templates() / "prompts").glob("*.yaml")))


@cache
def _template(family: str) -> Template:
    if family not in families():
        raise UsageError(f"there is no prompt template {family!r}; there is: {', '.join(families())}")
    return read_template(templates() / "prompts" / f"{family}.yaml")


def read_template(path: Path) -> Template:
    """A file of templates. Raises UsageError that names what is wrong in it."""
    try:
        template = Template.model_validate(read_plain(path))
        for way in ("with_product", "without_product", "surroundings"):
            for _, name, spec, conversion in string.Formatter().parse(getattr(template, way)):
                if name is not None and (name not in FIELDS or spec or conversion):
                    known = ", ".join(sorted(FIELDS))
                    raise UsageError(f"{path}: {way}: there is no field {{{name}}}; there is: {known}")
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"{path}: {'.'.join(map(str, detail['loc']))}: {detail['msg']}") from error
    except (OSError, YAMLError, ValueError) as error:
        raise UsageError(f"{path}: not a prompt template: {error}") from error
    return template


def _tidy(text: str) -> str:
    return " ".join(text.split()).replace("..", ".").replace(" .", ".")


def _words(told: Told, framing: Framing, most: int) -> dict[str, str]:
    place, room, free = _composition(framing)
    words = _cut(" ".join(told.words.split()), most).rstrip(" .,;")
    return {
        # What people wrote is text, never a template: braces in it stay braces.
        "scene": words[:1].upper() + words[1:] or "A plain studio",
        "product": told.product or "The product",
        "place": place,
        "place_upper": place[:1].upper() + place[1:],
        "side_free": free,
        "room": room[:1].upper() + room[1:],
        "colours": colour_words(told.colours),
        "light": "Soft daylight from one side",
        "shape": _shape(framing),
    }


def _cut(text: str, most: int) -> str:
    """The text, or as many of its words as `most` characters hold; of a language without spaces, its characters."""
    if len(text) <= most:
        return text
    upto = text.rfind(" ", 0, most + 1)
    return text[: upto if upto > most // 2 else most]


def _shape(framing: Framing) -> str:
    ratio = framing.width / framing.height
    if ratio > 3:
        return "a very wide, low banner"
    if ratio > 1.2:
        return "wide format"
    if ratio < 0.4:
        return "a very tall, narrow banner"
    return "tall portrait format" if ratio < 0.85 else "square format"


def _composition(framing: Framing) -> tuple[str, str, str]:
    """Where the product stands, what is kept calm, and the same in few words."""
    if framing.product is None:
        return "in the middle", "most of the picture", "all around"
    x, foot = framing.product["x"], framing.product["foot"]
    top = foot - framing.product["height"]
    across = "on the left" if x < 420 else "on the right" if x > 580 else "in the middle"
    if framing.width > 1.2 * framing.height:
        other = "right" if x < 500 else "left"
        share = "the other two thirds" if framing.width > 3 * framing.height else "the other half"
        return f"{across}, upright", f"{share} of the picture, on the {other},", f"on the {other}"
    if top >= 1000 - foot:
        return f"{across}, in the lower part", "the upper third of the picture", "above"
    return f"{across}, at half height", "the lower third and the top of the picture", "above and below"


def colour_words(colours: Mapping[str, str]) -> str:
    """The ground and second colour of a brand as a painter would name them: "pale warm beige and deep green"."""
    named = [colour_name(colours[role]) for role in ("ground", "second") if role in colours]
    return " and ".join(dict.fromkeys(named)) or "muted natural colours"


_HUES = (
    (15, "red"), (40, "orange"), (65, "yellow"), (85, "lime green"), (160, "green"), (185, "teal"), (205, "cyan"),
    (255, "blue"), (290, "violet"), (330, "magenta"), (346, "pink"), (361, "red"),
)  # fmt: skip


def colour_name(colour: str) -> str:
    """Plain words for "#rrggbb". Raises ValueError for anything else."""
    if len(colour) != 7 or colour[0] != "#":
        raise ValueError(f"{colour!r} is no colour such as #1f6f5c")
    red, green, blue = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    chroma = max(red, green, blue) - min(red, green, blue)
    if chroma < 0.045:
        grey = ((0.08, "black"), (0.3, "dark grey"), (0.65, "grey"), (0.9, "pale grey"), (1.01, "white"))
        return next(name for limit, name in grey if light < limit)
    degrees = hue * 360
    if 15 <= degrees < 65 and (chroma < 0.35 or light < 0.5):
        if light > 0.86:
            return "warm cream"
        return "warm beige" if light > 0.6 else "terracotta brown" if saturation > 0.4 else "brown"
    name = next(name for limit, name in _HUES if degrees < limit)
    if light > 0.82:
        return f"pale {name}"
    if light < 0.28:
        return f"deep {name}"
    return f"muted {name}" if saturation < 0.3 else name
