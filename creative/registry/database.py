"""The connection: which database, how it is opened, brought up to date, bound to a store; and errors in plain words."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, TimeoutError

from creative.errors import RegistryError, UsageError, WrongRegistryError
from creative.registry import tables
from creative.registry.address import address
from creative.registry.troubles import trouble, where

HEAD = "0005"
"""The newest migration."""

_BUSY_MS = 30_000
_MIGRATING = 7_315_086  # an advisory lock's number in PostgreSQL: any, but always the same
_CHUNK = 500


def engine_for(url: str | Path) -> Engine:
    """The engine behind a path, a `sqlite:///` or a `postgresql://` URL. Nothing is opened yet, but for a new folder.

    Raises UsageError for other URLs, and for PostgreSQL without its driver.
    """
    if is_postgresql(url):
        place = address(str(url))
        if importlib.util.find_spec("pg8000") is None:
            raise UsageError(
                f"{place} needs PostgreSQL's driver: pip install 'creative-farm[postgres]'; "
                "or keep the registry in a file: --registry out/registry.db"
            )
        from creative.registry import driver

        return driver.engine(place).execution_options(place=str(place))
    path = _file(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise WrongRegistryError(
            f"{path} is no place for a registry: a file stands where a folder should be"
        ) from error
    except OSError as error:
        raise RegistryError(f"cannot make the registry's folder {path.parent}: {error.strerror}") from error
    if path.is_dir():
        raise WrongRegistryError(f"{path} is a folder: name a file for the registry, such as {path / 'registry.db'}")
    engine = sa.create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": _BUSY_MS / 1000})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def is_postgresql(url: str | Path) -> bool:
    """Whether it is the URL of a PostgreSQL database; "postgres://" and names of drivers are understood too."""
    return isinstance(url, str) and re.match(r"postgres(ql)?(\+\w+)?://", url) is not None


def _file(url: str | Path) -> Path:
    """The file that a path or a `sqlite:///` URL names."""
    if isinstance(url, Path) or "://" not in url:
        if not str(url) or str(url) == ":memory:":
            raise UsageError("the registry needs a file: give a path, for example out/registry.db")
        return Path(url).expanduser().absolute()
    scheme = url.partition("://")[0]
    try:
        database = make_url(url).database if scheme == "sqlite" else None
    except (ArgumentError, ValueError):
        database = None
    if not database or database == ":memory:":
        raise UsageError(f"{scheme}://... is no place for a registry: give a file, or postgresql://user@host/database")
    return Path(database).expanduser().absolute()


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    _keep_a_log(connection)
    # FULL: what was committed survives a power cut also in WAL mode.
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Have the file in WAL mode. Of several that make a file at once each is refused without SQLite's busy timeout, since
    the change raises a lock that is held already: so the waiting is ours."""
    end = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(random.uniform(0.005, 0.05))


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock before it reads: what it read cannot be out of date when it writes.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the database.

    Raises PassingError, as `writing` does, for what may work when it is tried again: see `creative.registry.patience`.
    """
    with _plain_words(engine), engine.connect().execution_options(read=True) as connection:
        connection.begin()
        yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, committed at the end; writers of a SQLite file wait for one another."""
    with _plain_words(engine), engine.connect().execution_options(write=True) as connection, connection.begin():
        yield connection


@contextlib.contextmanager
def _plain_words(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise trouble(engine, error) from error
    except TimeoutError as error:
        raise RegistryError(f"the registry {where(engine)} has too many readers at once; try again") from error


def migrate(engine: Engine) -> None:
    """Bring the tables up to date; of several processes one does it. Raises RegistryError for a foreign or newer one."""
    with reading(engine) as connection:
        if _revision(engine, connection) == HEAD:
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        if _revision(engine, connection) != HEAD:
            _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "creative.registry:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(engine: Engine, connection: Connection) -> str | None:
    """The migration that the database is at, None for an empty database."""
    found = sa.inspect(connection).get_table_names()
    if "alembic_version" not in found:
        if found:
            raise WrongRegistryError(
                f"{where(engine)} is another program's database (it has {found[0]}): name another place"
            )
        return None
    revision = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if "registry_info" not in found:
        raise WrongRegistryError(f"{where(engine)} is another program's database: name another place for the registry")
    if revision is None or not str(revision).isdigit() or int(revision) > int(HEAD):
        raise RegistryError(
            f"the registry {where(engine)} was written by a newer version of creative-farm (its schema is {revision}, "
            f"this version knows {HEAD}): upgrade, or move it away and let `creative reindex` make it anew"
        )
    return str(revision)


def bind(engine: Engine, store: str) -> None:
    """Make the registry the store's own; raises RegistryError if it is another's and not empty."""
    info = tables.registry_info
    with reading(engine) as connection:
        owner = connection.scalar(sa.select(info.c.store))
    if owner == store:
        return
    with writing(engine) as connection:
        connection.execute(upsert(engine, info, ["id"], []), {"id": 1, "store": store})
        owner = connection.scalar(sa.select(info.c.store).with_for_update())
        if owner == store:
            return
        if any(connection.scalar(sa.select(sa.exists().select_from(t))) for t in (tables.campaigns, tables.steps)):
            raise WrongRegistryError(
                f"the registry {where(engine)} belongs to the store {owner}, and this is the store {store}: "
                "name the store that it belongs to, or another place for this store's registry"
            )
        connection.execute(sa.update(info).values(store=store))


def move_aside(url: str | Path) -> Path:
    """Rename a registry's damaged file to "registry.db.damaged-1" (or -2, ...) with what SQLite keeps beside it.

    Returns the new name. Raises RegistryError when it cannot be renamed.
    """
    path = _file(url)
    try:
        number = 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        for ending in ("-wal", "-shm", ""):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(aside.with_name(aside.name + ending))
    except OSError as error:
        raise RegistryError(f"cannot move {path} aside: {error.strerror}") from error
    return aside


def upsert(engine: Engine, table: sa.Table, key: Sequence[str], change: Sequence[str]) -> Any:
    """An INSERT that changes the columns `change` of a row that exists already; with none, it leaves it as it is."""
    if engine.dialect.name == "postgresql":
        on_postgresql = postgresql.insert(table)
        if not change:
            return on_postgresql.on_conflict_do_nothing(index_elements=key)
        return on_postgresql.on_conflict_do_update(
            index_elements=key, set_={name: on_postgresql.excluded[name] for name in change}
        )
    on_sqlite = sqlite.insert(table)
    if not change:
        return on_sqlite.on_conflict_do_nothing(index_elements=key)
    return on_sqlite.on_conflict_do_update(index_elements=key, set_={name: on_sqlite.excluded[name] for name in change})


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Slices that fit into one IN list."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
