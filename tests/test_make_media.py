"""The scripts that make the example briefs' pictures still fit the tracer."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent.parent / "templates/briefs").glob("*/make_media.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.parent.name)
def test_media_can_be_made_again(script: Path) -> None:
    found = runpy.run_path(str(script), run_name="media")
    light = found["panel"]((0.0, -3.0, 2.0), (0.0, 0.0, 0.5), 1.0, 2.0, 4.0)
    assert light["emitter"]["type"] == "area" and callable(found["photo"])


def test_both_briefs_have_one() -> None:
    assert [path.parent.name for path in SCRIPTS] == ["demo", "world"]
