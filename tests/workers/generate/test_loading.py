"""Networks whose weights were read beforehand are the ones that their library loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tiny_models import IMAGES
from workers.generate.loading import Reading, files_of
from workers.models.libraries import diffusers_ready, quiet


@pytest.mark.parametrize("name", IMAGES)
def test_parts_that_were_read_beforehand_are_as_the_library_loads_them(name: str, models: Path) -> None:
    diffusers = diffusers_ready()
    import torch

    folder = models / name
    with quiet():
        found = Reading(folder, torch.device("cpu")).parts(diffusers, torch.float32)
        wanted = diffusers.DiffusionPipeline.from_pretrained(str(folder), dtype=torch.float32, local_files_only=True)
        given = type(wanted).from_pretrained(str(folder), dtype=torch.float32, local_files_only=True, **found)
        given.to("cpu")
    assert {"vae", "text_encoder"} <= found.keys()
    assert {"unet", "transformer"} & found.keys()
    for part, network in found.items():
        assert getattr(given, part) is network
        own, ours = getattr(wanted, part).state_dict(), network.state_dict()
        assert own.keys() == ours.keys()
        assert all(torch.equal(own[key], ours[key]) for key in own)
        assert not network.training and not any(one.is_meta for one in [*network.parameters(), *network.buffers()])
        buffers = dict(getattr(wanted, part).named_buffers())
        assert all(torch.equal(one, buffers[key]) for key, one in network.named_buffers())


def test_networks_of_another_precision_are_left_to_the_library(models: Path) -> None:
    diffusers = diffusers_ready()
    import torch

    with quiet():
        found = Reading(models / "rehearse-sdxl", torch.device("cpu")).parts(diffusers, torch.bfloat16)
    assert found.keys() == {"text_encoder", "text_encoder_2"}


def test_shards_and_variants_are_found(tmp_path: Path) -> None:
    assert files_of(tmp_path) == ()
    (tmp_path / "diffusion_pytorch_model.fp16.safetensors").touch()
    assert files_of(tmp_path) == ()
    assert [file.name for file in files_of(tmp_path, "fp16")] == ["diffusion_pytorch_model.fp16.safetensors"]
    (tmp_path / "diffusion_pytorch_model.safetensors.index.json").write_text(
        '{"weight_map": {"a": "two.safetensors", "b": "one.safetensors", "c": "two.safetensors"}}'
    )
    assert [file.name for file in files_of(tmp_path)] == ["one.safetensors", "two.safetensors"]
