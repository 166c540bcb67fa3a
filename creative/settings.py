"""Settings: read once at the edge from flags and environment, then frozen."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from creative.errors import UsageError

RunnerName = Literal["ray", "inline"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are. Each has a flag and an environment variable (CREATIVE_STORE, CREATIVE_REGISTRY, ...)."""

    out: Path
    store: str
    registry: str
    runner: RunnerName
    workers: int | None
    media_roots: tuple[Path, ...]
    catalogues: tuple[Path, ...]


def settings(
    out: Path | None = None,
    store: str | None = None,
    registry: str | None = None,
    runner: str | None = None,
    workers: int | None = None,
) -> Settings:
    """Flags first, then the environment (a variable that is empty counts as unset), then `./out`.

    Raises UsageError, naming the flag or the variable, for what cannot be meant: a runner that does not exist, a number of
    workers that is none, a folder of media that is not there, a place that is no path or URL.
    """
    folder = Path(_place(*_given("--out", str(out) if out else None, "CREATIVE_OUT")) or "out")
    said, name = _given("--runner", runner, "CREATIVE_RUNNER")
    if name not in ("ray", "inline", None):
        raise UsageError(f"{said} {name}: there is ray (a cluster, or Ray on this machine) and inline (one process)")
    return Settings(
        out=folder,
        store=_place(*_given("--store", store, "CREATIVE_STORE")) or str(folder / "store"),
        registry=_place(*_given("--registry", registry, "CREATIVE_REGISTRY")) or str(folder / "registry.db"),
        runner="inline" if name == "inline" else "ray",
        workers=workers or _whole("CREATIVE_WORKERS"),
        media_roots=_folders("CREATIVE_MEDIA_ROOTS"),
        catalogues=_paths("CREATIVE_CATALOGUES"),
    )


def _given(flag: str, value: str | None, variable: str) -> tuple[str, str | None]:
    """Who says it, and what: the flag, else the variable, else nobody."""
    if value:
        return flag, value
    return variable, os.environ.get(variable) or None


def _place(said: str, value: str | None) -> str | None:
    """A path or URL that can be read as one."""
    if value is None:
        return None
    try:
        if "://" in value:
            urlsplit(value)
        else:
            value = str(Path(value).expanduser()) if value.startswith("~") else value
    except (ValueError, RuntimeError) as error:
        reason = "there is no such user" if isinstance(error, RuntimeError) else str(error)
        raise UsageError(f"{said} {value}: is no place: {reason}") from error
    return value


def _paths(variable: str) -> tuple[Path, ...]:
    return tuple(Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part)


def _folders(variable: str) -> tuple[Path, ...]:
    paths = _paths(variable)
    for path in paths:
        if not path.is_dir():
            raise UsageError(f"{variable}: {path} is not a folder that is there")
    return paths


def _whole(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and int(text)):
        raise UsageError(f"{variable}={text[:40]}: write a number of workers, 1 to 999999")
    return int(text)
