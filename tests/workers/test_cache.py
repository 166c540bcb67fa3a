"""The cache of a worker machine keeps within its bound, and never removes what is in use."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.store import Store, open_store
from tests.support.seaweed import S3Server
from workers.cache import Cache, bound


@pytest.fixture
def far(s3_server: S3Server) -> Store:
    return open_store(s3_server.store_url())


def _blobs(store: Store, count: int) -> list[str]:
    return [store.put_blob(bytes([number]) * 1000, "text/plain").sha256 for number in range(count)]


def test_what_was_used_longest_ago_goes_first(far: Store, tmp_path: Path) -> None:
    cache = Cache(far, tmp_path, 2500)
    files = [cache.fetch(sha256) for sha256 in _blobs(far, 4)]
    cache.trim(now=True)
    assert all(file.exists() for file in files)  # over the bound, but used a moment ago
    for hours, file in enumerate(files):
        os.utime(file, (time.time() - 3600 * (hours + 1),) * 2)
    assert cache.fetch(files[3].name) == files[3]  # used again
    cache.trim(now=True)
    assert [file.exists() for file in files] == [True, False, False, True]
    assert cache.fetch(files[2].name).read_bytes() == bytes([2]) * 1000  # what is gone is fetched again


def test_a_store_in_a_directory_needs_no_cache(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    [sha256] = _blobs(store, 1)
    cache = Cache(store, tmp_path / "cache", 0)
    assert cache.fetch(sha256).is_relative_to(tmp_path / "store")
    cache.trim(now=True)
    assert store.has_blob(sha256) and not (tmp_path / "cache").exists()


def test_the_bound_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_CACHE_GB", "0.5")
    assert bound() == 500_000_000
    monkeypatch.delenv("CREATIVE_CACHE_GB")
    assert bound() == 10_000_000_000
    for wrong in ("much", "-1", "nan", "1e9"):
        monkeypatch.setenv("CREATIVE_CACHE_GB", wrong)
        with pytest.raises(UsageError, match="CREATIVE_CACHE_GB"):
            bound()
