"""From a consent to finished, matched ads, and back: as people type it. The backends make nothing, at once."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from creative.registry import open_registry
from creative.review.withdrawing import withdraw_lapsed
from creative.session import reindex
from creative.settings import settings
from creative.store import open_store
from tests.support.consents import CONSENT, STATEMENT, Clock, cloned, cloner, written
from tests.support.demo import demo
from tests.support.registry_records import told
from tests.support.rights_office import Office

ONLY = "segment=commuters,market=GB,placement=spotify-audio-15"
MATCH = ("match", "--placement", "spotify-audio-15", "--segment", "commuters", "--market", "GB", "--locale", "en-GB")


@pytest.fixture
def office(here: Path) -> Office:
    """The demo brief, whose English voice is cloned, and the consent as a file."""
    written(here)
    return Office(here, cloned(demo(here)), cloner())


def test_from_consent_to_revocation(office: Office) -> None:
    brief = str(office.brief)
    assert "there is no consent 'mara-2027'" in office.say("run", brief, "--only", ONLY, code=2)
    assert "Bo does not have the role rights" in office.say("voices", "add", "consent.yaml", "--by", "Bo", code=2)
    entered = office.add("consent.yaml")
    assert (entered["consent"], entered["use"], entered["state"]) == ("mara-2027", "clone", "in-force")
    assert office.say("voices", "list", "--consents") == [entered]

    made = office.say("run", brief, "--only", ONLY)
    assert (made["assets"], made["new"]) == (1, 1)
    [line] = map(json.loads, Path(made["manifest"]).read_text().splitlines())
    assert [right["rights_id"] for right in line["rights"]] == ["mara-2027"]
    assert line["rights"][0]["cloned"] and line["rights"][0]["countries"] == ["GB"]
    consents = {step["kind"]: step["consent"] for step in line["lineage"]["steps"]}
    assert consents.pop("speech") == "mara-2027" and not any(consents.values())
    assert "cloned voice: consent mara-2027" in Path(made["sheet"]).read_text()

    approved = office.say("approve", line["asset_id"], "--by", "Bo")
    assert [len(one["added"]) for one in approved["delivered"]] == [1]
    assert office.say(*MATCH)["asset_id"] == line["asset_id"]
    assert office.say(*MATCH, "--at", "2026-08-31", code=1)["asset_id"] is None

    assert "needs its reason" in office.say("voices", "revoke", "mara-2027", "--by", "Ines Rau", code=2)
    (office.folder / "narrow.yaml").write_text(CONSENT.replace("mara-2027", "mara-gb"))  # rests on the same statement
    office.add("narrow.yaml")
    ended = office.revoke("mara-2027")
    assert ended["with_it"] == ["mara-gb"]
    assert [one["asset_id"] for one in ended["withdrawn"]] == [line["asset_id"]]
    assert [len(one["removed"]) for one in ended["delivered"]] == [1]
    assert office.say(*MATCH, code=1)["reason"] == "none approved (1 withdrawn)"
    again = office.say("approve", line["asset_id"], "--by", "Bo", code=3)
    assert "was revoked" in again["refused"][0]["reason"]
    assert "A revocation is final" in office.say("run", brief, "--only", ONLY, code=2)
    assert [one["state"] for one in office.say("voices", "list", "--consents")] == ["revoked", "revoked"]

    # a new statement is a new consent: the sound is there, and only what names the consent is made again
    (office.folder / "statement.wav").write_bytes(STATEMENT + bytes(2))
    (office.folder / "consent.yaml").write_text(CONSENT.replace("mara-2027", "mara-2028"))
    office.add("consent.yaml")
    office.brief.write_text(office.brief.read_text().replace("mara-2027", "mara-2028"))
    made = office.say("run", brief, "--only", ONLY)
    assert made["made"] == {"finish": 1, "measure": 1, "poster": 1}

    here = settings()
    with open_registry(here.registry, open_store(here.store).id) as registry:
        live = told(registry)
    reindex(here)
    with open_registry(here.registry, open_store(here.store).id) as registry:
        assert told(registry) == live


def test_what_expires_is_not_matched_and_the_night_withdraws_it(office: Office, clock: type[Clock]) -> None:
    (office.folder / "consent.yaml").write_text(CONSENT.replace("2099-10-31", "2098-12-31"))
    office.add("consent.yaml")
    made = office.say("run", str(office.brief), "--only", ONLY)
    [line] = map(json.loads, Path(made["manifest"]).read_text().splitlines())
    office.say("approve", line["asset_id"], "--by", "Bo")
    assert office.say(*MATCH, "--at", "2026-12-31")["asset_id"] == line["asset_id"]
    here = settings()
    store = open_store(here.store)
    with open_registry(here.registry, store.id) as registry:
        assert len(withdraw_lapsed(store, registry, "nightly")) == 0
        clock.day = date(2099, 1, 1)
        gone = withdraw_lapsed(store, registry, "nightly")
    assert gone.assets == {"marlo-autumn": [line["asset_id"]]}
    assert gone.reasons[line["asset_id"]] == "the consent mara-2027 ended with 2098-12-31"
    assert office.say(*MATCH, code=1)["reason"] == "none approved (1 withdrawn)"


def test_options_enter_a_consent(office: Office) -> None:
    entered = office.say(
        "voices", "add", "--id", "otto", "--speaker", "Otto Berg", "--company", "Marlo", "--statement", "statement.wav",
        "--reference", "reference.wav", "--brand", "all", "--channel", "all", "--market", "GB", "--market", "IE",
        "--language", "en", "--from", "2026-01-01", "--until", "2099-01-01", "--verifier", "Ann", "--by", "Ines Rau",
    )  # fmt: skip
    assert entered["scope"] == {"brands": ["all"], "channels": ["all"], "markets": ["GB", "IE"], "languages": ["en"]}
    both = ("voices", "add", "consent.yaml", "--id", "otto", "--by", "Ines Rau")
    assert "give a file, or options, not both" in office.say(*both, code=2)
    assert "voices add --help" in office.say("voices", "add", "--by", "Ines Rau", code=2)
