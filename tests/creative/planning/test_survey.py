"""The survey: totals, estimates and what is a guess."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from creative.catalogue import load_catalogue
from creative.planning import PlanWindow, Survey, survey
from creative.planning.survey import Rate
from tests.support.demo import demo, planned


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> list[PlanWindow]:
    return planned(demo(tmp_path_factory.mktemp("survey")))[2]


def _survey(
    windows: list[PlanWindow], known: Iterable[str] = (), rates: dict[tuple[str, str], Rate] | None = None
) -> Survey:
    there = set(known)
    return survey(windows, there.intersection, rates or {}, load_catalogue().specs)


def test_everything_is_counted_once(windows: list[PlanWindow]) -> None:
    found = _survey(windows)
    assert dict(found.ads) == {"image": 30, "video": 9, "audio": 3}
    assert found.steps == found.missing
    assert 3 * 4 <= found.steps["scene"] <= 3 * 5  # a segment's, by the framings that its layouts name
    assert sum(found.steps.values()) == len({key for window in windows for key in window.steps})
    assert set(found.guessed) == set(found.steps)


def test_what_is_there_is_not_to_be_made(windows: list[PlanWindow]) -> None:
    keys = [key for window in windows for key in window.steps]
    found = _survey(windows, keys)
    assert (found.ads_to_make, found.missing, found.seconds, found.bytes) == (0, {}, 0.0, 0)
    ends = {window.cells[0].steps["poster"] for window in windows}
    assert _survey(windows, set(keys) - ends).missing == {"poster": 1}


def test_measured_rates_replace_guesses(windows: list[PlanWindow]) -> None:
    guess = _survey(windows)
    rates = {("scene", "studio"): Rate(100.0, 1e6, False)}
    found = _survey(windows, rates=rates)
    assert "scene" not in found.guessed
    assert found.seconds - guess.seconds == pytest.approx(
        found.steps["scene"] * (100 - load_catalogue().choose("scene").seconds)
    )
