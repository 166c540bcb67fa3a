"""One network's call kept as a CUDA graph: its thousands of launches become one, which counts where the card is faster than
Python (small networks, batch 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MOST = 8
"""How many forms of a call are kept: each holds its own memory."""


class Graphed:
    """A function of tensors on a card, replayed from a graph of its own for each form of its arguments.

    A form that cannot be recorded (it asks the card for a number, or an argument is no plain value) is called as it is, now
    and later.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._kept: dict[Any, tuple[Any, list[Any], Any] | None] = {}

    def __call__(self, *args: Any, **named: Any) -> Any:
        import torch
        from torch.utils._pytree import tree_flatten, tree_map

        leaves, form = tree_flatten((args, named))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        key = (str(form), *(_said(leaf) for leaf in leaves))
        if not tensors or any(one.device.type != "cuda" for one in tensors) or torch.is_grad_enabled():
            return self.function(*args, **named)
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                return self.function(*args, **named)
            self._kept[key] = self._record(leaves, form)
        kept = self._kept[key]
        if kept is None:
            return self.function(*args, **named)
        graph, inside, answer = kept
        for there, given in zip(inside, tensors, strict=True):
            there.copy_(given)
        graph.replay()
        # The next call of this form overwrites the graph's own answer; a guided step needs both of its two.
        return tree_map(lambda one: one.clone() if isinstance(one, torch.Tensor) else one, answer)

    def _record(self, leaves: list[Any], form: Any) -> tuple[Any, list[Any], Any] | None:
        import torch
        from torch.utils._pytree import tree_unflatten

        own = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        args, named = tree_unflatten(own, form)
        here = torch.cuda.current_stream()
        beside = torch.cuda.Stream()
        beside.wait_stream(here)
        with torch.cuda.stream(beside):  # what is compiled, tuned or allocated once, is so before anything is recorded
            for _ in range(3):
                self.function(*args, **named)
        here.wait_stream(beside)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                answer = self.function(*args, **named)
        except Exception:  # noqa: BLE001  whatever a library does that a graph cannot hold
            torch.cuda.synchronize()
            return None
        return graph, [leaf for leaf in own if isinstance(leaf, torch.Tensor)], answer


def _said(leaf: Any) -> Any:
    """What of an argument decides which graph it is."""
    import torch

    if isinstance(leaf, torch.Tensor):
        return tuple(leaf.shape), str(leaf.dtype)  # however it lies in memory: it is copied
    return leaf if isinstance(leaf, str | int | float | bool | None) else (type(leaf).__name__, id(leaf))
