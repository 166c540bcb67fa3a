"""approve, reject, manifest export and apply, match, deliver: as people type them."""

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
from creative.errors import CreativeError
from tests.support.reviewing import Desk, made

MATCH = ("match", "--placement", "iab-728x90", "--segment", "commuters", "--market", "GB", "--locale", "en-GB")
AT = ("--at", "2026-11-22")


def _creative(desk: Desk, *arguments: str, by: str | None = "Mara Lind") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CREATIVE_BY"}
    return subprocess.run(
        [sys.executable, "-m", "creative", *arguments, "--out", "."],
        cwd=desk.folder, env=environment | ({"CREATIVE_BY": by} if by else {}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def _data(desk: Desk, *arguments: str, code: int = 0) -> Any:
    done = _creative(desk, *arguments, "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_from_approval_to_match(desk: Desk) -> None:
    told = _data(desk, "approve", "Marlo_a", made("b").asset_id[:9], "ad_d", "--reason", "clear")
    assert told["approved"] == [made(ad).asset_id for ad in "abd"]
    assert [len(one["added"]) for one in told["delivered"]] == [3]
    assert len(desk.published()) == 4
    told = _data(desk, "reject", "Marlo_a.jpg", "--reason", "the price is hard to read", "--by", "Bo")
    assert (told["rejected"], told["delivered"][0]["removed"]) == (
        [made("a").asset_id],
        ["autumn/commuters/iab-728x90/Marlo_a.jpg"],
    )
    found = _data(desk, *MATCH, *AT)
    assert list(found) == ["asset_id", "ad_id", "uri", "sha256", "type", "reason"]
    assert found["ad_id"] == "ad_b"
    desk.spoil("b")
    assert _data(desk, *MATCH, *AT)["ad_id"] == "ad_d"
    assert set(desk.published()) == {"autumn/manifest.jsonl", "autumn/commuters/iab-728x90/Marlo_d.jpg"}
    desk.store.delete_blob(made("d").sha256)
    nothing = _data(desk, *MATCH, *AT, code=1)
    assert nothing == {
        **dict.fromkeys(("asset_id", "ad_id", "uri", "sha256", "type")),
        "reason": "none approved (1 rejected, 2 withdrawn); 1 approved whose files are damaged or gone: withdrawn",
    }
    before = _data(desk, "show", "Marlo_b"), _data(desk, "status")
    assert [(one["verdict"], one["by"]) for one in before[0]["verdicts"]] == [
        ("approved", "Mara Lind"),
        ("withdrawn", "match"),
    ]
    desk.registry.close()
    (desk.folder / "registry.db").unlink()
    _data(desk, "reindex")
    assert (_data(desk, "show", "Marlo_b"), _data(desk, "status")) == before
    said = _creative(desk, "show", "Marlo_a").stderr
    assert f"rejected by Bo, sha256 {made('a').sha256[:16]}...: the price is hard to read" in said
    assert "rejected by Bo: the price is hard to read" in _creative(desk, "status").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("approve Marlo_a --by=", 2, "say who: --by"),
        ("reject Marlo_a", 2, "a rejection needs its reason"),
        ("approve Marlo_a nobody", 2, "there is no asset, ad or name 'nobody'"),
        ("approve as_", 2, "there is no asset"),
        ("approve Marlo_a Marlo_b --sha256 000000000000", 2, "--sha256 is of one asset"),
        ("approve Marlo_a --sha256 xyz", 2, "--sha256 is of one asset"),
        ("approve Marlo_a --sha256 000000000000", 3, "is stale: it is about other bytes"),
        ("approve Marlo_f", 3, "failed its checks, so it cannot be approved: contrast 4.2"),
        ("manifest apply none.csv", 2, "cannot read none.csv"),
        ("manifest export --format xlsx", 2, "--format is jsonl or csv"),
        ("manifest export --json", 2, "--out-file"),
        ("manifest export --state aproved", 2, "--state aproved: there is pending"),
        ("manifest export --only colour=red", 2, "--only colour=red"),
        ("match --placement p --market GB --locale en-GB", 2, "--segment SEGMENT, or --trait"),
        ("deliver --campaign winter", 2, "no campaign 'winter'; there is: autumn"),
    ],
)
def test_wrong_words(desk: Desk, monkeypatch: pytest.MonkeyPatch, arguments: str, code: int, says: str) -> None:
    desk.make({"f": {"asset": {"state": "failed-check"}}})
    before = desk.entries()
    monkeypatch.chdir(desk.folder)
    done = CliRunner().invoke(app, [*arguments.split(), "--out", "."], env={"CREATIVE_BY": "Mara Lind"})
    error = done.exception
    assert isinstance(error, CreativeError | SystemExit), error
    assert (error.exit_code if isinstance(error, CreativeError) else error.code) == code
    assert says in done.output + str(error)
    assert desk.entries() == before


def test_a_file_there_and_back(desk: Desk) -> None:
    """A stale line is refused by its number, the good ones are applied, and a malformed file is not touched."""
    assert _data(desk, "manifest", "export", "--out-file", "m.csv")["format"] == "csv"
    done = _creative(desk, "manifest", "export", "--state", "pending", "--segment", "commuters,gifts")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["ad_id"] for line in lines] == ["ad_a", "ad_b", "ad_d"]
    desk.make({"b": {}}, take="2")
    lines[0] |= {"verdict": "approved", "state": "rejected", "name": "somebody's"}
    lines[1] |= {"verdict": "approved", "verdict_by": "Bo"}
    lines[2] |= {"verdict": "rejected", "verdict_reason": "dark", "sha256": "0" * 64}
    lines.append(lines[0] | {"asset_id": "as_unknown"})
    path = desk.folder / "m.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    before = desk.entries()
    assert _data(desk, "manifest", "apply", "m.jsonl", "--dry-run", code=3)["approved"] == [made("a").asset_id]
    assert (desk.entries(), desk.published()) == (before, {})
    told = _data(desk, "manifest", "apply", "m.jsonl", code=3)
    assert told["approved"] == [made("a").asset_id]
    assert [(one["where"], one["reason"].partition(":")[0]) for one in told["refused"]] == [
        ("line 2", "is superseded"),
        ("line 3", "is stale"),
        ("line 4", "there is no such asset here"),
    ]
    done = _creative(desk, "manifest", "apply", "m.jsonl")
    assert (done.returncode, "0 approved, 0 rejected, 1 unchanged, 3 refused" in done.stderr) == (3, True)
    lines[0]["verdict"] = "yes"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    done = _creative(desk, "manifest", "apply", "m.jsonl", by=None)
    assert done.returncode == 2
    assert "m.jsonl: line 1: verdict is 'yes'" in done.stderr
    assert "m.jsonl: line 3: nobody is named" in done.stderr
    assert desk.entries()[len(before) :] == ["verdict", "export"]


def test_delivery_may_wait(desk: Desk) -> None:
    told = _data(desk, "approve", "Marlo_a", "--no-deliver")
    assert (told["delivered"], desk.published()) == ([], {})
    told = _data(desk, "deliver")
    assert told["added"] == ["autumn/commuters/iab-728x90/Marlo_a.jpg"]
    done = _creative(desk, "deliver")
    assert (done.returncode, "autumn: 1 approved ad delivered (all there already)" in done.stderr) == (0, True)
    desk.store.delete_blob(made("b").sha256)
    told = _data(desk, "approve", "Marlo_b", code=3)
    assert told["delivered"][0]["failed"][0]["path"].endswith("Marlo_b.jpg")
