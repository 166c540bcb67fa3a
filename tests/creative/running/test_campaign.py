"""A run of a campaign with backends that make nothing: what it asks a far store, and where it ends at a limit."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creative import session as sessions
from creative.brief.brief import Brief
from creative.errors import StoreError
from creative.planning import Planner
from creative.planning.window import ENDS
from creative.review import Wish, judge
from creative.running import ready
from creative.running.campaign import CampaignRun, Report
from creative.running.inline import InlineRunner
from creative.session import Session
from creative.settings import settings
from creative.store import read_receipt, receipt_keys, write_receipt
from creative.store.healing import heal
from creative.store.receipts import delete_receipt
from creative.world import World
from tests.benchmarks.planning import write_brief
from tests.creative.running.test_budget import Steps
from tests.support.far_store import FarStore
from tests.support.null import null_table

SEGMENTS = ("s0", "s1", "s2")
"""From the most valuable to the least."""


class Campaign:
    """The planning benchmark's brief in one market, three segments with eight ads each."""

    def __init__(self, opened: Session, brief: Brief, world: World) -> None:
        self.opened, self.brief, self.world = opened, brief, world
        self.far = FarStore(opened.store)

    def media(self) -> set[str]:
        """What the plan of one market takes from the brief, by digest: media, layouts, fonts."""
        windows = Planner(self.brief, self.world, {"market": frozenset({"GB"})}).windows()
        steps = (step for window in windows for step in window.steps.values())
        return {source for step in steps for source in step.inputs.values() if isinstance(source, str)}

    def run(self, *segments: str, **more: Any) -> Report:
        self.far.calls.clear()
        only = {"market": frozenset({"GB"}), "segment": frozenset(segments or SEGMENTS)}
        ads = self.opened.survey(self.brief, self.world, only).segments
        inline = self.opened.runner()
        assert isinstance(inline, InlineRunner)
        with contextlib.closing(inline) as runner:
            run = CampaignRun(
                self.brief, self.world, self.far, self.opened.registry, runner,
                only=only, **more,
            )  # fmt: skip
            return run.run(ads)


@pytest.fixture
def campaign(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Campaign]:
    table = tmp_path / "null.yaml"
    table.write_text(null_table(**getattr(request, "param", {})), "utf-8")
    options = dataclasses.replace(settings(tmp_path / "out", runner="inline", workers=1), catalogues=(table,))
    brief = sessions.read_brief(write_brief(tmp_path, len(SEGMENTS)), options)
    with sessions.session(options) as opened:
        yield Campaign(opened, brief, sessions.in_world(brief, opened.catalogue))


def test_a_far_store_is_asked_little_and_much_at_once(campaign: Campaign) -> None:
    first = campaign.run()
    steps = first.progress.total("made")
    assert (first.status, first.assets, first.new, first.progress.total("failed")) == ("done", 24, 24, 0)
    calls = campaign.far.calls
    # Each step's receipt is asked for once, before it is made, and each ad's figures; the rest is a few for the window.
    assert calls["read"] <= steps + 10
    assert calls["get_blob"] == 24
    # Each medium and layout that a step needs is looked for once, and stored once; `put_blob` also has the brief.
    assert calls["size_of"] <= len(campaign.media())
    assert calls["put_blob"] <= len(campaign.media()) + 1
    assert sum(calls.values()) - sum(calls[name] for name in ("read", "get_blob", "size_of", "put_blob")) < 10
    assert campaign.far.most > 4
    for segments in (SEGMENTS[:1], SEGMENTS):  # what finds nothing to do asks nothing, however many ads there are
        again = campaign.run(*segments)
        assert (again.progress.total("made"), again.assets) == (0, 8 * len(segments))
        assert campaign.far.calls == Counter()


def test_what_the_registry_does_not_know_is_read_once(campaign: Campaign) -> None:
    steps = campaign.run().progress.total("made")
    campaign.opened.registry.forget_steps(list(receipt_keys(campaign.opened.store)))
    again = campaign.run()
    assert (again.progress.total("made"), again.assets) == (0, 24)
    assert campaign.far.calls == Counter(read=steps)


def test_at_a_limit_the_valuable_segments_are_done(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "_GROUP_STEPS", 1)  # as for steps that take their time: one goes to a worker
    whole = campaign.run("s0").progress.total("made")
    only = {"market": frozenset({"GB"})}
    other = campaign.opened.survey(campaign.brief, campaign.world, only)
    left = sum(other.missing.values())
    report = campaign.run(budget=Steps(left * 3 // 4))
    done = Counter(row.segment for row in campaign.opened.registry.manifest_rows())
    assert report.status == "limited"
    assert (done["s0"], done["s1"]) == (8, 8)
    assert done["s2"] < 8
    assert {(ad.segment, ad.limit, ad.reason) for ad in report.failed} == {
        ("s2", True, f"{left * 3 // 4} steps are enough")
    }
    assert len(report.failed) == 24 - report.assets
    made = set(receipt_keys(campaign.opened.store))
    cells = [cell for plan in Planner(campaign.brief, campaign.world, only).windows() for cell in plan.cells]
    ends = [[cell.steps[end] for end in ENDS] for cell in cells]
    assert sum(0 < len(made.intersection(keys)) < len(keys) for keys in ends) <= 1  # half made
    jobs = {job.segment: (job.state, dict(job.counts)) for job in campaign.opened.registry.jobs(report.run)}
    assert jobs["s1"] == ("done", {"ads": 8, "done": 8})
    assert jobs["s2"][1].get("limited") == 8 - done["s2"]
    assert list(campaign.opened.store.names("failures/")) == []
    again = campaign.run()
    assert (again.status, again.assets, again.progress.total("limited")) == ("done", 24, 0)
    assert whole + report.progress.total("made") + again.progress.total("made") == sum(other.steps.values())


class _Silent(FarStore):
    """Does not answer when it is asked for figures."""

    @property
    def get_blob(self) -> Any:
        def answer(_: str) -> bytes:
            raise StoreError("the store does not answer")

        return answer


def test_a_store_that_does_not_answer_is_no_fault_of_the_ads(campaign: Campaign) -> None:
    campaign.far = _Silent(campaign.opened.store)
    report = campaign.run("s0")
    assert (report.status, report.assets) == ("unavailable", 0)
    assert {ad.reason for ad in report.failed} == {"the store does not answer: run the command again"}
    campaign.far = FarStore(campaign.opened.store)
    again = campaign.run("s0")
    assert (again.status, again.assets, again.progress.total("made")) == ("done", 8, 0)


@pytest.mark.parametrize("campaign", [{"target": "tests.support.null:Unequal"}], indirect=True)
def test_a_verdict_is_of_the_bytes_that_were_seen(campaign: Campaign) -> None:
    store, registry = campaign.opened.store, campaign.opened.registry
    campaign.run("s0")
    before = {row.asset_id: row for row in registry.manifest_rows()}
    lost, kept, *_ = before.values()
    judge(store, registry, [Wish(row.asset_id, row.sha256, "approved", "Ann") for row in (lost, kept)])
    store.delete_blob(lost.sha256)
    assert heal(store, registry) == 1
    report = campaign.run("s0")  # the file is made again, and is another: its figures were of the old one
    assert {kind: tally.made for kind, tally in report.progress.kinds.items() if tally.made} == {
        "finish": 1,
        "measure": 1,
        "poster": 1,
    }
    assert (report.status, report.assets, report.new) == ("done", 8, 0)
    after = {row.asset_id: row for row in registry.manifest_rows()}
    assert after.keys() == before.keys()
    assert (after[lost.asset_id].state, after[kept.asset_id].state) == ("pending", "approved")
    assert after[lost.asset_id].sha256 != lost.sha256
    assert store.has_blob(after[lost.asset_id].sha256)
    assert "made again, with other bytes" in registry.history(lost.asset_id)[-1].why
    registry.rebuild(store)
    assert {row.asset_id: row for row in registry.manifest_rows()} == after
    assert campaign.run("s0").progress.total("made") == 0


@pytest.mark.parametrize("campaign", [{"target": "tests.support.null:Unequal"}], indirect=True)
def test_figures_of_other_bytes_are_not_believed(campaign: Campaign) -> None:
    store, registry = campaign.opened.store, campaign.opened.registry
    campaign.run("s0")
    row = next(registry.manifest_rows())
    finish = next(step for step in row.lineage if step["kind"] == "finish")["key"]
    receipt = read_receipt(store, finish)
    assert receipt is not None
    data = store.get_blob(row.sha256).replace(b'"nonce"', b'"other"')  # somebody else made it at the same time
    other = store.put_blob(data, receipt.outputs["asset"].type)
    delete_receipt(store, finish)
    write_receipt(store, receipt.model_copy(update={"outputs": {"asset": other}}))
    registry.forget_steps([finish])
    report = campaign.run("s0")
    assert (report.status, [ad.ad_id for ad in report.failed]) == ("unavailable", [row.ad_id])
    assert report.failed[0].reason == (
        "its file was made again with other bytes, and has to be measured again: run the command again"
    )
    report = campaign.run("s0")
    assert {kind: tally.made for kind, tally in report.progress.kinds.items() if tally.made} == {
        "measure": 1,
        "poster": 1,
    }
    assert (report.status, registry.asset(row.asset_id).sha256) == ("done", other.sha256)
