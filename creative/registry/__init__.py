"""The registry: what the store holds, as tables that can be asked. It can always be made anew from the store."""

from __future__ import annotations

from creative.registry.registry import Registry, open_registry
from creative.registry.rows import (
    AssetRow,
    CampaignRow,
    CurrentAsset,
    HistoryRow,
    JobRow,
    Rate,
    RunRow,
    StepRow,
)

__all__ = [
    "AssetRow",
    "CampaignRow",
    "CurrentAsset",
    "HistoryRow",
    "JobRow",
    "Rate",
    "Registry",
    "RunRow",
    "StepRow",
    "open_registry",
]
