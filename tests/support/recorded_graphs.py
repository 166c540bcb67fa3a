"""A card's graphs without a card: `torch.cuda.CUDAGraph` stood in for by one that records every operation of a capture, with
the very tensors that it read and wrote, and does them again at each replay.

What Python computes while a step is captured is frozen, as on a card; a step that makes a new tensor and leaves it somewhere, reads
what another graph left in their shared memory, asks for a value, copies from the host or draws a random number is found here.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

_ASKS = ("_local_scalar_dense", "lift_fresh", "nonzero", "equal", "is_nonzero")
_DRAWS = ("rand", "randn", "normal", "normal_", "uniform_", "bernoulli", "multinomial", "exponential_", "randperm", "native_dropout")  # fmt: skip


class Stream:
    """A stream: only its place in the order of things counts."""

    def wait_stream(self, other: Stream) -> None:
        """Nothing to wait for."""


class Recorded:
    """One graph. What it made lives in its pool, and is of no use any more once another graph of that pool has run."""

    pools: dict[object, weakref.WeakSet[Recorded]] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.steps: list[tuple[Any, Any, Any, Any]] = []
        self.made: list[Tensor] = []
        self.pool: object = None
        self.replays = 0

    def replay(self) -> None:
        """All operations again, on the tensors of the capture."""
        for other in self.pools[self.pool]:
            if other is not self:
                for tensor in other.made:
                    _spoil(tensor)
        for func, args, kwargs, results in self.steps:
            again = func(*args, **kwargs)
            for kept, new in zip(results, tree_flatten(again)[0], strict=False):  # what works in place has no results
                if isinstance(kept, Tensor):
                    kept.copy_(new)
        self.replays += 1


class _Record(TorchDispatchMode):  # type: ignore[misc]  # of a module without types
    """Records; what changes a tensor in place is not done, since nothing runs during a capture."""

    def __init__(self, graph: Recorded) -> None:
        super().__init__()
        self.graph = graph

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.removeprefix("aten::")
        if name in _ASKS:
            raise RuntimeError(f"a value is asked for, or brought from the host, while a graph is captured: {name}")
        if name in _DRAWS:
            raise RuntimeError(f"a random number is drawn while a graph is captured: {name}")
        if func._schema.is_mutable:
            self.graph.steps.append((func, args, kwargs, ()))
            changed = [
                value
                for value, said in zip(args, func._schema.arguments, strict=False)
                if said.alias_info is not None and said.alias_info.is_write
            ]
            return changed[0] if len(func._schema.returns) == 1 else tuple(changed) if func._schema.returns else None
        made = func(*args, **kwargs)
        flat = tree_flatten(made)[0]
        given = {_memory(one) for one in tree_flatten((args, kwargs))[0] if isinstance(one, Tensor)}
        if any(isinstance(one, Tensor) and _memory(one) in given for one in flat):
            return made  # the same memory, seen otherwise
        self.graph.steps.append((func, args, kwargs, flat))
        for tensor in flat:
            if isinstance(tensor, Tensor):
                self.graph.made.append(tensor)
                _spoil(tensor)  # nothing was computed
        return made


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _spoil(tensor: Tensor) -> None:
    """A value that nobody can mistake for a result, within what may index another tensor."""
    if tensor.is_floating_point():
        tensor.fill_(float("nan"))
    else:
        tensor.zero_()


@contextlib.contextmanager
def recorded(monkeypatch: Any) -> Iterator[list[Recorded]]:
    """Within it graphs are recorded ones; all that were captured, in order."""
    graphs: list[Recorded] = []

    @contextlib.contextmanager
    def graph(one: Recorded, pool: object = None, capture_error_mode: str = "global") -> Iterator[None]:
        assert capture_error_mode == "thread_local"
        one.pool = pool
        Recorded.pools.setdefault(pool, weakref.WeakSet()).add(one)
        graphs.append(one)
        with _Record(one):
            yield

    current = Stream()
    beside: list[Stream] = []

    @contextlib.contextmanager
    def stream(one: Stream) -> Iterator[None]:
        beside.append(one)
        yield
        beside.pop()

    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "Stream", Stream)
        patch.setattr(torch.cuda, "stream", stream)
        patch.setattr(torch.cuda, "current_stream", lambda: beside[-1] if beside else current)
        patch.setattr(torch.cuda, "graph_pool_handle", object)
        patch.setattr(torch.cuda, "CUDAGraph", Recorded)
        patch.setattr(torch.cuda, "graph", graph)
        yield graphs
