"""The whole demo, in one process, on Ray, and on Ray with a real S3 server and PostgreSQL: the same steps, the same
manifest but for places, zero failed checks; a second run makes nothing and writes nothing into the bucket."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from creative.manifest import read_manifest
from creative.store import open_store, receipt_keys
from tests.support import postgres
from tests.support.faults import FaultyProxy
from tests.support.seaweed import S3Server

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent.parent


def _run(out: Path, runner: str) -> dict[str, Any]:
    brief = ROOT / "templates" / "briefs" / "demo" / "brief.yaml"
    command = [sys.executable, "-m", "creative", "run", str(brief), "--out", str(out), "--runner", runner, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    print(out.name, made["seconds"], made["made"])
    return made


def _manifest(out: Path) -> list[dict[str, Any]]:
    path = out / "marlo-autumn" / "manifest.jsonl"
    return [line.model_dump(exclude={"uri"}) for line in read_manifest(path)]


def test_every_way_makes_the_same(tmp_path: Path, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("inline", "ray"):
        made = _run(tmp_path / name, name)
        assert (made["assets"], made["failed"]) == (42, [])
        assert _run(tmp_path / name, name)["steps_made"] == 0
    with postgres.started() as database, FaultyProxy(s3_server.endpoint) as proxy:
        store = s3_server.store_url(endpoint=proxy.endpoint)
        monkeypatch.setenv("CREATIVE_STORE", store)
        monkeypatch.setenv("CREATIVE_REGISTRY", database.url())
        made = _run(tmp_path / "production", "ray")
        assert (made["assets"], made["failed"]) == (42, [])
        print(f"production: {len(proxy.seen)} requests, {len(proxy.written())} of them writes")
        before = len(proxy.seen), len(proxy.written())
        assert _run(tmp_path / "production", "ray")["steps_made"] == 0
        print(f"production again: {len(proxy.seen) - before[0]} requests")
        assert len(proxy.written()) == before[1]  # nothing PUT
        keys = list(receipt_keys(open_store(store)))
    for name in ("inline", "ray"):
        assert list(receipt_keys(open_store(str(tmp_path / name / "store")))) == keys
        assert _manifest(tmp_path / name) == _manifest(tmp_path / "production")
