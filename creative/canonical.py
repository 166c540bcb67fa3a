"""One spelling for one value, and the digest of it.

A key must be the same on every machine and in every year, so only what has one obvious spelling is let in: strings,
booleans, integers, null, and lists and string-keyed mappings of those. Numbers with a fraction are spelled by the caller
as integers of a smaller unit (milliseconds, tenths of a decibel, per mille) or as decimal strings: 0.1, 0.10 and
1e-1 would be three keys for one thing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

Canonical = None | bool | int | str | list["Canonical"] | tuple["Canonical", ...] | dict[str, "Canonical"]
"""What may enter a key. Mappings are read-only by convention."""

_INSTEAD = {
    float: "use an integer of a smaller unit, or a decimal string",
    set: "use a sorted list",
    frozenset: "use a sorted list",
    bytes: "use its digest",
}
_MAX_DEPTH = 32
_PLAIN = (int, bool, type(None))


def _is_flat(value: dict[object, object]) -> bool:
    """Whether it is names with ASCII strings and integers only."""
    for name, item in value.items():
        kind = type(item)
        if type(name) is not str or not (kind is int or (kind is str and item.isascii())):  # type: ignore[attr-defined]  # kind says so
            return False
    return True


def check(value: object, where: str = "the value") -> None:
    """Raise TypeError for what has no single spelling (a float, a set), ValueError for a lone surrogate."""
    if type(value) is dict and _is_flat(value):
        return  # most parameters are: nine in ten checks end here
    stack = [(value, where, 0)]
    while stack:
        item, where, depth = stack.pop()
        kind = type(item)
        if kind is str:
            if not item.isascii():  # type: ignore[attr-defined]  # a lone surrogate has no UTF-8
                item.encode()  # type: ignore[attr-defined]  # kind says so
        elif kind in _PLAIN:
            continue
        elif depth > _MAX_DEPTH:
            raise ValueError(f"{where} is nested deeper than {_MAX_DEPTH} levels")
        elif isinstance(item, dict):
            for name, below in item.items():
                if type(name) is not str:
                    raise TypeError(f"{where} has a key that is not a string: {name!r}")
                stack.append((below, name, depth + 1))
        elif isinstance(item, list | tuple):
            stack.extend((below, where, depth + 1) for below in item)
        else:
            instead = _INSTEAD.get(kind, "use strings, integers, lists and mappings")
            raise TypeError(f"{where} is a {kind.__name__}: it has no single spelling; {instead}")


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def canonical(value: object) -> bytes:
    """The one UTF-8 spelling of `value`: JSON, keys sorted by code point, no spaces.

    Raises TypeError for what has no single spelling (a float, a set), ValueError for a lone surrogate.
    """
    check(value)
    return _encoder.encode(value).encode()


def digest(data: bytes) -> str:
    """The sha256 of `data`: 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def key(value: object) -> str:
    """The sha256 of the canonical spelling of `value`: 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def checked_key(value: object) -> str:
    """`key`, for a value whose parts `check` has seen already: what is planned 100,000 times is checked once."""
    return hashlib.sha256(_encoder.encode(value).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """The sha256 of a file's bytes: 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
