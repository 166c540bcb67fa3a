"""A store, and a folder with a consent as it is written, beside its recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.rights import ledger
from creative.store import Store, open_store
from tests.support.consents import Clock, written


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    """What day it is for the ledger in this process: 22 November 2026, or the one that a test says."""
    made = type("Turned", (Clock,), {})
    monkeypatch.setattr(ledger, "datetime", made)
    return made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder: an empty one, with no variables that say who or how."""
    monkeypatch.chdir(tmp_path)
    for name in ("CREATIVE_BY", "CREATIVE_CATALOGUES", "CREATIVE_JUDGES"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path)
