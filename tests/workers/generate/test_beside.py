"""What goes on beside a card: many texts read at once, several batches in one backend, packing in child processes."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.backends import Made
from creative.errors import StepRefused
from tests.support.tiny_models import IMAGES, row, scene_task, small_photo
from workers.generate.conditioning import Encoder
from workers.generate.images import DiffusersImage
from workers.generate.packing import Packing, Painted, packed
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import recipe_of
from workers.generate.shapes import shape
from workers.scene.frame import frame

_TEXTS = [("kitchen at dawn", "blurred"), ("a station, low sun", "blurred"), ("fog", "text, people")]


def _tensors(value: Any) -> list[Any]:
    return [one for item in value for one in _tensors(item)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", IMAGES)
def test_texts_read_together_are_as_each_alone(name: str, models: Path) -> None:
    spec = row(name)
    recipe = recipe_of(spec)
    pipe = Pipelines(spec, recipe, "").words if recipe.pipeline != "auto" else DiffusersImage(spec, 1)._load().words
    together, alone = (Encoder(pipe, True, recipe.prompt_tokens) for _ in range(2))
    together.prepare([*_TEXTS, _TEXTS[0]])
    made = together.made
    for text in _TEXTS:
        one, other = together(*text), alone(*text)
        assert one.keys() == other.keys()
        for key in one:
            for left, right in zip(_tensors(one[key]), _tensors(other[key]), strict=True):
                assert left.shape == right.shape
                np.testing.assert_allclose(left.float(), right.float(), atol=2e-4)
    assert together.made == alone.made
    if "Qwen" not in type(pipe).__name__:
        assert made == alone.made, "nothing was read twice"


def _painted(folder: Path, cutout: Path | None) -> Painted:
    slot = {"x": 500, "foot": 740, "width": 560, "height": 420}
    pixels = np.random.default_rng(3).integers(0, 255, (128, 128, 3), np.uint8)
    geometry = frame(120, 120, slot if cutout else None, 0.5 if cutout else None)
    return Painted(pixels, shape((120, 120), [(128, 128)], None), geometry, cutout, 7, False, {"made": "128x128"})


def test_pictures_are_packed_in_child_processes_as_here(tmp_path: Path) -> None:
    painted = _painted(tmp_path, small_photo(tmp_path))
    here = packed(painted)
    packing = Packing(2)
    try:
        packing.start()
        there = packing.submit(painted).result(120)
        assert dict(there.outputs) == dict(here.outputs)
        assert there.notes == here.notes and there.notes["product_px_unchanged"] > 500
        # A child that is killed is a trouble of the machine's, and the next picture finds another.
        pool: Any = packing._pool
        for process in list(pool._processes.values()):
            os.kill(process.pid, signal.SIGKILL)
        until = time.monotonic() + 300
        while time.monotonic() < until:
            try:
                assert dict(packing.submit(painted).result(60).outputs) == dict(here.outputs)
                break
            except Exception as error:  # noqa: BLE001  until the pool has seen that they are gone
                assert "terminated abruptly" in str(error) or "process pool" in str(error)
        else:
            pytest.fail("no new child was begun")
    finally:
        packing.close()


def test_a_photo_that_cannot_be_read_is_refused_by_its_step(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(StepRefused, match="cannot be read"):
        packed(_painted(tmp_path, tmp_path / "broken.png"))


def test_batches_beside_each_other_are_as_one_after_another(models: Path, tmp_path: Path) -> None:
    assert DiffusersImage.at_once
    tasks = [[scene_task(tmp_path, words, seed=seed, family="tags") for words in ("fog", "rain")] for seed in (1, 2, 3)]
    spec = dataclasses.replace(row("rehearse-sdxl"), batch=2)
    alone, busy = DiffusersImage(spec, 1), DiffusersImage(spec, 1)
    wanted = [alone.make(batch) for batch in tasks]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(busy.make, tasks))
    for one, other in zip(wanted, found, strict=True):
        for left, right in zip(one, other, strict=True):
            assert isinstance(left, Made) and isinstance(right, Made)
            assert dict(left.outputs) == dict(right.outputs)
    busy.close()
    alone.close()
