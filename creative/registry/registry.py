"""The registry: one object for all that is asked of it and told to it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from creative.errors import RegistryError
from creative.records import Entry, Receipt
from creative.registry import applying, queries, tables
from creative.registry.consents import Consenting
from creative.registry.database import bind, chunks, engine_for, migrate, reading, upsert, writing
from creative.registry.judged import Judged
from creative.registry.patience import Patience, Waiting, persist
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
from creative.registry.troubles import PassingError, where
from creative.store.events import JobState
from creative.store.log import Log, campaigns
from creative.store.port import Store
from creative.store.receipts import read_receipt, receipt_keys

_BATCH = 500
T = TypeVar("T")
Rendition = TypeVar("Rendition", CurrentAsset, AssetRow)


def open_registry(url: str | Path, store_id: str, patience: Patience | None = None) -> Registry:
    """The registry at a path, `sqlite:///` or `postgresql://` URL, made if it is missing, brought up to date, and bound.

    What the logs hold beyond it is applied by `catch_up`. `patience`: how long a database server may stay away before a
    method gives up, and who is told; while opening, ten seconds at most. Raises UsageError for other URLs or a missing
    driver, RegistryError if it belongs to another store, is damaged, locked, read-only, away, or was written by a newer
    version.
    """
    engine = engine_for(url)
    patience = patience or Patience()

    def ready() -> None:
        migrate(engine)
        bind(engine, store_id)

    try:
        persist(where(engine), patience, ready, opening=True)
    except BaseException:
        engine.dispose()
        raise
    return Registry(engine, store_id, patience)


class Registry(Judged, Consenting):
    """Open one with `open_registry`. Every method raises RegistryError when the database cannot be used.

    Campaigns, cells and assets change only by entries of the store's logs; see `creative.registry.applying`. A server
    that goes away is waited for: each transaction is one that does no harm when it is repeated.
    """

    def __init__(self, engine: sa.Engine, store_id: str, patience: Patience | None = None) -> None:
        self._engine = engine
        self._patience = patience or Patience()
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

    # How all of it reads and writes

    def _read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, which may be asked again from its beginning."""

        def once() -> T:
            with reading(self._engine) as connection:
                return work(connection)

        return persist(self.place, self._patience, once)

    def _write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction; again, from its beginning, if it is not known to be done."""

        def once() -> T:
            with writing(self._engine) as connection:
                return work(connection)

        return persist(self.place, self._patience, once)

    def _stream(self, rows: Callable[[Connection], Iterator[Rendition]]) -> Iterator[Rendition]:
        """The rows, ordered by ad. After an interruption it goes on behind the last one, as things are by then."""
        waiting = Waiting(self._patience, self.place)
        ad, given = "", set[str]()
        while True:
            try:
                with reading(self._engine) as connection:
                    for row in rows(connection):
                        waiting.answered()
                        if row.ad_id < ad or (row.ad_id == ad and row.asset_id in given):
                            continue
                        if row.ad_id != ad:
                            ad, given = row.ad_id, set()
                        given.add(row.asset_id)
                        yield row
                return
            except PassingError as error:
                waiting.failed(error)

    # Following the logs

    def apply(self, store: Store, campaign: str, entry: Entry) -> bool:
        """Apply an entry, and any before it that are still missing; False if it was applied already.

        Raises RegistryError for a type of entry that this version does not know.
        """
        self._check(store)
        applied = False

        def work(connection: Connection) -> bool:
            nonlocal applied
            applying.claim(self._engine, connection, campaign)
            done = applying.cursor(connection, campaign)
            if entry.n <= done:
                return applied  # by the time before, perhaps: it may have been done, and its answer lost
            missing = itertools.islice(Log(store, campaign, seen=done).entries(after=done), entry.n - 1 - done)
            for one in itertools.chain(missing, (entry,)):
                done += 1
                if one.n != done:
                    raise RegistryError(f"the log of {campaign} has no entry {done}, but one numbered {entry.n}")
                applying.apply(self._engine, connection, store, campaign, one)
            applied = True
            return True

        return self._write(work)

    def catch_up(self, store: Store) -> int:
        """Apply what is new in the rights log and in the logs of all campaigns; returns how many entries that were."""
        self._check(store)
        cursors = {row.id: row.cursor for row in self.campaigns()}
        applied = self.follow_rights(store)
        for campaign in campaigns(store):
            for entry in Log(store, campaign).entries(after=cursors.get(campaign, 0)):
                applied += self.apply(store, campaign, entry)
        return applied

    def rebuild(self, store: Store) -> int:
        """Empty the tables, then fill them from the store: its logs, then its receipts. Returns the entries applied.

        Leases stay as they are: they are nothing of the store's.
        """
        self._check(store)

        def empty(connection: Connection) -> None:
            for table in reversed(tables.OF_THE_STORE):
                connection.execute(sa.delete(table))

        self._write(empty)
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
        asked = list(keys)

        def work(connection: Connection) -> set[str]:
            column = tables.steps.c.key
            return {
                key for some in chunks(asked) for key in connection.scalars(sa.select(column).where(column.in_(some)))
            }

        return self._read(work)

    def step_keys(self, after: str, until: str, most: int) -> list[str]:
        """The known keys behind `after`, up to and with `until`, the first `most` of them, sorted."""
        key = tables.steps.c.key
        query = sa.select(key).where(key > after, key <= until).order_by(key).limit(most)
        return self._read(lambda connection: list(connection.scalars(query)))

    def record_steps(self, receipts: Iterable[Receipt]) -> int:
        """Add receipts to the step table, those that are not there; returns how many were given."""
        remaining = iter(receipts)
        given = 0
        while rows := [_step_row(receipt) for receipt in itertools.islice(remaining, _BATCH)]:
            self._write(functools.partial(_add_steps, self._engine, rows))
            given += len(rows)
        return given

    def forget_steps(self, keys: Iterable[str]) -> None:
        """Remove steps whose receipts are removed from the store."""
        gone = list(keys)

        def work(connection: Connection) -> None:
            for some in chunks(gone):
                connection.execute(sa.delete(tables.steps).where(tables.steps.c.key.in_(some)))

        self._write(work)

    def steps(self, keys: Iterable[str]) -> dict[str, StepRow]:
        """The known steps by key."""
        columns = [tables.steps.c[name] for name in StepRow.__dataclass_fields__]
        asked = list(keys)

        def work(connection: Connection) -> dict[str, StepRow]:
            return {
                row.key: StepRow(*row)
                for some in chunks(asked)
                for row in connection.execute(sa.select(*columns).where(tables.steps.c.key.in_(some)))
            }

        return self._read(work)

    def rates(self) -> dict[tuple[str, str], Rate]:
        """What steps took so far, by (kind, backend)."""
        step = tables.steps.c
        query = sa.select(
            step.kind, step.backend, sa.func.count(), sa.func.avg(step.seconds), sa.func.avg(step.bytes)
        ).group_by(step.kind, step.backend)
        rows = self._read(lambda connection: connection.execute(query).all())
        return {(row[0], row[1]): Rate(row[2], float(row[3]), float(row[4])) for row in rows}

    # Cells and assets

    def current_assets(self, campaign: str, ads: Collection[str] | None = None) -> dict[str, CurrentAsset]:
        """The present rendition of each ad, by ad_id, leaving out those superseded or retired; with `ads`, of those only.

        An ad is about 0.7 kB: for a large campaign ask window by window, or use `each_current_asset`.
        """
        return self._read(lambda it: {one.ad_id: one for one in queries.current_assets(it, campaign, ads)})

    def each_current_asset(self, campaign: str) -> Iterator[CurrentAsset]:
        """As `current_assets`, one after another, ordered by ad_id, in little memory."""
        return self._stream(lambda connection: queries.current_assets(connection, campaign, None))

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
        return self._stream(lambda it: queries.manifest_rows(it, campaign, filters or {}, all_states))

    def asset(self, id: str) -> AssetRow:
        """The asset by its id, its name, or its ad's id (then the present rendition); ids may be shortened.

        Raises UsageError if there is none, or several.
        """
        return self._read(lambda connection: queries.find_asset(connection, id))

    def history(self, asset_id: str) -> list[HistoryRow]:
        """The changes of the asset's state, oldest first."""
        return self._read(lambda connection: queries.history(connection, asset_id))

    def counts(self, campaign: str) -> dict[tuple[str, str], int]:
        """How many renditions there are, by (state, modality), earlier ones included."""
        return self._read(lambda connection: queries.counts(connection, campaign))

    # Campaigns, runs, jobs

    def campaigns(self) -> list[CampaignRow]:
        """All campaigns, by id."""
        columns = [tables.campaigns.c[name] for name in CampaignRow.__dataclass_fields__]
        query = sa.select(*columns).order_by(tables.campaigns.c.id)
        return self._read(lambda connection: [CampaignRow(*row) for row in connection.execute(query)])

    def runs(self, campaign: str) -> list[RunRow]:
        """The campaign's runs that its log knows of, oldest first."""
        columns = [tables.runs.c[name] for name in RunRow.__dataclass_fields__]
        query = sa.select(*columns).where(tables.runs.c.campaign == campaign).order_by(tables.runs.c.entry)
        return self._read(lambda connection: [RunRow(*row) for row in connection.execute(query)])

    def jobs(self, run: str) -> list[JobRow]:
        """The run's jobs, by segment."""
        columns = [tables.jobs.c[name] for name in JobRow.__dataclass_fields__]
        query = sa.select(*columns).where(tables.jobs.c.run == run).order_by(tables.jobs.c.segment)
        return self._read(lambda connection: [JobRow(*row) for row in connection.execute(query)])

    def set_job(self, run: str, segment: str, state: JobState, counts: Mapping[str, int]) -> None:
        """Say how a job stands while its run goes on; the log's `run` entry says it for good."""
        row = {"run": run, "segment": segment, "state": state, "counts": dict(counts)}
        change = upsert(self._engine, tables.jobs, ["run", "segment"], ["state", "counts"])
        self._write(lambda connection: connection.execute(change, row))


def _add_steps(engine: sa.Engine, rows: list[dict[str, Any]], connection: Connection) -> None:
    connection.execute(upsert(engine, tables.steps, ["key"], []), rows)


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
