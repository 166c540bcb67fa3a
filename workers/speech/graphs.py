"""One step of a loop, many times: replayed as a CUDA graph on a GPU, called as it is elsewhere.

A step of a small speaking model is hundreds of short kernels, and launching them from Python takes longer than running them.
A graph launches all of them at once; what it reads and writes must stay at its place in memory, in the same shapes. So the
number of lines is rounded up to a few sizes, and so is the length of the past that attention looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import torch

_WARM = 2  # calls before a capture: libraries choose kernels and take workspaces in the first


class Graphs:
    """Steps by key. `on`: capture and replay; else each step is called."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self._pool: Any = None
        self._kept: dict[Hashable, torch.cuda.CUDAGraph] = {}

    @property
    def keys(self) -> list[Hashable]:
        """Of what is captured."""
        return list(self._kept)

    def prepare(self, key: Hashable, step: Callable[[], None]) -> None:
        """Capture a step if its key is new. It is called a few times for that: begin the loop's state afterwards."""
        if not self.on or key in self._kept:
            return
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(_WARM):
                step()
        torch.cuda.current_stream().wait_stream(beside)
        if self._pool is None:
            self._pool = torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        # What other threads do with the card meanwhile, such as copying a finished batch from it, is no part of the graph.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            step()
        self._kept[key] = graph

    def run(self, key: Hashable, step: Callable[[], None]) -> None:
        """One step: the graph of that key, else the call."""
        graph = self._kept.get(key)
        if graph is None:
            step()
        else:
            graph.replay()

    def forget(self, wanted: Callable[[Any], bool] = lambda _: True) -> None:
        """Give back the graphs whose key is `wanted`: what they read is about to move."""
        for key in [key for key in self._kept if wanted(key)]:
            del self._kept[key]
        if not self._kept:
            self._pool = None


def lines(count: int, on: bool) -> int:
    """How many lines a step is made for: with graphs the next power of two, up to 64, then multiples of 64."""
    if not on:
        return count
    return 1 << (count - 1).bit_length() if count <= 64 else up(count, 64)


def up(number: int, to: int) -> int:
    """The least multiple of `to` that is not below `number`."""
    return -(-number // to) * to
