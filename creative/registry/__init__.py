"""The registry: what the store holds, as tables that can be asked. It can always be made anew from the store."""

from __future__ import annotations

from creative.registry.patience import Patience
from creative.registry.registry import Registry, open_registry
from creative.registry.rows import (
    ApprovedRow,
    AssetRow,
    CampaignRow,
    Candidate,
    CurrentAsset,
    DeliveryRow,
    HistoryRow,
    JobRow,
    Needing,
    Rate,
    Reviewable,
    RunRow,
    StepRow,
    VerdictRow,
    Wanted,
)

__all__ = [
    "ApprovedRow",
    "AssetRow",
    "CampaignRow",
    "Candidate",
    "CurrentAsset",
    "DeliveryRow",
    "HistoryRow",
    "JobRow",
    "Needing",
    "Patience",
    "Rate",
    "Registry",
    "Reviewable",
    "RunRow",
    "StepRow",
    "VerdictRow",
    "Wanted",
    "open_registry",
]
