"""What a brief's limits mean: what was spent before, what may still be begun, what a plan would leave out."""

from __future__ import annotations

import datetime
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from creative.backends import BackendSpec, Resources
from creative.brief import Brief
from creative.errors import LimitError, UsageError
from creative.limits import Purse, estimate, of_tonight, prices_of, spent
from creative.planning import Survey
from creative.registry import RunRow
from creative.session import read_brief
from tests.support.nights import NightFolder

GPU = BackendSpec("gpu", "scene", "nowhere:Gpu", resources=Resources(gpu=0.5))
CPU = BackendSpec("cpu", "still", "nowhere:Cpu")
PRICES = {"gpu_hour": "3.60", "cpu_hour": "0.36", "currency": "EUR"}
NOW = datetime.datetime(2026, 11, 22, 3, 0, tzinfo=datetime.UTC)


class Runs:
    """A registry that knows these runs."""

    def __init__(self, *rows: RunRow) -> None:
        self.rows = list(rows)

    def runs(self, campaign: str) -> list[RunRow]:
        return [row for row in self.rows if row.campaign == campaign]


def _run(id: str, *, gpu_s: int = 0, cpu_s: int = 0, nightly: bool = True, closed: datetime.datetime = NOW) -> RunRow:
    counts = {"gpu_ms": gpu_s * 1000, "cpu_ms": cpu_s * 1000} | ({"nightly": 1} if nightly else {})
    return RunRow(id, "autumn", "done", counts, 60.0, closed)


@pytest.fixture
def place(tmp_path: Path) -> NightFolder:
    return NightFolder(tmp_path)


def _brief(place: NightFolder, limits: str) -> Brief:
    path = place.brief("autumn", {"limits: {ads: 100}": f"limits: {{{limits}}}"})
    return read_brief(path, place.settings(prices=PRICES))


def test_what_was_spent_counts_by_when_its_run_began() -> None:
    rows = [
        _run(
            "20261120T010000Z-aaaaaa", cpu_s=5
        ),  # closed tonight by the run that found it dead: still of its own night
        _run("20261121T160000Z-bbbbbb", gpu_s=7),
        _run("20261122T010000Z-cccccc", cpu_s=9, nightly=False),
        _run("made elsewhere", cpu_s=3),
        RunRow("20261122T020000Z-dddddd", "autumn", "stopped", {}, 0.0, NOW),  # of an older version: it could not say
    ]
    assert [run.id[:11] for run in of_tonight(rows, NOW)] == ["20261121T16", "made elsewh"]
    assert (spent(rows).gpu_seconds, spent(rows).cpu_seconds) == (7.0, 17.0)


def test_at_the_gpus_end_what_needs_none_goes_on_unless_the_brief_says_stop(place: NightFolder) -> None:
    used_up = Runs(_run("20261101T010000Z-aaaaaa", gpu_s=120))
    going_on = Purse(_brief(place, "gpu_minutes: 2, when_reached: finish-by-value"), place.settings(), used_up)
    assert going_on.budget.why_stop(GPU) == "limits.gpu_minutes of autumn is reached: 2 minutes of GPU time"
    assert going_on.budget.why_stop(CPU) is None
    stopping = Purse(_brief(NightFolder(_sub(place)), "gpu_minutes: 2"), place.settings(), used_up)
    assert stopping.budget.why_stop(CPU) is None  # nobody has wanted the GPU yet
    assert stopping.budget.why_stop(GPU) == stopping.budget.why_stop(CPU) == going_on.budget.why_stop(GPU)


def _sub(place: NightFolder) -> Path:
    folder = place.base / "other"
    folder.mkdir()
    return folder


def test_money_counts_over_all_runs_and_a_night_only_over_its_own(place: NightFolder) -> None:
    brief = _brief(place, "money: 1 EUR, per_night: 0.50 EUR")
    settings = place.settings(prices=PRICES)
    now = datetime.datetime.now(datetime.UTC)
    tonight = f"{now:%Y%m%dT%H%M%SZ}-aaaaaa"
    by_hand = _run(tonight, gpu_s=900, nightly=False, closed=now)  # 0.90 EUR
    fresh = Purse(brief, settings, Runs(by_hand), nightly=True)
    assert fresh.budget.why_stop(GPU) is None and fresh.cost() == Decimal("0.00")
    fresh.budget.wasted(180, GPU)  # half of a GPU: 0.09 EUR
    assert fresh.budget.why_stop(CPU) is None
    fresh.budget.wasted(100, CPU)  # 0.01 EUR
    assert fresh.budget.why_stop(CPU) == "limits.money of autumn is reached: 1 EUR"
    assert (fresh.cost(), fresh.counts()) == (Decimal("0.10"), {"gpu_ms": 90_000, "cpu_ms": 100_000, "nightly": 1})
    again = Runs(_run(tonight, gpu_s=500, closed=now))  # 0.50 EUR
    reason = "limits.per_night of autumn is reached: 0.50 EUR"
    assert Purse(brief, settings, again, nightly=True).budget.why_stop(CPU) == reason
    assert Purse(brief, settings, again).budget.why_stop(CPU) is None  # by hand it is nobody's night


def test_a_brief_that_was_read_elsewhere_is_held_to_the_prices_here(place: NightFolder) -> None:
    brief = _brief(place, "money: 1 EUR")
    with pytest.raises(LimitError, match=r"limits\.money: is in EUR, and the prices of .* are in GBP"):
        Purse(brief, place.settings(prices={**PRICES, "currency": "GBP"}), Runs())
    with pytest.raises(LimitError, match="this farm does not know what its hours cost"):
        Purse(brief, place.settings(), Runs())


def test_a_plan_beyond_a_limit_names_the_least_valuable(place: NightFolder) -> None:
    brief = _brief(place, "gpu_minutes: 10, money: 2 EUR")
    shares = {"commuters": (100.0, 300.0), "home-baristas": (0.0, 0.0), "gift-givers": (100.0, 600.0)}
    ads = Counter({"commuters": 4, "home-baristas": 2, "gift-givers": 6})
    found = Survey(segments=ads, seconds=1100, cpu_seconds=200, gpu_seconds=900, shares=shares)
    settings = place.settings(prices=PRICES)
    fits = estimate(found, brief, settings, None)
    assert (fits.gpu_minutes, fits.money, fits.currency) == (15.0, Decimal("0.92"), "EUR")
    assert fits.over == (
        "brief.yaml:58: limits.gpu_minutes: about 15.00 GPU minutes are needed, it allows 10 GPU minutes; "
        "not made, or not all: gift-givers (6 ads)",
    )
    assert fits.left_out == ("gift-givers",)
    assert fits.lines()[0] == "about 0.92 EUR, 15.0 GPU minutes"
    before = Runs(_run("20261101T010000Z-aaaaaa", gpu_s=1990))  # 1.99 EUR
    late = estimate(found, brief, settings, before)
    assert (
        "limits.money: about 0.92 EUR are needed, 0.01 EUR are left of 2; not made, or not all: commuters"
        in late.over[1]
    )
    assert late.left_out == ("commuters", "gift-givers")
    nameless = estimate(found, _brief(NightFolder(_sub(place)), "ads: 100"), place.settings(), None)
    assert (nameless.money, nameless.over, nameless.lines()) == (None, (), ["about 15.0 GPU minutes"])


def test_prices_are_whole_or_none(place: NightFolder) -> None:
    assert prices_of(place.settings()) is None
    with pytest.raises(
        UsageError, match=r"the profile ci of creative.toml: prices lack gpu_hour and currency: write prices"
    ):
        prices_of(place.settings(prices={"cpu_hour": "1"}, profile="ci"))
