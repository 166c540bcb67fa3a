"""`creative nightly` as schedulers run it: real processes, killed, interrupted, and twenty of them at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import creative.nights.nightly  # noqa: F401  the forked processes need not import it again
from creative.registry.leases import holder_of
from creative.store import Log, open_store
from tests.support.nights import ADS, NightFolder
from tests.support.postgres import Server, started

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL of this module's own."""
    with started() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NightFolder:
    made = NightFolder(tmp_path)
    monkeypatch.setenv("CREATIVE_CATALOGUES", str(made.table))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return made


def _command(place: NightFolder, *more: str, registry: str | None = None) -> list[str]:
    return [
        sys.executable, "-m", "creative", "nightly", str(place.folder), "--out", str(place.out),
        "--registry", registry or str(place.out / "registry.db"), "--runner", "inline", "--no-sheet", "--json", *more,
    ]  # fmt: skip


def _run(place: NightFolder, *more: str, code: int = 0) -> tuple[Any, str]:
    done = subprocess.run(
        _command(place, *more), capture_output=True, text=True, cwd=place.base, timeout=120, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout), done.stderr


def _eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_ended_in_the_middle_and_run_again(place: NightFolder, number: int, code: int) -> None:
    place.brief("autumn")
    place.brief("winter")
    process = subprocess.Popen(
        _command(place), cwd=place.base, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    receipts = place.out / "store" / "receipts"
    _eventually(lambda: len(list(receipts.glob("*/*.json"))) > 2)
    process.send_signal(number)
    _, said = process.communicate(timeout=300)
    assert process.returncode == code, said
    assert "Traceback" not in said
    left = holder_of(place.out / "registry.db", "nightly")
    assert (left is not None) == (number == signal.SIGKILL)
    made, said = _run(place)  # at once: on this machine it can be seen that the holder is dead
    assert {row["brief"]: row["assets"] for row in made["briefs"]} == {
        "autumn/brief.yaml": ADS,
        "winter/brief.yaml": ADS,
    }
    assert made["exit"] == 0
    again, said = _run(place)
    assert again["status"] == "nothing" and "nothing to do: 2 nothing" in said


def test_the_database_is_stopped_and_started_in_the_middle(place: NightFolder, server: Server) -> None:
    place.brief("autumn")
    process = subprocess.Popen(
        _command(place, registry=server.new_schema()),
        cwd=place.base,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    receipts = place.out / "store" / "receipts"
    _eventually(lambda: len(list(receipts.glob("*/*.json"))) > 2)
    server.stop()
    server.start()
    answer, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert json.loads(answer)["briefs"][0]["assets"] == ADS


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_of_twenty_that_start_at_once_one_runs(
    place: NightFolder, database: str, request: pytest.FixtureRequest
) -> None:
    place.brief("autumn")
    registry = None if database == "sqlite" else request.getfixturevalue("server").new_schema()
    starter = [sys.executable, "-m", "tests.support.at_once", "20", str(place.base)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    started = subprocess.run(
        [*starter, *_command(place, registry=registry)[3:]],
        cwd=place.base, env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    codes = json.loads(started.stdout)
    said = [(place.base / f"{number}.err").read_text() for number in range(20)]
    assert codes == [0] * 20, next(text for text, code in zip(said, codes, strict=True) if code)
    answers = [json.loads((place.base / f"{number}.out").read_text()) for number in range(20)]
    [ran] = [answer for answer in answers if answer["status"] == "done"]
    assert ran["briefs"][0]["new"] == ADS
    # Who comes late finds it held, or the lease free again and nothing to do.
    others = [answer for answer in answers if answer is not ran]
    assert {answer["status"] for answer in others} <= {"held", "nothing"}
    assert any(answer["status"] == "held" for answer in others)
    log = [entry.data for entry in Log(open_store(str(place.out / "store")), "autumn").entries() if entry.type == "run"]
    assert [data["status"] for data in log] == ["running", "done"]


def test_wrong_usage_is_explained(place: NightFolder) -> None:
    answer, said = _run(place, code=2)
    assert f"{place.folder} has no briefs" in said and answer["ok"] is False
    place.brief("bad", {"segments:\n": "segment:\n"})
    answer, said = _run(place, "--dry-run", code=2)
    assert answer["briefs"][0]["status"] == "refused" and not place.out.exists()
    _, said = _run(place, "--lease", "a b", code=2)
    assert "'a b' cannot name a lease" in said
