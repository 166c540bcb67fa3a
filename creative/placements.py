"""The table of ad formats: what a publisher takes, with the source and date of each fact.

One row of `placements.yaml` is one concrete format (pixels and seconds); a new one is a row, not a branch.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

Modality = Literal["image", "video", "audio"]
ShapeName = Literal["square", "portrait", "landscape", "leaderboard", "skyscraper"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SafeZone(_Row):
    """Margins that the publisher's own interface covers, in px: no text, logo or button there."""

    top: int = Field(0, ge=0)
    right: int = Field(0, ge=0)
    bottom: int = Field(0, ge=0)
    left: int = Field(0, ge=0)


class Fact(_Row):
    """Where figures of a row come from. `of`: the fields' names; `tier` A is the platform's own page, B a restatement."""

    of: list[str]
    source: str
    tier: Literal["A", "B"]
    checked: str


class Placement(_Row):
    """One concrete ad format."""

    id: str
    title: str
    modality: Modality
    format: Literal["jpeg", "mp4", "wav", "mp3"]
    shape: ShapeName | None = None
    width: int | None = None
    height: int | None = None
    max_bytes: int
    ms: int | None = Field(None, description="exact length in milliseconds, of film and sound")
    fps: int | None = None
    end_card_ms: int = 0
    lufs_tenths: int | None = Field(None, description="integrated loudness aimed at, tenths of a LUFS")
    lufs_tolerance_tenths: int = 10
    true_peak_tenths: int | None = Field(None, description="ceiling of the true peak, tenths of a dBTP")
    min_kbps: int = 0
    safe: SafeZone = SafeZone()
    text: dict[str, int] = Field(default_factory=dict, description="most characters a role may have: {headline: 30}")
    facts: list[Fact]


@cache
def placements(path: Path | None = None) -> dict[str, Placement]:
    """All rows by id, in the table's order."""
    table = YAML(typ="safe", pure=True).load(path or Path(__file__).with_name("placements.yaml"))
    return {name: Placement(id=name, **row) for name, row in table["placements"].items()}
