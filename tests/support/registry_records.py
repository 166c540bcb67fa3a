"""Campaigns for these tests and their scripts, and what a registry says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from creative.records import AssetRecord, AssetState, BlobRef, CellRecord, Entry, LineageStep, Receipt, Window
from creative.registry import Registry, Wanted
from creative.store import Log, Store, write_window
from creative.store.events import (
    BriefEvent,
    Copy,
    ExportEvent,
    JobResult,
    RetiredEvent,
    RunEvent,
    Verdict,
    VerdictEvent,
    WindowEvent,
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def cell(ad: str, campaign: str = "c", take: str = "1", binding: str = "5.99", **more: Any) -> CellRecord:
    """The ad `ad`, in the wording `take`."""
    number = int(sha(ad)[:4], 16)
    return CellRecord(
        **{
            "ad_id": ad,
            "campaign": campaign,
            "market": ("GB", "DE")[number % 2],
            "locale": ("en-GB", "de-DE")[number % 2],
            "product": "house",
            "offer": None,
            "segment": ("commuters", "gift-givers")[number % 3 % 2],
            "placement": ("meta-feed-4x5", "spotify-audio-30")[number % 5 % 2],
            "arm": None,
            "variant": 0,
            "modality": ("image", "audio")[number % 5 % 2],
            "name": f"name of {ad}",
            "choices": {"headline": take, "accent": "gold"},
            "texts": {"headline": f"Hausröstung {take}"},
            "wanted": f"wanted {take}",
            "binding": binding,
            "steps": {"finish": f"finish {ad} {take}", "measure": "m", "poster": "p"},
            "lines": {"segment": "brief.yaml:12"},
            "carried": {
                "url": "https://marlo.example",
                "owner": {"name": "Mara"},
                "traits": {"crm": take, "iab": ["28", take]},
                "flight": {"from": "2026-10-01", "until": f"2026-12-0{take}"},
                "valid": {"from": f"2026-10-1{take}", "until": "2026-12-31"},
                "timezone": "Europe/London",
                "value": number % 4,
            },
            **more,
        }
    )


def asset(
    ad: str, take: str = "1", state: AssetState = "pending", bytes_: str = "", reasons: tuple[str, ...] = ()
) -> AssetRecord:
    """The rendition of `ad` in the wording `take`."""
    return AssetRecord(
        asset_id=f"{sha(ad + take)[:12]}-{ad}-{take}",
        ad_id=ad,
        name=f"name of {ad}",
        sha256=sha(f"{ad} {take} {bytes_}"),
        bytes=1000,
        type="image/jpeg",
        width=1080,
        height=1350,
        state=state,
        reasons=reasons,
        findings=("a long headline",),
        figures={"codec": "jpeg", "texts": [{"contrast": 7.1}]},
        poster=sha("poster"),
        lineage=(
            LineageStep(
                key=f"scene {take}", kind="scene", backend="studio", revision=2, licence="BSD-3", seed=7, seconds=31.5
            ),
        ),
    )


def receipt(
    key: str, kind: str = "scene", backend: str = "studio", seconds: float = 30.0, bytes_: int = 100
) -> Receipt:
    return Receipt(
        key=key,
        recipe={"kind": kind, "backend": backend},
        outputs={
            "image": BlobRef(sha256=sha(key), bytes=bytes_, type="image/png"),
            "meta": BlobRef(sha256=sha("meta"), bytes=7, type="application/json"),
        },
        inputs={},
        seconds=seconds,
        made_at="2026-11-22T10:00:00+01:00",
    )


@dataclass
class Farm:
    """Writes a campaign's log, one entry a call, as runs do."""

    store: Store
    campaign: str = "c"

    def __post_init__(self) -> None:
        self.log = Log(self.store, self.campaign)

    def brief(self, name: str = "Autumn roast", **more: Any) -> Entry:
        return self.log.append("brief", BriefEvent(snapshot=sha(name), name=name, **more).model_dump())

    def window(self, cells: Iterable[CellRecord], assets: Iterable[AssetRecord] = (), run: str = "r1") -> Entry:
        name = write_window(self.store, self.campaign, Window(cells=tuple(cells), assets=tuple(assets)))
        return self.log.append("window", WindowEvent(object=name, run=run).model_dump())

    def made(self, *ads: str, take: str = "1") -> Entry:
        return self.window([cell(ad, self.campaign, take) for ad in ads], [asset(ad, take) for ad in ads])

    def retired(self, *ads: str) -> Entry:
        return self.log.append("retired", RetiredEvent(ads=ads).model_dump())

    def verdicts(self, said: Iterable[tuple[str, str]], by: str = "Ann", at: str | None = None) -> Entry:
        """Of the ads' first takes."""
        known = [(asset(ad), verdict) for ad, verdict in said]
        event = VerdictEvent(
            by=by,
            verdicts=tuple(
                Verdict(asset_id=one.asset_id, ad_id=one.ad_id, sha256=one.sha256, verdict=verdict)  # type: ignore[arg-type]
                for one, verdict in known
            ),
        )
        return self.log.append("verdict", event.model_dump(mode="json"), at)

    def verdict(
        self,
        ad: str,
        verdict: str,
        by: str = "Ann",
        take: str = "1",
        sha256: str | None = None,
        reason: str = "",
        at: str | None = None,
    ) -> Entry:
        one = asset(ad, take)
        said = {
            "asset_id": one.asset_id,
            "ad_id": ad,
            "sha256": sha256 or one.sha256,
            "verdict": verdict,
            "reason": reason,
        }
        return self.log.append("verdict", VerdictEvent(by=by, verdicts=(Verdict(**said),)).model_dump(mode="json"), at)  # type: ignore[arg-type]

    def exported(self, paths: Mapping[str, str], removed: tuple[str, ...] = ()) -> Entry:
        """Ads' first takes, by path."""
        copies = {path: Copy(asset_id=asset(ad).asset_id, sha256=asset(ad).sha256) for path, ad in paths.items()}
        return self.log.append("export", ExportEvent(paths=copies, removed=removed).model_dump(mode="json"))

    def run(self, run: str = "r1", status: str = "done", jobs: Mapping[str, JobResult] | None = None) -> Entry:
        event = RunEvent(run=run, status=status, jobs=jobs or {}, counts={"ads": 3}, seconds=1.5)
        return self.log.append("run", event.model_dump())


def told(registry: Registry) -> dict[str, Any]:
    """All that a registry says, through its queries."""
    assets = [asdict(row) for row in registry.manifest_rows(all_states=True)]
    campaigns = registry.campaigns()
    runs = [run for campaign in campaigns for run in registry.runs(campaign.id)]
    return {
        "campaigns": campaigns,
        "assets": assets,
        "shown": [row.asset_id for row in registry.manifest_rows()],
        "history": {row["asset_id"]: registry.history(row["asset_id"]) for row in assets},
        "current": {campaign.id: registry.current_assets(campaign.id) for campaign in campaigns},
        "counts": {campaign.id: registry.counts(campaign.id) for campaign in campaigns},
        "runs": runs,
        "jobs": [registry.jobs(run.id) for run in runs],
        "rates": registry.rates(),
        "verdicts": registry.verdicts(),
        "deliveries": {campaign.id: registry.deliveries(campaign.id) for campaign in campaigns},
        "reviewable": registry.reviewable([row["asset_id"] for row in assets]),
        "matchable": _matchable(registry, assets),
        "rights": registry.rights(),
        "needs": registry.needed_rights([row["asset_id"] for row in assets]),
    }


def _matchable(registry: Registry, assets: Iterable[Mapping[str, Any]]) -> list[Any]:
    """What may be found, by segment and by trait."""
    places = sorted({(row["placement"], row["market"], row["locale"], row["segment"]) for row in assets})
    ways = [{"segment": place[3]} for place in places] + [{"traits": (("crm", str(take)),)} for take in range(4)]
    return [
        registry.candidates(Wanted(*place[:3], **way), None, state=None, most=50)  # type: ignore[arg-type]
        for place in places
        for way in ways
    ]
