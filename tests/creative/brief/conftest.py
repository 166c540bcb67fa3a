"""Fixtures: a good brief, and what comes of one change to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from creative.errors import Finding
from tests.support.briefs import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A good brief."""
    return Desk(tmp_path)


@pytest.fixture
def only(desk: Desk) -> Callable[..., Finding]:
    """Changes the brief and gives the one finding that comes of it."""

    def change(old: str, new: str) -> Finding:
        findings = desk.change(old, new).findings()
        assert len(findings) == 1, "\n".join(map(str, findings))
        return findings[0]

    return change
