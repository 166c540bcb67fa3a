"""A model's pipelines on one device, with every switch of its recipe that this device has a use for."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from creative.backends import BackendSpec
from creative.errors import UsageError
from creative.models.files import ModelError
from workers import cards
from workers.generate.loading import Reading, parts_of
from workers.generate.melt import melted
from workers.generate.recipe import Recipe
from workers.generate.switches import denoiser, lighter, switched, without_graphs
from workers.models.later import spared
from workers.models.libraries import diffusers_ready, quiet

_LATER: dict[str, Any] = {"compile": "", "compile_vae": False, "graphs": False, "fused": False, "fp8": ""}

_COUNTS = (1, 4, 8, 16, 32)
"""Larger batches than 1 paint small models faster, and large ones hardly."""


class Pipelines:
    """`words`: from words alone; `other`: around a product (pictures) or from a first picture (films), or None."""

    def __init__(
        self, spec: BackendSpec, recipe: Recipe, other: str, auto: tuple[str, str] = ("", ""), *, soon: bool = False
    ) -> None:
        """Load them. `other`: the class of the second one; `auto`: what "auto" stands for, for both. `soon`: what takes long
        once, compiling above all, is left for `quicken`.

        Raises ModelError for weights that are missing or not what they should be, UsageError where the device is none for
        this row, or the library lacks a class.
        """
        from workers.models.weights import weights

        self._soon = soon and recipe.fp8 != "storage"
        folder = weights(spec)
        self.device = device_of(spec)
        self.recipe = recipe
        reading = (
            Reading(folder, self.device, recipe.variant)
            if self.device.type == "cuda" and not self._is_small()
            else None
        )
        kinds = [one for one in (recipe.pipeline, other, recipe.scheduler) if one and one != "auto"]
        diffusers = diffusers_ready(*parts_of(folder).values(), *kinds)
        self.words: Any = None
        self.other: Any = None
        with quiet(), spared():
            self._load(spec, diffusers, folder, other, auto, reading)

    def _load(
        self,
        spec: BackendSpec,
        diffusers: Any,
        folder: Path,
        other: str,
        auto: tuple[str, str],
        reading: Reading | None,
    ) -> None:
        import torch

        if self.device.type == "cpu":
            # Sums in another order are others: a picture must not depend on how many cores there are.
            torch.set_num_threads(1)
        else:
            torch.set_float32_matmul_precision("high")
        recipe = self.recipe
        dtype = getattr(torch, recipe.dtype)
        kind = _class(diffusers, auto[0] if recipe.pipeline == "auto" else recipe.pipeline)
        parts: dict[str, Any] = {}
        if reading is not None:
            try:
                parts = reading.parts(diffusers, dtype)
            except Exception:  # noqa: BLE001  the library's own way is slower, and says what is wrong with them
                gc.collect()
        try:
            self.words = kind.from_pretrained(
                str(folder),
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                variant=recipe.variant or None,
                **parts,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{folder} cannot be loaded as {recipe.pipeline}: {_first_line(error)}: creative models pull {recipe.weights}"
            ) from error
        self._parts(spec, diffusers)
        if other:
            second = _class(diffusers, auto[1] if other == "auto" else other)
            self.other = second.from_pipe(self.words, dtype=dtype)
        self._decoder(spec, diffusers, dtype)
        self._ready(dtype)

    @classmethod
    def of(cls, pipe: Any, recipe: Recipe, device: Any) -> Pipelines:
        """A pipeline that is in memory already, switched as its recipe says."""
        import torch

        self = cls.__new__(cls)
        self._soon = False
        self.words, self.other, self.recipe, self.device = pipe, None, recipe, device
        with quiet():
            self._ready(getattr(torch, recipe.dtype))
        return self

    def _ready(self, dtype: Any) -> None:
        for pipe in self.each():
            pipe.set_progress_bar_config(disable=True)
            lighter(pipe)
        self._place()
        recipe = replace(self.recipe, **_LATER) if self._soon else self.recipe
        self.film_decoder = switched(self.words, recipe, self.device, dtype, offloaded=self.offloaded)

    def quicken(self) -> None:
        """Switch what was left for later. Called once the first pictures are made: those of a small job never wait for it."""
        if self._soon:
            import torch

            self._soon = False
            dtype = getattr(torch, self.recipe.dtype)
            self.film_decoder = switched(self.words, self.recipe, self.device, dtype, offloaded=self.offloaded)

    def each(self) -> list[Any]:
        """The pipelines that there are."""
        return [self.words] if self.other is None else [self.words, self.other]

    @property
    def denoiser(self) -> Any:
        """The network that is called in every step."""
        return denoiser(self.words)

    def _parts(self, spec: BackendSpec, diffusers: Any) -> None:
        """Parts with weights of their own: a few-step LoRA, melted into the network; another scheduler."""
        from workers.models.weights import weights

        recipe = self.recipe
        if recipe.lora:
            file = next(weights(_named(spec, recipe.lora)).glob("*.safetensors"))
            try:
                if not melted(self.words, file):
                    self.words.load_lora_weights(str(file.parent), weight_name=file.name)
                    self.words.fuse_lora()
                    self.words.unload_lora_weights()
            except ValueError as error:
                raise UsageError(
                    f"{spec.name}: {recipe.lora} cannot be used: {_first_line(error)} pip install 'creative-farm[diffusion]'"
                ) from error
        if recipe.scheduler:
            kind = _class(diffusers, recipe.scheduler)
            self.words.scheduler = kind.from_config(self.words.scheduler.config, timestep_spacing="trailing")

    def _decoder(self, spec: BackendSpec, diffusers: Any, dtype: Any) -> None:
        """A small VAE in the place of the pipelines' own; last, since making one pipeline of another asks for the library's."""
        from workers.models.weights import weights

        if self.recipe.tiny_vae:
            small = diffusers.AutoencoderTiny.from_pretrained(
                str(weights(_named(spec, self.recipe.tiny_vae))),
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
            )
            for pipe in self.each():
                pipe.vae = small

    def _place(self) -> None:
        """Onto the device; on a card that is too small for all parts, only the part that is at work."""
        self.offloaded = False
        if self.device.type == "cuda" and self._is_small():
            self.offload()
            return
        self.words.to(self.device)

    def _is_small(self) -> bool:
        """Whether the card, or what this process may have of it, is too small for all parts at once, by what their recipe says."""
        there = cards.memory(self.device) / 1e9
        return self.recipe.offload == "always" or (self.recipe.offload == "auto" and 0 < there < self.recipe.vram_gb)

    def offload(self) -> None:
        """Keep only what is at work on the card: slower, and a fraction of the memory."""
        if self.device.type == "cuda" and not self.offloaded:
            without_graphs(self.denoiser)
            self.words.enable_model_cpu_offload(device=self.device)
            self.offloaded = True
        for name in ("enable_slicing", "enable_tiling"):
            if hasattr(self.words.vae, name):
                getattr(self.words.vae, name)()

    @property
    def counts(self) -> tuple[int, ...]:
        """How many pictures at once are ready to be painted: few, where something is compiled for each; () means any number."""
        return _COUNTS if self.device.type == "cuda" and (self.recipe.compile or self.recipe.graphs) else ()

    def close(self) -> None:
        """Give the memory back."""
        self.words = self.other = self.film_decoder = None
        gc.collect()
        if self.device.type == "cuda":
            import torch

            torch.cuda.empty_cache()

    def card(self) -> str:
        """What the largest batch is remembered by."""
        if self.device.type != "cuda":
            return "cpu"
        import torch

        seen = torch.cuda.get_device_properties(self.device)
        return f"{seen.name} {round(cards.memory(self.device) / 2**30)} GiB"


def device_of(spec: BackendSpec) -> Any:
    """Where a row runs: rows that want a GPU on CUDA, others on the CPU. Raises UsageError where there is no GPU."""
    import torch

    if not spec.resources.gpu:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise UsageError(
            f"{spec.name} needs a GPU, and torch {torch.__version__} sees none here: run it on a machine with one, "
            "or name another backend in the brief (creative models rehearse tries the way without)"
        )
    return torch.device("cuda", torch.cuda.current_device())


@contextlib.contextmanager
def held_back(vae: Any) -> Iterator[list[tuple[Any, tuple[Any, ...], dict[str, Any]]]]:
    """Within it the pipeline's last call, decoding, is not made: what would have been decoded is in the list.

    Every pipeline of the library ends with `vae.decode(latents, ..., return_dict=False)[0]`, whatever it did to the latents
    before: so one way of decoding does for all of them, when and where we like.
    """
    found: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []

    def keep(latents: Any, *rest: Any, **named: Any) -> tuple[Any]:
        named.pop("return_dict", None)
        found.append((latents, rest, named))
        return (latents.new_zeros((latents.shape[0], 3, *(1,) * (latents.ndim - 4), 8, 8)),)

    vae.decode = keep
    try:
        yield found
    finally:
        del vae.decode


def _named(spec: BackendSpec, name: str) -> BackendSpec:
    return replace(spec, options={"weights": name}, model=None)


def _class(module: Any, name: str) -> Any:
    found = getattr(module, name, None)
    if found is None:
        raise UsageError(f"diffusers {module.__version__} has no class {name!r}: correct the row in the catalogue")
    return found


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
