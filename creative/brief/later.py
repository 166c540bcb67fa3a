"""Parts of a brief that are modelled, so that no later version breaks a brief; most are refused for now: see creative.brief.support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from creative.brief.parts import Localised, Part
from creative.brief.places import MarketCode, MediaPath
from creative.brief.types import Date, Id, Line, Moment, Switch, Whole, refused


class Claim(Part):
    """Something that the ads say about a product and that needs evidence."""

    id: Id = Field(description="Id of the claim.")
    evidence: MediaPath = Field(description="The document that proves it.")
    until: Date | None = Field(None, description="Last day on which the evidence holds.")
    markets: tuple[MarketCode, ...] = Field((), description="Where it may be claimed; everywhere if left out.")


class Regulated(Part):
    """Rules for products that not everybody may be shown."""

    category: Id = Field(description="What is regulated, such as alcohol.")
    min_age: Whole | None = Field(None, ge=0, le=120, description="Youngest viewer; an unknown age is too young.")


class Feed(Part):
    """Products from a table in Google Merchant columns."""

    feed: MediaPath = Field(description="A CSV file in Google Merchant columns.")
    where: Line | None = Field(None, description='Which rows, such as "availability = in_stock".')


class Disclosure(Part):
    """A text that the law asks for."""

    text: Line = Field(description="The words, as the law wants them.")
    products: tuple[Id, ...] = Field((), description="For which products; all, if left out.")
    jurisdictions: tuple[MarketCode, ...] = Field((), description="In which markets; all, if left out.")
    position: Literal["prominent", "footer", "audio", "subtitle", "overlay", "end_card", "pre_roll", "companion"] = (
        Field("prominent", description="Where it stands.")
    )
    min_duration_ms: Whole | None = Field(None, ge=0, le=600_000, description="How long it stands at least.")


class LabelChoice(Part):
    """A label rule, with its reason or its words."""

    use: Literal["auto", "always", "never"] = Field("auto", description="auto, always or never.")
    reason: Line | None = Field(None, description="Why; never needs it.")
    text: Localised = Field(
        default_factory=dict, description="What the label says, if not the farm's own words: AI-generated, AI voice."
    )

    @model_validator(mode="after")
    def _says_why(self) -> LabelChoice:
        if self.use == "never" and not self.reason:
            raise refused("needs a reason", 'Write {use: never, reason: "..."}')
        return self


def _label_form(value: Any) -> str:
    return "<choice>" if isinstance(value, dict) else "<word>"


class Compliance(Part):
    """What the law and the lawyers ask for; the field names are AdCP's."""

    required_disclosures: tuple[Disclosure, ...] = Field((), max_length=200, description="Texts that must be shown.")
    prohibited_claims: tuple[Line, ...] = Field((), max_length=1_000, description="Words that must not be said.")
    ai_label: Annotated[
        Annotated[Literal["auto", "always"], Tag("<word>")] | Annotated[LabelChoice, Tag("<choice>")],
        Discriminator(_label_form),
    ] = Field(
        "auto",
        description="A small line in the picture that a model made it. auto: where a trained model made the picture, or "
        'cloned a voice in the film. always: in every picture and film. {use: never, reason: "..."}.',
    )

    @property
    def label(self) -> LabelChoice:
        """The label's rule in its one form."""
        return self.ai_label if isinstance(self.ai_label, LabelChoice) else LabelChoice(use=self.ai_label)


class Experiment(Part):
    """A comparison of headlines in some segments."""

    id: Id = Field(description="Id of the experiment.")
    segments: tuple[Id, ...] = Field((), description="Where it runs; everywhere, if left out.")
    arms: Mapping[Annotated[str, Field(pattern="^[A-Z]$")], Id] = Field(
        min_length=2, description="A headline for each arm: {A: hook-slow, B: hook-price}."
    )
    hold: tuple[Literal["scene", "layout", "voice", "product", "accent"], ...] = Field(
        (), description="What the arms share."
    )


class Match(Part):
    """How whoever serves the ads should choose among them."""

    frequency_cap: Annotated[str, Field(pattern=r"^[0-9]{1,4}/(hour|day|week|flight)$")] | None = Field(
        None, description="How often one person sees an ad at most, such as 3/day."
    )
    avoid: tuple[Line, ...] = Field((), max_length=200, description="Surroundings to keep away from.")
    fallback: Id | None = Field(None, description="The ad for anybody who fits no segment.")


class Stage(Part):
    """One stage of the review."""

    id: Id = Field(description="Id of the stage.")
    who: tuple[Id, ...] = Field(min_length=1, description="Groups that may decide.")
    by: Literal["market"] | None = Field(None, description="market: each group judges its own market.")
    only: tuple[Literal["copy", "offers", "claims", "voices", "scenes"], ...] = Field(
        (), description="The parts that are judged; whole ads, if left out."
    )


class Review(Part):
    """Who must approve the ads."""

    due: Moment | None = Field(None, description="When the review must be over.")
    four_eyes: Switch = Field(False, description="Whether the brief's author may not approve alone.")
    stages: tuple[Stage, ...] = Field((), max_length=20, description="Stages in order.")


class Archive(Part):
    """How long ads are kept."""

    keep_years: Whole = Field(ge=0, le=100, description="Years after the flight.")
