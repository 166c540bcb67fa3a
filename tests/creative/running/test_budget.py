"""Budgets: what they measure, and what the loop makes of them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.backends import BackendSpec, Resources
from creative.errors import UsageError
from creative.records import Receipt
from creative.running.budget import Budget, Meter, Prices, Spent, Together
from creative.running.inline import InlineRunner
from creative.running.port import Batch, Outcome, Worksite
from creative.steps import KINDS
from creative.store import open_store
from tests.support.bench import Bench
from tests.support.plans import ad, window

CPU = BackendSpec("echo", "mix", "")
HALF_A_GPU = BackendSpec("model", "scene", "", resources=Resources(gpu=0.5))
PRICES = Prices(Decimal("3.60"), Decimal("0.36"), "EUR")


def took(seconds: float, attempt: int = 0) -> Receipt:
    return Receipt(key="0" * 64, recipe={}, outputs={}, inputs={}, seconds=seconds, attempt=attempt)


class Steps:
    """A budget of so many steps; keeps what it was told."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.receipts: list[Receipt] = []
        self.waste: list[float] = []

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        self.receipts.append(receipt)

    def wasted(self, seconds: float, spec: BackendSpec) -> None:
        self.waste.append(seconds)

    def why_stop(self, spec: BackendSpec) -> str | None:
        return f"{self.most} steps are enough" if len(self.receipts) >= self.most else None


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with contextlib.closing(Bench(tmp_path, lambda site: InlineRunner(site, 1))) as made:
        yield made


def test_seconds_of_a_device_stop_only_what_runs_on_it() -> None:
    meter = Meter("limits.gpu_minutes", gpu_seconds=60)
    meter.spent(took(119), HALF_A_GPU)
    meter.spent(took(1000), CPU)
    assert meter.why_stop(HALF_A_GPU) is None
    meter.wasted(2, HALF_A_GPU)
    assert meter.why_stop(HALF_A_GPU) == "limits.gpu_minutes is reached: 1 minute of GPU time"
    assert meter.why_stop(CPU) is None
    assert meter.total == Spent(60.5, 1000)
    assert Meter(cpu_seconds=90, before=Spent(cpu_seconds=90)).why_stop(CPU) == (
        "the limit is reached: 1.5 minutes of CPU workers"
    )


def test_money_and_minutes_stop_everything() -> None:
    now = 0.0
    meter = Meter(
        "per_night", money=Decimal("1.00"), wall_seconds=600, prices=PRICES, before=Spent(900, 0), clock=lambda: now
    )
    assert (meter.cost(), meter.why_stop(CPU)) == (Decimal("0.90"), None)
    meter.spent(took(999), CPU)
    assert (meter.cost(), meter.why_stop(CPU)) == (Decimal("1.00"), None)  # 0.9999: not yet
    meter.spent(took(1), CPU)
    assert meter.why_stop(CPU) == meter.why_stop(HALF_A_GPU) == "per_night is reached: 1.00 EUR"
    now = 600.0
    assert meter.why_stop(CPU) == "per_night is reached: 10 minutes"
    assert Meter(money=Decimal(0), prices=PRICES).why_stop(CPU) == "the limit is reached: 0 EUR"


def test_of_several_budgets_the_first_to_stop_is_the_reason() -> None:
    campaign, night = Meter("limits.money", cpu_seconds=20), Meter("per_night", cpu_seconds=10)
    both = Together(campaign, night)
    assert both.why_stop(CPU) is None
    both.spent(took(8), CPU)
    both.wasted(4, CPU)
    assert (campaign.total, night.total) == (Spent(0, 12), Spent(0, 12))
    assert both.why_stop(CPU) == night.why_stop(CPU)
    assert (both.why_stop(CPU) or "").startswith("per_night")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Meter("limits.money", money=Decimal(5)), "limits.money is in money: say what an hour"),
        (lambda: Meter(gpu_seconds=-1), "gpu_seconds is -1"),
        (lambda: Meter(wall_seconds=float("nan")), "wall_seconds is nan"),
        (lambda: Prices(Decimal("-1"), Decimal(0), "EUR"), "gpu_hour is -1: write a number of EUR"),
        (lambda: Prices(Decimal(1), Decimal("NaN"), "EUR"), "cpu_hour is NaN"),
    ],
)
def test_wrong_limits_are_said(make: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make()  # type: ignore[operator]  # one of the lambdas above


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans())))
def test_money_is_what_the_devices_cost(spendings: list[tuple[float, bool]]) -> None:
    meter = Meter(prices=PRICES)
    for seconds, gpu in spendings:
        meter.spent(took(seconds), HALF_A_GPU if gpu else CPU)
    expected = sum(s * (0.5 * 3.6 if gpu else 0.36) / 3600 for s, gpu in spendings)
    assert float(PRICES.of(meter.total)) == pytest.approx(expected)


def test_at_the_limit_the_first_ads_are_done_and_the_next_run_goes_on(bench: Bench) -> None:
    plan = [window(number, [ad(f"{number}{name}", mood=f"{number}{name}") for name in "abc"]) for number in (1, 2, 3)]
    budget = Steps(13)  # two ads of five steps, and three of the third's
    progress = bench.run(*plan, budget=budget)
    assert [name for name, reason in bench.committed.items() if reason is None] == ["1a", "1b"]
    assert set(bench.committed.values()) == {None, "13 steps are enough"}
    assert len(bench.committed) == 9
    assert (progress.total("made"), progress.total("limited"), progress.total("failed")) == (13, 45 - 13, 0)
    assert (progress.total("blocked"), progress.failures, len(progress.limited)) == (0, [], 45 - 13)
    assert list(bench.store.names("failures/")) == []
    again = bench.run(*plan)
    assert (again.total("made"), again.total("reused"), again.total("limited")) == (45 - 13, 13, 0)
    assert set(bench.committed.values()) == {None}


def test_a_run_without_any_budget_begins_nothing(bench: Bench) -> None:
    bench.run(window(1, [ad("a")]))
    begun = bench.begun
    progress = bench.run(window(1, [ad("a")]), window(2, [ad("b")]), budget=Steps(0))
    assert (progress.total("made"), bench.begun) == (0, begun)
    assert bench.committed == {"a": None, "b": "0 steps are enough"}


def test_what_failed_is_told_as_such_and_costs_too(bench: Bench) -> None:
    budget = Steps(5)
    progress = bench.run(window(1, [ad("r", mix="refuse"), ad("a"), ad("b")]), budget=budget)
    assert bench.committed == {
        "r": "mix of r: the read is too long: cut about 6 words",
        "a": None,
        "b": "5 steps are enough",
    }
    assert (progress.total("failed"), progress.total("blocked")) == (1, 3)
    assert len(budget.waste) == 1


def test_attempts_that_do_not_count_cost_too(bench: Bench) -> None:
    budget = Steps(100)
    bench.run(window(1, [ad("a", bed="black")]), budget=budget)
    assert sorted(receipt.attempt for receipt in budget.receipts) == [0, 0, 0, 0, 2]
    assert len(budget.waste) == 1


class _Devices:
    """A runner that makes nothing, in the order in which it is asked; a step takes ten seconds of its worker."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def free(self, spec: BackendSpec) -> int:
        return 2 - len(self.batches)

    def submit(self, batch: Batch) -> None:
        self.batches.append(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        done, self.batches = self.batches, []
        return [
            (b.id, [Outcome(s.key, "made", took(10).model_copy(update={"key": s.key, "recipe": s.recipe()})) for s in b.steps])
            for b in done
        ]  # fmt: skip

    def kill(self, batch: int) -> None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("budget", [Meter(gpu_seconds=30), Meter(wall_seconds=0), Meter(cpu_seconds=0)])
def test_without_gpu_time_what_has_its_gpu_parts_is_finished(tmp_path: Path, budget: Budget) -> None:
    bench = Bench(tmp_path, lambda _: _Devices())
    bench.specs["bed", "echo"] = dataclasses.replace(bench.specs["bed", "echo"], resources=Resources(0, 1.0))
    plan = window(1, [ad(name, mood=name) for name in "abcdef"])
    progress = bench.run(plan, budget=budget)
    done = [name for name, reason in bench.committed.items() if reason is None]
    assert isinstance(budget, Meter)
    if budget.gpu_seconds is not None:  # the fourth began beside the third
        assert (done, progress.kinds["bed"].made) == (["a", "b", "c", "d"], 4)
        assert "0.5 minutes of GPU time" in (bench.committed["f"] or "")
    else:
        assert (done, progress.kinds["bed"].made) == ([], 0 if budget.cpu_seconds is None else 6)


class _Slow(_Devices):
    """Everything is still under way the first time it is asked about; every output is the same blob of the store."""

    def __init__(self, site: Worksite) -> None:
        super().__init__()
        self._asked: set[int] = set()
        self._blob = open_store(site.store_url).put_blob(b"x", "audio/wav")

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        if new := [batch for batch in self.batches if batch.id not in self._asked]:
            self._asked.update(batch.id for batch in new)
            return []
        return [(number, [self._whole(one) for one in outcomes]) for number, outcomes in super().wait(timeout)]

    def _whole(self, outcome: Outcome) -> Outcome:
        assert outcome.receipt is not None
        outputs = dict.fromkeys(KINDS[outcome.receipt.recipe["kind"]].outputs, self._blob)
        return dataclasses.replace(outcome, receipt=outcome.receipt.model_copy(update={"outputs": outputs}))


def test_what_this_run_made_is_there_for_windows_that_open_at_the_limit(tmp_path: Path) -> None:
    bench = Bench(tmp_path, _Slow)
    bench.specs["bed", "echo"] = dataclasses.replace(bench.specs["bed", "echo"], resources=Resources(0, 1.0))
    plans = (
        window(1, [ad("a", mood="warm")]),
        window(2, [ad("b", mood="calm"), ad("c", mood="late")]),
        window(3, [ad("d", mood="warm")]),
    )
    progress = bench.run(*plans, budget=Meter(gpu_seconds=20))
    assert progress.kinds["bed"].made == 2
    assert {name: reason is None for name, reason in bench.committed.items()} == {
        "a": True,
        "b": True,
        "c": False,
        "d": True,
    }
