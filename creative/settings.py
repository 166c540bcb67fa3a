"""Settings: read once at the edge from flags and environment, then frozen."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
    """Flags first, then the environment, then `./out`. Raises UsageError for a runner that does not exist."""
    folder = out or Path(os.environ.get("CREATIVE_OUT", "out"))
    name = runner or os.environ.get("CREATIVE_RUNNER", "ray")
    if name not in ("ray", "inline"):
        raise UsageError(f"--runner {name}: there is ray (a cluster, or Ray on this machine) and inline (one process)")
    return Settings(
        out=folder,
        store=store or os.environ.get("CREATIVE_STORE") or str(folder / "store"),
        registry=registry or os.environ.get("CREATIVE_REGISTRY") or str(folder / "registry.db"),
        runner="ray" if name == "ray" else "inline",
        workers=workers or _whole("CREATIVE_WORKERS"),
        media_roots=_paths("CREATIVE_MEDIA_ROOTS"),
        catalogues=_paths("CREATIVE_CATALOGUES"),
    )


def _paths(variable: str) -> tuple[Path, ...]:
    return tuple(Path(part) for part in os.environ.get(variable, "").split(os.pathsep) if part)


def _whole(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    if not text:
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{variable}={text}: write a number of workers, 1 or more")
    return int(text)
