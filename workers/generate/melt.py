"""A LoRA melted into a network: its products are added to the weights, and nothing of it is left.

The library would first lay a layer of peft's over each of some hundred modules, and take them off again: seconds of a core before a
first picture, and another rounding. What the file says beyond pairs of matrices is left to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PREFIX = "unet."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True, slots=True)
class Pair:
    """What is added to one weight (out, in, ...): `up` (out, rank, ...) times `down` (rank, in, ...), times `scale`."""

    weight: Any
    down: Any
    up: Any
    scale: float

    def add(self) -> None:
        """In float32, rounded once."""
        import torch

        down, up = (one.to(self.weight.device, torch.float32).flatten(1) for one in (self.down, self.up))
        added = (up @ down).view(self.weight.shape).mul_(self.scale)
        self.weight.copy_(added.add_(self.weight))


def melted(pipe: Any, file: Path) -> bool:
    """Melt a file of a LoRA for the pipeline's UNet into it, in any of the namings that its library reads.

    False, with nothing changed, if the pipeline has none, or the file says something else than pairs for its weights. Raises OSError
    or ValueError for a file that cannot be read.
    """
    import torch

    network = getattr(pipe, "unet", None)
    if network is None:
        return False
    state, alphas, metadata = pipe.lora_state_dict(
        str(file.parent), weight_name=file.name, unet_config=network.config,
        use_safetensors=True, local_files_only=True, return_lora_metadata=True,
    )  # fmt: skip
    found = None if metadata else pairs(state, alphas or {}, dict(network.named_parameters()))
    if found is None:
        return False
    with torch.no_grad():
        for pair in found:
            pair.add()
    return True


def pairs(state: Mapping[str, Any], alphas: Mapping[str, Any], weights: Mapping[str, Any]) -> list[Pair] | None:
    """What the tensors of a LoRA, named as the library names them, add to which weights; None if they say anything else."""
    from diffusers.utils.state_dict_utils import convert_unet_state_dict_to_peft

    if not state or any(not name.startswith(_PREFIX) for name in (*state, *alphas)):
        return None
    said = convert_unet_state_dict_to_peft({name.removeprefix(_PREFIX): tensor for name, tensor in state.items()})
    # An alpha is named by its module, or, of an older naming, by the tensor that leads down.
    told = {name.removeprefix(_PREFIX).removesuffix(".alpha"): float(value) for name, value in alphas.items()}
    scales = {name.removesuffix(_DOWN): value for name, value in convert_unet_state_dict_to_peft(told).items()}
    modules = {name.removesuffix(_DOWN) for name in said if name.endswith(_DOWN)}
    if {name + one for name in modules for one in (_DOWN, _UP)} != set(said) or not set(scales) <= modules:
        return None
    found = []
    for name in sorted(modules):
        down, up, weight = said[name + _DOWN], said[name + _UP], weights.get(f"{name}.weight")
        rank = down.shape[0]
        if weight is None or (up.shape[0], *down.shape[1:]) != tuple(weight.shape) or up.shape[1] != rank:
            return None
        if up.numel() != up.shape[0] * rank:
            return None
        found.append(Pair(weight, down, up, scales.get(name, rank) / rank))
    return found
