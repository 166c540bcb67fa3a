"""Group norm for pictures whose channels lie last in memory, in sums that a compiler makes fast.

A group of few channels is scattered over the memory then, and a sum over it reads little at a time. Here sums are over places
first, for each channel, and over a group's channels afterwards: each value is read twice and written once, in order.
"""

from __future__ import annotations

from typing import Any

import torch


class ChannelNorm(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
    """What torch.nn.GroupNorm makes of (n, channels, ...), within rounding; sums are float32. Slow unless compiled."""

    def __init__(self, plain: torch.nn.GroupNorm) -> None:
        super().__init__()
        self.num_groups, self.eps = plain.num_groups, plain.eps
        self.weight, self.bias = plain.weight, plain.bias

    def forward(self, given: Any) -> Any:
        """(n, channels, ...) in any floating dtype; the same form and dtype."""
        if given.ndim == 2:  # one place
            return self.forward(given[..., None])[..., 0]
        wide = given.float()
        places = tuple(range(2, given.ndim))
        count = given[0].numel() // self.num_groups
        many, groups = given.shape[0], (given.shape[0], self.num_groups, -1)
        mean = wide.sum(places).view(groups).sum(2, keepdim=True) / count
        square = (wide * wide).sum(places).view(groups).sum(2, keepdim=True) / count
        scale = torch.rsqrt((square - mean * mean).clamp(min=0) + self.eps) * self.weight.float().view(1, *groups[1:])
        shift = self.bias.float().view(1, *groups[1:]) - mean * scale
        form = (many, given.shape[1], *[1] * len(places))
        return (wide * scale.view(form) + shift.view(form)).to(given.dtype)


def by_channels(network: Any) -> int:
    """Exchange every group norm of a network for one of these; how many they were."""
    found = [
        (module, name, child)
        for module in network.modules()
        for name, child in module.named_children()
        if type(child) is torch.nn.GroupNorm and child.affine
    ]
    for module, name, child in found:
        setattr(module, name, ChannelNorm(child))
    return len(found)
