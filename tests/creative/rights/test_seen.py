"""Persons elsewhere than in a library's photos: in the brand's films, and drawn by a model that was taught them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec
from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.planning import Planner, PlanWindow
from creative.rights import Consent, Rights
from creative.running.port import Batch, Outcome, Worksite
from creative.steps import Step, step
from creative.store import open_store
from creative.world import ingest
from tests.creative.rights.test_others import DAY, ana, steps_of
from tests.support.consents import STATEMENT, agreed, blob, enter, revoke, table
from tests.support.demo import demo, edit
from tests.support.rights_office import Office
from workers.work import Workshop

FILM, OTHER = (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2" + bytes(8_000) + end for end in (b"ana", b"nobody"))
ONLY = {
    "segment": frozenset({"commuters"}),
    "market": frozenset({"GB"}),
    "placement": frozenset({"tiktok-infeed", "meta-feed-4x5"}),
}
TAUGHT = {
    "kind": "scene", "name": "studio-ana", "target": "tests.support.null:Null", "generative": True, "named": True,
    "facts": {"likeness": ["ana-2027"]},
}  # fmt: skip
Plan = Callable[..., tuple[Planner, list[PlanWindow]]]


def filmed(id: str = "ana-2027", **more: Any) -> Consent:
    """A consent to a film."""
    return ana(id, references=(blob(FILM).model_copy(update={"type": "video/mp4"}),), **more)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """The demo brief, whose commuters see two films, or a scene by a model that was taught Ana."""

    def planned(rights: Rights, consents: str = "", drawn: bool = False) -> tuple[Planner, list[PlanWindow]]:
        brief = demo(tmp_path / str(len(list(tmp_path.iterdir()))))
        for name, data in (("ana.mp4", FILM), ("other.mp4", OTHER)):
            (brief.parent / "media" / name).write_bytes(data)
        more = "backends: {scene: studio-ana}\n"
        if not drawn:
            more = f"footage:\n  pour: {{files: [media/ana.mp4, media/other.mp4]{consents and ', consents: '}{consents}}}\n"
            edit(brief, {"{id: commuters,": "{id: commuters, footage: pour,"})
        brief.write_text(brief.read_text("utf-8") + more, "utf-8")
        loaded, catalogue = load_brief(brief), load_catalogue([table(tmp_path, TAUGHT)])
        planner = Planner(loaded, ingest(loaded, catalogue, rights, None, DAY), ONLY)
        return planner, list(planner.windows())

    return planned


def test_a_film_of_somebody_needs_the_consent_that_names_it(plan: Plan) -> None:
    planner, windows = plan(agreed(filmed()), "ana-2027")
    assert not planner.findings
    steps = steps_of(windows)
    assert {one.rights for one in steps if one.kind == "clip"} == {("ana-2027",)}
    notes = {one.rights: one.params["ai_note"] for one in steps if one.kind == "finish"}
    assert set(notes) == {(), ("ana-2027",)}  # the still shows no film
    assert "a person's likeness with consent ana-2027" in notes["ana-2027",]
    kept = [cell.record() for window in windows for cell in window.cells if cell.modality == "video"]
    assert {right["rights_id"] for one in kept for right in one.carried["rights"]} == {"ana-2027"}
    keys = {one.key for one in steps if one.kind in ("clip", "body")}
    free = steps_of(plan(Rights())[1])  # nobody is known to be in it
    assert keys == {one.key for one in free if one.kind in ("clip", "body")}
    assert {one.rights for one in free} == {()}


@pytest.mark.parametrize(
    ("entered", "consents", "problem", "instead"),
    [
        (filmed(), "", "ana.mp4 shows somebody who has to agree (ana-2027), and no consent is named", "consents: [ana-2027]"),
        (None, "ana-2027", "there is no consent 'ana-2027' for a likeness", "creative voices add CONSENT.yaml"),
        (ana(), "ana-2027", "is not the one that ana-2027 is about", "byte for byte"),
        (filmed(scope={"markets": ("DE",)}), "ana-2027", "does not cover the market GB", "enter another consent"),
        (filmed(valid_until="2026-11-21"), "ana-2027", "ended with 2026-11-21", "take another film"),
        (filmed(kind="voice"), "ana-2027", "ana-2027 is for a voice", "creative voices add"),
    ],
)  # fmt: skip
def test_a_film_is_refused_by_its_field(
    plan: Plan, entered: Consent | None, consents: str, problem: str, instead: str
) -> None:
    planner, windows = plan(agreed(*([entered] if entered else [])), consents)
    [found] = {(one.where, one.problem, one.instead) for one in planner.findings.values()}
    assert found[0] == "footage.pour.consents"
    assert problem in found[1] and instead in found[2]
    assert not [one for one in steps_of(windows) if one.kind == "clip"]


def test_a_model_that_was_taught_somebody_needs_the_consent_that_its_row_states(plan: Plan) -> None:
    planner, windows = plan(agreed(ana()), drawn=True)
    assert not planner.findings
    steps = steps_of(windows)
    assert {one.rights for one in steps if one.kind in ("scene", "still", "body", "finish")} == {("ana-2027",)}
    assert not [one for one in steps if one.kind == "cutout" and one.rights]
    for rights, problem in (
        (Rights(), "there is no consent 'ana-2027' for a likeness"),
        (agreed(ana(scope={"channels": ("ctv",)})), "does not cover"),
    ):
        findings = plan(rights, drawn=True)[0].findings.values()
        assert {one.where for one in findings} == {"backends.scene"}
        assert all(one.problem.startswith("studio-ana draws a person: ") and problem in one.problem for one in findings)


class Place:
    """A store with the films, and a worker."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder / "store")
        self.films = [self.store.put_blob(data, "video/mp4").sha256 for data in (OTHER, FILM)]
        self.workshop = Workshop(Worksite(self.store.url, str(folder / "cache"), ""), 1)

    def run(self, one: Step, **facts: Any) -> Outcome:
        [outcome] = self.workshop.run(
            Batch(1, BackendSpec("null", one.kind, "tests.support.null:Null", facts=facts), (one,))
        )
        return outcome

    def clip(self, *rights: str) -> Step:
        films = {f"footage.{number}": sha256 for number, sha256 in enumerate(self.films)}
        return step("clip", "null", 1, None, {"ms": 9}, films).under(rights)

    def scene(self, *rights: str) -> Step:
        return step("scene", "null", 1, None, {"prompt": "Ana at a table"}, {}, 1).under(rights)


def test_workers_ask_whoever_sends_the_step(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.run(place.clip()).status == "made"  # nobody is known to be in it
    assert "null draws somebody who has to agree (ana-2027)" in place.run(place.scene(), likeness="ana-2027").reason
    assert "there is no consent ana-2027" in place.run(place.scene("ana-2027"), likeness="ana-2027").reason
    enter(place.store, filmed())
    enter(place.store, ana("otto-2027"))
    assert "the film shows somebody who has to agree (ana-2027)" in place.run(place.clip()).reason
    assert "otto-2027 is of another photo than" in place.run(place.clip("ana-2027", "otto-2027")).reason
    assert place.run(place.clip("ana-2027")).status in ("made", "reused")
    assert place.run(place.scene("ana-2027"), likeness="ana-2027").status == "made"
    enter(place.store, filmed("bo-2027", holder="Bo Lind"))  # the other one who is seen in it
    assert "the film shows somebody who has to agree (bo-2027)" in place.run(place.clip("ana-2027")).reason
    enter(place.store, filmed("bo-2028", holder="bo  lind"))  # one of his is enough
    assert place.run(place.clip("ana-2027", "bo-2028")).status in ("made", "reused")
    revoke(place.store, "bo-2028")
    assert place.run(place.clip("ana-2027")).status == "refused"
    revoke(place.store, "ana-2027")
    for one, facts in ((place.clip("ana-2027"), {}), (place.scene("ana-2027"), {"likeness": ["ana-2027"]})):
        refused = place.run(one, **facts)
        assert (refused.status, "the consent ana-2027 was revoked" in refused.reason) == ("refused", True)


def test_a_film_of_somebody_from_entering_to_revoking(here: Path) -> None:
    brief = demo(here, {"{id: commuters,": "{id: commuters, footage: pour,"})
    (brief.parent / "media" / "ana.mp4").write_bytes(FILM)
    brief.write_text(
        f"{brief.read_text('utf-8')}footage: {{pour: {{files: media/ana.mp4, consents: ana-2027}}}}\n", "utf-8"
    )
    office = Office(here, brief)
    (here / "said.wav").write_bytes(STATEMENT)
    (here / "ana.yaml").write_text(
        "schema: 1\nid: ana-2027\nkind: likeness\nspeaker: Ana Petrov\ncompany: Marlo\nstatement: said.wav\n"
        "references: campaign/media/ana.mp4\nscope: {brands: all, channels: all, markets: all, languages: all}\n"
        "from: 2026-09-01\nuntil: 2099-12-31\nverifier: Bo\n"
    )
    run = ("run", str(brief), "--only", "segment=commuters,market=GB,placement=tiktok-infeed")
    assert "footage.pour.consents: there is no consent 'ana-2027'" in office.say(*run, code=2)
    office.add("ana.yaml")
    [line] = map(json.loads, Path(office.say(*run)["manifest"]).read_text().splitlines())
    assert [right["uses"] for right in line["rights"]] == [["likeness"]]
    assert {one["kind"]: one["consent"] for one in line["lineage"]["steps"] if one["consent"]} == {"clip": "ana-2027"}
    assert [one["asset_id"] for one in office.revoke("ana-2027")["withdrawn"]] == [line["asset_id"]]
    assert "A revocation is final" in office.say(*run, code=2)
