"""The loop over both real runners, with backends that die, hang, refuse and lie."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import multiprocessing
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec, Resources
from creative.planning.window import PlanWindow
from creative.records import Receipt
from creative.running.inline import InlineRunner
from creative.running.port import Batch, Outcome, Runner, Worksite
from creative.store import Store, read_receipt, receipt_keys, refused_attempts
from creative.store.receipts import delete_receipt
from tests.support.bench import Bench, RunnerMaker
from tests.support.plans import ad, window


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
    bench = Bench(tmp_path, make_runner, timeout_s=6.0)
    bad = {"poison": ad("p", mix="poison"), "hang": ad("h", mix="hang"), "refuse": ad("r", mix="refuse")}
    progress = bench.run(window(1, [ad("a"), *bad.values(), ad("x", finish="crash"), ad("b")]))
    assert [name for name, reason in bench.committed.items() if reason is None] == ["a", "b"]
    assert "2 times" in (bench.committed["p"] or "")
    assert "did not end within 6 s" in (bench.committed["h"] or "")
    assert "cut about 6 words" in (bench.committed["r"] or "")
    assert "ZeroDivisionError: division by zero in a model (backends.py:" in (bench.committed["x"] or "")
    assert sorted(failure.status for failure in progress.failures) == [
        "failed",
        "quarantined",
        "quarantined",
        "refused",
    ]
    counts = {name: progress.total(name) for name in ("wanted", "made", "reused", "failed", "blocked")}
    # A mix that fails blocks three ends, a finish two; the bed is everybody's.
    assert counts == {"wanted": 1 + 6 * 4, "made": 1 + 2 * 4 + 1, "reused": 0, "failed": 4, "blocked": 3 * 3 + 2}
    # What is deterministic is reported again without being tried; what was unforeseen is tried again.
    started = time.monotonic()
    again = bench.run(window(1, [ad("a"), *bad.values()]))
    assert (again.total("made"), again.total("failed")) == (0, 3)
    assert bench.committed["h"] and time.monotonic() - started < 6
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


def test_what_a_backend_returns_wrongly_fails_its_step_only(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    lies = {
        "nothing": "returned NoneType, not what it made",
        "no-file": "is neither bytes nor a file that is there",
        "odd-notes": "its notes are not JSON",
        "nan-notes": "its notes are not JSON",
        "surrogate-notes": "its notes are not JSON",
        "odd-type": "ValidationError",
        "unreadable": "OSError: cannot identify image file",
        "odd-refusal": "cannot read ?.wav",
    }
    progress = bench.run(window(1, [*(ad(lie, mix=lie) for lie in lies), ad("good")]))
    assert {name for name, reason in bench.committed.items() if reason is None} == {"good"}
    for lie, reason in lies.items():
        assert reason in (bench.committed[lie] or "")
    statuses = {failure.step.params["ad"]: failure.status for failure in progress.failures}
    assert statuses == dict.fromkeys(lies, "failed") | {"odd-refusal": "refused"}
    assert not progress.unavailable


def test_a_missing_package_is_not_held_against_the_step(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    whole = bench.specs["mix", "echo"]
    for target, advice in (
        ("workers.nothing_here:Mix", "creative-farm[studio]"),
        ("nobody_has_this:Mix", "'nobody_has_this': install it where the worker runs"),
    ):
        bench.specs["mix", "echo"] = dataclasses.replace(whole, target=target)
        (failure,) = bench.run(window(1, [ad("a")])).failures
        assert (failure.status, advice in failure.reason) == ("failed", True)
        assert ("studio" in failure.reason) == target.startswith("workers.")
    bench.specs["mix", "echo"] = whole
    assert bench.run(window(1, [ad("a")])).total("made") == 4


@pytest.mark.parametrize("loss", ["receipt", "blob", "half a blob"])
def test_a_lost_input_is_made_again(tmp_path: Path, make_runner: RunnerMaker, loss: str) -> None:
    bench = Bench(tmp_path, make_runner)
    plan = window(1, [ad("a")])
    bench.run(plan)
    bed = _lose(bench.store, plan, loss)
    progress = bench.run(window(2, [ad("b")]))
    assert (progress.kinds["bed"].made, progress.total("made"), progress.total("failed")) == (1, 5, 0)
    receipt = read_receipt(bench.store, bed)
    assert receipt and bench.store.get_blob(receipt.outputs["audio"].sha256)


@pytest.mark.parametrize("loss", ["receipt", "blob", "half a blob"])
def test_a_worker_without_its_input_says_which(tmp_path: Path, make_runner: RunnerMaker, loss: str) -> None:
    bench = Bench(tmp_path, make_runner)
    plan = window(1, [ad("a")])
    bench.run(plan)
    bed = _lose(bench.store, plan, loss)
    mix = next(step for step in window(2, [ad("b")]).steps.values() if step.kind == "mix")
    bench.runner.close()
    fresh = make_runner(bench.site)  # one that remembers nothing
    ((_, (outcome,)),) = _answer(fresh, Batch(900, bench.specs["mix", "echo"], (mix,)))
    assert outcome.status == "unavailable"
    said = {"receipt": f"the receipt of step {bed[:12]} is gone", "blob": "has no blob", "half a blob": "is damaged: "}
    assert said[loss] in outcome.reason


def _lose(store: Store, plan: PlanWindow, loss: str) -> str:
    bed = next(key for key, step in plan.steps.items() if step.kind == "bed")
    receipt = read_receipt(store, bed)
    assert receipt is not None
    blob = store.fetch(receipt.outputs["audio"].sha256, Path())
    if loss == "receipt":
        delete_receipt(store, bed)
    elif loss == "blob":
        blob.unlink()
    else:
        data = blob.read_bytes()
        blob.unlink()
        blob.write_bytes(data[: len(data) // 2])
    return bed


def _answer(runner: Runner, batch: Batch) -> Sequence[tuple[int, Sequence[Outcome]]]:
    while runner.free(batch.spec) < 1:
        runner.wait(0.05)
    runner.submit(batch)
    while not (answer := runner.wait(1.0)):
        pass
    return answer


def test_idle_workers_that_died_cost_no_step_anything(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    bench.run(window(1, [ad("a")]))
    wanted = 2 if bench.runner.free(bench.specs["bed", "echo"]) > 1 else 1
    while bench.runner.free(bench.specs["bed", "echo"]) < wanted:
        bench.runner.wait(0.05)
    time.sleep(1.1)  # idle for long enough that nothing may still be on its way from them
    for pid in _worker_pids():
        os.kill(pid, signal.SIGKILL)
    progress = bench.run(window(2, [ad("b", mood="calm")]))
    assert (progress.total("made"), progress.failures) == (5, [])


def test_a_batch_may_be_killed_when_it_has_just_ended(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    one, two = (next(iter(window(1, [ad("a", mood=mood)]).steps.values())) for mood in ("warm", "calm"))
    spec = bench.specs["bed", "echo"]
    while bench.runner.free(spec) < 1:
        bench.runner.wait(0.05)
    bench.runner.submit(Batch(901, spec, (one,)))
    while read_receipt(bench.store, one.key) is None:
        time.sleep(0.02)
    bench.runner.kill(901)
    while not bench.runner.wait(1.0):
        pass
    ((number, (outcome,)),) = _answer(bench.runner, Batch(902, spec, (two,)))
    assert (number, outcome.status) == (902, "made")


def test_what_dead_workers_left_is_swept_away(tmp_path: Path, make_runner: RunnerMaker) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    scratch = tmp_path / "cache" / "scratch"
    left = scratch / f"{socket.gethostname()}-{ended.pid}-a1"
    elsewhere, alive = scratch / f"not-this-host-{ended.pid}-a1", scratch / f"{socket.gethostname()}-{os.getpid()}-a1"
    for folder in (left, elsewhere, alive):
        (folder / "0").mkdir(parents=True)
    bench = Bench(tmp_path, make_runner)
    bench.run(window(1, [ad("a")]))
    assert set(scratch.iterdir()) == {elsewhere, alive}


def test_without_room_for_scratch_files_steps_are_not_blamed(tmp_path: Path, make_runner: RunnerMaker) -> None:
    bench = Bench(tmp_path, make_runner)
    (tmp_path / "cache").write_text("a file where the folder should be")
    bed = next(iter(window(1, [ad("a")]).steps.values()))
    ((_, (outcome,)),) = _answer(bench.runner, Batch(1, bench.specs["bed", "echo"], (bed,)))
    assert (outcome.status, "no scratch folder in" in outcome.reason) == ("unavailable", True)


class _OneGpu:
    """A runner that makes nothing: one batch at a time, and a limit to waiting in vain."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.vain = 0

    def free(self, spec: BackendSpec) -> int:
        return 0 if self.batches else 1

    def submit(self, batch: Batch) -> None:
        self.batches.append(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        if not self.batches:
            self.vain += 1
            assert self.vain < 100, "nothing is submitted any more"
            return ()
        batch = self.batches.pop()
        receipts = [Receipt(key=s.key, recipe=s.recipe(), outputs={}, inputs={}, seconds=0.1) for s in batch.steps]
        return [(batch.id, [Outcome(receipt.key, "made", receipt) for receipt in receipts])]

    def kill(self, batch: int) -> None: ...

    def close(self) -> None: ...


_FEEDING = [window(number, [ad(mood, mood=mood)]) for number, mood in enumerate(("warm", "calm", "bright"))]


def _on_gpu(bench: Bench) -> None:
    for kind in ("bed", "mix"):
        bench.specs[kind, "echo"] = dataclasses.replace(bench.specs[kind, "echo"], resources=Resources(0, 1.0))


def test_a_gpu_model_may_feed_another(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lambda _: _OneGpu())
    _on_gpu(bench)
    assert bench.run(*_FEEDING).total("made") == 3 * 5


def test_gpu_models_take_turns_on_ray(tmp_path: Path, local_ray: None) -> None:
    from workers.ray_runner import RayRunner

    bench = Bench(tmp_path, lambda site: RayRunner(site, workers=1))
    _on_gpu(bench)
    with contextlib.closing(bench.runner):
        assert bench.run(*_FEEDING).total("made") == 3 * 5


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
