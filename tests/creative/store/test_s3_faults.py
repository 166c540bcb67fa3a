"""A store in S3 behind a network that loses and tears: the short form of tests/long/test_store_faults.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.store import s3_uploads
from tests.creative.store.storm import storm
from tests.support.seaweed import S3Server


@pytest.mark.parametrize(("rate", "operations"), [(0.05, 200), (0.2, 100)])
def test_nothing_fails_and_all_is_true(
    s3_server: S3Server,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    short_waits: None,
    rate: float,
    operations: int,
) -> None:
    monkeypatch.setattr(s3_uploads, "LARGE", 5 << 20)  # the least that S3 takes for a part
    seen = storm(s3_server, bucket, operations, rate, seed=1, cache=tmp_path)
    assert seen.failed == []
    assert seen.wrong == []
    assert seen.done.total() == operations
    faults = seen.faults.total() - seen.faults["passed"]
    assert faults > seen.faults.total() * rate / 2
    assert len(seen.faults) == 7
