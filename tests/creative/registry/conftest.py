"""Every test here runs over every kind of database: SQLite, and PostgreSQL where CREATIVE_TEST_POSTGRES has its URL."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from creative.registry import Registry, open_registry
from creative.store import Store, open_store
from tests.support.registry_records import Farm

_POSTGRES = os.environ.get("CREATIVE_TEST_POSTGRES", "")


def make_place(kind: str, folder: Path) -> str:
    """An empty database: a file, or a schema of its own on the server."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'registry.db'}"
    schema = f"t{uuid.uuid4().hex}"
    url = sa.make_url(_POSTGRES).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    engine.dispose()
    return url.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"] if _POSTGRES else ["sqlite"])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes URLs at which registries may be made."""
    return lambda: make_place(request.param, tmp_path_factory.mktemp("registry"))


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    return new_place()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


@pytest.fixture
def registry(place: str, store: Store) -> Iterator[Registry]:
    with open_registry(place, store.id) as registry:
        yield registry


@pytest.fixture
def farm(store: Store) -> Farm:
    return Farm(store)
