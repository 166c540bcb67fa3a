"""What is asked of a registry."""

from __future__ import annotations

import pytest

from creative.errors import UsageError
from creative.registry import CurrentAsset, Rate, Registry
from creative.store import Store
from tests.support.registry_records import Farm, asset, cell, receipt, sha

ADS = [f"ad{i}" for i in range(12)]


@pytest.fixture
def filled(registry: Registry, store: Store, farm: Farm) -> Registry:
    farm.made(*ADS)
    farm.made("ad3", take="2")
    farm.retired("ad5")
    farm.window([cell("ad6", take="2")], [asset("ad6", "2", state="rejected")])
    farm.window([cell("planned")])
    registry.catch_up(store)
    return registry


def test_current_assets(filled: Registry) -> None:
    current = filled.current_assets("c")
    assert list(current) == sorted(set(ADS) - {"ad5"})
    assert current["ad3"] == CurrentAsset(
        ad_id="ad3",
        asset_id=asset("ad3", "2").asset_id,
        state="pending",
        wanted="wanted 2",
        binding="5.99",
        finish="finish ad3 2",
        sha256=asset("ad3", "2").sha256,
        checked="",
    )
    assert current["ad6"].state == "rejected"
    assert list(filled.each_current_asset("c")) == list(current.values())
    assert list(filled.current_assets("c", ["ad3", "ad5", "nobody", "planned"])) == ["ad3"]
    assert filled.current_assets("c", []) == filled.current_assets("other") == {}


def test_many_are_asked_in_slices(filled: Registry) -> None:
    ads = {f"none{i}" for i in range(3000)} | {"ad1"}
    assert list(filled.current_assets("c", ads)) == ["ad1"]


def test_a_half_read_stream_holds_nothing_up(filled: Registry, store: Store, farm: Farm) -> None:
    stream = filled.each_current_asset("c")
    next(stream)
    farm.made("ad1", take="9")
    assert filled.catch_up(store) == 1
    stream.close()  # type: ignore[attr-defined]


def test_manifest_rows_are_what_is_wanted_now(filled: Registry) -> None:
    rows = list(filled.manifest_rows("c"))
    assert [row.ad_id for row in rows] == sorted(set(ADS) - {"ad5"})
    everything = list(filled.manifest_rows("c", all_states=True))
    assert len(everything) == len(ADS) + 2
    assert [row.ad_id for row in everything] == sorted(row.ad_id for row in everything)
    three = [row for row in everything if row.ad_id == "ad3"]
    assert [row.state for row in three] == ["superseded", "pending"]
    assert [row.texts["headline"] for row in three] == ["Hausröstung 1", "Hausröstung 2"]


def test_filters(filled: Registry) -> None:
    rows = list(filled.manifest_rows(filters={"segment": {"commuters"}, "market": {"GB", "FR"}}))
    assert rows
    assert {(row.segment, row.market) for row in rows} == {("commuters", "GB")}
    expected = [row.ad_id for row in filled.manifest_rows() if (row.segment, row.market) == ("commuters", "GB")]
    assert [row.ad_id for row in rows] == expected
    assert [row.ad_id for row in filled.manifest_rows(filters={"state": {"retired", "superseded"}})] == [
        "ad3",
        "ad5",
        "ad6",
    ]
    assert list(filled.manifest_rows(filters={"segment": set()})) == []
    assert len(list(filled.manifest_rows(filters={"variant": {"0"}, "ad": {"ad1", "ad2"}}))) == 2
    assert list(filled.manifest_rows("no such campaign")) == []
    with pytest.raises(UsageError, match=r"'colour'.*segment"):
        list(filled.manifest_rows(filters={"colour": {"red"}}))
    with pytest.raises(UsageError, match="variant"):
        list(filled.manifest_rows(filters={"variant": {"first"}}))


def test_an_asset_by_any_of_its_names(filled: Registry) -> None:
    newest = asset("ad3", "2").asset_id
    assert filled.asset(newest).ad_id == "ad3"
    assert filled.asset(newest[:7]).asset_id == newest
    assert filled.asset("ad3").asset_id == newest
    assert filled.asset("name of ad3").asset_id == newest
    row = filled.asset(asset("ad3").asset_id)
    assert row.state == "superseded"
    assert row.lineage[0]["seed"] == 7
    assert row.figures == asset("ad3").figures
    assert row.carried["owner"] == {"name": "Mara"}
    assert (row.sha256, row.width, row.ms) == (asset("ad3").sha256, 1080, None)


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("", "no asset"),
        ("zzzz", "no asset"),
        ("ad", "4 characters"),
        ("%%%%", "no asset"),
        ("____", "no asset"),
        ("planned", "no rendition yet"),
    ],
)
def test_no_such_asset(filled: Registry, id: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        filled.asset(id)


def test_the_digits_of_an_id_will_do(registry: Registry, store: Store, farm: Farm) -> None:
    made = asset("ad_0123456789abcdef").model_copy(update={"asset_id": "as_fedcba9876543210"})
    farm.window([cell("ad_0123456789abcdef")], [made])
    registry.catch_up(store)
    for id in ("as_fedcba9876543210", "fedcba9876543210", "fedcba98", "as_fe", "ad_0123456789abcdef", "01234567"):
        assert registry.asset(id).asset_id == "as_fedcba9876543210"


def test_a_name_that_is_not_clear(registry: Registry, store: Store, farm: Farm) -> None:
    farm.made("same-1", "same-2")
    registry.catch_up(store)
    with pytest.raises(UsageError, match="several"):
        registry.asset("same")


def test_history_and_counts(filled: Registry) -> None:
    rows = filled.history(asset("ad5").asset_id)
    assert [(row.entry, row.before, row.after, row.by) for row in rows] == [
        (1, None, "pending", "r1"),
        (3, "pending", "retired", ""),
    ]
    assert filled.history("nothing") == []
    counts = filled.counts("c")
    assert sum(counts.values()) == len(ADS) + 2
    assert sum(n for (state, _), n in counts.items() if state == "superseded") == 2
    assert {modality for _, modality in counts} <= {"image", "video", "audio"}
    assert filled.counts("other") == {}


def test_the_step_table(registry: Registry) -> None:
    keys = [sha(str(i)) for i in range(1200)]
    receipts = [receipt(key, seconds=i, bytes_=3) for i, key in enumerate(keys)]
    receipts.append(receipt(sha("still"), "still", "layout", 0.1))
    assert registry.record_steps(receipts) == 1201
    registry.record_steps([receipt(keys[0], seconds=9999.0)])
    assert registry.known_steps([*keys, "unknown"]) == set(keys)
    assert registry.known_steps([]) == set()
    assert registry.rates() == {
        ("scene", "studio"): Rate(1200, pytest.approx(599.5), pytest.approx(10.0)),
        ("still", "layout"): Rate(1, pytest.approx(0.1), pytest.approx(107.0)),
    }
    step = registry.steps([keys[3], "unknown"])[keys[3]]
    assert (step.kind, step.backend, step.seconds, step.bytes) == ("scene", "studio", 3.0, 10)
    assert step.outputs["image"] == {"sha256": sha(keys[3]), "bytes": 3, "type": "image/png"}
    assert step.made_at is not None and step.made_at.isoformat() == "2026-11-22T09:00:00+00:00"
    in_order = sorted([*keys, sha("still")])
    assert registry.step_keys("", "g", 2000) == in_order
    assert registry.step_keys(in_order[4], in_order[9], 3) == in_order[5:8]
    assert registry.step_keys(in_order[7], in_order[9], 3) == in_order[8:10]
    registry.forget_steps(keys[:600])
    assert registry.known_steps(keys) == set(keys[600:])


def test_a_receipt_without_a_time(registry: Registry) -> None:
    registry.record_steps([receipt("k").model_copy(update={"made_at": ""})])
    assert registry.steps(["k"])["k"].made_at is None
