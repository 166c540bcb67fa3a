"""Linear layers computed in 8-bit floating point (e4m3), twice as fast as bfloat16 on cards of compute capability 8.9 and later.

Weights are scaled by output channel once, inputs by token as they come; sums are float32. The result differs from bfloat16's
by about 4% of its own size in each layer, which is seen in fine detail: a row of the catalogue asks for it, none has it unasked.
"""

from __future__ import annotations

from typing import Any

import torch

_MOST = 448.0  # the largest e4m3 number
_LEAST_FEATURES = 512  # below that a layer takes no time worth saving


class Fp8Linear(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
    """A linear layer's answer, with weights and inputs of 8 bits. Shapes as torch.nn.Linear's; features by 16."""

    def __init__(self, plain: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = plain.in_features, plain.out_features
        weight = plain.weight.detach()
        scale = (weight.float().abs().amax(1, keepdim=True) / _MOST).clamp(min=1e-12)  # (out, 1)
        self.register_buffer("weight8", (weight.float() / scale).to(torch.float8_e4m3fn))
        self.register_buffer("weight_scale", scale.t().contiguous())  # (1, out)
        self.bias = None if plain.bias is None else torch.nn.Parameter(plain.bias.detach(), requires_grad=False)

    @property
    def weight(self) -> Any:
        """The layer's numbers; libraries ask it for its dtype and device."""
        return self.weight8

    def forward(self, given: Any) -> Any:
        """(..., in) in bfloat16 or float16; (..., out) in the same."""
        rows = given.reshape(-1, self.in_features)
        scale = (rows.abs().amax(1, keepdim=True).float() / _MOST).clamp(min=1e-12)  # (rows, 1)
        small = (rows.float() / scale).to(torch.float8_e4m3fn)
        kind = torch.bfloat16
        made = torch._scaled_mm(
            small, self.weight8.t(), scale_a=scale, scale_b=self.weight_scale, out_dtype=kind, use_fast_accum=True
        )
        if self.bias is not None:
            made = made + self.bias
        return made.to(given.dtype).reshape(*given.shape[:-1], self.out_features)


def in_fp8(network: torch.nn.Module, blocks: tuple[str, ...]) -> int:
    """Exchange the large linear layers within modules of the classes named `blocks`; how many they were."""
    count = 0
    for block in [module for module in network.modules() if type(module).__name__ in blocks]:
        for inside in list(block.modules()):
            for name, layer in list(inside.named_children()):
                if type(layer) is torch.nn.Linear and _worth(layer):
                    setattr(inside, name, Fp8Linear(layer))
                    count += 1
    return count


def _worth(layer: torch.nn.Linear) -> bool:
    sides = layer.in_features, layer.out_features
    return min(sides) >= _LEAST_FEATURES and not any(side % 16 for side in sides)
