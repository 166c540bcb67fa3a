"""The registry: one object for all that is asked of it and told to it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from creative.errors import RegistryError
from creative.records import Entry, Receipt
from creative.registry import applying, queries, tables
from creative.registry.database import bind, chunks, engine_for, migrate, reading, upsert, where, writing
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
from creative.store.events import JobState
from creative.store.log import Log, campaigns
from creative.store.port import Store
from creative.store.receipts import read_receipt, receipt_keys

_BATCH = 500


def open_registry(url: str | Path, store_id: str) -> Registry:
    """The registry at a path, `sqlite:///` or `postgresql://` URL, made if it is missing, brought up to date, and bound.

    What the logs hold beyond it is applied by `catch_up`. Raises UsageError for other URLs or a missing driver,
    RegistryError if it belongs to another store, is damaged, locked, read-only, or was written by a newer version.
    """
    engine = engine_for(url)
    try:
        migrate(engine)
        bind(engine, store_id)
    except BaseException:
        engine.dispose()
        raise
    return Registry(engine, store_id)


class Registry:
    """Open one with `open_registry`. Every method raises RegistryError when the database cannot be used.

    Campaigns, cells and assets change only by entries of the store's logs; see `creative.registry.applying`.
    """

    def __init__(self, engine: sa.Engine, store_id: str) -> None:
        self._engine = engine
        self.store_id = store_id

    @property
    def place(self) -> str:
        """Where it is, for people: a path, or a URL without its password."""
        return where(self._engine)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Following the logs

    def apply(self, store: Store, campaign: str, entry: Entry) -> bool:
        """Apply an entry, and any before it that are still missing; False if it was applied already.

        Raises RegistryError for a type of entry that this version does not know.
        """
        self._check(store)
        with writing(self._engine) as connection:
            applying.claim(self._engine, connection, campaign)
            done = applying.cursor(connection, campaign)
            if entry.n <= done:
                return False
            missing = itertools.islice(Log(store, campaign, seen=done).entries(after=done), entry.n - 1 - done)
            for one in itertools.chain(missing, (entry,)):
                done += 1
                if one.n != done:
                    raise RegistryError(f"the log of {campaign} has no entry {done}, but one numbered {entry.n}")
                applying.apply(self._engine, connection, store, campaign, one)
        return True

    def catch_up(self, store: Store) -> int:
        """Apply what is new in the logs of all campaigns; returns how many entries that were."""
        self._check(store)
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(tables.campaigns.c.id, tables.campaigns.c.cursor))
            cursors = {row[0]: row[1] for row in rows}
        applied = 0
        for campaign in campaigns(store):
            for entry in Log(store, campaign).entries(after=cursors.get(campaign, 0)):
                applied += self.apply(store, campaign, entry)
        return applied

    def rebuild(self, store: Store) -> int:
        """Empty the tables, then fill them from the store: its logs, then its receipts. Returns the entries applied.

        Leases stay as they are: they are nothing of the store's.
        """
        self._check(store)
        with writing(self._engine) as connection:
            for table in reversed(tables.OF_THE_STORE):
                connection.execute(sa.delete(table))
        applied = self.catch_up(store)
        receipts = (read_receipt(store, key) for key in receipt_keys(store))
        self.record_steps(receipt for receipt in receipts if receipt is not None)
        return applied

    def _check(self, store: Store) -> None:
        if store.id != self.store_id:
            raise RegistryError(f"the registry {self.place} belongs to the store {self.store_id}, not to {store.id}")

    # The step table

    def known_steps(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that are known to have a receipt. The store may have more."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            for some in chunks(list(keys)):
                found.update(connection.scalars(sa.select(tables.steps.c.key).where(tables.steps.c.key.in_(some))))
        return found

    def record_steps(self, receipts: Iterable[Receipt]) -> int:
        """Add receipts to the step table, those that are not there; returns how many were given."""
        remaining = iter(receipts)
        given = 0
        while rows := [_step_row(receipt) for receipt in itertools.islice(remaining, _BATCH)]:
            with writing(self._engine) as connection:
                connection.execute(upsert(self._engine, tables.steps, ["key"], []), rows)
            given += len(rows)
        return given

    def forget_steps(self, keys: Iterable[str]) -> None:
        """Remove steps whose receipts are removed from the store."""
        with writing(self._engine) as connection:
            for some in chunks(list(keys)):
                connection.execute(sa.delete(tables.steps).where(tables.steps.c.key.in_(some)))

    def steps(self, keys: Iterable[str]) -> dict[str, StepRow]:
        """The known steps by key."""
        columns = [tables.steps.c[name] for name in StepRow.__dataclass_fields__]
        with reading(self._engine) as connection:
            return {
                row.key: StepRow(*row)
                for some in chunks(list(keys))
                for row in connection.execute(sa.select(*columns).where(tables.steps.c.key.in_(some)))
            }

    def rates(self) -> dict[tuple[str, str], Rate]:
        """What steps took so far, by (kind, backend)."""
        step = tables.steps.c
        query = sa.select(
            step.kind, step.backend, sa.func.count(), sa.func.avg(step.seconds), sa.func.avg(step.bytes)
        ).group_by(step.kind, step.backend)
        with reading(self._engine) as connection:
            return {(row[0], row[1]): Rate(row[2], float(row[3]), float(row[4])) for row in connection.execute(query)}

    # Cells and assets

    def current_assets(self, campaign: str, ads: Collection[str] | None = None) -> dict[str, CurrentAsset]:
        """The present rendition of each ad, by ad_id, leaving out those superseded or retired; with `ads`, of those only.

        An ad is about 0.7 kB: for a large campaign ask window by window, or use `each_current_asset`.
        """
        with reading(self._engine) as connection:
            return {one.ad_id: one for one in queries.current_assets(connection, campaign, ads)}

    def each_current_asset(self, campaign: str) -> Iterator[CurrentAsset]:
        """As `current_assets`, one after another, ordered by ad_id, in little memory."""
        with reading(self._engine) as connection:
            yield from queries.current_assets(connection, campaign, None)

    def manifest_rows(
        self,
        campaign: str | None = None,
        filters: Mapping[str, Collection[str]] | None = None,
        all_states: bool = False,
    ) -> Iterator[AssetRow]:
        """The present rendition of each ad, leaving out those superseded or retired, one after another, by ad_id.

        `filters` narrows by segment, placement, market, locale, product, offer, arm, variant, modality, ad or state:
        every name given must match one of its values. With `all_states`, or a filter on the state, every rendition
        counts, also an ad's earlier ones. Raises UsageError for another filter.
        """
        with reading(self._engine) as connection:
            yield from queries.manifest_rows(connection, campaign, filters or {}, all_states)

    def asset(self, id: str) -> AssetRow:
        """The asset by its id, its name, or its ad's id (then the present rendition); ids may be shortened.

        Raises UsageError if there is none, or several.
        """
        with reading(self._engine) as connection:
            return queries.find_asset(connection, id)

    def history(self, asset_id: str) -> list[HistoryRow]:
        """The changes of the asset's state, oldest first."""
        with reading(self._engine) as connection:
            return queries.history(connection, asset_id)

    def counts(self, campaign: str) -> dict[tuple[str, str], int]:
        """How many renditions there are, by (state, modality), earlier ones included."""
        with reading(self._engine) as connection:
            return queries.counts(connection, campaign)

    # Campaigns, runs, jobs

    def campaigns(self) -> list[CampaignRow]:
        """All campaigns, by id."""
        columns = [tables.campaigns.c[name] for name in CampaignRow.__dataclass_fields__]
        with reading(self._engine) as connection:
            return [
                CampaignRow(*row) for row in connection.execute(sa.select(*columns).order_by(tables.campaigns.c.id))
            ]

    def runs(self, campaign: str) -> list[RunRow]:
        """The campaign's runs that its log knows of, oldest first."""
        columns = [tables.runs.c[name] for name in RunRow.__dataclass_fields__]
        query = sa.select(*columns).where(tables.runs.c.campaign == campaign).order_by(tables.runs.c.entry)
        with reading(self._engine) as connection:
            return [RunRow(*row) for row in connection.execute(query)]

    def jobs(self, run: str) -> list[JobRow]:
        """The run's jobs, by segment."""
        columns = [tables.jobs.c[name] for name in JobRow.__dataclass_fields__]
        query = sa.select(*columns).where(tables.jobs.c.run == run).order_by(tables.jobs.c.segment)
        with reading(self._engine) as connection:
            return [JobRow(*row) for row in connection.execute(query)]

    def set_job(self, run: str, segment: str, state: JobState, counts: Mapping[str, int]) -> None:
        """Say how a job stands while its run goes on; the log's `run` entry says it for good."""
        row = {"run": run, "segment": segment, "state": state, "counts": dict(counts)}
        with writing(self._engine) as connection:
            connection.execute(upsert(self._engine, tables.jobs, ["run", "segment"], ["state", "counts"]), row)


def _step_row(receipt: Receipt) -> dict[str, Any]:
    return {
        "key": receipt.key,
        "kind": receipt.recipe["kind"],
        "backend": receipt.recipe["backend"],
        "seconds": receipt.seconds,
        "bytes": sum(blob.bytes for blob in receipt.outputs.values()),
        "made_at": _moment(receipt.made_at),
        "outputs": {name: blob.model_dump() for name, blob in receipt.outputs.items()},
    }


def _moment(text: str) -> datetime | None:
    """When a receipt says that it was made. Only people read it: a receipt without a time is no error."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
