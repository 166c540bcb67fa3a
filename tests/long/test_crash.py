"""Killed at every commit point in turn: about half an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_crash import Place, check_killed_at

pytestmark = pytest.mark.long


def test_killed_at_every_third_commit_point(tmp_path: Path) -> None:
    place = Place(tmp_path / "reference")
    points = place.run_killed_at(0)
    final = place.final()
    for point in range(1, points + 1, 3):
        check_killed_at(point, tmp_path / str(point), final)
