"""What the ads of a brief say: its copy, as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from creative.brief.parts import Localised, Named, Part
from creative.brief.places import Locale, MediaPath
from creative.brief.types import Id, refused


class Lengths(Part):
    """A text in up to two lengths: the longest that fits the placement wins."""

    short: Localised | None = Field(None, description="For small placements.")
    long: Localised | None = Field(None, description="Where there is room.")

    @model_validator(mode="after")
    def _one_at_least(self) -> Lengths:
        if not self.short and not self.long:
            raise refused("has no text", "Write short: {en-GB: ...}, long: {en-GB: ...}, or both")
        return self


class ScriptLengths(Part):
    """A script in up to two lengths."""

    short: MediaPath | None = Field(None, description="Text file for short placements.")
    long: MediaPath | None = Field(None, description="Text file for long placements.")

    @model_validator(mode="after")
    def _one_at_least(self) -> ScriptLengths:
        if self.short is None and self.long is None:
            raise refused("has no file", "Write short: scripts/15s.txt, long: scripts/30s.txt, or both")
        return self


def _script_form(value: Any) -> str:
    return "<lengths>" if isinstance(value, dict) else "<file>"


ScriptFile = Annotated[
    Annotated[MediaPath, Tag("<file>")] | Annotated[ScriptLengths, Tag("<lengths>")], Discriminator(_script_form)
]


class Copy(Part):
    """What the ads say. Keys other than the named ones are headlines, chosen by segments."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Id, Lengths] = Field(init=False)

    script: Annotated[Mapping[Locale, ScriptFile], Named] | None = Field(
        None, description="What voices say: a text file a locale, or {short: file, long: file}."
    )
    cta: Localised | None = Field(None, description="Call to action, on the button.")
    support: Lengths | None = Field(
        None,
        description="A line under the headline, where the layout has room for one; in the locales that have it.",
    )
    post_text: Localised | None = Field(None, description="Text beside the ad on a platform, not in the picture.")
    alt: Localised | None = Field(None, description="Description of the picture for people who do not see it.")

    @property
    def headlines(self) -> Mapping[str, Lengths]:
        """All other keys."""
        return self.__pydantic_extra__
