"""One call of a pipeline, and its decoding: on a GPU beside the denoising of the next batch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.generate.accept import Pixels
from workers.generate.pipelines import Pipelines, held_back
from workers.models.libraries import quiet


@dataclass(frozen=True, slots=True)
class Seen:
    """What was painted: (h, w, 3) or (frames, h, w, 3), and whether all of it was finite."""

    pixels: Pixels
    finite: bool


class Painter:
    """Calls pipelines of one device. Their VAE decodes in a stream of its own where there is one."""

    def __init__(self, pipes: Pipelines) -> None:
        self.pipes = pipes
        self._stream: Any = None
        if pipes.device.type == "cuda":
            import torch

            self._stream = torch.cuda.Stream(pipes.device)

    def paint(self, pipe: Any, asked: Mapping[str, Any], count: int) -> Sequence[Callable[[], Seen]]:
        """The pipeline's pictures, in order: each a function that waits until it is decoded."""
        import torch

        with torch.inference_mode(), quiet():
            with held_back(pipe.vae) as held:
                pipe(**asked, output_type="pt", return_dict=False)
            ((latents, rest, named),) = held
            if self._stream is None or self.pipes.offloaded:
                return _each(*_decoded(pipe.vae, latents, rest, named), count, None)
            self._stream.wait_stream(torch.cuda.current_stream(self.pipes.device))
            with torch.cuda.stream(self._stream):
                latents.record_stream(self._stream)
                pixels, finite = _decoded(pipe.vae, latents, rest, named)
                pixels = torch.empty_like(pixels, device="cpu", pin_memory=True).copy_(pixels, non_blocking=True)
                finite = torch.empty_like(finite, device="cpu", pin_memory=True).copy_(finite, non_blocking=True)
                done = torch.cuda.Event()
                done.record(self._stream)
            return _each(pixels, finite, count, done)

    def release(self) -> None:
        """Give back what a call that went wrong left behind."""
        gc.collect()
        if self.pipes.device.type == "cuda":
            import torch

            torch.cuda.synchronize(self.pipes.device)
            torch.cuda.empty_cache()


def _decoded(vae: Any, latents: Any, rest: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, Any]:
    """Bytes (batch, [frames,] h, w, 3), and for each picture whether it was finite."""
    import torch

    values = vae.decode(latents.to(vae.dtype), *rest, **named, return_dict=False)[0]
    finite = torch.isfinite(values).flatten(1).all(1)
    values = torch.nan_to_num(values.float() / 2 + 0.5).clamp(0, 1) * 255
    order = (0, 2, 3, 1) if values.ndim == 4 else (0, 2, 3, 4, 1)
    return values.round().to(torch.uint8).permute(*order).contiguous(), finite


def _each(pixels: Any, finite: Any, count: int, done: Any) -> list[Callable[[], Seen]]:
    if len(pixels) != count:
        raise RuntimeError(f"the pipeline made {len(pixels)} pictures of {count}")

    def one(number: int) -> Seen:
        if done is not None:
            done.synchronize()
        return Seen(np.asarray(pixels[number].cpu()), bool(finite[number]))

    return [lambda number=number: one(number) for number in range(count)]  # type: ignore[misc]
