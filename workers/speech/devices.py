"""Where and how a neural voice runs: device, number format, seeds, memory. All of it is data in the row's options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from creative.errors import UsageError

if TYPE_CHECKING:
    import torch

DTYPES = ("float32", "bfloat16", "float16")


def device_of(options: Mapping[str, Any]) -> str:
    """The option `device`: auto (cuda where there is one, else cpu), cpu or cuda. Raises UsageError for cuda without one."""
    import torch

    told = str(options.get("device", "auto"))
    if told == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if told == "cuda" and not torch.cuda.is_available():
        raise UsageError("the row says `device: cuda`, and torch sees no GPU here: `device: auto` runs on either")
    if told not in ("cpu", "cuda"):
        raise UsageError(f"the row says `device: {told}`: there is auto, cpu and cuda")
    return told


def dtype_of(options: Mapping[str, Any], device: str) -> torch.dtype:
    """The option `dtype` on a GPU; float32 on a CPU, where halves are slower and rounder. Raises UsageError."""
    import torch

    told = str(options.get("dtype", "float32"))
    if told not in DTYPES:
        raise UsageError(f"the row says `dtype: {told}`: there is {', '.join(DTYPES)}")
    found: torch.dtype = getattr(torch, told) if device != "cpu" else torch.float32
    return found


@contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Random numbers of torch from this seed on inside, and from where they were afterwards."""
    import torch

    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
