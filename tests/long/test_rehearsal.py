"""The demo brief with models of random weights in place of the embedded generators: through diffusers and TTS, on Ray, to
finished, registered ads. The pictures, films and voices are noise by nature; everything else is as with real weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support.consents import cloned, written
from tests.support.demo import demo
from tests.workers.speech.test_neural import spoken
from workers.sound.wav import wav_bytes

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent.parent
NAMED = {"scene": "rehearse-z-image", "clip": "rehearse-wan", "speech": "rehearse-vits"}


def _creative(*arguments: str, codes: Any = (0, 3), **environment: str) -> tuple[Any, str]:
    command = [sys.executable, "-m", "creative", *arguments, "--json"]
    more = {"CREATIVE_JUDGES": "none", "OMP_NUM_THREADS": "2", **environment}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, env=os.environ | more)
    assert done.returncode in codes, done.stderr  # noise may fail a check of contrast: that is counted below
    return json.loads(done.stdout) if done.stdout.strip() else None, done.stderr


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Models and their table, as variables of a command."""
    told, _ = _creative("models", "rehearse", str(tmp_path_factory.mktemp("models") / "rehearsal"))
    assert {row["kind"] for row in told["backends"]} >= set(NAMED)
    assert all(row["named"] and row["model"].startswith("rehearsal/") for row in told["backends"])
    return {"CREATIVE_CATALOGUES": told["table"], "CREATIVE_MODELS": told["folder"]}


def _brief(folder: Path, named: dict[str, str]) -> Path:
    path = demo(folder)
    path.write_text(path.read_text("utf-8") + f"\nbackends: {json.dumps(named)}\n", "utf-8")
    return path


def test_the_demo_is_made_on_ray_and_called_a_rehearsal(tmp_path: Path, rehearsal: dict[str, str]) -> None:
    path, out = _brief(tmp_path, NAMED), str(tmp_path / "out")
    made, notes = _creative("run", str(path), "--runner", "ray", "--workers", "2", "--out", out, **rehearsal)
    assert (made["assets"], made["steps_failed"], made["steps_blocked"]) == (42, 0, 0), notes
    assert {one.split(" by ")[1] for one in made["rehearsals"]} >= {NAMED["scene"], NAMED["speech"]}
    assert "a rehearsal, not for publication" in notes
    lines = (tmp_path / "out" / "marlo-autumn" / "manifest.jsonl").read_text("utf-8").splitlines()
    ads = [json.loads(line) for line in lines]
    steps = [one for ad in ads for one in ad["lineage"]["steps"]]
    used = {one["backend"] for one in steps if str(one["model"]).startswith("rehearsal/")}
    assert used == set(NAMED.values())
    # In noise too the product is the product, and is seen: every picture and film was compared with its photo.
    for ad in ads:
        compared = ad["checks"].get("product_pixels")
        assert (compared is None) == (ad["modality"] == "audio")
        assert compared is None or (
            compared["px"] > 10_000 and compared["changed"] == 0 and (compared["tone"] or 0) < 3
        ), ad
    assert not [ad["reasons"] for ad in ads if ad["state"] == "failed-check" and "product" in " ".join(ad["reasons"])]
    page = (tmp_path / "out" / "marlo-autumn" / "sheet.html").read_text("utf-8")
    assert "42 of these 42 ads are made with models of random weights" in " ".join(page.split())
    again, _ = _creative("run", str(path), "--runner", "ray", "--workers", "2", "--out", out, **rehearsal)
    assert again["steps_made"] == 0


def test_a_voice_ad_in_one_process(tmp_path: Path, rehearsal: dict[str, str]) -> None:
    path = _brief(tmp_path, {"speech": NAMED["speech"]})
    only = "placement=spotify-audio-15,market=GB,segment=commuters"
    made, notes = _creative(
        "run", str(path), "--runner", "inline", "--out", str(tmp_path / "out"), "--only", only, **rehearsal
    )
    assert (made["assets"], made["steps_failed"]) == (1, 0), notes
    assert made["rehearsals"] == [f"speech by {NAMED['speech']}"]


def test_a_cloned_voice_from_consent_to_revocation(tmp_path: Path, rehearsal: dict[str, str]) -> None:
    """As people do it; what is approved and matched is noise, and says so each time."""
    path = cloned(_brief(tmp_path, {"speech": "rehearse-openvoice"}), reference=wav_bytes(spoken(110), 48_000))
    written(tmp_path)
    (tmp_path / "reference.wav").write_bytes((path.parent / "media" / "mara.wav").read_bytes())
    profiles = tmp_path / "creative.toml"
    profiles.write_text('default = "team"\n[profiles.team]\nrunner = "inline"\nroles = {rights = ["Ines Rau"]}\n')
    here = ("--out", str(tmp_path / "out"))
    more = rehearsal | {"CREATIVE_CONFIG": str(profiles)}
    only = "placement=spotify-audio-15,market=GB,segment=commuters"
    run = ("run", str(path), "--only", only, *here)
    _, said = _creative(*run, codes=(2,), **more)
    assert "voices.mara.consent: there is no consent 'mara-2027'" in said
    _creative("voices", "add", str(tmp_path / "consent.yaml"), "--by", "Ines Rau", *here, codes=(0,), **more)
    made, notes = _creative(*run, codes=(0,), **more)
    assert (made["assets"], made["rehearsals"]) == (1, ["speech by rehearse-openvoice"]), notes
    [line] = [json.loads(text) for text in Path(made["manifest"]).read_text("utf-8").splitlines()]
    assert line["rehearsal"] == ["speech by rehearse-openvoice"] and line["rights"][0]["cloned"]
    with av.open(str(Path(line["uri"].removeprefix("file://")))) as file:
        said = str(file.metadata["comment"])
    assert said == "voice cloned by rehearse-openvoice with consent mara-2027, a rehearsal, not for publication"
    place = ("--placement", "spotify-audio-15", "--segment", "commuters", "--market", "GB", "--locale", "en-GB", *here)
    approve, match = ("approve", line["asset_id"], "--by", "Bo", *here), ("match", *place, "--at", "2026-12-01")
    refused, _ = _creative(*approve, codes=(3,), **more)
    assert "not for publication: speech by rehearse-openvoice" in refused["refused"][0]["reason"]
    approved, _ = _creative(*approve, "--rehearsal", codes=(0,), **more)
    assert [one["rehearsals"] for one in approved["delivered"]] == [1]
    found, _ = _creative(*match, codes=(1,), **more)
    assert "--rehearsal takes them" in found["reason"]
    found, _ = _creative(*match, "--rehearsal", codes=(0,), **more)
    assert (found["asset_id"], found["rehearsal"]) == (line["asset_id"], "speech by rehearse-openvoice")
    revoked, _ = _creative(
        "voices", "revoke", "mara-2027", "--by", "Ines Rau", "--reason", "she asked", *here, codes=(0,), **more
    )
    assert [one["asset_id"] for one in revoked["withdrawn"]] == [line["asset_id"]]
    found, _ = _creative(*match, "--rehearsal", codes=(1,), **more)
    assert found["reason"] == "none approved (1 withdrawn)"
    left = sorted(one.name for one in (tmp_path / "out" / "store" / "published").rglob("*.mp3"))
    assert left == []


def test_weights_that_are_not_there_are_named(tmp_path: Path, rehearsal: dict[str, str]) -> None:
    path = _brief(tmp_path, {"speech": NAMED["speech"]})
    missing = rehearsal | {"CREATIVE_MODELS": str(tmp_path / "nothing"), "CREATIVE_OFFLINE": "1"}
    only = "placement=spotify-audio-15,market=GB,segment=commuters"
    made, _ = _creative(
        "run", str(path), "--runner", "inline", "--out", str(tmp_path / "out"), "--only", only, **missing
    )
    assert made["assets"] == 0
    assert any("creative models pull rehearse-vits" in one["reason"] for one in made["failures"])
