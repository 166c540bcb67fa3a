"""What needs a consent is approved, delivered and matched while it is in force, and not a moment longer."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creative.delivery import deliver
from creative.matching import Match, match, request
from creative.registry import open_registry
from creative.review.withdrawing import withdraw_lapsed
from creative.rights import Rights, Standing
from creative.rights.scope import constraint
from tests.support.consents import Clock, consent, enter, revoke
from tests.support.registry_records import told
from tests.support.reviewing import Desk, made


def needing(id: str = "mara-2027", **more: Any) -> dict[str, Any]:
    """A cell whose voice is cloned."""
    rights = Rights({id: Standing(consent(id), "", "")})
    return {"carried": {"rights": [constraint(rights, id)], **more}}


def ask(desk: Desk, at: str = "2026-11-22", **more: Any) -> Match:
    asked = {"placement": "iab-728x90", "market": "GB", "locale": "en-GB", "segment": "commuters", "at": at, **more}
    return match(desk.store, desk.registry, request(**asked))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Of two ads the more valuable one needs a consent; another campaign has one that needs it as well."""
    desk = Desk(tmp_path, {})
    enter(desk.store, consent(valid_until="2026-12-15"))
    desk.make({"a": needing(value=9), "b": {}})
    desk.make({"w": needing(value=5)}, campaign="winter")
    desk.say("approved", "a", "b", "w")
    assert [desk.state(ad) for ad in "abw"] == ["approved"] * 3
    return desk


def test_on_its_days_only(desk: Desk) -> None:
    assert ask(desk, "2026-12-15").ad_id == "ad_a"
    assert ask(desk, "2026-12-16").ad_id == "ad_b"
    desk.say("rejected", "b")
    found = ask(desk, "2026-12-16")
    assert not found.found
    assert found.reason == "approved, and must not be shown: the consent mara-2027 ended with 2026-12-15 (and 1 more)"
    assert desk.state("a") == "approved"  # it was asked about another day than today


def test_a_day_is_the_markets_own(desk: Desk) -> None:
    desk.say("rejected", "a", "b", "w")
    desk.make({"n": needing(timezone="Pacific/Auckland"), "l": needing(timezone="America/Los_Angeles", value=0)})
    desk.say("approved", "n", "l")
    assert ask(desk, "2026-12-15T10:59+00:00").ad_id == "ad_n"  # 23:59 in Auckland
    assert ask(desk, "2026-12-15T11:00+00:00").ad_id == "ad_l"  # the 16th there, and 03:00 on the 15th in Los Angeles
    assert ask(desk, "2026-12-16T07:59+00:00").ad_id == "ad_l"
    assert not ask(desk, "2026-12-16T08:00+00:00").found


def test_what_is_found_to_have_ended_today_is_withdrawn_by_who_sees_it(
    desk: Desk, clock: type[Clock], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.day = date(2026, 12, 16)
    monkeypatch.setattr("creative.matching.datetime", clock)
    asked: dict[str, Any] = {"placement": "iab-728x90", "market": "GB", "locale": "en-GB", "segment": "commuters"}
    found = match(desk.store, desk.registry, request(**asked))
    assert set(found.withdrawn) == {("autumn", made("a").asset_id), ("winter", made("w").asset_id)}
    assert [desk.state(ad) for ad in "abw"] == ["withdrawn", "approved", "withdrawn"]
    said = desk.registry.verdicts(asset_id=made("w").asset_id)[-1]
    assert (said.by, said.reason) == ("match", "the consent mara-2027 ended with 2026-12-15")


def test_from_the_moment_of_the_revocation_though_nothing_is_withdrawn_yet(desk: Desk) -> None:
    deliver(desk.store, desk.registry, "autumn")
    assert len(desk.published()) == 3
    revoke(desk.store)
    assert desk.state("a") == "approved"
    assert ask(desk).ad_id == "ad_b"
    desk.say("rejected", "a")
    refused = desk.say("approved", "a").refused
    assert [one.why for one in refused if "was revoked on" in one.why] == [one.why for one in refused] != []
    desk.make({"e": needing()})
    assert desk.say("approved", "e").refused
    told_ = deliver(desk.store, desk.registry, "autumn")
    assert (len(told_.removed), told_.ads) == (1, 1)


def test_a_revocation_withdraws_in_every_campaign(desk: Desk) -> None:
    desk.make({"d": needing("other"), "p": needing()})
    enter(desk.store, consent("other"))
    revoke(desk.store)
    gone = withdraw_lapsed(desk.store, desk.registry, "Ines Rau")
    ids = {campaign: set(found) for campaign, found in gone.assets.items()}
    assert ids == {"autumn": {made("a").asset_id, made("p").asset_id}, "winter": {made("w").asset_id}}
    assert [desk.state(ad) for ad in "abdpw"] == ["withdrawn", "approved", "pending", "withdrawn", "withdrawn"]
    said = desk.registry.verdicts(asset_id=made("w").asset_id)[-1]
    assert (said.verdict, said.by) == ("withdrawn", "Ines Rau")
    assert said.reason.startswith("the consent mara-2027 was revoked on ")
    assert len(withdraw_lapsed(desk.store, desk.registry, "Ines Rau")) == 0


def test_what_is_named_by_no_entry_needs_a_consent_as_well(desk: Desk) -> None:
    desk.make({"n": needing("nobody")})
    assert desk.say("approved", "n").refused
    assert made("n").asset_id in withdraw_lapsed(desk.store, desk.registry, "nightly").reasons


def test_a_registry_made_anew_knows_the_same(desk: Desk, tmp_path: Path) -> None:
    revoke(desk.store)
    enter(desk.store, consent("mara-2028"))
    withdraw_lapsed(desk.store, desk.registry, "Ines Rau")
    live = told(desk.registry)
    assert live["rights"].standing["mara-2027"].state(date(2026, 11, 22)) == "revoked"
    assert live["needs"][made("a").asset_id] == ("mara-2027",)
    with open_registry(tmp_path / "anew.db", desk.store.id) as fresh:
        fresh.rebuild(desk.store)
        assert told(fresh) == live
