"""The scalar types of a brief: ids, texts, prices, dates, locales; each says what to write instead.

A plain YAML number keeps the text that was written (`Written`), so that `price: 5.90` is exactly 5.90 and a headline of
`2026` is exactly "2026": no float is ever made of what a person wrote.
"""

from __future__ import annotations

import datetime
import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import babel
from babel.numbers import get_currency_precision, list_currencies
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_TEXT = 2_000
MAX_PATH = 1_024


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


# ------------------------------------------------------------------------------------------------ places and languages

_LOCALE = re.compile(r"([a-z]{2,3})(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|[0-9]{3}))?\Z")
_LOCALE_ANY_CASE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?\Z")


@lru_cache(maxsize=1024)
def known_locale(tag: str) -> bool:
    """Whether `tag` is a BCP 47 language tag, in its usual spelling, that CLDR knows ("de-DE", "zh-Hant-TW")."""
    match = _LOCALE.match(tag)
    if not match:
        return False
    language, script, territory = match.groups()
    try:
        locale = babel.Locale.parse(tag, sep="-")
    except (ValueError, babel.UnknownLocaleError):
        return False
    return (
        locale.language == language
        and (script is None or locale.script == script)
        and (territory is None or locale.territory == territory)
    )


def _locale(value: Any) -> str:
    text = as_text(value)
    if known_locale(text):
        return text
    match = _LOCALE_ANY_CASE.match(text.strip())
    hint = "Write language and country, such as de-DE or en-GB"
    if match:
        language, script, territory = match.groups()
        usual = "-".join(
            part for part in (language.lower(), script and script.title(), territory and territory.upper()) if part
        )
        usual = usual.replace("-UK", "-GB")
        if known_locale(usual) and usual != text:
            hint = f"Write {usual}"
    raise refused(f"is not a locale that is known: {text[:40]!r}", hint)


Locale = Annotated[
    str,
    BeforeValidator(_locale),
    WithJsonSchema(
        {"type": "string", "pattern": "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$", "examples": ["de-DE"]}
    ),
]
"""A BCP 47 language tag, such as de-DE."""

_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})


@cache
def _territories() -> frozenset[str]:
    names = babel.Locale("en").territories
    return frozenset(str(code) for code in names if re.fullmatch("[A-Z]{2}", str(code))) - _NO_COUNTRY


def _market(value: Any) -> str:
    text = as_text(value)
    if text not in _territories():
        upper = {"UK": "GB", "EN": "GB"}.get(text.strip().upper(), text.strip().upper())
        hint = f"Write {upper}" if upper in _territories() else "Write two capital letters, such as DE, FR or GB"
        raise refused(f"is not a country code: {text[:40]!r}", hint)
    return text


MarketCode = Annotated[str, BeforeValidator(_market), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})]
"""An ISO 3166 alpha-2 country code."""


def _currency(value: Any) -> str:
    text = as_text(value)
    if text not in list_currencies():
        upper = {"€": "EUR", "£": "GBP", "$": "USD", "EURO": "EUR"}.get(text.strip().upper(), text.strip().upper())
        hint = f"Write {upper}" if upper in list_currencies() else "Write three capital letters, such as EUR or GBP"
        raise refused(f"is not a currency: {text[:40]!r}", hint)
    return text


Currency = Annotated[str, BeforeValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})]
"""An ISO 4217 currency code."""


def currency_digits(currency: str) -> int:
    """Digits after the decimal point: 2 for EUR, 0 for JPY."""
    return int(get_currency_precision(currency))


@cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _timezone(value: Any) -> str:
    text = as_text(value)
    if text not in _timezones():
        hint = did_you_mean(text.strip(), _timezones()) or "Write a name such as Europe/Berlin"
        raise refused(f"is not a time zone: {text[:40]!r}", hint)
    return text


TimeZone = Annotated[str, BeforeValidator(_timezone), WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"]})]
"""An IANA time zone."""


# ------------------------------------------------------------------------------------------- addresses, paths, colours


def _url(value: Any) -> str:
    text = as_text(value).strip()
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        good = False
    if not good or re.search(r"[\s\\<>\"^`]", text) or len(text) > MAX_TEXT:
        raise refused(f"is not a web address: {text[:80]!r}", "Write it whole, such as https://marlo.example/autumn")
    return text


Url = Annotated[
    str, BeforeValidator(_url), WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"})
]
"""A web address, http or https."""


def _path(value: Any) -> Path:
    if isinstance(value, Path):
        return value
    text = as_text(value)
    if not text.strip() or "\n" in text:
        raise refused("must name a file", "Write a path that is relative to the brief, such as media/front.png")
    if re.match(r"[a-z][a-z0-9+.-]+://", text):
        raise refused(f"is an address, not a file: {text[:80]!r}", "Save the file beside the brief and name its path")
    if "\\" in text:
        raise refused(f"has a backslash: {text[:80]!r}", "Write / between folders")
    if text.startswith("~"):
        raise refused(f"begins with ~: {text[:80]!r}", "Write a path that is relative to the brief")
    if len(text) > MAX_PATH:
        raise refused(f"is a path of {len(text)} characters, and may have {MAX_PATH}", "Shorten it")
    return Path(text)


MediaPath = Annotated[
    Path,
    BeforeValidator(_path),
    PlainSerializer(lambda path: path.as_posix(), return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
"""A file, relative to the file that names it."""

_COLOUR = re.compile("#[0-9a-f]{6}\\Z")


def _colour(value: Any) -> str:
    if value is None:
        raise refused("is empty: an unquoted # begins a comment in YAML", 'Put the colour in quotes: "#1f6f5c"')
    text = as_text(value).strip().lower()
    if re.fullmatch("#[0-9a-f]{3}", text):
        text = "#" + "".join(2 * digit for digit in text[1:])
    if not _COLOUR.match(text):
        raise refused(f"is not a colour: {text[:40]!r}", 'Write six hexadecimal digits in quotes: "#1f6f5c"')
    return text


Colour = Annotated[str, BeforeValidator(_colour), WithJsonSchema({"type": "string", "pattern": "^#[0-9A-Fa-f]{6}$"})]
"""A colour as "#rrggbb"."""


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
