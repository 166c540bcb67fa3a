"""A campaign whose ads were made: a store with their bytes, a registry, and ways to say yes and no."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creative.records import AssetRecord, AssetState, CellRecord, Window
from creative.registry import Registry, open_registry
from creative.review import Outcome, Wish, judge
from creative.store import Log, Store, open_store, write_window
from creative.store.events import WindowEvent

FLIGHT = {"from": "2026-10-01", "until": "2026-12-31"}


def file_of(ad: str, take: str = "1") -> bytes:
    """The bytes of an ad's file: any will do."""
    return f"the picture of {ad}, take {take}".encode()


def wanted(ad: str, campaign: str = "autumn", take: str = "1", **more: Any) -> CellRecord:
    """A cell; `carried` in `more` is added to what every cell carries."""
    carried = {"flight": FLIGHT, "timezone": "Europe/London", "value": 1} | more.pop("carried", {})
    row = {
        "ad_id": f"ad_{ad}",
        "campaign": campaign,
        "market": "GB",
        "locale": "en-GB",
        "product": "house",
        "offer": None,
        "segment": "commuters",
        "placement": "iab-728x90",
        "arm": None,
        "variant": 1,
        "modality": "image",
        "name": f"Marlo_{ad}",
        "choices": {"headline": take},
        "texts": {"headline": "Take it slow.", "cta": "=Order now"},
        "wanted": take,
        "binding": "5.99",
        "steps": {"finish": f"finish {ad} {take}", "measure": "m", "poster": "p"},
        "lines": {"segment": "brief.yaml:40"},
        "carried": carried,
    }
    return CellRecord(**row | more)


def made(ad: str, take: str = "1", state: AssetState = "pending", **more: Any) -> AssetRecord:
    """Its rendition."""
    data = more.pop("file", file_of(ad, take))
    row = {
        "asset_id": f"as_{hashlib.sha256((ad + take).encode()).hexdigest()[:20]}",
        "ad_id": f"ad_{ad}",
        "name": f"Marlo_{ad}",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "type": "image/jpeg",
        "width": 728,
        "height": 90,
        "state": state,
        "reasons": ("contrast 4.2 of the legal line",) if state == "failed-check" else (),
        "figures": {"codec": "jpeg"},
    }
    return AssetRecord(**row | more)


class Desk:
    """A folder with store and registry; the ads `a`, `b` and `d` of the campaign `autumn` unless told otherwise."""

    def __init__(
        self, folder: Path, ads: Mapping[str, Mapping[str, Any]] | None = None, url: str | None = None
    ) -> None:
        self.folder = folder
        self.store: Store = open_store(url or folder / "store")
        self.registry: Registry = open_registry(folder / "registry.db", self.store.id)
        self.make(ads if ads is not None else {"a": {}, "b": {}, "d": {}})

    def make(self, ads: Mapping[str, Mapping[str, Any]], take: str = "1", campaign: str = "autumn") -> None:
        """One window, as a run writes it: `ads` says what is different of a cell; `asset` in it, of its rendition."""
        cells, assets = [], []
        for ad, more in ads.items():
            of_asset = dict(more.get("asset", {}))
            self.store.put_blob(of_asset.get("file", file_of(ad, take)), "image/jpeg")
            rest = {name: value for name, value in more.items() if name != "asset"}
            cells.append(wanted(ad, campaign, take, **rest))
            assets.append(made(ad, take, **of_asset))
        name = write_window(self.store, campaign, Window(cells=tuple(cells), assets=tuple(assets)))
        Log(self.store, campaign).append("window", WindowEvent(object=name).model_dump())
        self.registry.catch_up(self.store)

    def say(self, verdict: Any, *ads: str, by: str = "Ann", reason: str = "so", take: str = "1") -> Outcome:
        wishes = [Wish(made(ad, take).asset_id, made(ad, take).sha256, verdict, by, reason) for ad in ads]
        return judge(self.store, self.registry, wishes)

    def state(self, ad: str, take: str = "1") -> str:
        return self.registry.asset(made(ad, take).asset_id).state

    def blob(self, ad: str, take: str = "1") -> Path:
        sha256 = made(ad, take).sha256
        return self.folder / "store" / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def spoil(self, ad: str) -> None:
        """Flip one bit of its file in the store."""
        data = bytearray(self.blob(ad).read_bytes())
        data[3] ^= 1
        self.blob(ad).chmod(0o644)
        self.blob(ad).write_bytes(data)

    def entries(self, campaign: str = "autumn") -> list[str]:
        """The types of its log's entries."""
        return [entry.type for entry in Log(self.store, campaign).entries()]

    def published(self) -> dict[str, bytes]:
        """What is published, by path."""
        top = self.folder / "store" / "published"
        return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}
