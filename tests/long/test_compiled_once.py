"""What one actor compiled for a machine's card the next one finds: tried with the farm's own switches, and C++ for a CPU."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.running.port import Batch, Worksite
from creative.steps import KINDS, step
from creative.store import open_store
from tests.support.plans import specs

ray_runner = pytest.importorskip("workers.ray_runner")
pytestmark = pytest.mark.long
_FORMS = ((1, 16), (2, 16), (1, 16), (2, 16))
"""A mixed night: batches of two sizes, each of them again."""


class Compiling:
    """A tiny SDXL's network, compiled block by block as on a card; says what the compiler found and what it had to make."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        import torch

        from workers.generate.switches import _compile_blocks, compile_ready, denoiser
        from workers.models.libraries import diffusers_ready
        from workers.rehearse import diffusion

        diffusers_ready()
        torch.set_num_threads(1)
        torch.manual_seed(1)
        compile_ready()
        torch._dynamo.config.suppress_errors = False  # here it is to be seen
        self.net = denoiser(diffusion._MAKERS["rehearse-sdxl"]()).eval()
        _compile_blocks(self.net)

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        import torch
        from torch._dynamo.utils import counters

        began, sums, net = time.monotonic(), [], self.net
        for count, side in _FORMS:
            torch.manual_seed(2)
            words = torch.randn(count, 77, net.config.cross_attention_dim)
            extra = net.config.projection_class_embeddings_input_dim - 6 * net.config.addition_time_embed_dim
            more = {"text_embeds": torch.randn(count, extra), "time_ids": torch.zeros(count, 6)}
            with torch.inference_mode():
                made = net(torch.randn(count, 4, side, side), 1.0, words, added_cond_kwargs=more).sample
            sums.append(float(made.abs().sum()))
        found = counters["inductor"]
        notes = {
            "found": int(found["fxgraph_cache_hit"]), "made": int(found["fxgraph_cache_miss"]), "sums": sums,
            "frames": int(counters["stats"]["unique_graphs"]), "pid": os.getpid(), "seconds": time.monotonic() - began,
        }  # fmt: skip
        return [Made(dict.fromkeys(KINDS[task.kind].outputs, b"x"), notes=notes) for task in tasks]


@pytest.mark.usefixtures("local_ray")
def test_a_second_actor_compiles_nothing_twice(tmp_path: Path) -> None:
    site = Worksite(
        open_store(str(tmp_path / "store")).url,
        str(tmp_path / "cache"),
        "",
        (),
        (("CREATIVE_CACHE", str(tmp_path / "own")),),
    )
    spec = dataclasses.replace(
        specs()["bed", "echo"], name="compiling", target=f"{__name__}:Compiling", resources=Resources(gpu=2.0)
    )
    said: list[Mapping[str, Any]] = []
    for number in range(2):
        with contextlib.closing(ray_runner.RayRunner(site, workers=1)) as runner:
            until = time.monotonic() + 900
            while runner.free(spec) < 1 and time.monotonic() < until:
                time.sleep(0.1)
            made = step("bed", "compiling", 1, None, {"mood": "warm", "ms": number + 1}, {}, 7, "bed")
            runner.submit(Batch(number, spec, (made,)))
            outcomes: list[Any] = []
            while not outcomes and time.monotonic() < until:
                outcomes = [outcome for _, (outcome,) in runner.wait(1.0)]
        assert [outcome.status for outcome in outcomes] == ["made"], [outcome.reason for outcome in outcomes]
        said.append(outcomes[0].receipt.notes)
    first, second = said
    print({name: (first[name], second[name]) for name in ("made", "found", "frames", "seconds")}, flush=True)
    assert first["pid"] != second["pid"]
    assert first["made"] > 0 and first["made"] <= first["frames"]
    assert second["made"] == 0 and second["found"] == first["made"] + first["found"]
    assert second["sums"] == first["sums"]
    assert any((tmp_path / "own" / "compiled").rglob("*.so")) or any((tmp_path / "own" / "compiled").iterdir())
