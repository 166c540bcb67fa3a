"""What the entries of a campaign's log say: one model a type, for those who write and for the registry, which applies them.

    log.append("retired", RetiredEvent(ads=["..."]).model_dump())

A field may be added with a default; what changes a meaning is a new type, which older versions refuse by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobState = Literal["queued", "running", "done", "partly", "failed"]


class Event(BaseModel):
    """The `data` of an Entry. Fields that are not named here are kept in the log, without effect."""

    model_config = ConfigDict(extra="allow", frozen=True)


class BriefEvent(Event):
    """`brief`: from here on the campaign is what this snapshot (sha256 of a blob) says. `owner` as in the brief."""

    snapshot: str
    name: str = ""
    owner: Mapping[str, Any] | None = None


class WindowEvent(Event):
    """`window`: what the cells of one window ended as. `object`: what `write_window` returned.

    The window's assets are the present renditions of its cells, made now or before. A cell without one failed: its older
    rendition stays, unless its `binding` (offer, price, legal text) is not the cell's any more.
    """

    object: str
    run: str = ""


class RetiredEvent(Event):
    """`retired`: the brief wants these ads (ad_id) no more."""

    ads: tuple[str, ...]
    by: str = ""
    why: str = ""


class JobResult(Event):
    """What one audience segment's part of a run came to."""

    state: JobState
    counts: Mapping[str, int] = Field(default_factory=dict)


class RunEvent(Event):
    """`run`: a run's state; the last one stands. `jobs` by segment. `status` in the runner's words ("done")."""

    run: str
    status: str
    jobs: Mapping[str, JobResult] = Field(default_factory=dict)
    counts: Mapping[str, int] = Field(default_factory=dict)
    seconds: float = 0.0


class Verdict(Event):
    """What somebody said of one rendition, whose bytes are `sha256`. `stage`: of a review in several stages.

    `withdrawn` is said of what was approved: it must not be shown any more. An approval of a rehearsal has the stage
    `rehearsal`, and no other approval has (`creative.rehearsals`).
    """

    asset_id: str
    ad_id: str
    sha256: str
    verdict: Literal["approved", "rejected", "withdrawn"]
    reason: str = ""
    stage: str = ""


class VerdictEvent(Event):
    """`verdict`: what one person (or program) said at once, in that order.

    Every verdict is kept. It changes an asset only if that is its ad's present rendition and still has these bytes.
    """

    verdicts: tuple[Verdict, ...]
    by: str


class Waiver(Event):
    """What somebody said of one finding of one ad, whose bytes were `sha256`: it may stay, or (not `waived`) counts again.

    `finding` is the id of a row of `creative.craft.RULES`. It holds for the ad's later renditions as well.
    """

    ad_id: str
    sha256: str
    finding: str
    reason: str = ""
    waived: bool = True


class WaiverEvent(Event):
    """`waiver`: what one person said at once, in that order; of one ad's finding the last counts."""

    waivers: tuple[Waiver, ...]
    by: str


class Copy(Event):
    """Whose bytes lie at a path."""

    asset_id: str
    sha256: str


class ExportEvent(Event):
    """`export`: these paths below `published/` were written, those in `removed` are gone; all others are as before."""

    paths: Mapping[str, Copy] = Field(default_factory=dict)
    removed: tuple[str, ...] = ()
    by: str = ""


EVENTS: Mapping[str, type[Event]] = {
    "brief": BriefEvent,
    "window": WindowEvent,
    "retired": RetiredEvent,
    "run": RunEvent,
    "verdict": VerdictEvent,
    "waiver": WaiverEvent,
    "export": ExportEvent,
}
