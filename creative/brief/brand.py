"""The brand kit: `brand.yaml` beside its logos, fonts and photos. A brief names the folder, or the file itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from creative.brief.models import Localised, Part
from creative.brief.types import Colour, Id, Line, MediaPath, one_or_more

ColourRole = Literal["ground", "second", "accent", "text", "on_accent", "muted", "on_ground", "on_second"]
REQUIRED_COLOURS: tuple[ColourRole, ...] = ("ground", "second", "accent", "text", "on_accent")


class Font(Part):
    """One font file with its licence."""

    file: MediaPath = Field(description="A TTF or OTF file.")
    licence: MediaPath = Field(description="The text of its licence, UTF-8.")


class Brand(Part):
    """A brand kit. After loading, all paths are absolute."""

    schema_: Literal[1] = Field(1, alias="schema", description="Version of this format: 1.")
    id: Id | None = Field(None, description="Id of the brand in file names; made from the name, if left out.")
    name: Line = Field(description="Name of the brand: {brand.name} in copy.")
    version: Line | None = Field(None, description="Version of the kit.")
    colours: Mapping[ColourRole, Colour] = Field(
        description="Colours by role: ground, second, accent, text (on ground), on_accent (text of the button)."
    )
    logo: Mapping[Literal["light", "dark"], MediaPath] = Field(
        default_factory=dict, description="PNG with alpha: light is shown on light grounds, dark on dark ones."
    )
    fonts: Mapping[Literal["display", "text"], Font] = Field(
        default_factory=dict,
        description="display for headlines and prices, text for all else; the farm's own, if left out.",
    )
    tone: Line | None = Field(None, description="How the brand speaks; for people who write copy.")
    layouts: MediaPath | None = Field(None, description="Folder of the brand's own layouts.")
    lexicon: Annotated[Mapping[str, Localised], Field(max_length=5_000)] = Field(
        default_factory=dict, description="How things are spoken; the brief's own lexicon comes first."
    )
    banned_words: tuple[Line, ...] = Field((), max_length=1_000, description="Words that no ad may use.")
    photos: Annotated[tuple[MediaPath, ...], *one_or_more(1_000)] = Field((), description="The brand's own pictures.")
