"""Consents as a state machine: people enter and revoke them, days go by, runs go on meanwhile, ads are approved, delivered and
matched. A model of what is allowed runs beside the farm's own stores, workers, loop and registry.

Two things must always hold: nothing is made or used with a voice, a likeness or a track without a consent to it in force, and
nothing that needs one which is not in force is matched, delivered or approved.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from creative import matching
from creative.backends import BackendSpec
from creative.catalogue import Catalogue
from creative.delivery import deliver
from creative.errors import UsageError
from creative.matching import match, request
from creative.placements import placements
from creative.planning.window import ENDS, Part, PlannedCell, PlanWindow, part
from creative.records import BlobRef, CellRecord
from creative.registry import open_registry
from creative.review import Wish, judge
from creative.review.withdrawing import withdraw_lapsed
from creative.rights import Consent, entering, ledger
from creative.rights.guard import ENTERS
from creative.rights.records import Kind
from creative.rights.scope import constraint
from creative.running import campaign as campaigns
from creative.running.campaign import CampaignRun
from creative.running.port import Batch, Outcome, Worksite
from creative.steps import step
from creative.store import open_store
from creative.store.receipts import receipt_keys
from creative.world import Media
from tests.support.consents import Clock, blob, consent
from tests.support.registry_records import told
from workers.work import Workshop

START = date(2026, 11, 1)
IDS: Mapping[str, Kind] = {
    "mara-1": "voice",
    "mara-2": "voice",
    "otto-1": "voice",
    "ana-1": "likeness",
    "song-1": "music",
}
REFERENCES = {"mara-1": b"mara", "mara-2": b"mara", "otto-1": b"otto", "ana-1": b"ana", "song-1": b"song"}
PLACEMENT = "spotify-audio-15"
_NULL = "tests.support.null:Null"
ADS = st.sets(st.sampled_from("xyz"), min_size=1, max_size=2)
USES = st.sets(st.sampled_from(("voice", "likeness", "music")), min_size=1)
_KINDS = ("speech", "fit", "bed", "mix", "scene", "film", *ENDS)
SPECS = {
    (kind, "null"): BackendSpec(
        "null", kind, _NULL, generative=kind == "speech", facts={"uses": ["clone"]} if kind == "speech" else {}
    )
    for kind in _KINDS
}
_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def planned(campaign: str, ad: str, named: Mapping[Kind, Consent]) -> tuple[CellRecord, tuple[Part, ...]]:
    """An ad with a cloned voice, somebody's photo, a licensed track, or several of them, as planning makes one. Ads that say
    the same share their sentences.
    """

    def one(kind: str, params: dict[str, Any], inputs: dict[str, Any], *below: Part, seed: int | None = None) -> Part:
        rights = [named[ENTERS[kind][1]].id] if kind in ENTERS else []
        return part(step(kind, "null", 1, None, params, inputs, seed, f"{kind} of {ad}").under(rights), *below)

    source = {kind: consent.references[0].sha256 for kind, consent in named.items()}
    heard: dict[str, Part] = {}
    if "voice" in named:
        said = {"phrases": [f"Take {ad}."], "locale": "en-GB", "speaker": "clone"}
        speech = one("speech", said, {"reference": source["voice"]}, seed=7)
        inputs = {"audio.0": speech.out("audio"), "times.0": speech.out("times")}
        heard["voice"] = one("fit", {"ms": 15000}, inputs, speech)
    if "music" in named:
        heard["bed"] = one("bed", {"ms": 15000}, {"track": source["music"]}, seed=0)
    made = []
    if heard:
        loud = {"ms": 15000, "lufs_tenths": -140, "true_peak_tenths": -10}
        made.append(one("mix", loud, {role: below.out("audio") for role, below in heard.items()}, *heard.values()))
    if "likeness" in named:
        made.append(one("scene", {"width": 64, "height": 64}, {"photo": source["likeness"]}, seed=7))
        outs = {"mix" if below.step.kind == "mix" else "body": below for below in made}
        inputs = {role: below.out("audio" if role == "mix" else "image") for role, below in outs.items()}
        made = [one("film", {"ms": 15000, "lufs_tenths": -140, "true_peak_tenths": -10}, inputs, *made)]
    [whole] = made
    ids = tuple(sorted(consent.id for consent in named.values()))
    note = ", ".join(ids)
    label = {"ad_id": f"ad_{campaign}{ad}", "title": "t", "format": "mp3", "source_type": _SOURCE, "ai_note": note}
    finish = one("finish", label, {"media": whole.out("film" if "likeness" in named else "audio")}, whole)
    asset = {"asset": finish.out("asset")}
    measure = one("measure", {"modality": "audio"}, asset, finish)
    poster = one("poster", {"side": 64}, asset, finish)
    ends = dict(zip(ENDS, (finish, measure, poster), strict=True))
    assert finish.step.rights == ids
    standing = ledger.Rights({consent.id: ledger.Standing(consent, "", "") for consent in named.values()})
    cell = CellRecord(
        ad_id=f"ad_{campaign}{ad}", campaign=campaign, market="GB", locale="en-GB", product=None, offer=None,
        segment=ad, placement=PLACEMENT, arm=None, variant=1, modality="audio", name=f"{campaign}_{ad}", choices={},
        texts={"script": f"Take {ad}."}, wanted=note, binding="b",
        steps={end: made.step.key for end, made in ends.items()},
        carried={"rights": [constraint(standing, id) for id in ids]},
    )  # fmt: skip
    return cell, tuple(ends.values())


class _Hands:
    """A runner whose worker is here; `between` is called with the number of each batch before and after it."""

    def __init__(
        self, workshop: Workshop, between: Callable[[], None], see: Callable[[Batch, Sequence[Outcome]], None]
    ):
        self.workshop, self.between, self.see = workshop, between, see
        self.batch: Batch | None = None

    def free(self, spec: BackendSpec) -> int:
        return 0 if self.batch else 1

    def submit(self, batch: Batch) -> None:
        self.batch = batch

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        batch, self.batch = self.batch, None
        if batch is None:
            return ()
        self.between()
        outcomes = self.workshop.run(batch)
        self.see(batch, outcomes)
        self.between()
        return [(batch.id, outcomes)]

    def kill(self, batch: int) -> None:
        raise AssertionError

    def close(self) -> None:
        pass


class _Plan:
    """A planner of one window."""

    findings: ClassVar[dict[str, str]] = {}

    def __init__(self, window: PlanWindow) -> None:
        self.window = window

    def windows(self) -> list[PlanWindow]:
        return [self.window]


class RightsMachine(RuleBasedStateMachine):
    """See the module. `base`: a folder for its own."""

    base: Path
    taken: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        Clock.day = START
        self.folder = Path(tempfile.mkdtemp(dir=self.base))
        self.store = open_store(self.folder / "store")
        self.registry = open_registry(self.folder / "registry.db", self.store.id)
        for data in sorted(set(REFERENCES.values())):
            self.store.put_blob(data, "audio/wav")
        self.workshop = Workshop(Worksite(self.store.url, str(self.folder / "cache"), ""), 1)
        self.entered: dict[str, Consent] = {}
        self.ended: set[str] = set()  # statements
        self.made: dict[str, str] = {}  # asset: consent
        self.ads: set[tuple[str, str]] = set()

    # The model

    def in_force(self, id: str) -> bool:
        one = self.entered.get(id)
        if one is None or one.statement.sha256 in self.ended:
            return False
        return one.valid_from <= Clock.day.isoformat() <= one.valid_until

    # What people do

    @initialize(long=st.booleans())
    def everybody_agrees(self, long: bool) -> None:
        for id in IDS:
            self.enter(id, "a", 0, 30 if long else 3)

    @rule(id=st.sampled_from(sorted(IDS)), take=st.sampled_from("ab"), first=st.integers(-2, 3), days=st.integers(1, 9))
    def enter(self, id: str, take: str, first: int, days: int) -> None:
        """With a new statement, or with one that was used before."""
        statement: BlobRef = blob(f"{id} {take}".encode())
        start = Clock.day + timedelta(days=first)
        named = consent(
            id if id not in self.entered else f"{id}-{len(self.entered)}",
            kind=IDS[id],
            statement=statement,
            references=(blob(REFERENCES[id]),),
            valid_from=start.isoformat(),
            valid_until=(start + timedelta(days=days)).isoformat(),
        )
        allowed = statement.sha256 not in self.ended and named.valid_until >= Clock.day.isoformat()
        try:
            entering.add(self.store, named, {}, "Ines Rau")
        except UsageError:
            assert not allowed
            return
        assert allowed
        self.entered[named.id] = named

    @rule(at=st.integers(0, 99), finished=st.booleans())
    def revoke(self, at: int, finished: bool) -> None:
        """As the command does it, or killed before it could withdraw anything."""
        self._end(at)
        if finished:
            withdraw_lapsed(self.store, self.registry, "Ines Rau")
            self._nothing_lapsed_is_shown()

    def _end(self, at: int) -> None:
        if self.entered:
            id = sorted(self.entered)[at % len(self.entered)]
            entering.revoke(self.store, id, "Ines Rau", "so")
            self.ended.add(self.entered[id].statement.sha256)

    @rule(days=st.integers(1, 4))
    def days_go_by(self, days: int) -> None:
        Clock.day += timedelta(days=days)

    @rule()
    def night(self) -> None:
        withdraw_lapsed(self.store, self.registry, "nightly")
        self._nothing_lapsed_is_shown()

    @rule(
        campaign=st.sampled_from("cd"),
        ads=ADS,
        uses=USES,
        at=st.integers(0, 99),
        meanwhile=st.none() | st.tuples(st.integers(0, 11), st.integers(0, 99) | st.none()),
        retry=st.booleans(),
    )
    def run(
        self,
        campaign: str,
        ads: set[str],
        uses: set[Kind],
        at: int,
        meanwhile: tuple[int, int | None] | None,
        retry: bool,
    ) -> None:
        """A run, whose plan was right when it was made. `meanwhile`: at which moment of it which consent is revoked, or, with
        None, days go by.
        """
        named: dict[Kind, Consent] = {}
        for kind in sorted(uses):
            there = sorted(id for id, one in self.entered.items() if one.kind == kind)
            if not there:
                return
            named[kind] = self.entered[there[at % len(there)]]
        made = [planned(campaign, ad, named) for ad in sorted(ads)]
        steps = {below.key: below for _, parts in made for each in parts for below in each.steps}
        cells = (PlannedCell(c.ad_id, c.modality, c.segment, c.steps, lambda c=c: c) for c, _ in made)
        moments = iter(range(10_000))

        def between() -> None:
            if meanwhile is not None and next(moments) == meanwhile[0]:
                if meanwhile[1] is None:
                    Clock.day += timedelta(days=4)
                else:
                    self._end(meanwhile[1])

        before, held = set(receipt_keys(self.store)), all(self.in_force(one.id) for one in named.values())
        runner = _Hands(self.workshop, between, self._see)
        world = SimpleNamespace(catalogue=Catalogue(SPECS, ""), media=Media(), placements=placements())
        brief = SimpleNamespace(
            campaign=SimpleNamespace(id=campaign, name=campaign), owner=None, brand_kit=SimpleNamespace(name="Marlo"),
            snapshot=dict,
        )  # fmt: skip
        plan = _Plan(PlanWindow(1, tuple(cells), steps))
        original, campaigns.Planner = campaigns.Planner, lambda *_: plan  # type: ignore[misc,assignment]
        try:
            going = CampaignRun(
                brief, world, self.store, self.registry, runner, only={"segment": frozenset()}, retry_failed=retry  # type: ignore[arg-type]
            )  # fmt: skip
            report = going.run(dict.fromkeys(sorted(ads), 1))
        finally:
            campaigns.Planner = original  # type: ignore[misc]
        if held and all(self.in_force(one.id) for one in named.values()):
            assert report.assets == len(ads), report.failed
        else:
            assert report.assets == 0 or meanwhile is not None
        if meanwhile is None:
            for key in set(receipt_keys(self.store)) - before:
                assert all(map(self.in_force, steps[key].rights)), steps[key]
        self.ads |= {(campaign, ad) for ad in ads}
        self._nothing_lapsed_is_shown(campaign)

    def _see(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        for one, outcome in zip(batch.steps, outcomes, strict=True):
            assert one.rights
            if all(map(self.in_force, one.rights)):
                assert outcome.status in ("made", "reused"), outcome
            else:
                assert outcome.status == "refused", (outcome, one.rights)

    @rule(campaign=st.sampled_from("cd"), ads=ADS, uses=USES, at=st.integers(0, 99))
    def run_and_approve(self, campaign: str, ads: set[str], uses: set[Kind], at: int) -> None:
        self.run(campaign, ads, uses, at, None, False)
        self.approve(campaign)

    @rule(campaign=st.sampled_from("cd"))
    def approve(self, campaign: str) -> None:
        for row in list(self.registry.manifest_rows(campaign)):
            judge(self.store, self.registry, [Wish(row.asset_id, row.sha256, "approved", "Bo")])
            after = self.registry.asset(row.asset_id).state
            if row.state != "approved" and after == "approved":
                assert all(map(self.in_force, self.registry.needed_rights([row.asset_id])[row.asset_id]))

    @rule(campaign=st.sampled_from("cd"))
    def deliver(self, campaign: str) -> None:
        if any(name == campaign for name, _ in self.ads):
            deliver(self.store, self.registry, campaign)
            for row in self.registry.deliveries(campaign).values():
                assert all(map(self.in_force, self.registry.needed_rights([row.asset_id])[row.asset_id]))

    @rule()
    def rebuild(self) -> None:
        self.registry.catch_up(self.store)
        live = self.registry.rights()  # all else is compared at the end
        self.registry.rebuild(self.store)
        assert self.registry.rights() == live

    # What must always hold

    def _nothing_lapsed_is_shown(self, campaign: str | None = None) -> None:
        """Whoever says that it was withdrawn has withdrawn it."""
        for row in self.registry.manifest_rows(campaign):
            if row.state in ("pending", "approved"):
                needed = self.registry.needed_rights([row.asset_id])[row.asset_id]
                assert all(map(self.in_force, needed)), row.asset_id

    @invariant()
    def what_is_matched_is_agreed_to(self) -> None:
        type(self).taken += 1
        at = datetime(Clock.day.year, Clock.day.month, Clock.day.day, 12, tzinfo=UTC)
        for campaign, ad in sorted(self.ads):
            asked = dataclasses.replace(request(PLACEMENT, "GB", "en-GB", ad, campaign=campaign), at=at)
            found = match(self.store, self.registry, asked)
            if found.asset_id is not None:
                needed = self.registry.needed_rights([found.asset_id])[found.asset_id]
                assert needed and all(map(self.in_force, needed))

    def teardown(self) -> None:
        self.registry.catch_up(self.store)
        live = told(self.registry)
        with open_registry(self.folder / "fresh.db", self.store.id) as fresh:
            fresh.rebuild(self.store)
            assert told(fresh) == live
        self.registry.close()
        shutil.rmtree(self.folder)


def run(folder: Path, monkeypatch: Any, examples: int, steps: int) -> int:
    """So many examples of at most so many steps; returns how many steps those were."""
    monkeypatch.setattr(ledger, "datetime", Clock)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power cut is part of this
    monkeypatch.setattr(matching, "_why_none", lambda *_: "none")  # for people, and half of the time
    memory = Path("/dev/shm")  # where there is such a place: SQLite waits for a disk otherwise, hundreds of times
    if memory.is_dir():
        folder = Path(tempfile.mkdtemp(prefix="rights-", dir=memory))
    machine = type("Rights", (RightsMachine,), {"base": folder})
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=examples,
                phases=tuple(phase for phase in Phase if phase is not Phase.explain),
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
    finally:
        if folder.parent == memory:
            shutil.rmtree(folder, ignore_errors=True)
    taken: int = machine.taken
    return taken
