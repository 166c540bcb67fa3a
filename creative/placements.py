"""The table of ad formats: what a publisher takes, with the source and date of each fact.

One row of `placements.yaml` is one concrete format (pixels and seconds); a new one is a row, not a branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from creative.plain_yaml import read_plain

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
    """Where figures of a row come from. `of`: the fields' names.

    `tier` A is the platform's own page, B a restatement, C the farm's own choice where no publisher names a figure.
    """

    of: list[str]
    source: str
    tier: Literal["A", "B", "C"]
    checked: str


class Placement(_Row):
    """One concrete ad format."""

    id: str
    title: str
    channel: str | None = Field(None, description="AdCP's media channel: social, olv, display, ctv, streaming_audio")
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


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file of one format is, whoever takes it: names as ffmpeg spells them."""

    media_type: str
    container: str
    suffix: str
    codec: str | None = None
    pix_fmt: str | None = None
    audio_codec: str | None = None
    audio_rate: int | None = None


ENCODINGS: Mapping[str, Encoding] = {
    "jpeg": Encoding("image/jpeg", "jpeg", ".jpg", "jpeg", None),
    "mp4": Encoding("video/mp4", "mp4", ".mp4", "h264", "yuv420p", "aac", 48000),
    "mp3": Encoding("audio/mpeg", "mp3", ".mp3", audio_codec="mp3", audio_rate=44100),
    "wav": Encoding("audio/wav", "wav", ".wav", audio_codec="pcm_s16le", audio_rate=44100),
}
"""By `Placement.format`. The rates of sound are the publishers' (44.1 kHz for audio ads; Meta takes 48 kHz at most)."""


def _row(name: str, row: Mapping[str, Any], sources: Mapping[str, Mapping[str, Any]]) -> Placement:
    facts = [
        {**sources[source], "checked": str(sources[source]["checked"]), "of": of} for source, of in row["facts"].items()
    ]
    return Placement(id=name, **{**row, "facts": facts})


@cache
def placements(path: Path | None = None) -> dict[str, Placement]:
    """All rows by id, in the table's order."""
    table = read_plain(path or Path(__file__).with_name("placements.yaml"))
    return {name: _row(name, row, table["sources"]) for name, row in table["placements"].items()}
