"""Queues and pace: what comes first, how much goes at once, and what becomes of a group that dies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.backends import BackendSpec, Resources
from creative.records import Receipt
from creative.running.inline import InlineRunner
from creative.running.port import Batch, Outcome
from creative.running.ready import Pace, Ready, State, patience
from creative.steps import step
from tests.support.bench import Bench
from tests.support.plans import ad, specs, window

MIX = specs()["mix", "echo"]
STEPS = [step for step in window(1, [ad(str(number)) for number in range(12)]).steps.values() if step.kind == "mix"]


def states(*alone: int) -> list[State]:
    return [State(step, MIX, rank, set(), alone=rank in alone) for rank, step in enumerate(STEPS)]


@given(st.permutations(range(12)), st.sets(st.integers(0, 11)), st.integers(1, 5))
def test_steps_come_in_the_plans_order_and_some_alone(order: list[int], alone: set[int], most: int) -> None:
    ready, all_of_them = Ready(), states(*alone)
    for rank in order:
        ready.push(all_of_them[rank])
    taken: list[int] = []
    while ready.names():
        batch = [state.rank for state in ready.take(("mix", "echo"), most)]
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or not alone.intersection(batch)
        taken += batch
    assert taken == sorted(order)


def test_what_is_put_off_is_work_all_the_same() -> None:
    ready, (first, second, *_) = Ready(), states()
    ready.put_off(first, 60)
    ready.put_off(second, -1)
    assert (ready.names(), ready.has_work(("mix", "echo"))) == ([], True)
    ready.wake()
    assert [state.rank for state in ready.drain(("mix", "echo"))] == [1]
    assert (ready.count(("mix", "echo")), ready.has_work(("mix", "echo"))) == (0, True)


def pace(seconds: float, count: int = 10) -> Pace:
    made = Pace()
    for _ in range(count):
        made.made(("mix", "echo"), seconds)
    return made


@pytest.mark.parametrize(
    ("seconds", "count", "ready", "workers", "size"),
    [
        (0.0001, 10, 100, 2, 16),  # next to nothing: as many as may be
        (0.01, 10, 100, 2, 5),  # 50 ms together
        (0.3, 10, 100, 2, 1),  # real work
        (0.0001, 10, 6, 4, 2),  # every worker has its share
        (0.0001, 3, 100, 2, 1),  # not measured yet
        (0.0, 10, 100, 2, 16),
    ],
)
def test_small_steps_go_together(seconds: float, count: int, ready: int, workers: int, size: int) -> None:
    assert pace(seconds, count).batch(MIX, ready, workers) == size


def test_a_gpu_gets_what_its_model_takes_at_a_time() -> None:
    model = BackendSpec("echo", "mix", "", batch=4, resources=Resources(gpu=1), timeout_s=10)
    assert pace(0.0001).batch(model, 100, 1) == 4
    assert (patience(model, 4), patience(model, 3), patience(MIX, 16)) == (120, 90, MIX.timeout_s)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with contextlib.closing(Bench(tmp_path, lambda site: InlineRunner(site, 1), timeout_s=6.0)) as made:
        yield made


@pytest.mark.parametrize("behave", ["poison", "hang", "refuse"])
def test_one_bad_step_does_not_sink_its_group(bench: Bench, behave: str) -> None:
    sizes: list[int] = []
    submit = bench.runner.submit

    def watched(batch: Batch) -> None:
        sizes.append(len(batch.steps))
        submit(batch)

    bench.runner.submit = watched  # type: ignore[method-assign]
    ads = [ad(f"a{number:02}", mood="warm") for number in range(16)]
    ads[12] = ad("bad", poster=behave)
    progress = bench.run(window(1, ads))
    assert [name for name, reason in bench.committed.items() if reason is not None] == ["bad"]
    assert (progress.total("failed"), progress.total("blocked")) == (1, 0)
    assert progress.total("made") + progress.total("reused") == 1 + 16 * 4 - 1
    assert max(sizes) > 2


class _Slow:
    """A runner with room; it makes everything at once but the first step, which it makes when nothing else has been asked
    for in a while.
    """

    def __init__(self) -> None:
        self.first: Batch | None = None
        self.batches: list[Batch] = []
        self.made: list[int] = []
        self.before_first = 0

    def free(self, spec: BackendSpec) -> int:
        return 4

    def submit(self, batch: Batch) -> None:
        if self.first is None:
            self.first = batch
        else:
            self.batches.append(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        batches, self.batches = self.batches, []
        if not batches and self.first is not None:
            batches, self.before_first = [self.first], len(self.made)
        self.made += [batch.id for batch in batches]
        receipts = {
            s.key: Receipt(key=s.key, recipe=s.recipe(), outputs={}, inputs={}, seconds=1)
            for b in batches
            for s in b.steps
        }
        return [(b.id, [Outcome(s.key, "made", receipts[s.key]) for s in b.steps]) for b in batches]  # fmt: skip

    def kill(self, batch: int) -> None: ...

    def close(self) -> None: ...


def test_nobody_waits_for_the_last_step_of_a_window(tmp_path: Path) -> None:
    slow = _Slow()
    bench = Bench(tmp_path, lambda _: slow)
    progress = bench.run(*(window(number, [ad(str(number), mood=str(number))]) for number in range(20)))
    assert progress.total("made") == 20 * 5
    assert slow.before_first == 7 * 5  # eight windows were open, and the first waits for its first step


def test_a_card_gets_steps_of_one_form_and_the_first_in_the_plan_says_which() -> None:
    model = BackendSpec("echo", "mix", "", batch=3, resources=Resources(gpu=1), options={"sizes": [[64, 64], [96, 48]]})
    sizes = [(120, 60), (100, 100), (64, 30), (61, 64), (200, 100), (98, 50)]
    ready = Ready()
    for rank, (width, height) in enumerate(sizes):
        made = step("mix", "echo", 1, None, {"width": width, "height": height, "ms": rank}, {}, None)
        ready.push(State(made, model, rank, set()))
    name = ("mix", "echo")
    assert (ready.alike(name, 3), ready.count(name)) == (3, 6)
    assert [state.rank for state in ready.take(name, 3)] == [0, 2, 4], "wide ones are made in one size"
    assert ready.alike(name, 3) == 2
    assert [state.rank for state in ready.take(name, 3)] == [1, 3]
    assert [state.rank for state in ready.take(name, 3)] == [5]


def test_a_step_that_has_to_be_alone_is_alone_on_a_card_too() -> None:
    model = BackendSpec("echo", "mix", "", batch=3, resources=Resources(gpu=1))
    ready = Ready()
    for rank in range(3):
        ready.push(State(step("mix", "echo", 1, None, {"ms": rank}, {}, None), model, rank, set(), alone=rank == 1))
    assert [[state.rank for state in ready.take(("mix", "echo"), 3)] for _ in range(2)] == [[0, 2], [1]]


def test_a_card_reads_lines_of_like_length_whoever_speaks_them() -> None:
    """Two voices, two languages, sentences of 20 to 120 characters: batches of 64, each of like lengths, none left behind."""
    spec = BackendSpec("reader", "speech", "", batch=64, resources=Resources(gpu=0.25))
    ready, count = Ready(), 200
    for rank in range(count):
        length = 20 + rank * 37 % 100
        params = {
            "phrases": ["a" * (length - 1), "."],
            "locale": ("en-GB", "de-DE")[rank % 2],
            "speaker": f"{rank % 2}",
        }
        made = step("speech", "reader", 1, None, params, {}, rank, f"sentence {rank}")
        ready.push(State(made, spec, rank, set()))
    assert ready.alike(("speech", "reader"), 64) == 64
    batches: list[list[State]] = []
    while ready.has_work(("speech", "reader")):
        batches.append(ready.take(("speech", "reader"), 64))
    assert [len(batch) for batch in batches] == [64, 64, 64, 8]
    assert sorted(state.rank for batch in batches for state in batch) == list(range(count))
    assert batches[0][0].rank == 0 and all(
        [state.rank for state in batch] == sorted(state.rank for state in batch) for batch in batches
    )
    # Every line of a batch is waited for as long as its longest takes.
    order = sorted((state for batch in batches for state in batch), key=lambda state: state.rank)
    assert _paid(batches) < 0.8 * _paid([order[start : start + 64] for start in range(0, count, 64)])
    assert {state.step.params["locale"] for state in batches[0]} == {"en-GB", "de-DE"}


def _paid(batches: Sequence[Sequence[State]]) -> int:
    return sum(len(batch) * max(state.length for state in batch) for batch in batches)
