"""Verdicts and deliveries as the registry applies them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from creative.records import AssetState
from creative.registry import Candidate, Registry, Wanted, database, open_registry, tables
from creative.store import Store
from tests.creative.registry.test_migrations import engine_at, make_at
from tests.support.registry_records import Farm, asset, cell, sha, told


def said(farm: Farm, registry: Registry, store: Store, ad: str, verdict: str, **more: str) -> str:
    """Say it of the first take; returns the state that it comes to."""
    farm.verdict(ad, verdict, **more)
    registry.catch_up(store)
    return registry.asset(asset(ad).asset_id).state


@pytest.mark.parametrize(
    ("before", "verdict", "after"),
    [
        ("pending", "approved", "approved"),
        ("pending", "rejected", "rejected"),
        ("pending", "withdrawn", "withdrawn"),
        ("failed-check", "approved", "failed-check"),
        ("failed-check", "rejected", "rejected"),
        ("approved", "rejected", "rejected"),
        ("approved", "withdrawn", "withdrawn"),
        ("rejected", "approved", "approved"),
        ("rejected", "withdrawn", "rejected"),
        ("withdrawn", "approved", "approved"),
        ("withdrawn", "rejected", "rejected"),
    ],
)
def test_what_a_verdict_changes(
    registry: Registry, store: Store, farm: Farm, before: AssetState, verdict: str, after: str
) -> None:
    farm.window([cell("a")], [asset("a", state=before)])
    assert said(farm, registry, store, "a", verdict, by="Ann", reason="so") == after
    [row] = registry.verdicts(asset_id=asset("a").asset_id)
    assert (row.verdict, row.by, row.reason, row.sha256, row.entry) == (verdict, "Ann", "so", asset("a").sha256, 2)
    if after != before:
        last = registry.history(asset("a").asset_id)[-1]
        assert (last.before, last.after, last.by, last.why) == (before, after, "Ann", "by Ann: so")


def test_a_verdict_of_other_bytes_is_kept_and_changes_nothing(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a")
    assert said(farm, registry, store, "a", "approved", sha256=sha("other")) == "pending"
    assert [row.sha256 for row in registry.verdicts()] == [sha("other")]


def test_a_verdict_never_survives_other_bytes(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a")
    assert said(farm, registry, store, "a", "approved") == "approved"
    farm.window([cell("a")], [asset("a", bytes_="again")])
    registry.catch_up(store)
    assert registry.asset(asset("a").asset_id).state == "pending"
    assert said(farm, registry, store, "a", "approved") == "pending"
    assert len(registry.verdicts(campaign="c")) == 2


@pytest.mark.parametrize("how", ["another take", "retired", "another price"])
def test_what_is_not_present_any_more_cannot_be_approved(
    registry: Registry, store: Store, farm: Farm, how: str
) -> None:
    farm.window([cell("a")], [asset("a", state="rejected")])
    if how == "another take":
        farm.made("a", take="2")
    elif how == "retired":
        farm.retired("a")
    else:
        farm.window([cell("a", binding="4.99")])
    assert said(farm, registry, store, "a", "approved") == "rejected"
    one = registry.reviewable([asset("a").asset_id])[asset("a").asset_id]
    assert one.present is False
    assert one.newest == asset("a", "2" if how == "another take" else "1").asset_id


def test_an_approval_stays_when_nothing_changed(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a", "b")
    assert said(farm, registry, store, "a", "approved") == "approved"
    farm.made("a", "b")
    registry.catch_up(store)
    assert [row.state for row in registry.manifest_rows()] == ["approved", "pending"]
    assert len(registry.history(asset("a").asset_id)) == 2


def test_a_rejected_failure_stays_a_failure(registry: Registry, store: Store, farm: Farm) -> None:
    farm.window([cell("a")], [asset("a", state="failed-check", reasons=("too dark",))])
    assert said(farm, registry, store, "a", "rejected") == "rejected"
    assert said(farm, registry, store, "a", "approved") == "rejected"


def test_verdicts_of_unknown_ads_and_of_several_at_once(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a")
    farm.verdict("nobody", "approved")
    farm.verdicts([("a", "rejected"), ("a", "approved"), ("a", "approved")], by="Bo")
    registry.catch_up(store)
    assert registry.asset("a").state == "approved"
    assert [(row.asset_id[-3:-2], row.number, row.verdict) for row in registry.verdicts()] == [
        ("y", 0, "approved"),
        ("a", 0, "rejected"),
        ("a", 1, "approved"),
        ("a", 2, "approved"),
    ]
    assert [row.verdict for row in registry.verdicts(last=3)] == ["rejected", "approved", "approved"]
    assert [row.after for row in registry.history(asset("a").asset_id)] == ["pending", "rejected", "approved"]
    assert registry.verdicts(campaign="other") == []


def test_deliveries_are_what_the_log_says_last(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("a", "b")
    farm.exported({"c/x.jpg": "a", "c/y.jpg": "b"})
    farm.exported({"c/y.jpg": "a"}, removed=("c/x.jpg", "c/none.jpg"))
    registry.catch_up(store)
    [row] = registry.deliveries("c").values()
    assert (row.path, row.ad_id, row.asset_id, row.sha256) == (
        "c/y.jpg",
        "a",
        asset("a").asset_id,
        asset("a").sha256,
    )
    assert registry.deliveries("other") == {}


def test_a_registry_of_the_first_version_is_filled(
    new_place: Callable[[], str], registry: Registry, store: Store, farm: Farm
) -> None:
    """Cells carried flight and traits before there were columns for them."""
    carried = {"flight": {"from": "2026-10-01", "until": "2026-12-31"}, "traits": {"crm": "1", "iab": ["1", "2"]}}
    cells = [cell("a", carried=carried), cell("b", carried={}), cell("d", carried=carried)]
    farm.window(cells, [asset(one.ad_id) for one in cells])
    registry.catch_up(store)
    place = new_place()
    make_at(place, "0001")
    with engine_at(place) as engine, database.writing(engine) as connection:
        for table in (tables.campaigns, tables.cells, tables.assets, tables.asset_history):
            there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
            columns = [column for column in table.c if column.name in there]
            with database.reading(registry._engine) as source:
                rows = [dict(row._mapping) for row in source.execute(sa.select(*columns))]
            connection.execute(sa.insert(sa.table(table.name, *(sa.column(c.name, c.type) for c in columns))), rows)
    with open_registry(place, store.id) as upgraded:
        assert upgraded.catch_up(store) == 0
        assert told(upgraded) == told(registry)


WANTED = Wanted("meta", "GB", "en-GB", segment="s")


def shown(registry: Registry, wanted: Wanted, day: str = "2026-11-22") -> list[Candidate]:
    return registry.candidates(wanted, (day, day))


def test_candidates(registry: Registry, store: Store, farm: Farm) -> None:
    at = {"placement": "meta", "market": "GB", "locale": "en-GB", "segment": "s"}
    flight = {"from": "2026-10-01", "until": "2026-12-31"}
    cells = [
        cell("a", **at, carried={"flight": flight, "timezone": "Europe/London", "value": 3}),
        cell("b", **at, carried={"flight": flight, "valid": {"from": "2026-11-01", "until": "2026-11-21"}}),
        cell("d", **at | {"segment": "t"}, carried={"traits": {"crm": "x", "iab": ["1", "2"]}, "value": 9}),
        cell("e", **at | {"segment": "u"}, carried={"traits": {"iab": ["1"]}}),
        cell("f", **at | {"locale": "en-IE"}, carried={}),
        cell("g", **at, carried={}),
    ]
    farm.window(cells, [asset(one.ad_id) for one in cells])
    farm.verdicts([(one.ad_id, "approved") for one in cells if one.ad_id != "g"])
    registry.catch_up(store)
    [one] = shown(registry, WANTED)
    assert (one.ad_id, one.value, one.first_day, one.last_day, one.timezone) == (
        "a",
        3,
        "2026-10-01",
        "2026-12-31",
        "Europe/London",
    )
    assert [one.ad_id for one in shown(registry, WANTED, "2026-11-20")] == ["a", "b"]
    assert [one.ad_id for one in shown(registry, WANTED, "2026-10-20")] == ["a"]
    assert [one.ad_id for one in registry.candidates(WANTED, None, state=None)] == ["a", "b", "g"]
    assert [one.ad_id for one in registry.candidates(WANTED, None, most=1)] == ["a"]
    assert [one.ad_id for one in registry.candidates(WANTED, None, lambda one: one.value == 1)] == ["b"]
    near = Wanted("meta", "GB", "en-GB", near=True, segment="s")
    assert [one.ad_id for one in shown(registry, near)] == ["f"]

    def with_traits(*traits: tuple[str, str], but: str | None = None, segment: str | None = None) -> list[str]:
        wanted = Wanted("meta", "GB", "en-GB", traits=traits, but=but, segment=segment)
        return [f"{one.ad_id}{one.fits}" for one in shown(registry, wanted)]

    assert with_traits(("iab", "1")) == ["d1", "e1"]
    assert with_traits(("iab", "1"), ("crm", "x")) == ["d2"]
    assert with_traits(("iab", "3")) == with_traits(("iab", "1"), but="t", segment="s")[1:] == []
    assert with_traits(("iab", "1"), but="t") == ["e1"]
    assert with_traits(("iab", "2"), ("crm", "y"), segment="t") == ["d1"]
    # the segment's traits are what its last window says
    farm.window([cell("d", **at | {"segment": "t"}, carried={"traits": {"iab": "7"}})], [asset("d")])
    registry.catch_up(store)
    assert with_traits(("crm", "x")) == []
    assert with_traits(("iab", "7")) == ["d1"]
    assert registry.known_values("segment", placement="meta") == ["s", "t", "u"]


def test_newer_approvals_come_first(registry: Registry, store: Store, farm: Farm) -> None:
    at = {"placement": "meta", "market": "GB", "locale": "en-GB", "segment": "s"}
    farm.window([cell(ad, **at) for ad in "ab"], [asset(ad) for ad in "ab"])
    for ad in "ab":
        farm.verdict(ad, "approved", at=f"2036-11-2{'ab'.index(ad)}T10:00:00+00:00")
    registry.catch_up(store)
    assert [one.ad_id for one in shown(registry, WANTED)] == ["b", "a"]
