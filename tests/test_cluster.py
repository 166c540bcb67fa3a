"""A real Ray cluster of several machines, as far as one machine can have it: `creative submit`, tokens, a machine that dies.

The cluster's head has no CPUs; its store is a directory that is declared shared, its registry SQLite, and both are named by
the cluster's own environment alone. Backends make nothing, slowly. S3, PostgreSQL and kills at any moment: tests/long.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from creative.manifest import read_manifest
from creative.store import open_store, receipt_keys
from tests.support.cluster import Cluster, plain_environment, started
from tests.support.demo import demo
from tests.support.null import null_table
from tests.support.slow import slow_table

_PART = "segment=commuters,market=GB"


class Farm:
    """A cluster with a store and a registry, and a marketer's machine, which knows only the store."""

    def __init__(self, folder: Path, cluster: Cluster, settings: Path) -> None:
        self.folder, self.cluster, self.settings = folder, cluster, settings
        self.brief = demo(folder / "desk")
        self.shared = folder / "shared"

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "creative", *words, "--json"]

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        return self.cluster.environment | {"CREATIVE_CONFIG": str(self.settings)} | dict(changes or {})

    def creative(
        self, *words: str, code: int = 0, environment: Mapping[str, str] | None = None, profile: str = "desk"
    ) -> tuple[Any, str]:
        done = subprocess.run(
            self.command(*words, "--profile", profile), env=self.environment(environment), cwd=self.folder,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout), done.stderr

    def submit(self, *words: str, **options: Any) -> tuple[Any, str]:
        return self.creative("submit", str(self.brief), "--address", self.cluster.jobs, *words, **options)

    def receipts(self) -> int:
        return sum(1 for _ in receipt_keys(open_store(str(self.shared / "store"))))


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "shared").mkdir()
    (folder / "rows.yaml").write_text(slow_table())
    (folder / "quick.yaml").write_text(null_table())  # the same rows, so the same keys
    settings = folder / "creative.toml"
    settings.write_text(
        f"""
        [profiles.cluster]  # of the machines in it: they know the registry
        store = "shared/store"
        registry = "shared/registry.db"
        shared = true
        catalogues = ["rows.yaml"]
        [profiles.desk]
        store = "shared/store"
        registry = "{folder}/nobody-is-here.db"
        shared = true
        catalogues = ["quick.yaml"]
        [profiles.unshared]
        store = "shared/store"
        """
    )
    environment = {"CREATIVE_CONFIG": str(settings), "CREATIVE_PROFILE": "cluster", "CREATIVE_CACHE": str(folder / "c")}
    with started(folder, workers=1, cpus=2, environment=environment) as cluster:
        yield Farm(folder, cluster, settings)


def test_what_is_submitted_runs_to_the_end_as_it_would_here(farm: Farm) -> None:
    made, said = farm.submit("--only", _PART)
    assert (made["status"], made["exit_code"], made["attached"]) == ("SUCCEEDED", 0, False)
    assert (made["result"]["assets"], made["result"]["steps_failed"]) == (8, 0)
    assert "8 ads" in said and f"submitted: {made['id']}" in said and re.search(r" of \d+ steps", said)
    review = farm.shared / "store" / "published" / "_review" / "marlo-autumn"
    assert made["result"]["manifest"] == (review / "manifest.jsonl").as_uri()
    assert b"marlo-autumn" in (review / "sheet.html").read_bytes()
    keys = set(receipt_keys(open_store(str(farm.shared / "store"))))
    farm.creative("run", str(farm.brief), "--runner", "inline", "--only", _PART, "--no-sheet", "--store", "here",
                  "--registry", "here.db", "--out", "here-out")  # fmt: skip
    assert keys == set(receipt_keys(open_store(str(farm.folder / "here"))))
    ours = farm.folder / "here-out" / "marlo-autumn" / "manifest.jsonl"
    lines, there = (
        [line.model_dump(exclude={"uri"}) for line in read_manifest(path)] for path in (ours, review / ours.name)
    )
    assert lines == there
    assert not list((farm.folder / "c" / "parcels").iterdir())  # nothing stays on the head


def test_the_same_again_finds_nothing_to_do(farm: Farm) -> None:
    made, said = farm.submit("--only", _PART)
    assert (made["result"]["steps_made"], made["result"]["new"]) == (0, 0)
    assert made["id"].endswith("-2")
    assert "the store has every file" in said


@pytest.mark.parametrize(
    ("token", "code"),
    [({"RAY_AUTH_TOKEN": "wrong"}, "403"), ({"RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN": ""}, "401")],
)
def test_without_the_token_nobody_gets_in(farm: Farm, token: dict[str, str], code: str) -> None:
    _, said = farm.submit("--no-wait", code=2, environment=token)
    assert code in said and "RAY_AUTH_TOKEN" in said
    assert farm.cluster.token not in said


def test_what_cannot_be_is_said_before_anything_is_stored(farm: Farm) -> None:
    before = sorted(farm.shared.rglob("*"))
    _, said = farm.submit("--only", "segment=nobody", code=2)
    assert "no such segment" in said
    _, said = farm.submit(code=2, profile="unshared")
    assert "cannot see the store" in said and "s3://bucket/prefix" in said
    _, said = farm.creative("submit", str(farm.brief), "--address", "http://127.0.0.1:1", code=75)
    assert "nothing answers at http://127.0.0.1:1" in said
    assert sorted(farm.shared.rglob("*")) == before


def test_ctrl_c_and_a_machine_that_dies_cost_nothing_and_the_same_submission_joins(farm: Farm) -> None:
    """The first command is interrupted, the second follows the same job; then the only machine with CPUs is killed, and
    another one joins."""
    command = farm.command(
        "submit", str(farm.brief), "--address", farm.cluster.jobs, "--only", "segment=gift-givers,market=GB"
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, "--profile", "desk"], env=farm.environment(), cwd=farm.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    before = farm.receipts()
    first = start()
    id = next(line for line in first.stderr or () if line.startswith("submitted: ")).split()[1]
    time.sleep(0.5)
    first.send_signal(signal.SIGINT)
    _, heard = first.communicate(timeout=300)
    assert first.returncode == 130
    assert f"the job {id} goes on; the same command follows it again" in heard
    joined = start()
    until = time.monotonic() + 300
    while farm.receipts() < before + 3 and time.monotonic() < until:
        time.sleep(0.1)
    farm.cluster.kill_node(0)
    adding = threading.Thread(target=farm.cluster.add_node, args=(2,))
    adding.start()
    out, heard = joined.communicate(timeout=240)
    adding.join()
    assert joined.returncode == 0, heard
    made = json.loads(out)
    assert (made["id"], made["attached"]) == (id, True)
    assert f"runs already: {id}" in heard
    assert (made["result"]["status"], made["result"]["steps_failed"], made["result"]["failed"]) == ("done", 0, [])


def test_the_environment_of_tests_leads_nowhere_else() -> None:
    assert not [name for name in plain_environment() if name.startswith("CREATIVE_")]
    assert str(Path(sys.executable).parent) in plain_environment()["PATH"].split(os.pathsep)
