"""The wheel holds all that it needs: unpacked in an empty folder, it writes, checks and plans a brief."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_works_in_an_empty_folder(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    [wheel] = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    assert {"creative/py.typed", "workers/py.typed", "creative/_templates/LICENSES.md"} <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"creative", "workers"}
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for arguments in (["init", "autumn"], ["validate", "autumn/brief.yaml"], ["plan", "autumn/brief.yaml", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "creative", *arguments],
            cwd=empty, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert '"ads"' in done.stdout
