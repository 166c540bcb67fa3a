"""The words of an ad: copy with its facts and prices filled in, for one product, offer, market and locale."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from creative.brief.brief import Brief
from creative.brief.copy_rules import render
from creative.canonical import checked_key, key
from creative.pricing import day, money, unit_price

_WORDS_OF = {"image": ("cta",), "video": ("script", "cta"), "audio": ("script",)}
_IF_WRITTEN = {"image": ("support",), "video": ("support",), "audio": ()}
"""The copy beside its headline that an ad shows or says; the second is no part of a digest where it is not written."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the words are about."""

    product: str | None
    offer: str | None
    market: str
    locale: str


class Words:
    """Renders a brief's copy. Everything is remembered: many ads say the same."""

    def __init__(self, brief: Brief) -> None:
        self.brief = brief
        label = brief.ai_label
        self._whole = key(
            {
                "owner": brief.owner.model_dump() if brief.owner else None,
                "flight": [brief.flight.from_.isoformat(), brief.flight.until.isoformat()] if brief.flight else None,
                "names": [brief.naming, brief.tracking],
                **({} if label.use == "auto" and not label.text else {"label": label.model_dump()}),
            }
        )
        self._segments = {segment.id: segment for segment in brief.segments}
        self.context = functools.lru_cache(4096)(self._context)
        self.candidates = functools.lru_cache(16384)(self._candidates)
        self.wanted = functools.lru_cache(1024)(self._wanted)
        self.binding = functools.lru_cache(4096)(self._binding)
        self._passed_on = functools.lru_cache(1024)(self._carried)

    def _context(self, about: Subject) -> Mapping[str, str]:
        """Every name that copy may use, with its value."""
        brief, locale = self.brief, about.locale
        market = brief.markets[about.market]
        values = {"brand.name": brief.brand_kit.name, "campaign.name": brief.campaign.name}
        if market.url:
            values["market.url"] = str(market.url)
        if about.product is not None:
            product = brief.products[about.product]
            values["product.name"] = brief.name(about.product, locale) or ""
            for name, fact in product.facts.items():
                values[f"product.facts.{name}"] = fact if isinstance(fact, str) else fact.get(locale, "")
        if about.offer is not None:
            offer = brief.offers[about.offer]
            price = offer.price[about.market]
            values["offer.price"] = money(price, market.currency, locale)
            if about.market in offer.was:
                values["offer.was"] = money(offer.was[about.market], market.currency, locale)
            valid = offer.valid or brief.flight
            if valid is not None:
                values |= {"offer.from": day(valid.from_, locale), "offer.until": day(valid.until, locale)}
            if offer.unit_price is not None:
                facts = {
                    name.removeprefix("product.facts."): value
                    for name, value in values.items()
                    if name.startswith("product.facts.")
                }
                found = unit_price(price, market.currency, offer.unit_price, facts, locale)
                if found:
                    values["offer.unit_price"] = found
        return values

    def _candidates(self, name: str, about: Subject) -> tuple[str, ...]:
        """The texts of a copy key, longest first. A text that needs what is not there (no offer) is left out."""
        context = self.context(about)
        texts = []
        for template in self.brief.options(name, about.locale):
            try:
                texts.append(render(template, context))
            except KeyError:
                continue
        return tuple(dict.fromkeys(texts))

    def offer_texts(self, about: Subject) -> dict[str, str]:
        """price, was and unit_price as they are set, where there are any."""
        context = self.context(about)
        roles = {"price": "offer.price", "was": "offer.was", "unit_price": "offer.unit_price"}
        return {role: context[name] for role, name in roles.items() if name in context}

    def _wanted(
        self,
        about: Subject,
        segment: str,
        modality: str,
        headline: str | None,
        media: tuple[str, ...],
        choices: tuple[str, ...],
    ) -> str:
        """The digest of what the brief says for an ad: words in all lengths, offer, media, named choices, what it carries."""
        more = [name for name in _IF_WRITTEN[modality] if self.candidates(name, about)]
        names = [name for name in (headline, *_WORDS_OF[modality], "alt", "post_text", *more) if name]
        return checked_key(
            {
                "copy": {name: list(self.candidates(name, about)) for name in names},
                "offer": self.binding(about),
                "media": list(media),
                "choices": list(choices),
                "carried": self._passed_on(about.market, about.offer, segment),
            }
        )

    def _carried(self, market: str, offer: str | None, segment: str) -> str:
        """The digest of what is passed on to the manifest, for matching and others, and used nowhere else."""
        traits, terms = self._segments[segment].traits, self.brief.markets[market]
        valid = self.brief.offers[offer].valid if offer is not None else None
        return checked_key(
            {
                "url": str(terms.url or ""),
                "timezone": str(terms.timezone or ""),
                "valid": [valid.from_.isoformat(), valid.until.isoformat()] if valid else None,
                "value": int(self._segments[segment].value),
                "traits": {name: value if isinstance(value, str) else list(value) for name, value in traits.items()},
                "brief": self._whole,
            }
        )

    def _binding(self, about: Subject) -> str:
        """The digest of what binds the seller: offer, price, dates."""
        context = self.context(about)
        facts = {name: value for name, value in context.items() if name.startswith("offer.")}
        return checked_key({"offer": about.offer, "facts": facts, "market": about.market})
