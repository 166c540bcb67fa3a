"""What the registry's queries return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from creative.records import AssetState
from creative.store.events import JobState


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """`cursor`: the last entry of its log that is in the registry. `brief`: sha256 of the last snapshot."""

    id: str
    name: str
    cursor: int
    brief: str | None
    owner: Mapping[str, Any] | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run that the log knows of. `at`: of its last entry."""

    id: str
    campaign: str
    status: str
    counts: Mapping[str, int]
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class JobRow:
    """One audience segment's part of a run."""

    run: str
    segment: str
    state: JobState
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CurrentAsset:
    """The present rendition of an ad. `wanted` and `binding` are what it was made for, `checked` what judged it; `finish`
    is its step's key."""

    ad_id: str
    asset_id: str
    state: AssetState
    wanted: str
    binding: str
    finish: str
    sha256: str
    checked: str


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One rendition with its cell's coordinate; `choices`, `texts`, `lines`, `carried` as they were when it was made."""

    asset_id: str
    ad_id: str
    campaign: str
    market: str
    locale: str
    product: str | None
    offer: str | None
    segment: str
    placement: str
    arm: str | None
    variant: int
    modality: str
    name: str
    sha256: str
    bytes: int
    type: str
    width: int | None
    height: int | None
    ms: int | None
    state: AssetState
    wanted: str
    binding: str
    finish: str
    poster: str | None
    reasons: list[str]
    findings: list[str]
    figures: Mapping[str, Any]
    choices: Mapping[str, str]
    texts: Mapping[str, str]
    lines: Mapping[str, str]
    carried: Mapping[str, Any]
    lineage: list[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of an asset's state; `before` is None for the first. `entry`: the number in the campaign's log."""

    asset_id: str
    entry: int
    at: datetime
    before: AssetState | None
    after: AssetState
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step that was made. `bytes`: of all outputs; `outputs`: {name: {sha256, bytes, type}}."""

    key: str
    kind: str
    backend: str
    seconds: float
    bytes: int
    made_at: datetime | None
    outputs: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Rate:
    """What a step of one kind and backend took, as measured: `n` steps, device-seconds and bytes on average."""

    n: int
    seconds_mean: float
    bytes_mean: float
