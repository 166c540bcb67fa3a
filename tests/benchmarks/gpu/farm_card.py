"""The backend as it is, which writes down what its card and its threads did when: for `farm` only."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from creative.backends import BackendSpec, Made, Task
from tests.benchmarks.gpu.farm_model import pretended
from workers.generate.images import DiffusersImage, Job
from workers.generate.packing import Packing

LOG = "CREATIVE_FARM_LOG"
_TICKS = os.sysconf("SC_CLK_TCK")


class Watched(DiffusersImage):
    """Times are of `time.time()`. Lines: {"what", "from", "to", "count"}; what: make (a batch, from its coming to its end), told
    (its words read by the encoders), launched (the thread that feeds the card), card (the card itself, by its own events).
    A line of make has the CPU-seconds until then: of this process (`own`), of those that pack for it (`packing`).
    """

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        import torch

        self._with_card = torch.cuda.is_available()
        super().__init__(spec if self._with_card else pretended(spec), threads)
        self._packing = Packing(threads)
        self._file = Path(os.environ.get(LOG, os.devnull)).open("a", buffering=1)  # noqa: SIM115  as long as the process
        self._writing = threading.Lock()
        self._base: tuple[Any, float] | None = None

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """As it is."""
        began = time.time()
        results = super().make(tasks)
        packing = sum(_cpu_s(child.pid or 0) for child in multiprocessing.active_children())
        self._note("make", began, time.time(), len(tasks), own=_cpu_s(os.getpid()), packing=packing)
        return results

    def _told(self, drafts: Sequence[Any]) -> Any:
        began = time.time()
        found = super()._told(drafts)
        self._note("told", began, time.time(), len(drafts))
        return found

    def _paint(self, jobs: Sequence[Job]) -> Sequence[Callable[[], Any]]:
        began = time.time()
        if not self._with_card:
            painted = super()._paint(jobs)
            self._note("card", began, time.time(), len(jobs), around=jobs[0].around)
            return painted
        import torch

        if self._base is None:
            torch.cuda.synchronize()
            base = torch.cuda.Event(enable_timing=True)
            base.record()
            base.synchronize()
            self._base = base, time.time()
        first, last = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        first.record()
        painted = super()._paint(jobs)
        stream = self._painter._stream
        last.record(stream if stream is not None else torch.cuda.current_stream())
        self._note("launched", began, time.time(), len(jobs))
        base, at = self._base

        def noted() -> Any:
            seen = painted[-1]()
            last.synchronize()
            self._note(
                "card", at + base.elapsed_time(first) / 1e3, at + base.elapsed_time(last) / 1e3, len(jobs),
                around=jobs[0].around, peak=torch.cuda.max_memory_allocated() / 1e9,
            )  # fmt: skip
            return seen

        return [*painted[:-1], noted]

    def _note(self, what: str, began: float, ended: float, count: int, **more: float) -> None:
        with self._writing:
            self._file.write(json.dumps({"what": what, "from": began, "to": ended, "count": count, **more}) + "\n")


def _cpu_s(pid: int) -> float:
    """Seconds that a process has had of a core so far, in its own code and in the system's; 0 for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS
