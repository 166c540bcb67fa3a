"""The brief after loading: one form for each field, paths absolute, tables and scripts read, brand kit attached."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from creative.brief.brand import Brand
from creative.brief.findings import Place, SourceFile, printable
from creative.brief.later import LabelChoice
from creative.brief.library import LibraryPhoto
from creative.brief.models import (
    Campaign,
    Footage,
    Limits,
    Market,
    Matrix,
    Notify,
    Offer,
    Owner,
    Product,
    Scenes,
    Segment,
    Variants,
)
from creative.brief.parts import Span
from creative.brief.snapshot import plain
from creative.brief.sound import CloneVoice, Music, RecordedVoice, StockVoice, Track
from creative.errors import Finding

_NOT_ASKED = frozenset({"path", "media", "lines", "notify"})
MissingTranslation = Literal["refuse", "skip", "fallback"]


@dataclass(frozen=True, slots=True)
class Wording:
    """One text of the copy: by locale, in up to two lengths. A text without lengths (cta, alt) is in `long`.

    Texts are templates: render them with `creative.brief.copy_rules.render`.
    """

    short: Mapping[str, str] = field(default_factory=dict)
    long: Mapping[str, str] = field(default_factory=dict)

    def options(self, locale: str) -> tuple[str, ...]:
        """The texts written for exactly this locale, longest first; empty if there is none."""
        return tuple(dict.fromkeys(texts[locale] for texts in (self.long, self.short) if locale in texts))

    def locales(self) -> tuple[str, ...]:
        """Every locale that has a text, in the order they were written."""
        return tuple(dict.fromkeys((*self.long, *self.short)))


@dataclass(frozen=True, slots=True)
class Copy:
    """What the ads say. `headlines` by their key; the others have their own fields (empty when not written)."""

    headlines: Mapping[str, Wording] = field(default_factory=dict)
    script: Wording = Wording()
    cta: Wording = Wording()
    support: Wording = Wording()
    post_text: Wording = Wording()
    alt: Wording = Wording()

    def wording(self, key: str) -> Wording:
        """The wording of a headline's key, or of script, cta, support, post_text, alt. Raises KeyError."""
        if key in ("script", "cta", "support", "post_text", "alt"):
            found: Wording = getattr(self, key)
            return found
        return self.headlines[key]


@dataclass(frozen=True)
class Brief:
    """A campaign brief that can be used: checked, resolved, frozen (mappings are read-only by convention).

    All mappings keep the order of the file. `products[..].photos` and the brand kit's files are absolute paths that lie
    inside the brief's folder, the brand's folder or a media root. `path` is the brief's own absolute path.
    """

    path: Path
    campaign: Campaign
    owner: Owner | None
    brand_kit: Brand
    flight: Span | None
    markets: Mapping[str, Market]
    products: Mapping[str, Product]
    offers: Mapping[str, Offer]
    copy_: Copy
    missing_translation: MissingTranslation
    scenes: Scenes
    segments: tuple[Segment, ...]
    include: tuple[Matrix, ...]
    exclude: tuple[Matrix, ...]
    placements: tuple[str, ...]
    voices: tuple[StockVoice | RecordedVoice | CloneVoice, ...]
    """Recordings and references have absolute paths."""
    lexicon: Mapping[str, Mapping[str, str]]
    music: Music | Track | None
    variants: Variants
    seed: int
    naming: str
    tracking: str | None
    limits: Limits
    backends: Mapping[str, str]
    ai_label: LabelChoice = field(default_factory=LabelChoice)
    """Whether the ads say, to be seen, that a model made them."""
    commercial: bool = True
    """Whether the ads advertise something."""
    notify: Notify | None = None
    """Not part of the snapshot: where messages go is no part of what is made, and may have secrets in it."""
    library: tuple[LibraryPhoto, ...] = ()
    """The brand's own photos, taken before a scene is made."""
    footage: Mapping[str, Footage] = field(default_factory=dict)
    """The brand's own films; `files` of each are `Take`s with absolute paths."""
    extensions: Mapping[str, Any] = field(default_factory=dict)
    """Every x- key by its path, as JSON values."""
    media: Mapping[str, Path] = field(default_factory=dict)
    """Every file that the brief uses, by the relative name it has in `snapshot()`."""
    lines: Mapping[str, Place] = field(default_factory=dict, repr=False)
    """Where every field stands, by its path."""

    def line(self, path: str) -> str:
        """ "file:line" of a field ("offers.house-autumn.price.DE", "segments.commuters.copy"), or of what holds it.

        The file is named as seen from the brief's folder: the same on every machine.
        """
        place = self.place(path)
        return f"{place.file.name}:{place.line}"

    def place(self, path: str) -> Place:
        """Where a field stands, or what holds it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path.rpartition(".")[0]
        return self.lines.get("", Place(SourceFile(str(self.path), self.path.name)))

    def finding(self, path: str, problem: str, instead: str = "") -> Finding:
        """What is wrong with a field, with its place in the file as its user named it."""
        place = self.place(path)
        return Finding(place.file.label, place.line, place.column, path, printable(problem), printable(instead, 600))

    def options(self, key: str, locale: str) -> tuple[str, ...]:
        """The texts (templates) that an ad in `locale` may use for a copy key, longest first.

        `key`: a headline's, or script, cta, support, post_text, alt. `missing_translation` is applied: with `fallback` the texts
        of another locale of the same language, else those of the first locale that is written. Empty: there is no text,
        so with `skip` there is no such ad. Raises KeyError for an unknown key.
        """
        wording = self.copy_.wording(key)
        return wording.options(fallback_locale(wording.locales(), locale, self.missing_translation) or locale)

    def name(self, product: str, locale: str) -> str | None:
        """The product's name in `locale`, with `missing_translation` applied."""
        names = self.products[product].name
        found = fallback_locale(tuple(names), locale, self.missing_translation)
        return names[found] if found else None

    def segment(self, segment: str) -> Segment:
        """The segment with this id. Raises KeyError."""
        for row in self.segments:
            if row.id == segment:
                return row
        raise KeyError(segment)

    def snapshot(self) -> dict[str, Any]:
        """All that was loaded, ready for canonical JSON: no floats, decimals and dates as strings, media by name."""
        names = {path: name for name, path in self.media.items()}
        fields = (field.name for field in dataclasses.fields(self) if field.name not in _NOT_ASKED)
        return {"schema": 1} | {name.rstrip("_"): plain(getattr(self, name), names) for name in fields}


def fallback_locale(written: tuple[str, ...], wanted: str, missing: MissingTranslation) -> str | None:
    """Which of the `written` locales serves `wanted`, or None. Another one than `wanted` only with fallback."""
    if wanted in written:
        return wanted
    if missing != "fallback" or not written:
        return None
    language = wanted.partition("-")[0]
    return next((locale for locale in written if locale.partition("-")[0] == language), written[0])
