"""A store, and a folder with a consent as it is written, beside its recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.store import Store, open_store
from tests.support.consents import written


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path)
