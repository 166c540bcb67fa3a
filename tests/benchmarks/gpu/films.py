"""A film from embeddings to its MP4, by the code that makes the farm's clips: `Painter.films` and `reels.filmed`."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from creative.errors import AttemptRefused
from workers.generate.accept import Accepting, Pixels, Watched
from workers.generate.painting import Painter, Seen
from workers.generate.reels import Reel, Set, filmed
from workers.generate.shapes import shape

_RATE = 16
_ENCODING = ThreadPoolExecutor(3, "encoding")
"""As many films are encoded at once as in the farm."""


def begun(painter: Painter, asked: dict[str, Any], size: tuple[int, int, int], spent: dict[str, float]) -> list[Any]:
    """A batch of films on their way, each with a function that waits for its MP4. `spent`: gets the seconds of encoding."""
    films = painter.films(painter.pipes.words, asked, len(asked["generator"]))
    return [_ENCODING.submit(encoded, parts, size, spent).result for parts in films]


def plain(pipe: Any, asked: dict[str, Any], size: tuple[int, int, int], spent: dict[str, float]) -> None:
    """The library's own way: all frames on this side, and then the same encoder."""
    import torch

    with torch.inference_mode():
        made = pipe(**asked, output_type="np", return_dict=False)[0]
    for one in made:
        frames = (np.asarray(one) * 255).round().astype(np.uint8)
        encoded([Seen(frames, True)], size, spent)


def encoded(parts: Iterable[Seen], size: tuple[int, int, int], spent: dict[str, float]) -> None:
    """The film as MP4, each frame once. `spent`: gets the seconds in which the encoder did not wait for frames."""
    wide, high, frames = size
    bare = Image.new("RGB", (wide, high))
    reel = Reel(Set(bare, None, (0, 0, 1, 1), 1.0), shape((wide, high), [(wide, high)], None), frames, _RATE, frames, _RATE, False)  # fmt: skip
    waited = [0.0]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        filmed(_waited(parts, waited), reel, _Any(Accepting(), frames, ""), Path(name) / "film.mp4")
    spent["mp4"] = spent.get("mp4", 0.0) + time.perf_counter() - began - waited[0]


def _waited(parts: Iterable[Seen], waited: list[float]) -> Iterator[Seen]:
    left = iter(parts)
    while True:
        began = time.perf_counter()
        part = next(left, None)
        waited[0] += time.perf_counter() - began
        if part is None:
            return
        yield part


class _Any(Watched):
    """Looks as it is looked in the farm, and bears whatever random weights make."""

    def add(self, frames: Pixels, finite: bool) -> None:
        with contextlib.suppress(AttemptRefused):
            super().add(frames, finite)

    def end(self) -> None:
        with contextlib.suppress(AttemptRefused):
            super().end()
