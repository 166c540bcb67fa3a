"""What must not be shown any more for want of a consent is withdrawn, in every campaign, at once.

A consent ends by its revocation or with its last day. Whoever revokes one withdraws what used it; a run withdraws what it
made meanwhile, a night what expired. Nothing here has to be waited for: matching asks for consents itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from creative.registry import Registry
from creative.review.verdicts import Wish, judge
from creative.rights.ledger import today
from creative.store import Store

_ROUNDS = 4


@dataclass(slots=True)
class Withdrawn:
    """What was withdrawn: by campaign the ids of assets, with the reason of each. `refused`: not even this was possible."""

    assets: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.reasons)

    def summary(self) -> dict[str, Any]:
        """As data."""
        return {
            "withdrawn": [
                {"campaign": campaign, "asset_id": id, "reason": self.reasons[id]}
                for campaign, ids in sorted(self.assets.items())
                for id in ids
            ],
            "refused": self.refused,
        }


def withdraw_lapsed(
    store: Store, registry: Registry, by: str, *, consents: Collection[str] | None = None, campaign: str | None = None
) -> Withdrawn:
    """Withdraw every present rendition whose consents are not all in force today: those that need one of `consents`, those
    of one `campaign`, or all. Raises StoreError, RegistryError.
    """
    told = Withdrawn()
    for _ in range(_ROUNDS):  # what a run registers at the same moment is found by the next round
        registry.catch_up(store)
        rights, day = registry.rights(), today()
        wishes: dict[str, Wish] = {}
        where: dict[str, str] = {}
        for one in registry.needing(consents, campaign):
            why = rights.why_not((one.consent,), day)
            if why and one.asset_id not in wishes:
                wishes[one.asset_id] = Wish(one.asset_id, one.sha256, "withdrawn", by, why)
                where[one.asset_id] = one.campaign
        if not wishes:
            return told
        outcome = judge(store, registry, list(wishes.values()))
        for id in outcome.withdrawn:
            told.assets.setdefault(where[id], []).append(id)
            told.reasons[id] = wishes[id].reason
        told.refused = [str(one) for one in outcome.refused]
    return told
