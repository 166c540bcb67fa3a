"""10,000 spoilt briefs: no traceback, every refusal with a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.briefs import Desk, mutate, outcome


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 10_000, 1_000))
def test_spoilt_briefs(tmp_path: Path, first: int) -> None:
    desk = Desk(tmp_path)
    for seed in range(first, first + 1_000):
        try:
            outcome(desk, mutate(seed))
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
