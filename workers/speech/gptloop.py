"""The loop of a GPT-2 that speaks: many lines side by side, keys and values in memory that never moves, one graph on a GPU.

The library's own loop runs one line, each step through `generate`, and then the whole line once more for its latents. Here a
step is one call of the transformer's own weights for all lines, its tensors keep their shapes and places (so that a CUDA graph
can replay it), and the latents are what the steps gave anyway. Every line is drawn from its own random numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

_ASK = 16  # steps between two questions whether all lines have ended: each waits for the card
_ROUND = 64  # prefixes and lengths are rounded up to this: few shapes, few graphs


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn, as the model's configuration says."""

    temperature: float
    top_k: int
    top_p: float
    repetition: float


@dataclass(slots=True)
class _State:
    """What a step reads and writes: B lines, at most T places in each line's past."""

    keys: Tensor  # layers, B, heads, T, width
    values: Tensor
    seen: Tensor  # B, 1, 1, T: which places count
    at: Tensor  # 1: the place of this step
    step: Tensor  # 1: its number
    token: Tensor  # B
    said: Tensor  # B, tokens: those already used, for the penalty
    chance: Tensor  # steps, B
    tokens: Tensor  # steps, B
    hidden: Tensor  # steps, B, width


class Loop:
    """The speaking half of XTTS' GPT. Without dropout; the numbers are those of the library's own modules."""

    def __init__(self, gpt: Any, graphs: bool) -> None:
        """`gpt`: `TTS.tts.layers.xtts.gpt.GPT`, loaded. `graphs`: replay steps as CUDA graphs."""
        self.gpt, self.graphs = gpt, graphs
        self.heads = int(gpt.heads)
        self._kept: dict[tuple[int, int, int], tuple[_State, Any]] = {}

    def run(
        self, prefixes: Sequence[Tensor], most: Sequence[int], seeds: Sequence[int], how: Sampling
    ) -> list[tuple[Tensor, Tensor]]:
        """For each line its tokens, the stop token included if it came, and their latents, (tokens, width).

        `prefixes`: (places, width) each: the voice and the text, embedded. `most`: tokens of each line at most.
        """
        with torch.inference_mode():
            return self._run(prefixes, most, seeds, how)

    def _run(
        self, prefixes: Sequence[Tensor], most: Sequence[int], seeds: Sequence[int], how: Sampling
    ) -> list[tuple[Tensor, Tensor]]:
        gpt, count = self.gpt, len(prefixes)
        steps = -(-max(most) // _ROUND) * _ROUND if self.graphs else max(most)
        steps = min(steps, int(gpt.max_gen_mel_tokens))
        longest = max(len(one) for one in prefixes)
        longest = -(-longest // _ROUND) * _ROUND if self.graphs else longest
        state, graph = self._place(count, longest, steps, how)
        self._begin(state, prefixes, longest, seeds, steps)
        stopped = torch.zeros(count, dtype=torch.bool, device=state.token.device)
        done = 0
        for number in range(steps):
            if graph is None:
                self._step(state, how)
            else:
                graph.replay()
            done = number + 1
            if done % _ASK == 0 or done == steps:
                stopped |= (state.tokens[max(0, done - _ASK) : done] == gpt.stop_audio_token).any(0)
                over = torch.tensor([done >= own for own in most], device=stopped.device)
                if bool((stopped | over).all()):
                    break
        tokens, hidden = state.tokens[:done].T, state.hidden[:done].transpose(0, 1)
        found = []
        for row, own in enumerate(most):
            ends = torch.nonzero(tokens[row] == gpt.stop_audio_token).flatten()
            length = min(int(ends[0]) + 1 if len(ends) else done, own)
            found.append((tokens[row, :length].clone(), hidden[row, :length].clone()))
        return found

    def _place(self, count: int, longest: int, steps: int, how: Sampling) -> tuple[_State, Any]:
        """The state for a shape, and its graph; on a GPU kept from one batch to the next."""
        key = (count, longest, steps)
        if key in self._kept:
            return self._kept[key]
        gpt = self.gpt
        weight = gpt.mel_head.weight
        device, dtype, wide = weight.device, weight.dtype, int(gpt.model_dim)
        past = (len(gpt.gpt.h), count, self.heads, longest + steps + 1, wide // self.heads)
        state = _State(
            keys=torch.zeros(past, device=device, dtype=dtype),
            values=torch.zeros(past, device=device, dtype=dtype),
            seen=torch.zeros(count, 1, 1, longest + steps + 1, device=device, dtype=torch.bool),
            at=torch.zeros(1, device=device, dtype=torch.long),
            step=torch.zeros(1, device=device, dtype=torch.long),
            token=torch.zeros(count, device=device, dtype=torch.long),
            said=torch.zeros(count, int(gpt.num_audio_tokens), device=device, dtype=torch.bool),
            chance=torch.zeros(steps, count, device=device),
            tokens=torch.zeros(steps, count, device=device, dtype=torch.long),
            hidden=torch.zeros(steps, count, wide, device=device, dtype=dtype),
        )
        if not self.graphs:
            return state, None
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(3):
                self._step(state, how)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(state, how)
        self._kept[key] = (state, graph)
        return self._kept[key]

    def _begin(self, state: _State, prefixes: Sequence[Tensor], longest: int, seeds: Sequence[int], steps: int) -> None:
        """Read the prefixes, which stand at the right end of `longest` places, and set all for the first step."""
        gpt = self.gpt
        device = state.token.device
        hidden = torch.zeros(len(prefixes), longest, int(gpt.model_dim), device=device, dtype=state.keys.dtype)
        state.seen.zero_()
        for row, prefix in enumerate(prefixes):
            hidden[row, longest - len(prefix) :] = prefix
            state.seen[row, 0, 0, longest - len(prefix) : longest] = True
        # A place before its line's prefix sees only itself: what it holds is never asked for.
        own = torch.ones(longest, longest, device=device, dtype=torch.bool).tril()
        mask = (state.seen[..., :longest] & own) | torch.eye(longest, device=device, dtype=torch.bool)
        for number, block in enumerate(gpt.gpt.h):
            query, key, value = self._split(block, hidden)
            state.keys[number, :, :, :longest], state.values[number, :, :, :longest] = key, value
            hidden = self._after(block, hidden, F.scaled_dot_product_attention(query, key, value, attn_mask=mask))
        state.at.fill_(longest)
        state.step.zero_()
        state.token.fill_(gpt.start_audio_token)
        state.said.zero_()
        state.said[:, 1] = True  # the library counts its place holders among what was said, and the first token
        state.said[:, gpt.start_audio_token] = True
        for row, seed in enumerate(seeds):
            drawn = torch.rand(int(gpt.max_gen_mel_tokens), generator=torch.Generator().manual_seed(seed))
            state.chance[:, row] = drawn[:steps].to(device)

    def _step(self, state: _State, how: Sampling) -> None:
        """One token more for every line."""
        gpt = self.gpt
        hidden = gpt.mel_embedding(state.token)[:, None] + gpt.mel_pos_embedding.emb(state.step)[None]
        state.seen.index_fill_(3, state.at, True)
        for number, block in enumerate(gpt.gpt.h):
            query, key, value = self._split(block, hidden)
            state.keys[number].index_copy_(2, state.at, key)
            state.values[number].index_copy_(2, state.at, value)
            attended = F.scaled_dot_product_attention(
                query, state.keys[number], state.values[number], attn_mask=state.seen
            )
            hidden = self._after(block, hidden, attended)
        latent = gpt.final_norm(gpt.gpt.ln_f(hidden))[:, 0]
        chance = state.chance.index_select(0, state.step)[0]
        token = draw(gpt.mel_head(latent).float(), state.said, chance, how)
        state.said.scatter_(1, token[:, None], True)
        state.hidden.index_copy_(0, state.step, latent[None])
        state.tokens.index_copy_(0, state.step, token[None])
        state.token.copy_(token)
        state.at.add_(1)
        state.step.add_(1)

    def _split(self, block: Any, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (B, heads, places, width)."""
        count, places, wide = hidden.shape
        query, key, value = block.attn.c_attn(block.ln_1(hidden)).split(wide, dim=2)
        shape = (count, places, self.heads, wide // self.heads)
        return query.view(shape).transpose(1, 2), key.view(shape).transpose(1, 2), value.view(shape).transpose(1, 2)

    @staticmethod
    def _after(block: Any, hidden: Tensor, attended: Tensor) -> Tensor:
        """What a block makes of its input and of what it attended to."""
        hidden = hidden + block.attn.c_proj(attended.transpose(1, 2).reshape(hidden.shape))
        made: Tensor = hidden + block.mlp.c_proj(block.mlp.act(block.mlp.c_fc(block.ln_2(hidden))))
        return made


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
