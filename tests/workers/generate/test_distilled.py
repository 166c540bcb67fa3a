"""Models of few steps: the film that is foreseen is shown again under weaker noise, each film's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.backends import Made
from creative.errors import UsageError
from creative.models.rows import own_models
from tests.support.tiny_models import row
from tests.workers.generate.test_film_batches import _last, _task
from workers.generate.distilled import Renoising
from workers.generate.films import DiffusersVideo
from workers.generate.recipe import recipe_of

_TIMES = [1000, 757, 522]


def _noise(count: int) -> list[Any]:
    import torch

    return [torch.Generator("cpu").manual_seed(number) for number in range(count)]


def test_a_network_that_knows_the_film_is_left_with_it() -> None:
    import torch

    scheduler = Renoising(_TIMES)
    scheduler.set_timesteps(3)
    scheduler.set_begin_index(0)
    assert scheduler.timesteps.tolist() == _TIMES
    torch.testing.assert_close(scheduler.sigmas, torch.tensor([1.0, 0.757, 0.522, 0.0]))
    film, scheduler.generators = torch.rand(2, 4, 3, 8, 8), _noise(2)
    shown = torch.randn(2, 4, 3, 8, 8)
    drawn = torch.cat([torch.randn(1, 4, 3, 8, 8, generator=one) for one in _noise(2)])
    for number, sigma in enumerate((1.0, 0.757, 0.522)):
        velocity = (shown - film) / sigma
        shown = scheduler.step(velocity, scheduler.timesteps[number], shown, return_dict=False)[0]
        if number == 0:
            torch.testing.assert_close(shown, (1 - 0.757) * film + 0.757 * drawn)
    torch.testing.assert_close(shown, film, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="distilled to 3 steps, not 4"):
        scheduler.set_timesteps(4)


def test_a_distilled_film_is_the_same_alone_and_beside_others(models: Path, tmp_path: Path) -> None:
    spec = row("rehearse-wan-words", timesteps=_TIMES, steps=3, guidance=1.0)
    backend = DiffusersVideo(spec, 1)
    together = backend.make([_task(tmp_path / "a", number) for number in range(2)])
    (alone,) = backend.make([_task(tmp_path / "b", 1)])
    assert np.abs(_last(together[1]) - _last(alone)).max() <= 1
    assert np.abs(_last(together[0]) - _last(alone)).mean() > 1
    (plain,) = DiffusersVideo(row("rehearse-wan-words", steps=3, guidance=1.0), 1).make([_task(tmp_path / "c", 1)])
    assert np.abs(_last(plain) - _last(alone)).mean() > 0.1, "other steps, another film"
    assert isinstance(alone, Made) and alone.notes["steps"] == 3
    backend.close()


def test_a_folder_may_name_a_pipeline_that_the_library_lacks(models: Path, tmp_path: Path) -> None:
    """As that of FastWan does: WanDMDPipeline is its makers' own."""
    import shutil

    from workers.models.libraries import diffusers_ready

    folder = tmp_path / "wan"
    shutil.copytree(models / "rehearse-wan-words", folder)
    index = folder / "model_index.json"
    index.write_text(index.read_text().replace('"WanPipeline"', '"WanDMDPipeline"'))
    pipe = diffusers_ready().WanPipeline.from_pretrained(str(folder), local_files_only=True)
    assert type(pipe).__name__ == "WanPipeline" and pipe.transformer is not None


@pytest.mark.parametrize("times", [[1000, 757], [522, 757, 1000], [1000, 757, 757], [1000, 757, 0], "fast"])
def test_times_that_no_model_can_have_are_named(times: Any) -> None:
    with pytest.raises(UsageError, match=r"rehearse-wan-words.*timesteps must be 3 falling numbers"):
        recipe_of(row("rehearse-wan-words", timesteps=times, steps=3))


def test_the_shipped_distilled_row_can_be_meant() -> None:
    from creative.catalogue import load_catalogue

    recipe = recipe_of(load_catalogue().choose("clip", "fastwan-2.2-5b"))
    assert recipe.timesteps == tuple(_TIMES) and (recipe.steps, recipe.guidance, recipe.first) == (3, 1.0, "")
    assert own_models()["fastwan2.2-5b"].licence.commercial
