"""How a row of the catalogue wants its model run: its options, and what the model's own row says where they are silent."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from creative.backends import BackendSpec
from creative.errors import UsageError

_SPELLED = {"class": "pipeline"}
_DTYPES = ("bfloat16", "float16", "float32")
_MEANT: dict[str, dict[str | bool, str]] = {
    "compile": {"": "", "blocks": "blocks", "whole": "whole", True: "blocks", False: ""},
    "fp8": {"": "", "storage": "storage", "compute": "compute", True: "storage", False: ""},
}
"""What a row may say, and what is meant: yes and no are of rows from before there was a choice."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One model, ready to be loaded.

    `pipeline`, `inpaint`, `first`: diffusers' classes from words, around a product, from a first picture ("auto": the library's
    choice; "": none). `sizes`: px that are made, width first. `steps` and `guidance` as the library counts them. `strength` of
    inpainting. `frames`: {most, step, plus, fps} of a film. `timesteps`: of 1,000, falling, one a step, of a film model that was
    distilled to these.

    Without a word about what is seen, only about how fast: `compile` of the network ("blocks": its repeated blocks, one graph
    for all of them; "whole": as one function, which takes minutes once and pays where much lies outside of the blocks; "": not),
    `compile_vae` (if the network is), `graphs` (the network's launches kept as one), `fused` (queries, keys and values in one product), `channels_last`, `tuned_convolutions` (cuDNN tries its ways once
    a form: another process may take another one, and differ in rounding), `slicing` and `tiling` of the VAE, `attention` (a name
    of diffusers' attention backends), `fp8` ("storage": weights are stored so and computed with in `dtype`; "compute": large
    products are made in it), `variant` (which of the weights' files), `tiny_vae` and `lora` (names of models of their own),
    `offload`: auto, always or never; `vram_gb`: what the card must have for all parts to stay on it.
    """

    weights: str
    pipeline: str
    sizes: tuple[tuple[int, int], ...]
    steps: int
    guidance: float
    dtype: str
    inpaint: str = ""
    first: str = ""
    strength: float = 1.0
    prompt_tokens: int | None = None
    frames: dict[str, int] = field(default_factory=dict)
    timesteps: tuple[int, ...] = ()
    compile: str = "blocks"
    compile_vae: bool = True
    graphs: bool = False
    fused: bool = False
    tuned_convolutions: bool = False
    channels_last: bool = True
    slicing: bool = True
    tiling: bool = False
    attention: str = ""
    fp8: str = ""
    tiny_vae: str = ""
    lora: str = ""
    scheduler: str = ""
    variant: str = ""
    offload: str = "auto"
    vram_gb: float = 0.0


def recipe_of(spec: BackendSpec) -> Recipe:
    """The row's recipe. Raises UsageError that names the row and what is wrong in it."""
    from creative.brief.types import did_you_mean

    options = dict(spec.options)
    name = options.get("weights")
    if not isinstance(name, str):
        raise UsageError(f"the row {spec.name} of the catalogue names no model: options: {{weights: NAME}}")
    said = _of_model(name) | {_SPELLED.get(key, key): value for key, value in options.items()}
    known = {one.name for one in fields(Recipe)}
    for key in said:
        if key not in known:
            raise UsageError(
                f"the row {spec.name} of the catalogue: options has no {key!r}. {did_you_mean(key, known)}".rstrip()
            )
    for key in ("pipeline", "sizes", "steps", "dtype"):
        if not said.get(key):
            raise UsageError(f"the row {spec.name} of the catalogue does not say {key}, nor does a row of {name!r}")
    said["sizes"] = tuple((int(size[0]), int(size[1])) for size in said["sizes"])
    said["guidance"] = float(said.get("guidance") or 0.0)
    if any(side < 16 or side % 16 for size in said["sizes"] for side in size):
        raise UsageError(f"the row {spec.name} of the catalogue: sizes must be multiples of 16 px")
    if said["dtype"] not in _DTYPES:
        raise UsageError(f"the row {spec.name} of the catalogue: dtype must be one of {', '.join(_DTYPES)}")
    times = said.get("timesteps") or ()
    if times:
        falling = isinstance(times, list | tuple) and all(type(one) is int and 0 < one <= 1000 for one in times)
        if not falling or sorted(set(times), reverse=True) != list(times) or len(times) != said["steps"]:
            raise UsageError(
                f"the row {spec.name} of the catalogue: timesteps must be {said['steps']} falling numbers, as many as its steps, "
                "of 1000 at most"
            )
        said["timesteps"] = tuple(times)
    for key, meant in _MEANT.items():
        if key in said:
            if not isinstance(said[key], str | bool) or said[key] not in meant:
                choice = ", ".join(str(one) or "''" for one in meant)
                raise UsageError(f"the row {spec.name} of the catalogue: {key} must be one of {choice}")
            said[key] = meant[said[key]]
    return Recipe(**said)


def _of_model(name: str) -> dict[str, Any]:
    from creative.models.rows import own_models

    row = own_models().get(name)
    return {"weights": name} | (row.recipe() if row is not None else {})
