"""One model: plain eager diffusers at batch 1, then this farm's way at its batches, in the same run.

Where the time goes is taken in a call of its own, after those that are counted: a step of the network, what comes after the last
step (decoding, and the way to this side), and encoding a film, which goes on beside the decoding.
"""

from __future__ import annotations

import functools
import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from tests.benchmarks.gpu import films
from tests.benchmarks.gpu.architectures import EAGER, Model, Way, build, denoiser, tiny_vae, told
from workers.generate.batching import is_out_of_memory
from workers.generate.painting import Painter
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import Recipe
from workers.generate.unasked import upload
from workers.models.libraries import quiet


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `seconds` and `tflop` are for one picture or film; None where it did not come to it.

    `seconds`: of a call by itself; `row_s`: of calls in a row, of which none waits for the one before to be decoded, as a night
    of ads is painted. `kernels`: what took longest on the card in one call.

    `phases`: seconds of one call, whatever its batch: `step` of the network, `after` the last one, `mp4` beside it.
    """

    model: str
    way: str
    batch: int
    seconds: float | None = None
    tflop: float | None = None
    peak_gb: float | None = None
    first_s: float | None = None
    target: float | None = None
    note: str = ""
    phases: dict[str, float] = field(default_factory=dict)
    row_s: float | None = None
    kernels: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """For a file of lines."""
        return asdict(self)


class Plain:
    """A pipeline as the library makes it, nothing switched."""

    def __init__(self, pipe: Any, device: Any) -> None:
        self.words, self.device = pipe, device

    def each(self) -> list[Any]:
        """Of the pipelines whose launching is changed: none."""
        return []

    def close(self) -> None:
        """Let go of it."""
        self.words = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted of a measurement.

    `repeats`: calls that count; of one, it is the call that phases are taken of; 0 makes the first calls only. `ways`: names in
    the order in which they are measured; none means all. `batches`: only these. `until`: time.monotonic() after which nothing
    is begun. `kernels`: how many are shown. `ready`: called before anything is timed, after the first way's first call.
    """

    repeats: int = 5
    ways: tuple[str, ...] = ()
    batches: tuple[int, ...] = ()
    until: float = math.inf
    kernels: int = 0
    ready: Callable[[], None] = lambda: None


def measure(model: Model, device: Any, dtype: Any, *, small: bool, ask: Ask) -> Iterator[Figure]:
    """Figures as they come. An error is one line's note and ends only that line."""
    ways = {way.name: way for way in (Way(EAGER, {}), *model.ways)}
    kept: list[Any] = []
    for name in ask.ways or tuple(ways):
        way = ways.get(name)
        batches = [batch for batch in way.batches if not ask.batches or batch in ask.batches] if way else []
        if way is None or not batches:
            continue
        if not way.tiny:
            _free(kept, device)
        if time.monotonic() > ask.until:
            yield Figure(model.name, way.name, batches[0], target=model.target, note="no time left for it")
            continue
        try:
            if not kept:
                kept.append(_made(model, way, device, dtype, small))
            if way.tiny and not small:
                _tiny(kept[0], device, dtype)
        except Exception as error:  # noqa: BLE001  whatever a library raises is one line's note
            yield Figure(model.name, way.name, batches[0], target=model.target, note=_said(error))
            continue
        yield from _measured(model, way, kept[0], batches[:2] if small else batches, small, ask)
    _free(kept, device)


def _free(kept: list[Any], device: Any) -> None:
    import torch

    while kept:
        kept.pop().close()
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def _made(model: Model, way: Way, device: Any, dtype: Any, small: bool) -> Any:
    import torch

    torch._dynamo.reset()
    size = model.small_size if small else model.size
    pipe = build(model, device, dtype, small=small)
    if way.name == EAGER:
        torch.backends.cudnn.benchmark = False
        return Plain(pipe, device)
    recipe = Recipe(
        model.name, type(pipe).__name__, (size[:2],), model.steps, model.guidance, str(dtype).split(".")[-1], **way.changes
    )  # fmt: skip
    return Pipelines.of(pipe, recipe, device)


def _tiny(pipes: Any, device: Any, dtype: Any) -> None:
    """The small decoder in place of the model's own."""
    pipes.words.vae = tiny_vae(pipes.words.vae.config.latent_channels, device, dtype)
    pipes.words.vae.decoder.compile(dynamic=False)


def _measured(model: Model, way: Way, pipes: Any, batches: list[int], small: bool, ask: Ask) -> Iterator[Figure]:
    size = model.small_size if small else model.size
    painter: Any = Painter(pipes)
    eager, film = way.name == EAGER, size[2] > 1
    for batch in batches:
        if batch != batches[0] and time.monotonic() > ask.until:
            break
        drawn = told(pipes.words, batch, pipes.words.vae.dtype, "cpu")
        call = functools.partial(_call, painter, model, size, drawn, batch, eager)
        start = None if eager else functools.partial(_begun, painter, model, size, drawn, batch)
        # Plain film is slow, and as slow each time.
        repeats = min(ask.repeats, 1) if eager and film else ask.repeats
        kernels = 0 if eager or batch != batches[0] else ask.kernels
        yield _line(model, way, batch, call, start, pipes, small, replace(ask, repeats=repeats, kernels=kernels))


def _line(
    model: Model, told_way: Way, batch: int, call: Callable[[dict[str, float]], None], begin: Callable[[], Any] | None, pipes: Any,
    small: bool, ask: Ask,
) -> Figure:  # fmt: skip
    import torch

    card, way = pipes.device.type == "cuda", told_way.name
    try:
        if card:
            torch.cuda.reset_peak_memory_stats()
        first = _timed(lambda: call({}), card)
        ask.ready()
        if not ask.repeats:
            return Figure(model.name, way, batch, first_s=first, target=model.target)
        if ask.repeats > 1:
            call({})
            taken = statistics.median(_timed(lambda: call({}), card) for _ in range(ask.repeats)) / batch
        row = None
        if begin is not None:
            times = max(ask.repeats, 4)
            row = _timed(lambda: _in_a_row(begin, times), card) / times / batch
        peak = torch.cuda.max_memory_allocated() / 1e9 if card else None
        phases = _phases(call, denoiser(pipes.words), card)
        if ask.repeats == 1:
            taken = (phases["before the last ended"] + phases["after"]) / batch
        seen = tuple(_kernels(call, ask.kernels)) if card and ask.kernels else ()
        work = None if small else told_way.tflop or model.tflop
        return Figure(model.name, way, batch, taken, work, peak, first, model.target, "", phases, row, seen)
    except Exception as error:  # noqa: BLE001  whatever a library raises is one line's note
        return Figure(model.name, way, batch, target=model.target, note=_said(error))


def _in_a_row(begin: Callable[[], Any], count: int) -> None:
    waiting: list[Any] = []
    for _ in range(count):
        waiting.append(begin())
        if len(waiting) > 2:  # no more in flight than a worker has
            _wait(waiting.pop(0))
    for one in waiting:
        _wait(one)


def _wait(pictures: Any) -> None:
    for one in pictures:
        one()


def _kernels(call: Callable[[dict[str, float]], None], count: int) -> Iterator[str]:
    """The kernels of one call that take longest: milliseconds, how often, and their names."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        call({})
        torch.cuda.synchronize()
    rows = sorted(seen.key_averages(), key=lambda one: -one.self_device_time_total)
    yield f"{sum(one.self_device_time_total for one in rows) / 1e3:.1f} ms in all"
    for one in rows[:count]:
        yield f"{one.self_device_time_total / 1e3:.2f} ms {one.count}x {one.key[:110]}"


def _said(error: Exception) -> str:
    return "out of memory" if is_out_of_memory(error) else " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _timed(call: Callable[[], Any], card: bool) -> float:
    import torch

    if card:
        torch.cuda.synchronize()
    began = time.perf_counter()
    call()
    if card:
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _phases(call: Callable[[dict[str, float]], None], net: Any, card: bool) -> dict[str, float]:
    """Seconds of one more call: a step (mean), all until the last step ended, and what came after it; and of encoding."""
    import torch

    marks: list[tuple[str, Any]] = []

    def mark(what: str) -> None:
        if card:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            marks.append((what, event))
        else:
            marks.append((what, time.perf_counter()))

    def between(first: Any, second: Any) -> float:
        return float(first.elapsed_time(second) / 1e3) if card else float(second - first)

    hooks = [
        net.register_forward_pre_hook(lambda *_: mark("began")),
        net.register_forward_hook(lambda *_: mark("ended")),
    ]
    spent: dict[str, float] = {}
    try:
        mark("start")
        call(spent)
        if card:
            torch.cuda.synchronize()
        mark("end")
        if card:
            torch.cuda.synchronize()
    finally:
        for hook in hooks:
            hook.remove()
    began = [one for what, one in marks if what == "began"]
    ended = [one for what, one in marks if what == "ended"]
    steps = [between(*pair) for pair in zip(began, ended, strict=True)]
    start, end = marks[0][1], marks[-1][1]
    return {
        "step": statistics.mean(steps), "steps": sum(steps), "before the last ended": between(start, ended[-1]),
        "after": between(ended[-1], end), **spent,
    }  # fmt: skip


def _asked(
    painter: Painter, model: Model, size: tuple[int, int, int], drawn: dict[str, Any], batch: int
) -> dict[str, Any]:
    """What a pipeline is called with; the texts' embeddings come from this side, as kept ones do."""
    import torch
    from torch.utils._pytree import tree_map

    asked: dict[str, Any] = tree_map(lambda one: upload(one, painter.pipes.device), drawn) | {
        "width": size[0], "height": size[1], "num_inference_steps": model.steps, "guidance_scale": model.guidance,
        "generator": [torch.Generator("cpu").manual_seed(number) for number in range(batch)],
    }  # fmt: skip
    return asked | {"num_frames": size[2]} if size[2] > 1 else asked


def _begun(painter: Painter, model: Model, size: tuple[int, int, int], drawn: dict[str, Any], batch: int) -> Any:
    """Pictures or films that are waited for later."""
    if size[2] > 1:
        return films.begun(painter, _asked(painter, model, size, drawn, batch), size, {})
    return painter.paint(painter.pipes.words, _asked(painter, model, size, drawn, batch), batch)


def _call(
    painter: Painter, model: Model, size: tuple[int, int, int], drawn: dict[str, Any], batch: int, eager: bool,
    spent: dict[str, float],
) -> None:  # fmt: skip
    """From embeddings to bytes on this side; a film is an MP4 afterwards. `spent`: gets the seconds of encoding."""
    import torch

    pipe, asked = painter.pipes.words, _asked(painter, model, size, drawn, batch)
    if eager and size[2] > 1:
        with quiet():
            films.plain(pipe, asked, size, spent)
    elif eager:
        with torch.inference_mode(), quiet():
            made = pipe(**asked, output_type="np", return_dict=False)[0]
        [(np.asarray(one) * 255).round().astype(np.uint8) for one in made]
    elif size[2] > 1:
        _wait(films.begun(painter, asked, size, spent))
    else:
        _wait(painter.paint(pipe, asked, batch))


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
