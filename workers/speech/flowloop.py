"""The loop of pocket-tts: many lines side by side, one frame (80 ms) of each at a step, one graph on a GPU.

The library's own loop launches each kernel of each frame, joins tensors that grow, and asks the card after every frame whether
a line has ended. Here the library's own modules are called on keys and values that never move, all noise is drawn before, and
the card is asked every sixteen frames. A step is: the flow head makes a frame of what the backbone said and of noise; the
backbone hears that frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from workers.speech.graphs import up
from workers.speech.stepping import PLACES, Stepping

_STEPS = 512
"""Frames that a state has room for: 41 seconds; more where a line may take longer."""


@dataclass(frozen=True, slots=True)
class Ending:
    """When a line is over: its end is heard above `threshold`, not before frame `least`; `after` are frames that follow."""

    threshold: float
    least: int
    after: tuple[int, ...]


@dataclass(slots=True)
class _State:
    """What a step reads and writes: B lines, at most T places in each line's past, S frames."""

    keys: Tensor  # layers, B, heads, T, width
    values: Tensor
    seen: Tensor  # B, 1, 1, T
    at: Tensor  # 1: the place of this step
    step: Tensor  # 1
    position: Tensor  # B, 1: how many places of its own each line has
    condition: Tensor  # B, width: what the backbone said last
    noise: Tensor  # S, B, latent
    frames: Tensor  # S, B, latent
    ends: Tensor  # S, B: how much each frame sounds like an end


class FlowLoop:
    """The speaking half of a `PocketTTSForConditionalGeneration`."""

    def __init__(self, model: Any, graphs: bool, flow_steps: int = 1, compile: bool = False) -> None:
        """`model`: loaded, on its device. `graphs`: replay steps as CUDA graphs. `flow_steps`: calls of the flow head a frame."""
        self.model, self.flow_steps = model, flow_steps
        self.stepping: Stepping[_State] = Stepping(graphs)
        config = model.config
        self.heads, self.own_heads = int(config.num_attention_heads), int(config.num_key_value_heads)
        self.width = int(config.head_dim)
        self._layer: Callable[..., Tensor] = torch.compile(layer, dynamic=False) if compile else layer
        self._sample = torch.compile(model.sample_latent, dynamic=False) if compile else model.sample_latent

    def run(
        self, inputs: Mapping[str, Tensor], noise: Sequence[Tensor], most: Sequence[int], end: Ending
    ) -> list[Tensor]:
        """The frames of each line, (frames, latent), as the codec takes them.

        `inputs`: the processor's: `input_ids`, `attention_mask` (left-padded), the voices' latents and their mask. `noise`:
        (frames, latent) of each line, at least `most` of them, scaled.
        """
        with self.stepping.reading():
            return self._run(inputs, noise, most, end)

    def _run(
        self, inputs: Mapping[str, Tensor], noise: Sequence[Tensor], most: Sequence[int], end: Ending
    ) -> list[Tensor]:
        real, longest = inputs["input_ids"].shape
        count, steps, on = self.stepping.lines(real), max(most), self.stepping
        room = up(longest + steps, PLACES), up(steps, _STEPS)
        state = on.state(
            count,
            lambda own: own.seen.shape[3] >= room[0] and len(own.frames) >= room[1],
            lambda: self._new(count, *room),
        )

        def rewind() -> None:
            state.at.zero_()
            state.step.zero_()

        def step(places: int) -> None:
            self._step(state, places)

        on.prepare(count, None, longest, steps, rewind, step)
        self._begin(state, inputs, real, longest)
        drawn = torch.zeros(len(state.noise), real, state.noise.shape[2])
        for row, one in enumerate(noise):
            drawn[: most[row], row] = one[: most[row]]
        state.noise[:, :real].copy_(drawn)
        lengths = list(most)

        def ended(done: int) -> bool:
            lengths[:] = _lengths(state.ends[:done, :real].cpu(), most, end)
            return done >= max(lengths)

        done = on.run(count, None, longest, steps, step, ended)
        made = self.model.denormalize_latents(state.frames[:done, :real].transpose(0, 1))
        return [made[row, :length].float() for row, length in enumerate(lengths)]

    def _new(self, count: int, places: int, steps: int) -> _State:
        """A state of so many lines, with that many places of the past and that many frames."""
        config, weight = self.model.config, self.model.model.norm.weight
        device, dtype = weight.device, weight.dtype
        past = (int(config.num_hidden_layers), count, self.own_heads, places, self.width)
        latent = (steps, count, int(config.latent_dim))
        return _State(
            keys=torch.zeros(past, device=device, dtype=dtype),
            values=torch.zeros(past, device=device, dtype=dtype),
            seen=torch.zeros(count, 1, 1, places, device=device, dtype=torch.bool),
            at=torch.zeros(1, device=device, dtype=torch.long),
            step=torch.zeros(1, device=device, dtype=torch.long),
            position=torch.zeros(count, 1, device=device, dtype=torch.long),
            condition=torch.zeros(count, int(config.hidden_size), device=device, dtype=dtype),
            noise=torch.zeros(latent, device=device, dtype=dtype),
            frames=torch.zeros(latent, device=device, dtype=dtype),
            ends=torch.zeros(steps, count, device=device),
        )

    def _begin(self, state: _State, inputs: Mapping[str, Tensor], real: int, longest: int) -> None:
        """Read voices and texts by the library's own way, and keep what its cache has."""
        mask = inputs["attention_mask"]
        positions = (mask.long().cumsum(1) - 1).clamp(min=0)
        told = {name: inputs[name] for name in ("audio_prompt_latents", "audio_prompt_latents_mask") if name in inputs}
        read = self.model(
            input_ids=inputs["input_ids"], attention_mask=mask, position_ids=positions, use_cache=True, **told
        )
        for number, own in enumerate(read.past_key_values.layers):
            state.keys[number, :real, :, :longest] = own.keys
            state.values[number, :real, :, :longest] = own.values
        state.seen.zero_()
        state.seen[:real, 0, 0, :longest] = mask.bool()
        state.position[:real] = mask.sum(1, keepdim=True)
        state.condition[:real] = read.last_hidden_state[:, -1]
        state.at.fill_(longest)
        state.step.zero_()

    def _step(self, state: _State, places: int) -> None:
        """One frame more for every line, whose past is in the first `places`."""
        model = self.model
        state.ends.index_copy_(0, state.step, model.eos_head(state.condition)[:, 0].float()[None])
        noise = state.noise.index_select(0, state.step)[0]
        frame = self._sample(state.condition, noise, self.flow_steps)
        state.frames.index_copy_(0, state.step, frame[None].to(state.frames.dtype))
        hidden = model.model.embed_audio_latents(frame[:, None])
        cos, sin = model.model.rotary_emb(hidden, position_ids=state.position)
        state.seen.index_fill_(3, state.at, True)
        seen = state.seen[..., :places]
        for number, block in enumerate(model.model.layers):
            keys, values = state.keys[number, :, :, :places], state.values[number, :, :, :places]
            hidden = self._layer(block, hidden, cos, sin, keys, values, state.at, seen)
        state.condition.copy_(model.model.norm(hidden)[:, 0])
        state.at.add_(1)
        state.step.add_(1)
        state.position.add_(1)


def layer(
    block: Any, hidden: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, at: Tensor, seen: Tensor
) -> Tensor:
    """What a layer of the backbone makes of one place of every line, (B, 1, width); its key and value are kept at `at`."""
    own, normed = block.self_attn, block.input_layernorm(hidden)
    shape = (*hidden.shape[:2], -1, own.head_dim)
    query, key, value = (part(normed).view(shape).transpose(1, 2) for part in (own.q_proj, own.k_proj, own.v_proj))
    keys.index_copy_(2, at, turned(key, cos, sin))
    values.index_copy_(2, at, value)
    attended = F.scaled_dot_product_attention(
        turned(query, cos, sin), keys, values, attn_mask=seen, enable_gqa=own.num_key_value_groups > 1
    )
    hidden = hidden + own.o_proj(attended.transpose(1, 2).reshape(*hidden.shape[:2], -1))
    made: Tensor = hidden + block.mlp(block.post_attention_layernorm(hidden))
    return made


def turned(vector: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Queries or keys, (B, heads, 1, width), turned by their positions, (B, 1, width)."""
    left, right = vector.chunk(2, dim=3)
    return vector * cos[:, None] + torch.cat((-right, left), dim=3) * sin[:, None]


def _lengths(ends: Tensor, most: Sequence[int], end: Ending) -> list[int]:
    """Frames of each line, as far as they are known: `ends`, (frames, lines), is what was said so far."""
    heard = ends > end.threshold
    heard[: end.least] = False
    lengths = []
    for row, own in enumerate(most):
        first = torch.nonzero(heard[:, row]).flatten()
        lengths.append(min(own, int(first[0]) + 1 + end.after[row]) if len(first) else own)
    return lengths
