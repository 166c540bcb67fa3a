"""The Runner on Ray: a bounded number of batches over actors that have answered.

Every CPU core of the cluster gets one generic actor, which loads whatever CPU backend a batch names; a backend that wants
a GPU gets actors of its own, one backend at a time. A dead actor loses its batch (the loop splits or retries it) and is
replaced. Workers report their package version and catalogue; another than the driver's is refused.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError

from creative.backends import BackendSpec
from creative.errors import RunnerError
from creative.running.port import Batch, Outcome, Worksite
from creative.version import VERSION
from workers.work import Workshop

_START_SECONDS = 120.0
_LOCAL = "local"


class Hands:
    """The actor: one Workshop in a Ray worker process."""

    def __init__(self, site: Worksite, threads: int) -> None:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
        self.workshop = Workshop(site, threads)

    def hello(self) -> dict[str, str]:
        """Who this is: what the driver compares before any work is given."""
        return {"version": VERSION, "catalogue": self.workshop.site.catalogue, "pid": str(os.getpid())}

    def run(self, batch: Batch) -> list[Outcome]:
        """See `workers.work.Workshop.run`."""
        return self.workshop.run(batch)


@dataclass(slots=True)
class _Member:
    """One actor of the driver's: `group` is "cpu" or a GPU backend's name; `ready` once it has answered."""

    handle: Any
    group: str
    hello: Any
    started: float
    ready: bool = False
    batch: Batch | None = None


@dataclass(slots=True)
class _Flight:
    member: _Member
    batch: Batch
    killed: bool = field(default=False)


class RayRunner:
    """See `creative.running.port.Runner`. `address`: a cluster's, or "local" for Ray on this machine."""

    def __init__(self, site: Worksite, address: str = _LOCAL, workers: int | None = None) -> None:
        self.site = site
        self.address = address
        self.workers = workers
        self._ours = False
        self._members: list[_Member] = []
        self._flights: dict[Any, _Flight] = {}
        self._started = False

    def free(self, spec: BackendSpec) -> int:
        """Idle actors that have answered; starts Ray and the actors at the first call."""
        self._start()
        group = spec.name if spec.resources.gpu else "cpu"
        if group != "cpu" and not any(member.group == group for member in self._members):
            self._hire_gpu(spec)
        self._greet(group)
        return sum(1 for member in self._members if member.group == group and member.ready and member.batch is None)

    def submit(self, batch: Batch) -> None:
        """Give the batch to an idle actor."""
        group = batch.spec.name if batch.spec.resources.gpu else "cpu"
        for member in self._members:
            if member.group == group and member.ready and member.batch is None:
                member.batch = batch
                self._flights[member.handle.run.remote(batch)] = _Flight(member, batch)
                return
        raise RunnerError("no idle worker: ask free() first")

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
                ray.kill(flight.member.handle, no_restart=True)

    def close(self) -> None:
        """End every actor, and Ray where this runner started it."""
        for member in self._members:
            with contextlib.suppress(RayError, ValueError):
                ray.kill(member.handle, no_restart=True)
        self._members.clear()
        self._flights.clear()
        if self._ours and ray.is_initialized():
            ray.shutdown()
        self._started = False

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        if not ray.is_initialized():
            # Ray 2.60 asks whether it should fill CUDA_VISIBLE_DEVICES even where no GPU is asked for.
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
            if self.address == _LOCAL:
                options |= {"include_dashboard": False, "num_cpus": self.workers}
            else:
                options["address"] = self.address
            try:
                ray.init(**options)
            except (RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
                raise RunnerError(f"Ray could not be started at {self.address}: {error}") from error
            self._ours = True
        cores = int(ray.cluster_resources().get("CPU", 0))
        for _ in range(max(1, min(self.workers or cores, cores))):
            self._hire("cpu", {"num_cpus": 1}, 1)
        self._greet("cpu")

    def _hire(self, group: str, resources: dict[str, Any], threads: int) -> None:
        actor = ray.remote(Hands).options(max_restarts=0, max_task_retries=0, **resources)
        handle = actor.remote(self.site, threads)
        self._members.append(_Member(handle, group, handle.hello.remote(), time.monotonic()))

    def _hire_gpu(self, spec: BackendSpec) -> None:
        """One GPU backend at a time: others' idle actors go first, since fixed pools starve each other."""
        for member in [member for member in self._members if member.group not in ("cpu", spec.name)]:
            if member.batch is None:
                ray.kill(member.handle, no_restart=True)
                self._members.remove(member)
        gpus = ray.cluster_resources().get("GPU", 0)
        if gpus < spec.resources.gpu:
            raise RunnerError(f"{spec.name} needs {spec.resources.gpu} GPU; the cluster has {gpus:g}")
        for _ in range(int(gpus / spec.resources.gpu)):
            self._hire(spec.name, {"num_cpus": 0, "num_gpus": spec.resources.gpu}, 1)

    def _greet(self, group: str) -> None:
        """Mark the actors that have answered; wait for the first one of a group that has none yet."""
        while True:
            fresh = [member for member in self._members if member.group == group and not member.ready]
            if not fresh:
                return
            have_one = any(member.group == group and member.ready for member in self._members)
            answered, _ = ray.wait([member.hello for member in fresh], timeout=0 if have_one else 1.0)
            for member in fresh:
                if member.hello in answered:
                    self._welcome(member)
                elif not have_one and time.monotonic() - member.started > _START_SECONDS:
                    raise RunnerError(f"no {group} worker answered within {_START_SECONDS:.0f} s")
            if have_one or any(member.ready for member in fresh):
                return

    def _welcome(self, member: _Member) -> None:
        try:
            hello = ray.get(member.hello)
        except RayTaskError as error:
            self._members.remove(member)
            raise RunnerError(f"a worker could not start: {error.cause}") from error
        except RayError as error:
            self._members.remove(member)
            raise RunnerError(f"a worker ended at its start: {error}") from error
        ours = {"version": VERSION, "catalogue": self.site.catalogue}
        theirs = {name: hello[name] for name in ours}
        if theirs != ours:
            raise RunnerError(f"a worker runs {theirs}, this command {ours}: install the same package on both")
        member.ready = True

    def _land(self, ref: Any) -> tuple[int, Sequence[Outcome]]:
        flight = self._flights.pop(ref)
        member, batch = flight.member, flight.batch
        member.batch = None
        try:
            return batch.id, ray.get(ref)
        except RayActorError as error:
            reason = "its worker was ended" if flight.killed else f"its worker died: {_first_line(error)}"
            self._members.remove(member)
            threads = 1
            if member.group == "cpu":
                self._hire("cpu", {"num_cpus": 1}, threads)
            else:
                self._hire(member.group, {"num_cpus": 0, "num_gpus": batch.spec.resources.gpu}, threads)
            return batch.id, [Outcome(step.key, "lost", reason=reason) for step in batch.steps]
        except RayError as error:
            reason = _first_line(error)
            return batch.id, [Outcome(step.key, "unavailable", reason=reason) for step in batch.steps]


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
