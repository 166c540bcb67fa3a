"""What is asked of the registry about cells and their assets. Each function takes a connection and reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from creative.errors import UsageError
from creative.registry.database import chunks
from creative.registry.rows import AssetRow, CurrentAsset, HistoryRow
from creative.registry.tables import asset_history, assets, cells
from creative.registry.told import Told

GONE = ("superseded", "retired")
_COORDINATE = ("market", "locale", "product", "offer", "segment", "placement", "arm", "variant", "modality")
_OF_CELL = {name: cells.c[name] for name in _COORDINATE}
_ASSET = [
    _OF_CELL[name] if name in _OF_CELL else assets.c[name]
    for name in AssetRow.__dataclass_fields__  # their order is the dataclass's
]
FILTERS: Mapping[str, sa.Column[Any]] = {
    "ad": cells.c.ad_id,
    "campaign": cells.c.campaign,
    "state": assets.c.state,
    **{name: _OF_CELL[name] for name in _COORDINATE},
}
"""What `manifest_rows` can be narrowed by."""
_BATCH = 500
_SHORTEST = 4
_MOST_SHARED = 10_000


def current_assets(connection: Connection, campaign: str, ads: Collection[str] | None) -> Iterator[CurrentAsset]:
    """The present renditions that are not superseded or retired, by ad_id; all of the campaign's, or those of `ads`."""
    query = (
        sa.select(
            cells.c.ad_id,
            assets.c.asset_id,
            assets.c.state,
            assets.c.wanted,
            assets.c.binding,
            assets.c.finish,
            assets.c.sha256,
            assets.c.checked,
        )
        .join(assets, assets.c.asset_id == cells.c.asset)
        .where(cells.c.campaign == campaign, assets.c.state.not_in(GONE))
        .order_by(cells.c.ad_id)
    )
    shared: dict[str, Any] = {}  # many ads have the same state, wish and price: one string each will do

    def current(row: Sequence[Any]) -> CurrentAsset:
        ad_id, asset_id, state, wanted, binding, finish, sha256, checked = row
        if len(shared) > _MOST_SHARED:
            shared.clear()
        state, wanted, binding = (shared.setdefault(text, text) for text in (state, wanted, binding))
        return CurrentAsset(ad_id, asset_id, state, wanted, binding, finish, sha256, checked)

    if ads is None:
        with connection.execution_options(yield_per=_BATCH).execute(query) as rows:
            yield from map(current, rows)
        return
    for some in chunks(sorted(ads)):
        yield from map(current, connection.execute(query.where(cells.c.ad_id.in_(some))))


def manifest_rows(
    connection: Connection, campaign: str | None, filters: Mapping[str, Collection[str]], all_states: bool
) -> Iterator[AssetRow]:
    """See `Registry.manifest_rows`."""
    query = sa.select(*_ASSET).join(cells, cells.c.ad_id == assets.c.ad_id)
    if campaign is not None:
        query = query.where(cells.c.campaign == campaign)
    for name, values in filters.items():
        if name not in FILTERS:
            raise UsageError(f"there is nothing called {name!r} to choose by: use {', '.join(sorted(FILTERS))}")
        if name == "variant" and not all(str(value).isdecimal() for value in values):
            raise UsageError(f"a variant is a number, counted from 0, not {sorted(values)[0]!r}")
        query = query.where(FILTERS[name].in_([int(v) if name == "variant" else v for v in sorted(values)]))
    if not all_states and "state" not in filters:
        query = query.where(cells.c.asset == assets.c.asset_id, assets.c.state.not_in(GONE))
    query = query.order_by(assets.c.ad_id, assets.c.entry, assets.c.asset_id)
    told = Told(connection, campaign)
    with connection.execution_options(yield_per=_BATCH).execute(query) as rows:
        for row in rows:
            yield told.of(_asset(row))


def find_asset(connection: Connection, id: str) -> AssetRow:
    """See `Registry.asset`."""
    # The digits of an id will do without its "as_" or "ad_": the names of files carry eight of them.
    ways = [
        (assets.c.asset_id.in_([id, f"as_{id}"]), False),
        (cells.c.ad_id.in_([id, f"ad_{id}"]), True),
        (assets.c.name == id, True),
    ]
    if len(id) >= _SHORTEST:
        ways += [
            (_begins(assets.c.asset_id, id, f"as_{id}"), False),
            (_begins(cells.c.ad_id, id, f"ad_{id}"), True),
        ]
    for condition, newest in ways:
        if rows := _matching(connection, condition, newest):
            found = _only(rows, id)
            return Told(connection, found.campaign, found).of(found)
    if connection.scalar(sa.select(sa.exists().where(cells.c.ad_id == id))):
        raise UsageError(f"the ad {id} is planned, but has no rendition yet")
    raise UsageError(f"there is no asset, ad or name {id!r} here; an id may be shortened to {_SHORTEST} characters")


def _begins(column: sa.Column[Any], *starts: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(column.startswith(start, autoescape=True) for start in starts))


def _matching(connection: Connection, condition: sa.ColumnElement[bool], newest: bool) -> list[Row[Any]]:
    query = sa.select(*_ASSET).join(cells, cells.c.ad_id == assets.c.ad_id).where(condition)
    if newest:
        query = query.where(cells.c.asset == assets.c.asset_id)
    return list(connection.execute(query.order_by(assets.c.asset_id).limit(5)))


def _asset(row: Row[Any]) -> AssetRow:
    return AssetRow(**row._mapping)


def _only(rows: list[Row[Any]], id: str) -> AssetRow:
    if len(rows) > 1:
        some = ", ".join(f"{row.asset_id} ({row.name})" for row in rows[:3])
        raise UsageError(f"{id!r} could be several: {some}{', ...' if len(rows) > 3 else ''}. Write more of it")
    return _asset(rows[0])


def history(connection: Connection, asset_id: str) -> list[HistoryRow]:
    """The changes of the asset's state, oldest first."""
    columns = [asset_history.c[name] for name in HistoryRow.__dataclass_fields__]
    query = (
        sa.select(*columns)
        .where(asset_history.c.asset_id == asset_id)
        .order_by(asset_history.c.entry, asset_history.c.number)
    )
    return [HistoryRow(*row) for row in connection.execute(query)]


def counts(connection: Connection, campaign: str) -> dict[tuple[str, str], int]:
    """See `Registry.counts`."""
    query = (
        sa.select(assets.c.state, cells.c.modality, sa.func.count())
        .join(cells, cells.c.ad_id == assets.c.ad_id)
        .where(cells.c.campaign == campaign)
        .group_by(assets.c.state, cells.c.modality)
    )
    return {(state, modality): n for state, modality, n in sorted(connection.execute(query))}
