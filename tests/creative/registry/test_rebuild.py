"""A registry that followed the logs, one that was killed while it did, and one made from the store today are equal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from creative.records import Entry
from creative.registry import Registry, open_registry
from creative.store import Store, open_store, write_receipt
from creative.store.events import JobResult, Verdict, VerdictEvent
from tests.support.registry_records import Farm, asset, cell, receipt, sha, told
from tests.support.scripts import run_script

ADS = st.sets(st.sampled_from("abcdef"), min_size=1)
CAMPAIGNS = st.sampled_from(["c", "d"])


def test_rebuilding_changes_nothing(registry: Registry, store: Store, farm: Farm) -> None:
    farm.brief()
    farm.made("a", "b")
    farm.made("a", take="2")
    farm.retired("b")
    farm.run(jobs={"commuters": JobResult(state="done")})
    farm.verdicts([("a", "approved"), ("b", "rejected")])
    farm.verdict("a", "approved", take="2")
    farm.exported({"c/x.jpg": "a"})
    for key in (sha("one"), sha("two")):
        registry.record_steps([write_receipt(store, receipt(key))])
    registry.catch_up(store)
    before = told(registry)
    assert registry.rebuild(store) == 8
    assert told(registry) == before
    assert registry.known_steps([sha("one"), sha("two")]) == {sha("one"), sha("two")}


def test_rebuilding_finds_steps_that_only_the_store_knew(registry: Registry, store: Store) -> None:
    write_receipt(store, receipt(sha("one")))
    assert registry.known_steps([sha("one")]) == set()
    registry.rebuild(store)
    assert registry.known_steps([sha("one")]) == {sha("one")}


def test_live_or_rebuilt(new_place: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> None:
    class Campaigns(RuleBasedStateMachine):
        """Two campaigns' runs, and a registry that follows now and then."""

        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp()))
            self.store = open_store(self.folder / "store")
            self.farms = {name: Farm(self.store, name) for name in ("c", "d")}
            self.place = new_place()
            self.registry = open_registry(self.place, self.store.id)
            self.last: tuple[str, Entry] | None = None

        def wrote(self, campaign: str, entry: Entry) -> None:
            self.last = campaign, entry

        @rule(campaign=CAMPAIGNS, name=st.sampled_from(["Autumn", "Winter"]))
        def brief(self, campaign: str, name: str) -> None:
            self.wrote(campaign, self.farms[campaign].brief(name))

        @rule(
            campaign=CAMPAIGNS,
            ads=ADS,
            failed=st.sets(st.sampled_from("abcdef"), max_size=2),
            take=st.sampled_from("123"),
            price=st.sampled_from(["5.99", "4.99"]),
            state=st.sampled_from(["pending", "pending", "failed-check", "approved", "rejected"]),
            made=st.sampled_from(["", "again"]),
        )
        def window(
            self, campaign: str, ads: set[str], failed: set[str], take: str, price: str, state: str, made: str
        ) -> None:
            cells = [cell(campaign + ad, campaign, take, price) for ad in sorted(ads)]
            assets = [asset(campaign + ad, take, state, made) for ad in sorted(ads - failed)]  # type: ignore[arg-type]
            self.wrote(campaign, self.farms[campaign].window(cells, assets))

        @rule(campaign=CAMPAIGNS, ads=ADS)
        def retired(self, campaign: str, ads: set[str]) -> None:
            self.wrote(campaign, self.farms[campaign].retired(*(campaign + ad for ad in sorted(ads))))

        @rule(
            campaign=CAMPAIGNS,
            said=st.lists(
                st.tuples(
                    st.sampled_from("abcdef"),
                    st.sampled_from("123"),
                    st.sampled_from(["", "", "again"]),
                    st.sampled_from(["approved", "approved", "rejected", "withdrawn"]),
                ),
                min_size=1,
                max_size=8,
            ),
            by=st.sampled_from(["Ann", "Bo", "match"]),
        )
        def verdict(self, campaign: str, said: list[tuple[str, str, str, str]], by: str) -> None:
            """Of any rendition that there may be, by its bytes then or now."""
            known = [(asset(campaign + ad, take, bytes_=made), verdict) for ad, take, made, verdict in said]
            event = VerdictEvent(
                by=by,
                verdicts=tuple(
                    Verdict(asset_id=one.asset_id, ad_id=one.ad_id, sha256=one.sha256, verdict=verdict)  # type: ignore[arg-type]
                    for one, verdict in known
                ),
            )
            self.wrote(campaign, self.farms[campaign].log.append("verdict", event.model_dump(mode="json")))

        @rule(campaign=CAMPAIGNS, ads=ADS, removed=ADS)
        def exported(self, campaign: str, ads: set[str], removed: set[str]) -> None:
            paths = {f"{campaign}/{ad}.jpg": campaign + ad for ad in sorted(ads)}
            gone = tuple(f"{campaign}/{ad}.jpg" for ad in sorted(removed - ads))
            self.wrote(campaign, self.farms[campaign].exported(paths, gone))

        @rule(campaign=CAMPAIGNS, run=st.sampled_from(["1", "2"]), state=st.sampled_from(["done", "partly"]))
        def run(self, campaign: str, run: str, state: str) -> None:
            jobs = {"commuters": JobResult(state=state)}  # type: ignore[arg-type]
            self.wrote(campaign, self.farms[campaign].run(campaign + run, state, jobs))

        @precondition(lambda self: self.last is not None)
        @rule()
        def apply(self) -> None:
            assert self.last is not None
            self.registry.apply(self.store, *self.last)

        @rule()
        def catch_up(self) -> None:
            self.registry.catch_up(self.store)

        @rule()
        def reopen(self) -> None:
            self.registry.close()
            self.registry = open_registry(self.place, self.store.id)

        @rule()
        def rebuild(self) -> None:
            self.registry.rebuild(self.store)

        @invariant()
        def at_most_one_rendition_of_an_ad_may_be_shown(self) -> None:
            for campaign in ("c", "d"):
                live = [
                    row.ad_id
                    for row in self.registry.manifest_rows(campaign, all_states=True)
                    if row.state in ("pending", "approved", "failed-check")
                ]
                assert len(live) == len(set(live))
                assert set(live) <= set(self.registry.current_assets(campaign))

        @invariant()
        def what_is_approved_is_what_its_ad_shows_now(self) -> None:
            for campaign in ("c", "d"):
                ids = [row.asset_id for row in self.registry.approved(campaign)]
                assert all(one.present for one in self.registry.reviewable(ids).values())

        def teardown(self) -> None:
            self.registry.catch_up(self.store)
            live = told(self.registry)
            with open_registry(new_place(), self.store.id) as fresh:
                fresh.catch_up(self.store)
                assert told(fresh) == live
            self.registry.rebuild(self.store)
            assert told(self.registry) == live
            for rows in live["history"].values():
                assert [row.before for row in rows] == [None, *(row.after for row in rows[:-1])]
            for row in live["assets"]:
                assert live["history"][row["asset_id"]][-1].after == row["state"]
            self.registry.close()
            shutil.rmtree(self.folder)

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Campaigns,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_killed_in_twenty_rounds(place: str, tmp_path: Path) -> None:
    """A writer is killed at any moment: what it said was done is done, in the log and in the registry."""
    store = open_store(tmp_path / "store")
    total = 0
    for line in run_script(Path(__file__).with_name("registry_killed.py"), str(tmp_path / "store"), place, "20"):
        acknowledged, seen_by_registry, in_log = (int(word) for word in line.split())
        assert acknowledged <= seen_by_registry <= in_log <= seen_by_registry + 1
        total = acknowledged
    assert total >= 20
    with open_registry(place, store.id) as registry:
        registry.catch_up(store)
        live = told(registry)
        registry.rebuild(store)
        assert told(registry) == live


def test_eight_processes_at_once(place: str, tmp_path: Path) -> None:
    """All make the registry, write to one log and apply what they wrote."""
    store = open_store(tmp_path / "store")
    run_script(Path(__file__).with_name("registry_crowd.py"), str(tmp_path / "store"), place)
    with open_registry(place, store.id) as registry:
        assert registry.campaigns()[0].cursor == 8 * 3
        assert registry.rates()["scene", "studio"].n == 3 + 8 * 3
        assert registry.catch_up(store) == 0
        live = told(registry)
        registry.rebuild(store)
        assert told(registry) == live | {"rates": {}}  # no receipts were written
