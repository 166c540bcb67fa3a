"""The command line's small commands, and what it says to wrong ones. `tests/test_run.py` has the large ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creative.cli import app
from creative.registry import open_registry
from creative.store import open_store
from tests.support.demo import edit
from tests.support.store_records import receipt

COMMANDS = sorted(
    f"{group}{command.name or command.callback.__name__}"
    for group, commands in (
        ("", app.registered_commands),
        *(
            (f"{one.typer_instance.info.name} ", one.typer_instance.registered_commands)
            for one in app.registered_groups
            if one.typer_instance
        ),
    )
    for command in commands
    if command.callback and not command.hidden
)


def _creative(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "creative", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_command_has_help_and_json(tmp_path: Path) -> None:
    alone = "approve deliver doctor init match nightly plan reindex reject run sheet show status submit validate waive"
    grouped = {
        "layout": "list preview", "manifest": "apply export", "models": "cost list mirror pull rehearse show verify",
        "voices": "add fetch list revoke",
    }  # fmt: skip
    names = [*alone.split(), *(f"{group} {name}" for group, row in grouped.items() for name in row.split())]
    assert sorted(names) == COMMANDS
    for command in COMMANDS:
        done = CliRunner().invoke(app, [*command.split(), "--help"])
        assert done.exit_code == 0
        assert "--json" in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout), command


def test_init_writes_a_brief_that_is_good_and_never_overwrites(tmp_path: Path) -> None:
    assert _creative(tmp_path, "init", "autumn").returncode == 0
    done = _creative(tmp_path, "validate", "autumn/brief.yaml", "--json")
    answer = {"ok": True, "campaign": "marlo-autumn", "ads": 42, "findings": [], "warnings": []}
    assert json.loads(done.stdout) == answer
    again = _creative(tmp_path, "init", "autumn")
    assert (again.returncode, again.stderr) == (2, "autumn is there already: name a new folder\n")


@pytest.mark.parametrize(
    "arguments", [["rum"], ["run"], ["run", "b.yaml", "--workers", "none"], ["plan", "--nope"], []]
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    done = _creative(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    if arguments:
        answer = json.loads(_creative(tmp_path, *arguments, "--json").stdout)
        assert answer["ok"] is False and answer["error"]


def test_help_names_the_defaults(tmp_path: Path) -> None:
    said = re.sub(r"\x1b\[[0-9;]*m|[\s│]+", " ", _creative(tmp_path, "run", "--help").stdout)
    for default in ("out", "OUT/store", "OUT/registry.db", "its cores", "ray"):
        assert f"[default: ({default})]" in said


@pytest.mark.parametrize(
    ("command", "place", "says"),
    [
        ("status", "--out nothing", "there is no store at"),
        ("sheet", "--out nothing", "there is no store at"),
        ("show as_1", "--store file", "not a directory"),
        ("reindex", "--store file/below", "no store"),
        ("reindex", "--store folder", "is not a store"),
        ("status", "--store http://[x", "is no place"),
        ("status", "--store ~no-such-user/x", "is no place"),
    ],
)
def test_a_wrong_place_is_wrong_usage(tmp_path: Path, command: str, place: str, says: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "holiday.jpg").write_text("")
    done = _creative(tmp_path, *command.split(), *place.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_wrong_registry_is_wrong_usage(tmp_path: Path) -> None:
    open_store(tmp_path / "a")
    open_store(tmp_path / "b")
    with open_registry(tmp_path / "a.db", open_store(tmp_path / "a").id) as registry:
        registry.record_steps([receipt("a" * 64)])
    for place, says in (("a", "is a folder"), ("a.db", "belongs to the store")):
        done = _creative(tmp_path, "status", "--store", "b", "--registry", place)
        assert done.returncode == 2
        assert says in done.stderr


def test_planning_makes_no_store_and_no_registry(tmp_path: Path) -> None:
    assert _creative(tmp_path, "init", "autumn").returncode == 0
    plan = ("plan", "autumn/brief.yaml", "--only", "placement=iab-728x90", "--json")
    before = _creative(tmp_path, *plan)
    assert before.returncode == 0, before.stderr
    open_store(tmp_path / "out" / "store")
    assert _creative(tmp_path, *plan).stdout == before.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["store"]


def test_validate_refuses_what_plan_refuses(tmp_path: Path) -> None:
    _creative(tmp_path, "init", "autumn")
    brief = edit(tmp_path / "autumn" / "brief.yaml", {"limits: {ads: 100}": "limits: {ads: 10}"})
    done = _creative(tmp_path, "validate", "autumn/brief.yaml", "--json")
    [finding] = json.loads(done.stdout)["findings"]
    assert (done.returncode, finding["file"], finding["where"]) == (2, "autumn/brief.yaml", "limits.ads")
    assert finding["line"] > 1 and "has 42 ads" in finding["problem"]
    edit(brief, {"limits: {ads: 10}": "limits: {ads: 100}\nbackends: {scene: studios}"})
    done = _creative(tmp_path, "validate", "autumn/brief.yaml", "--json")
    [finding] = json.loads(done.stdout)["findings"]
    assert (finding["where"], "studio-draft" in finding["problem"]) == ("backends.scene", True)


def test_a_damaged_registry_is_moved_aside_and_made_anew(tmp_path: Path) -> None:
    open_store(tmp_path / "out" / "store")
    place = tmp_path / "out" / "registry.db"
    place.write_bytes(b"what a disk left of it" * 100)
    assert _creative(tmp_path, "status").returncode == 75
    done = _creative(tmp_path, "reindex", "--json")
    aside = tmp_path / "out" / "registry.db.damaged-1"
    assert json.loads(done.stdout) == {"entries": 0, "campaigns": 0, "moved_aside": str(aside)}
    assert aside.read_bytes().startswith(b"what a disk")
    assert _creative(tmp_path, "status").returncode == 0
    (tmp_path / "letter.txt").write_text("Dear Mara, " * 100)
    done = _creative(tmp_path, "reindex", "--registry", "letter.txt")
    assert (done.returncode, "is not a database file" in done.stderr) == (2, True)
    assert (tmp_path / "letter.txt").read_text().startswith("Dear Mara")


@pytest.mark.parametrize(
    ("happens", "code", "says"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM)", 143, "terminated; the same command goes on from here"),
        ("os.kill(os.getpid(), signal.SIGINT)", 130, "interrupted; the same command goes on from here"),
        ("1 / 0", 70, "unexpected: ZeroDivisionError: division by zero; please report it with: "),
    ],
)
def test_what_ends_a_command_from_outside_or_by_our_fault(tmp_path: Path, happens: str, code: int, says: str) -> None:
    program = f"import os, signal\nfrom creative import cli\ncli.app = lambda **_: {happens}\ncli.main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--json"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert says in done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"] is False and answer["error"].split(":")[0] == says.split(";")[0].split(":")[0]
    if code == 70:
        assert says in answer["error"]
        assert Path(done.stderr.strip().rpartition(" ")[2]).stat().st_mode & 0o077 == 0
        assert "ZeroDivisionError" in Path(done.stderr.strip().rpartition(" ")[2]).read_text("utf-8")


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", _creative(tmp_path, "--version").stdout)


def test_the_doctor_finds_everything_working(tmp_path: Path) -> None:
    done = _creative(tmp_path, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert {name: check["says"] for name, check in checks.items() if not check["ok"]} == {}
    assert {"codecs", "shaping", "fonts", "voices", "store", "registry", "ray"} <= checks.keys()
    assert not list(tmp_path.iterdir())


def test_where_a_cluster_works_the_doctor_asks_the_cluster(tmp_path: Path) -> None:
    done = _creative(tmp_path, "doctor", "--address", "http://head:8265", "--json")
    found = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 75 and not {"codecs", "renderer"} & found.keys()
    assert found["workers"]["ok"] and "http://head:8265" in found["workers"]["says"]
    assert not found["ray"]["ok"] and "use creative submit with it" in found["ray"]["says"]


def test_the_doctor_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = _creative(tmp_path, "doctor", "--json", "--store", "file/store", "--runner", "inline")
    assert done.returncode == 75
    broken = [check for check in json.loads(done.stdout) if not check["ok"]]
    assert [check["name"] for check in broken] == ["store"]
    assert "is a file" in broken[0]["says"]
