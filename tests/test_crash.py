"""kill -9 at a commit point or at random, then the same command: the same final set, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from creative.store import Log, open_store, read_window, receipt_keys
from tests.support.demo import demo

ROOT = Path(__file__).parent.parent
KILLING = Path(__file__).parent / "support" / "killing"
ONLY = "segment=commuters,market=GB,placement=spotify-audio-15"


class Place:
    """A brief with an out folder, on which the command is run in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.brief = demo(folder)
        self.out = folder / "out"
        self.counter = folder / "count"

    def command(self, runner: str = "inline", *more: str) -> list[str]:
        return [
            sys.executable, "-m", "creative", "run", str(self.brief), "--out", str(self.out),
            "--runner", runner, "--only", ONLY, "--no-sheet", "--json", *more,
        ]  # fmt: skip

    def run(self, runner: str = "inline") -> dict[str, Any]:
        done = subprocess.run(self.command(runner), capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        made: dict[str, Any] = json.loads(done.stdout)
        return made

    def run_killed_at(self, point: int) -> int:
        """Run, killed at the k-th commit point (0: not at all); returns how many points there were."""
        self.counter.write_text("0")
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(KILLING), str(ROOT))),
            "KILL_FILE": str(self.counter),
            "KILL_AT": str(point),
        }
        process = subprocess.Popen(
            self.command(), env=environment, cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        _, said = process.communicate(timeout=300)
        assert process.returncode == (-signal.SIGKILL if point else 0), said.decode()
        return int(self.counter.read_text())

    def final(self) -> dict[str, Any]:
        """All that must be the same whatever happened on the way."""
        lines = []
        for line in (self.out / "marlo-autumn" / "manifest.jsonl").read_text("utf-8").splitlines():
            fields = json.loads(line)
            assert open_store(str(self.out / "store")).get_blob(fields["sha256"])
            lines.append({name: value for name, value in fields.items() if name != "uri"})
        links = {path.name: path.resolve().name for path in (self.out / "ads").rglob("*") if path.is_symlink()}
        return {"manifest": lines, "links": links, "receipts": list(receipt_keys(open_store(str(self.out / "store"))))}

    def twice(self) -> list[str]:
        """Assets that the log registers more than once."""
        store = open_store(str(self.out / "store"))
        seen = Counter(
            asset.asset_id
            for entry in Log(store, "marlo-autumn").entries()
            if entry.type == "window"
            for asset in read_window(store, entry.data["object"]).assets
        )
        return [name for name, count in seen.items() if count > 1]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    place = Place(tmp_path_factory.mktemp("reference"))
    points = place.run_killed_at(0)
    assert place.run()["steps_made"] == 0
    return place.final(), points


def check_killed_at(point: int, folder: Path, reference: dict[str, Any]) -> None:
    """Killed there, run again, and once more."""
    place = Place(folder)
    place.run_killed_at(point)
    place.run()
    assert place.final() == reference, point
    assert place.twice() == [], point
    again = place.run()
    assert (again["steps_made"], again["new"]) == (0, 0), point


@pytest.mark.parametrize("part", [0.4, 0.97])  # tests/long has every point
def test_killed_at_a_commit_point(part: float, reference: tuple[dict[str, Any], int], tmp_path: Path) -> None:
    final, points = reference
    check_killed_at(max(1, round(points * part)), tmp_path, final)


def test_killed_in_the_middle_on_ray(reference: tuple[dict[str, Any], int], tmp_path: Path) -> None:
    place = Place(tmp_path)
    process = subprocess.Popen(
        place.command("ray", "--workers", "1"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    receipts = place.out / "store" / "receipts"
    deadline = time.monotonic() + 300
    while len(list(receipts.glob("*/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None
    process.kill()
    process.wait()
    assert 3 <= len(list(receipts.glob("*/*.json"))) < len(reference[0]["receipts"])
    place.run()  # what is done is in the store, whoever did it
    assert place.final() == reference[0]
    assert place.twice() == []


@pytest.mark.parametrize(
    ("number", "code", "said", "runner"),
    [
        (signal.SIGINT, 130, "the same command goes on from here", "inline"),
        (signal.SIGTERM, 143, "the same command goes on from here", "inline"),
        pytest.param(signal.SIGTERM, 143, "the same command goes on from here", "ray", marks=pytest.mark.long),
    ],
)
def test_interrupted_and_resumed(
    number: int, code: int, said: str, runner: str, reference: tuple[dict[str, Any], int], tmp_path: Path
) -> None:
    place = Place(tmp_path)
    process = subprocess.Popen(
        place.command(runner), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    store = place.out / "store" / "receipts"
    deadline = time.monotonic() + 300
    while not list(store.glob("*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, heard = process.communicate(timeout=120)
    assert process.returncode == code, heard
    assert "Traceback" not in heard
    assert said in heard
    status = [
        entry.data["status"]
        for entry in Log(open_store(str(place.out / "store")), "marlo-autumn").entries()
        if entry.type == "run"
    ]
    assert status == ["running", "interrupted"]
    place.run()
    assert place.final() == reference[0]


@pytest.mark.long
def test_impatience_changes_no_exit_code_on_ray(tmp_path: Path) -> None:
    """Ctrl-C again and again while Ray is ended: cut short, Ray would end the process itself, with 1 or by a signal."""
    place = Place(tmp_path)
    process = subprocess.Popen(
        place.command("ray", "--workers", "1"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    receipts, log = place.out / "store" / "receipts", Log(open_store(str(place.out / "store")), "marlo-autumn")
    deadline = time.monotonic() + 240
    while not list(receipts.glob("*/*.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    while process.poll() is None and time.monotonic() < deadline:
        if any(entry.data.get("status") == "interrupted" for entry in log.entries()):
            process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    _, heard = process.communicate(timeout=300)
    assert process.returncode == 130, heard
