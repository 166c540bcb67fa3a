"""Between two batches the card is asked for nothing, and what is kept for that changes no picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workers.generate import unasked as module
from workers.generate.painting import Painter
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import Recipe
from workers.models.libraries import diffusers_ready, quiet

_KINDS = {
    "rehearse-sdxl": "StableDiffusionXLPipeline",
    "rehearse-flux2-klein": "Flux2KleinPipeline",
    "rehearse-z-image": "ZImagePipeline",
}


def _pipes(models: Path, name: str, device: str) -> tuple[Pipelines, dict[str, Any]]:
    """The tiny model on the device, and what it is told."""
    import torch

    diffusers = diffusers_ready()
    with quiet():
        pipe = getattr(diffusers, _KINDS[name]).from_pretrained(str(models / name), local_files_only=True)
        told = pipe.encode_prompt(prompt=["a cup of tea"], **({"device": "cpu"} if "sdxl" in name else {}))
    pipe.text_encoder = pipe.text_encoder_2 = None  # the words are read
    asked = {"prompt_embeds": told[0]} | ({"pooled_prompt_embeds": told[2]} if "sdxl" in name else {})
    recipe = Recipe("tiny", _KINDS[name], ((64, 64),), 2, 0.0, "float32")
    return Pipelines.of(pipe, recipe, torch.device(device)), asked


def _asked(told: dict[str, Any], count: int, device: Any, side: int, steps: int) -> dict[str, Any]:
    import torch

    words = {
        name: [module.upload(value[0], device)] * count
        if isinstance(value, list)
        else module.upload(torch.cat([value] * count), device)
        for name, value in told.items()
    }
    return words | {
        "width": side, "height": 64, "num_inference_steps": steps, "guidance_scale": 0.0,
        "generator": [torch.Generator("cpu").manual_seed(number) for number in range(count)],
    }  # fmt: skip


@pytest.mark.parametrize("name", list(_KINDS))
def test_pictures_are_the_same_to_the_bit(name: str, models: Path) -> None:
    import torch

    pipes, told = _pipes(models, name, "cpu")
    night = [(2, 64, 2), (1, 96, 3), (2, 64, 2), (1, 64, 3)]
    with torch.inference_mode(), quiet():
        plain = [
            pipes.words(**_asked(told, count, pipes.device, side, steps), output_type="pt", return_dict=False)[0]
            for count, side, steps in night
        ]
        Painter(pipes)
        kept = pipes.words.scheduler.set_timesteps.kept
        ours = [
            pipes.words(**_asked(told, count, pipes.device, side, steps), output_type="pt", return_dict=False)[0]
            for count, side, steps in night
        ]
    assert all(torch.equal(one, other) for one, other in zip(plain, ours, strict=True))
    assert 2 <= len(kept) <= 3, "one for each number of steps, where that is all that counts"


def _elsewhere(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_elsewhere(one) for one in key)
    return key.replace("'cpu'", "'meta'") if isinstance(key, str) else key


@pytest.mark.parametrize("name", list(_KINDS))
def test_a_batch_is_launched_without_asking(name: str, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the device "meta", which has no numbers to tell: whoever asked it for one would get an error."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    uploads: list[Any] = []
    plain = module.upload

    def counted(tensor: Any, device: Any) -> Any:
        if tensor.device.type == "cpu":
            uploads.append(tensor.shape)
        return plain(tensor, device)

    monkeypatch.setattr(module, "upload", counted)
    (first, told), (pipes, _) = _pipes(models, name, "cpu"), _pipes(models, name, "meta")
    Painter(first).paint(first.words, _asked(told, 2, first.device, 64, 2), 2)
    painter, scheduler = Painter(pipes), pipes.words.scheduler
    on_card = ("timesteps",) if type(scheduler).__name__.startswith("Euler") else ("timesteps", "sigmas")
    for key, laid in first.words.scheduler.set_timesteps.kept.items():
        there = {part: laid[part].to("meta") for part in on_card}
        scheduler.set_timesteps.kept[_elsewhere(key)] = laid | there
    painter.paint(pipes.words, _asked(told, 2, pipes.device, 64, 2), 2)

    copies: list[Any] = []

    class Watch(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, call: Any, types: Any, given: Any = (), named: Any = None) -> Any:
            made = call(*given, **(named or {}))
            before = {one.device.type for one in given if isinstance(one, torch.Tensor)}
            if before == {"cpu"} and isinstance(made, torch.Tensor) and made.device.type == "meta":
                copies.append(made.shape)
            return made

    uploads.clear()
    with Watch():
        painter.paint(pipes.words, _asked(told, 2, pipes.device, 64, 2), 2)
    assert copies and sorted(copies) == sorted(uploads), "what goes to the card goes by our way"
