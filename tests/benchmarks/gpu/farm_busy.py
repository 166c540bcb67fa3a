"""How busy Ray keeps the card, said while it runs: nothing is lost by an end that comes early. A part of `farm`."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from creative.backends import BackendSpec
from creative.prompts import Way
from creative.records import Receipt
from creative.signals import terminate_cleanly
from tests.benchmarks.gpu.farm_model import row, said
from tests.benchmarks.gpu.farm_report import report, so_far
from tests.benchmarks.gpu.farm_scenes import windows

_EVERY_S = 0.1
_NAMES: dict[Way, str] = {"with_product": "around the product", "surroundings": "from words, product laid before it"}


class Until:
    """A budget (`creative.running.budget.Budget`) that ends with a moment, or when so many were made."""

    def __init__(self, deadline: float, most: int) -> None:
        self.deadline, self.most, self.made = deadline, most, 0

    def spent(self, receipt: Receipt, spec: BackendSpec) -> None:
        """One more."""
        del receipt, spec
        self.made += 1

    def wasted(self, seconds: float, spec: BackendSpec) -> None:
        """Of no interest."""

    def why_stop(self, spec: BackendSpec) -> str | None:
        """When it is time."""
        del spec
        return "the benchmark's time is up" if self.over() else None

    def over(self) -> bool:
        """Whether nothing more is to be begun."""
        return time.monotonic() >= self.deadline or self.made >= self.most


class Sampler:
    """What a driver says of the card, ten times a second: the share of its last moment in which a kernel ran."""

    def __init__(self, ask: Callable[[], int] | None, by: str) -> None:
        self.ask, self.by = ask, by
        self.found: list[tuple[float, int]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Until `ended`. A question that fails is asked again."""
        while self.ask is not None and not self.ended.wait(_EVERY_S):
            with contextlib.suppress(Exception):
                self.found.append((time.time(), self.ask()))


def measure(
    folder: Path, ways: Sequence[Way], side: int, seconds: float, *, most: int, cpus: int, every: float, pretend: str
) -> None:
    """Paint by Ray for `seconds` in all, or until `most` of each were made; print what came of it, whatever ends it.

    A line each `every` seconds, the report so far in FOLDER/report.txt. `pretend`: the card that there is none of
    (`farm_pretended.PRETEND`), or nothing for a real one.
    """
    import ray

    from creative.registry import open_registry
    from creative.running.port import Worksite
    from creative.store import open_store
    from creative.world import Media
    from tests.benchmarks.gpu.farm_card import LOG
    from tests.benchmarks.gpu.farm_pretended import PRETEND
    from workers.ray_runner import RayRunner

    ends = time.monotonic() + seconds
    run = folder / f"run-{time.time_ns()}"
    run.mkdir()
    log = run / "card.jsonl"
    store = open_store(str(run / "store"))
    registry = open_registry(run / "registry.db", store.id)
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    more = {"num_gpus": 1} if pretend else {}
    ray.init("local", num_cpus=cpus, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False, **more)
    terminate_cleanly()  # Ray has a handler of its own
    passed = ("CREATIVE_", "TORCHINDUCTOR")
    environment = tuple((name, value) for name, value in os.environ.items() if name.startswith(passed))
    site = Worksite(store.url, str(folder / "cache"), "", (), (*environment, (LOG, str(log)), (PRETEND, pretend)))
    runner = RayRunner(site, workers=cpus)
    landed: list[tuple[float, int]] = []
    done: list[str] = []
    try:
        with _sampled(log if pretend else None) as sampler:
            for number, way in enumerate(ways):
                left = max(0.0, ends - time.monotonic())
                until = Until(time.monotonic() + left / (len(ways) - number), most)

                def tell(way: Way = way, until: Until = until) -> str:
                    lines = [f"{_NAMES[way]}: {until.made} pictures made"]
                    lines += report(said(log), way == "with_product", sampler.found, sampler.by, landed)
                    (folder / "report.txt").write_text("\n".join([*done, *lines]) + "\n", "utf-8")
                    return "\n".join(lines)

                def line(way: Way = way) -> str:
                    return so_far(said(log), way == "with_product", sampler.found)

                with _told(tell, line, every) as last:
                    failed = _run(store, registry, runner, row(folder), Media(), way, side, until, landed, number)
                done.append(last[0])
                for reason in failed[:3]:
                    print(f"  FAILED {reason}", flush=True)
    finally:
        runner.close()
        ray.shutdown()
        registry.close()


def _run(
    store: Any, registry: Any, runner: Any, spec: BackendSpec, media: Any, way: Way, side: int, until: Until,
    landed: list[tuple[float, int]], number: int,
) -> list[str]:  # fmt: skip
    """One loop of the farm's own; what failed, in words."""
    from creative.running.loop import Loop
    from creative.running.progress import Progress

    def observe(progress: Progress) -> None:
        landed.append((time.time(), progress.total("made")))

    loop = Loop(
        store, registry, runner, {(spec.kind, spec.name): spec}, media,
        begin=lambda: None, commit=lambda *_: None, observe=observe, budget=until,
    )  # fmt: skip
    progress = loop.run(windows(media, spec, way, side, number * 1_000_000, lambda: not until.over()))
    return [f"{failure.status}: {failure.reason}" for failure in progress.failures]


@contextlib.contextmanager
def _told(tell: Callable[[], str], line: Callable[[], str], every: float) -> Iterator[list[str]]:
    """Within it a line is printed each `every` seconds; in the end, however it comes, the report, which is yielded in a list."""
    began, ended, last = time.monotonic(), threading.Event(), [""]

    def say() -> None:
        while not ended.wait(every):
            print(f"  {time.monotonic() - began:6.1f} s: {line()}", flush=True)
            tell()

    thread = threading.Thread(target=say, daemon=True)
    thread.start()
    try:
        yield last
    finally:
        ended.set()
        thread.join()
        last[0] = tell()
        print(f"busy: {time.monotonic() - began:.1f} s\n{last[0]}", flush=True)


@contextlib.contextmanager
def _sampled(pretended: Path | None) -> Iterator[Sampler]:
    sampler = Sampler(*_asker(pretended))
    thread = threading.Thread(target=sampler.run, daemon=True)
    thread.start()
    try:
        yield sampler
    finally:
        sampler.ended.set()
        thread.join()


def _asker(pretended: Path | None) -> tuple[Callable[[], int] | None, str]:
    """Who is asked about the card: NVML's package, NVIDIA's command, or, of one that is pretended, its own clock."""
    if pretended is not None:
        from tests.benchmarks.gpu.farm_pretended import is_busy, shared

        there = shared(pretended.with_suffix(".card"))
        return lambda: is_busy(there), "a pretended card's clock"
    try:
        import pynvml  # type: ignore[import-not-found,unused-ignore]

        pynvml.nvmlInit()
        card = pynvml.nvmlDeviceGetHandleByIndex(0)
        return lambda: int(pynvml.nvmlDeviceGetUtilizationRates(card).gpu), "NVML"
    except Exception as error:  # noqa: BLE001  whatever is wrong with it, the rest is worth measuring
        reason = f"no NVML: {type(error).__name__}"
    asked = ["nvidia-smi", "-i", "0", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        return None, f"{reason}, no nvidia-smi: {type(error).__name__}"
    return lambda: int(
        subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout
    ), "nvidia-smi"
