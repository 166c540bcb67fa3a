"""The command line's small commands, and what it says to wrong ones. `tests/test_run.py` has the large ones."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from creative.cli import app

COMMANDS = sorted(command.callback.__name__ for command in app.registered_commands if command.callback)


def _creative(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "creative", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_command_has_help_and_json(tmp_path: Path) -> None:
    assert COMMANDS == ["doctor", "init", "plan", "reindex", "run", "sheet", "show", "status", "validate"]
    for command in COMMANDS:
        done = _creative(tmp_path, command, "--help")
        assert done.returncode == 0
        assert "--json" in re.sub(r"\x1b\[[0-9;]*m", "", done.stdout), command


def test_init_writes_a_brief_that_is_good_and_never_overwrites(tmp_path: Path) -> None:
    assert _creative(tmp_path, "init", "autumn").returncode == 0
    done = _creative(tmp_path, "validate", "autumn/brief.yaml", "--json")
    assert json.loads(done.stdout) == {"ok": True, "campaign": "marlo-autumn", "ads": 42, "findings": []}
    again = _creative(tmp_path, "init", "autumn")
    assert (again.returncode, again.stderr) == (2, "autumn is there already: name a new folder\n")


@pytest.mark.parametrize(
    "arguments", [["rum"], ["run"], ["run", "b.yaml", "--workers", "none"], ["plan", "--nope"], []]
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    done = _creative(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", _creative(tmp_path, "--version").stdout)


def test_the_doctor_finds_everything_working(tmp_path: Path) -> None:
    done = _creative(tmp_path, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert {name: check["says"] for name, check in checks.items() if not check["ok"]} == {}
    assert {"codecs", "shaping", "fonts", "store", "registry", "ray"} <= checks.keys()


def test_the_doctor_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = _creative(tmp_path, "doctor", "--json", "--store", "file/store")
    assert done.returncode == 75
    broken = [check for check in json.loads(done.stdout) if not check["ok"]]
    assert {check["name"] for check in broken} == {"store", "registry"}
