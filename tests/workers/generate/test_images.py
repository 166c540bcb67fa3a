"""Scenes by diffusers: one contract for every row. The pictures are noise; what is around them is as it will be."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from creative.backends import BackendSpec, Made, Resources, Task
from creative.errors import AttemptRefused, UsageError
from tests.support.tiny_models import IMAGES, row, scene_task, small_photo, spoilt
from workers.generate.images import DiffusersImage
from workers.scene import develop
from workers.scene.cutout import open_photo

_FAMILY = {"rehearse-sdxl": "tags", "rehearse-sd": "tags"}


@pytest.fixture(scope="module")
def kept() -> Iterator[dict[str, DiffusersImage]]:
    yield {}


@pytest.fixture(params=IMAGES)
def backend(request: pytest.FixtureRequest, models: Path, kept: dict[str, DiffusersImage]) -> DiffusersImage:
    name = request.param
    if name not in kept:
        kept[name] = DiffusersImage(row(name), 1)
    return kept[name]


def _made(results: Sequence[Made | Exception]) -> list[Made]:
    for result in results:
        assert isinstance(result, Made), result
    return [result for result in results if isinstance(result, Made)]


def _picture(made: Made, name: str = "image") -> np.ndarray[Any, Any]:
    data = made.outputs[name]
    assert isinstance(data, bytes)
    return np.asarray(Image.open(io.BytesIO(data)))


def _tasks(backend: DiffusersImage, folder: Path) -> list[Task]:
    family = _FAMILY.get(backend.spec.name, "sentences")
    return [
        scene_task(folder, family=family),
        scene_task(folder, "station, low sun", family=family),
        scene_task(folder, "an evening", way="without_product", family=family),
        scene_task(folder, size=(364, 94), way="surroundings", family=family),
    ]


def test_every_row_keeps_the_contract(backend: DiffusersImage, tmp_path: Path) -> None:
    tasks = _tasks(backend, tmp_path)
    together = _made(backend.make(tasks))
    for task, made in zip(tasks, together, strict=True):
        width, height = task.params["width"], task.params["height"]
        meta = json.loads(bytes(made.outputs["meta"]))
        picture = _picture(made)
        assert picture.shape == (height, width, 3)
        assert (meta["width"], meta["height"], meta["set"]) == (width, height, "painted")
        assert _picture(made, "depth").shape == (height // 4, width // 4)
        assert made.notes["prompt"] == json.loads(task.inputs["prompt"].read_bytes())["prompt"]
        if not task.params["product"]:
            assert meta["product"] is None and meta["plate"] is None
            continue
        # The product's own pixels, to the last bit, in the picture and on its layer.
        x, y, w, h = meta["product"]
        own = np.asarray(develop.fitted(open_photo(small_photo(tmp_path)), (x, y, w, h)))
        opaque = own[..., 3] == 255
        assert opaque.sum() == made.notes["product_px_unchanged"] > 500
        assert np.array_equal(picture[y : y + h, x : x + w][opaque], own[..., :3][opaque])
        assert np.array_equal(_picture(made, "layer")[opaque], own[opaque])
        # The plate is the set without it: nowhere the picture, where the product was.
        px, py, pw, ph = meta["plate"]
        plate = _picture(made, "plate")
        assert plate.shape == (ph, pw, 3) and x >= px and y >= py
        inside = np.abs(plate[y - py : y - py + h, x - px : x - px + w].astype(int) - own[..., :3])[opaque]
        assert float(inside.mean()) > 10
    # Alone or in company, and again: the same picture.
    alone = _made([backend.make([task])[0] for task in tasks])
    for one, other in zip(together, alone, strict=True):
        difference = np.abs(_picture(one).astype(int) - _picture(other))
        assert difference.max() <= 2
    again = _made(backend.make([tasks[0]]))[0]
    assert again.outputs == alone[0].outputs
    # Another seed, other words: another picture; each text was read once.
    other_seed = _made(backend.make([scene_task(tmp_path, seed=8, family=_FAMILY.get(backend.spec.name, "sentences"))]))
    assert np.abs(_picture(other_seed[0]).astype(int) - _picture(alone[0])).mean() > 0.5
    assert np.abs(_picture(alone[1]).astype(int) - _picture(alone[0])).mean() > 0
    assert backend._encoder.made == 4


def test_memory_that_is_out_splits_the_batch_and_nobody_sees_it(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    backend = DiffusersImage(row("rehearse-flux2-klein"), 1)
    tasks = [scene_task(tmp_path, f"place {number}") for number in range(4)]
    whole = _made(backend.make(tasks))
    sizes: list[int] = []
    paint = backend._painter.paint

    def small(pipe: Any, asked: Any, count: int) -> Any:
        sizes.append(count)
        if count > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return paint(pipe, asked, count)

    monkeypatch.setattr(backend._painter, "paint", small)
    split = _made(backend.make(tasks))
    assert sizes == [4, 3, 2, 1, 1, 1, 1]
    for one, other in zip(whole, split, strict=True):
        assert np.abs(_picture(one).astype(int) - _picture(other)).max() <= 2
    backend.make(tasks[:2])
    assert sizes[7:] == [1, 1]  # it was learnt

    def never(pipe: Any, asked: Any, count: int) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(backend._painter, "paint", never)
    with pytest.raises(UsageError, match="does not fit into the memory of cpu"):
        backend.make(tasks[:1])


@pytest.mark.parametrize(("value", "says"), [(float("nan"), "NaN"), (-40.0, "black"), (40.0, "one colour")])
def test_what_shows_nothing_is_a_refused_attempt(
    value: float, says: str, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = spoilt(models, "rehearse-sdxl", tmp_path / "spoilt", bias=value)
    monkeypatch.setenv("CREATIVE_MODELS", str(folder))
    task = scene_task(tmp_path, way="without_product", family="tags")
    (refusal,) = DiffusersImage(row("rehearse-sdxl"), 1).make([task])
    assert isinstance(refusal, AttemptRefused) and says in str(refusal)


def test_the_same_picture_for_another_wish_is_refused(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = DiffusersImage(row("rehearse-sdxl"), 1)
    tasks = [scene_task(tmp_path, words, way="without_product", family="tags") for words in ("a shed", "a pier")]
    first = backend.make(tasks[:1])
    encode = backend._encoder
    told = json.loads(tasks[0].inputs["prompt"].read_bytes())
    monkeypatch.setattr(backend, "_encoder", lambda *_: encode(told["prompt"], told["negative"]))  # it does not listen
    (again,) = backend.make(tasks[:1])
    (refusal,) = backend.make(tasks[1:])
    assert isinstance(again, Made) and again.outputs == _made(first)[0].outputs
    assert isinstance(refusal, AttemptRefused) and "same picture" in str(refusal)


@pytest.mark.parametrize("guidance", [0.0, 2.0])
def test_a_negative_prompt_is_recorded_where_the_model_hears_it(models: Path, tmp_path: Path, guidance: float) -> None:
    task = scene_task(tmp_path, family="tags", way="without_product")
    (made,) = _made(DiffusersImage(row("rehearse-sdxl", guidance=guidance), 1).make([task]))
    told = json.loads(task.inputs["prompt"].read_bytes())["negative"]
    assert told and made.notes["negative"] == (told if guidance else "")


def test_rows_that_cannot_be_meant_and_machines_without_a_card_are_told_so(models: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="options has no 'stepps'"):
        DiffusersImage(row("rehearse-sdxl", stepps=4), 1)
    with pytest.raises(UsageError, match="multiples of 16"):
        DiffusersImage(row("rehearse-sdxl", sizes=[[100, 100]]), 1)
    with pytest.raises(UsageError, match="no class 'NoPipeline'"):
        DiffusersImage(row("rehearse-sdxl", **{"class": "NoPipeline"}), 1).make([scene_task(tmp_path)])
    there = row("rehearse-sdxl")
    card = BackendSpec(
        there.name, there.kind, there.target, model=there.model, resources=Resources(1, 1), options=there.options
    )
    with pytest.raises(UsageError, match=r"needs a GPU, and torch .* sees none here"):
        DiffusersImage(card, 1).make([scene_task(tmp_path)])


def test_weights_that_are_not_what_they_should_be_are_never_loaded(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = scene_task(tmp_path)
    monkeypatch.setenv("CREATIVE_MODELS", str(tmp_path / "nothing"))
    with pytest.raises(UsageError, match="creative models pull rehearse-sdxl"):
        DiffusersImage(row("rehearse-sdxl"), 1).make([task])
    folder = spoilt(models, "rehearse-sdxl", tmp_path / "changed", bias=0.25)
    file = folder / "rehearse-sdxl" / "unet" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    monkeypatch.setenv("CREATIVE_MODELS", str(folder))
    with pytest.raises(UsageError, match="another sha256"):
        DiffusersImage(row("rehearse-sdxl"), 1).make([task])
    folder = spoilt(models, "rehearse-sdxl", tmp_path / "pickled", bias=0.25)
    (folder / "rehearse-sdxl" / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x04.")
    monkeypatch.setenv("CREATIVE_MODELS", str(folder))
    with pytest.raises(UsageError, match="pickled"):
        DiffusersImage(row("rehearse-sdxl"), 1).make([task])


def test_memory_is_given_back_and_taken_again(models: Path, tmp_path: Path) -> None:
    backend = DiffusersImage(row("rehearse-sdxl"), 1)
    task = scene_task(tmp_path, family="tags")
    first = _made(backend.make([task]))[0]
    backend.close()
    assert backend._pipes is None
    assert _made(backend.make([task]))[0].outputs == first.outputs
