"""What is told of findings, in both databases: duplicates of a segment as it is, and what was waived."""

from __future__ import annotations

from creative.records import AssetRecord, CellRecord, Window
from creative.registry import Registry
from creative.store import Log, Store, write_window
from creative.store.events import Waiver, WaiverEvent, WindowEvent
from tests.support.registry_records import asset, cell

LOOK = "7f" + "00" * 62 + "80" * 24
SAME = {"market": "GB", "locale": "en-GB", "segment": "s", "placement": "meta-feed-4x5", "modality": "image"}


def variant(number: int, look: str | None = LOOK) -> tuple[CellRecord, AssetRecord]:
    figures = {"looks": [look]} if look else {}
    ad = f"ad_{number}"
    return cell(ad, **SAME, variant=number), asset(ad).model_copy(update={"figures": figures, "findings": ()})


def test_duplicates_and_waivers(registry: Registry, store: Store) -> None:
    ads = [variant(1), variant(2), variant(3, None), variant(4, "00" * 87)]
    window = Window(cells=tuple(one for one, _ in ads), assets=tuple(one for _, one in ads))
    log = Log(store, "c")
    registry.apply(store, "c", log.append("window", WindowEvent(object=write_window(store, "c", window)).model_dump()))

    def told() -> dict[str, list[tuple[str, object]]]:
        return {row.ad_id: [(one["id"], one.get("waived")) for one in row.findings] for row in registry.manifest_rows()}

    assert told() == {"ad_1": [], "ad_2": [("near-duplicate", None)], "ad_3": [], "ad_4": []}
    assert [one["id"] for one in registry.asset("ad_2").findings] == ["near-duplicate"]
    said = Waiver(ad_id="ad_2", sha256="x", finding="near-duplicate", reason="so")
    for event in (said, said.model_copy(update={"reason": "yes"}), Waiver(ad_id="ad_9", sha256="x", finding="margin")):
        registry.apply(
            store, "c", log.append("waiver", WaiverEvent(waivers=(event,), by="Mara").model_dump(mode="json"))
        )
    assert told()["ad_2"] == [("near-duplicate", {"by": "Mara", "reason": "yes"})]
    back = WaiverEvent(waivers=(said.model_copy(update={"waived": False}),), by="Bo")
    registry.apply(store, "c", log.append("waiver", back.model_dump(mode="json")))
    assert told()["ad_2"] == [("near-duplicate", None)]
