"""What copy may say: fields in braces, filled in strictly, and words that the brand has banned.

A text such as "Only {offer.price}" has fields; a brace of its own is doubled: "{{". Nothing else is special: no format
specifications, conversions, indexing or attribute access, so text from a stranger is as safe as any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

FIELDS: Mapping[str, str] = {
    "product.name": "the product's name in the ad's locale",
    "offer.price": "the price, formatted for the market",
    "offer.was": "the price before",
    "offer.unit_price": "the price per kg, l or piece",
    "offer.from": "the offer's first day",
    "offer.until": "the offer's last day",
    "market.url": "the address that the ad leads to",
    "brand.name": "the brand's name",
    "campaign.name": "the campaign's name",
}
"""The fields of copy, besides product.facts.<name>."""

NAMING_FIELDS = (
    "brand", "campaign", "market", "locale", "product", "offer", "segment", "placement", "arm", "variant", "modality",
    "id8",
)  # fmt: skip
"""The fields of `naming`."""

TRACKING_FIELDS = (*NAMING_FIELDS[:-1], "name", "ad_id")
"""The fields of `tracking`."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|\{|\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*\Z")


class FieldError(ValueError):
    """A text whose braces are wrong. `offset`: characters before it."""

    def __init__(self, problem: str, instead: str, offset: int, name: str = "") -> None:
        super().__init__(problem)
        self.problem, self.instead, self.offset, self.name = problem, instead, offset, name


class MissingField(FieldError, KeyError):
    """A text that needs a field which the context does not have."""

    def __str__(self) -> str:
        return self.problem


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of literal text, or a field's name."""

    text: str
    field: bool
    offset: int


@lru_cache(maxsize=8_192)
def pieces(text: str) -> tuple[Piece, ...]:
    """A text, taken apart. Raises FieldError."""
    found: list[Piece] = []
    end = 0
    for match in _PART.finditer(text):
        if match.start() > end:
            found.append(Piece(text[end : match.start()], False, end))
        end = match.end()
        mark, name = match.group(), match.group(1)
        if mark in ("{{", "}}"):
            found.append(Piece(mark[0], False, match.start()))
        elif name is None:
            raise FieldError(
                f"has a single {mark}",
                f'Write "{2 * mark}" for a brace, or {{product.name}} for a field',
                match.start(),
            )
        elif not _NAME.match(name):
            plain = name.strip()
            hint = f"Write {{{plain}}}" if _NAME.match(plain) else 'Write {product.name}; a brace itself is "{{"'
            raise FieldError(f"has {{{name}}}, which is not a field", hint, match.start(), name)
        else:
            found.append(Piece(name, True, match.start()))
    if end < len(text):
        found.append(Piece(text[end:], False, end))
    return tuple(found)


def used_fields(text: str) -> Iterator[tuple[str, int]]:
    """Every field of a text with the characters before it. Raises FieldError."""
    for piece in pieces(text):
        if piece.field:
            yield piece.text, piece.offset


def render(text: str, context: Mapping[str, str]) -> str:
    """The text with its fields filled in from `context` ("product.name", "product.facts.roast", "offer.price", ...).

    Raises MissingField (a KeyError) for a field that `context` does not have, FieldError for braces that are wrong.
    """
    done: list[str] = []
    for piece in pieces(text):
        if piece.field and piece.text not in context:
            raise MissingField(
                f"needs {{{piece.text}}}, and there is none",
                "Write it without, or fill it in",
                piece.offset,
                piece.text,
            )
        said = context[piece.text] if piece.field else piece.text
        if _FULL_STOP.match(said) and not piece.field and done and done[-1].rstrip(_INVISIBLE).endswith("."):
            said = said[1:]  # what was filled in ends in a point of its own, as "د.إ." does: one is enough
        done.append(said)
    return "".join(done)


_FULL_STOP = re.compile(r"\.(?!\.)")
_INVISIBLE = "\u200e\u200f\u061c\u2069"  # marks of direction that may follow a price
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


class BannedWords:
    """The brand's banned words, found as whole words whatever their capitals; phrases too."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {word.casefold(): word for word in words}
        each = sorted(self._words, key=len, reverse=True)
        # Scripts without spaces have no word boundaries to look for.
        patterns = [
            re.escape(word) if _NO_SPACES.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)".replace(r"\ ", r"\s+")
            for word in each
        ]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def find(self, text: str) -> str | None:
        """The first banned word of a text, as the brand kit writes it, or None."""
        match = self._pattern.search(text.casefold()) if self._pattern else None
        return self._words.get(re.sub(r"\s+", " ", match.group()), match.group()) if match else None
