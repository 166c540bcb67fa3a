"""A LoRA that is melted into a network by us leaves the weights that the library leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from workers.generate.melt import melted, pairs
from workers.models.libraries import diffusers_ready

diffusers_ready()
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")


def pipeline(models: Path) -> Any:
    from diffusers import StableDiffusionXLPipeline

    return StableDiffusionXLPipeline.from_pretrained(models / "rehearse-sdxl", local_files_only=True)


def layers(models: Path, modules: tuple[str, ...], alpha: int) -> dict[str, torch.Tensor]:
    """Of a LoRA of rank 2 for the modules of the network that are called so."""
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    network = pipeline(models).unet
    network.add_adapter(LoraConfig(r=2, lora_alpha=alpha, target_modules=list(modules)))
    torch.manual_seed(3)
    return {name: torch.randn_like(weight) / 4 for name, weight in get_peft_model_state_dict(network).items()}


def saved(models: Path, folder: Path, way: str) -> Path:
    from diffusers import StableDiffusionXLPipeline
    from diffusers.utils import convert_state_dict_to_kohya
    from safetensors.torch import save_file

    folder.mkdir()
    modules = (*ATTENTION, "conv1", "conv2", "conv_shortcut") if way == "convolutions" else ATTENTION
    drawn = layers(models, modules, alpha=2)
    if way == "kohya":
        # As trainers write them, with the alpha of each module: half of its rank. (Of unlike ones the library takes one for all.)
        named = convert_state_dict_to_kohya({f"unet.{name}": tensor for name, tensor in drawn.items()})
        named = {
            name.replace("unet_", "lora_unet_", 1) if name.startswith("unet_") else name: one
            for name, one in named.items()
        }
        alphas = {name: torch.tensor(1.0) for name in named if name.endswith(".alpha")}
        save_file({name: one.contiguous() for name, one in (named | alphas).items()}, folder / "lora.safetensors")
    else:
        StableDiffusionXLPipeline.save_lora_weights(folder, unet_lora_layers=drawn, weight_name="lora.safetensors")
    return folder / "lora.safetensors"


@pytest.mark.parametrize("way", ["diffusers", "kohya", "convolutions"])
def test_the_network_is_the_librarys(way: str, models: Path, tmp_path: Path) -> None:
    file = saved(models, tmp_path / "lora", way)
    plain, ours, theirs = (pipeline(models) for _ in range(3))
    theirs.load_lora_weights(str(file.parent), weight_name=file.name)
    theirs.fuse_lora()
    theirs.unload_lora_weights()
    assert melted(ours, file)
    before, wanted = plain.unet.state_dict(), theirs.unet.state_dict()
    changed = 0
    for name, weight in ours.unet.state_dict().items():
        torch.testing.assert_close(weight, wanted[name], rtol=1e-5, atol=1e-6)
        changed += not torch.equal(weight, before[name])
    assert changed >= 16, "and it is another one than before"
    assert not any("lora" in name for name, _ in ours.unet.named_parameters())


def test_what_is_more_than_pairs_is_left_to_the_library() -> None:
    weights = {"mid.to_q.weight": torch.zeros(4, 6)}
    down, up = torch.ones(2, 6), torch.ones(4, 2)
    pair = {"unet.mid.to_q.lora_A.weight": down, "unet.mid.to_q.lora_B.weight": up}
    for one in pairs(pair, {"unet.mid.to_q.alpha": 1.0}, weights) or ():
        one.add()
    assert torch.equal(weights["mid.to_q.weight"], torch.full((4, 6), 1.0)), "two ranks at half"
    for said, alphas in (
        ({}, {}),
        (pair | {"text_encoder.q.lora_A.weight": down}, {}),
        (pair | {"unet.mid.to_q.lora_magnitude_vector": up}, {}),
        (pair | {"unet.mid.to_q.lora_B.bias": up[:, 0]}, {}),
        ({name: one for name, one in pair.items() if "lora_A" in name}, {}),
        (pair, {"unet.mid.to_k.alpha": 1.0}),
        ({name.replace("to_q", "to_k"): one for name, one in pair.items()}, {}),
        (pair | {"unet.mid.to_q.lora_B.weight": torch.ones(5, 2)}, {}),
        (pair | {"unet.mid.to_q.lora_B.weight": torch.ones(4, 3)}, {}),
    ):
        assert pairs(said, alphas, weights) is None
    assert not melted(object(), Path("lora.safetensors")), "a pipeline of another kind"
