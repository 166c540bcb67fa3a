"""A real Ray cluster of several nodes on this machine, in a process of its own: for tests and for trying things out.

    with started(workers=2) as cluster:
        creative run brief.yaml --address {cluster.address}      # with cluster.environment
        creative submit brief.yaml --address {cluster.jobs}
        cluster.kill_node(0)                                     # kill -9 of a worker node's raylet

The head has no CPUs of its own, each worker node has some; all demand a token. Everything ends with the process that
started it, however that ends. It is `ray.cluster_utils.Cluster`, driven over a pipe: two Rays in one process do not mix.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Node:
    """One node of the cluster: the pids of its raylet and of its other servers."""

    raylet: int
    others: list[int] = field(default_factory=list)


@dataclass
class Cluster:
    """A running cluster. `environment` is what a command needs to be let in."""

    address: str
    jobs: str
    client: str
    token: str = field(repr=False)
    head: Node
    nodes: list[Node]
    said: Path
    _process: subprocess.Popen[str] = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the cluster's token."""
        return plain_environment() | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token}

    def add_node(self, cpus: int = 1) -> Node:
        """One more worker node."""
        node = Node(**_ask(self._process, self.said, {"add": cpus}))
        self.nodes.append(node)
        return node

    def kill_node(self, number: int) -> None:
        """kill -9 of the node's raylet: as if the machine had gone."""
        os.kill(self.nodes[number].raylet, signal.SIGKILL)


def plain_environment() -> dict[str, str]:
    """This process's environment without what would lead a command to some other place, or cluster."""
    inner = {name: value for name, value in os.environ.items() if not name.startswith(("CREATIVE_", "RAY_"))}
    path = os.pathsep.join((str(Path(sys.executable).parent), inner.get("PATH", os.defpath)))
    return inner | {"PATH": path, "PYTHONPATH": str(ROOT), "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@contextlib.contextmanager
def started(
    folder: Path, *, workers: int = 1, cpus: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A cluster whose head has no CPUs, with `workers` nodes of `cpus` each. `environment`: what its machines have set."""
    token = secrets.token_hex(16)
    said = folder / "cluster.log"
    full = plain_environment() | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, **(environment or {})}
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.cluster", str(workers), str(cpus)],
            cwd=folder, env=full, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            start_new_session=True,
        )  # fmt: skip
    try:
        first = _ask(process, said, None)
        head, *nodes = (Node(**node) for node in first.pop("nodes"))
        yield Cluster(**first, token=token, head=head, nodes=nodes, said=said, _process=process)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def _ask(process: subprocess.Popen[str], said: Path, what: dict[str, Any] | None) -> dict[str, Any]:
    if what is not None:
        process.stdin.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
    answer = process.stdout.readline()  # type: ignore[union-attr]
    if not answer:
        raise RuntimeError(f"the cluster did not start: {said.read_text(errors='replace')[-2000:]}")
    found: dict[str, Any] = json.loads(answer)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(workers: int, cpus: int) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Ray prints is no answer
    from ray.cluster_utils import Cluster as RayCluster

    dashboard, client = _free_port(), _free_port()
    cluster = RayCluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "include_dashboard": True,
            "dashboard_host": "127.0.0.1",
            "dashboard_port": dashboard,
            "dashboard_agent_listen_port": _free_port(),
            "ray_client_server_port": client,
        },
    )

    def processes(node: Any) -> dict[str, Any]:
        pids = {kind: [one.process.pid for one in found] for kind, found in node.all_processes.items()}
        [raylet] = pids.pop("raylet")
        return {"raylet": raylet, "others": [pid for found in pids.values() for pid in found]}

    try:
        nodes = [cluster.head_node, *(cluster.add_node(num_cpus=cpus) for _ in range(workers))]
        first = {
            "address": cluster.address,
            "jobs": f"http://127.0.0.1:{dashboard}",
            "client": f"ray://127.0.0.1:{client}",
            "nodes": [processes(node) for node in nodes],
        }
        print(json.dumps(first), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(processes(cluster.add_node(num_cpus=json.loads(line)["add"]))), file=answers, flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
