"""One call of a pipeline, and its decoding: on a GPU beside the denoising of the next batch."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.generate.accept import Pixels
from workers.generate.pipelines import Pipelines, held_back
from workers.generate.pixels import as_bytes
from workers.generate.unasked import unasked
from workers.models.libraries import quiet


@dataclass(frozen=True, slots=True)
class Seen:
    """What was painted: (h, w, 3) or (frames, h, w, 3), and whether all of it was finite."""

    pixels: Pixels
    finite: bool


_Waiting = tuple[Any, Any, Any]
"""Pixels and whether they are finite, on this side of the card when the event has come; None where nothing is waited for."""


class Painter:
    """Calls pipelines of one device. Their VAE decodes in a stream of its own where there is one."""

    def __init__(self, pipes: Pipelines) -> None:
        self.pipes = pipes
        for pipe in pipes.each():
            unasked(pipe, pipes.device)
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

    def films(self, pipe: Any, asked: Mapping[str, Any], count: int) -> list[Iterator[Seen]]:
        """The pipeline's films, in order, each in parts (frames, h, w, 3): while one part is looked at, a card decodes the next.

        On a card all of it is begun here, and nothing is waited for: another call may follow at once.
        """
        import torch

        beside = self._stream is not None and not self.pipes.offloaded
        with torch.inference_mode(), quiet():
            with held_back(pipe.vae) as held:
                pipe(**asked, output_type="pt", return_dict=False)
            ((latents, rest, named),) = held
            if len(latents) != count:
                raise RuntimeError(f"the pipeline made {len(latents)} films of {count}")
            if not beside:
                return [_shown(list(self._parts(pipe.vae, latents, rest, named, one, count))) for one in range(count)]
            self._stream.wait_stream(torch.cuda.current_stream(self.pipes.device))
            films: list[list[_Waiting]] = [[] for _ in range(count)]
            with torch.cuda.stream(self._stream):
                latents.record_stream(self._stream)
                for number, film in enumerate(films):
                    for pixels, finite, _ in self._parts(pipe.vae, latents, rest, named, number, count):
                        # Whoever waits sleeps: for a minute, sometimes, and encoders have a use for that core.
                        film.append((*_fetched(pixels, finite), torch.cuda.Event(blocking=True)))
                        film[-1][2].record(self._stream)
            return [_shown(film) for film in films]

    def _parts(
        self, vae: Any, latents: Any, rest: tuple[Any, ...], named: Mapping[str, Any], number: int, count: int
    ) -> Iterator[_Waiting]:
        """One film of a batch, decoded: pixels (1, frames, h, w, 3), whether they are finite, and nothing to wait for."""
        own = latents[number : number + 1].to(vae.dtype)
        decoder = None if self.pipes.offloaded or getattr(vae, "use_tiling", False) else self.pipes.film_decoder
        if decoder is not None:
            yield from ((pixels, finite, None) for pixels, finite in decoder.parts(own))
            return
        alone = [one[number : number + 1] if getattr(one, "ndim", 0) and len(one) == count else one for one in rest]
        yield (*_decoded(vae, own, tuple(alone), named), None)

    def film(self, pipe: Any, asked: Mapping[str, Any]) -> Iterator[Seen]:
        """One film alone, in parts."""
        return self.films(pipe, asked, 1)[0]

    def release(self) -> None:
        """Give back what a call that went wrong left behind."""
        gc.collect()
        if self.pipes.device.type == "cuda":
            import torch

            torch.cuda.synchronize(self.pipes.device)
            torch.cuda.empty_cache()


def _decoded(vae: Any, latents: Any, rest: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, Any]:
    """As `as_bytes`, of latents."""
    return as_bytes(vae.decode(latents.to(vae.dtype), *rest, **named, return_dict=False)[0])


def _fetched(*made: Any) -> tuple[Any, ...]:
    """Copies on this side of the card, which are complete when its stream has come so far."""
    import torch

    return tuple(torch.empty_like(one, device="cpu", pin_memory=True).copy_(one, non_blocking=True) for one in made)


def _shown(parts: list[_Waiting]) -> Iterator[Seen]:
    """One film's parts, as they are there; each is let go of when the next is asked for."""
    parts.reverse()
    while parts:
        pixels, finite, done = parts.pop()
        if done is not None:
            done.synchronize()
        yield Seen(np.asarray(pixels[0].cpu()), bool(finite[0]))


def _each(pixels: Any, finite: Any, count: int, done: Any) -> list[Callable[[], Seen]]:
    if len(pixels) != count:
        raise RuntimeError(f"the pipeline made {len(pixels)} pictures of {count}")

    def one(number: int) -> Seen:
        if done is not None:
            done.synchronize()
        return Seen(np.asarray(pixels[number].cpu()), bool(finite[number]))

    return [lambda number=number: one(number) for number in range(count)]  # type: ignore[misc]  # mypy cannot infer a lambda's default
