"""What is told, as a model's encoders read it: each text once, kept for all pictures that are told the same."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workers.generate.unasked import upload
from workers.models.libraries import quiet

_MOST_BYTES = 1_000_000_000
_AT_ONCE = 16
_NAMES: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    ("StableDiffusionXL", ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")),
    ("StableDiffusion", ("prompt_embeds", "negative_prompt_embeds")),
    ("Flux2", ("prompt_embeds", None)),
    ("Flux", ("prompt_embeds", "pooled_prompt_embeds", None)),
    ("ZImage", ("prompt_embeds", "negative_prompt_embeds")),
    ("QwenImage", ("prompt_embeds", "prompt_embeds_mask")),
    ("Wan", ("prompt_embeds", "negative_prompt_embeds")),
    ("LTX", ("prompt_embeds", "prompt_attention_mask", "negative_prompt_embeds", "negative_prompt_attention_mask")),
)  # fmt: skip
"""What `encode_prompt` of each family of pipelines returns, by the names of their calls' parameters."""

Encoded = Mapping[str, Any]


class Encoder:
    """`encode_prompt` of one pipeline, remembered by what was asked."""

    def __init__(self, pipe: Any, guided: bool, tokens: int | None) -> None:
        """`guided`: whether a negative prompt has any effect. `tokens`: what is longer is cut, if the pipeline can be told."""
        self._pipe, self._guided = pipe, guided
        self._names = next((names for stem, names in _NAMES if type(pipe).__name__.startswith(stem)), None)
        taken = inspect.signature(pipe.encode_prompt).parameters if hasattr(pipe, "encode_prompt") else {}
        self._asked = {
            name: value
            for name, value in (
                ("do_classifier_free_guidance", guided),
                ("max_sequence_length", tokens),
                ("num_images_per_prompt", 1),
                ("device", getattr(pipe, "_execution_device", None)),
            )
            if name in taken and value is not None
        }
        # Some families are asked for both texts in turn, since their `encode_prompt` knows one.
        self._twice = guided and type(pipe).__name__.startswith("QwenImage")
        self._negative = guided and ("negative_prompt" in taken or self._twice)
        self._kept: OrderedDict[tuple[str, str], Encoded] = OrderedDict()
        self._bytes = 0
        self.made = 0

    @property
    def hears_negative(self) -> bool:
        """Whether a negative prompt reaches the model at all."""
        return self._negative

    def __call__(self, prompt: str, negative: str) -> Encoded:
        """Parameters of the pipeline's call for one picture. A pipeline of no known family is given the words themselves."""
        key = self._key(prompt, negative)
        found = self._kept.get(key)
        if found is None:
            found = self._encode([key])[0]
            self._keep(key, found)
        self._kept.move_to_end(key)
        return found

    def prepare(self, texts: Iterable[tuple[str, str]]) -> None:
        """Read many texts at once, (prompt, negative) each, as far as they are new: one call of the encoders is mostly waiting."""
        fresh = [key for key in dict.fromkeys(self._key(*one) for one in texts) if key not in self._kept]
        if self._names is None or "prompt_embeds_mask" in self._names:  # those come as long as the longest beside them
            return
        for start in range(0, len(fresh), _AT_ONCE):
            part = fresh[start : start + _AT_ONCE]
            for key, found in zip(part, self._encode(part), strict=True):
                self._keep(key, found)

    def _key(self, prompt: str, negative: str) -> tuple[str, str]:
        return prompt, negative if self._negative else ""

    def _keep(self, key: tuple[str, str], found: Encoded) -> None:
        self._kept[key] = found
        self.made += 1
        self._bytes += _bytes(found)
        while self._bytes > _MOST_BYTES and len(self._kept) > 1:
            self._bytes -= _bytes(self._kept.popitem(last=False)[1])

    def _encode(self, texts: Sequence[tuple[str, str]]) -> list[Encoded]:
        prompts, negatives = [prompt for prompt, _ in texts], [negative for _, negative in texts]
        if self._names is None:
            return [
                {"prompt": [prompt]} | ({"negative_prompt": [negative]} if negative else {})
                for prompt, negative in texts
            ]
        import torch

        # Lists: some pipelines write what they made of a text back into it.
        told = {"negative_prompt": negatives} if self._negative and not self._twice else {}
        with torch.inference_mode(), quiet():
            made = self._pipe.encode_prompt(prompt=prompts, **told, **self._asked)
            found = self._named(made)
            if self._twice:
                against = self._pipe.encode_prompt(prompt=[negative or " " for negative in negatives], **self._asked)
                found |= {f"negative_{name}": value for name, value in self._named(against).items()}
        found = {name: _map(value, lambda tensor: tensor.detach().cpu()) for name, value in found.items()}
        return [
            {name: _part(value, number, len(texts)) for name, value in found.items()} for number in range(len(texts))
        ]

    def _named(self, made: Sequence[Any]) -> dict[str, Any]:
        assert self._names is not None
        found = {
            name: value
            for name, value in zip(self._names, made, strict=False)
            if name is not None and value is not None and not (isinstance(value, list) and not value)
        }
        if "prompt_embeds_mask" in self._names and "prompt_embeds_mask" not in found:
            # Left out where every token counts; in a batch with a longer text not every one does.
            embeds = found["prompt_embeds"]
            found["prompt_embeds_mask"] = embeds.new_ones(embeds.shape[:2], dtype=_long())
        return found


def joined(encoded: Sequence[Encoded], device: Any) -> dict[str, Any]:
    """Parameters of the call for a batch."""
    import torch

    result: dict[str, Any] = {}
    for name in encoded[0]:
        values = [one[name] for one in encoded]
        if isinstance(values[0], list):
            every = [item for value in values for item in value]
            result[name] = _map(every, lambda tensor: upload(tensor, device))
        else:
            result[name] = upload(torch.cat(_padded(values)), device)
    return result


def _padded(values: Sequence[Any]) -> list[Any]:
    """Texts (1, tokens, ...) made as long as the longest: their masks, padded alike, say what is text."""
    import torch

    longest = max(value.shape[1] for value in values)
    return [
        value
        if value.shape[1] == longest
        else torch.cat([value, value.new_zeros(1, longest - value.shape[1], *value.shape[2:])], 1)
        for value in values
    ]


def guidance(pipe: Any, scale: float) -> dict[str, Any]:
    """How strongly the words count, by the name that the pipeline has for it."""
    return {"true_cfg_scale" if type(pipe).__name__.startswith("QwenImage") else "guidance_scale": scale}


def length(encoded: Encoded) -> int:
    """Tokens, in steps of 32: texts whose lists are of different lengths are not put into one batch."""
    value = encoded.get("prompt_embeds")
    return -(-len(value[0]) // 32) if isinstance(value, list) else 0


def _long() -> Any:
    import torch

    return torch.long


def _part(value: Any, number: int, count: int) -> Any:
    """What of an encoding of `count` texts is one's, as if it had been encoded alone."""
    if count == 1:
        return value
    assert len(value) == count, "the pipeline encoded another number of texts than it was given"
    return value[number : number + 1] if isinstance(value, list) else value[number : number + 1].clone()


def _map(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_map(item, change) for item in value]
    return change(value) if hasattr(value, "detach") else value


def _bytes(encoded: Encoded) -> int:
    total = 0
    for value in encoded.values():
        for tensor in value if isinstance(value, list) else [value]:
            total += int(getattr(tensor, "nbytes", 0))
    return total
