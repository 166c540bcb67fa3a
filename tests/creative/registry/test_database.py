"""Opening a registry: made, brought up to date, bound to its store, and refused in plain words."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from creative.errors import RegistryError, UsageError, WrongRegistryError
from creative.registry import database, open_registry
from creative.registry.tables import metadata
from creative.store import Store, open_store
from tests.support.registry_records import Farm, receipt, told


def test_the_migrations_make_the_tables(place: str) -> None:
    engine = database.engine_for(place)
    database.migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", "creative.registry:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == database.HEAD


def test_it_belongs_to_its_store(place: str, store: Store, farm: Farm, tmp_path: Path) -> None:
    farm.made("a")
    with open_registry(place, store.id) as registry:
        registry.catch_up(store)
        said = told(registry)
    other = open_store(tmp_path / "other")
    with pytest.raises(RegistryError, match=f"(?s){store.id}.*{other.id}"):
        open_registry(place, other.id)
    with open_registry(place, store.id) as registry:
        assert told(registry) == said


def test_an_empty_one_is_bound_anew(place: str, store: Store, tmp_path: Path) -> None:
    open_registry(place, store.id).close()
    other = open_store(tmp_path / "other")
    with open_registry(place, other.id) as registry:
        assert registry.catch_up(other) == 0
        registry.record_steps([receipt("k")])
    with pytest.raises(RegistryError, match="belongs to"):
        open_registry(place, store.id)


def test_a_missing_one_is_made_from_the_store(new_place: Callable[[], str], store: Store, farm: Farm) -> None:
    farm.brief()
    farm.made("a", "b")
    said = []
    for _ in range(2):
        with open_registry(new_place(), store.id) as registry:
            registry.catch_up(store)
            said.append(told(registry))
    assert said[0] == said[1]
    assert len(said[0]["assets"]) == 2


def test_a_newer_one_is_refused(place: str, store: Store) -> None:
    open_registry(place, store.id).close()
    engine = database.engine_for(place)
    with database.writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(RegistryError, match=r"newer version.*9999"):
        open_registry(place, store.id)


def test_another_programs_database_is_refused(place: str, store: Store) -> None:
    engine = database.engine_for(place)
    with database.writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE holidays (place VARCHAR)"))
    with pytest.raises(RegistryError, match=r"another program's database \(it has holidays\)"):
        open_registry(place, store.id)
    with database.writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('a1b2c3')"))
    engine.dispose()
    with pytest.raises(RegistryError, match="another program's database"):
        open_registry(place, store.id)


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("new/folder/registry.db", Path("registry.db"), "sqlite:///other.db", f"sqlite:///{tmp_path}/third.db"):
        with open_registry(url, "x") as registry:
            assert Path(registry.place).is_absolute()
            assert Path(registry.place).exists()
    for url in ("", ":memory:", "sqlite://", "sqlite:///:memory:", "mysql://host/db", "weather://x", "http://x", "://"):
        with pytest.raises(UsageError):
            open_registry(url, "x")


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.importlib.util, "find_spec", lambda name: None)
    for url in ("postgresql://farm:secret@host/db", "postgres://host/db", "postgresql+psycopg://host/db"):
        with pytest.raises(UsageError, match=r"creative-farm\[postgres\]") as refusal:
            open_registry(url, "x")
        assert "secret" not in str(refusal.value)


def test_a_damaged_file_is_told_in_plain_words(tmp_path: Path, store: Store, farm: Farm) -> None:
    place = tmp_path / "registry.db"
    place.write_bytes(b"This is a letter to my aunt. " * 99)
    with pytest.raises(RegistryError, match="not a database file"):
        open_registry(place, store.id)
    place.unlink()
    farm.made(*(f"ad{i}" for i in range(200)))
    with open_registry(place, store.id) as registry:
        registry.catch_up(store)
    data = bytearray(place.read_bytes())
    data[8192:-4096] = b"\xff" * (len(data) - 12288)
    place.write_bytes(data)
    with pytest.raises(RegistryError, match="reindex"), open_registry(place, store.id) as registry:
        told(registry)


def test_a_locked_file_is_told_in_plain_words(
    tmp_path: Path, store: Store, farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 50)
    farm.made("a")
    with open_registry(tmp_path / "registry.db", store.id) as registry:
        writer = sqlite3.connect(tmp_path / "registry.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        assert registry.current_assets("c") == {}  # who only reads is not held up
        with pytest.raises(RegistryError, match="locked: another process"):
            registry.catch_up(store)
        writer.execute("ROLLBACK")
        writer.close()
        assert registry.catch_up(store) == 1


def test_a_file_that_cannot_be_opened_or_written(tmp_path: Path, store: Store, farm: Farm) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WrongRegistryError, match="folder"):
        open_registry(tmp_path / "file" / "registry.db", store.id)
    (tmp_path / "folder").mkdir()
    with pytest.raises(WrongRegistryError, match="is a folder: name a file"):
        open_registry(tmp_path / "folder", store.id)
    farm.made("a")
    with open_registry(tmp_path / "registry.db", store.id) as registry:
        sa.event.listen(registry._engine, "begin", lambda c: c.exec_driver_sql("PRAGMA query_only = ON"), insert=False)
        with pytest.raises(RegistryError, match="read-only"):
            registry.catch_up(store)


def test_commits_survive_a_power_cut(tmp_path: Path, store: Store) -> None:
    with open_registry(tmp_path / "registry.db", store.id) as registry, registry._engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path, store: Store) -> None:
    """SQLite's own busy timeout does not hold where a file is first put into WAL mode."""
    file = tmp_path / "registry.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(0.3, other.execute, ("ROLLBACK",))
    end.start()
    open_registry(file, store.id).close()
    end.join()
    other.close()


def test_opening_again_does_not_load_alembic(tmp_path: Path, store: Store) -> None:
    open_registry(tmp_path / "registry.db", store.id).close()
    code = (
        "import sys; from creative.registry import open_registry;"
        f"open_registry({str(tmp_path / 'registry.db')!r}, {store.id!r}).close();"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_migration_that_fails_leaves_nothing(place: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def fail_at_the_fifth(*arguments: object, **named: object) -> None:
        made.append(arguments)
        if len(made) == 5:
            raise KeyboardInterrupt
        create(*arguments, **named)

    create = alembic.op.create_table
    with monkeypatch.context() as patched:
        patched.setattr(alembic.op, "create_table", fail_at_the_fifth)
        with pytest.raises(KeyboardInterrupt):
            open_registry(place, store.id)
    engine = database.engine_for(place)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
    with open_registry(place, store.id) as registry:
        assert registry.catch_up(store) == 0
