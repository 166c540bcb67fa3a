"""The loop of a GPT-2 that speaks: many lines side by side, keys and values in memory that never moves, one graph on a GPU.

The library's own loop runs one line, each step through `generate`, and then the whole line once more for its latents. Here a
step is one call of the transformer's own weights for all lines, its tensors keep their shapes and places (so that a CUDA graph
can replay it), and the latents are what the steps gave anyway. Every line is drawn from its own random numbers, on the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from workers.speech.graphs import up
from workers.speech.stepping import PLACES, Stepping

ATTENTION = ("fused", "products")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn, as the model's configuration says."""

    temperature: float
    top_k: int
    top_p: float
    repetition: float


@dataclass(slots=True)
class _State:
    """What a step reads and writes: B lines, at most T places in each line's past, S steps."""

    keys: Tensor  # layers, B, heads, T, width
    values: Tensor
    seen: Tensor  # B, 1, 1, T: which places count
    at: Tensor  # 1: the place of this step
    step: Tensor  # 1: its number
    token: Tensor  # B
    said: Tensor  # B, tokens: those already used, for the penalty
    ended: Tensor  # B: has said the stop token
    chance: Tensor  # S, B
    tokens: Tensor  # S, B
    hidden: Tensor  # S, B, width


class Loop:
    """The speaking half of XTTS' GPT. Without dropout; the numbers are those of the library's own modules."""

    def __init__(self, gpt: Any, graphs: bool, attention: str = "fused", compile: bool = False) -> None:
        """`gpt`: `TTS.tts.layers.xtts.gpt.GPT`, loaded, in its number format. `graphs`: replay steps as CUDA graphs.

        `attention`: "fused" (the library's kernel) or "products" (two matrix products); `compile`: one layer by torch.compile.
        """
        self.gpt = gpt
        self.stepping: Stepping[_State] = Stepping(graphs)
        self.heads = int(gpt.heads)
        self.layers = [_weights(block) for block in gpt.gpt.h]
        self._attend = attend if attention == "fused" else attend_by_products
        self._layer: Callable[..., Tensor] = torch.compile(layer, dynamic=False) if compile else layer

    def run(
        self, prefixes: Sequence[Tensor], most: Sequence[int], seeds: Sequence[int], how: Sampling
    ) -> list[tuple[Tensor, Tensor]]:
        """For each line its tokens (on the CPU), the stop token included if it came, and their latents, (tokens, width).

        `prefixes`: (places, width) each: the voice and the text, embedded. `most`: tokens of each line at most.
        """
        with self.stepping.reading():
            return self._run(prefixes, most, seeds, how)

    def _run(
        self, prefixes: Sequence[Tensor], most: Sequence[int], seeds: Sequence[int], how: Sampling
    ) -> list[tuple[Tensor, Tensor]]:
        on, count = self.stepping, self.stepping.lines(len(prefixes))
        steps = min(max(most), int(self.gpt.max_gen_mel_tokens))
        longest = max(len(one) for one in prefixes)
        room = up(longest + steps, PLACES)
        state = on.state(count, lambda own: own.seen.shape[3] >= room, lambda: self._new(count, room))

        def step(places: int) -> None:
            self._step(state, places, how)

        on.prepare(count, how, longest, steps, lambda: self._rewind(state, 0), step)
        spare = count - len(prefixes)  # lines that only fill the shape: the first one again
        self._begin(state, [*prefixes, *[prefixes[0]] * spare], longest, [*seeds, *[seeds[0]] * spare])

        def ended(done: int) -> bool:
            return all(over or done >= own for over, own in zip(state.ended.tolist(), most, strict=False))

        done = on.run(count, how, longest, steps, step, ended)
        tokens, hidden = state.tokens[:done].T.cpu(), state.hidden[:done].transpose(0, 1)
        found = []
        for row, own in enumerate(most):
            ends = torch.nonzero(tokens[row] == self.gpt.stop_audio_token).flatten()
            length = min(int(ends[0]) + 1 if len(ends) else done, own)
            found.append((tokens[row, :length].clone(), hidden[row, :length].clone()))
        return found

    def _new(self, count: int, places: int) -> _State:
        """A state of so many lines, with that many places of the past."""
        gpt, weight, steps = self.gpt, self.gpt.mel_head.weight, int(self.gpt.max_gen_mel_tokens)
        device, dtype, wide = weight.device, weight.dtype, int(gpt.model_dim)
        past = (len(self.layers), count, self.heads, places, wide // self.heads)
        return _State(
            keys=torch.zeros(past, device=device, dtype=dtype),
            values=torch.zeros(past, device=device, dtype=dtype),
            seen=torch.zeros(count, 1, 1, places, device=device, dtype=torch.bool),
            at=torch.zeros(1, device=device, dtype=torch.long),
            step=torch.zeros(1, device=device, dtype=torch.long),
            token=torch.zeros(count, device=device, dtype=torch.long),
            said=torch.zeros(count, int(gpt.num_audio_tokens), device=device, dtype=torch.bool),
            ended=torch.zeros(count, device=device, dtype=torch.bool),
            chance=torch.zeros(steps, count, device=device),
            tokens=torch.zeros(steps, count, device=device, dtype=torch.long),
            hidden=torch.zeros(steps, count, wide, device=device, dtype=dtype),
        )

    def _rewind(self, state: _State, at: int) -> None:
        """As before a first step, at that place."""
        state.at.fill_(at)
        state.step.zero_()
        state.token.fill_(self.gpt.start_audio_token)
        state.said.zero_()
        state.said[:, 1] = True  # the library counts its place holders among what was said, and the first token
        state.said[:, self.gpt.start_audio_token] = True
        state.ended.zero_()

    def _begin(self, state: _State, prefixes: Sequence[Tensor], longest: int, seeds: Sequence[int]) -> None:
        """Read the prefixes, which stand at the right end of `longest` places, and set all for the first step."""
        gpt, device = self.gpt, state.token.device
        hidden = torch.zeros(len(prefixes), longest, int(gpt.model_dim), device=device, dtype=state.keys.dtype)
        lengths = torch.tensor([len(prefix) for prefix in prefixes], device=device)
        for row, prefix in enumerate(prefixes):
            hidden[row, longest - len(prefix) :] = prefix
        state.seen.zero_()
        state.seen[:, 0, 0, :longest] = torch.arange(longest, device=device) >= longest - lengths[:, None]
        # A place before its line's prefix sees only itself: what it holds is never asked for.
        own = torch.ones(longest, longest, device=device, dtype=torch.bool).tril()
        mask = (state.seen[..., :longest] & own) | torch.eye(longest, device=device, dtype=torch.bool)
        for number, weights in enumerate(self.layers):
            query, key, value = _split(hidden, weights, self.heads)
            state.keys[number, :, :, :longest], state.values[number, :, :, :longest] = key, value
            hidden = _after(hidden, attend(query, key, value, mask), weights)
        self._rewind(state, longest)
        drawn = [
            torch.rand(int(gpt.max_gen_mel_tokens), generator=torch.Generator().manual_seed(seed)) for seed in seeds
        ]
        state.chance.copy_(torch.stack(drawn, 1))

    def _step(self, state: _State, places: int, how: Sampling) -> None:
        """One token more for every line, whose past is in the first `places`."""
        gpt = self.gpt
        hidden = gpt.mel_embedding(state.token)[:, None] + gpt.mel_pos_embedding.emb(state.step)[None]
        state.seen.index_fill_(3, state.at, True)
        seen = state.seen[..., :places]
        for number, weights in enumerate(self.layers):
            keys, values = state.keys[number, :, :, :places], state.values[number, :, :, :places]
            hidden = self._layer(hidden, weights, keys, values, state.at, seen, self.heads, self._attend)
        latent = gpt.final_norm(gpt.gpt.ln_f(hidden))[:, 0]
        chance = state.chance.index_select(0, state.step)[0]
        token = draw(gpt.mel_head(latent).float(), state.said, chance, how)
        state.said.scatter_(1, token[:, None], True)
        state.ended.logical_or_(token == gpt.stop_audio_token)
        state.hidden.index_copy_(0, state.step, latent[None])
        state.tokens.index_copy_(0, state.step, token[None])
        state.token.copy_(token)
        state.at.add_(1)
        state.step.add_(1)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer's weights, (in, out) as GPT-2 has them."""

    eps: float
    before: tuple[Tensor, Tensor]
    attention: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]
    between: tuple[Tensor, Tensor]
    wide: tuple[Tensor, Tensor]
    narrow: tuple[Tensor, Tensor]


def _weights(block: Any) -> _Layer:
    def pair(module: Any) -> tuple[Tensor, Tensor]:
        return module.weight, module.bias

    return _Layer(
        float(block.ln_1.eps), pair(block.ln_1), pair(block.attn.c_attn), pair(block.attn.c_proj), pair(block.ln_2),
        pair(block.mlp.c_fc), pair(block.mlp.c_proj),
    )  # fmt: skip


def layer(
    hidden: Tensor, weights: _Layer, keys: Tensor, values: Tensor, at: Tensor, seen: Tensor, heads: int, attend_: Any
) -> Tensor:
    """What a layer makes of one place of every line, (B, 1, width), whose key and value are kept at place `at`."""
    query, key, value = _split(hidden, weights, heads)
    keys.index_copy_(2, at, key)
    values.index_copy_(2, at, value)
    return _after(hidden, attend_(query, keys, values, seen), weights)


def _split(hidden: Tensor, weights: _Layer, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, (B, heads, places, width)."""
    count, places, wide = hidden.shape
    normed = F.layer_norm(hidden, (wide,), *weights.before, weights.eps)
    query, key, value = _by(normed, weights.attention).split(wide, dim=2)
    shape = (count, places, heads, wide // heads)
    return query.view(shape).transpose(1, 2), key.view(shape).transpose(1, 2), value.view(shape).transpose(1, 2)


def _after(hidden: Tensor, attended: Tensor, weights: _Layer) -> Tensor:
    """What a layer makes of its input and of what it attended to."""
    hidden = hidden + _by(attended.transpose(1, 2).reshape(hidden.shape), weights.out)
    normed = F.layer_norm(hidden, hidden.shape[2:], *weights.between, weights.eps)
    return hidden + _by(F.gelu(_by(normed, weights.wide), approximate="tanh"), weights.narrow)


def _by(hidden: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
    matrix, bias = weights
    return torch.addmm(bias, hidden.view(-1, hidden.shape[2]), matrix).view(*hidden.shape[:2], -1)


def attend(query: Tensor, keys: Tensor, values: Tensor, seen: Tensor) -> Tensor:
    """Attention to what is `seen`, by the library's kernel."""
    return F.scaled_dot_product_attention(query, keys, values, attn_mask=seen)


def attend_by_products(query: Tensor, keys: Tensor, values: Tensor, seen: Tensor) -> Tensor:
    """The same by two matrix products: with one query a line, the fused kernels leave most of a card idle."""
    odds = torch.matmul(query * query.shape[3] ** -0.5, keys.transpose(2, 3)).masked_fill(~seen, float("-inf"))
    return torch.matmul(torch.softmax(odds, 3, dtype=torch.float32).to(values.dtype), values)


def draw(logits: Tensor, said: Tensor, chance: Tensor, how: Sampling) -> Tensor:
    """The next tokens, (B,): penalty for what was said, temperature, the `top_k` best, the `top_p` likeliest of them, and
    where each line's random number falls among these. `logits` (B, tokens), `said` the same in bools, `chance` (B,) in [0, 1).
    """
    logits = torch.where(said, torch.where(logits < 0, logits * how.repetition, logits / how.repetition), logits)
    best, places = torch.topk(logits / how.temperature, min(how.top_k, logits.shape[1]), dim=1)
    likely = torch.softmax(best, dim=1)
    before = likely.cumsum(1) - likely
    likely = torch.where(before < how.top_p, likely, torch.zeros_like(likely))
    reach = likely.cumsum(1)
    rank = (reach <= chance[:, None] * reach[:, -1:]).sum(1, keepdim=True).clamp(max=places.shape[1] - 1)
    return places.gather(1, rank)[:, 0]
