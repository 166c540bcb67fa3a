"""Cards, kinds of cards and environments of a backend's own, rehearsed on Ray with two GPUs by name only."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.catalogue import load_catalogue
from creative.errors import RunnerError, UsageError
from creative.running.inline import InlineRunner
from creative.running.port import FLIGHTS, Batch, Worksite
from creative.steps import KINDS, Step, step
from creative.store import open_store
from tests.support.plans import specs
from workers.ray_cluster import actor_options

ray_runner = pytest.importorskip("workers.ray_runner")
BED: BackendSpec = specs()["bed", "echo"]


class Tells:
    """Makes what it sees of its surroundings: its cards, and a variable of its own environment."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.spec = spec

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        said = {
            "cards": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
            "own": os.environ.get("OF_ITS_OWN", ""),
            "pid": os.getpid(),
        }
        return [Made(dict.fromkeys(KINDS[task.kind].outputs, b"x"), notes=said) for task in tasks]


class Slow(Tells):
    """Takes its time; a step whose music lasts 13 ms ends its process, as long as the file is there."""

    at_once = True

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        poison = Path(self.spec.options["poison"])
        time.sleep(0.4)
        if any(task.params["ms"] == 13 for task in tasks) and poison.exists():
            os._exit(1)
        time.sleep(60.0 if any(task.params["ms"] == 14 for task in tasks) else 0.4)
        return super().make(tasks)


def _row(name: str, resources: Resources, **more: Any) -> BackendSpec:
    return dataclasses.replace(BED, name=name, target=f"{__name__}:Tells", resources=resources, **more)


def _steps(spec: BackendSpec, count: int) -> list[Step]:
    return [
        step("bed", spec.name, 1, None, {"mood": "warm", "ms": number + 1}, {}, 7, "bed") for number in range(count)
    ]


def _runner(folder: Path) -> Any:
    site = Worksite(open_store(str(folder / "store")).url, str(folder / "cache"), "")
    return contextlib.closing(ray_runner.RayRunner(site, workers=2))


def _free(runner: Any, spec: BackendSpec, wanted: int) -> int:
    until = time.monotonic() + 300
    while (found := runner.free(spec)) < wanted and time.monotonic() < until:
        time.sleep(0.2)
    return int(found)


def _said(runner: Any, spec: BackendSpec, count: int) -> list[dict[str, Any]]:
    """Every actor gets a batch of one, and says what it sees."""
    for number, one in enumerate(_steps(spec, count)):
        runner.submit(Batch(number, spec, (one,)))
    notes: list[dict[str, Any]] = []
    until = time.monotonic() + 300
    while len(notes) < count and time.monotonic() < until:
        for _, outcomes in runner.wait(1.0):
            notes += [dict(outcome.receipt.notes) for outcome in outcomes]
    return notes


@pytest.mark.usefixtures("local_ray")
def test_cards_kinds_of_cards_and_environments_of_ones_own(tmp_path: Path) -> None:
    with _runner(tmp_path) as runner:
        with pytest.raises(RunnerError, match="other needs 1 GPU of type A100; this machine has 0"):
            runner.free(_row("other", Resources(gpu=1.0, accelerator_type="A100")))
        with pytest.raises(RunnerError, match="three needs 3 GPU; this machine has 2"):
            runner.free(_row("three", Resources(gpu=3.0)))
        whole = _row("whole", Resources(gpu=1.0, accelerator_type="H100"))
        assert _free(runner, whole, 2 * FLIGHTS) == 2 * FLIGHTS
        said = _said(runner, whole, 2)
        assert sorted(one["cards"] for one in said) == ["0", "1"]
        assert {one["own"] for one in said} == {""}
        # The idle actors of the other model go, and give their cards back: four halves have room.
        half = _row("half", Resources(gpu=0.5), runtime_env={"env_vars": {"OF_ITS_OWN": "yes"}})
        assert _free(runner, half, 4 * FLIGHTS) == 4 * FLIGHTS
        said = _said(runner, half, 4)
        assert sorted(one["cards"] for one in said) == ["0", "0", "1", "1"]
        assert len({one["pid"] for one in said}) == 4
        assert {one["own"] for one in said} == {"yes"}, "it has its environment, and the others do not"
        assert _free(runner, BED, 2) == 2, "models on cards take no core from the others"


@pytest.mark.usefixtures("local_ray")
def test_two_models_share_a_card_by_its_parts(tmp_path: Path) -> None:
    one, other, whole = (
        dataclasses.replace(
            _row(name, Resources(gpu=gpu)), target=f"{__name__}:Slow", options={"poison": str(tmp_path / "none")}
        )
        for name, gpu in (("one", 0.5), ("other", 0.5), ("whole", 1.0))
    )
    with _runner(tmp_path) as runner:
        assert _free(runner, one, 4 * FLIGHTS) == 4 * FLIGHTS, "alone it has every half of two cards"
        for number, step_ in enumerate(_steps(one, 4)):
            runner.submit(Batch(number, one, (step_,)))
        runner.free(other)  # while all four are busy: two of them leave as soon as they are idle
        landed = 0
        while landed < 4:
            landed += len(runner.wait(5.0))
        assert _free(runner, other, 2 * FLIGHTS) == 2 * FLIGHTS == _free(runner, one, 2 * FLIGHTS)
        for number, spec in enumerate((one, one, other, other)):
            runner.submit(Batch(10 + number, spec, (_steps(spec, 20)[10 + number],)))
        notes: list[tuple[str, str]] = []
        while len(notes) < 4:
            for batch, (outcome,) in runner.wait(5.0):
                notes.append(("one" if batch < 12 else "other", outcome.receipt.notes["cards"]))
        assert sorted(name for name, _ in notes) == ["one", "one", "other", "other"]
        assert sorted(card for _, card in notes) == ["0", "0", "1", "1"]
        assert _free(runner, whole, 2 * FLIGHTS) == 2 * FLIGHTS, (
            "one that needs all of a card gets it, with both at rest"
        )
        assert {member.group for member in runner._members} == {"cpu", "bed whole"}


def test_a_row_says_it_as_data(tmp_path: Path) -> None:
    (tmp_path / "rows.yaml").write_text(
        "backends:\n"
        "  - {kind: speech, name: apart, target: 'mycompany.voices:Chatterbox', licence: MIT, named: true,\n"
        "     resources: {gpu: 0.25, accelerator_type: L4}, runtime_env: {pip: [chatterbox-tts]}}\n"
    )
    spec = load_catalogue([tmp_path / "rows.yaml"]).choose("speech", "apart")
    asked = {"num_cpus": 0, "num_gpus": 0.25, "accelerator_type": "L4", "runtime_env": {"pip": ["chatterbox-tts"]}}
    assert actor_options(spec) == asked | {"max_concurrency": FLIGHTS + 1}


@pytest.mark.usefixtures("local_ray")
def test_batches_of_one_card_share_its_worker_and_not_its_guilt(tmp_path: Path) -> None:
    poison = tmp_path / "poison"
    poison.touch()
    spec = dataclasses.replace(
        _row("slow", Resources(gpu=2.0)), target=f"{__name__}:Slow", options={"poison": str(poison)}
    )
    with _runner(tmp_path) as runner:
        assert _free(runner, spec, FLIGHTS) == FLIGHTS
        by_ms = {one.params["ms"]: one for one in _steps(spec, 20)}

        def sent(*batches: Sequence[int]) -> None:
            for number, numbers in enumerate(batches):
                runner.submit(Batch(number, spec, tuple(by_ms[ms] for ms in numbers)))

        def landed(count: int) -> dict[int, tuple[str, str]]:
            found: dict[int, tuple[str, str]] = {}
            until = time.monotonic() + 300
            while len(found) < count and time.monotonic() < until:
                found |= {number: (one[0].status, one[0].reason) for number, one in runner.wait(1.0)}
            return found

        # Beside each other: three batches of 0.8 s each, all made.
        sent([1], [2], [3])
        assert runner.free(spec) == 0
        assert {status for status, _ in landed(3).values()} == {"made"}
        # One that hangs is killed: it is lost, the other of the same worker is not to blame.
        sent([14], [4])
        time.sleep(0.2)
        runner.kill(0)
        found = landed(2)
        assert found[0][0] == "lost" and found[1][0] == "unavailable" and "another batch" in found[1][1]
        # One that kills its worker among others: nobody knows which; alone it shows, and the others are made.
        assert _free(runner, spec, FLIGHTS) == FLIGHTS
        sent([13], [5], [6])
        assert {status for status, _ in landed(3).values()} == {"unavailable"}
        assert _free(runner, spec, 1) == 1, "one at a time from here on"
        sent([13])
        assert landed(1)[0][0] == "lost"
        assert _free(runner, spec, 1) == 1
        sent([5])
        assert landed(1)[0][0] == "made"


@pytest.mark.usefixtures("local_ray")
def test_a_card_that_is_not_there_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with _runner(tmp_path) as runner:
        runner.check(
            [BED, _row("whole", Resources(gpu=1.0)), _row("half", Resources(gpu=0.5, accelerator_type="H100"))]
        )
        with pytest.raises(UsageError, match="three needs 3 GPU; this machine has 2: run on a machine or a cluster"):
            runner.check([_row("three", Resources(gpu=3.0))])
    inline = InlineRunner(Worksite("", "", ""), 1)
    inline.check([BED])
    with pytest.raises(UsageError, match=r"half needs 0\.5 GPU, and one process on this machine has none"):
        inline.check([BED, _row("half", Resources(gpu=0.5))])
