"""What work costs: CPU-seconds of this process and all its descendants, in interleaved rounds, as medians.

Wall time says little on a machine that others use too; CPU time says what a machine is paid for. Rounds are interleaved
(ours, theirs, ours, theirs, ...), so that a machine that changes its speed changes it for all.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu() -> float:
    """CPU-seconds so far: of this process with its threads, of children that ended, and of all living descendants."""
    times = os.times()
    # The system's own count goes by hundredths of a second; of this process it is known to the nanosecond.
    total = time.process_time() + times.children_user + times.children_system
    # user, system, and what ended children of theirs took: fields 14 to 17 of proc(5), a hundredth of a second each.
    return total + sum(sum(int(figure) for figure in _fields(pid)[11:15]) * _TICK for pid in _descendants())


def _descendants() -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _fields(int(entry.name))):
            parents[int(entry.name)] = int(found[1])
    found_, ring = [], {os.getpid()}
    while ring:
        ring = {pid for pid, parent in parents.items() if parent in ring}
        found_ += sorted(ring)
    return found_


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may have spaces; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU-seconds for one thing (an image, a film): the median of rounds, the least and the most."""

    median: float
    least: float
    most: float
    rounds: int

    @property
    def a_second(self) -> float:
        """How many a core makes in a second."""
        return 1 / self.median

    def faster_than(self, other: Cost) -> str:
        """How many times as fast this is as `other`, by the medians."""
        return f"{other.median / self.median:.1f}"


def interleaved(work: Mapping[str, Callable[[], int]], rounds: int, warm: int = 1) -> dict[str, Cost]:
    """Each of `work` in turn, `rounds` times. A call does its work and returns how many things it made.

    `warm` rounds before them are not counted.
    """
    taken: dict[str, list[float]] = {name: [] for name in work}
    for number in range(warm + rounds):
        for name, call in work.items():
            before = cpu()
            made = call()
            took = (cpu() - before) / made
            if number >= warm:
                taken[name].append(max(took, 1e-9))
    return {name: Cost(statistics.median(times), min(times), max(times), len(times)) for name, times in taken.items()}


def machine() -> str:
    """The machine in one line: processor, cores, memory, system, load now."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {pages:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load:.1f}"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
