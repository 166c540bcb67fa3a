"""One run of one brief: survey, loop, and what is said of it for good in the store's log.

The log is written first, the registry then applies it. A run that finds nothing to do writes nothing.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from creative.brief.brief import Brief
from creative.canonical import canonical, digest
from creative.errors import DamagedStoreError, StoreError
from creative.planning import Planner, PlanWindow
from creative.planning.planner import asset_id
from creative.planning.window import ENDS, SUBTITLES
from creative.records import AssetRecord, CellRecord, Window
from creative.registry import CurrentAsset, Registry
from creative.registry.consents import needed_by
from creative.review.withdrawing import withdraw_lapsed
from creative.rights.guard import Guard
from creative.running.assets import Assets
from creative.running.budget import Budget
from creative.running.loop import Loop, Progress
from creative.running.port import Runner
from creative.running.receipts import Receipts
from creative.store import Log, Store, write_window
from creative.store.events import BriefEvent, Event, JobResult, JobState, RetiredEvent, RunEvent, WindowEvent
from creative.world import World

_RETIRABLE = ("pending", "approved", "failed-check")


@dataclass(frozen=True, slots=True)
class FailedAd:
    """An ad of this run that was not made, or did not pass its checks. `limit`: only since the budget was used up."""

    ad_id: str
    segment: str
    placement: str
    locale: str
    market: str
    reason: str
    made: bool = False
    limit: bool = False


@dataclass(slots=True)
class Report:
    """What a run came to. `assets`: present renditions of the ads that were wanted; `new`: of them, made now.

    `status`: done, partly, failed, limited (the budget was used up), unavailable, interrupted or stopped.
    """

    run: str
    status: str = "done"
    assets: int = 0
    new: int = 0
    retired: int = 0
    withdrawn: int = 0
    failed: list[FailedAd] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)
    seconds: float = 0.0

    @property
    def not_made(self) -> list[FailedAd]:
        """Those of `failed` that have no file."""
        return [ad for ad in self.failed if not ad.made]


class CampaignRun:
    """Runs a brief's plan against a store and a registry, on a runner."""

    def __init__(
        self,
        brief: Brief,
        world: World,
        store: Store,
        registry: Registry,
        runner: Runner,
        *,
        only: Mapping[str, frozenset[str]] | None = None,
        retry_failed: bool = False,
        observe: Callable[[Progress], None] = lambda _: None,
        budget: Budget | None = None,
        counts: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """`counts`: more of them for what the log says of this run, such as what it spent."""
        self.counts = counts
        self.brief, self.world, self.store, self.registry, self.runner = brief, world, store, registry, runner
        self.only, self.retry_failed, self.observe, self.budget = dict(only or {}), retry_failed, observe, budget
        self.campaign = brief.campaign.id
        self.log = Log(store, self.campaign)
        self.report = Report(run=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}")
        self.receipts = Receipts(store)
        self.guard = Guard(store)
        self.assets = Assets(world, registry, self.receipts, brief.brand_kit.name)
        self._begun = False
        self._started = time.monotonic()
        self._jobs: dict[str, Counter[str]] = defaultdict(Counter)
        self._seen: set[str] = set()

    def run(self, segments: Mapping[str, int]) -> Report:
        """Make what is missing. `segments`: ads wanted by segment, as surveyed.

        Interrupted (KeyboardInterrupt) or without workers (RunnerError), what is made so far is kept and the log says so.
        """
        for segment, ads in segments.items():
            self._jobs[segment]["ads"] = ads
        planner = Planner(self.brief, self.world, self.only)
        loop = Loop(
            self.store,
            self.registry,
            self.runner,
            self.world.catalogue.specs,
            self.world.media,
            begin=self._begin,
            commit=self._commit,
            observe=self.observe,
            retry_failed=self.retry_failed,
            budget=self.budget,
            receipts=self.receipts,
        )
        self.report.progress = loop.progress
        try:
            loop.run(planner.windows())
            self._withdraw_ended()
            if not self.only and not planner.findings:
                self._retire()
            self.report.status = self._status()
        except BaseException as error:
            self.report.status = "interrupted" if isinstance(error, KeyboardInterrupt) else "stopped"
            loop.stop()
            raise
        finally:
            self.report.seconds = time.monotonic() - self._started
            self._end()
        return self.report

    # -- the log -------------------------------------------------------------------------------------------------------

    def _say(self, type_: str, event: Event) -> None:
        entry = self.log.append(type_, event.model_dump(mode="json"))
        self.registry.apply(self.store, self.campaign, entry)

    def _begin(self) -> None:
        """Before anything is changed: what the campaign is now, and that a run goes on."""
        if self._begun:
            return
        self._begun = True
        snapshot = canonical(self.brief.snapshot())
        sha256 = digest(snapshot)
        known = {row.id: row.brief for row in self.registry.campaigns()}
        if known.get(self.campaign) != sha256:
            self.store.put_blob(snapshot, "application/json")
            owner = self.brief.owner.model_dump(mode="json") if self.brief.owner else None
            self._say("brief", BriefEvent(snapshot=sha256, name=self.brief.campaign.name, owner=owner))
        for row in self.registry.runs(self.campaign):
            if row.status == "running":  # it died without a word; one that still goes on will say so itself
                self._say("run", RunEvent(run=row.id, status="stopped", counts=row.counts, seconds=row.seconds))
        jobs = {segment: JobResult(state="queued", counts=dict(counts)) for segment, counts in self._jobs.items()}
        self._say("run", RunEvent(run=self.report.run, status="running", jobs=jobs))

    def still_running(self) -> None:
        """Say in the log how far this run is: what it spent is then known even if it dies without a word."""
        if self._begun:
            seconds = round(time.monotonic() - self._started, 3)
            self._say("run", RunEvent(run=self.report.run, status="running", counts=self.counts(), seconds=seconds))

    def _end(self) -> None:
        if not self._begun:
            return
        progress = self.report.progress
        names = ("wanted", "made", "reused", "failed", "blocked", "limited")
        counts = {f"steps_{name}": progress.total(name) for name in names}
        jobs = {segment: JobResult(state=_state(counts), counts=dict(counts)) for segment, counts in self._jobs.items()}
        self._say(
            "run",
            RunEvent(
                run=self.report.run,
                status=self.report.status,
                jobs=jobs,
                counts={"assets": self.report.assets, "new": self.report.new, **counts, **self.counts()},
                seconds=round(self.report.seconds, 3),
            ),
        )

    def _status(self) -> str:
        if self.report.progress.unavailable:
            return "unavailable"
        if self.report.progress.limited:
            return "limited"
        if not self.report.failed:
            return "done"
        return "partly" if self.report.assets else "failed"

    def _retire(self) -> None:
        present = self.registry.each_current_asset(self.campaign)
        gone = tuple(sorted(row.ad_id for row in present if row.state in _RETIRABLE and row.ad_id not in self._seen))
        if gone:
            self._begin()
            self._say("retired", RetiredEvent(ads=gone, why="the brief does not want it any more"))
            self.report.retired = len(gone)

    # -- windows -------------------------------------------------------------------------------------------------------

    def _commit(self, window: PlanWindow, broken: Mapping[str, str]) -> None:
        current = self.registry.current_assets(self.campaign, [cell.ad_id for cell in window.cells])
        bytes_ = self._bytes_now(window, current)
        open_: list[tuple[CellRecord, str | None, bool]] = []
        records = [planned.record() for planned in window.cells]
        lapsed = self.guard.lapsed(consent for cell in records for consent in needed_by(cell))
        for cell in records:
            self._seen.add(cell.ad_id)
            present = current.get(cell.ad_id)
            reason, limit = self._why_not(cell, broken)
            reason = reason or next((lapsed[consent] for consent in needed_by(cell) if consent in lapsed), None)
            if reason is None and present is not None and self._same(cell, present, bytes_, broken):
                self._count(cell, present.state, f"failed its checks: creative show {present.asset_id}")
            else:
                open_.append((cell, reason, limit))
        made = iter(self.assets.of([cell for cell, reason, _ in open_ if reason is None], broken))
        cells: list[CellRecord] = []
        assets: list[AssetRecord] = []
        for cell, reason, limit in open_:
            asset, present = next(made) if reason is None else None, current.get(cell.ad_id)
            if isinstance(asset, AssetRecord):
                assets.append(asset)
                self.report.new += present is None or present.asset_id != asset.asset_id
                self._count(cell, asset.state, "; ".join(asset.reasons))
            else:
                self._fail(cell, reason or self._why_no_asset(asset), limit=limit)
            has_asset = isinstance(asset, AssetRecord)
            if has_asset or self._begun or (present is not None and present.binding != cell.binding):
                cells.append(cell)
        if cells:
            self._begin()
            name = write_window(self.store, self.campaign, Window(cells=tuple(cells), assets=tuple(assets)))
            self._say("window", WindowEvent(object=name, run=self.report.run))
            if any(needed_by(cell) for cell in cells):
                self._withdraw()
        if self._begun:
            for segment in dict.fromkeys(cell.segment for cell in cells):
                counts = self._jobs[segment]
                self.registry.set_job(self.report.run, segment, _state(counts, running=True), dict(counts))

    def _withdraw_ended(self) -> None:
        """What the campaign shows and nobody agrees to any more: what expired, and what was revoked by who then was killed."""
        needed = {one.consent for one in self.registry.needing(campaign=self.campaign)}
        if self.guard.lapsed(needed):
            self._begin()
            self._withdraw()

    def _withdraw(self) -> None:
        """What was revoked while it was registered: who revoked it may not have seen it."""
        gone = withdraw_lapsed(self.store, self.registry, self.report.run, campaign=self.campaign)
        self.report.withdrawn += len(gone)

    def _why_no_asset(self, error: Exception | None) -> str:
        """A store that does not answer now is no fault of the ad's: the same command makes it. Else something is gone."""
        if isinstance(error, StoreError) and not isinstance(error, DamagedStoreError):
            self.report.progress.unavailable = True
            return f"{error}: run the command again"
        return f"{error}: run again with --verify"

    def _bytes_now(self, window: PlanWindow, current: Mapping[str, CurrentAsset]) -> dict[str, str]:
        """The sha256 of each finished file by its step, as far as something is registered that it may differ from."""
        ends = [cell.steps["finish"] for cell in window.cells if cell.ad_id in current]
        made = self.registry.steps(ends)
        return {key: str(row.outputs["asset"]["sha256"]) for key, row in made.items() if "asset" in row.outputs}

    def _same(
        self, cell: CellRecord, present: CurrentAsset, bytes_: Mapping[str, str], broken: Mapping[str, str]
    ) -> bool:
        """Whether what is registered is what the plan ends in, byte for byte, and was judged as it would be now.

        A step that was made again need not have given the same bytes: what was said of the old ones does not hold.
        """
        finish = cell.steps["finish"]
        return (
            present.asset_id == asset_id(cell.ad_id, finish)
            and present.sha256 == bytes_.get(finish)
            and present.wanted == cell.wanted
            and present.checked == self.assets.judged_by(cell, broken)
        )

    def _count(self, cell: CellRecord, state: str, reason: str) -> None:
        if state == "failed-check":
            self._fail(cell, reason, made=True)
        else:
            self.report.assets += 1
            self._jobs[cell.segment]["done"] += 1

    def _why_not(self, cell: CellRecord, broken: Mapping[str, str]) -> tuple[str | None, bool]:
        """Why the ad is not made, and whether that is the budget alone: what failed is said first. Judges make nothing."""
        out = sorted(
            (key for end in (*ENDS, SUBTITLES) if (key := cell.steps.get(end, "")) in broken),
            key=self.report.progress.limited.__contains__,
        )
        return (broken[out[0]], out[0] in self.report.progress.limited) if out else (None, False)

    def _fail(self, cell: CellRecord, reason: str, *, made: bool = False, limit: bool = False) -> None:
        self._jobs[cell.segment]["limited" if limit else "failed"] += 1
        self.report.failed.append(
            FailedAd(cell.ad_id, cell.segment, cell.placement, cell.locale, cell.market, reason, made, limit)
        )


def _state(counts: Mapping[str, int], *, running: bool = False) -> JobState:
    done, failed, wanted = counts.get("done", 0), counts.get("failed", 0), counts.get("ads", 0)
    limited = counts.get("limited", 0)
    if done + failed + limited < wanted:
        return "running" if running or done + failed else "queued"
    if limited:
        return "partly" if done + failed else "queued"
    if not failed:
        return "done"
    return "partly" if done else "failed"
