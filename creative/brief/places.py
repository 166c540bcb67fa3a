"""Where, in which language, in what money; addresses, files and colours: the scalar types of a brief that name things of the
world outside it."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import babel
from babel.numbers import get_currency_precision, list_currencies
from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from creative.brief.types import MAX_TEXT, as_text, did_you_mean, refused

MAX_PATH = 1_024

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


def market_code(value: Any) -> str:
    """An ISO 3166-1 code of a country. Raises a refusal, as a validator does."""
    text = as_text(value)
    if text not in _territories():
        upper = {"UK": "GB", "EN": "GB"}.get(text.strip().upper(), text.strip().upper())
        hint = f"Write {upper}" if upper in _territories() else "Write two capital letters, such as DE, FR or GB"
        raise refused(f"is not a country code: {text[:40]!r}", hint)
    return text


MarketCode = Annotated[str, BeforeValidator(market_code), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})]
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
