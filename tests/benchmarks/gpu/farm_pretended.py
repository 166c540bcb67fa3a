"""A card that is only pretended: the farm's real actor, threads, packing and store around kernels that are seconds on a clock.

What is launched takes the launching thread as long as small operations of torch do, each of which lets the interpreter's lock
go; the card works them off one after another, at most `_DEEP` behind, as CUDA's own queue. So all that the host has to do for a
picture is really done, beside everything else that this machine does, and what of it lets a card wait can be counted without one.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from creative.backends import BackendSpec
from tests.benchmarks.gpu.farm_card import LOG, Watched
from workers.generate.images import Job
from workers.generate.painting import Seen

PRETEND = "CREATIVE_FARM_PRETEND"
"""Milliseconds of card a picture, launches a batch, small operations a launch: "175,7600,4" is about SDXL on an H100."""
_DEEP = 1024
_TOLD_S = 0.05


class Card:
    """Until when it has work, by `time.time()`, kept in a file that whoever samples it reads."""

    def __init__(self, file: Path) -> None:
        self._map = shared(file)
        self._ends: deque[float] = deque()
        self.until = 0.0

    def launch(self, seconds: float) -> None:
        """One kernel, after all before it. Waits, as a launch does, while too many are ahead."""
        now = time.time()
        self.until = max(self.until, now) + seconds
        struct.pack_into("d", self._map, 0, self.until)
        self._ends.append(self.until)
        if len(self._ends) > _DEEP and (wait := self._ends.popleft() - now) > 0:
            time.sleep(wait)


def shared(file: Path) -> mmap.mmap:
    """Eight bytes that several processes see."""
    with file.open("a+b") as there:
        if there.seek(0, os.SEEK_END) < 8:
            there.write(bytes(8))
            there.flush()
        return mmap.mmap(there.fileno(), 8)


def is_busy(there: mmap.mmap) -> int:
    """What a driver would say of the pretended card at this moment: 100 or 0."""
    return 100 if time.time() < struct.unpack_from("d", there)[0] else 0


class Pretended(Watched):
    """`Watched` on such a card."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        super().__init__(spec, threads)
        each, self._launches, self._small = map(int, os.environ.get(PRETEND, "20,400,4").split(","))
        self._each_s = each / 1e3
        self._there = Card(Path(os.environ[LOG]).with_suffix(".card"))
        self._drawn: dict[tuple[int, int], Any] = {}

    def _load(self) -> Any:
        if self._pipes is None:
            self._packing.start()
            self._pipes = _NoPipes()  # type: ignore[assignment]
        return self._pipes

    def _told(self, drafts: Sequence[Any]) -> Any:
        began = time.time()
        self._load()
        self._begun_at = max(began, self._there.until)
        self._there.launch(_TOLD_S)
        time.sleep(max(0.0, self._there.until - time.time()))  # what was read comes back to the host
        groups: dict[Any, list[tuple[int, Job]]] = {}
        for number, draft in drafts:
            groups.setdefault((draft.shape.name, draft.canvas is None), []).append((number, Job(draft, {})))
        self._note("told", began, time.time(), len(drafts))
        return list(groups.values())

    def _painted(self, jobs: Sequence[Job]) -> list[Callable[[], Seen]]:
        import torch

        began, card = time.time(), self._there
        kernel, numbers = self._each_s * len(jobs) / self._launches, torch.zeros(16)
        first, self._begun_at = min(self._begun_at, max(began, card.until)), math.inf
        for _ in range(self._launches):
            for _ in range(self._small):
                numbers = numbers + 1.0
            card.launch(kernel)
        last = card.until
        self._note("launched", began, time.time(), len(jobs))
        self._note("card", first, last, len(jobs), around=jobs[0].around)

        def seen(number: int) -> Callable[[], Seen]:
            def one() -> Seen:
                time.sleep(max(0.0, last - time.time()))
                return Seen(self._picture(jobs[number]), finite=True)

            return one

        return [seen(number) for number in range(len(jobs))]

    def _picture(self, job: Job) -> Any:
        """Something that takes an encoder as long as a photograph does, another for each wish."""
        size = job.draft.shape.made
        if size not in self._drawn:
            self._drawn[size] = _drawn(size)
        pixels = self._drawn[size].copy()
        pixels[0, :21] = np.frombuffer(bytes.fromhex(job.wish[:63].ljust(126, "0")), np.uint8).reshape(21, 3)
        return pixels


class _NoPipes:
    """In place of `workers.generate.pipelines.Pipelines`: nothing is loaded."""

    def quicken(self) -> None:
        pass

    def close(self) -> None:
        pass


def _drawn(size: tuple[int, int]) -> Any:
    dice = np.random.default_rng(7)
    rough = Image.fromarray(dice.integers(30, 226, (24, 24, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    soft = np.asarray(rough.filter(ImageFilter.GaussianBlur(2))).astype(np.int16)
    return np.clip(soft + dice.normal(0, 2, soft.shape).round().astype(np.int16), 0, 255).astype(np.uint8)
