"""Attention with one wide head, as decoders of pictures have it: 512 numbers a place, which no quick kernel of torch's takes.

Two large products and a softmax between them, its numbers in float32, are several times as fast on a card as what torch falls
back to; the memory that they take is bounded by working on part of the places at a time.
"""

from __future__ import annotations

from typing import Any

import torch

_MOST = 1 << 28
"""Numbers between the products at a time: a gigabyte of them."""


def _attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    scale = query.shape[-1] ** -0.5
    turned = key.transpose(1, 2)
    rows = max(_MOST // (key.shape[0] * key.shape[1]), 1)
    made = []
    for part in query.split(rows, 1):
        if part.is_cuda and part.dtype != torch.float32:
            scores = torch.bmm(part, turned, out_dtype=torch.float32)
        else:
            scores = torch.bmm(part.float(), turned.float())
        weights = torch.softmax(scores.mul_(scale), -1).to(value.dtype)
        made.append(torch.bmm(weights, value))
    return torch.cat(made, 1)


# One operation to a compiler: what is inside of it is as fast as it is.
attend = torch.library.custom_op("creative_farm::attend", _attend, mutates_args=())
attend.register_fake(lambda query, _, value: query.new_empty((query.shape[0], query.shape[1], value.shape[2])))


class ByProducts:
    """Diffusers' processor of an attention over a picture's places, of one head, without a mask."""

    def __call__(
        self, attn: Any, hidden_states: Any, encoder_hidden_states: Any = None, attention_mask: Any = None, temb: Any = None
    ) -> Any:  # fmt: skip
        """(n, channels, h, w), the same again. Raises ValueError for what a decoder never gives: the library's other arguments."""
        if encoder_hidden_states is not None or attention_mask is not None or temb is not None:
            raise ValueError("the places of a picture look at themselves alone")
        count, channels, high, wide = hidden_states.shape
        places = hidden_states.view(count, channels, high * wide)
        if attn.group_norm is not None:
            places = attn.group_norm(places)
        places = places.transpose(1, 2)
        made = attend(attn.to_q(places).contiguous(), attn.to_k(places).contiguous(), attn.to_v(places).contiguous())
        made = attn.to_out[1](attn.to_out[0](made))
        made = made.transpose(1, 2).reshape(count, channels, high, wide)
        if attn.residual_connection:
            made = made + hidden_states
        return made / attn.rescale_output_factor


def by_products(decoder: Any, device: Any) -> int:
    """Let a decoder's wide attentions work so, where torch can on this device; how many they were."""
    try:
        one = torch.ones(1, 16, 16, dtype=torch.bfloat16, device=device)
        _attend(one, one, one)
    except (RuntimeError, TypeError, NotImplementedError, AssertionError):
        return 0
    count = 0
    for module in decoder.modules():
        if type(module).__name__ == "Attention" and module.heads == 1 and module.spatial_norm is None:
            module.set_processor(ByProducts())
            count += 1
    return count
