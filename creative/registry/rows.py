"""What the registry's queries return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """One rendition with its cell's coordinate; `choices`, `texts`, `lines`, `carried` as they were when it was made.

    `findings`: {id, says, figure, limit}, those of its segment together with them; what was waived has {by, reason}.
    """

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
    findings: list[Any]
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


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What somebody said of one rendition, whose bytes were `sha256`. `entry`: the number in the campaign's log."""

    campaign: str
    entry: int
    number: int
    asset_id: str
    ad_id: str
    sha256: str
    verdict: str
    by: str
    reason: str
    stage: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A rendition as somebody judges it. `present`: whether it is what its ad shows now; `newest`: the ad's newest one;
    `rehearsal`: what random weights made of it."""

    asset_id: str
    ad_id: str
    campaign: str
    name: str
    state: AssetState
    sha256: str
    reasons: list[str]
    rehearsal: str
    newest: str | None
    present: bool


@dataclass(frozen=True, slots=True)
class ApprovedRow:
    """An approved rendition, as far as its delivery needs it. `bytes`: how many; of `figures` its subtitles."""

    ad_id: str
    asset_id: str
    campaign: str
    segment: str
    placement: str
    name: str
    sha256: str
    bytes: int
    type: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    rehearsal: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """What lies at a path below `published/`."""

    path: str
    ad_id: str
    asset_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Needing:
    """A rendition that is shown, or may be, and one of the consents that it needs."""

    campaign: str
    asset_id: str
    sha256: str
    state: AssetState
    consent: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an ad is looked for: `locales` are taken exactly, or, with `near`, by their language and script.

    `segment`, where it is given, is the only one; else all segments that have all of `traits`, without `but`. `rehearsals`:
    they count as well.
    """

    placement: str
    market: str
    locale: str
    near: bool = False
    segment: str | None = None
    traits: tuple[tuple[str, str], ...] = ()
    but: str | None = None
    campaign: str | None = None
    rehearsals: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rendition that may be shown. Days are ISO 8601 and included; without a zone they are UTC's.

    `fits`: how many of the wanted traits its segment has.
    """

    asset_id: str
    ad_id: str
    campaign: str
    segment: str
    locale: str
    sha256: str
    type: str
    value: int
    first_day: str | None
    last_day: str | None
    timezone: str | None
    state: AssetState
    rehearsal: str
    fits: int
