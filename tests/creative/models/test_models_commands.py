"""`creative models`, as people use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from creative.cli import app
from creative.errors import UsageError
from creative.models.files import write_manifest

ROOT = Path(__file__).parent.parent.parent.parent


def creative(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "creative", *arguments]
    more = {"CREATIVE_JUDGES": "none", "OMP_NUM_THREADS": "2", **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=os.environ | more)


def said(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "sdxl"
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    write_manifest(folder, name="sdxl", repo="me/sdxl", revision="a" * 40, licence="MIT")
    return folder


def test_the_list_says_what_may_be_used_and_what_is_here(model: Path) -> None:
    places = {"CREATIVE_MODELS": str(model.parent)}
    rows = {row["name"]: row for row in said(creative("models", "list", "--json", **places))}
    assert rows["sdxl"]["pulled"] == "a" * 40
    assert rows["z-image-turbo"]["pulled"] is None
    assert rows["z-image-turbo"]["usable"]
    assert not rows["xtts-v2"]["usable"]
    assert not rows["vits-vctk"]["usable"]
    text = creative("models", "list", **places).stderr
    assert "espeak-ng" in text
    assert "aaaaaaaaaaaa" in text


def test_what_nobody_has_read_is_told_in_the_list_and_every_fact_with_its_source(model: Path) -> None:
    places = {"CREATIVE_MODELS": str(model.parent)}
    listed = CliRunner().invoke(app, ["models", "list"], env=places).stderr
    [line] = [one for one in listed.splitlines() if one.startswith("ltx-video ")]
    assert line.endswith("vram_gb, gpu_seconds")
    told = CliRunner().invoke(app, ["models", "show", "sdxl"], env=places).stderr
    assert told.startswith("sdxl: for ads: yes\n")
    assert "measured: tests.benchmarks.gpu on an H100" in told and "(2026-11-23)" in told
    assert f"here           {'a' * 40}" in told and "scene sdxl" in told
    said = json.loads(CliRunner().invoke(app, ["models", "show", "bark", "--json"], env=places).stdout)
    assert said["unconfirmed"] == ["gpu_seconds"] and said["backends"] == ["speech bark", "speech bark-openvoice"]
    assert said["pulled"] is None and said["licence"]["commercial"] is True


def test_verify_names_what_is_wrong_and_exits_1(model: Path) -> None:
    places = {"CREATIVE_MODELS": str(model.parent)}
    assert creative("models", "verify", **places).returncode == 0
    (model / "model_index.json").write_text("[]")
    (model / "extra.bin").write_bytes(b"\x80\x04")
    done = creative("models", "verify", "--json", **places)
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False
    assert "sdxl: model_index.json has another sha256" in done.stderr
    assert "extra.bin is pickled" in done.stderr


def test_mistakes_are_told_with_what_to_write(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_MODELS", str(model.parent))
    for arguments, says in (
        (("pull", "sdlx"), "sdxl"),
        (("pull", "sdxl", "--revision", "main"), "40 hexadecimal digits"),
        (("pull", "vits-vctk"), "--from FOLDER"),
        (("mirror", "sdxl"), "say where the mirror is"),
        (("verify", "../x"), "no model's name"),
        (("cost",), "--gpu-hour"),
        (("cost", "--gpu-hour", "much"), "write an amount"),
        (("rehearse", str(model)), "has other things in it"),
        (("rehearse", str(tmp_path / "new"), "--only", "mix"), "nothing to rehearse for mix"),
    ):
        done = CliRunner().invoke(app, ["models", *arguments])
        assert isinstance(done.exception, UsageError), arguments
        assert says in str(done.exception), arguments


def test_costs_are_marked_as_guesses_where_nobody_measured() -> None:
    rows = said(
        creative("models", "cost", "--ads", "1000", "--gpu-hour", "3.60", "--images", "1", "--busy", "1", "--json")
    )
    one = {row["model"]: row for row in rows}
    klein, z_image = one["flux.2-klein-4b"], one["z-image-turbo"]
    assert (klein["hours"], klein["cost"], klein["measured"]) == (0.0783, "0.28", True)
    assert (z_image["hours"], z_image["cost"], z_image["measured"]) == (0.4444, "1.60", False)
