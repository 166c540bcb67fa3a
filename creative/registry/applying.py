"""How an entry of a campaign's log changes the registry. Nothing else changes campaigns, cells and assets.

What an entry does depends on the entries before it and on nothing else: neither the clock nor who applies it. So a
registry that was there all the time and one that was made from the logs today are equal, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.engine import Connection, Engine

from creative.errors import RegistryError
from creative.records import AssetRecord, AssetState, CellRecord, Entry
from creative.registry import saying
from creative.registry.consents import keep_needs, needed_by
from creative.registry.database import chunks, upsert
from creative.registry.saying import Change, many, set_states
from creative.registry.tables import assets, campaigns, cells, jobs, runs, traits
from creative.rehearsals import noise_in
from creative.store.events import (
    EVENTS,
    BriefEvent,
    Event,
    ExportEvent,
    RetiredEvent,
    RunEvent,
    VerdictEvent,
    WaiverEvent,
    WindowEvent,
)
from creative.store.log import read_window
from creative.store.port import Store

_REPLACEABLE: tuple[AssetState, ...] = ("pending", "approved", "failed-check")
"""A newer rendition supersedes these; what somebody said no to keeps saying so."""
_JUDGED_BY_FIGURES: tuple[AssetState, ...] = ("pending", "failed-check")
_GONE: tuple[AssetState, ...] = ("superseded", "retired")
_JSON_OF_CELL = ("steps", "choices", "texts", "lines", "carried")
_FOR_MATCHING = ("value", "first_day", "last_day", "timezone")
_CELL_COLUMNS = [c.name for c in cells.c if c.name not in ("ad_id", "asset")]
_ASSET_COLUMNS = [c.name for c in assets.c if c.name != "asset_id"]


@dataclass(slots=True)
class _Known:
    """An asset that the registry has, as far as a window may change it."""

    asset_id: str
    ad_id: str
    state: AssetState
    sha256: str
    binding: str


def claim(engine: Engine, connection: Connection, campaign: str) -> None:
    """See that the campaign has a row: of writers at once, one goes on and the others wait for it."""
    connection.execute(
        upsert(engine, campaigns, ["id"], []),
        {"id": campaign, "name": campaign, "cursor": 0, "at": None, "brief": None, "owner": None},
    )


def cursor(connection: Connection, campaign: str) -> int:
    """The number of the campaign's last entry that is in the registry; its row is locked until the transaction ends."""
    return connection.scalar(sa.select(campaigns.c.cursor).where(campaigns.c.id == campaign).with_for_update()) or 0


def apply(engine: Engine, connection: Connection, store: Store, campaign: str, entry: Entry) -> None:
    """Apply the entry after the cursor, in the caller's transaction.

    Raises RegistryError for an entry that this version does not understand, StoreError if what it names is missing.
    """
    event = _event(campaign, entry)
    try:
        at = datetime.fromisoformat(entry.at)
    except ValueError as error:
        raise RegistryError(f"entry {entry.n} of {campaign} has no time: {entry.at!r}") from error
    connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign).values(cursor=entry.n, at=at))
    by = str(entry.data.get("by") or entry.data.get("run") or "")
    change = Change(engine, connection, campaign, entry, at, by)
    if isinstance(event, BriefEvent):
        _brief(change, event)
    elif isinstance(event, WindowEvent):
        _window(change, store, event)
    elif isinstance(event, RetiredEvent):
        _retired(change, event)
    elif isinstance(event, RunEvent):
        _run(change, event)
    elif isinstance(event, VerdictEvent):
        saying.verdicts(change, event)
    elif isinstance(event, WaiverEvent):
        saying.waivers(change, event)
    elif isinstance(event, ExportEvent):
        saying.export(change, event)
    change.write_history()


def _event(campaign: str, entry: Entry) -> Event:
    model = EVENTS.get(entry.type)
    if model is None:
        raise RegistryError(
            f"this store was written by a newer version of creative-farm: entry {entry.n} of {campaign} is of the type "
            f"{entry.type!r}, which this version does not know. Upgrade"
        )
    try:
        return model.model_validate(entry.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RegistryError(f"entry {entry.n} ({entry.type}) of {campaign}: {where}: {first['msg']}") from error


def _brief(change: Change, event: BriefEvent) -> None:
    change.connection.execute(
        sa.update(campaigns)
        .where(campaigns.c.id == change.campaign)
        .values(name=event.name or change.campaign, brief=event.snapshot, owner=event.owner)
    )


def _run(change: Change, event: RunEvent) -> None:
    row = {
        "id": event.run,
        "campaign": change.campaign,
        "entry": change.entry.n,
        "status": event.status,
        "counts": dict(event.counts),
        "seconds": event.seconds,
        "at": change.at,
    }
    change.connection.execute(upsert(change.engine, runs, ["id"], [name for name in row if name != "id"]), row)
    results = [
        {"run": event.run, "segment": segment, "state": job.state, "counts": dict(job.counts)}
        for segment, job in event.jobs.items()
    ]
    many(change.connection, upsert(change.engine, jobs, ["run", "segment"], ["state", "counts"]), results)


def _retired(change: Change, event: RetiredEvent) -> None:
    gone: list[dict[str, Any]] = []
    for ads in chunks(sorted(set(event.ads))):
        of_these = cells.c.ad_id.in_(ads) & (cells.c.campaign == change.campaign)
        change.connection.execute(sa.update(cells).where(of_these).values(retired=True))
        for known in _known(change, ads):
            if known.state in _REPLACEABLE:
                change.remember(known.asset_id, known.state, "retired", event.why or "the brief wants it no more")
                gone.append({"of": known.asset_id, "to": "retired"})
    set_states(change.connection, gone)


def _window(change: Change, store: Store, event: WindowEvent) -> None:
    window = read_window(store, event.object)
    by_ad = {cell.ad_id: cell for cell in window.cells}
    for cell in window.cells:
        if cell.campaign != change.campaign:
            raise RegistryError(f"{event.object} has a cell of another campaign, {cell.campaign}")
    for asset in window.assets:
        if asset.ad_id not in by_ad:
            raise RegistryError(f"{event.object} has the asset {asset.asset_id} without its cell {asset.ad_id}")
    known: dict[str, dict[str, _Known]] = {}
    for ads in chunks(sorted(by_ad)):
        for one in _known(change, ads):
            known.setdefault(one.ad_id, {})[one.asset_id] = one
    before = {one.asset_id: one.state for of_ad in known.values() for one in of_ad.values()}
    many(
        change.connection,
        upsert(change.engine, cells, ["ad_id"], _CELL_COLUMNS),
        [_cell_row(cell) for cell in by_ad.values()],
    )
    _traits(change, by_ad.values())
    rows: dict[str, dict[str, Any]] = {}
    newest: dict[str, str] = {}
    for asset in window.assets:
        cell = by_ad[asset.ad_id]
        state = _enter(change, asset, cell, known.setdefault(asset.ad_id, {}))
        rows[asset.asset_id] = _asset_row(asset, cell, change.entry.n, state)
        newest[asset.ad_id] = asset.asset_id
    for ad_id, cell in by_ad.items():
        if ad_id not in newest:
            _outdated(change, cell, known.get(ad_id, {}).values())
    # A window may name two renditions of one ad: the states at the end are what counts.
    after = {one.asset_id: one.state for of_ad in known.values() for one in of_ad.values()}
    for asset_id, row in rows.items():
        row["state"] = after[asset_id]
    many(change.connection, upsert(change.engine, assets, ["asset_id"], _ASSET_COLUMNS), list(rows.values()))
    needs = ((asset.asset_id, right) for asset in window.assets for right in needed_by(by_ad[asset.ad_id]))
    keep_needs(change.engine, change.connection, needs)
    set_states(
        change.connection,
        [{"of": id, "to": state} for id, state in after.items() if id in before and before[id] != state],
    )
    many(
        change.connection,
        sa.update(cells).where(cells.c.ad_id == sa.bindparam("of")).values(asset=sa.bindparam("to")),
        [{"of": ad_id, "to": asset_id} for ad_id, asset_id in newest.items()],
    )


def _enter(change: Change, asset: AssetRecord, cell: CellRecord, known: dict[str, _Known]) -> AssetState:
    """The asset is its ad's present rendition from now on. Changes `known`; returns the asset's state."""
    for other in known.values():
        if other.asset_id != asset.asset_id and other.state in _REPLACEABLE:
            change.remember(other.asset_id, other.state, "superseded", f"by {asset.asset_id}")
            other.state = "superseded"
    old = known.get(asset.asset_id)
    if old is None:
        state, why = asset.state, "made"
    elif old.sha256 != asset.sha256:
        state, why = asset.state, "made again, with other bytes"
    elif old.state in _GONE:
        state, why = asset.state, "wanted again"
    elif old.state in _JUDGED_BY_FIGURES:
        state, why = asset.state, "checked again"
    else:
        state, why = old.state, ""
    if old is None or old.state != state or old.sha256 != asset.sha256:
        if state == "failed-check" and asset.reasons:
            why += ": " + "; ".join(asset.reasons)
        change.remember(asset.asset_id, old.state if old else None, state, why)
    known[asset.asset_id] = _Known(asset.asset_id, asset.ad_id, state, asset.sha256, cell.binding)
    return state


def _outdated(change: Change, cell: CellRecord, known: Iterable[_Known]) -> None:
    """A cell without a new rendition: what shows another offer or price must not be shown any more, all else may stay."""
    for one in known:
        if one.state in _REPLACEABLE and one.binding != cell.binding:
            change.remember(one.asset_id, one.state, "superseded", "its offer, price or legal text changed")
            one.state = "superseded"


def _known(change: Change, ads: Sequence[str]) -> list[_Known]:
    found = change.connection.execute(
        sa.select(assets.c.asset_id, assets.c.ad_id, assets.c.state, assets.c.sha256, assets.c.binding)
        .where(assets.c.ad_id.in_(ads), assets.c.campaign == change.campaign)
        .order_by(assets.c.ad_id, assets.c.asset_id)
    )
    return [_Known(*row) for row in found]


def _cell_row(cell: CellRecord) -> dict[str, Any]:
    other = ("retired", *_JSON_OF_CELL, *_FOR_MATCHING)
    row = {name: getattr(cell, name) for name in _CELL_COLUMNS if name not in other}
    row |= {name: dict(getattr(cell, name)) for name in _JSON_OF_CELL}
    return row | _for_matching(cell.carried) | {"ad_id": cell.ad_id, "retired": False}


def _for_matching(carried: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that matching asks for: from the later beginning to the earlier end of flight and offer."""
    spans = [span for name in ("flight", "valid") if (span := carried.get(name))]
    return {
        "value": carried.get("value", 1),
        "first_day": max((str(span["from"]) for span in spans if span.get("from")), default=None),
        "last_day": min((str(span["until"]) for span in spans if span.get("until")), default=None),
        "timezone": carried.get("timezone"),
    }


def _traits(change: Change, of: Iterable[CellRecord]) -> None:
    """Segments of the window have the traits that its last cell of each says."""
    said = {cell.segment: cell.carried.get("traits") or {} for cell in of}
    for segments in chunks(sorted(said)):
        theirs = (traits.c.campaign == change.campaign) & traits.c.segment.in_(segments)
        change.connection.execute(sa.delete(traits).where(theirs))
    rows = {
        (segment, name, str(value))
        for segment, named in said.items()
        for name, values in named.items()
        for value in ([values] if isinstance(values, str) else values)
    }
    many(
        change.connection,
        sa.insert(traits),
        [{"campaign": change.campaign, "segment": s, "name": n, "value": v} for s, n, v in sorted(rows)],
    )


def _asset_row(asset: AssetRecord, cell: CellRecord, entry: int, state: AssetState) -> dict[str, Any]:
    lineage = [one.model_dump(mode="json") for one in asset.lineage]
    return {
        "asset_id": asset.asset_id,
        "ad_id": asset.ad_id,
        "campaign": cell.campaign,
        "entry": entry,
        "name": asset.name,
        "sha256": asset.sha256,
        "bytes": asset.bytes,
        "type": asset.type,
        "width": asset.width,
        "height": asset.height,
        "ms": asset.ms,
        "state": state,
        "wanted": cell.wanted,
        "binding": cell.binding,
        "finish": cell.steps.get("finish", ""),
        "poster": asset.poster,
        "checked": asset.checked,
        "reasons": list(asset.reasons),
        "findings": [one.model_dump(mode="json") for one in asset.findings],
        "figures": dict(asset.figures),
        "choices": dict(cell.choices),
        "texts": dict(cell.texts),
        "lines": dict(cell.lines),
        "carried": dict(cell.carried),
        "lineage": lineage,
        "rehearsal": ", ".join(noise_in(lineage)),
    }
