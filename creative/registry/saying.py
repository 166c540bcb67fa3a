"""What people and programs say of assets, as the registry applies it: verdicts, and what was delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from creative.records import AssetState, Entry
from creative.registry import tables
from creative.registry.database import chunks, upsert
from creative.registry.tables import assets, cells
from creative.rehearsals import why_not
from creative.store.events import ExportEvent, VerdictEvent, WaiverEvent

FROM: dict[str, tuple[AssetState, ...]] = {
    "approved": ("pending", "rejected", "withdrawn"),
    "rejected": ("pending", "approved", "failed-check", "withdrawn"),
    "withdrawn": ("pending", "approved"),
}
"""The states that a verdict changes."""


@dataclass(slots=True)
class Change:
    """One entry being applied: where, and which lines of history it has come to so far."""

    engine: Engine
    connection: Connection
    campaign: str
    entry: Entry
    at: datetime
    by: str
    history: list[dict[str, Any]] = field(default_factory=list)

    def remember(self, asset_id: str, before: AssetState | None, after: AssetState, why: str) -> None:
        """Add a line."""
        self.history.append(
            {
                "asset_id": asset_id,
                "entry": self.entry.n,
                "number": len(self.history),
                "at": self.at,
                "before": before,
                "after": after,
                "by": self.by,
                "why": why,
            }
        )

    def write_history(self) -> None:
        """Put the lines into the registry."""
        many(self.connection, sa.insert(tables.asset_history), self.history)


@dataclass(slots=True)
class _Judged:
    """What decides whether a verdict changes an asset: see `VerdictEvent`."""

    state: AssetState
    sha256: str
    sound: bool
    rehearsal: str
    present: bool


def verdicts(change: Change, event: VerdictEvent) -> None:
    """Keep every verdict; the asset's state follows where the verdict is of its present bytes."""
    known = _judged(change, {one.asset_id for one in event.verdicts})
    before = {asset_id: one.state for asset_id, one in known.items()}
    rows = []
    for number, one in enumerate(event.verdicts):
        rows.append(
            {
                "campaign": change.campaign,
                "entry": change.entry.n,
                "number": number,
                "asset_id": one.asset_id,
                "ad_id": one.ad_id,
                "sha256": one.sha256,
                "verdict": one.verdict,
                "by": event.by,
                "reason": one.reason,
                "stage": one.stage,
                "at": change.at,
            }
        )
        asset = known.get(one.asset_id)
        if asset is None or not asset.present or asset.sha256 != one.sha256 or asset.state not in FROM[one.verdict]:
            continue
        if one.verdict == "approved" and (not asset.sound or why_not(asset.rehearsal, one.stage)):
            continue
        change.remember(one.asset_id, asset.state, one.verdict, f"by {event.by}{one.reason and ': '}{one.reason}")
        asset.state = one.verdict
    many(change.connection, sa.insert(tables.verdicts), rows)
    set_states(
        change.connection,
        [{"of": id, "to": one.state} for id, one in known.items() if one.state != before[id]],
    )


def waivers(change: Change, event: WaiverEvent) -> None:
    """The last word on each finding of each ad of the campaign."""
    there = tables.waivers
    last = {(one.ad_id, one.finding): one for one in event.waivers}
    gone = [{"ad": ad, "which": finding} for (ad, finding), one in last.items() if not one.waived]
    of_one = (there.c.ad_id == sa.bindparam("ad")) & (there.c.finding == sa.bindparam("which"))
    many(change.connection, sa.delete(there).where(there.c.campaign == change.campaign, of_one), gone)
    rows = [
        {
            "campaign": change.campaign,
            "ad_id": one.ad_id,
            "finding": one.finding,
            "sha256": one.sha256,
            "entry": change.entry.n,
            "by": event.by,
            "reason": one.reason,
            "at": change.at,
        }
        for one in last.values()
        if one.waived
    ]
    columns = ["sha256", "entry", "by", "reason", "at"]
    many(change.connection, upsert(change.engine, there, ["campaign", "ad_id", "finding"], columns), rows)


def _judged(change: Change, ids: Iterable[str]) -> dict[str, _Judged]:
    found: dict[str, _Judged] = {}
    for some in chunks(sorted(ids)):
        rows = change.connection.execute(
            sa.select(
                assets.c.asset_id, assets.c.state, assets.c.sha256, assets.c.reasons, assets.c.rehearsal, is_present()
            )
            .join(cells, cells.c.ad_id == assets.c.ad_id)
            .where(assets.c.asset_id.in_(some), assets.c.campaign == change.campaign)
        )
        found |= {row[0]: _Judged(row[1], row[2], not row[3], row[4], bool(row[5])) for row in rows}
    return found


def is_present() -> sa.ColumnElement[bool]:
    """Whether an asset, joined with its cell, is what the cell is to show now: newest, wanted, with today's offer."""
    return (cells.c.asset == assets.c.asset_id) & ~cells.c.retired & (cells.c.binding == assets.c.binding)


def export(change: Change, event: ExportEvent) -> None:
    """What lies at the campaign's paths."""
    there = tables.deliveries
    for paths in chunks(sorted(event.removed)):
        gone = (there.c.campaign == change.campaign) & there.c.path.in_(paths)
        change.connection.execute(sa.delete(there).where(gone))
    rows = [
        {"campaign": change.campaign, "path": path, "entry": change.entry.n, "asset_id": a.asset_id, "sha256": a.sha256}
        for path, a in sorted(event.paths.items())
    ]
    many(
        change.connection,
        upsert(change.engine, there, ["campaign", "path"], ["asset_id", "sha256", "entry"]),
        rows,
    )


def set_states(connection: Connection, changes: list[dict[str, Any]]) -> None:
    """Give the assets `of` the states `to`."""
    many(
        connection,
        sa.update(assets).where(assets.c.asset_id == sa.bindparam("of")).values(state=sa.bindparam("to")),
        changes,
    )


def many(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    """Execute for each row; nothing for none."""
    if rows:
        connection.execute(statement, rows)
