"""How written things are said: a price, a date, a number, a unit, an address, in five languages.

`readings` finds them in a text and says each one. Words of numbers come from CLDR's spell-out rules (`unicode-rbnf`), names
of units, months and currencies from CLDR through `babel`; the tables here hold only what CLDR does not know: what people
call a currency in a shop, its hundredth, and the small words between.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property

from babel import Locale, UnknownLocaleError
from babel.units import UnknownUnitError, format_unit
from unicode_rbnf import RbnfEngine

from creative.errors import UsageError
from creative.tongues import ABBREVIATIONS, CURRENCIES, LANGUAGES, NUMBER_SIGNS, SCALES, SMALL_WORDS, UNITS, Money

_SP = r"[ \u00a0\u202f\u2009]"


@dataclass(frozen=True, slots=True)
class Reading:
    """One written thing at [start, end) and how it is said."""

    start: int
    end: int
    said: str


@cache
def speaker_of(locale: str) -> Speaker:
    """The reader of a locale. Raises UsageError for a language without spoken forms."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    if language not in SMALL_WORDS:
        raise UsageError(f"there are no spoken forms for {locale!r}: there are for {', '.join(LANGUAGES)}")
    try:
        return Speaker(Locale.parse(locale.replace("-", "_")), language)
    except (UnknownLocaleError, ValueError):
        return Speaker(Locale(language), language)


class Speaker:
    """Says what is written, by the rules of one locale."""

    def __init__(self, locale: Locale, language: str) -> None:
        self.locale = locale
        self.language = language
        self.small = SMALL_WORDS[language]
        self._rules = RbnfEngine.for_language(language)
        self._american = locale.territory == "US"
        symbols = locale.number_symbols.get("latn", locale.number_symbols)
        self._decimal = str(symbols["decimal"])
        # A thin or no-break space groups in some locales, whatever their symbol; so does a point where the comma is decimal.
        self._groups = "," if self._decimal == "." else ".’ " if language == "fr" else ".’"

    # -- numbers ----------------------------------------------------------------------------

    def _spell(self, number: int | Decimal, *rulesets: str) -> str:
        """CLDR's words by the first of `rulesets` that the language has."""
        for ruleset in (*rulesets, "spellout-numbering", "spellout-cardinal"):
            text = self._rules.format_number(number, ruleset_names=[ruleset]).text_by_ruleset.get(ruleset)
            if text is not None:
                return str(text).replace("\u00ad", "")
        return str(number)

    def cardinal(self, number: int, gender: str = "") -> str:
        """The number in words; `gender` "m" or "f" before a noun, "" when counting."""
        if abs(number) >= 10**12:
            return self.digits(str(number))
        if self.language == "en":
            return self._spell(number, "spellout-cardinal" if self._american else "spellout-cardinal-verbose")
        rulesets = {"m": "spellout-cardinal-masculine", "f": "spellout-cardinal-feminine"}
        return self._spell(number, *([rulesets[gender]] if gender else []))

    def ordinal(self, number: int, form: str = "") -> str:
        """The ordinal in words; `form` is a suffix of CLDR's rule set ("-n", "-feminine", ...)."""
        if number >= 10**6:
            return self.cardinal(number)
        return self._spell(number, f"spellout-ordinal{form}", "spellout-ordinal", "spellout-ordinal-masculine")

    def year(self, number: int) -> str:
        """A year in words."""
        return self._spell(number, "spellout-numbering-year")

    def digits(self, text: str) -> str:
        """Digit by digit; what is no digit is left out."""
        return " ".join(
            self._spell(unicodedata.digit(sign)) for sign in text if unicodedata.digit(sign, None) is not None
        )

    def number(self, written: str, gender: str = "") -> str:
        """A number as written in the locale ("1.299,00", "0,5", "250") in words."""
        whole, fraction = self.parts(written)
        if not fraction:
            if len(whole) > 1 and whole[0] == "0":
                return self.digits(whole)
            return self.cardinal(int(whole), gender)
        if self.small.grouped_fraction and len(fraction) <= 2 and fraction[0] != "0":
            tail = self.cardinal(int(fraction))
        else:
            tail = self.digits(fraction)
        return f"{self.cardinal(int(whole))} {self.small.point} {tail}"

    def parts(self, written: str) -> tuple[str, str]:
        """Digits before and after the decimal sign; zeros that say nothing are dropped ("5,00" has no fraction)."""
        text = re.sub(r"[ \u00a0\u202f\u2009’']", "", written)
        other = "." if self._decimal == "," else ","
        if self._decimal in text:
            whole, _, fraction = text.rpartition(self._decimal)
        else:
            # "5.99" in a German text is still a price, "1.299" is not: groups have three digits.
            whole, found, fraction = text.rpartition(other)
            if not found or len(fraction) == 3:
                whole, fraction = text, ""
        whole = re.sub(r"\D", "", whole) or "0"
        return whole, "" if not fraction.strip("0") else fraction

    # -- things -----------------------------------------------------------------------------

    def price(self, written: str, code: str, scale: str | None) -> str | None:
        """A price: "five pounds forty-nine"."""
        whole, fraction = self.parts(written)
        money = self.small.money.get(code) or self._cldr_money(code)
        if scale:
            of = {"es": " de", "fr": " de", "it": " di"}.get(self.language, "")
            return f"{self.number(written)} {scale}{of} {money.many}"
        units, cents = int(whole), int(fraction.ljust(2, "0")) if len(fraction) <= 2 and fraction else 0
        if len(fraction) > 2 or not money.cent:
            return f"{self.number(written, money.gender)} {money.one if units == 1 and not fraction else money.many}"
        name = money.one if units == 1 else money.many
        whole_said = f"{self.cardinal(units, money.gender)} {name}"
        cents_said = f"{self.cardinal(cents, 'm')} {money.cent if cents == 1 else money.cents}"
        if not cents:
            return whole_said
        if not units:
            return cents_said
        if self.language == "en" and (self._american or cents < 10):
            return f"{whole_said} and {cents_said}"
        return self.small.price.format(whole_said, self.cardinal(cents))

    def _cldr_money(self, code: str) -> Money:
        names = self.locale._data["currency_names_plural"].get(code, {})
        plain = self.locale.currencies.get(code, code)
        return Money(str(names.get("one", plain)), str(names.get("other", plain)), "", "")

    def unit(self, written: str, sign: str) -> str | None:
        """An amount with its unit: "two hundred and fifty grams"."""
        unit = UNITS[sign]
        whole, fraction = self.parts(written)
        value = Decimal(f"{whole}.{fraction or 0}") if fraction else Decimal(whole)
        name = self.unit_name(unit, value)
        gender = "f" if unit in self.small.feminine else "m"
        return f"{self.number(written, gender)} {name}" if name else None

    def unit_name(self, unit: str, value: Decimal) -> str:
        """CLDR's long name of a unit, in the number of `value`; "" if CLDR has none."""
        try:
            shown = format_unit(value, unit, "long", locale=self.locale)
        except UnknownUnitError:
            return ""
        return re.sub(r"[\d.,\s]*\d", "", shown).replace("\u00a0", " ").strip()

    def date(self, day: int, month: int, year: int | None, before: str) -> str | None:
        """A day of a month; `before` is the text before it, whose last word decides the form."""
        if not (1 <= day <= 31 and 1 <= month <= 12):
            return None
        name = self.locale.months["format"]["wide"][month]
        said_year = "" if year is None else self.year(year)
        last = (re.findall(r"[^\W\d_]+", before) or [""])[-1].casefold()
        match self.language:
            case "en" if self._american:
                said = f"{name} {self.ordinal(day)}"
            case "en":
                said = f"{'' if last == 'the' else 'the '}{self.ordinal(day)} of {name}"
            case "de":
                said = f"{self.ordinal(day, '' if last in {'der', 'das', 'die'} else '-n')} {name}"
            case "es":
                return f"{self.cardinal(day)} de {name}" + (f" de {said_year}" if said_year else "")
            case _:
                first = day == 1
                said = f"{self.ordinal(1, '-masculine') if first else self.cardinal(day)} {name}"
        return f"{said} {said_year}".strip()

    def clock(self, hour: int, minute: int, half: str = "") -> str | None:
        """A time of day; `half` is "a" or "p" where the day has two."""
        if hour > 24 or minute > 59:
            return None
        if half := half.casefold() or ("p" if self.language == "en" and hour > 12 else ""):
            hour = (hour - 1) % 12 + 1
        said = self.cardinal(hour, "f" if self.language in {"fr", "es", "it"} else "m")
        if not minute:
            return f"{said} {half} m" if half else self.small.oclock.format(said)
        spoken_minute = self.cardinal(minute)
        if self.language == "en" and minute < 10:
            spoken_minute = f"oh {spoken_minute}"
        said = self.small.clock.format(said, spoken_minute)
        return f"{said} {half} m" if half else said

    def address(self, written: str, lexicon: Mapping[str, str]) -> str:
        """A web or mail address: "marlo dot example". A country's ending is spelled."""
        text = re.sub(r"^(?:https?://)?(?:www\.)?", "", written, flags=re.IGNORECASE).rstrip("/")
        said: list[str] = []
        words = {
            ".": self.small.dot,
            "/": self.small.slash,
            "-": self.small.hyphen,
            "@": self.small.at,
            "_": "underscore",
        }
        folded = {key.casefold(): value for key, value in lexicon.items()}
        for match in re.finditer(r"[^\W\d_]+|\d+|[./@_+-]", text):
            part = match[0]
            before, after = text[: match.start()][-1:], text[match.end() :][:1]
            if part in words:
                said.append(words[part])
            elif part.isdecimal():
                said.append(self.number(part))
            elif part.casefold() in folded:
                said.append(folded[part.casefold()])
            elif len(part) == 2 and (before, after) in {(".", ""), (".", "/"), ("/", "/"), ("/", "")}:
                said.append(" ".join(part.upper()))
            elif part == "+":
                said.append(self.small.plus)
            else:
                said.append(part)
        return " ".join(said)

    @cached_property
    def _months(self) -> dict[str, int]:
        names: dict[str, int] = {}
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in self.locale.months[context][width].items():
                    names[str(name).rstrip(".").casefold()] = int(number)
        return names

    @cached_property
    def _symbols(self) -> dict[str, str]:
        signs = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY"}
        own = {sign: code for code, sign in self.locale.currency_symbols.items() if not sign.isascii() or "$" in sign}
        return {code: code for code in CURRENCIES} | signs | own

    @cached_property
    def rules(self) -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]]]:
        """Patterns and what they say, the most particular first. A reader that returns None leaves the text to the next."""
        groups = re.escape(self._groups)
        number = rf"(?:\d{{1,3}}(?:[{groups}\u00a0\u202f\u2009]\d{{3}})+(?!\d)(?:{re.escape(self._decimal)}\d+)?|\d+(?:[.,]\d+)?)"
        money = "|".join(sorted(map(re.escape, self._symbols), key=len, reverse=True))
        units = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
        months = "|".join(sorted(map(re.escape, self._months), key=len, reverse=True))
        left, right = r"(?<![\w.,])", r"(?![\w]|[.,]\d)"
        of = rf"(?:{_SP}+de)?" if self.language == "es" else ""
        short = rf"(?:\.(?={_SP}+(?-i:[\da-zà-ÿ])))?"  # the point of "Oct.", not that of a sentence
        year = rf"(?:,?{of}{_SP}+(?P<y>\d{{4}})(?!\d))?"

        def price(match: re.Match[str]) -> str | None:
            said = self.price(match["n"], self._symbols[match["c"]], match["scale"])
            per = match["per"]
            if said and per:
                said += f" {self.small.per} {self.unit_name(UNITS[per], Decimal(1))}"
            return said

        def date(match: re.Match[str]) -> str | None:
            month = self._months[match["m"].casefold()]
            return self.date(
                int(match["d"]), month, int(match["y"]) if match["y"] else None, match.string[: match.start()]
            )

        def numeric_date(match: re.Match[str]) -> str | None:
            first, second = int(match["a"]), int(match["b"])
            day, month = (second, first) if self._american else (first, second)
            year = match["y"]
            full = None if not year else int(year) + (2000 if len(year) == 2 else 0)
            return self.date(day, month, full, match.string[: match.start()])

        def ordinal(match: re.Match[str]) -> str | None:
            feminine = match["s"].casefold() in {"ª", "re", "ère"}
            return self.ordinal(
                int(match["n"]), "" if self.language == "en" else "-feminine" if feminine else "-masculine"
            )

        def plain(match: re.Match[str]) -> str | None:
            written = match["n"]
            if re.fullmatch(r"(?:1[1-9]|20)\d\d", written):
                return self.year(int(written))
            return self.number(written)

        per = rf"(?:{_SP}*/{_SP}*(?P<per>{units})(?!\w))?"
        scale = rf"(?:{_SP}(?P<scale>{SCALES})\b)?"
        full = {"".join(form.split()): said for form, said in ABBREVIATIONS[self.language].items()}
        short_forms = "|".join(
            re.escape(form).replace(r"\ ", r"\s?")
            for form in sorted(ABBREVIATIONS[self.language], key=len, reverse=True)
        )
        suffixes = {"en": "st|nd|rd|th", "fr": "er|re|ère|ème|e", "es": r"\.?[ºª]", "it": "[º°ª]"}
        prices: list[tuple[str, Callable[[re.Match[str]], str | None]]] = [
            (rf"(?<![\w$€£])(?P<c>{money}){_SP}?(?P<n>{number}){scale}{right}{per}", price),
            (rf"{left}(?P<n>{number}){scale}{_SP}?(?P<c>{money})(?!\w){per}", price),
        ]
        table: list[tuple[str, Callable[[re.Match[str]], str | None]]] = [
            *(prices if self.locale.currency_formats["standard"].pattern.startswith("¤") else prices[::-1]),
            (rf"{left}(?P<d>\d{{1,2}})(?:\.|er|st|nd|rd|th|[º°])?{of}{_SP}+(?:of{_SP}+)?(?P<m>{months})\b{short}{year}", date),
            (rf"(?<!\w)(?P<m>{months})\.?{_SP}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\w:%]|[.,]\d){year}", date),
            (rf"{left}(?P<a>\d{{1,2}})(?P<sep>[./-])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){right}", numeric_date),
            (rf"{left}(?P<n>{number}){_SP}?(?P<u>{units})(?![\w²³/])", lambda m: self.unit(m["n"], m["u"])),
            (rf"{left}(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?:{_SP}Uhr|{_SP}?(?P<a>[aApP])\.?[mM]\b)?(?![\d:])",
             lambda m: self.clock(int(m["h"]), int(m["m"]), m["a"] or "")),
            (rf"{left}(?P<h>\d{{1,2}}){_SP}?(?P<a>[aApP])\.?[mM]\b", lambda m: self.clock(int(m["h"]), 0, m["a"])),
            (r"(?<![\w.,+])(?:\+\d{1,3}|0\d+)(?:[ \u00a0/-]\d{2,})+(?!\w)", lambda m: self.digits(m[0])),
            (rf"{left}(?P<a>{number}){_SP}?–{_SP}?(?P<n>{number}){right}",
             lambda m: f"{self.number(m['a'])} {self.small.to} {self.number(m['n'])}"),
            (rf"(?<![\d.,])(?P<n>{number})", plain),
            (r"(?P<n>\d+)", lambda m: self.number(m["n"])),
            (r"\d", lambda m: self.digits(m[0])),
            (rf"(?<![\w#])(?:{NUMBER_SIGNS[self.language][1]})(?={_SP}?\d)", lambda _: f"{NUMBER_SIGNS[self.language][0]} "),
            (rf"(?<!\w)(?:{short_forms})(?!\w)", lambda m: full["".join(m[0].split())]),
            (r"(?P<n>[½¼¾])", lambda m: self.small.halves[m["n"]]),
            (r"(?<!\S)[-−](?=\d)", lambda _: self.small.minus),
            (r"(?<!\w)\+(?=\d)|(?<=\s)\+(?=\s)", lambda _: self.small.plus),
            (r"&", lambda _: self.small.ampersand),
        ]  # fmt: skip
        if self.language == "de":
            table.insert(4, (rf"{left}(?P<a>\d{{1,2}})\.{_SP}?(?P<b>\d{{1,2}})\.(?P<y>(?!))?(?!\d)", numeric_date))
        if self.language in suffixes:
            table.insert(5, (rf"{left}(?P<n>\d{{1,6}})(?P<s>{suffixes[self.language]})(?!\w)", ordinal))
        return [(re.compile(pattern, re.IGNORECASE if reader is date else 0), reader) for pattern, reader in table]


_ADDRESS = re.compile(
    r"(?<![\w.@/-])(?!\w\.\w\w(?![\w/]))(?:https?://)?(?:[\w.+-]+@)?(?:[^\W_](?:[\w-]*[^\W_])?\.)+[a-z]{2,24}(?![\w@-])(?:/[\w./-]*[\w/])?"
)


def readings(text: str, locale: str, lexicon: Mapping[str, str]) -> list[Reading]:
    """What in `text` is said otherwise than it is written, in order and without overlap.

    The lexicon comes first (whole words as written, the longest first), then addresses, then the locale's rules.
    Raises UsageError for a language without spoken forms.
    """
    speaker = speaker_of(locale)
    found: list[Reading] = []
    taken = bytearray(len(text))

    def take(matches: Iterator[re.Match[str]], say: Callable[[re.Match[str]], str | None]) -> None:
        for match in matches:
            if not any(taken[match.start() : match.end()]) and (said := say(match)) is not None:
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                found.append(Reading(match.start(), match.end(), said))

    entries = {" ".join(entry.split()): said for entry, said in lexicon.items() if entry.strip()}
    if entries:
        ordered = sorted(entries, key=lambda entry: (-len(entry), entry))
        spaced = (r"\s+".join(map(re.escape, entry.split(" "))) for entry in ordered)
        pattern = re.compile(rf"(?<![\w@])(?<!\w[.-])(?:{'|'.join(spaced)})(?!\w|[.@/-]\w)")
        take(pattern.finditer(text), lambda match: entries.get(" ".join(match[0].split())))
    take(_ADDRESS.finditer(text), lambda match: speaker.address(match[0], entries))
    for pattern, reader in speaker.rules:
        take(pattern.finditer(text), reader)
    return sorted(found, key=lambda reading: reading.start)
