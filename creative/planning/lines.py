"""What a picture says: of every text the longest that fits every part of its ad that shows it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence

from creative.copyfit import direction, items_of
from creative.craft.pictures import SMALL_PX, SMALL_WORDS, WORDS, words_in
from creative.placements import Placement
from creative.planning.problem import PlanningProblem
from creative.planning.words import Subject, Words
from creative.world import Document, World

OFFER_ROLES = ("price", "was", "unit_price")
PARTS = {"image": ("still",), "video": ("body", "endcard")}
"""The parts of a layout that an ad of this modality is made of."""


class Lines:
    """Chooses texts, and remembers what it chose."""

    def __init__(self, world: World, words: Words) -> None:
        self.world, self.words = world, words
        self.texts = functools.lru_cache(16384)(self._texts)

    def _texts(
        self, about: Subject, headline: str | None, layout: str, placement: str, label: tuple[str, ...] = ()
    ) -> Mapping[str, str]:
        """What the picture says, by role: the longest of each that fits. Raises PlanningProblem when none does.

        `label`: what it says of having been made by a model, the longest first. A supporting line is left out where there is
        none for the locale, or no room.
        """
        document = self.world.document(layout, placement, direction(about.locale), bool(label))
        row = self.world.placements[placement]
        offers = self.words.offer_texts(about)
        candidates: dict[str, tuple[str, ...]] = {role: (text,) for role, text in offers.items()}
        candidates["cta"] = self.words.candidates("cta", about)
        if headline is not None:
            candidates["headline"] = self.words.candidates(headline, about)
        chosen = {}
        for role, texts in candidates.items():
            if not texts and role == "cta":
                continue
            where = "offers" if role in OFFER_ROLES else f"copy.{headline if role == 'headline' else role}"
            most = row.text.get(role)
            short = [text for text in texts if most is None or len(text) <= most]
            if texts and not short:
                text = min(texts, key=len)
                problem = (
                    f"{text[:60]!r} ({about.locale}) has {len(text)} characters, and {placement} takes {most} at most"
                )
                raise PlanningProblem(where, problem, _shorter(where, texts))
            chosen[role] = self._fitting(document, role, short, about, row, where)
        if "headline" in chosen:
            chosen |= self._supporting(document, chosen["headline"], about, row)
        if label:
            chosen["label"] = self._fitting(document, "label", list(label), about, row, "compliance.ai_label")
        return chosen

    def _supporting(self, document: Document, headline: str, about: Subject, placement: Placement) -> dict[str, str]:
        """The supporting line, if there is one that fits whole and leaves the ad short enough to be read."""
        # In a film the voice, or its captions, say more.
        parts = ["still"] if placement.modality == "image" and "support" in items_of(document.content) else []
        small = (placement.width or 0) * (placement.height or 0) <= SMALL_PX
        left = (SMALL_WORDS if small else WORDS) - words_in(headline)
        most = placement.text.get("support")
        for text in self.words.candidates("support", about) if parts else ():
            if words_in(text) > left or (most is not None and len(text) > most) or text == headline:
                continue
            fonts = {items_of(document.content, name)["support"]["font"] for name in parts}
            if any(self.world.fitter.missing(text, font, about.locale) for font in fonts):
                self._fitting(document, "support", [text], about, placement, "copy.support")  # says which character
            if all(
                self.world.fitter.fits(document.content, "support", text, about.locale, name, True) for name in parts
            ):
                return {"support": text}
        return {}

    def _fitting(
        self, document: Document, role: str, texts: list[str], about: Subject, placement: Placement, where: str
    ) -> str:
        """The longest text that fits every part of the ad that shows it."""
        if not texts:
            raise PlanningProblem(where, f"there is no text for {about.locale}")
        fitter, parts = self.world.fitter, PARTS[placement.modality]
        fonts = {item["font"] for name in parts if (item := items_of(document.content, name).get(role))}
        for text, font in itertools.product(texts, sorted(fonts)):
            missing = fitter.missing(text, font, about.locale)
            if missing:
                character = f"{missing[0]!r} (U+{ord(missing[0]):04X})"
                raise PlanningProblem(where, f"no font can set {character} of {text[:60]!r}", other_font(font))
        fitting: list[str] = []
        for whole in (True, False):  # a shorter text comes before a hyphenated word
            fitting = fitting or [
                text
                for text in texts
                if all(fitter.fits(document.content, role, text, about.locale, name, whole) for name in parts)
            ]
        if not fitting:
            problem = f"{min(texts, key=len)[:60]!r} ({about.locale}) does not fit {placement.id} at its least size"
            raise PlanningProblem(where, problem, _shorter(where, texts))
        return max(fitting, key=len)


def other_font(font: str) -> str:
    """What to do about a character that a font cannot set."""
    return f"Write it without, or give the brand kit a {font} font for its script (`fonts: {{{font}: {{..., scripts: ...}}}}`)"


def _shorter(where: str, texts: Sequence[str]) -> str:
    """What to do about a text that is too long: only a headline may have a second, shorter one."""
    if where == "copy.cta":
        return "Write fewer or shorter words; all placements share this one"
    if where == "offers":
        return "Exclude the placement for this market, or choose another layout"
    return "Write a shorter one under `short`" if len(texts) == 1 else "Shorten the one under `short`"
