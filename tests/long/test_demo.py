"""The whole demo, in one process and on Ray: the same steps, the same manifest but for places, zero failed checks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from creative.manifest import read_manifest
from creative.store import open_store, receipt_keys

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent.parent


def _run(out: Path, runner: str) -> dict[str, Any]:
    brief = ROOT / "templates" / "briefs" / "demo" / "brief.yaml"
    command = [sys.executable, "-m", "creative", "run", str(brief), "--out", str(out), "--runner", runner, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_both_runners_make_the_same(tmp_path: Path) -> None:
    made = {runner: _run(tmp_path / runner, runner) for runner in ("inline", "ray")}
    for runner, result in made.items():
        print(runner, result["seconds"], result["made"])
        assert (result["assets"], result["failed"]) == (42, [])
        again = _run(tmp_path / runner, runner)
        print("again", again["seconds"])
        assert again["steps_made"] == 0
    stores = [open_store(str(tmp_path / runner / "store")) for runner in made]
    assert list(receipt_keys(stores[0])) == list(receipt_keys(stores[1]))
    manifests = [
        [
            line.model_dump(exclude={"uri"})
            for line in read_manifest(tmp_path / runner / "marlo-autumn" / "manifest.jsonl")
        ]
        for runner in made
    ]
    assert manifests[0] == manifests[1]
