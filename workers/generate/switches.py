"""What a recipe asks for so that a model runs fast on its card: nothing here changes what is seen, beyond rounding.

Measured on one H100 (torch 2.11): torch's own attention takes cuDNN's kernels by itself (631 TFLOP/s in Wan's form, flash 361),
so that no backend is set unasked; convolutions are 1.3 to 2.2 times as fast with channels last.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

from creative.scratch import own_folder
from workers.generate.attention import by_products
from workers.generate.film_decoder import FilmDecoder, borders_inside, fits
from workers.generate.fp8 import in_fp8
from workers.generate.graphs import Graphed
from workers.generate.norms import ChannelNorm, by_channels
from workers.generate.pixels import as_bytes
from workers.generate.recipe import Recipe

_RECOMPILES = 256  # beyond torch's limit of 8 what is new runs uncompiled, without a word
_ALSO = {"UNet2DConditionModel": ("ResnetBlock2D",)}
"""What networks repeat besides their own `_repeated_blocks`."""


def denoiser(pipe: Any) -> Any:
    """The network that is called in every step."""
    return getattr(pipe, "transformer", None) or pipe.unet


def networks(pipe: Any) -> list[Any]:
    """The same, and of a model that has another network for its later steps (Wan A14B) that one too."""
    second = getattr(pipe, "transformer_2", None)
    return [denoiser(pipe), *([second] if second is not None else [])]


def switched(pipe: Any, recipe: Recipe, device: Any, dtype: Any, *, offloaded: bool = False) -> FilmDecoder | None:
    """Set all that the recipe asks for and this device has a use for. The decoder for films in parts, where there is one."""
    import torch

    vae = pipe.vae
    for wanted, name in ((recipe.slicing, "enable_slicing"), (recipe.tiling, "enable_tiling")):
        if wanted and hasattr(vae, name):
            getattr(vae, name)()
    borders_inside(vae)
    if device.type != "cuda":
        return FilmDecoder(vae, finish=as_bytes) if fits(vae) else None
    torch.backends.cudnn.benchmark = recipe.tuned_convolutions
    compiling = recipe.compile if recipe.fp8 != "storage" else ""
    decoder = bool(recipe.compile) and recipe.compile_vae and not offloaded
    if compiling or decoder:
        compile_ready()
    # Torch's own group norm wants channels first, and turns what comes otherwise twice: only what is compiled gains.
    if recipe.channels_last and (decoder or fits(vae)):
        last(vae)
    for net in networks(pipe):
        _quick(net, recipe, dtype, compiling, offloaded)
    if recipe.graphs and not offloaded:
        net = denoiser(pipe)
        net.forward = Graphed(net.forward)
    if fits(vae):
        return FilmDecoder(vae, last=recipe.channels_last, compiled=decoder, finish=as_bytes)
    if hasattr(vae, "decoder"):
        by_products(vae.decoder, device)
        if decoder:
            if recipe.channels_last:
                by_channels(vae.decoder)
            vae.decoder.compile(dynamic=False)
    return None


def _quick(net: Any, recipe: Recipe, dtype: Any, compiling: str, offloaded: bool) -> None:
    """One network as the recipe wants it on a card."""
    import torch

    if recipe.channels_last and compiling:
        last(net)
    if recipe.attention and hasattr(net, "set_attention_backend"):
        net.set_attention_backend(recipe.attention)
    if recipe.fused and hasattr(net, "fuse_qkv_projections"):
        net.fuse_qkv_projections()
    if recipe.fp8 == "compute":
        in_fp8(net, tuple(getattr(net, "_repeated_blocks", None) or ()))
    elif recipe.fp8 == "storage":
        net.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=dtype)
    if compiling and recipe.channels_last:
        by_channels(net)
    if compiling == "whole" and not offloaded:
        net.forward = torch.compile(net.forward, dynamic=False)
    elif compiling:
        _compile_blocks(net)


def without_graphs(net: Any) -> None:
    """Forget a network's graphs: they read its weights where these lay when they were recorded."""
    if isinstance(net.forward, Graphed):
        net.forward = net.forward.function


def _compile_blocks(net: Any) -> None:
    """Compile what a network repeats: one graph for each form of it, whatever the network's depth. Sizes and batches are few,
    so that each has graphs of its own."""
    names = {*(getattr(net, "_repeated_blocks", None) or ()), *_ALSO.get(type(net).__name__, ())}
    blocks = [module for module in net.modules() if type(module).__name__ in names]
    inside = {id(module) for block in blocks for module in block.modules()}
    for module in [*blocks, *(one for one in net.modules() if isinstance(one, ChannelNorm) and id(one) not in inside)]:
        module.compile(dynamic=False)


def lighter(pipe: Any) -> None:
    """Leave out what a pipeline computes and then throws away; what it makes stays the same, a text's states to the bit.

    Of a language model that only reads: the product with all its words, and the layers above the last that is looked at (klein's
    9 of 36). Of a film from words alone: a time of its own for every token, since all have the same.
    """
    text: Any = getattr(pipe, "text_encoder", None)
    kind = type(pipe).__name__
    if type(text).__name__ == "Qwen3ForCausalLM" and kind.startswith(("Flux2", "ZImage")):
        text = pipe.text_encoder = text.model
        looked = inspect.signature(pipe.encode_prompt).parameters.get("text_encoder_out_layers")
        if looked is not None and max(looked.default) < len(text.layers):
            # The norm stands after the last layer: of one that was last by being cut it must not be seen.
            text.layers, text.norm = text.layers[: max(looked.default)], _same()
            text.config.num_hidden_layers = len(text.layers)
    if kind == "WanPipeline" and pipe.config.expand_timesteps:
        pipe.register_to_config(expand_timesteps=False)


def _same() -> Any:
    import torch

    return torch.nn.Identity()


def last(part: Any) -> None:
    """Weights of convolutions with their channels last: what is computed from them follows."""
    import torch

    forms = {torch.nn.Conv2d: torch.channels_last, torch.nn.Conv3d: torch.channels_last_3d}
    for module in part.modules():
        for kind, form in forms.items():
            if isinstance(module, kind):
                module.weight.data = module.weight.data.contiguous(memory_format=form)


def compile_ready() -> None:
    """What is compiled is kept for later processes, and what cannot be compiled runs as it is."""
    import torch

    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(own_folder() / "compiled"))
    torch._dynamo.config.recompile_limit = _RECOMPILES
    torch._dynamo.config.accumulated_recompile_limit = 8 * _RECOMPILES
    torch._dynamo.config.suppress_errors = True
