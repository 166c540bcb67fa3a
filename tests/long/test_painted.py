"""A painted scene in a worker process: ended in the middle nothing is kept, then it is made, then it is there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from creative.canonical import file_digest
from creative.running.inline import InlineRunner
from creative.running.port import Batch, Outcome, Worksite
from creative.steps import step
from creative.store import open_store
from creative.store.receipts import read_receipt
from tests.support.tiny_models import row, scene_task
from workers.rehearse.diffusion import build

pytestmark = pytest.mark.long


def _wait(runner: InlineRunner, seconds: float) -> Sequence[Outcome]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for _, outcomes in runner.wait(1.0):
            return outcomes
    raise AssertionError("no outcome")


def test_a_painted_scene_is_ended_made_and_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path / "models", ["rehearse-sdxl"])
    monkeypatch.setenv("CREATIVE_MODELS", str(tmp_path / "models"))
    store = open_store(str(tmp_path / "store"))
    (tmp_path / "task").mkdir()
    task, spec = scene_task(tmp_path / "task", family="tags"), row("rehearse-sdxl")
    for path in task.inputs.values():
        store.put_blob(path, "application/octet-stream")
    inputs = {role: file_digest(path) for role, path in task.inputs.items()}
    wanted = step("scene", spec.name, spec.revision, spec.model, task.params, inputs, 7)
    runner = InlineRunner(Worksite(store.url, str(tmp_path / "cache"), ""), 1)
    try:
        runner.submit(Batch(1, spec, (wanted,)))
        runner.wait(0.5)
        runner.kill(1)  # what the loop does at the row's `timeout_s`, and at Ctrl-C
        [ended] = _wait(runner, 30)
        assert ended.status == "lost" and read_receipt(store, wanted.key) is None
        runner.submit(Batch(2, spec, (wanted,)))
        [made] = _wait(runner, 300)
        assert made.status == "made" and made.receipt is not None, made.reason
        assert made.receipt.notes["prompt"].startswith("Kitchen at dawn")
        runner.submit(Batch(3, spec, (wanted,)))
        [found] = _wait(runner, 60)
        assert found.status == "reused" and found.receipt == made.receipt
    finally:
        runner.close()
