"""The Runner on Ray: a bounded number of batches over actors that have answered.

Every CPU core of the cluster gets one generic actor, which loads whatever CPU backend a batch names; a backend that wants
a GPU gets actors of its own, one backend at a time. A dead actor loses its batch (the loop splits or retries it) and is
replaced. Workers report their package version and the catalogue that they read; another than the driver's is refused.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError, RayTaskError

from creative.backends import BackendSpec
from creative.catalogue import load_catalogue
from creative.errors import RunnerError
from creative.running.port import Batch, Outcome, Status, Worksite
from creative.signals import held
from creative.version import VERSION
from workers.work import Workshop

_START_SECONDS = 120.0
_LOCAL = "local"
_CPU = "cpu"
_STILLBORN = 5
_IDLE_SECONDS = 1.0
_INNOCENT = (
    "node has died",
    "node was ",
    "node_died",
    "node_out_of_memory",
    "low on memory",
    "above threshold",
    "exceeded threshold",
)
"""What Ray 2.60 says of an actor whose machine died or had no memory left: that may be any batch's doing, or none's."""


class Hands:
    """The actor: one Workshop in a Ray worker process."""

    def __init__(self, site: Worksite, threads: int) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        self.workshop = Workshop(site, threads)
        self.catalogue = load_catalogue(Path(table) for table in site.tables).digest if site.catalogue else ""

    def hello(self) -> dict[str, str]:
        """Who this is, with the catalogue as it is on this machine: what the driver compares before any work is given."""
        return {"version": VERSION, "catalogue": self.catalogue, "pid": str(os.getpid())}

    def begin(self) -> None:
        """Sent before each batch: an idle actor that died before it answered this did not die of the batch."""

    def run(self, batch: Batch) -> list[Outcome]:
        """See `workers.work.Workshop.run`."""
        return self.workshop.run(batch)


@dataclass(slots=True)
class _Member:
    """One actor of the driver's: `group` is "cpu" or a GPU backend; `ready` once it has answered; `seen` when it last did."""

    handle: Any
    group: str
    hello: Any
    started: float
    seen: float = 0.0
    ready: bool = False
    batch: Batch | None = None


@dataclass(slots=True)
class _Flight:
    member: _Member
    batch: Batch
    begun: Any
    idle: float
    killed: bool = field(default=False)


@contextlib.contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except RayError as error:
        raise RunnerError(f"Ray failed: {_first_line(error)}") from error


class RayRunner:
    """See `creative.running.port.Runner`. `address`: a cluster's, or "local" for Ray on this machine."""

    def __init__(self, site: Worksite, address: str = _LOCAL, workers: int | None = None) -> None:
        self.site = site if address == _LOCAL else replace(site, cache="")  # each machine has a place of its own
        self.address = address
        self.workers = workers
        self._ours = False
        self._members: list[_Member] = []
        self._flights: dict[Any, _Flight] = {}
        self._stillborn: Counter[str] = Counter()
        self._gpus: dict[str, float] = {}
        self._started = False

    @_plain_words()
    def free(self, spec: BackendSpec) -> int:
        """Idle actors that have answered; starts Ray and the actors at the first call, which waits for one of them."""
        self._start()
        group = _group(spec)
        if spec.resources.gpu:
            self._make_room(group)
            if not self._of(group):
                self._hire_gpu(spec)
        self._greet(group)
        return sum(member.ready and member.batch is None for member in self._of(group))

    @_plain_words()
    def submit(self, batch: Batch) -> None:
        """Give the batch to an idle actor."""
        for member in self._of(_group(batch.spec)):
            if member.ready and member.batch is None:
                member.batch = batch
                begun = member.handle.begin.remote()
                self._flights[member.handle.run.remote(batch)] = _Flight(
                    member, batch, begun, time.monotonic() - member.seen
                )
                return
        raise RunnerError("no idle worker: ask free() first")

    @_plain_words()
    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        """See `Runner.wait`."""
        if not self._flights:
            time.sleep(min(timeout, 0.05))
            return ()
        done, _ = ray.wait(list(self._flights), num_returns=1, timeout=timeout)
        if len(self._flights) > 1 and done:  # take all that is there, without waiting
            done, _ = ray.wait(list(self._flights), num_returns=len(self._flights), timeout=0)
        return [self._land(ref) for ref in done]

    def kill(self, batch: int) -> None:
        """End the batch's actor."""
        for flight in self._flights.values():
            if flight.batch.id == batch:
                flight.killed = True
                _end(flight.member)

    def close(self) -> None:
        """End every actor, and Ray where this runner started it. Interrupts wait until that is done.

        One that cuts `ray.shutdown` short leaves a driver without a core worker: the next use of Ray, if only an
        ObjectRef that is freed, ends the process without a word, exit code 1 (Ray 2.60).
        """
        with held():
            for member in self._members:
                _end(member)
            self._members.clear()
            self._flights.clear()
            self._stillborn.clear()
            if self._ours:
                ray.shutdown()
            self._ours = self._started = False

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        if not ray.is_initialized():
            # Ray 2.60 asks whether it should fill CUDA_VISIBLE_DEVICES even where no GPU is asked for.
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
            options["address"] = self.address  # named even if local: else Ray would join any cluster that it finds
            if self.address == _LOCAL:
                options |= {"include_dashboard": False, "num_cpus": self.workers}
            self._ours = True  # from here on there may be something to end
            try:
                # An exception thrown into its start leaves Ray half made; a cluster that does not answer takes long.
                with held(patience=1) as came:
                    try:
                        ray.init(**options)
                    except SystemExit as error:  # Ray's own answer to SIGTERM, whose handler it replaces
                        if error.code != signal.SIGTERM:
                            raise
                        came.append(signal.SIGTERM)
            except (RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
                raise RunnerError(f"Ray could not be started at {self.address}: {error}") from error
        cores = int(ray.cluster_resources().get("CPU", 0))
        for _ in range(max(1, min(self.workers or cores, cores))):
            self._hire(_CPU)
        while not any(member.ready for member in self._members):
            ray.wait([member.hello for member in self._members], timeout=1.0)
            self._greet(_CPU)

    def _of(self, group: str) -> list[_Member]:
        return [member for member in self._members if member.group == group]

    def _hire(self, group: str) -> None:
        resources = {"num_cpus": 0, "num_gpus": self._gpus[group]} if group in self._gpus else {"num_cpus": 1}
        actor = ray.remote(Hands).options(max_restarts=0, max_task_retries=0, **resources)
        handle = actor.remote(self.site, 1)
        self._members.append(_Member(handle, group, handle.hello.remote(), time.monotonic()))

    def _hire_gpu(self, spec: BackendSpec) -> None:
        gpus = ray.cluster_resources().get("GPU", 0)
        if gpus < spec.resources.gpu:
            raise RunnerError(f"{spec.name} needs {spec.resources.gpu} GPU; the cluster has {gpus:g}")
        self._gpus[_group(spec)] = spec.resources.gpu
        for _ in range(int(gpus / spec.resources.gpu)):
            self._hire(_group(spec))

    def _make_room(self, group: str) -> None:
        """One GPU backend at a time: the idle actors of others go, since fixed pools starve each other."""
        for member in list(self._members):
            if member.group not in (_CPU, group) and member.batch is None:
                _end(member)
                self._members.remove(member)

    def _greet(self, group: str) -> None:
        """Mark the actors that have answered, without waiting; replace those that died before they could."""
        fresh = [member for member in self._of(group) if not member.ready]
        if fresh:
            answered, _ = ray.wait([member.hello for member in fresh], num_returns=len(fresh), timeout=0)
            for member in fresh:
                if member.hello in answered:
                    self._welcome(member)
        members = self._of(group)
        if any(member.ready for member in members):
            return
        if not members:
            raise RunnerError(f"no {group} worker is left: those that ended could not be replaced")
        if time.monotonic() - max(member.started for member in members) > _START_SECONDS:
            raise RunnerError(f"no {group} worker answered within {_START_SECONDS:.0f} s")

    def _welcome(self, member: _Member) -> None:
        try:
            hello = ray.get(member.hello)
        except RayError as error:
            reason = str(error.cause) if isinstance(error, RayTaskError) else _last_line(error)
            self._replace(member)
            self._stillborn[member.group] += 1
            if self._stillborn[member.group] > _STILLBORN:
                self._members.pop()  # the one just hired: that leads nowhere
                if not any(other.ready for other in self._of(member.group)):
                    raise RunnerError(f"a worker could not start: {reason}") from error
            return
        ours = {"version": VERSION, "catalogue": self.site.catalogue}
        theirs = {name: hello[name] for name in ours}
        if theirs != ours:
            raise RunnerError(f"a worker runs {theirs}, this command {ours}: install the same package on both")
        member.ready, member.seen = True, time.monotonic()
        self._stillborn[member.group] = 0

    def _replace(self, member: _Member) -> None:
        _end(member)
        self._members.remove(member)
        self._hire(member.group)

    def _land(self, ref: Any) -> tuple[int, Sequence[Outcome]]:
        flight = self._flights.pop(ref)
        member, batch = flight.member, flight.batch
        member.batch, member.seen = None, time.monotonic()
        if flight.killed:  # even if it answered just before: its actor is gone
            self._replace(member)
        try:
            return batch.id, ray.get(ref)
        except RayError as error:
            reason = _first_line(error)
            if flight.killed:
                return batch.id, [Outcome(step.key, "lost", reason="its worker was ended") for step in batch.steps]
            if isinstance(error, RayTaskError):  # the batch could not be sent or read; the actor is well
                return batch.id, [Outcome(step.key, "unavailable", reason=reason) for step in batch.steps]
            guilty = _is_guilty(error) and self._has_begun(flight)
            self._replace(member)
            self._ask_again()
            status: Status = "lost" if guilty else "unavailable"
            return batch.id, [Outcome(step.key, status, reason=f"its worker died: {reason}") for step in batch.steps]

    def _has_begun(self, flight: _Flight) -> bool:
        """An answer that was on its way is lost with its actor: where there is none, a short idle time says the same."""
        if flight.idle < _IDLE_SECONDS:
            return True
        try:
            ray.get(flight.begun, timeout=0)
        except RayError:
            return False
        return True

    def _ask_again(self) -> None:
        """After a death, every idle actor has to say that it is there: what killed one may have killed others."""
        for member in self._members:
            if member.ready and member.batch is None:
                member.ready, member.hello, member.started = False, member.handle.hello.remote(), time.monotonic()


def _group(spec: BackendSpec) -> str:
    """All CPU backends share their actors; a GPU backend has its own."""
    return f"{spec.kind} {spec.name}" if spec.resources.gpu else _CPU


def _end(member: _Member) -> None:
    with contextlib.suppress(RayError, ValueError):
        ray.kill(member.handle, no_restart=True)


def _is_guilty(error: RayError) -> bool:
    """Whether the actor died by itself, so that its batch may be what kills."""
    if not isinstance(error, RayActorError) or isinstance(error, ActorUnavailableError) or error.preempted:
        return False
    text = str(error).lower()
    return not any(words in text for words in _INNOCENT)


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip()[:300] if lines else type(error).__name__


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
