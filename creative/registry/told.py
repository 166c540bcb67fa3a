"""Findings as they are told: those of a rendition's own figures, those of its segment together, and what was waived.

What follows from other ads is worked out when it is asked, never stored: another rendition of one ad would make it wrong.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from creative.duplicates import near_duplicates, seen_of
from creative.records import FindingRecord
from creative.registry.rows import AssetRow
from creative.registry.saying import is_present
from creative.registry.tables import assets, cells, waivers

_GONE = ("superseded", "retired", "rejected", "withdrawn")
_GROUP = ("campaign", "segment", "placement", "market", "locale", "product", "offer")


class Told:
    """What is told of the ads of one campaign, or of all; with `only`, of one ad, for which few are read."""

    def __init__(self, connection: Connection, campaign: str | None, only: AssetRow | None = None) -> None:
        self._duplicates = _duplicates(connection, campaign, only)
        self._waived = _waived(connection, campaign)

    def of(self, row: AssetRow) -> AssetRow:
        """The row with all its findings, those that were waived with `waived` {by, reason}."""
        own: list[dict[str, Any]] = [
            dict(one) if isinstance(one, Mapping) else {"id": "", "says": str(one)} for one in row.findings
        ]
        if row.asset_id in self._duplicates:
            own.append(self._duplicates[row.asset_id].model_dump(mode="json"))
        for one in own:
            if said := self._waived.get((row.ad_id, one.get("id", ""))):
                one["waived"] = said
        return dataclasses.replace(row, findings=own) if own else row


def _waived(connection: Connection, campaign: str | None) -> dict[tuple[str, str], dict[str, str]]:
    query = sa.select(waivers.c.ad_id, waivers.c.finding, waivers.c.by, waivers.c.reason)
    if campaign is not None:
        query = query.where(waivers.c.campaign == campaign)
    return {(ad, finding): {"by": by, "reason": reason} for ad, finding, by, reason in connection.execute(query)}


def _duplicates(connection: Connection, campaign: str | None, only: AssetRow | None) -> dict[str, FindingRecord]:
    """Only those with siblings are read: other variants of the same ad."""
    others = cells.alias()
    same = [cells.c[name].is_not_distinct_from(others.c[name]) for name in _GROUP if name != "campaign"]
    sibling = sa.exists().where(cells.c.campaign == others.c.campaign, *same, cells.c.ad_id != others.c.ad_id)
    columns: list[Any] = [
        assets.c.asset_id,
        assets.c.ad_id,
        assets.c.name,
        cells.c.variant,
        *(cells.c[name] for name in _GROUP),
    ]
    query = (
        sa.select(*columns, assets.c.texts, assets.c.figures["looks"].label("looks"))
        .join(cells, cells.c.ad_id == assets.c.ad_id)
        .where(is_present(), assets.c.state.not_in(_GONE), cells.c.modality != "audio", sibling)
    )
    if campaign is not None:
        query = query.where(cells.c.campaign == campaign)
    if only is not None:
        query = query.where(*(cells.c[name].is_not_distinct_from(getattr(only, name)) for name in _GROUP))
    found = (seen_of(dict(row._mapping), _GROUP) for row in connection.execute(query))
    return near_duplicates(one for one in found if one is not None)
