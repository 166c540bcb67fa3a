"""Two actors of one machine that want the same weights at once: one fetches them from the mirror, the other waits for it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.models import mirror
from creative.models.files import write_manifest
from creative.running.port import FLIGHTS, Batch, Outcome, Worksite
from creative.steps import KINDS, step
from creative.store import open_store
from tests.support.plans import specs

ray_runner = pytest.importorskip("workers.ray_runner")
_TOOK = "CREATIVE_TEST_TOOK"


class FromMirror:
    """Says where its weights are, and notes every file that its own process took from the mirror."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.spec, take = spec, mirror._take

        def noted(found: Path, file: Path, *given: object, **named: object) -> None:
            with Path(os.environ[_TOOK]).open("a") as log:
                log.write(f"{os.getpid()} {file.name}\n")
            time.sleep(0.3)
            take(found, file, *given, **named)  # type: ignore[arg-type]

        mirror._take = noted  # type: ignore[assignment]  # in this actor only, which ends with the test

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        from workers.models.weights import weights

        notes = {"folder": str(weights(self.spec)), "pid": os.getpid()}
        return [Made(dict.fromkeys(KINDS[task.kind].outputs, b"x"), notes=notes) for task in tasks]


@pytest.mark.usefixtures("local_ray")
def test_two_actors_of_a_machine_fetch_them_once(tmp_path: Path) -> None:
    own = tmp_path / "source" / "tiny"
    (own / "unet").mkdir(parents=True)
    (own / "config.json").write_text("{}")
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    (own / "unet" / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    write_manifest(own, name="tiny", repo="me/tiny", revision="a" * 40, licence="MIT")
    url = open_store(str(tmp_path / "mirror")).url
    mirror.mirror(tmp_path / "source", "tiny", open_store(url))
    took = tmp_path / "took"
    told = {
        "CREATIVE_MODELS": str(tmp_path / "models"), "CREATIVE_MODELS_MIRROR": url, "CREATIVE_OFFLINE": "1",
        "CREATIVE_CACHE": str(tmp_path / "own"), _TOOK: str(took),
    }  # fmt: skip
    site = Worksite(open_store(str(tmp_path / "store")).url, str(tmp_path / "cache"), "", (), tuple(told.items()))
    spec = dataclasses.replace(
        specs()["bed", "echo"], name="mirrored", target=f"{__name__}:FromMirror", resources=Resources(gpu=1.0),
        model=f"me/tiny {'a' * 40}", options={"weights": "tiny"},
    )  # fmt: skip
    with contextlib.closing(ray_runner.RayRunner(site, workers=1)) as runner:
        until = time.monotonic() + 120
        while runner.free(spec) < 2 * FLIGHTS and time.monotonic() < until:
            time.sleep(0.1)
        for number in range(2):
            made = step("bed", "mirrored", 1, spec.model, {"mood": "warm", "ms": number + 1}, {}, 7, "bed")
            runner.submit(Batch(number, spec, (made,)))
        outcomes: list[Outcome] = []
        while len(outcomes) < 2 and time.monotonic() < until:
            outcomes += [outcome for _, (outcome,) in runner.wait(1.0)]
    assert [outcome.status for outcome in outcomes] == ["made", "made"], [outcome.reason for outcome in outcomes]
    notes = [outcome.receipt.notes for outcome in outcomes if outcome.receipt is not None]
    assert {one["folder"] for one in notes} == {str(tmp_path / "models" / "tiny")}
    assert len({one["pid"] for one in notes}) == 2
    lines = [line.split() for line in took.read_text().splitlines()]
    assert sorted(name for _, name in lines) == ["config.json", "model.safetensors"]
    assert len({pid for pid, _ in lines}) == 1
