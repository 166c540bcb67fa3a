"""One call of a pipeline, and its decoding: on a GPU beside the denoising of the next batch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
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
                pixels, finite = _fetched(pixels, finite)
                done = torch.cuda.Event()
                done.record(self._stream)
            return _each(pixels, finite, count, done)

    def film(self, pipe: Any, asked: Mapping[str, Any]) -> Iterator[Seen]:
        """One film in parts, in order, (frames, h, w, 3) each: while one is looked at, the card decodes the next ones."""
        import torch

        decoder = self.pipes.film_decoder
        if decoder is None or self._stream is None or self.pipes.offloaded or pipe.vae.use_tiling:
            yield from (one() for one in self.paint(pipe, asked, 1))
            return
        waiting: list[tuple[Any, Any, Any]] = []
        with torch.inference_mode(), quiet():
            with held_back(pipe.vae) as held:
                pipe(**asked, output_type="pt", return_dict=False)
            ((latents, _, _),) = held
            self._stream.wait_stream(torch.cuda.current_stream(self.pipes.device))
            with torch.cuda.stream(self._stream):
                latents.record_stream(self._stream)
                for values in decoder.parts(latents.to(pipe.vae.dtype)):
                    waiting.append((*_fetched(*_bytes(values)), torch.cuda.Event()))
                    waiting[-1][2].record(self._stream)
        for pixels, finite, done in waiting:
            done.synchronize()
            yield Seen(np.asarray(pixels[0]), bool(finite[0]))

    def whole(self, pipe: Any, asked: Mapping[str, Any]) -> Seen:
        """One film, all of it."""
        parts = list(self.film(pipe, asked))
        return Seen(np.concatenate([part.pixels for part in parts]), all(part.finite for part in parts))

    def release(self) -> None:
        """Give back what a call that went wrong left behind."""
        gc.collect()
        if self.pipes.device.type == "cuda":
            import torch

            torch.cuda.synchronize(self.pipes.device)
            torch.cuda.empty_cache()


def _decoded(vae: Any, latents: Any, rest: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, Any]:
    """As `_bytes`, of latents."""
    return _bytes(vae.decode(latents.to(vae.dtype), *rest, **named, return_dict=False)[0])


def _bytes(values: Any) -> tuple[Any, Any]:
    """Values of -1 to 1 as bytes (batch, [frames,] h, w, 3), and for each picture whether it was finite."""
    import torch

    finite = torch.isfinite(values).flatten(1).all(1)
    values = torch.nan_to_num(values.float() / 2 + 0.5).clamp(0, 1) * 255
    order = (0, 2, 3, 1) if values.ndim == 4 else (0, 2, 3, 4, 1)
    return values.round().to(torch.uint8).permute(*order).contiguous(), finite


def _fetched(*made: Any) -> tuple[Any, ...]:
    """Copies on this side of the card, which are complete when its stream has come so far."""
    import torch

    return tuple(torch.empty_like(one, device="cpu", pin_memory=True).copy_(one, non_blocking=True) for one in made)


def _each(pixels: Any, finite: Any, count: int, done: Any) -> list[Callable[[], Seen]]:
    if len(pixels) != count:
        raise RuntimeError(f"the pipeline made {len(pixels)} pictures of {count}")

    def one(number: int) -> Seen:
        if done is not None:
            done.synchronize()
        return Seen(np.asarray(pixels[number].cpu()), bool(finite[number]))

    return [lambda number=number: one(number) for number in range(count)]  # type: ignore[misc]
