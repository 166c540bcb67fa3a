"""Getting into a Ray cluster, and waiting for room in it; what goes wrong is said in plain words.

Which address is good for what (Ray 2.60):

    auto, host:6379     from a machine of the cluster itself: the driver needs a raylet beside it
    ray://host:10001    from anywhere that reaches the head; the driver's calls go through a process there
    http://host:8265    the jobs API, for `creative submit`: no run of this process
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import ray
from ray.exceptions import AuthenticationError, RayError

from creative.backends import BackendSpec
from creative.errors import RunnerError, UsageError
from creative.places import plain_place
from creative.running.port import FLIGHTS
from creative.signals import held

LOCAL = "local"
_HOST_PORT = re.compile(r"[A-Za-z0-9_.-]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5}")
_TOKEN = (
    "set RAY_AUTH_MODE=token, and the cluster's token in RAY_AUTH_TOKEN, or its file in RAY_AUTH_TOKEN_PATH "
    "(~/.ray/auth_token, if left out)"
)
_START_S = 120.0
_REMOTE_START_S = 300.0
_BUSY_S = 3600.0
_NONE_S = 900.0  # long enough for an autoscaler's first machine
_SAY_S = 60.0
_LOOK_S = 2.0


def check_address(address: str) -> str:
    """`address`, if a run can be driven over it. Raises UsageError that says what is."""
    if address in (LOCAL, "auto") or _HOST_PORT.fullmatch(address):
        return address
    scheme = urlsplit(address).scheme if "://" in address else ""
    if scheme == "ray" and _HOST_PORT.fullmatch(address.removeprefix("ray://")):
        return address
    shown = plain_place(address)
    if scheme in ("http", "https"):
        raise UsageError(
            f"--address {shown} is the cluster's jobs API: use creative submit with it; creative run takes auto or "
            "host:6379 on a machine of the cluster, and ray://host:10001 from elsewhere"
        )
    raise UsageError(
        f"--address {shown}: write auto or host:6379 (on a machine of the cluster), ray://host:10001 (from elsewhere), or "
        "local (Ray on this machine)"
    )


def connect(address: str, cpus: int | None) -> None:
    """`ray.init`. Raises RunnerError or UsageError. Interrupts wait for its end, since one leaves Ray half made."""
    # Ray 2.60 asks whether it should fill CUDA_VISIBLE_DEVICES even where no GPU is asked for.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    options["address"] = address  # named even if local: else Ray would join any cluster that it finds
    if address == LOCAL:
        options |= {"include_dashboard": False, "num_cpus": cpus}
    logging.getLogger("ray").setLevel(logging.ERROR)  # its client says what it passes on before it reads logging_level
    try:
        with held(patience=1) as came, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what goes wrong is raised too
            try:
                ray.init(**options)
            except SystemExit as error:  # Ray's own answer to SIGTERM, whose handler it replaces
                if error.code != signal.SIGTERM:
                    raise
                came.append(signal.SIGTERM)
    except (RayError, ConnectionError, RuntimeError, ValueError, OSError, ImportError, AssertionError) as error:
        raise _explained(address, error) from error


def _explained(address: str, error: BaseException) -> RunnerError | UsageError:
    """What Ray means."""
    shown = plain_place(address)
    if address == LOCAL:
        return RunnerError(f"Ray could not be started on this machine: {first_line(error)}")
    chain = _chain(error)
    text = "\n".join(str(one) for one in chain)
    if any(isinstance(one, AuthenticationError) for one in chain) or "authentication" in text.lower():
        what = "does not know this token" if "invalid" in text.lower() else "wants a token"
        return UsageError(f"the cluster at {shown} {what}: {_TOKEN}")
    if "ersion mismatch" in text or "versions differ" in text or "version of Ray" in text:
        return UsageError(f"the cluster at {shown} has another version of Ray or Python: {_versions(text)}")
    if isinstance(error, ImportError):
        return UsageError(f"--address {shown} needs the Python package {error.name}: pip install 'ray[client]'")
    if address.startswith("ray://"):
        mode = "" if os.environ.get("RAY_AUTH_MODE") == "token" else f"; if it wants a token: {_TOKEN}"
        return RunnerError(
            f"no Ray client server answers at {shown} (it is at port 10001 of the head, as a rule){mode}"
        )
    if address == "auto" and not os.environ.get("RAY_ADDRESS"):
        return RunnerError(
            "--address auto: no Ray runs on this machine: name the head (ray://host:10001), or run the command on a machine "
            "of the cluster"
        )
    return RunnerError(
        f"the cluster at {shown} does not let this process in: {first_line(error)}. From a machine that is not one of its own "
        "use ray://host:10001, or creative submit"
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _versions(text: str) -> str:
    """Ray's own lines of it ("Ray: 2.60.0", "Python: 3.11.2"), in one."""
    words = [
        line.strip() for line in text.splitlines() if re.search(r"Ray:|Python:|process|cluster was|differ|server", line)
    ]
    said = ", ".join(dict.fromkeys(words)).replace(":, ", ": ")[:300] or first_line(RuntimeError(text))
    return f"{said}. Use the same image, or the same versions, on both sides"


def first_line(error: BaseException) -> str:
    """What it says, in one line."""
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__


class Room:
    """What of a cluster is there for us, asked at most every two seconds, and how long we have waited for any of it."""

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self.address, self.say = address, say
        self.remote = address != LOCAL
        self._looked = 0.0
        self._total: dict[str, float] = {}
        self._machines: list[dict[str, float]] = []
        self._free: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._roomy: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def total(self, resource: str) -> float:
        """Of all machines that are up, whoever uses it."""
        self._look()
        return self._total.get(resource, 0.0)

    def cards(self, kind: str | None) -> float:
        """GPUs of all machines that are up; of one kind by Ray's name for it ("H100")."""
        if kind is None:
            return self.total("GPU")
        self._look()
        mark = f"accelerator_type:{kind}"
        return sum(have.get("GPU", 0.0) for have in self._machines if mark in have)

    def lacks(self, spec: BackendSpec) -> str:
        """Which cards of the backend's are not there, in words, or nothing."""
        wanted, type_ = spec.resources.gpu, spec.resources.accelerator_type
        cards = self.cards(type_)
        kind, where = f" of type {type_}" if type_ else "", "the cluster" if self.remote else "this machine"
        return f"{spec.name} needs {wanted:g} GPU{kind}; {where} has {cards:g}" if cards + 1e-6 < wanted else ""

    def came(self, group: str) -> None:
        """A worker of the group is there."""
        for waits in (self._since, self._roomy, self._said):
            waits.pop(group, None)

    def wait_for(self, group: str, spec: BackendSpec | None, newest: float) -> None:
        """No worker of the group is there; the last was asked for at `newest`. Raises RunnerError when that is hopeless.

        A worker that has room and does not answer is hopeless after minutes, a cluster without room after an hour, one without any such machine
        after a quarter of one. `spec`: a backend with a card, or None for those without.
        """
        resource, wanted, kind = (
            ("CPU", 1.0, None) if spec is None else ("GPU", spec.resources.gpu, spec.resources.accelerator_type)
        )
        now = time.monotonic()
        if not self.remote:
            if now - newest > _START_S:
                raise RunnerError(f"no {group} worker answered within {_START_S:.0f} s")
            return
        since = self._since.setdefault(group, now)
        self._look()
        there = self._total.get(resource, 0.0) if kind is None else self.cards(kind)
        # Of one kind of card among others nobody says how many are free: it has room if the others could not be meant.
        mine = kind is None or there >= self._total.get(resource, 0.0)
        if mine and self._free.get(resource, 0.0) + 1e-6 >= wanted:
            self._roomy.setdefault(group, now)
        else:
            self._roomy.pop(group, None)
        if group in self._roomy and now - self._roomy[group] > _REMOTE_START_S:
            raise RunnerError(
                f"no {group} worker answered within {_REMOTE_START_S:.0f} s, though the cluster has room: see ray status, and "
                "the logs of its machines"
            )
        patience = _BUSY_S if there + 1e-6 >= wanted else _NONE_S
        named = f"{resource} of type {kind}" if kind else resource
        if now - since > patience:
            raise RunnerError(f"the cluster had no free {named} for {patience / 60:.0f} min")
        if now - since > 10 and now - self._said.get(group, 0.0) > _SAY_S:
            self._said[group] = now
            self.say(self._why(resource, named, there, wanted if mine else 0.0))

    def _why(self, resource: str, named: str, total: float, wanted: float) -> str:
        """`wanted`: of what is free, or 0 where nobody says what is."""
        free = self._free.get(resource, 0.0)
        if total < min(1.0, wanted or 1.0) - 1e-6:
            return f"waiting: the cluster has no {named} yet; an autoscaler adds machines, if there is one"
        if not wanted or free + 1e-6 < wanted:
            return f"waiting: all {total:g} {named}s of the cluster are in use"
        return f"waiting for the cluster's workers to start ({free:g} of {total:g} {named}s are free)"

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_S:
            return
        self._total = ray.cluster_resources()
        self._machines = [node["Resources"] for node in ray.nodes() if node["Alive"]] if self._total.get("GPU") else []
        self._free = ray.available_resources() if self.remote else {}
        self._looked = now


def actor_options(spec: BackendSpec) -> dict[str, Any]:
    """What Ray is asked for a backend's own actors. They wait for their card: no core is reserved for that."""
    options: dict[str, Any] = {"num_cpus": 0, "num_gpus": spec.resources.gpu}
    if spec.resources.gpu:
        options["max_concurrency"] = FLIGHTS + 1  # and a thread in which it says that it is there
    if spec.resources.accelerator_type:
        options["accelerator_type"] = spec.resources.accelerator_type
    if spec.runtime_env:
        options["runtime_env"] = dict(spec.runtime_env)
    return options


def end(handle: Any) -> None:
    """End an actor, if it is still there."""
    with contextlib.suppress(RayError, ValueError):
        ray.kill(handle, no_restart=True)
