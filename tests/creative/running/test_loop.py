"""The loop over both real runners, with backends that die, hang, refuse and lie."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from creative.catalogue import load_catalogue
from creative.planning.window import PlanWindow
from creative.registry import Registry, open_registry
from creative.running.inline import InlineRunner
from creative.running.loop import Loop, Progress
from creative.running.port import Runner, Worksite
from creative.store import Store, open_store, read_receipt, receipt_keys, refused_attempts
from creative.world import Media
from tests.support.plans import ad, specs, window

RunnerMaker = Callable[[Worksite], Runner]


@pytest.fixture(params=["inline", "ray"])
def make_runner(request: pytest.FixtureRequest) -> Iterator[RunnerMaker]:
    made: list[Runner] = []

    def make(site: Worksite) -> Runner:
        if request.param == "inline":
            made.append(InlineRunner(site, 1))
        else:
            request.getfixturevalue("local_ray")
            from workers.ray_runner import RayRunner

            made.append(RayRunner(site, workers=2))
        return made[-1]

    yield make
    for runner in made:
        runner.close()


class Bench:
    """A store, a registry and a runner; runs windows and keeps what was committed."""

    def __init__(self, folder: Path, make_runner: RunnerMaker, **changes: Any) -> None:
        self.store: Store = open_store(str(folder / "store"))
        self.registry: Registry = open_registry(folder / "registry.db", self.store.id)
        self.site = Worksite(self.store.url, str(folder / "cache"), load_catalogue().digest)
        self.make_runner, self.specs = make_runner, specs(**changes)
        self.runner = make_runner(self.site)
        self.begun = 0
        self.committed: dict[str, str | None] = {}

    def run(self, *windows: PlanWindow, retry_failed: bool = False) -> Progress:
        def begin() -> None:
            self.begun += 1

        def commit(done: PlanWindow, broken: Mapping[str, str]) -> None:
            for cell in done.cells:
                reasons = [broken[key] for key in cell.steps.values() if key in broken]
                self.committed[cell.record().name] = reasons[0] if reasons else None

        loop = Loop(
            self.store, self.registry, self.runner, self.specs, Media(),
            begin=begin, commit=commit, observe=lambda _: None, retry_failed=retry_failed,
        )  # fmt: skip
        return loop.run(windows)


def test_every_step_is_made_once_and_the_second_run_makes_nothing(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    windows = [window(1, [ad("a"), ad("b")]), window(2, [ad("c"), ad("a2", mood="calm")])]
    progress = bench.run(*windows)
    assert (progress.total("made"), progress.total("failed")) == (2 + 4 * 4, 0)
    assert bench.committed == {"a": None, "b": None, "c": None, "a2": None}
    begun = bench.begun
    again = bench.run(*windows)
    assert (again.total("made"), again.total("reused"), bench.begun) == (0, 18, begun)


def test_a_registry_that_knows_nothing_finds_the_receipts(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    bench.run(window(1, [ad("a")]))
    bench.registry.forget_steps(receipt_keys(bench.store))
    assert bench.run(window(1, [ad("a")])).total("made") == 0


def test_one_bad_ad_does_not_sink_the_others(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner, timeout_s=2.0)
    bad = {"poison": ad("p", mix="poison"), "hang": ad("h", mix="hang"), "refuse": ad("r", mix="refuse")}
    progress = bench.run(window(1, [ad("a"), *bad.values(), ad("x", finish="crash"), ad("b")]))
    assert [name for name, reason in bench.committed.items() if reason is None] == ["a", "b"]
    assert "2 times" in (bench.committed["p"] or "")
    assert "did not end within 2 s" in (bench.committed["h"] or "")
    assert "cut about 6 words" in (bench.committed["r"] or "")
    assert "ZeroDivisionError: division by zero in a model (backends.py:" in (bench.committed["x"] or "")
    assert sorted(failure.status for failure in progress.failures) == [
        "failed",
        "quarantined",
        "quarantined",
        "refused",
    ]
    # What is deterministic is reported again without being tried; what was unforeseen is tried again.
    started = time.monotonic()
    again = bench.run(window(1, [ad("a"), *bad.values()]))
    assert (again.total("made"), again.total("failed")) == (0, 3)
    assert bench.committed["h"] and time.monotonic() - started < 2
    assert bench.run(window(1, [ad("r", mix="refuse")]), retry_failed=True).failures[0].status == "refused"


def test_a_worker_that_dies_once_and_a_full_disk_are_got_over(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    progress = bench.run(
        window(1, [
            ad("d", mix="die-once", mark=str(tmp_path / "died")),
            ad("f", mix="full-disk-once", mark=str(tmp_path / "full")),
        ])
    )  # fmt: skip
    assert (progress.total("failed"), progress.unavailable) == (0, False)
    assert bench.committed == {"d": None, "f": None}


def test_a_lost_batch_is_split(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner, batch=4)
    bench.run(window(1, [ad("a"), ad("p", mix="poison"), ad("b"), ad("c")]))
    assert [name for name, reason in bench.committed.items() if reason] == ["p"]


def test_refused_attempts_are_logged_and_the_next_seed_is_taken(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    plan = window(1, [ad("a", bed="black")])
    assert bench.run(plan).total("failed") == 0
    bed = next(key for key, step in plan.steps.items() if step.kind == "bed")
    receipt = read_receipt(bench.store, bed)
    assert receipt is not None
    assert (receipt.attempt, receipt.seed != 7) == (2, True)
    assert list(refused_attempts(bench.store, bed)) == [0, 1]


def test_killed_workers_cost_only_their_batch(tmp_path: Path, make_runner: RunnerMaker) -> None:
    """Workers of either runner are killed while they work."""
    bench = Bench(tmp_path, make_runner)
    ads = [ad(f"n{number}", mix="slow") for number in range(6)]
    killed = itertools.count()
    original = bench.runner.wait

    def wait(timeout: float) -> Any:
        if next(killed) in (2, 16):
            os.kill(_worker_pids()[0], signal.SIGKILL)
        return original(timeout)

    bench.runner.wait = wait  # type: ignore[method-assign]
    assert bench.run(window(1, ads)).total("failed") == 0
    assert set(bench.committed.values()) == {None}


def _worker_pids() -> list[int]:
    """Our inline child, or the actors of our own Ray: what descends from this process."""
    found = [child.pid for child in multiprocessing.active_children() if child.pid]
    parents: dict[int, int] = {}
    hands = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if (entry / "cmdline").read_bytes().startswith(b"ray::Hands"):
                hands.append(int(entry.name))
        except OSError:
            continue
    for pid in hands:
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid():
            found.append(pid)
    return found
