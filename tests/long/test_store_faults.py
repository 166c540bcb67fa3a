"""A store in S3 behind a faulty network, the long form: some minutes. Prints what befell how many requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.store import s3_uploads
from tests.creative.store.storm import storm
from tests.support.seaweed import S3Server

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("rate", "operations"), [(0.05, 10_000), (0.2, 1_000)])
def test_nothing_fails_and_all_is_true(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: float, operations: int
) -> None:
    monkeypatch.setattr(s3_uploads, "LARGE", 5 << 20)  # the least that S3 takes for a part
    seen = storm(s3_server, s3_server.bucket(), operations, rate, seed=2, cache=tmp_path)
    print(f"{operations} operations at {rate:.0%}: {len(seen.failed)} failed, {len(seen.wrong)} wrong")
    print(f"{len(seen.winners)} races, requests: {dict(seen.faults)}")
    assert seen.failed == []
    assert seen.wrong == []
    assert seen.done.total() == operations
