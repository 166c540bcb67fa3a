"""Profiles: the tables of `creative.toml`, each the settings of one place to run (a laptop, staging, production).

The file is the one that CREATIVE_CONFIG names, else `creative.toml` in the present folder, if there is one. `${NAME}` in a
text stands for an environment variable, so that the file can be shared and secrets stay out of it.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from creative.errors import UsageError

_FILE = "creative.toml"
_TEXTS = ("store", "registry", "address", "runner", "out", "judges", "models", "models_mirror")
_PATHS = ("media_roots", "catalogues")
_KEYS = (*_TEXTS, *_PATHS, "workers", "shared", "offline", "notify", "notify_schemes", "prices", "licences", "roles")
_ROLES = ("rights",)
_PRICES = ("gpu_hour", "cpu_hour", "currency")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile, with its texts by key. `where` is how messages call it ("creative.toml: profiles.production")."""

    name: str | None = None
    where: str = "the profile"
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    workers: int | None = None
    shared: bool = False
    offline: bool = False
    media_roots: tuple[Path, ...] = ()
    catalogues: tuple[Path, ...] = ()
    notify: Mapping[str, str] = field(default_factory=dict, repr=False)
    notify_schemes: tuple[str, ...] = ()
    prices: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load_profile(name: str | None = None) -> Profile:
    """The named profile, or the file's `default`; an empty one where there is no file and none is asked for.

    Raises UsageError for a file that cannot be read, a profile that is not in it, a key that is none, a value of the
    wrong kind, and a variable that is not set.
    """
    told = os.environ.get("CREATIVE_CONFIG")
    path = Path(told or _FILE)
    if not told and not path.exists():
        if name:
            raise UsageError(f"--profile {name}: there is no {_FILE} here, and CREATIVE_CONFIG names no other file")
        return Profile()
    content = _read(path)
    profiles = content.pop("profiles", {})
    default = content.pop("default", None)
    if not isinstance(profiles, dict) or not all(isinstance(table, dict) for table in profiles.values()):
        raise UsageError(f"{path}: write each profile as a table: [profiles.production]")
    for key in content:
        raise UsageError(f"{path}: there is no {key!r} here: the file has `default` and tables [profiles.NAME]")
    if default is not None and not (isinstance(default, str) and default in profiles):
        raise UsageError(f"{path}: default: {default!r} is none of its profiles: {_names(profiles)}")
    name = name or default
    if name is None:
        return Profile()
    if name not in profiles:
        raise UsageError(f"{path} has no profile {name!r}; it has {_names(profiles)}")
    return _profile(name, profiles[name], path)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise UsageError(f"{path} is larger than {_LARGEST >> 20} MB: that is no file of settings")
        return tomllib.loads(data.decode())
    except OSError as error:
        raise UsageError(f"cannot read the settings in {path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{path} is not good TOML: {error}") from error


def _profile(name: str, table: Mapping[str, Any], path: Path) -> Profile:
    where = f"{path}: profiles.{name}"
    for key in table:
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, 1)
            raise UsageError(f"{where}.{key}: there is no such setting{f'; {close[0]} is meant?' if close else ''}")
    texts = {key: _text(table[key], f"{where}.{key}") for key in _TEXTS if key in table}
    base = path.absolute().parent
    for key in ("store", "registry", "out", "models", "models_mirror"):
        if key in texts and "://" not in texts[key] and not texts[key].startswith("~"):
            texts[key] = str(base / texts[key])
    workers, shared = table.get("workers"), table.get("shared", False)
    if workers is not None and not (type(workers) is int and 0 < workers < 1_000_000):
        raise UsageError(f"{where}.workers: write a number, 1 to 999999")
    for key in ("shared", "offline"):
        if not isinstance(table.get(key, False), bool):
            raise UsageError(f"{where}.{key}: write true or false")
    return Profile(
        name=name,
        where=where,
        texts=texts,
        workers=workers,
        shared=shared,
        offline=table.get("offline", False),
        media_roots=_paths(table, "media_roots", where, base),
        catalogues=_paths(table, "catalogues", where, base),
        notify=_table(table, "notify", where),
        notify_schemes=_schemes(table, where),
        prices=_prices(_table(table, "prices", where), where),
        licences=_table(table, "licences", where),
        roles=_roles(table, where),
    )


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"{where}: write a text in quotes")

    def variable(match: re.Match[str]) -> str:
        told = os.environ.get(match[1])
        if not told:
            raise UsageError(f"{where}: the environment variable {match[1]} is not set")
        return told

    return _VARIABLE.sub(variable, value)


def _paths(table: Mapping[str, Any], key: str, where: str, base: Path) -> tuple[Path, ...]:
    values = table.get(key, [])
    if not isinstance(values, list):
        raise UsageError(f'{where}.{key}: write a list of paths: ["one", "two"]')
    try:
        return tuple(base / Path(_text(value, f"{where}.{key}")).expanduser() for value in values)
    except RuntimeError as error:
        raise UsageError(f"{where}.{key}: there is no such user") from error


def _table(table: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
    values = table.get(key, {})
    if not isinstance(values, dict):
        raise UsageError(f"{where}.{key}: write a table of texts by name")
    return {name: _text(value, f"{where}.{key}.{name}") for name, value in values.items()}


def _schemes(table: Mapping[str, Any], where: str) -> tuple[str, ...]:
    values = table.get("notify_schemes", [])
    if not isinstance(values, list) or not all(isinstance(one, str) and _SCHEME.fullmatch(one) for one in values):
        raise UsageError(f'{where}.notify_schemes: write a list of the beginnings of URLs: ["mailto", "slack"]')
    return tuple(value.lower() for value in values)


def _roles(table: Mapping[str, Any], where: str) -> Mapping[str, tuple[str, ...]]:
    """Names of people by role."""
    values = table.get("roles", {})
    if not isinstance(values, dict):
        raise UsageError(f"{where}.roles: write a table of lists of names by role")
    for role, names in values.items():
        if role not in _ROLES:
            raise UsageError(f"{where}.roles.{role}: there is no such role: there is {', '.join(_ROLES)}")
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise UsageError(f'{where}.roles.{role}: write a list of names: ["Ines Rau"]')
    return {role: tuple(" ".join(name.split()) for name in names) for role, names in values.items()}


def _prices(prices: Mapping[str, str], where: str) -> Mapping[str, str]:
    for name, value in prices.items():
        if name not in _PRICES:
            raise UsageError(f"{where}.prices.{name}: there is {', '.join(_PRICES)}")
        if name == "currency":
            if not re.fullmatch(r"[A-Z]{3}", value):
                raise UsageError(f"{where}.prices.currency: write three letters, such as EUR")
            continue
        try:
            good = 0 <= Decimal(value) < 1_000_000
        except InvalidOperation:
            good = False
        if not good:
            raise UsageError(f'{where}.prices.{name}: write an amount in quotes, such as "2.60"')
    return prices


def _names(profiles: Mapping[str, Any]) -> str:
    return ", ".join(sorted(profiles)) or "none yet"
