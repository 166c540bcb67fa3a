"""Consents in the registry: the store's rights log applied, which renditions need which, and which must not be shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from creative.errors import RegistryError, StoreError
from creative.records import CellRecord
from creative.registry.database import chunks, upsert
from creative.registry.rows import Needing
from creative.registry.tables import asset_rights, assets, cells, consents, revocations, rights_log
from creative.rights.ledger import Rights, RightsLog, Standing
from creative.rights.records import USES, Consent, Kind, RevocationEvent
from creative.store.port import Store

T = TypeVar("T")
_CURSOR = 1
_SHOWN = ("pending", "approved")
_SAID = ("entered_by", "entered_at", "revoked_at", "revoked_by", "revoked_reason")


class _Writes(Protocol):
    _engine: Engine

    def _read(self, work: Callable[[Connection], T]) -> T: ...
    def _write(self, work: Callable[[Connection], T]) -> T: ...
    def _check(self, store: Store) -> None: ...


class Consenting:
    """Part of `Registry`."""

    def follow_rights(self: _Writes, store: Store) -> int:
        """Apply what is new in the store's rights log; returns how many entries that were. One request where nothing is.

        Raises RegistryError for an entry that this version does not understand.
        """
        self._check(store)
        seen = self._read(_cursor)
        if RightsLog(store).read(seen + 1) is None:
            return 0

        def work(connection: Connection) -> int:
            connection.execute(upsert(self._engine, rights_log, ["id"], []), {"id": _CURSOR, "cursor": 0})
            query = sa.select(rights_log.c.cursor).where(rights_log.c.id == _CURSOR).with_for_update()
            connection.scalar(query)  # of writers at once one goes on, the others wait for it
            before = _rights(connection)
            try:
                after = before.with_entries(RightsLog(store, seen=before.last).entries(after=before.last))
            except StoreError as error:
                if type(error) is StoreError:
                    raise RegistryError(str(error)) from error
                raise
            _keep(self._engine, connection, after)
            return after.last - before.last

        return self._write(work)

    def rights(self: _Writes) -> Rights:
        """All consents, as far as the rights log was applied."""
        return self._read(_rights)

    def needed_rights(self: _Writes, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The consents that each of these renditions needs, by asset_id; those that need none are left out."""

        def work(connection: Connection) -> dict[str, tuple[str, ...]]:
            found: dict[str, tuple[str, ...]] = {}
            for some in chunks(sorted(set(ids))):
                query = sa.select(asset_rights.c.asset_id, asset_rights.c.consent).where(
                    asset_rights.c.asset_id.in_(some)
                )
                for asset, consent in connection.execute(query.order_by(asset_rights.c.consent)):
                    found[asset] = (*found.get(asset, ()), consent)
            return found

        return self._read(work)

    def needing(self: _Writes, ids: Collection[str] | None = None, campaign: str | None = None) -> list[Needing]:
        """The present renditions, pending or approved, that need one of these consents, or any; by campaign and ad."""
        query = (
            sa.select(assets.c.campaign, assets.c.asset_id, assets.c.sha256, assets.c.state, asset_rights.c.consent)
            .join(assets, assets.c.asset_id == asset_rights.c.asset_id)
            .join(cells, cells.c.asset == assets.c.asset_id)
            .where(assets.c.state.in_(_SHOWN))
            .order_by(assets.c.campaign, assets.c.ad_id, asset_rights.c.consent)
        )
        if ids is not None:
            query = query.where(asset_rights.c.consent.in_(sorted(ids)))
        if campaign is not None:
            query = query.where(assets.c.campaign == campaign)
        return self._read(lambda connection: [Needing(*row) for row in connection.execute(query)])


def needed_by(cell: CellRecord, kind: Kind | None = None) -> list[str]:
    """The consents that the renditions of a cell need, as its record says: all, or those of one kind."""
    uses = set(USES[kind]) if kind is not None else set()
    rights = cell.carried.get("rights", ())
    return sorted({str(one["rights_id"]) for one in rights if kind is None or uses & set(one["uses"])})


def keep_needs(engine: Engine, connection: Connection, needs: Iterable[tuple[str, str]]) -> None:
    """Keep which renditions (asset_id) need which consents."""
    rows = [{"asset_id": asset, "consent": consent} for asset, consent in sorted(set(needs))]
    if rows:
        connection.execute(upsert(engine, asset_rights, ["asset_id", "consent"], []), rows)


def _cursor(connection: Connection) -> int:
    return connection.scalar(sa.select(rights_log.c.cursor).where(rights_log.c.id == _CURSOR)) or 0


def _rights(connection: Connection) -> Rights:
    standing = {}
    for row in connection.execute(sa.select(consents).order_by(consents.c.id)).mappings():
        said = {name: row[name] for name in _SAID}
        standing[row["id"]] = Standing(Consent.model_validate(row["consent"]), **said)
    revoked = {
        row["statement"]: RevocationEvent(
            id=row["consent"], statement=row["statement"], reason=row["reason"], by=row["by"]
        )
        for row in connection.execute(sa.select(revocations)).mappings()
    }
    return Rights(standing, revoked, _cursor(connection))


def _keep(engine: Engine, connection: Connection, rights: Rights) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": one.consent.id,
            "kind": one.consent.kind,
            "consent": one.consent.model_dump(mode="json"),
            "statement": one.consent.statement.sha256,
            "valid_from": one.consent.valid_from,
            "valid_until": one.consent.valid_until,
            **{name: getattr(one, name) for name in _SAID},
        }
        for one in rights.standing.values()
    ]
    if rows:
        connection.execute(upsert(engine, consents, ["id"], [name for name in rows[0] if name != "id"]), rows)
    ends = [
        {"statement": end.statement, "consent": end.id, "by": end.by, "reason": end.reason}
        for end in rights.revoked.values()
    ]
    if ends:
        connection.execute(upsert(engine, revocations, ["statement"], []), ends)
    connection.execute(sa.update(rights_log).where(rights_log.c.id == _CURSOR).values(cursor=rights.last))
