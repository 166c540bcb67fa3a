"""One model: plain eager diffusers at batch 1, then this farm's way at its batches, in the same run; operations counted."""

from __future__ import annotations

import functools
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.gpu.architectures import Model, build, denoiser, told
from workers.generate.batching import is_out_of_memory
from workers.generate.painting import Painter
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import Recipe
from workers.models.libraries import quiet


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `seconds` and `tflop` are for one picture or film; None where it did not come to it."""

    model: str
    way: str
    batch: int
    seconds: float | None = None
    tflop: float | None = None
    peak_gb: float | None = None
    first_s: float | None = None
    target: float | None = None
    note: str = ""

    def json(self) -> dict[str, Any]:
        """For a file of lines."""
        return asdict(self)


def measure(model: Model, device: Any, dtype: Any, *, small: bool, repeats: int) -> Iterator[Figure]:
    """Figures as they come. An error is one line's note and ends only that line."""
    size = model.small_size if small else model.size
    work = count(model, small=small)
    yield Figure(
        model.name, "counted", 1, tflop=work, target=model.target, note="operations of one, on torch's meta device"
    )
    for way, batches in (("eager diffusers", (1,)), ("ours", model.batches[:2] if small else model.batches)):
        pipe = build(model, device, dtype, small=small)
        recipe = Recipe(
            model.name, type(pipe).__name__, (size[:2],), model.steps, model.guidance, str(dtype).split(".")[-1],
            compile=way == "ours", channels_last=way == "ours", slicing=way == "ours",
        )  # fmt: skip
        pipes = Pipelines.of(pipe, recipe, device)
        painter = Painter(pipes)
        for batch in batches:
            call = functools.partial(_call, painter, model, size, batch, dtype, way)
            yield _line(model, way, batch, work, call, pipes, repeats)
        pipes.close()
        del pipe, pipes, painter
        gc.collect()


def _line(
    model: Model, way: str, batch: int, work: float, call: Callable[[], None], pipes: Pipelines, repeats: int
) -> Figure:
    import torch

    card = pipes.device.type == "cuda"
    try:
        if card:
            torch.cuda.reset_peak_memory_stats()
        first = _timed(call, card)
        if repeats > 1:
            call()
        taken = statistics.median(_timed(call, card) for _ in range(repeats)) / batch
        peak = torch.cuda.max_memory_allocated() / 1e9 if card else None
        return Figure(model.name, way, batch, taken, work, peak, first, model.target)
    except Exception as error:  # noqa: BLE001  whatever a library raises is one line's note
        why = "out of memory" if is_out_of_memory(error) else f"{type(error).__name__}: {error}"[:200]
        return Figure(model.name, way, batch, target=model.target, note=why)


def _timed(call: Callable[[], None], card: bool) -> float:
    import torch

    if card:
        torch.cuda.synchronize()
    began = time.perf_counter()
    call()
    if card:
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _call(painter: Painter, model: Model, size: tuple[int, int, int], batch: int, dtype: Any, way: str) -> None:
    """From embeddings to bytes on this side; a film is an MP4 afterwards."""
    import torch

    pipe, device = painter.pipes.words, painter.pipes.device
    asked = told(pipe, batch, dtype, device) | {
        "width": size[0], "height": size[1], "num_inference_steps": model.steps, "guidance_scale": model.guidance,
        "generator": [torch.Generator("cpu").manual_seed(number) for number in range(batch)],
    }  # fmt: skip
    if size[2] > 1:
        asked["num_frames"] = size[2]
    if way == "ours":
        films = [one().pixels for one in painter.paint(pipe, asked, batch)]
    else:
        with torch.inference_mode(), quiet():
            made = pipe(**asked, output_type="np", return_dict=False)[0]
        films = [(np.asarray(one) * 255).round().astype(np.uint8) for one in made]
    if size[2] > 1:
        _encode(films[0])


def _encode(frames: Any) -> None:
    from workers.clip.clip import Track

    with tempfile.TemporaryDirectory() as name:
        height, width = frames.shape[1:3]
        with Track(Path(name) / "film.mp4", width, height, 24) as track:
            for frame in frames:
                track.add(np.ascontiguousarray(frame))


def count(model: Model, *, small: bool) -> float:
    """TFLOP of one picture or film: every step's network and the decoding, on the meta device, where nothing is computed.

    What the network is called with is seen in a call of the tiny pipeline, and drawn again in the true one's form.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    width, height, frames = model.small_size if small else model.size
    with quiet():
        pipe = build(model, "meta", torch.bfloat16, small=small)
        net, vae = denoiser(pipe), pipe.vae
        with torch.inference_mode():
            arguments, latents = _arguments(pipe, width, height, frames)
            with FlopCounterMode(display=False) as counter:
                net(**arguments, return_dict=False)
            step = counter.get_total_flops()
            with FlopCounterMode(display=False) as counter:
                vae.decode(latents, return_dict=False)
    calls = model.steps - 1 if model.name.startswith("z-image") else model.steps  # its last step has nothing left to do
    return float((calls * step + counter.get_total_flops()) / 1e12)


def _arguments(pipe: Any, width: int, height: int, frames: int) -> tuple[dict[str, Any], Any]:
    """One call of the network and one of the decoder, as the library's pipelines shape them; on the meta device."""
    import torch

    kind, config = type(pipe).__name__, denoiser(pipe).config

    def empty(*form: int) -> Any:
        return torch.empty(*form, device="meta", dtype=torch.bfloat16)

    time_ = torch.empty(1, device="meta")
    words = told(pipe, 1, torch.bfloat16, "meta")["prompt_embeds"]
    if kind.startswith("StableDiffusionXL"):
        scale = pipe.vae_scale_factor
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        latents = empty(1, 4, height // scale, width // scale)
        more = {"text_embeds": empty(1, pooled), "time_ids": empty(1, 6)}
        return {
            "sample": latents,
            "timestep": time_,
            "encoder_hidden_states": words,
            "added_cond_kwargs": more,
        }, latents
    if kind.startswith("Flux2"):
        tokens = (height // 16) * (width // 16)
        ids = torch.zeros(1, tokens, 4, device="meta"), torch.zeros(1, words.shape[1], 4, device="meta")
        called = {"hidden_states": empty(1, tokens, config.in_channels), "encoder_hidden_states": words, "timestep": time_,
                  "img_ids": ids[0], "txt_ids": ids[1], "guidance": None}  # fmt: skip
        return called, empty(1, pipe.vae.config.latent_channels, height // 8, width // 8)
    if kind.startswith("ZImage"):
        latents = empty(1, config.in_channels, height // 8, width // 8)
        return {"x": [latents[0].unsqueeze(1)], "t": time_, "cap_feats": words}, latents
    scale, times = pipe.vae_scale_factor_spatial, (frames - 1) // pipe.vae_scale_factor_temporal + 1
    latents = empty(1, config.in_channels, times, height // scale, width // scale)
    if pipe.config.expand_timesteps:
        time_ = torch.empty(1, times * (height // scale // 2) * (width // scale // 2), device="meta")
    return {"hidden_states": latents, "timestep": time_, "encoder_hidden_states": words}, latents
