"""What the store keeps for ever: receipts, failures, cell and asset records, log entries. JSON, versioned, append-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

AssetState = Literal["pending", "approved", "rejected", "withdrawn", "superseded", "retired", "failed-check"]
STATES: tuple[AssetState, ...] = (
    "pending",
    "approved",
    "rejected",
    "withdrawn",
    "superseded",
    "retired",
    "failed-check",
)


class Record(BaseModel):
    """A frozen record; unknown fields are an error, so that a newer store is not half understood."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BlobRef(Record):
    """One blob: sha256 of its bytes, their number, their media type."""

    sha256: str
    bytes: int
    type: str


class Receipt(Record):
    """A step that was made. The first receipt for a key stands; it is written after its blobs.

    `recipe` is what the key is the digest of; `inputs` maps roles to the sha256 of the bytes used; `seconds` is the time
    of the attempt that was accepted (for a batch, its share), `attempt` and `seed` that attempt's.
    """

    key: str
    recipe: Mapping[str, Any]
    outputs: Mapping[str, BlobRef]
    inputs: Mapping[str, str]
    seconds: float
    attempt: int = 0
    seed: int | None = None
    licence: str = ""
    notes: Mapping[str, Any] = Field(default_factory=dict)
    version: str = ""
    made_at: str = ""


class Failure(Record):
    """A step that will not be made until its key changes or somebody asks again: refused, or quarantined."""

    key: str
    kind: str
    label: str = ""
    status: Literal["refused", "quarantined"]
    reason: str
    at: str = ""
    rights: tuple[str, ...] = Field(
        (), description="the consents for want of which it was refused, and no other reason"
    )


class CellRecord(Record):
    """One ad wanted, as planned: its coordinate, choices, words, and the steps that end it.

    `texts` is the copy as rendered and spoken, by role. `lines` maps fields to "file:line" of the brief. `carried` is
    what the manifest passes on (owner, url, alt, post_text, tracking) and matching asks for (flight, valid, timezone,
    value, traits). `steps` has the keys of finish, measure, poster.
    """

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
    modality: Literal["image", "video", "audio"]
    name: str
    choices: Mapping[str, str]
    texts: Mapping[str, str]
    wanted: str
    binding: str
    steps: Mapping[str, str]
    lines: Mapping[str, str] = Field(default_factory=dict)
    carried: Mapping[str, Any] = Field(default_factory=dict)


class LineageStep(Record):
    """One step that an asset came from."""

    key: str
    kind: str
    backend: str
    revision: int
    model: str | None = None
    licence: str = ""
    seed: int | None = None
    seconds: float = 0.0
    notes: Mapping[str, Any] = Field(default_factory=dict)
    consent: str | None = Field(None, description="under which a voice, likeness or track is in it")


class FindingRecord(Record):
    """Something worth a look on one ad, no refusal. `id` is the row of `creative.craft.RULES` that it comes from (empty in
    records of the first version), `says` a sentence for people, with the `figure` and the `limit` that it names."""

    id: str = ""
    says: str
    figure: str | None = None
    limit: str = ""


class AssetRecord(Record):
    """One finished rendition of a cell."""

    asset_id: str
    ad_id: str
    name: str
    sha256: str
    bytes: int
    type: str
    width: int | None = None
    height: int | None = None
    ms: int | None = None
    state: AssetState
    reasons: tuple[str, ...] = ()
    findings: tuple[FindingRecord, ...] = Field((), description="soft findings: worth a look, no refusal")
    figures: Mapping[str, Any] = Field(default_factory=dict)
    poster: str | None = None
    checked: str = Field(
        "", description="digest of what judged it: measure and poster steps, the placement's row, judges"
    )
    lineage: tuple[LineageStep, ...] = ()

    @field_validator("findings", mode="before")
    @classmethod
    def _as_first_written(cls, found: Any) -> Any:
        """The first version wrote sentences only."""
        return tuple({"says": one} if isinstance(one, str) else one for one in found)


class Window(Record):
    """What one window of cells ended as: one object in the store, written once."""

    cells: tuple[CellRecord, ...]
    assets: tuple[AssetRecord, ...]


class Entry(Record):
    """One entry of a campaign's numbered log.

    Types: `brief` {snapshot: sha256, name, ...}; `window` {object: name of a Window}; `retired` {ads: [ad_id]};
    `run` {run, status, jobs, counts, seconds}; `verdict` {verdicts, by}; `waiver` {waivers, by}; `export` {paths, removed, by}. See
    `creative.store.events`. Consents are in a log of their own: `creative.rights.ledger`.
    """

    n: int
    type: str
    at: str
    data: Mapping[str, Any]
