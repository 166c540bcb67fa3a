"""A worker and its card: its share of cores and memory, what it says of one that broke, and a run that goes on without it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.errors import RunnerError
from creative.running.port import Batch, Worksite
from creative.steps import KINDS, Step, step
from creative.store import open_store
from tests.support.plans import specs
from workers import cards, ray_roster
from workers.generate.pipelines import Pipelines
from workers.work import Workshop

ray_runner = pytest.importorskip("workers.ray_runner")
ray_hands = pytest.importorskip("workers.hands")
ILLEGAL = "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported"


class OnSickCard:
    """Fails as torch does where its card is one of those that `options` call sick; tells how many threads it has."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.spec, self.threads = spec, threads

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        card = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        if card in self.spec.options["sick"]:
            raise RuntimeError(ILLEGAL)
        said = {"card": card, "threads": self.threads}
        return [Made(dict.fromkeys(KINDS[task.kind].outputs, b"x"), notes=said) for task in tasks]


def _spec(sick: str, gpu: float = 1.0) -> BackendSpec:
    echo = specs()["bed", "echo"]
    return dataclasses.replace(
        echo,
        name=f"sick{len(sick)}",
        target=f"{__name__}:OnSickCard",
        resources=Resources(gpu=gpu),
        options={"sick": sick},
    )


def _steps(spec: BackendSpec, count: int, first: int = 1) -> list[Step]:
    return [step("bed", spec.name, 1, None, {"mood": "warm", "ms": first + n}, {}, 7, "bed") for n in range(count)]


def _site(folder: Path) -> Worksite:
    return Worksite(open_store(str(folder / "store")).url, str(folder / "cache"), "")


def _all_made(runner: Any, spec: BackendSpec, steps: Sequence[Step]) -> tuple[list[dict[str, Any]], list[str]]:
    """What every step's maker said, and the reasons of those that had to go again."""
    waiting, notes, reasons, number = deque(steps), list[dict[str, Any]](), list[str](), 0
    until = time.monotonic() + 120
    by_key = {one.key: one for one in steps}
    while len(notes) < len(steps) and time.monotonic() < until:
        while waiting and runner.free(spec):
            number += 1
            runner.submit(Batch(number, spec, (waiting.popleft(),)))
        for _, outcomes in runner.wait(0.2):
            for outcome in outcomes:
                if outcome.receipt is not None:
                    notes.append(dict(outcome.receipt.notes))
                else:
                    assert outcome.status in ("lost", "unavailable"), outcome
                    reasons.append(outcome.reason)
                    waiting.append(by_key[outcome.key])
    return notes, reasons


@pytest.mark.usefixtures("local_ray")
def test_a_card_that_fails_twice_gets_nothing_more_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(ray_runner, "_note", said.append)
    spec = _spec("0")
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=2)) as runner:
        notes, reasons = _all_made(runner, spec, _steps(spec, 40))
        assert {one["card"] for one in notes} == {"1"} and len(notes) == 40
        assert reasons and any("its card failed" in one and "illegal memory access" in one for one in reasons)
        first, until = 100, time.monotonic() + 60
        while not any("gets nothing more" in line for line in said) and time.monotonic() < until:
            notes, _ = _all_made(runner, spec, _steps(spec, 4, first))
            first += 4
        assert sum(line.startswith("a card failed: ") for line in said) == 2
        assert any("GPU 0: it failed twice. It gets nothing more in this run" in line for line in said)
        assert {one["threads"] for one in notes} == {max(1, cards.cores(1.0, 2.0))}


@pytest.mark.usefixtures("local_ray")
def test_a_run_whose_every_card_failed_says_so(tmp_path: Path) -> None:
    spec = _spec("0 1")
    with (
        contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=2)) as runner,
        pytest.raises(RunnerError, match=r"bed sick3 has no card that works: .*GPU 0, .*GPU 1"),
    ):
        _all_made(runner, spec, _steps(spec, 12))


@pytest.mark.usefixtures("local_ray")
def test_a_model_of_which_nothing_is_asked_gives_its_card_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = _spec("-", 2.0)
    with contextlib.closing(ray_runner.RayRunner(_site(tmp_path), workers=1)) as runner:
        assert len(_all_made(runner, spec, _steps(spec, 1))[0]) == 1
        runner.wait(0.05)
        assert [one.ready for one in runner._of("bed sick1")] == [True], "it stays for what may come next"
        monkeypatch.setattr(ray_roster, "_QUIET_S", 0.0)
        runner.wait(0.05)
        assert not runner._of("bed sick1")
        monkeypatch.setattr(ray_roster, "_QUIET_S", 300.0)
        assert len(_all_made(runner, spec, _steps(spec, 2))[0]) == 2, "and comes back when it is asked"


def test_what_a_broken_card_says_is_told_from_what_a_full_one_says(tmp_path: Path) -> None:
    class AcceleratorError(RuntimeError):
        pass

    assert cards.is_broken(RuntimeError(ILLEGAL)) and cards.is_broken(AcceleratorError(ILLEGAL))
    assert cards.is_broken(RuntimeError("No CUDA GPUs are available"))
    assert not cards.is_broken(RuntimeError("CUDA error: out of memory"))
    assert not cards.is_broken(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not cards.is_broken(ValueError("CUDA error"))
    shop = Workshop(_site(tmp_path), 1)
    os.environ["CUDA_VISIBLE_DEVICES"] = "0"
    try:
        for gpu, broken in ((0.0, ""), (1.0, ILLEGAL.partition("\n")[0])):
            spec = _spec("0", gpu)
            [outcome] = shop.run(Batch(1, spec, tuple(_steps(spec, 1))))
            assert outcome.status == "failed" and shop.broken == broken
    finally:
        del os.environ["CUDA_VISIBLE_DEVICES"]


def test_a_part_of_a_card_comes_with_its_part_of_cores(tmp_path: Path) -> None:
    there = len(os.sched_getaffinity(0))
    assert cards.cores(1.0, 1.0, tmp_path) == there
    assert cards.cores(0.5, 8.0, tmp_path) == max(1, there // 16)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert cards.cores(1.0, 1.0, tmp_path) == there
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    assert cards.cores(1.0, 1.0, tmp_path) == 1
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("50000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cards.cores(1.0, 1.0, tmp_path) == 1


def test_who_feeds_a_card_has_its_core_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[int] = []
    monkeypatch.setattr(os, "nice", told.append)
    monkeypatch.setattr(cards, "_DRIVER", tmp_path / "version")
    cards.give_way(4)
    assert not told, "where there is no card nobody is put behind"
    (tmp_path / "version").touch()
    ray_hands.Hands(_site(tmp_path), 1)
    assert told == [4]


def test_a_part_of_a_card_is_a_part_of_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told, there = list[float](), [1]
    torch: Any = ModuleType("torch")
    torch.__spec__ = SimpleNamespace()
    torch.version = SimpleNamespace(cuda="13.0")
    torch.cuda = SimpleNamespace(
        is_available=lambda: bool(there),
        set_per_process_memory_fraction=told.append,
        get_per_process_memory_fraction=lambda _: told[-1],
        get_device_properties=lambda _: SimpleNamespace(name="NVIDIA L4", total_memory=24 << 30),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    for part in (0.0, 0.25, 1.0):
        cards.keep_to(part)
    assert told == [0.25]
    device = SimpleNamespace(type="cuda")
    assert cards.memory(device) == 6 << 30, "what is looked for on a card is looked for in that part of it"
    half = cast(Pipelines, SimpleNamespace(device=device))
    assert Pipelines.card(half) == "NVIDIA L4 6 GiB", "and batches that fit are not those of the whole"
    driver = tmp_path / "version"
    monkeypatch.setattr(cards, "_DRIVER", driver)
    there.clear()
    cards.look()  # no driver: the card is one by name only
    driver.touch()
    with pytest.raises(cards.CardBroken, match="torch finds no card that works"):
        cards.look()
    there.append(1)
    cards.look()
