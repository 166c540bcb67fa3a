"""Killed at every commit point, in an order that samples all of the run early: about half an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.canonical import digest
from tests.test_crash import Place, check_killed_at

pytestmark = pytest.mark.long


def test_killed_at_every_commit_point(tmp_path: Path) -> None:
    place = Place(tmp_path / "reference")
    points = place.run_killed_at(0)
    final = place.final()
    for number, point in enumerate(sorted(range(1, points + 1), key=lambda point: digest(str(point).encode()))):
        check_killed_at(point, tmp_path / str(point), final)
        print(f"{number + 1} of {points}: killed at {point}, the same in the end", flush=True)
