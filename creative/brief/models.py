"""A brief as it is written: `schema: 1`, every field and every form that a field may have.

The published JSON schema is made from `BriefFile`; the descriptions are what an editor shows. What the rest of the farm
reads is `creative.brief.brief.Brief`, which shares the parts (Campaign, Market, Product, Offer, Segment, ...).

Keys that begin with x- pass at every level, and are no part of the models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from creative.brief.later import (
    Archive,
    Claim,
    Compliance,
    Experiment,
    Feed,
    Match,
    Regulated,
    Review,
)
from creative.brief.parts import Localised, Named, Part, Span
from creative.brief.places import Currency, Locale, MarketCode, MediaPath, TimeZone, Url
from creative.brief.said import Copy
from creative.brief.sound import MusicOrTrack, Voice
from creative.brief.types import (
    ID_PATTERN,
    FactName,
    Id,
    Line,
    Money,
    NoRepeats,
    Price,
    Seconds,
    Switch,
    Value,
    Whole,
    one_or_more,
    refused,
)

MAX_SEGMENTS = 20_000
MAX_PLACEMENTS = 200
MAX_VARIANTS = 100


class Campaign(Part):
    """What this brief is a campaign of."""

    id: Id = Field(description="Id of the campaign; part of every ad's identity, so it must never be used again.")
    name: Line = Field(description="Name for people.")
    objective: Id | None = Field(None, description="What the campaign is for, such as awareness or conversion.")
    status: Literal["draft", "ready"] = Field("ready", description="A draft is made by hand only, never at night.")


class Owner(Part):
    """Who answers for the brief. Passed on to the manifest."""

    name: Line = Field(description="Who answers for the brief.")
    email: Line | None = Field(None, description="Where to reach them.")
    cost_centre: Line | None = Field(None, description="Who pays.")


class Market(Part):
    """One country in which the ads run."""

    locales: Annotated[tuple[Locale, ...], *one_or_more(20), NoRepeats] = Field(
        min_length=1, description="Languages of the ads there, such as [de-CH, fr-CH]."
    )
    currency: Currency = Field(description="ISO 4217 code of the prices there.")
    timezone: TimeZone | None = Field(None, description="IANA time zone in which days begin and end.")
    url: Url | None = Field(None, description="Where a click leads. Passed on to the manifest.")


def _fact_form(value: Any) -> str:
    return "<localised>" if isinstance(value, dict) and not any(item is None for item in value.values()) else "<text>"


Fact = Annotated[Annotated[Value, Tag("<text>")] | Annotated[Localised, Tag("<localised>")], Discriminator(_fact_form)]
"""A fact that is the same in every locale, or one text a locale."""


class Product(Part):
    """One product that ads show."""

    name: Localised = Field(description="Its name in each locale: {product.name} in copy.")
    photos: Annotated[tuple[MediaPath, ...], *one_or_more(50)] = Field(
        (), description="Photos, best first: PNG with alpha, or a PNG, JPEG or WebP that is cut out of its ground."
    )
    facts: Annotated[Mapping[FactName, Fact], Field(max_length=200)] = Field(
        default_factory=dict,
        description="What is true of it: {product.facts.roast} in copy. net_weight and net_volume give unit prices.",
    )
    claims: tuple[Claim, ...] = Field((), max_length=100, description="Claims with their evidence.")
    regulated: Regulated | None = Field(None, description="For alcohol and the like.")


class Offer(Part):
    """What a product costs, where and until when."""

    product: Id = Field(description="The product that it is for.")
    price: Annotated[Mapping[MarketCode, Price], Named] = Field(
        min_length=1, description='Price in each market, as a decimal string: {DE: "5.99"}.'
    )
    was: Annotated[Mapping[MarketCode, Price], Named] = Field(
        default_factory=dict, description="Lowest price of the last 30 days, where the market asks for it."
    )
    unit_price: Literal["per kg", "per 100 g", "per l", "per 100 ml", "per piece"] | None = Field(
        None, description="Computed from the product's net_weight, net_volume or pieces, and shown beside the price."
    )
    valid: Span | None = Field(None, description="Days of the offer; the flight's, if left out.")


_LIKENESS = "likeness:"


def _people(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    kind, colon, consent = text.partition(":")
    if text not in ("none", "adults") and not (kind + colon == _LIKENESS and re.fullmatch(ID_PATTERN, consent)):
        raise refused(
            "must be none, adults or likeness:<consent id>",
            "Write the id after the colon, without a space, in quotes where YAML wants them: likeness:ana-2027",
        )
    return text


class Scenes(Part):
    """What pictures may and may not show."""

    people: Annotated[str, BeforeValidator(_people)] = Field(
        "none",
        description="none, adults, or likeness:<consent id>: the one person whom that consent's photos in `library` show.",
    )
    never: tuple[Line, ...] = Field((), max_length=200, description="What no picture may show.")
    library: MediaPath | None = Field(
        None,
        description="Folder of the brand's own photos: one that fits a segment's scene words is taken before a scene is made.",
    )

    @property
    def likeness(self) -> str | None:
        """The consent of the one person who may be seen; None where nobody is named."""
        return self.people.removeprefix(_LIKENESS) if self.people.startswith(_LIKENESS) else None


Trait = Annotated[
    Annotated[Value, Tag("<one>")] | Annotated[tuple[Value, ...], Tag("<list>")],
    Discriminator(lambda value: "<list>" if isinstance(value, list | tuple) else "<one>"),
]


class Take(Part):
    """A film, or a part of it."""

    file: MediaPath = Field(description="The film: MP4, MOV, MKV or WebM.")
    from_: Seconds = Field(Decimal(0), alias="from", description="Where it begins, in seconds; its start, if left out.")
    until: Seconds | None = Field(None, description="Where it ends, in seconds; its end, if left out.")

    @model_validator(mode="after")
    def _in_order(self) -> Take:
        if self.until is not None and self.until <= self.from_:
            raise refused(f"ends at {self.until} s, not after it begins at {self.from_} s", "Mend one of the times")
        return self


TakeOrFile = Annotated[
    Annotated[MediaPath, Tag("<file>")] | Annotated[Take, Tag("<take>")],
    Discriminator(lambda value: "<take>" if isinstance(value, dict | Take) else "<file>"),
]


class Footage(Part):
    """The user's own films, cut one after another into the picture of a segment's film ads."""

    files: Annotated[tuple[TakeOrFile, ...], *one_or_more(20)] = Field(
        min_length=1, description="Films in their order, each a file or {file: a.mp4, from: 1.5, until: 4}."
    )
    sound: Literal["keep", "none"] = Field("none", description="Whether their sound is heard, under voice and music.")
    consents: Annotated[tuple[Id, ...], *one_or_more(20), NoRepeats] = Field(
        (), description="Consents (kind: likeness) of those who are seen in them; each names the film it is about."
    )

    @property
    def takes(self) -> tuple[Take, ...]:
        """Every film in one form."""
        return tuple(take if isinstance(take, Take) else Take(file=take) for take in self.files)


class Segment(Part):
    """One audience. `description` and `traits` steer nothing that is printed, said or drawn."""

    id: Id = Field(description="Id of the segment.")
    description: Line = Field("", description="Who they are; for people, never printed.")
    traits: Annotated[Mapping[Line, Trait], Field(max_length=100)] = Field(
        default_factory=dict, description="How whoever serves the ads knows them, such as {iab: [28]}."
    )
    copy_: Annotated[tuple[Id, ...], *one_or_more(100), NoRepeats] = Field(
        (), alias="copy", description="Headlines for them; every headline, if left out."
    )
    scene: Annotated[tuple[Line, ...], *one_or_more(100), NoRepeats] = Field(
        (), description="What the picture shows, in words for pictures; one, or a list to choose from."
    )
    footage: Id | None = Field(None, description="Footage that their film ads show instead of a scene.")
    value: Whole = Field(1, ge=0, le=1_000_000, description="What they are worth: the highest are made first.")


class Matrix(Part):
    """Part of the matrix of ads: every combination of what is named; a key that is left out means all."""

    segments: Annotated[tuple[Id, ...], *one_or_more(MAX_SEGMENTS), NoRepeats] = Field((), description="Segments.")
    products: Annotated[tuple[Id, ...], *one_or_more(10_000), NoRepeats] = Field((), description="Products.")
    offers: Annotated[tuple[Id, ...], *one_or_more(10_000), NoRepeats] = Field((), description="Offers.")
    markets: Annotated[tuple[MarketCode, ...], *one_or_more(300), NoRepeats] = Field((), description="Markets.")
    locales: Annotated[tuple[Locale, ...], *one_or_more(300), NoRepeats] = Field((), description="Locales.")
    placements: Annotated[tuple[Id, ...], *one_or_more(MAX_PLACEMENTS), NoRepeats] = Field(
        (), description="Placements."
    )

    DIMENSIONS: ClassVar[tuple[str, ...]] = ("segments", "products", "offers", "markets", "locales", "placements")

    @model_validator(mode="after")
    def _says_something(self) -> Matrix:
        if not any(getattr(self, name) for name in self.DIMENSIONS):
            raise refused("names nothing", f"Name at least one of {', '.join(self.DIMENSIONS)}, or remove the row")
        return self


class Variants(Part):
    """How many ads a segment gets in each placement, and what differs between them."""

    per_segment: Whole = Field(1, ge=1, le=MAX_VARIANTS, description="Variants for each segment; equal ones merge.")
    choose: Annotated[
        tuple[Literal["headline", "scene", "layout", "voice", "accent"], ...], *one_or_more(5), NoRepeats
    ] = Field((), description="What may differ between variants.")


class Limits(Part):
    """What the campaign may cost at most. What is beyond a limit is not begun, and made when there is room again."""

    ads: Whole | None = Field(None, ge=1, description="Ads at most; a larger plan is refused before anything runs.")
    gpu_minutes: Whole | None = Field(None, ge=0, description="GPU minutes of the whole campaign at most.")
    money: Money | None = Field(
        None, description='Cost of the whole campaign at most, such as "180 EUR", by the prices in creative.toml.'
    )
    per_night: Money | None = Field(None, description="Cost of one night of `creative nightly` at most.")
    when_reached: Literal["stop", "finish-by-value"] = Field(
        "stop",
        description="The most valuable segments always come first. stop: then nothing more is begun. "
        "finish-by-value: what needs no more of what is used up (GPU minutes) is still finished.",
    )


class Notify(Part):
    """Who hears of what: names that the farm's operator gave to places, in the table `notify` of creative.toml."""

    done: Line | None = Field(None, description="Who hears when a run has made all that was missing.")
    failed: Line | None = Field(None, description="Who hears when ads were not made, or the brief was refused.")
    review_ready: Line | None = Field(None, description="Who hears when there are new ads to look at.")


def _path_or(name: str) -> Discriminator:
    return Discriminator(lambda value: f"<{name}>" if isinstance(value, dict | list | tuple) else "<path>")


def _products_form(value: Any) -> str:
    return "<feed>" if isinstance(value, dict) and isinstance(value.get("feed"), str) else "<inline>"


class BriefFile(Part):
    """A campaign brief."""

    schema_: Literal[1] = Field(alias="schema", description="Version of this format: 1.")
    campaign: Campaign = Field(description="What this brief is a campaign of.")
    owner: Owner | None = Field(None, description="Who answers for it. Passed on to the manifest.")
    commercial: Switch = Field(
        True,
        description="Whether the ads advertise something. false, for what nobody sells with (a mock-up, teaching): then models "
        "whose licence allows no commercial use may be named. Passed on to the manifest, and written into every file.",
    )
    brand: MediaPath = Field(description="The brand kit: a folder with a brand.yaml.")
    flight: Span | None = Field(None, description="Days on which the ads run. Passed on to the manifest.")
    markets: Annotated[Mapping[MarketCode, Market], Named] = Field(
        min_length=1, max_length=300, description="Countries in which the ads run."
    )
    products: Annotated[
        Annotated[Mapping[Id, Product], Named, Tag("<inline>")] | Annotated[Feed, Tag("<feed>")],
        Discriminator(_products_form),
    ] = Field(default_factory=dict, description="Products by id, or {feed: feed.csv}.")
    offers: Annotated[Mapping[Id, Offer], Named] = Field(default_factory=dict, description="Offers by id.")
    copy_: Annotated[Annotated[Copy, Tag("<inline>")] | Annotated[MediaPath, Tag("<path>")], _path_or("inline")] = (
        Field(alias="copy", description="What the ads say, or a copy.csv: one row a string, one column a locale.")
    )
    missing_translation: Literal["refuse", "skip", "fallback"] = Field(
        "refuse",
        description="Where copy lacks a locale. refuse: the brief is refused. skip: no such ad. "
        "fallback: another locale of the same language, else the first that is written.",
    )
    compliance: Compliance | None = Field(None, description="What the law asks for.")
    scenes: Scenes = Field(default_factory=Scenes, description="What pictures may and may not show.")
    footage: Annotated[Mapping[Id, Footage], Named, Field(max_length=200)] = Field(
        default_factory=dict, description="The brand's own films by id, for the segments that name them."
    )
    segments: Annotated[
        Annotated[tuple[Segment, ...], Field(min_length=1, max_length=MAX_SEGMENTS), Tag("<inline>")]
        | Annotated[MediaPath, Tag("<path>")],
        _path_or("inline"),
    ] = Field(description="Audiences, or a segments.csv.")
    include: tuple[Matrix, ...] = Field(
        (), max_length=1_000, description="The matrix of ads; everything that is in a market, if left out."
    )
    exclude: tuple[Matrix, ...] = Field((), max_length=1_000, description="What is taken out of the matrix again.")
    placements: Annotated[tuple[Id, ...], *one_or_more(MAX_PLACEMENTS), NoRepeats] = Field(
        min_length=1, description="Ad formats, by their id in placements.yaml."
    )
    voices: tuple[Voice, ...] = Field((), max_length=100, description="Who speaks.")
    lexicon: Annotated[Mapping[Line, Localised], Field(max_length=5_000)] = Field(
        default_factory=dict, description='How things are spoken: {"250 g": {de-DE: zweihundertfünfzig Gramm}}.'
    )
    music: MusicOrTrack | None = Field(
        None, description="What plays under the voice: a mood, or a track and its licence; nothing, if left out."
    )
    experiments: tuple[Experiment, ...] = Field((), max_length=100, description="Comparisons of headlines.")
    variants: Variants = Field(default_factory=Variants, description="How many ads a segment gets.")
    seed: Whole = Field(0, ge=0, lt=2**63, description="Another seed gives other draws and other pictures.")
    naming: Line = Field(
        "{brand}_{campaign}_{market}_{segment}_{placement}_{locale}_{id8}", description="Name of an ad's file."
    )
    tracking: Line | None = Field(None, description="Query that is added to the market's url.")
    match: Match | None = Field(None, description="How whoever serves the ads should choose among them.")
    limits: Limits = Field(default_factory=Limits, description="What the campaign may cost at most.")
    backends: Annotated[Mapping[str, Line], Named] = Field(
        default_factory=dict, description="Rows of the catalogue to use: {scene: studio}."
    )
    review: Review | None = Field(None, description="Who must approve the ads.")
    notify: Notify | None = Field(None, description="Who hears of what.")
    archive: Archive | None = Field(None, description="How long ads are kept.")
