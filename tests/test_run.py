"""`creative run` as its users run it: real Ray, real backends, finished files; a part of the demo with draft scenes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from creative.manifest import read_manifest
from tests.support.demo import demo, edit

ROOT = Path(__file__).parent.parent
ONLY = "segment=commuters,placement=iab-728x90,placement=meta-reel-6,placement=spotify-audio-15"
DRAFT = {"limits: {ads: 100}": "limits: {ads: 100}\nbackends: {scene: studio-draft}"}


def creative(*arguments: str, code: int = 0, catalogue: Path | None = None) -> tuple[Any, str]:
    """Run the command; its JSON and what it said."""
    more = {} if catalogue is None else {"CREATIVE_CATALOGUES": str(catalogue), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "creative", *arguments, "--json"],
        env={**os.environ, **more},
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=1200,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout), done.stderr


class Campaign:
    """A brief with the runs made of it."""

    def __init__(self, folder: Path) -> None:
        self.brief = demo(folder, DRAFT)
        self.folder = folder

    def run(self, out: str, runner: str, *more: str, only: str = ONLY) -> Any:
        arguments = ["run", str(self.brief), "--out", str(self.folder / out), "--runner", runner, "--only", only, *more]
        return creative(*arguments)[0]

    def manifest(self, out: str) -> list[dict[str, Any]]:
        lines = read_manifest(self.folder / out / "marlo-autumn" / "manifest.jsonl")
        return [line.model_dump(exclude={"uri"}) for line in lines]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    made = Campaign(tmp_path_factory.mktemp("run"))
    made.first = made.run("inline", "inline")  # type: ignore[attr-defined]
    return made


def test_every_ad_is_finished_and_passes_its_checks(campaign: Campaign) -> None:
    first = campaign.first  # type: ignore[attr-defined]
    assert (first["assets"], first["failed"], first["steps_failed"]) == (5, [], 0)
    lines = campaign.manifest("inline")
    assert {(line["market"], line["placement"]) for line in lines} == {
        ("GB", "iab-728x90"), ("GB", "meta-reel-6"), ("GB", "spotify-audio-15"), ("DE", "iab-728x90"), ("DE", "meta-reel-6"),
    }  # fmt: skip
    for line in lines:
        assert (line["state"], line["reasons"]) == ("pending", ())
        assert line["checks"]["bytes"] == line["bytes"]


def test_the_tree_has_readable_names_and_the_sheet_holds_everything(campaign: Campaign) -> None:
    out = campaign.folder / "inline"
    names = sorted(path.name for path in (out / "ads").rglob("*") if path.suffix in (".jpg", ".mp4", ".mp3", ".wav"))
    assert len(names) == 5
    assert all(name.startswith("Marlo_marlo-autumn_") for name in names)
    page = (out / "marlo-autumn" / "sheet.html").read_text("utf-8")
    assert page.count("<video") >= 2 and page.count("<audio") >= 1
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://cv.iptc.org", "")
    assert (out / "marlo-autumn" / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_ray_makes_the_same_manifest_but_for_places(campaign: Campaign) -> None:
    campaign.run("ray", "ray", only=f"{ONLY},market=GB")
    here = [line for line in campaign.manifest("inline") if line["market"] == "GB"]
    assert campaign.manifest("ray") == here


def test_the_second_run_makes_nothing_and_writes_nothing(campaign: Campaign) -> None:
    before = _files(campaign.folder / "inline" / "store")
    again = campaign.run("inline", "inline")
    assert (again["steps_made"], again["new"], again["status"]) == (0, 0, "done")
    assert _files(campaign.folder / "inline" / "store") == before


def test_reindex_makes_the_same_registry(campaign: Campaign) -> None:
    out = campaign.folder / "inline"
    for name in ("registry.db", "registry.db-wal", "registry.db-shm"):
        (out / name).unlink(missing_ok=True)
    before = campaign.manifest("inline")
    creative("reindex", "--out", str(out))
    creative("sheet", "--out", str(out))
    assert campaign.manifest("inline") == before


def test_status_and_show_say_what_there_is(campaign: Campaign) -> None:
    out = str(campaign.folder / "inline")
    [found], _ = creative("status", "--out", out)
    assert found["campaign"] == "marlo-autumn"
    assert found["last_run"]["jobs"][0] == {"segment": "commuters", "state": "done", "ads": 5, "done": 5}
    reel = next(
        line for line in campaign.manifest("inline") if line["placement"] == "meta-reel-6" and line["market"] == "GB"
    )
    shown, _ = creative("show", reel["asset_id"][:9], "--out", out)
    kinds = {step["kind"]: step for step in shown["steps"]}
    assert kinds["scene"]["params"]["prompt"] == "station at dawn, low sun"
    assert kinds["speech"]["model"]
    assert shown["history"][0]["after"] == "pending"
    assert shown["lineage"]["brief"]["headline"].startswith("brief.yaml:")


def test_a_changed_price_remakes_only_what_depends_on_it_and_supersedes(campaign: Campaign) -> None:
    edit(campaign.brief, {'GB: "5.49"': 'GB: "5.79"'})
    try:
        made = campaign.run("inline", "inline")["made"]
        states = {line["market"]: line["state"] for line in campaign.manifest("inline")}
    finally:
        edit(campaign.brief, {'GB: "5.79"': 'GB: "5.49"'})
    # The reel's end card and the banner show it, the voice ad says it in one of four sentences; scene, bed, body and the
    # reel's read stay.
    assert made == {
        "still": 1, "endcard": 1, "film": 1, "speech": 1, "fit": 1, "mix": 1, "finish": 3, "measure": 3, "poster": 3,
    }  # fmt: skip
    assert states == {"GB": "pending", "DE": "pending"}
    found, _ = creative("status", "--out", str(campaign.folder / "inline"))
    assert found[0]["ads"]["superseded audio"] == 1


def test_what_was_judged_otherwise_is_judged_again(campaign: Campaign, tmp_path: Path) -> None:
    campaign.run("inline", "inline")
    rows = tmp_path / "rows.yaml"
    rows.write_text(
        'backends:\n  - {kind: measure, name: decode, target: "workers.measure.measure:Measure", revision: 99}\n'
    )
    arguments = [
        "run",
        str(campaign.brief),
        "--out",
        str(campaign.folder / "inline"),
        "--runner",
        "inline",
        "--only",
        ONLY,
    ]
    made, _ = creative(*arguments, catalogue=rows)
    assert (made["made"], made["new"], made["assets"]) == ({"measure": 5}, 0, 5)
    for line in campaign.manifest("inline"):
        assert [step["revision"] for step in line["lineage"]["steps"] if step["kind"] == "measure"] == [99]
    creative(*arguments)


def test_what_is_only_passed_on_reaches_the_manifest(campaign: Campaign) -> None:
    edit(campaign.brief, {"name: Mara Lind": "name: Ida Holm"})
    try:
        made = campaign.run("inline", "inline")
        owners = {line["owner"]["name"] for line in campaign.manifest("inline")}
    finally:
        edit(campaign.brief, {"name: Ida Holm": "name: Mara Lind"})
        campaign.run("inline", "inline")
    assert (made["steps_made"], owners) == (0, {"Ida Holm"})


def test_lost_and_damaged_files_are_made_again(campaign: Campaign) -> None:
    before = campaign.manifest("inline")
    links = [path for path in (campaign.folder / "inline" / "ads").rglob("*") if path.is_symlink()]
    ads = [path for path in links if path.suffix not in (".vtt", ".srt")]
    lost, damaged = ads[0].resolve(), ads[1].resolve()
    lost.unlink()
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    healed = campaign.run("inline", "inline", "--verify")
    assert healed["made"] == {"finish": 2, "measure": 2, "poster": 2}  # it could have been other bytes
    assert all(link.resolve().exists() for link in links)
    assert campaign.manifest("inline") == before


def test_wrong_input_is_explained(campaign: Campaign, tmp_path: Path) -> None:
    wrong = demo(tmp_path, {"segments:\n": "segment:\n"})
    answer, said = creative("validate", str(wrong), code=2)
    assert "segment: is not a known field. Did you mean 'segments'?" in said
    assert answer["findings"][0]["line"] > 1
    _, said = creative("run", str(tmp_path / "nothing.yaml"), code=2)
    assert "nothing.yaml" in said
    _, said = creative("plan", str(campaign.brief), "--only", "segment=nobody", "--out", str(tmp_path / "o"), code=2)
    assert "the brief has no such segment" in said
    over = demo(tmp_path / "over", {"{ads: 100}": "{ads: 10}"})
    _, said = creative("run", str(over), "--out", str(tmp_path / "o"), code=2)
    assert "the plan has 42 ads, limits.ads allows 10" in said
    _, said = creative("show", "nothing", "--out", str(campaign.folder / "inline"), code=2)
    assert "nothing" in said
    _, said = creative("status", "--out", str(tmp_path / "empty"), code=2)
    assert str(tmp_path / "empty") in said


def _files(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in folder.rglob("*") if path.is_file()}


def test_a_store_at_a_wrong_place_is_explained(campaign: Campaign, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    _, said = creative(
        "run", str(campaign.brief), "--store", str(tmp_path / "file" / "store"), "--out", str(tmp_path / "o"), code=2
    )
    assert "store" in said


@pytest.mark.parametrize("runner", ["inline", pytest.param("ray", marks=pytest.mark.long)])
def test_a_backend_that_kills_its_worker_costs_only_its_ads(campaign: Campaign, tmp_path: Path, runner: str) -> None:
    rows = tmp_path / "rows.yaml"
    rows.write_text('backends:\n  - {kind: bed, name: poison, target: "tests.support.backends:Poison"}\n')
    brief = demo(tmp_path, {"limits: {ads: 100}": "limits: {ads: 100}\nbackends: {scene: studio-draft, bed: poison}"})
    only = "segment=commuters,market=GB,placement=iab-728x90,placement=spotify-audio-15"
    arguments = ["run", str(brief), "--out", str(tmp_path / "out"), "--only", only, "--runner", runner]
    made, said = creative(*arguments, code=3, catalogue=rows)
    assert (made["assets"], made["status"]) == (1, "partly")
    [failed] = made["failed"]
    assert failed["placement"] == "spotify-audio-15"
    assert "warm music" in failed["reason"] and "2 times; it is not tried again" in failed["reason"]
    assert "quarantined: warm music" in said
    again, _ = creative(*arguments, code=3, catalogue=rows)
    assert (again["steps_made"], again["failed"]) == (0, made["failed"])
    assert "not made" in (tmp_path / "out" / "marlo-autumn" / "sheet.html").read_text("utf-8")
