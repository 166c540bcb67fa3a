"""Likenesses and licensed music: asked for, refused and withdrawn as cloned voices are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec
from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.errors import BriefError
from creative.planning import Planner, PlanWindow
from creative.records import BlobRef
from creative.rights import Consent, Rights
from creative.running.port import Batch, Outcome, Worksite
from creative.steps import Step, step
from creative.store import open_store, read_receipt
from creative.world import ingest
from tests.support.consents import STATEMENT, agreed, blob, consent, enter, photo, revoke, wav
from tests.support.demo import demo, edit
from tests.support.rights_office import Office
from workers.work import Workshop

DAY = date(2026, 11, 22)
ONLY = {"segment": frozenset({"commuters"}), "market": frozenset({"GB"})}
PHOTO, TRACK = photo(), wav(20.0, seed=7)
MUSIC = "{track: media/theme.wav, licence: theme-2027}"
NULL = "tests.support.null:Null"


def ana(id: str = "ana-2027", **more: Any) -> Consent:
    return consent(id, **{"kind": "likeness", "holder": "Ana Petrov", "references": (_jpeg(PHOTO),), **more})


def theme(id: str = "theme-2027", **more: Any) -> Consent:
    return consent(id, **{"kind": "music", "holder": "Nordic Tunes AB", "references": (blob(TRACK),), **more})


def _jpeg(data: bytes) -> BlobRef:
    return blob(data).model_copy(update={"type": "image/jpeg"})


def written(folder: Path, people: str = "likeness:ana-2027", music: str = MUSIC) -> Path:
    """The demo brief with a library of one photo that fits its commuters' scene, and a track."""
    brief = demo(folder, {"music: {mood: warm}": f"music: {music}\nscenes: {{people: '{people}', library: photos}}"})
    (brief.parent / "photos").mkdir()
    (brief.parent / "photos" / "station-dawn.jpg").write_bytes(PHOTO)
    (brief.parent / "media" / "theme.wav").write_bytes(TRACK)
    return brief


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., tuple[Planner, list[PlanWindow]]]:
    brief, catalogue = written(tmp_path), load_catalogue()

    def planned(rights: Rights, by: str | None = None, **changes: str) -> tuple[Planner, list[PlanWindow]]:
        planner = Planner(load_brief(edit(brief, changes)), ingest(load_brief(brief), catalogue, rights, by, DAY), ONLY)
        return planner, list(planner.windows())

    return planned


def steps_of(windows: list[PlanWindow]) -> list[Step]:
    return [step for window in windows for step in window.steps.values()]


def test_with_both_every_ad_says_what_it_needs_outside_of_its_keys(plan: Callable[..., Any]) -> None:
    planner, windows = plan(agreed(ana(), theme()))
    assert not planner.findings and not list(planner.pictures.warnings())
    steps = steps_of(windows)
    scenes, beds = ([one for one in steps if one.kind == kind] for kind in ("scene", "bed"))
    assert {one.backend for one in scenes} == {"library"} and {one.backend for one in beds} == {"track"}
    assert {one.rights for one in scenes} == {("ana-2027",)} and {one.rights for one in beds} == {("theme-2027",)}
    assert {one.params["photo"]["people"] for one in scenes} == {"likeness"}
    assert not [one for one in (*scenes, *beds) if "2027" in str(one.recipe())]
    needs = {"image": ("ana-2027",), "video": ("ana-2027", "theme-2027"), "audio": ("theme-2027",)}
    for window in windows:
        for cell in window.cells:
            record, finish = cell.record(), window.steps[cell.steps["finish"]]
            assert finish.rights == needs[cell.modality]
            assert tuple(right["rights_id"] for right in record.carried["rights"]) == finish.rights
            assert not any(right["cloned"] for right in record.carried["rights"])
            assert all(id in finish.params["ai_note"] for id in finish.rights)
            assert "cloned" not in finish.params["ai_note"]


def test_another_consent_makes_no_picture_and_no_music_again(plan: Callable[..., Any]) -> None:
    rights = agreed(ana(), ana("ana-2028"), theme(), theme("theme-2028"))
    before = steps_of(plan(rights)[1])
    after = steps_of(plan(rights, **{"ana-2027": "ana-2028", "theme-2027": "theme-2028"})[1])
    for kind, same in (("scene", True), ("bed", True), ("mix", True), ("still", True), ("finish", False)):
        keys = [{one.key for one in steps if one.kind == kind} for steps in (before, after)]
        assert (keys[0] == keys[1]) if same else not (keys[0] & keys[1]), kind


@pytest.mark.parametrize(
    ("likeness", "music", "where", "problem", "instead"),
    [
        (None, {}, "scenes.people", "there is no consent 'ana-2027' for a likeness", "creative voices add"),
        ({}, None, "music.licence", "there is no licence 'theme-2027' for music", "creative voices add LICENCE.yaml"),
        ({"valid_until": "2026-11-21"}, {}, "scenes.people", "ended with 2026-11-21", "write people: none"),
        ({"valid_from": "2026-11-23"}, {}, "scenes.people", "begins on 2026-11-23", "Wait until then"),
        ({"scope": {"markets": ("DE",)}}, {}, "scenes.people", "does not cover the market GB", "exclude: [{markets: [GB]}]"),
        ({"references": (blob(b"other"),)}, {}, "scenes.people", "none of the photos in scenes.library", "byte for byte"),
        ({}, {"valid_until": "2026-12-01"}, "music.licence", "the flight is from 2026-10-01", "enter another licence"),
        ({}, {"references": (blob(b"other"),)}, "music.track", "is not the one that theme-2027 is about", "byte for byte"),
        ({}, {"scope": {"channels": ("olv",)}}, "music.licence", "does not cover", "or enter another licence"),
        ({}, {"kind": "voice"}, "music.licence", "theme-2027 is for a voice", "creative voices add"),
    ],
)  # fmt: skip
def test_what_nobody_agreed_to_is_refused_by_its_field(
    plan: Callable[..., Any], likeness: Any, music: Any, where: str, problem: str, instead: str
) -> None:
    entered = [make(**more) for make, more in ((ana, likeness), (theme, music)) if more is not None]
    found = [one for one in plan(agreed(*entered))[0].findings.values() if problem in one.problem]
    assert found and {one.where for one in found} == {where}
    assert instead in found[0].instead


def test_who_entered_it_asks_for_no_ads_with_it(plan: Callable[..., Any]) -> None:
    findings = plan(agreed(ana(), theme()), by="Ines Rau")[0].findings.values()
    assert {one.where for one in findings} == {"scenes.people", "music.licence"}
    assert all("was entered by Ines Rau" in one.problem for one in findings)


def test_a_photo_of_somebody_is_not_taken_without_naming_the_consent(plan: Callable[..., Any]) -> None:
    planner, windows = plan(agreed(ana(), theme()), **{"likeness:ana-2027": "none"})
    assert "library" not in {one.backend for one in steps_of(windows) if one.kind == "scene"}
    assert [text for _, text in planner.pictures.warnings()] == [
        "station-dawn.jpg shows somebody who has to agree (ana-2027): it is not used"
    ]


def test_a_track_that_is_too_short_is_refused(tmp_path: Path, plan: Callable[..., Any]) -> None:
    short = wav(9.0, seed=8)
    (tmp_path / "campaign" / "media" / "theme.wav").write_bytes(short)
    rights = agreed(ana(), theme(references=(blob(short),)))
    findings = plan(rights)[0].findings.values()
    assert {one.where for one in findings} == {"music.track"}
    assert all("the track lasts 9.0 s, and" in one.problem for one in findings)


@pytest.mark.parametrize(
    ("people", "music", "problem"),
    [
        ("likeness:", MUSIC, "must be none, adults or likeness:<consent id>"),
        ("likeness: ana", MUSIC, "must be none, adults or likeness:<consent id>"),
        ("adults", MUSIC, "'adults' is not supported yet"),
        ("none", "{track: media/theme.wav}", "music: lacks licence"),
        ("none", "{track: media/other.wav, licence: x}", "music.track: is not there"),
        ("none", "{track: media/house-roast.png, licence: x}", "music.track: is a PNG, and must be a WAV"),
        (
            "none",
            "{mood: warm, licence: x}",
            "music.licence: does not go with the rest. Write {mood: ...}, or {track: ",
        ),
    ],
)
def test_what_is_written_wrongly_is_said_with_its_line(tmp_path: Path, people: str, music: str, problem: str) -> None:
    with pytest.raises(BriefError) as caught:
        load_brief(written(tmp_path, people, music))
    assert problem in str(caught.value)


class Place:
    """A store with the photo and the track, and a worker."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder / "store")
        self.photo = self.store.put_blob(PHOTO, "image/jpeg").sha256
        self.track = self.store.put_blob(TRACK, "audio/wav").sha256
        self.workshop = Workshop(Worksite(self.store.url, str(folder / "cache"), ""), 1)

    def run(self, one: Step) -> Outcome:
        [outcome] = self.workshop.run(Batch(1, BackendSpec("null", one.kind, NULL), (one,)))
        return outcome

    def scene(self, *rights: str) -> Step:
        return step("scene", "null", 1, None, {"width": 8}, {"photo": self.photo}, 1).under(rights)

    def bed(self, *rights: str) -> Step:
        return step("bed", "null", 1, None, {"ms": 9}, {"track": self.track}, 0).under(rights)


def test_workers_ask_for_them_whoever_sends_the_step(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert "a track needs a licence, and none was named" in place.run(place.bed()).reason
    assert place.run(place.scene()).status == "made"  # nobody is known to be in it
    enter(place.store, ana())
    enter(place.store, theme())
    refused = place.run(place.scene())
    assert (refused.status, "the photo shows somebody who has to agree (ana-2027)" in refused.reason) == (
        "refused",
        True,
    )
    assert "theme-2027 is for another use than likeness" in place.run(place.scene("theme-2027")).reason
    for one in (place.scene("ana-2027"), place.bed("theme-2027")):
        assert place.run(one).status in ("made", "reused")
    receipt = read_receipt(place.store, place.bed().key)
    assert receipt is not None and receipt.notes["consents"] == ["theme-2027"]
    revoke(place.store, "ana-2027")
    revoke(place.store, "theme-2027")
    assert "the consent ana-2027 was revoked" in place.run(place.scene("ana-2027")).reason
    refused = place.run(place.bed("theme-2027"))
    assert (refused.status, "the licence theme-2027 was revoked" in refused.reason) == ("refused", True)
    assert "take music by its mood" in refused.reason


def office(folder: Path) -> Office:
    """The brief, and both consents as files."""
    made = Office(folder, written(folder))
    (folder / "said.wav").write_bytes(STATEMENT)
    (folder / "licence.txt").write_text("Two years, all media.")
    days = "company: Marlo\nscope: {brands: all, channels: all, markets: all, languages: all}\nfrom: 2026-09-01\nuntil: 2099-12-31\nverifier: Bo\n"
    (folder / "ana.yaml").write_text(
        f"schema: 1\nid: ana-2027\nkind: likeness\nspeaker: Ana Petrov\nstatement: said.wav\nreferences: [campaign/photos/station-dawn.jpg]\n{days}"
    )
    (folder / "theme.yaml").write_text(
        f"schema: 1\nid: theme-2027\nkind: music\nholder: Nordic Tunes\nstatement: licence.txt\nreferences: campaign/media/theme.wav\n{days}"
    )
    return made


def test_from_entering_to_revoking(here: Path) -> None:
    desk = office(here)
    brief = str(desk.brief)
    only = "segment=commuters,market=GB,placement=tiktok-infeed"
    assert "scenes.people: there is no consent 'ana-2027'" in desk.say("run", brief, "--only", only, code=2)
    kinds = [desk.add(name)["use"] for name in ("ana.yaml", "theme.yaml")]
    assert kinds == ["likeness", "music"]
    made = desk.say("run", brief, "--only", only)
    [line] = map(json.loads, Path(made["manifest"]).read_text().splitlines())
    assert [(right["rights_id"], right["uses"][0]) for right in line["rights"]] == [
        ("ana-2027", "likeness"),
        ("theme-2027", "background_music"),
    ]
    under = {one["kind"]: one["consent"] for one in line["lineage"]["steps"] if one["consent"]}
    assert under == {"scene": "ana-2027", "bed": "theme-2027"}
    sheet = Path(made["sheet"]).read_text()
    assert "likeness: consent ana-2027" in sheet and "licensed music: licence theme-2027" in sheet
    desk.say("approve", line["asset_id"], "--by", "Bo")
    asked = ("match", "--placement", "tiktok-infeed", "--segment", "commuters", "--market", "GB", "--locale", "en-GB")
    assert desk.say(*asked)["asset_id"] == line["asset_id"]
    ended = desk.revoke("theme-2027", "unpaid")
    assert [one["asset_id"] for one in ended["withdrawn"]] == [line["asset_id"]]
    assert ended["delivered"][0]["ads"] == 0 and ended["delivered"][0]["removed"]
    assert desk.say(*asked, code=1)["reason"] == "none approved (1 withdrawn)"
    assert "A revocation is final: a new document is a new licence" in desk.say("run", brief, "--only", only, code=2)
