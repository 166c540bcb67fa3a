"""A night with nothing to make: what the farm itself costs for each step, beside what Ray alone does.

    python -m tests.benchmarks.rehearsal [--steps 50000] [--workers 2] [--postgres [URL]] [--again]

The planning benchmark's brief with as many segments as it takes, planned by the real planner, run by CampaignRun on Ray over
a store in a directory and a registry (SQLite, and PostgreSQL where it is asked for); only the backends make nothing
(`tests.support.null`). Beside it, in the same process, Ray alone: as many calls of actors that do nothing, with the same
number of calls and payloads of the same size; and once more with a call for each step. `--again` runs the finished plan once more: what finding nothing to do costs.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import os
import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from creative import session as sessions
from creative.backends import BackendSpec
from creative.brief.brief import Brief
from creative.catalogue import load_catalogue
from creative.running.campaign import CampaignRun
from creative.running.port import Batch, Outcome, Runner
from creative.settings import settings
from creative.store import open_store, read_receipt, receipt_keys
from creative.store.receipts import write_receipt
from tests.benchmarks.planning import write_brief
from tests.support.null import null_table
from tests.support.postgres import started

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE = 50
_OWN_SERVER = "a server of its own"


class Timed:
    """Passes every call on and adds up how often each method was called and how long it took."""

    def __init__(self, of: Any) -> None:
        self._of = of
        self.calls: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return found(*arguments, **named)
            finally:
                self.calls[name] += 1
                self.seconds[name] += time.perf_counter() - started  # type: ignore[assignment]  # seconds are floats

        return call

    def most(self, steps: int) -> str:
        """The total, and the three methods that took most of it, in ms a step."""
        total = sum(self.seconds.values()) * 1000 / steps
        named = ", ".join(
            f"{name} {seconds * 1000 / steps:.3f} ({self.calls[name]} calls)"
            for name, seconds in self.seconds.most_common(4)
        )
        return f"{total:.3f} ms a step: {named}"


class Watched:
    """A runner that counts batches and weighs every fiftieth, on its way there and back."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.sizes: Counter[int] = Counter()
        self.there: list[int] = []
        self.back: list[int] = []
        self.waited = 0.0

    def free(self, spec: BackendSpec) -> int:
        return self.runner.free(spec)

    def submit(self, batch: Batch) -> None:
        self.sizes[len(batch.steps)] += 1
        if batch.id % _SAMPLE == 1:
            self.there.append(len(pickle.dumps(batch, 5)))
        self.runner.submit(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        started = time.perf_counter()
        landed = self.runner.wait(timeout)
        self.waited += time.perf_counter() - started
        self.back += [len(pickle.dumps(outcomes, 5)) for number, outcomes in landed if number % _SAMPLE == 1]
        return landed

    def kill(self, batch: int) -> None:
        self.runner.kill(batch)

    def close(self) -> None:
        self.runner.close()


@dataclasses.dataclass(frozen=True)
class Cpu:
    """CPU-seconds: of this process, of the workers, of Ray's own processes, and of a database below this process."""

    driver: float = 0.0
    workers: float = 0.0
    ray: float = 0.0
    database: float = 0.0

    @property
    def total(self) -> float:
        return self.driver + self.workers + self.ray + self.database


class Clock:
    """Reads what processes have used so far; `since` it was made. Of those that end meanwhile nothing is counted."""

    def __init__(self) -> None:
        self._driver, self._others = time.process_time(), _descendants()

    def since(self) -> Cpu:
        used: Counter[str] = Counter()
        for pid, (spent, whose) in _descendants().items():
            used[whose] += spent - self._others.get(pid, (0.0, ""))[0]  # type: ignore[assignment]  # seconds are floats
        return Cpu(time.process_time() - self._driver, **used)


def _descendants() -> dict[int, tuple[float, str]]:
    """CPU-seconds of every process below this one by pid, and whose they are: a field of `Cpu`."""
    parents, spent, names = dict[int, int](), dict[int, float](), dict[int, bytes]()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                pid = int(entry.name)
                names[pid] = (entry / "cmdline").read_bytes()
                parents[pid], spent[pid] = int(fields[1]), sum(map(int, fields[11:13])) / _TICKS
    found = {}
    for pid, above in parents.items():
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid():
            found[pid] = (spent[pid], _whose(names[pid]))
    return found


def _whose(command: bytes) -> str:
    if command.startswith((b"ray::Hands", b"ray::Bare")):
        return "workers"
    return "database" if b"postgres" in command.split(b" ")[0] else "ray"


@dataclasses.dataclass
class Figures:
    """What a run took."""

    steps: int
    batches: int
    wall: float
    cpu: Cpu
    there: int = 0
    back: int = 0

    def line(self, what: str) -> str:
        def each(seconds: float) -> str:
            return f"{seconds * 1000 / self.steps:.2f}"

        cpu = self.cpu
        database = f", database {each(cpu.database)}" if cpu.database else ""
        return (
            f"{what:14} {self.steps:>6} steps {self.batches:>6} calls  {self.wall:>6.1f} s wall   ms a step: wall {each(self.wall)}, "
            f"CPU {each(cpu.total)} (driver {each(cpu.driver)}, workers {each(cpu.workers)}, Ray's processes {each(cpu.ray)}{database})"
        )


def resident() -> float:
    """MB of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


def rehearse(folder: Path, steps: int, workers: int, registry: str | None = None, *, again: bool = False) -> Figures:
    """Run a plan of about so many steps into `folder`; prints what it took, and returns it."""
    table = folder / "null.yaml"
    table.write_text(null_table(), "utf-8")
    options = dataclasses.replace(
        settings(folder / "out", registry=registry, runner="ray", workers=workers), catalogues=(table,)
    )
    brief = _brief_of(folder, steps)
    with sessions.session(options) as opened:
        world = sessions.in_world(brief, opened.catalogue)
        found = opened.survey(brief, world, {})
        for number in range(1 + again):
            store, index, runner = Timed(opened.store), Timed(opened.registry), Watched(opened.runner())
            with contextlib.closing(runner):
                if not number:
                    runner.free(next(iter(opened.catalogue.specs.values())))  # Ray is up before the clock starts
                clock, started, memory = Clock(), time.perf_counter(), resident()
                run = CampaignRun(brief, world, store, index, runner)  # type: ignore[arg-type]  # they pass all on
                report = run.run(found.segments)
                wall, cpu = time.perf_counter() - started, clock.since()
            made = report.progress.total("made")
            if report.failed or report.assets != sum(found.ads.values()) or (made == 0) != bool(number):
                raise SystemExit(
                    f"the rehearsal failed: {report.status}, {report.failed[:3]}, {report.progress.failures[:3]}"
                )
            figures = Figures(
                sum(found.steps.values()),
                sum(runner.sizes.values()),
                wall,
                cpu,
                _mean(runner.there),
                _mean(runner.back),
            )
            print(figures.line(f"run {number + 1}"), flush=True)
            print(f"  {report.assets} ads; steps in a batch: {dict(sorted(runner.sizes.items()))}")
            print(
                f"  driver: {memory:.0f} MB at the start, {resident():.0f} at the end; waited {runner.waited:.1f} s for workers"
            )
            print(f"  registry, driver: {index.most(figures.steps)}")
            print(f"  store, driver:    {store.most(figures.steps)}")
            if not number:
                first = figures
                print(
                    f"  store, workers:   {_writes(folder, opened.store.url):.3f} ms a step for the same writes alone"
                )
        return first


def _brief_of(folder: Path, steps: int) -> Brief:
    """The planning benchmark's brief with as many segments as come near to so many steps."""
    options, catalogue = settings(folder / "none"), load_catalogue([folder / "null.yaml"])

    def brief(segments: int) -> Brief:
        return sessions.read_brief(write_brief(folder / str(segments), segments), options)

    few = max(1, steps // 300)
    first = brief(few)
    found = sum(sessions.surveyed(first, sessions.in_world(first, catalogue)).steps.values())
    wanted = max(1, round(few * steps / found))
    return first if wanted == few else brief(wanted)


def _mean(values: Sequence[int]) -> int:
    return round(sum(values) / len(values)) if values else 0


def _writes(folder: Path, url: str) -> float:
    """Ms a step to put the blobs and receipts of some steps of the run into another store, with nothing around it."""
    store, other = open_store(url), open_store(str(folder / "other"))
    steps = []
    for _, key in zip(range(1000), receipt_keys(store), strict=False):
        receipt = read_receipt(store, key)
        assert receipt is not None
        steps.append((receipt, [(store.get_blob(blob.sha256), blob.type) for blob in receipt.outputs.values()]))
    started = time.perf_counter()
    for receipt, blobs in steps:
        for data, type_ in blobs:
            other.put_blob(data, type_)
        write_receipt(other, receipt)
    return (time.perf_counter() - started) * 1000 / len(steps)


def bare(figures: Figures, workers: int) -> Figures:
    """Ray alone: the same number of calls with payloads of the same sizes, one in flight for each of as many actors."""
    import ray

    class Bare:
        def run(self, batch: bytes) -> bytes:
            return batch[:1] * figures.back

    ours = not ray.is_initialized()
    if ours:
        quiet = {"include_dashboard": False, "logging_level": logging.ERROR, "log_to_driver": False}
        ray.init("local", num_cpus=workers, **quiet)
    actors = [ray.remote(Bare).options(num_cpus=1).remote() for _ in range(workers)]
    try:
        ray.get([actor.run.remote(b"") for actor in actors])
        batch, left = bytes(figures.there), figures.batches
        clock, started = Clock(), time.perf_counter()
        flights: dict[Any, Any] = {}
        while left or flights:
            for actor in set(actors) - set(flights.values()):
                if left:
                    flights[actor.run.remote(batch)] = actor
                    left -= 1
            done, _ = ray.wait(list(flights), num_returns=1, timeout=1.0)
            for ref in done:
                ray.get(ref)
                del flights[ref]
        wall, cpu = time.perf_counter() - started, clock.since()
        return dataclasses.replace(figures, wall=wall, cpu=cpu)
    finally:
        for actor in actors:
            ray.kill(actor)
        if ours:
            ray.shutdown()


def compare(ours: Figures, workers: int) -> None:
    """Print what Ray alone takes: for as many calls as the run made, and for a call a step."""
    each = dataclasses.replace(
        ours,
        batches=ours.steps,
        there=ours.there * ours.batches // ours.steps,
        back=ours.back * ours.batches // ours.steps,
    )
    for what, asked in (("Ray, as called", ours), ("Ray, each step", each)):
        alone = bare(asked, workers)
        print(alone.line(what))
        ratio = f"CPU {ours.cpu.total / alone.cpu.total:.1f}, wall {ours.wall / alone.wall:.1f}"
        print(f"  payloads of {alone.there} and {alone.back} bytes; the run takes as many times that: {ratio}")


@contextlib.contextmanager
def _own_tests_are_importable() -> Iterator[None]:
    """Workers import the null backends from here."""
    root, before = str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = root if before is None else f"{root}{os.pathsep}{before}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def main(arguments: Sequence[str] = ()) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rehearsal")
    parser.add_argument("--steps", type=int, default=50_000, help="about how many steps")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--postgres", metavar="URL", nargs="?", const=_OWN_SERVER,
        help="run again with a registry in this empty database; without URL, in a server that is started for it",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="run the finished plan once more")
    said = parser.parse_args(arguments)
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    with contextlib.ExitStack() as stack:
        registries: list[str | None] = [None]
        if said.postgres == _OWN_SERVER:
            server = stack.enter_context(started(fsync="on", full_page_writes="on"))  # as durable as in production
            registries.append(server.new_schema())
        elif said.postgres:
            registries.append(said.postgres)
        for registry in registries:
            print("registry in PostgreSQL" if registry else "registry in SQLite", flush=True)
            with tempfile.TemporaryDirectory() as folder, _own_tests_are_importable():
                ours = rehearse(Path(folder), said.steps, said.workers, registry, again=said.again)
                compare(ours, said.workers)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
