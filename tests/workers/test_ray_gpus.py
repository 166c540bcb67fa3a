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
from creative.errors import RunnerError
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
    until = time.monotonic() + 120
    while (found := runner.free(spec)) < wanted and time.monotonic() < until:
        time.sleep(0.2)
    return int(found)


def _said(runner: Any, spec: BackendSpec, count: int) -> list[dict[str, Any]]:
    """Every actor gets a batch of one, and says what it sees."""
    for number, one in enumerate(_steps(spec, count)):
        runner.submit(Batch(number, spec, (one,)))
    notes: list[dict[str, Any]] = []
    until = time.monotonic() + 120
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


def test_a_row_says_it_as_data(tmp_path: Path) -> None:
    (tmp_path / "rows.yaml").write_text(
        "backends:\n"
        "  - {kind: speech, name: apart, target: 'mycompany.voices:Chatterbox', licence: MIT, named: true,\n"
        "     resources: {gpu: 0.25, accelerator_type: L4}, runtime_env: {pip: [chatterbox-tts]}}\n"
    )
    spec = load_catalogue([tmp_path / "rows.yaml"]).choose("speech", "apart")
    asked = {"num_cpus": 0, "num_gpus": 0.25, "accelerator_type": "L4", "runtime_env": {"pip": ["chatterbox-tts"]}}
    assert actor_options(spec) == asked | {"max_concurrency": FLIGHTS + 1}
