"""Rehearsals, noise by models of random weights: never approved, delivered or matched by mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from typer.testing import CliRunner

from creative.cli import app
from creative.delivery import deliver, is_delivered
from creative.errors import CreativeError
from creative.matching import Match, match, request
from creative.registry import database, open_registry
from creative.rehearsals import STAGE, noise_in
from creative.review import Outcome, Wish, judge
from creative.store import Log
from creative.store.events import Verdict, VerdictEvent
from tests.creative.registry.test_migrations import config
from tests.support.registry_records import told
from tests.support.reviewing import Desk, made

TOP = "autumn/commuters/iab-728x90"
PLACE = {"placement": "iab-728x90", "market": "GB", "locale": "en-GB", "segment": "commuters", "at": "2026-11-22"}
STEP = {"key": "5" * 64, "kind": "scene", "revision": 1, "licence": "CC0-1.0", "seed": 1}
NOISE = STEP | {"backend": "rehearse-sdxl", "model": "rehearsal/rehearse-sdxl 0a1b"}
REAL = STEP | {"backend": "sdxl", "model": "stabilityai/sdxl 462165"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The ads `r` and `s` are rehearsals, `a` is none."""
    noise = {"asset": {"lineage": [REAL, NOISE, NOISE]}}
    return Desk(tmp_path, {"r": noise, "s": noise, "a": {"asset": {"lineage": [REAL]}}})


def say(desk: Desk, *ads: str, stage: str = STAGE, verdict: Any = "approved") -> Outcome:
    wishes = [Wish(made(ad).asset_id, made(ad).sha256, verdict, "Ann", "so", stage) for ad in ads]
    return judge(desk.store, desk.registry, wishes)


def ask(desk: Desk, **more: Any) -> Match:
    return match(desk.store, desk.registry, request(**PLACE | more))


def test_noise_is_told_by_the_lineage() -> None:
    assert noise_in([REAL, NOISE, NOISE | {"kind": "clip"}]) == ("scene by rehearse-sdxl", "clip by rehearse-sdxl")
    assert noise_in([REAL, STEP | {"backend": "studio", "model": None}]) == ()


def test_it_is_approved_as_one_or_not_at_all(desk: Desk) -> None:
    refused = {one.asset_id: one.why for one in desk.say("approved", "r", "a").refused}
    assert list(refused) == [made("r").asset_id]
    assert "a rehearsal, not for publication: scene by rehearse-sdxl" in refused[made("r").asset_id]
    assert "with a real model" in refused[made("r").asset_id] and "--rehearsal" in refused[made("r").asset_id]
    desk.say("rejected", "a")
    [other] = say(desk, "a", "r").refused
    assert (other.asset_id, "is no rehearsal" in other.why) == (made("a").asset_id, True)
    assert [desk.state(ad) for ad in "rsa"] == ["approved", "pending", "rejected"]
    assert say(desk, "r", verdict="rejected").rejected  # a no is a no
    assert desk.state("r") == "rejected"


def test_the_log_itself_lets_no_other_approval_count(desk: Desk) -> None:
    """Also one that an earlier version, or another program, wrote."""
    for ad, stage in (("r", ""), ("s", STAGE), ("a", STAGE)):
        said = Verdict(
            asset_id=made(ad).asset_id, ad_id=f"ad_{ad}", sha256=made(ad).sha256, verdict="approved", stage=stage
        )
        Log(desk.store, "autumn").append("verdict", VerdictEvent(verdicts=(said,), by="old").model_dump(mode="json"))
    desk.registry.catch_up(desk.store)
    assert [desk.state(ad) for ad in "rsa"] == ["pending", "approved", "pending"]
    live = told(desk.registry)
    with open_registry(desk.folder / "anew.db", desk.store.id) as fresh:
        fresh.rebuild(desk.store)
        assert told(fresh) == live


def test_a_match_offers_it_only_to_who_asks_for_it(desk: Desk) -> None:
    assert ask(desk).reason == "none approved (3 pending)"
    say(desk, "r")
    found = ask(desk)
    assert not found.found
    assert found.reason.startswith(
        "none approved but 1 as a rehearsal, not for publication: --rehearsal takes them, as_"
    )
    assert ask(desk, segment=None, traits=("x=y",)).asset_id is None
    found = ask(desk, rehearsals=True)
    assert (found.asset_id, found.summary()["rehearsal"]) == (made("r").asset_id, "scene by rehearse-sdxl")
    assert found.reason.endswith("; a rehearsal, not for publication: scene by rehearse-sdxl")
    desk.say("approved", "a")
    found = ask(desk)
    assert (found.asset_id, "rehearsal" in found.summary()) == (made("a").asset_id, False)


def test_its_copy_lies_apart_with_a_manifest_of_its_own(desk: Desk) -> None:
    say(desk, "r")
    desk.say("approved", "a")
    delivered = deliver(desk.store, desk.registry, "autumn")
    assert delivered.added == {f"{TOP}/Marlo_a.jpg", f"_rehearsal/{TOP}/Marlo_r.jpg"}
    assert "1 of them: a rehearsal, not for publication" in str(delivered)
    there = desk.published()
    assert set(there) == delivered.added | {"autumn/manifest.jsonl", "_rehearsal/autumn/manifest.jsonl"}
    [ad], [noise] = (
        [json.loads(line) for line in there[f"{top}autumn/manifest.jsonl"].splitlines()] for top in ("", "_rehearsal/")
    )
    assert (ad["ad_id"], ad["rehearsal"]) == ("ad_a", None)
    assert (noise["ad_id"], noise["rehearsal"]) == ("ad_r", ["scene by rehearse-sdxl"])
    assert is_delivered(desk.registry, "autumn")
    assert not deliver(desk.store, desk.registry, "autumn", again=True).changed
    desk.make({"r": {}}, take="2")  # with a real model
    desk.say("approved", "r", take="2")
    delivered = deliver(desk.store, desk.registry, "autumn")
    assert (delivered.added, delivered.removed) == ({f"{TOP}/Marlo_r.jpg"}, {f"_rehearsal/{TOP}/Marlo_r.jpg"})
    assert set(desk.published()) == {"autumn/manifest.jsonl", f"{TOP}/Marlo_a.jpg", f"{TOP}/Marlo_r.jpg"}


def _creative(desk: Desk, monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int = 0) -> tuple[str, str]:
    monkeypatch.chdir(desk.folder)
    done = CliRunner().invoke(app, [*arguments, "--out", "."], env={"CREATIVE_BY": "Ann"})
    wrong = done.exception if isinstance(done.exception, CreativeError) else None
    assert (wrong.exit_code if wrong else done.exit_code) == code, (done.output, done.exception)
    return done.stdout, done.stderr + str(wrong or "")


def test_as_people_type_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _, said = _creative(desk, monkeypatch, "approve", "ad_r", "ad_a", code=3)
    assert "is a rehearsal, not for publication: scene by rehearse-sdxl" in said
    assert "1 approved, 0 rejected, 0 unchanged, 1 refused" in said
    _, said = _creative(desk, monkeypatch, "show", "ad_r")
    assert "rehearsal a rehearsal, not for publication: scene by rehearse-sdxl" in " ".join(said.split())
    _creative(desk, monkeypatch, "manifest", "export", "--out-file", "review.csv")
    sheet = desk.folder / "review.csv"
    rows = sheet.read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("verdict,verdict_by,verdict_reason,state,rehearsal,")
    marked = [rows[0], *(f"approved{row}" for row in rows[1:] if "rehearse-sdxl" in row)]
    assert len(marked) == 3
    sheet.write_text("\n".join(marked), "utf-8")
    assert "2 refused" in _creative(desk, monkeypatch, "manifest", "apply", "review.csv", "--by", "Ann", code=3)[1]
    told_, _ = _creative(desk, monkeypatch, "manifest", "apply", "review.csv", "--by", "Ann", "--rehearsal", "--json")
    assert len(json.loads(told_)["approved"]) == 2
    place = ("--placement", "iab-728x90", "--segment", "commuters", "--market", "GB", "--locale", "en-GB")
    asked = ("match", *place, "--at", "2026-11-22", "--json")
    _creative(desk, monkeypatch, "reject", "ad_a", "--reason", "dull")
    assert json.loads(_creative(desk, monkeypatch, *asked, code=1)[0])["asset_id"] is None
    assert json.loads(_creative(desk, monkeypatch, *asked, "--rehearsal")[0])["rehearsal"] == "scene by rehearse-sdxl"


def test_an_older_registry_learns_which_they_are_and_lets_none_stay_approved(desk: Desk) -> None:
    say(desk, "r")
    desk.say("approved", "a")
    place = f"sqlite:///{desk.folder / 'registry.db'}"
    desk.registry.close()
    engine = database.engine_for(place)
    with database.writing(engine) as connection:  # as the version before left it
        connection.execute(sa.text("ALTER TABLE assets DROP COLUMN rehearsal"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
    with database.writing(engine) as connection:
        command.upgrade(config(connection), "head")
    engine.dispose()
    with open_registry(place, desk.store.id) as registry:
        states = {
            id: (one.state, one.rehearsal)
            for id, one in registry.reviewable([made(ad).asset_id for ad in "rsa"]).items()
        }
    assert states == {
        made("r").asset_id: ("pending", "scene by rehearse-sdxl"),
        made("s").asset_id: ("pending", "scene by rehearse-sdxl"),
        made("a").asset_id: ("approved", ""),
    }
