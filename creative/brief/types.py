"""The scalar types of a brief: ids, texts, prices, dates, locales; each says what to write instead.

A plain YAML number keeps the text that was written (`Written`), so that `price: 5.90` is exactly 5.90 and a headline of
`2026` is exactly "2026": no float is ever made of what a person wrote.
"""

from __future__ import annotations

import datetime
import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from babel.numbers import list_currencies
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_TEXT = 2_000


class WrittenInt(int):
    """A plain whole number of a YAML file; `written` is its text."""

    written: str


class WrittenFloat(float):
    """A plain number with a fraction or exponent of a YAML file; `written` is its text."""

    written: str


def refused(problem: str, instead: str = "") -> PydanticCustomError:
    """The error of a value that a person wrote; `instead` says what to write."""
    return PydanticCustomError("refused", "{problem}", {"problem": problem, "instead": instead})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name ("Did you mean 'house'?"), else the few names there are, else nothing."""
    return _did_you_mean(word[:100], tuple(str(name) for name in known)[:2_000])


@lru_cache(maxsize=256)
def _did_you_mean(word: str, names: tuple[str, ...]) -> str:
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {lower[near[0]]!r}?"
    return f"There is: {', '.join(names)}" if 0 < len(names) <= 12 else ""


# ---------------------------------------------------------------------------------------------------------------- text

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SUSPECT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")


def bad_character(text: str, allowed: str = "") -> str:
    """What is wrong with the first character that no text may have, or ""."""
    for match in _SUSPECT.finditer(text):
        found = match.group()
        if found in allowed:
            continue
        code = f"U+{ord(found):04X}"
        if found in _BIDI:
            return f"has {code}, which overrides the reading direction"
        if unicodedata.category(found) == "Cs":
            return f"has {code}, half of a surrogate pair"
        return f"has the control character {code}"
    return ""


def as_text(value: Any) -> str:
    """A string as it was written, in NFC. A plain number is taken by its text; anything else is refused."""
    if isinstance(value, WrittenInt | WrittenFloat):
        value = value.written
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value.values())) is None:
            name = next(iter(value))
            raise refused(
                f"must be text, but {{{name}}} without quotes is a map in YAML", f'Put it in quotes: "{{{name}}}"'
            )
        raise refused("must be text, not a map")
    if isinstance(value, bool):
        raise refused(f"must be text, but {str(value).lower()} without quotes is a switch in YAML", "Put it in quotes")
    if value is None:
        raise refused("is empty, but must be text", 'Write the text, or remove the line; "null" and "~" need quotes')
    if isinstance(value, int):
        value = str(value)
    if isinstance(value, list | tuple):
        raise refused("must be one text, not a list")
    if not isinstance(value, str):
        raise refused("must be text")
    if problem := bad_character(value, allowed="\n"):
        raise refused(problem, "Remove it")
    return unicodedata.normalize("NFC", value)


def _line(value: Any) -> str:
    text = as_text(value).strip()
    if not text:
        raise refused("is empty", "Write the text, or remove the line")
    if "\n" in text:
        raise refused("must be one line", "Write it in one line; the layout breaks lines where they fit")
    if len(text) > MAX_TEXT:
        raise refused(f"has {len(text)} characters, and may have {MAX_TEXT}", "Shorten it")
    return text


def _paragraph(value: Any) -> str:
    text = as_text(value).strip()
    if not text:
        raise refused("is empty", "Write the text, or remove the line")
    if len(text) > 10 * MAX_TEXT:
        raise refused(f"has {len(text)} characters, and may have {10 * MAX_TEXT}", "Shorten it")
    return text


_STRING = WithJsonSchema({"type": "string", "minLength": 1})
Line = Annotated[str, BeforeValidator(_line), _STRING]
"""One line of text."""
Value = Annotated[str, BeforeValidator(_line), WithJsonSchema({"type": ["string", "number"]})]
"""One line of text that is often a number, taken as it is written."""
Paragraph = Annotated[str, BeforeValidator(_paragraph), _STRING]
"""Text that may have line breaks."""

_FACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


def _fact_name(value: Any) -> str:
    text = as_text(value)
    if not _FACT.match(text):
        nearest = slug(text).replace("-", "_")
        raise refused(f"is not a name for a fact: {text[:40]!r}", f"Write {nearest}" if nearest else "Use letters")
    return text


FactName = Annotated[
    str, BeforeValidator(_fact_name), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$"})
]
"""A name that copy can use: letters, digits, _ and -."""

ID_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
_ID = re.compile(r"[a-z0-9][a-z0-9-]*\Z")


def slug(text: str) -> str:
    """The id that is nearest to `text`, or ""."""
    plain = unicodedata.normalize("NFKD", text[:200].lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64]


def _id(value: Any) -> str:
    text = as_text(value)
    if len(text) > 64:
        raise refused(f"is an id of {len(text)} characters, and may have 64", "Shorten it")
    if not _ID.match(text):
        nearest = slug(text)
        raise refused(
            f"is not an id: {text!r}",
            "An id has lower-case letters, digits and hyphens" + (f": {nearest!r}, for example" if nearest else ""),
        )
    return text


Id = Annotated[str, BeforeValidator(_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN, "maxLength": 64})]
"""Lower-case letters, digits and hyphens, at most 64, not beginning with a hyphen."""


# ------------------------------------------------------------------------------------------- numbers, dates, switches


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise refused("must be a whole number", "Write digits only, without quotes")
    return int(value)


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number, written without quotes."""


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise refused("must be true or false", "Write true or false, without quotes")
    return value


Switch = Annotated[bool, BeforeValidator(_switch), WithJsonSchema({"type": "boolean"})]
"""true or false."""

_DECIMAL = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?\Z")


def _price(value: Any) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    text = as_text(value).strip()
    if not _DECIMAL.match(text):
        comma = text.replace(",", ".")
        hint = f'Write "{comma}"' if _DECIMAL.match(comma) else 'Write digits and a decimal point, such as "5.99"'
        raise refused(f"is not a price: {text[:40]!r}", f"{hint}; the currency comes from the market")
    price = Decimal(text)
    if not price:
        raise refused("is a price of nothing", "Write a price above zero, or remove it")
    return price


Price = Annotated[
    Decimal,
    BeforeValidator(_price),
    PlainSerializer(lambda price: format(price, "f"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,10}(\.[0-9]{1,4})?$", "examples": ["5.99"]}),
]
"""A decimal string above zero, exact."""

_SECONDS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?\Z")


def _seconds(value: Any) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    text = as_text(value).strip()
    if not _SECONDS.match(text):
        raise refused(f"is not a time in a film: {text[:40]!r}", "Write seconds from its start, such as 2.5")
    return Decimal(text)


Seconds = Annotated[
    Decimal,
    BeforeValidator(_seconds),
    PlainSerializer(lambda seconds: format(seconds, "f"), return_type=str),
    WithJsonSchema({"type": ["number", "string"], "examples": [2.5]}),
]
"""Seconds from the start of a film, in whole milliseconds, exact."""

_MONEY = re.compile(r"([0-9]{1,10}(?:\.[0-9]{1,4})?) ([A-Z]{3})\Z")


def _money(value: Any) -> str:
    text = as_text(value).strip()
    match = _MONEY.match(text)
    if not match or match[2] not in list_currencies():
        raise refused(f"is not an amount: {text[:40]!r}", 'Write the amount and its currency, such as "180 EUR"')
    return text


Money = Annotated[str, BeforeValidator(_money), WithJsonSchema({"type": "string", "examples": ["180 EUR"]})]
"""An amount and its currency."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def _date(value: Any) -> datetime.date:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    text = as_text(value).strip()
    try:
        if not _DATE.match(text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise refused(f"is not a date: {text[:40]!r}", "Write year, month and day, such as 2026-10-31") from None


Date = Annotated[datetime.date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar day, YYYY-MM-DD."""

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?\Z")


def _moment(value: Any) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    text = as_text(value).strip()
    try:
        if not _MOMENT.match(text):
            raise ValueError
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise refused(f"is not a date with a time: {text[:40]!r}", 'Write it as "2026-09-26T17:00"') from None


Moment = Annotated[
    datetime.datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "examples": ["2026-09-26T17:00"]})
]
"""A day and time without zone."""


# --------------------------------------------------------------------------------------------------------------- lists

ONE_OR_MORE = "oneOrMore"
"""Marks, in a raw JSON schema, a list that may be written as its only item."""


def _one_or_more(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def one_or_more(most: int) -> Any:
    """Metadata for a tuple that may also be written as its only item."""
    return [BeforeValidator(_one_or_more), Field(max_length=most, json_schema_extra={ONE_OR_MORE: True})]


def not_twice(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses a list that names the same thing twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise refused(f"names {value!r} twice", "Remove one")
        seen.add(value)
    return values


NoRepeats = AfterValidator(not_twice)
