"""A worker process and its card: how many of the machine's cores go with it, how much of its memory, and whether it still works."""

from __future__ import annotations

import importlib.util
import math
import os
import socket
from pathlib import Path
from typing import Any

from creative.errors import RunnerError

_DRIVER = Path("/proc/driver/nvidia/version")
_GROUP = Path("/sys/fs/cgroup")
_BROKEN = ("cuda error", "no cuda gpus are available", "unspecified launch failure", "device-side assert")
"""What torch says once a card or a process' context on it is beyond use: whatever it is asked from then on, it says again.
Memory that is out is none of these.
"""


class CardBroken(RunnerError):
    """The process can do nothing more with its card: an Xid, memory that cannot be corrected, a card that fell off its bus."""


def is_broken(error: BaseException) -> bool:
    """Whether every later call of this process would end like this."""
    text = f"{type(error).__name__}: {error}".lower()
    return "out of memory" not in text and isinstance(error, RuntimeError) and any(one in text for one in _BROKEN)


def name(ids: list[int | str]) -> str:
    """A card, for people and for what is remembered of it; nothing where there is none."""
    return f"{socket.gethostname()}, GPU {','.join(map(str, ids))}" if ids else ""


def look() -> None:
    """Raise CardBroken where the machine has NVIDIA's driver, and torch finds no card: the next process would find none either."""
    if not _DRIVER.exists() or importlib.util.find_spec("torch") is None:
        return
    import torch

    if torch.version.cuda and not torch.cuda.is_available():
        raise CardBroken("there is NVIDIA's driver, and torch finds no card that works: see nvidia-smi and dmesg (Xid)")


def give_way(steps: int) -> None:
    """Where there is a card, whoever only computes beside it has a core after whoever feeds it: packing first (2), then the steps
    that need no card (4). Who feeds a card works for some microseconds and waits again; a core too late, the card stands still.
    """
    if _DRIVER.exists():
        os.nice(steps)


def keep_to(part: float) -> None:
    """Of a card that others use as well, no more memory than the part asked for: what is beyond is out of memory, as on a small
    card, instead of being taken from the others.
    """
    if not 0 < part < 1 or importlib.util.find_spec("torch") is None:
        return
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(part)


def memory(device: Any) -> int:
    """Bytes of a card that this process may take: all of it, or its part."""
    import torch

    whole = torch.cuda.get_device_properties(device).total_memory
    return int(whole * torch.cuda.get_per_process_memory_fraction(device))


def cores(part: float, cards: float, folder: Path = _GROUP) -> int:
    """How many cores go with a part of one of the machine's cards; at least one.

    Asked on the machine itself: what Ray may give away there can be nothing at all, so that cheaper machines have the work
    of cores, and pictures have to be packed beside their card all the same.
    """
    return max(1, int(_own_cores(folder) * part / max(cards, part, 1e-6) + 1e-6))


def _own_cores(folder: Path) -> int:
    """What this process may keep busy: its affinity, or its container's limit (cgroup, version 2 or 1), if that is less."""
    there = len(os.sched_getaffinity(0))
    for file, most in (
        (folder / "cpu.max", None),
        (folder / "cpu" / "cpu.cfs_quota_us", folder / "cpu" / "cpu.cfs_period_us"),
    ):
        try:
            quota, period = (file.read_text().split() if most is None else (file.read_text(), most.read_text()))[:2]
            if int(quota) > 0:
                return max(1, min(there, math.ceil(int(quota) / int(period))))
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return there
