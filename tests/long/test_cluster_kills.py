"""kill -9 of the driver, of a Ray worker and of a machine's raylet, at varied moments of runs on S3 and PostgreSQL.

Each round has a bucket and a database of its own. What is left in the end must be what a run without any trouble leaves.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creative.errors import StoreError
from creative.manifest import read_manifest
from creative.store import Log, open_store, read_window, receipt_keys
from tests.support import postgres, seaweed
from tests.support.cluster import Cluster, started
from tests.support.demo import demo
from tests.support.slow import slow_table

pytestmark = pytest.mark.long

ROUNDS = int(os.environ.get("KILL_ROUNDS", "30"))
_ONLY = "segment=commuters,market=GB"


@pytest.fixture(scope="module")
def places(
    s3_server: seaweed.S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[seaweed.S3Server, postgres.Server, Cluster, Path]]:
    folder = tmp_path_factory.mktemp("kills")
    rows = folder / "rows.yaml"
    rows.write_text(slow_table())
    environment = {**s3_server.environment, "CREATIVE_CATALOGUES": str(rows), "CREATIVE_CACHE": str(folder / "cache")}
    with postgres.started() as database, started(folder, workers=2, environment=environment) as cluster:
        yield s3_server, database, cluster, folder


class Round:
    """One bucket and one database, with the command that fills them."""

    def __init__(self, places: tuple[seaweed.S3Server, postgres.Server, Cluster, Path], name: str) -> None:
        s3, database, self.cluster, folder = places
        self.url = s3.store_url()
        self.out = folder / name
        self.brief = demo(folder / f"{name}-brief")
        self.environment = {
            **self.cluster.environment, **s3.environment, "CREATIVE_STORE": self.url,
            "CREATIVE_REGISTRY": database.new_database(), "CREATIVE_CATALOGUES": str(folder / "rows.yaml"),
        }  # fmt: skip

    def start(self) -> subprocess.Popen[str]:
        command = [
            sys.executable, "-m", "creative", "run", str(self.brief), "--address", self.cluster.address,
            "--out", str(self.out), "--only", _ONLY, "--no-sheet", "--json",
        ]  # fmt: skip
        return subprocess.Popen(
            command, env=self.environment, cwd=self.cluster.said.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def end(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        out, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert "Traceback" not in said
        made: dict[str, Any] = json.loads(out)
        return made

    def receipts(self) -> int:
        try:
            return sum(1 for _ in receipt_keys(open_store(self.url, create=False)))
        except StoreError:  # not made yet
            return 0

    def final(self) -> dict[str, Any]:
        """All that must be the same, whatever happened on the way."""
        store = open_store(self.url)
        lines = [
            line.model_dump(exclude={"uri"}) for line in read_manifest(self.out / "marlo-autumn" / "manifest.jsonl")
        ]
        for line in lines:
            assert store.get_blob(line["sha256"])
        return {"manifest": lines, "receipts": sorted(receipt_keys(store))}

    def twice(self) -> list[str]:
        """Assets that the log registers more than once."""
        store = open_store(self.url)
        entries = [entry for entry in Log(store, "marlo-autumn").entries() if entry.type == "window"]
        seen = Counter(asset.asset_id for entry in entries for asset in read_window(store, entry.data["object"]).assets)
        return [name for name, count in seen.items() if count > 1]


def workers_of(cluster: Cluster) -> list[int]:
    """The cluster's own actors: children of its raylets."""
    raylets = {node.raylet for node in cluster.nodes}
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent in raylets and (entry / "cmdline").read_bytes().startswith(b"ray::Hands"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return sorted(found)


@pytest.fixture(scope="module")
def reference(places: tuple[seaweed.S3Server, postgres.Server, Cluster, Path]) -> dict[str, Any]:
    calm = Round(places, "calm")
    calm.end(calm.start())
    return calm.final()


def test_killed_at_varied_moments(
    places: tuple[seaweed.S3Server, postgres.Server, Cluster, Path], reference: dict[str, Any]
) -> None:
    cluster = places[2]
    steps = len(reference["receipts"])
    dice = random.Random(20261122)
    victims = Counter[str]()
    for number in range(ROUNDS):
        one = Round(places, f"round{number}")
        victim, moment = ("driver", "worker", "raylet")[number % 3], dice.randrange(1, steps - 2)
        process = one.start()
        while one.receipts() < moment and process.poll() is None:
            time.sleep(0.05)
        assert process.poll() is None, process.communicate()
        if victim == "driver":
            process.kill()
            process.communicate()
            process = one.start()
        elif victim == "worker":
            os.kill(dice.choice(workers_of(cluster)), signal.SIGKILL)
        else:
            cluster.kill_node(0)
            cluster.nodes.append(cluster.nodes.pop(0))  # the dead one last
            cluster.add_node()
            cluster.nodes = [cluster.nodes[0], cluster.nodes[-1]]
        made = one.end(process)
        assert (made["status"], made["failed"]) == ("done", []), (victim, moment)
        assert one.final() == reference, (victim, moment)
        assert one.twice() == [], (victim, moment)
        again = one.end(one.start())
        assert (again["steps_made"], again["new"]) == (0, 0), (victim, moment)
        victims[victim] += 1
        print(
            f"{number + 1} of {ROUNDS}: {victim} killed after {moment} of {steps} steps, the same in the end",
            flush=True,
        )
    print(f"killed: {dict(victims)}; lost or made twice: 0", flush=True)
