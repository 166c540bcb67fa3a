"""Every test here runs over every kind of store: a new one is one more parameter."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from creative.store import Store, open_store, s3_uploads
from tests.creative.store.behind import PART, Behind
from tests.support.seaweed import S3Server


@pytest.fixture(scope="session")
def bucket(s3_server: S3Server) -> str:
    """One bucket for all these tests: each has a prefix of its own."""
    return s3_server.bucket()


@pytest.fixture
def s3_url(s3_server: S3Server, bucket: str) -> str:
    """Where a store may be made in S3."""
    return s3_server.store_url(bucket, uuid.uuid4().hex)


@pytest.fixture
def behind(s3_server: S3Server, s3_url: str) -> Behind:
    """The objects of the store at `s3_url`, without the store."""
    return Behind(s3_server, s3_url)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blobs are large from five megabytes on."""
    monkeypatch.setattr(s3_uploads, "LARGE", PART)


@pytest.fixture(params=["directory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made."""
    if request.param == "directory":
        return str(tmp_path / "store")
    return str(request.getfixturevalue("s3_url"))


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer than a blink between two attempts, neither boto3 nor we."""
    real = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: real(min(seconds, 0.02)))


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
