"""The rehearsal, on a plan of some hundred steps: the real planner, loop, Ray, store and registry; nothing is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.rehearsal import compare, rehearse


@pytest.mark.usefixtures("local_ray")
def test_a_small_rehearsal_ends_and_says_what_it_took(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = rehearse(tmp_path, 250, 2, again=True)
    compare(figures, 2)
    said = capsys.readouterr().out.splitlines()
    assert 150 <= figures.steps <= 350
    assert figures.batches < figures.steps  # steps that take nothing go to a worker together
    assert [line[:14].strip() for line in said if not line.startswith(" ")] == [
        "run 1", "run 2", "Ray, as called", "Ray, each step"
    ]  # fmt: skip
