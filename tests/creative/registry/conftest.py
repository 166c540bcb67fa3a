"""Every test here runs over every kind of database: SQLite, and a real PostgreSQL.

The server is started once for all tests; CREATIVE_TEST_POSTGRES may hold the URL of another one instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from creative.registry import Registry, open_registry
from creative.store import Store, open_store
from tests.support.postgres import Server, new_schema, started
from tests.support.registry_records import Farm


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server for all tests. Who stops it starts it again."""
    with started() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database in which schemas may be made."""
    named = os.environ.get("CREATIVE_TEST_POSTGRES", "")
    return named or request.getfixturevalue("postgres").url()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes URLs at which registries may be made: files, or schemas of their own on the server."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path_factory.mktemp('registry') / 'registry.db'}"
    url = request.getfixturevalue("postgres_url")
    return lambda: new_schema(url)


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
