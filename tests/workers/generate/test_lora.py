"""A few-step LoRA is melted into the network: another picture, the same network, no adapter left behind."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from creative.backends import Made
from creative.errors import UsageError
from creative.models.files import write_manifest
from tests.support.tiny_models import row, scene_task
from workers.generate.images import DiffusersImage
from workers.rehearse.diffusion import REPO, REVISION


@pytest.fixture
def with_lora(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The rehearsal's SDXL, and beside it a LoRA for the attention of its network, as trainers save one."""
    import torch
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    folder = tmp_path / "models"
    shutil.copytree(models / "rehearse-sdxl", folder / "rehearse-sdxl")
    network = UNet2DConditionModel.from_pretrained(models / "rehearse-sdxl" / "unet")
    network.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    torch.manual_seed(3)
    layers = {name: torch.randn_like(weight) for name, weight in get_peft_model_state_dict(network).items()}
    StableDiffusionXLPipeline.save_lora_weights(folder / "four-steps", unet_lora_layers=layers)
    write_manifest(
        folder / "four-steps", name="four-steps", repo=REPO, revision=REVISION, licence="CC0-1.0", rehearsal=True
    )
    monkeypatch.setenv("CREATIVE_MODELS", str(folder))
    return folder


def _picture(made: Made | Exception) -> np.ndarray[Any, Any]:
    assert isinstance(made, Made), made
    data = made.outputs["image"]
    assert isinstance(data, bytes)
    return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def test_a_lora_is_melted_into_the_network(with_lora: Path, tmp_path: Path) -> None:
    task = scene_task(tmp_path, way="without_product", family="tags")
    plain = _picture(DiffusersImage(row("rehearse-sdxl"), 1).make([task])[0])
    backend = DiffusersImage(row("rehearse-sdxl", lora="four-steps"), 1)
    first = _picture(backend.make([task])[0])
    assert np.abs(first - plain).mean() > 0.2
    assert np.array_equal(_picture(backend.make([task])[0]), first)
    assert not any("lora" in name for name, _ in backend._load().denoiser.named_parameters())


def test_one_that_is_not_here_is_named(models: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="creative models pull four-steps"):
        DiffusersImage(row("rehearse-sdxl", lora="four-steps"), 1).make([scene_task(tmp_path, family="tags")])
