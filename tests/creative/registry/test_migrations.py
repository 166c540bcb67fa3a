"""Registries of every earlier version, brought up to date with what they hold."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import alembic.op
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from creative.errors import RegistryError
from creative.registry import database, open_registry
from creative.registry.tables import OF_THE_STORE, leases, metadata
from creative.store import Store
from tests.support.registry_records import Farm, told

VERSIONS = [f"{number:04}" for number in range(1, int(database.HEAD) + 1)]


_SAMPLES = {
    str: "x",
    int: 1,
    float: 1.5,
    bool: False,
    object: {"a": 1},  # JSON
    datetime: datetime(2026, 11, 22, 10, tzinfo=UTC),
}


@contextlib.contextmanager
def engine_at(place: str) -> Iterator[sa.Engine]:
    engine = database.engine_for(place)
    try:
        yield engine
    finally:
        engine.dispose()


def config(connection: sa.Connection) -> Config:
    made = Config()
    made.set_main_option("script_location", "creative.registry:migrations")
    made.attributes["connection"] = connection
    return made


def make_at(place: str, version: str) -> None:
    """An empty registry of that version, made by the migrations themselves."""
    with engine_at(place) as engine, database.writing(engine) as connection:
        command.upgrade(config(connection), version)


def fill(place: str, store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Put a row into every table that is there; returns all rows by table."""
    with engine_at(place) as engine, database.writing(engine) as connection:
        found = sa.MetaData()
        found.reflect(connection)
        for table in found.sorted_tables:
            if table.name != "alembic_version":
                row = {column.name: _SAMPLES[column.type.python_type] for column in table.c}
                connection.execute(sa.insert(table), row | ({"store": store.id} if "store" in row else {}))
    return all_rows(place)


def all_rows(place: str) -> dict[str, list[tuple[object, ...]]]:
    with engine_at(place) as engine, database.reading(engine) as connection:
        found = sa.MetaData()
        found.reflect(connection)
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def as_wide_as(
    before: dict[str, list[tuple[object, ...]]], after: dict[str, list[tuple[object, ...]]]
) -> dict[str, list[tuple[object, ...]]]:
    """The rows without the columns that are new, which come last."""
    return {name: [row[: len(before[name][0])] for row in after[name]] for name in before}


def test_every_version_is_tried() -> None:
    found = ScriptDirectory.from_config(Config(config_args={"script_location": "creative.registry:migrations"}))
    revisions = list(found.walk_revisions())
    assert [one.revision for one in reversed(revisions)] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_one_keeps_its_rows(place: str, store: Store, version: str) -> None:
    make_at(place, version)
    before = fill(place, store)
    assert all(before.values())
    with open_registry(place, store.id) as registry:
        (campaign,) = registry.campaigns()
        assert (campaign.id, campaign.cursor) == ("x", 1)
        assert registry.known_steps(["x"]) == {"x"}
    after = all_rows(place)
    assert as_wide_as(before, after) == before
    assert not [name for name in after if name not in before and after[name]]
    with engine_at(place) as engine, engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_one_goes_on_with_the_log(place: str, store: Store, farm: Farm, version: str) -> None:
    make_at(place, version)
    farm.brief()
    farm.made("a")
    with open_registry(place, store.id) as registry:
        registry.catch_up(store)
        live = told(registry)
        registry.rebuild(store)
        assert told(registry) == live


def test_a_newer_one_is_refused_by_its_number(place: str, store: Store) -> None:
    open_registry(place, store.id).close()
    newer = f"{int(database.HEAD) + 1:04}"
    with engine_at(place) as engine, database.writing(engine) as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{newer}'"))
    before = all_rows(place)
    with pytest.raises(RegistryError, match=rf"newer version.*schema is {newer}, this version knows {database.HEAD}"):
        open_registry(place, store.id)
    assert all_rows(place) == before


def test_an_upgrade_that_is_interrupted_leaves_the_old_one(
    place: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_at(place, "0001")
    before = fill(place, store)
    create = alembic.op.create_table
    made = []

    def fail_at_the_third(*arguments: object, **named: object) -> None:
        made.append(arguments)
        if len(made) == 3:
            raise KeyboardInterrupt
        create(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(alembic.op, "create_table", fail_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            open_registry(place, store.id)
    assert all_rows(place) == before
    with open_registry(place, store.id) as registry:
        assert registry.known_steps(["x"]) == {"x"}


def test_four_upgrade_it_at_once(place: str, store: Store) -> None:
    make_at(place, "0001")
    before = fill(place, store)
    gate = threading.Barrier(4)
    wrong: list[BaseException] = []

    def upgrade() -> None:
        gate.wait()
        try:
            open_registry(place, store.id).close()
        except Exception as error:  # noqa: BLE001  whatever it is, it is wrong
            wrong.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert as_wide_as(before, all_rows(place)) == before


def test_leases_are_left_alone(place: str, store: Store, farm: Farm) -> None:
    farm.made("a")
    now = datetime(2026, 11, 22, 10, tzinfo=UTC)
    with open_registry(place, store.id) as registry:
        registry.catch_up(store)
        with database.writing(registry._engine) as connection:
            row = {"name": "nightly", "holder": "me", "host": "here", "until": now, "taken": now}
            connection.execute(sa.insert(leases), row)
        registry.rebuild(store)
        with database.reading(registry._engine) as connection:
            (kept,) = connection.execute(sa.select(leases))
        assert tuple(kept) == ("nightly", "me", "here", now, now)
    assert {table.name for table in metadata.sorted_tables} - {table.name for table in OF_THE_STORE} == {
        "leases",
        "registry_info",
    }
