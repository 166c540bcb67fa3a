"""What becomes of a painted picture on the way to its step's outputs: cut, product before it, layers, PNG. No card is needed.

It takes longer than a fast card paints: so a worker with a card has it done in child processes, which end with it.
"""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from creative.backends import Made
from workers.cards import give_way
from workers.generate.accept import Pixels
from workers.generate.compose import composed
from workers.generate.shapes import Shape
from workers.scene import develop, layers
from workers.scene.calm import calm
from workers.scene.cutout import open_photo
from workers.scene.frame import Frame

_MOST = 16
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture as it came from the card, (h, w, 3), and what its step wants of it. `around`: the product was there
    while it was painted. `notes` are for the receipt.
    """

    pixels: Pixels
    shape: Shape
    geometry: Frame
    cutout: Path | None
    seed: int
    around: bool
    notes: Mapping[str, Any]


def packed(painted: Painted) -> Made:
    """A step's outputs (kind `scene`: see `creative.steps.KINDS`)."""
    geometry, notes = painted.geometry, dict(painted.notes)
    ground = painted.shape.cut(Image.fromarray(painted.pixels))
    cutout = None if painted.cutout is None else photo(painted.cutout)
    side = 0.0
    if cutout is None:
        image, parts = ground, layers.flat(ground.size)
    else:
        side = develop.light_side(cutout, np.random.default_rng(painted.seed))
        done = composed(ground, cutout, geometry.box, side, painted=painted.around)
        image, parts = done.image, done.parts
        notes["product_px_unchanged"] = done.unchanged
    meta = {
        "width": geometry.width,
        "height": geometry.height,
        "product": list(geometry.box) if cutout is not None else None,
        "plate": list(parts.box) if parts.box else None,
        "set": "painted",
        "light": ("left" if side < 0 else "right") if side else None,
        "calm": [list(box) for box in calm(image, geometry.box if cutout is not None else None)],
    }
    outputs = {"image": layers.png(image), "meta": json.dumps(meta, sort_keys=True).encode(), **parts.outputs()}
    return Made(outputs, notes)


def photo(path: Path) -> Image.Image:
    """The product's photo; the last few are kept. Nobody changes it. Raises StepRefused as `open_photo`."""
    status = path.stat()
    return _photo(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(4)
def _photo(path: Path, *_: int) -> Image.Image:
    return open_photo(path)


class Packing:
    """`packed` elsewhere: in `processes` children, or in a thread of this process if that is less than two."""

    def __init__(self, processes: int) -> None:
        self.processes = min(processes, _MOST)
        self._own = threading.Lock()
        self._pool: ProcessPoolExecutor | ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Have the children begin now, beside what takes long itself: each imports what it needs."""
        if self.processes > 1:
            with self._own:
                for _ in range(self.processes):
                    self._here().submit(_ready)

    def submit(self, painted: Painted) -> Future[Made]:
        """Begin. A child that died, for want of memory for instance, is an OSError of the result, not the end of all."""
        with self._own:
            try:
                return self._here().submit(packed, painted)
            except BrokenProcessPool:
                self._pool = None
                return self._here().submit(packed, painted)

    def close(self) -> None:
        """End the children."""
        with self._own:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    def _here(self) -> ProcessPoolExecutor | ThreadPoolExecutor:
        if self._pool is None:
            if self.processes < 2:
                self._pool = ThreadPoolExecutor(1, "packing")
            else:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self.processes, context, initializer=_begin)
        return self._pool


def _begin() -> None:
    """A child's first act: one thread, no card, and an end with its parent, however that comes."""
    give_way(2)
    for name in _THREADS:
        os.environ[name] = "1"
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _ready() -> None:
    """This module is imported by then."""


def _end_with(wait: Callable[[], None]) -> None:
    wait()
    os._exit(1)
