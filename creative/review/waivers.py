"""Waivers: somebody looked at a finding, and it may stay.

A finding is waived by its id, with a name and a reason, for one ad; it holds for the ad's later renditions too, since it
is no verdict: who approves names the bytes. A check is never waived: what fails it cannot be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from creative.brief.types import did_you_mean
from creative.craft import CHECKS, RULES
from creative.errors import UsageError
from creative.registry import AssetRow, Registry
from creative.review.verdicts import Refusal
from creative.store import Log, Store
from creative.store.events import Waiver, WaiverEvent

_BATCH = 1_000


@dataclass(slots=True)
class Waived:
    """What came of it: ads whose finding is waived now (or counts again), those of which it was said before, and refusals."""

    finding: str
    back: bool
    done: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """As data."""
        refused = [{"asset_id": one.asset_id, "reason": one.why} for one in self.refused]
        return {
            "finding": self.finding,
            "counts_again" if self.back else "waived": self.done,
            "unchanged": self.unchanged,
            "refused": refused,
        }

    def __str__(self) -> str:
        said = "counts again for" if self.back else "waived for"
        ads = f"{len(self.done)} ad{'' if len(self.done) == 1 else 's'}"
        more = [
            f"{len(found)} {name}"
            for found, name in ((self.unchanged, "unchanged"), (self.refused, "refused"))
            if found
        ]
        return ", ".join((f"{self.finding}: {said} {ads}", *more))


def check_finding(name: str) -> None:
    """Raise UsageError for what cannot be waived: no finding at all, or a check."""
    if name in RULES:
        return
    if name in CHECKS:
        raise UsageError(f"{name} is a check, and no finding: it asks for {CHECKS[name]}, and nobody can waive it")
    hint = did_you_mean(name, (*RULES, *CHECKS))
    raise UsageError(f"there is no finding {name!r}. {hint}".rstrip(". ") + "; `creative show ID` names those of an ad")


def waive(
    store: Store,
    registry: Registry,
    rows: Iterable[AssetRow],
    finding: str,
    by: str,
    reason: str,
    *,
    back: bool = False,
) -> Waived:
    """Say of these ads that the finding may stay, or with `back` that it counts again, in one log entry a campaign.

    An ad that has no such finding is refused. Raises UsageError for what `check_finding` does, StoreError, RegistryError.
    """
    check_finding(finding)
    outcome = Waived(finding, back)
    batches: dict[str, list[AssetRow]] = {}
    for row in rows:
        there = next((one for one in row.findings if one.get("id") == finding), None)
        if there is None:
            others = ", ".join(sorted({one["id"] for one in row.findings if one.get("id")})) or "none"
            failed = f"; it failed its checks, which nobody waives: {'; '.join(row.reasons)}" if row.reasons else ""
            outcome.refused.append(Refusal(row.asset_id, f"has no finding {finding}; it has: {others}{failed}"))
        elif ("waived" in there) != back and (back or there["waived"] == {"by": by, "reason": reason}):
            outcome.unchanged.append(row.asset_id)
        else:
            batches.setdefault(row.campaign, []).append(row)
    for campaign, batch in batches.items():
        for start in range(0, len(batch), _BATCH):
            some = batch[start : start + _BATCH]
            _write(store, registry, campaign, some, finding, by, reason, back)
            outcome.done += [row.asset_id for row in some]
    return outcome


def _write(
    store: Store,
    registry: Registry,
    campaign: str,
    rows: Sequence[AssetRow],
    finding: str,
    by: str,
    reason: str,
    back: bool,
) -> None:
    said = tuple(
        Waiver(ad_id=row.ad_id, sha256=row.sha256, finding=finding, reason=reason, waived=not back) for row in rows
    )
    entry = Log(store, campaign).append("waiver", WaiverEvent(by=by, waivers=said).model_dump(mode="json"))
    registry.apply(store, campaign, entry)
