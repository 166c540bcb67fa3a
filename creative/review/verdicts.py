"""Verdicts: rules, and the log's entries.

    pending -> approved | rejected      approved <-> rejected      failed-check -> rejected      withdrawn -> approved | rejected

A verdict is of one rendition and names the sha256 of its bytes. It is refused where the rendition is not what its ad
shows now, has other bytes by now, or failed its checks and should be approved. A rehearsal is approved as one, or not at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from creative import rehearsals
from creative.errors import DamagedStoreError, UsageError
from creative.registry import Registry, Reviewable
from creative.rights.ledger import today
from creative.store import Log, Store
from creative.store.events import Verdict, VerdictEvent

Said = Literal["approved", "rejected", "withdrawn"]
MOST_REASON = 2_000
MOST_NAME = 200
_BATCH = 1_000
_TOLD = 10
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Wish:
    """A verdict that somebody wants to give. `where` says where it stands ("line 7"), for messages."""

    asset_id: str
    sha256: str
    verdict: Said
    by: str
    reason: str = ""
    stage: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A verdict that was not accepted, and why."""

    asset_id: str
    why: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where + ': ' if self.where else ''}{self.asset_id}: {self.why}"


@dataclass(slots=True)
class Outcome:
    """What came of verdicts: ids of assets. `unchanged`: the same was said before, nothing was written for them.

    `campaigns`: of those that are as they were wanted.
    """

    approved: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    unchanged: dict[str, str] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    campaigns: set[str] = field(default_factory=set)

    def summary(self) -> dict[str, Any]:
        """As data."""
        refused = [{"asset_id": one.asset_id, "where": one.where, "reason": one.why} for one in self.refused]
        return {
            "approved": self.approved,
            "rejected": self.rejected,
            "unchanged": list(self.unchanged),
            "refused": refused,
        }

    def __str__(self) -> str:
        counts = [(len(getattr(self, name)), name) for name in ("approved", "rejected", "unchanged", "refused")]
        return ", ".join(f"{n} {name}" for n, name in counts)


def reviewer(name: str | None) -> str:
    """The name of who gives a verdict. Raises UsageError if there is none, or it is no name."""
    if name is None or not name.strip():
        raise UsageError("say who: --by 'Mara Lind', or CREATIVE_BY in the environment")
    if problem := bad_name(name):
        raise UsageError(f"--by {problem}")
    return name.strip()


def bad_name(name: str) -> str:
    """What is wrong with a reviewer's name; empty if nothing is."""
    if len(name) > MOST_NAME:
        return f"is longer than {MOST_NAME} characters"
    return "has a line break or another control character" if _has_controls(name) else ""


def bad_reason(reason: str) -> str:
    """What is wrong with a reason; empty if nothing is."""
    if len(reason) > MOST_REASON:
        return f"is longer than {MOST_REASON} characters"
    return "has a control character" if _has_controls(reason, "\n\t\r") else ""


def _has_controls(text: str, but: str = "") -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs") and c not in but for c in text)


def judge(store: Store, registry: Registry, wishes: Sequence[Wish], *, dry_run: bool = False) -> Outcome:
    """Write the verdicts that the rules allow, in one log entry for each campaign and person, and apply them.

    With `dry_run` nothing is written. Of one asset the last wish counts. Raises StoreError, RegistryError.
    """
    outcome = Outcome()
    last = {wish.asset_id: wish for wish in wishes}
    there = registry.reviewable(last)
    lapsed = lapses(store, registry, [one.asset_id for one in last.values() if one.verdict == "approved"])
    batches: dict[tuple[str, str], list[Wish]] = {}
    for wish in last.values():
        asset = there.get(wish.asset_id)
        if asset is None:
            outcome.refused.append(Refusal(wish.asset_id, "there is no such asset here", wish.where))
        elif why := why_not(asset, wish, store) or lapsed.get(wish.asset_id, ""):
            outcome.refused.append(Refusal(wish.asset_id, why, wish.where))
        elif asset.state == wish.verdict:
            few = len(outcome.unchanged) < _TOLD  # who said it is a question to the registry for each
            outcome.unchanged[wish.asset_id] = f"is {asset.state} already{_said_before(registry, asset) if few else ''}"
            outcome.campaigns.add(asset.campaign)
        else:
            batches.setdefault((asset.campaign, wish.by), []).append(wish)
    for (campaign, by), batch in batches.items():
        for start in range(0, len(batch), _BATCH):
            some = batch[start : start + _BATCH]
            if not dry_run:
                _write(store, registry, campaign, by, some, there)
                some = _effective(registry, some, outcome)
                outcome.campaigns.add(campaign)
            for wish in some:
                getattr(outcome, wish.verdict).append(wish.asset_id)
    return outcome


def lapses(store: Store, registry: Registry, ids: Collection[str]) -> dict[str, str]:
    """Which of these renditions must not be shown today for want of a consent, and why. The store is asked for it."""
    needed = registry.needed_rights(ids)
    if not needed:
        return {}
    registry.follow_rights(store)
    rights, day = registry.rights(), today()
    return {id: why for id, consents in needed.items() if (why := rights.why_not(consents, day))}


def why_not(asset: Reviewable, wish: Wish, store: Store) -> str:
    """Why the verdict cannot be given; empty if it can."""
    if wish.sha256 != asset.sha256:
        return (
            f"is stale: it is about other bytes (sha256 {wish.sha256[:_SHORT]}...) than the asset has now "
            f"({asset.sha256[:_SHORT]}...): look at it again"
        )
    if not asset.present:
        return _not_present(asset)
    if wish.verdict != "approved" or asset.state == "approved":
        return ""
    if problem := rehearsals.why_not(asset.rehearsal, wish.stage):
        return problem
    if asset.state == "failed-check" or asset.reasons:
        return "failed its checks, so it cannot be approved: " + ("; ".join(asset.reasons) or "no reason is known")
    if asset.state == "withdrawn":
        try:
            store.get_blob(asset.sha256)
        except DamagedStoreError as error:
            return (
                f"was withdrawn, and its file is still not right: {error}; creative run BRIEF --verify makes it again"
            )
    return ""


def _not_present(asset: Reviewable) -> str:
    if asset.newest and asset.newest != asset.asset_id:
        return f"is {_gone(asset)}: the ad's present rendition is {asset.newest}"
    if asset.state in ("superseded", "retired"):
        return f"is {asset.state}: the ad has no present rendition"
    return "is out of date: the brief does not want the ad any more, or at another price"


def _gone(asset: Reviewable) -> str:
    return asset.state if asset.state in ("superseded", "retired") else f"{asset.state} and superseded"


def _said_before(registry: Registry, asset: Reviewable) -> str:
    said = [one for one in registry.verdicts(asset_id=asset.asset_id, last=1) if one.verdict == asset.state]
    return f", by {said[0].by} at {said[0].at:%Y-%m-%d %H:%M} UTC" if said else ""


def _write(
    store: Store, registry: Registry, campaign: str, by: str, wishes: Iterable[Wish], there: dict[str, Reviewable]
) -> None:
    event = VerdictEvent(
        by=by,
        verdicts=tuple(
            Verdict(
                asset_id=wish.asset_id,
                ad_id=there[wish.asset_id].ad_id,
                sha256=wish.sha256,
                verdict=wish.verdict,
                reason=wish.reason,
                stage=wish.stage,
            )
            for wish in wishes
        ),
    )
    entry = Log(store, campaign).append("verdict", event.model_dump(mode="json"))
    registry.apply(store, campaign, entry)


def _effective(registry: Registry, wishes: Sequence[Wish], outcome: Outcome) -> list[Wish]:
    """Those whose asset is now as they say. Between our look and our entry others may have written theirs."""
    now = registry.reviewable([wish.asset_id for wish in wishes])
    kept = []
    for wish in wishes:
        asset = now[wish.asset_id]
        if asset.state == wish.verdict and asset.sha256 == wish.sha256:
            kept.append(wish)
        else:
            why = f"was changed by somebody else at the same moment, and is {asset.state} now"
            outcome.refused.append(Refusal(wish.asset_id, why, wish.where))
    return kept
