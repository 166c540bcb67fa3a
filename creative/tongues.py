"""What CLDR does not know about five languages: shop names of currencies, the small words between, signs of units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("de", "en", "es", "fr", "it")


@dataclass(frozen=True, slots=True)
class Money:
    """What a currency is called when it is said: one, many, one hundredth, many, and its gender ("m", "f")."""

    one: str
    many: str
    cent: str
    cents: str
    gender: str = "m"


@dataclass(frozen=True, slots=True)
class Small:
    """The small words of one language. `price` joins whole and hundredths; `clock` joins hours and minutes."""

    price: str
    point: str
    at: str
    dot: str
    slash: str
    hyphen: str
    ampersand: str
    plus: str
    minus: str
    per: str
    to: str
    clock: str
    oclock: str
    halves: Mapping[str, str]
    money: Mapping[str, Money]
    feminine: frozenset[str] = frozenset()
    grouped_fraction: bool = False


_TIME_UNITS = frozenset({"duration-second", "duration-minute", "duration-hour"})
SMALL_WORDS: Mapping[str, Small] = {
    "en": Small(
        "{0} {1}", "point", "at", "dot", "slash", "dash", "and", "plus", "minus", "per", "to", "{0} {1}", "{0} o'clock",
        {"½": "half", "¼": "quarter", "¾": "three quarters"},
        {
            "EUR": Money("euro", "euros", "cent", "cents"),
            "GBP": Money("pound", "pounds", "penny", "pence"),
            "USD": Money("dollar", "dollars", "cent", "cents"),
        },
    ),
    "de": Small(
        "{0} {1}", "Komma", "ät", "Punkt", "Schrägstrich", "Bindestrich", "und", "plus", "minus", "pro", "bis",
        "{0} Uhr {1}", "{0} Uhr",
        {"½": "einhalb", "¼": "ein Viertel", "¾": "drei Viertel"},
        {
            "EUR": Money("Euro", "Euro", "Cent", "Cent"),
            "GBP": Money("Pfund", "Pfund", "Penny", "Pence"),
            "USD": Money("Dollar", "Dollar", "Cent", "Cent"),
            "CHF": Money("Franken", "Franken", "Rappen", "Rappen"),
        },
        _TIME_UNITS | {"mass-tonne"},
    ),
    "fr": Small(
        "{0} {1}", "virgule", "arobase", "point", "slash", "tiret", "et", "plus", "moins", "par", "à",
        "{0} heures {1}", "{0} heures",
        {"½": "demi", "¼": "un quart", "¾": "trois quarts"},
        {
            "EUR": Money("euro", "euros", "centime", "centimes"),
            "GBP": Money("livre", "livres", "penny", "pence", "f"),
            "USD": Money("dollar", "dollars", "cent", "cents"),
            "CHF": Money("franc", "francs", "centime", "centimes"),
        },
        _TIME_UNITS | {"mass-tonne"}, True,
    ),
    "es": Small(
        "{0} con {1}", "coma", "arroba", "punto", "barra", "guion", "y", "más", "menos", "por", "a", "{0} y {1}", "{0} en punto",
        {"½": "medio", "¼": "un cuarto", "¾": "tres cuartos"},
        {
            "EUR": Money("euro", "euros", "céntimo", "céntimos"),
            "GBP": Money("libra", "libras", "penique", "peniques", "f"),
            "USD": Money("dólar", "dólares", "centavo", "centavos"),
        },
        frozenset({"duration-hour", "mass-tonne"}), True,
    ),
    "it": Small(
        "{0} e {1}", "virgola", "chiocciola", "punto", "barra", "trattino", "e", "più", "meno", "al", "a",
        "{0} e {1}", "{0} in punto",
        {"½": "mezzo", "¼": "un quarto", "¾": "tre quarti"},
        {
            "EUR": Money("euro", "euro", "centesimo", "centesimi"),
            "GBP": Money("sterlina", "sterline", "penny", "pence", "f"),
            "USD": Money("dollaro", "dollari", "centesimo", "centesimi"),
            "CHF": Money("franco", "franchi", "centesimo", "centesimi"),
        },
        frozenset({"duration-hour", "mass-tonne"}), True,
    ),
}  # fmt: skip

_CLDR_UNITS: Mapping[str, str] = {
    "mg": "mass-milligram", "g": "mass-gram", "kg": "mass-kilogram", "t": "mass-tonne", "ml": "volume-milliliter",
    "cl": "volume-centiliter", "dl": "volume-deciliter", "l": "volume-liter", "mm": "length-millimeter",
    "cm": "length-centimeter", "m": "length-meter", "km": "length-kilometer", "m²": "area-square-meter",
    "ms": "duration-millisecond", "s": "duration-second", "sec": "duration-second", "min": "duration-minute",
    "h": "duration-hour", "W": "power-watt", "kW": "power-kilowatt", "kWh": "energy-kilowatt-hour", "kcal": "energy-kilocalorie",
    "V": "electric-volt", "Hz": "frequency-hertz", "GB": "digital-gigabyte", "MB": "digital-megabyte",
    "°C": "temperature-celsius", "°": "angle-degree", "%": "concentr-percent", "‰": "concentr-permille",
    "km/h": "speed-kilometer-per-hour",
}  # fmt: skip
UNITS: Mapping[str, str] = {
    **_CLDR_UNITS, "mL": "volume-milliliter", "L": "volume-liter", "Std": "duration-hour", "Min": "duration-minute",
    "Sek": "duration-second",
}  # fmt: skip
# Codes that shops write; others ("ALL", "TOP", "TRY") are words as well.
CURRENCIES = frozenset(
    [
        "AUD",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HUF",
        "INR",
        "JPY",
        "NOK",
        "NZD",
        "PLN",
        "RON",
        "SEK",
        "USD",
    ]
)
SCALES = "millions?|billions?|Millionen|Million|Milliarden|Milliarde|milliards?|mill(?:ón|ones)|milion[ei]|miliard[oi]"

# What is written short and said in full; a number sign counts only before a number.
ABBREVIATIONS: Mapping[str, Mapping[str, str]] = {
    "en": {"approx.": "approximately", "incl.": "including", "e.g.": "for example", "i.e.": "that is", "vs.": "versus"},
    "de": {
        "z. B.": "zum Beispiel", "ca.": "circa", "inkl.": "inklusive", "zzgl.": "zuzüglich",
        "bzw.": "beziehungsweise", "usw.": "und so weiter", "Mio.": "Millionen", "Mrd.": "Milliarden", "Std.": "Stunden",
        "MwSt.": "Mehrwertsteuer", "max.": "maximal", "mind.": "mindestens",
    },
    "fr": {"p. ex.": "par exemple", "env.": "environ", "max.": "maximum", "min.": "minimum"},
    "es": {"p. ej.": "por ejemplo", "aprox.": "aproximadamente", "máx.": "máximo", "mín.": "mínimo"},
    "it": {"ad es.": "ad esempio", "ca.": "circa", "max.": "massimo", "min.": "minimo"},
}  # fmt: skip
NUMBER_SIGNS: Mapping[str, tuple[str, str]] = {
    "en": ("number", r"No\.|#"), "de": ("Nummer", r"Nr\.|#"), "fr": ("numéro", r"[nN]°|[nN]º|#"),
    "es": ("número", r"[nN]\.?[º°]|#"), "it": ("numero", r"[nN]\.|[nN]°|#"),
}  # fmt: skip
