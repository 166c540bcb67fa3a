"""Every test here runs over every kind of store: a new one is one more parameter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from creative.store import Store, open_store


@pytest.fixture(params=["directory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made."""
    assert request.param == "directory"
    return str(tmp_path / "store")


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url)


@pytest.fixture
def script() -> Callable[..., str]:
    """Run one of the scripts beside the tests in a process of its own, which may fork and kill; returns what it printed."""

    def run(name: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", str(Path(__file__).with_name(name)), *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
