"""What each entry of a log does, and that it does it once."""

from __future__ import annotations

import pytest

from creative.errors import RegistryError, StoreError
from creative.records import Entry
from creative.registry import Registry
from creative.store import Log, Store, open_store
from creative.store.events import JobResult
from tests.support.registry_records import Farm, asset, cell, sha, told


def states(registry: Registry) -> dict[str, str]:
    return {row.asset_id.partition("-")[2]: row.state for row in registry.manifest_rows(all_states=True)}


def changes(registry: Registry, ad: str, take: str = "1") -> list[tuple[str | None, str, str]]:
    return [(row.before, row.after, row.why) for row in registry.history(asset(ad, take).asset_id)]


def test_an_entry_is_applied_once(registry: Registry, store: Store, farm: Farm) -> None:
    entry = farm.made("a")
    assert registry.apply(store, "c", entry)
    before = told(registry)
    assert not registry.apply(store, "c", entry)
    assert registry.catch_up(store) == 0
    assert told(registry) == before
    assert registry.campaigns()[0].cursor == 1


def test_what_was_missed_comes_first(registry: Registry, store: Store, farm: Farm) -> None:
    farm.brief()
    farm.made("a")
    assert registry.apply(store, "c", farm.made("a", take="2"))
    assert registry.campaigns()[0].cursor == 3
    assert states(registry) == {"a-1": "superseded", "a-2": "pending"}


def test_catching_up_goes_through_all_campaigns(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a")
    farm.made("b")
    Farm(store, "d").made("x")
    assert registry.catch_up(store) == 3
    assert registry.catch_up(store) == 0
    assert [(campaign.id, campaign.cursor) for campaign in registry.campaigns()] == [("c", 2), ("d", 1)]


def test_a_brief_names_its_campaign(registry: Registry, store: Store, farm: Farm) -> None:
    farm.brief("Autumn", owner={"name": "Mara"})
    farm.brief("Winter")
    registry.catch_up(store)
    (campaign,) = registry.campaigns()
    assert (campaign.id, campaign.name, campaign.brief, campaign.owner) == ("c", "Winter", sha("Winter"), None)
    assert campaign.at is not None and campaign.at.tzinfo is not None


def test_a_newer_rendition_supersedes_the_older(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a", "b")
    farm.made("a", take="2")
    registry.catch_up(store)
    assert states(registry) == {"a-1": "superseded", "a-2": "pending", "b-1": "pending"}
    assert changes(registry, "a") == [
        (None, "pending", "made"),
        ("pending", "superseded", f"by {asset('a', '2').asset_id}"),
    ]
    assert registry.current_assets("c")["a"].wanted == "wanted 2"


@pytest.mark.parametrize("state", ["approved", "failed-check", "rejected", "withdrawn"])
def test_a_no_is_not_forgotten(registry: Registry, store: Store, farm: Farm, state: str) -> None:
    farm.window([cell("a")], [asset("a", state=state)])  # type: ignore[arg-type]
    farm.made("a", take="2")
    registry.catch_up(store)
    kept = state in ("rejected", "withdrawn")
    assert states(registry) == {"a-1": state if kept else "superseded", "a-2": "pending"}
    assert registry.current_assets("c")["a"].asset_id == asset("a", "2").asset_id
    assert [row.asset_id for row in registry.manifest_rows()] == [asset("a", "2").asset_id]


def test_the_same_rendition_again_changes_nothing(registry: Registry, store: Store, farm: Farm) -> None:
    farm.window([cell("a")], [asset("a", state="approved")])
    farm.made("a")
    registry.catch_up(store)
    assert states(registry) == {"a-1": "approved"}
    assert len(changes(registry, "a")) == 1


def test_a_rendition_comes_back(registry: Registry, store: Store, farm: Farm) -> None:
    for take in "121":
        farm.made("a", take=take)
    registry.catch_up(store)
    assert states(registry) == {"a-1": "pending", "a-2": "superseded"}
    assert changes(registry, "a")[-1] == ("superseded", "pending", "wanted again")
    assert registry.current_assets("c")["a"].asset_id == asset("a").asset_id


def test_other_bytes_are_looked_at_anew(registry: Registry, store: Store, farm: Farm) -> None:
    farm.window([cell("a")], [asset("a", state="approved")])
    farm.window([cell("a")], [asset("a", bytes_="other")])
    registry.catch_up(store)
    assert states(registry) == {"a-1": "pending"}
    assert changes(registry, "a")[-1] == ("approved", "pending", "made again, with other bytes")


def test_figures_judged_anew(registry: Registry, store: Store, farm: Farm) -> None:
    farm.window([cell("a")], [asset("a", state="failed-check", reasons=("too loud", "too long"))])
    farm.made("a")
    registry.catch_up(store)
    assert changes(registry, "a") == [
        (None, "failed-check", "made: too loud; too long"),
        ("failed-check", "pending", "checked again"),
    ]


def test_retired_ads_and_their_return(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a", "b")
    farm.window([cell("r")], [asset("r", state="rejected")])
    farm.retired("a", "r", "never heard of")
    registry.catch_up(store)
    assert states(registry) == {"a-1": "retired", "b-1": "pending", "r-1": "rejected"}
    assert set(registry.current_assets("c")) == {"b", "r"}
    farm.made("a")
    registry.catch_up(store)
    assert states(registry)["a-1"] == "pending"
    assert [after for _, after, _ in changes(registry, "a")] == ["pending", "retired", "pending"]


def test_another_price_withdraws_the_old_ad_even_if_the_new_one_failed(
    registry: Registry, store: Store, farm: Farm
) -> None:
    farm.made("a", "b")
    farm.window([cell("a", take="2", binding="4.99"), cell("b", take="2")])
    registry.catch_up(store)
    assert states(registry) == {"a-1": "superseded", "b-1": "pending"}
    current = registry.current_assets("c")
    assert set(current) == {"b"}
    assert current["b"].wanted == "wanted 1"
    assert registry.asset("b").texts == {"headline": "Hausröstung 1"}


def test_two_renditions_of_an_ad_in_one_window(registry: Registry, store: Store, farm: Farm) -> None:
    farm.window([cell("a", take="2")], [asset("a"), asset("a", "2")])
    registry.catch_up(store)
    assert states(registry) == {"a-1": "superseded", "a-2": "pending"}


def test_a_run_and_its_jobs(registry: Registry, store: Store, farm: Farm) -> None:
    registry.set_job("r1", "commuters", "queued", {"ads": 2})
    registry.set_job("r1", "commuters", "running", {"ads": 2, "made": 1})
    assert [(job.segment, job.state, job.counts) for job in registry.jobs("r1")] == [
        ("commuters", "running", {"ads": 2, "made": 1})
    ]
    farm.run("r1", "running")
    registry.catch_up(store)
    assert registry.jobs("r1")[0].state == "running"
    farm.run("r1", "done", {"commuters": JobResult(state="partly", counts={"ads": 2, "failed": 1})})
    farm.run("r2")
    registry.catch_up(store)
    assert [(run.id, run.status, run.counts, run.seconds) for run in registry.runs("c")] == [
        ("r1", "done", {"ads": 3}, 1.5),
        ("r2", "done", {"ads": 3}, 1.5),
    ]
    assert registry.jobs("r1")[0].state == "partly"
    assert registry.jobs("r9") == []


def test_a_newer_versions_entry_stops_it(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a")
    farm.log.append("hologram", {})
    farm.made("b")
    with pytest.raises(RegistryError, match=r"newer version.*entry 2 of c.*'hologram'"):
        registry.catch_up(store)
    assert states(registry) == {"a-1": "pending"}
    assert registry.campaigns()[0].cursor == 1


@pytest.mark.parametrize(
    ("type", "data"),
    [("window", {}), ("retired", {"ads": "all"}), ("run", {"run": "r"}), ("brief", {"snapshot": None})],
)
def test_an_entry_that_makes_no_sense_is_named(
    registry: Registry, store: Store, farm: Farm, type: str, data: dict[str, object]
) -> None:
    farm.log.append(type, data)
    with pytest.raises(RegistryError, match=f"entry 1 .{type}. of c"):
        registry.catch_up(store)


def test_a_window_that_makes_no_sense_changes_nothing(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a")
    registry.catch_up(store)
    before = told(registry)
    entry = farm.window([cell("b"), cell("x", campaign="another")])
    with pytest.raises(RegistryError, match="another"):
        registry.apply(store, "c", entry)
    assert told(registry) == before
    other = Farm(store, "d")
    entry = other.window([], [asset("b")])
    with pytest.raises(RegistryError, match="without its cell"):
        registry.apply(store, "d", entry)
    lost = Log(store, "e").append("window", {"object": "campaigns/e/cells/none.json.gz"})
    with pytest.raises(StoreError, match="lost"):
        registry.apply(store, "e", lost)
    assert told(registry) == before


def test_another_store_is_refused(registry: Registry, tmp_path: object, farm: Farm) -> None:
    other = open_store(f"{tmp_path}/other")
    entry = Entry(n=1, type="run", at="2026-01-01T00:00:00+00:00", data={})
    for call in (
        lambda: registry.catch_up(other),
        lambda: registry.rebuild(other),
        lambda: registry.apply(other, "c", entry),
    ):
        with pytest.raises(RegistryError, match=other.id):
            call()


def test_many_cells_in_one_window(registry: Registry, store: Store, farm: Farm) -> None:
    ads = [f"ad{i:05}" for i in range(1300)]
    farm.made(*ads)
    farm.made(*ads, take="2")
    farm.retired(*ads[:700])
    registry.catch_up(store)
    assert sum(n for (state, _), n in registry.counts("c").items() if state == "retired") == 700
    assert sum(n for (state, _), n in registry.counts("c").items() if state == "superseded") == 1300
    assert list(registry.current_assets("c")) == ads[700:]
