"""Which approved ad is shown to whom, when and where."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from creative.errors import StoreError, UsageError
from creative.matching import Match, match, request
from tests.support.reviewing import Desk, made

ASKED: dict[str, Any] = {"placement": "iab-728x90", "market": "GB", "locale": "en-GB", "at": "2026-11-22"}


def ask(desk: Desk, **more: Any) -> Match:
    return match(desk.store, desk.registry, request(**{**ASKED, "segment": "commuters", **more}))


def ads(desk: Desk, ads: dict[str, dict[str, Any]]) -> None:
    desk.make(ads)
    desk.say("approved", *ads)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {})


def test_approved_is_matched(desk: Desk) -> None:
    desk.make({"a": {}})
    found = ask(desk)
    assert (found.found, found.reason) == (False, "none approved (1 pending)")
    desk.say("approved", "a")
    found = ask(desk)
    assert found.summary() == {
        "asset_id": made("a").asset_id,
        "ad_id": "ad_a",
        "uri": desk.store.uri(made("a").sha256),
        "sha256": made("a").sha256,
        "type": "image/jpeg",
        "reason": "segment commuters; locale en-GB; value 1; approved, in flight, until 2026-12-31",
    }
    desk.say("rejected", "a")
    assert ask(desk).reason == "none approved (1 rejected)"


@pytest.mark.parametrize("how", ["spoilt", "gone"])
def test_a_damaged_file_is_never_offered(desk: Desk, how: str) -> None:
    ads(desk, {"a": {"carried": {"value": 9}}, "b": {}})
    assert ask(desk).ad_id == "ad_a"
    if how == "spoilt":
        desk.spoil("a")
    else:
        desk.store.delete_blob(made("a").sha256)
    found = ask(desk)
    assert (found.ad_id, found.withdrawn) == ("ad_b", (("autumn", made("a").asset_id),))
    assert (desk.state("a"), desk.state("b")) == ("withdrawn", "approved")
    said = desk.registry.verdicts(asset_id=made("a").asset_id)[-1]
    reason = "its file in the store is damaged" if how == "spoilt" else "its file in the store is gone"
    assert (said.verdict, said.by, said.reason, said.sha256) == ("withdrawn", "match", reason, made("a").sha256)
    before = desk.entries()
    assert ask(desk).ad_id == "ad_b"
    assert desk.entries() == before
    desk.spoil("b")
    last = ask(desk)
    assert (last.found, last.reason) == (
        False,
        "none approved (2 withdrawn); 1 approved whose files are damaged or gone: withdrawn",
    )


def test_many_damaged_ones(desk: Desk) -> None:
    """More than are looked at at once."""
    names = [f"a{number:02}" for number in range(20)]
    ads(desk, {name: {} for name in names})
    for name in names[:-1]:
        desk.store.delete_blob(made(name).sha256)
    found = ask(desk)
    assert (found.ad_id, len(found.withdrawn)) == ("ad_a19", 19)


def test_a_store_that_is_away_withdraws_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ads(desk, {"a": {}})

    def away(_: str) -> bytes:
        raise StoreError("cannot reach the store")

    monkeypatch.setattr(desk.store, "get_blob", away)
    with pytest.raises(StoreError):
        ask(desk)
    assert desk.state("a") == "approved"


def test_the_best_comes_first(desk: Desk) -> None:
    """Exact locale, then the segment that is named, then traits, then value, then what was approved later, then by id."""
    traits = {"iab": ["28", "31"], "crm": "x"}
    order: dict[str, dict[str, Any]] = {
        "h": {"carried": {"value": 1}},
        "f": {"carried": {"value": 5}},
        "g": {"carried": {"value": 5}},
        "k": {"segment": "baristas", "carried": {"value": 90, "traits": traits}},
        "j": {"segment": "gifts", "carried": {"value": 80, "traits": {"crm": "x"}}},
        "m": {"locale": "en-IE", "carried": {"value": 99}},
        "n": {"locale": "de-DE", "carried": {"value": 99}},
        "o": {"market": "DE", "carried": {"value": 99}},
        "p": {"placement": "meta-feed-4x5", "carried": {"value": 99}},
    }
    desk.make(order)
    desk.say("approved", *(name for name in order if name != "g"))
    desk.say("approved", "g")

    def best(**more: Any) -> list[str]:
        found = []
        while (one := ask(desk, **more)).found:
            found.append(str(one.ad_id).removeprefix("ad_"))
            desk.say("rejected", found[-1])
        for name in reversed(found):
            desk.say("approved", name)
        return found

    # approvals are as old as the order in which they were given back, the newest first
    assert best() == ["g", "f", "h", "m"] or best() == ["f", "g", "h", "m"]
    assert best(traits=["crm=x"])[2:] == ["h", "k", "j", "m"]
    assert best(traits=["crm=x", "iab=28"])[2:] == ["h", "k", "m"]
    assert best(segment=None, traits=["crm=x"]) == ["k", "j"]
    assert best(segment=None, traits=["iab=28", "iab=31"]) == ["k"]
    assert best(segment=None, traits=["iab=28", "iab=99"]) == []
    assert best(locale="en-US")[0] == "m"
    assert best(locale="fr-FR") == []


def test_of_two_with_the_segments_name_the_one_that_has_the_traits(desk: Desk) -> None:
    ads(desk, {"a": {"carried": {"value": 9}}})
    desk.make({"b": {"carried": {"traits": {"crm": "x"}}}}, campaign="winter")
    desk.say("approved", "b")
    assert ask(desk).ad_id == "ad_a"
    found = ask(desk, traits=["crm=x", "iab=2"])
    assert (found.ad_id, found.reason.partition(";")[0]) == ("ad_b", "segment commuters, 1 of 2 traits")
    assert ask(desk, traits=["crm=x"], campaign="autumn").ad_id == "ad_a"
    assert "no ad of spring has the placement" in ask(desk, campaign="spring").reason


def test_another_country_of_the_language_will_do(desk: Desk) -> None:
    ads(desk, {"a": {"locale": "en-IE"}, "b": {"locale": "de-DE"}})
    assert "locale en-IE for want of en-GB" in ask(desk).reason
    ads(desk, {"d": {"locale": "en-GB"}})
    assert ask(desk).ad_id == "ad_d"
    assert ask(desk, locale="en").found
    assert ask(desk, locale="fr-FR").reason == (
        "no ad for iab-728x90 in GB in commuters speaks fr; there is: de-DE, en-GB, en-IE"
    )


@pytest.mark.parametrize(
    ("zone", "at", "shown"),
    [
        ("Europe/Berlin", "2026-09-30T21:59:59+00:00", False),
        ("Europe/Berlin", "2026-09-30T22:00+00:00", True),
        ("Europe/Berlin", "2026-12-31T22:59:59Z", True),
        ("Europe/Berlin", "2026-12-31T23:00Z", False),
        ("Pacific/Kiritimati", "2026-09-30T10:00Z", True),
        ("Pacific/Kiritimati", "2026-12-31T10:00Z", False),
        ("America/Los_Angeles", "2027-01-01T07:59Z", True),
        ("America/Los_Angeles", "2027-01-01T08:00Z", False),
        (None, "2026-12-31T23:59:59.999", True),
        (None, "2027-01-01", False),
        ("Nowhere/At_All", "2026-12-31T23:59", True),
        ("Europe/Berlin", "0001-01-01", False),
        ("America/Los_Angeles", "9999-12-31T23:59:59-12:00", None),
    ],
)
def test_days_begin_and_end_where_the_market_is(desk: Desk, zone: str | None, at: str, shown: bool | None) -> None:
    ads(desk, {"a": {"carried": {"timezone": zone}}})
    if shown is None:
        with pytest.raises(UsageError, match="--at"):
            ask(desk, at=at)
    else:
        assert ask(desk, at=at).found is shown


def test_the_offers_days_count_too(desk: Desk) -> None:
    ads(desk, {"a": {"carried": {"valid": {"from": "2026-11-01", "until": "2026-11-30"}}}})
    assert ask(desk, at="2026-10-15").reason == "1 approved, none in flight until 2026-11-01"
    assert "until 2026-11-30" in ask(desk, at="2026-11-30T23:00").reason
    assert ask(desk, at="2026-12-01").reason == "1 approved, none in flight: the last one ended with 2026-11-30"


def test_an_ad_without_a_flight_is_always_in_it(desk: Desk) -> None:
    ads(desk, {"a": {"carried": {"flight": None}}})
    assert ask(desk, at="1999-01-01").found
    assert ask(desk, at=datetime.now().astimezone().isoformat()).found


def test_what_was_missing_is_said(desk: Desk) -> None:
    ads(desk, {"a": {"carried": {"traits": {"crm": "x"}}}})
    for more, says in (
        ({"placement": "meta"}, "no ad has the placement meta; there is: iab-728x90"),
        ({"market": "FR"}, "no ad has the market FR for iab-728x90; there is: GB"),
        ({"segment": "gifts"}, "no ad has the segment gifts for iab-728x90 in GB; there is: commuters"),
        ({"segment": None, "traits": ["crm=y"]}, "no segment for iab-728x90 in GB has crm=y"),
    ):
        found = ask(desk, **more)
        assert (found.found, found.reason) == (False, says)
    assert match(desk.store, Desk(desk.folder / "empty", {}).registry, request(**ASKED, segment="x")).reason == (
        "no ad has the placement iab-728x90; there is: none at all"
    )


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"segment": None}, "--segment SEGMENT, or --trait"),
        ({"traits": ["crm"]}, "NAME=VALUE"),
        ({"traits": ["=x"]}, "NAME=VALUE"),
        ({"traits": [f"a={n}" for n in range(101)]}, "100 at most"),
        ({"locale": "english"}, "such as de-DE"),
        ({"at": "tomorrow"}, "write a time such as"),
    ],
)
def test_wrong_requests(more: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refusal:
        request(**{**ASKED, "segment": "s", **more})
    assert says in str(refusal.value)


def test_matching_reads_only_what_it_needs(desk: Desk) -> None:
    """Every table by an index, for any request: a plan with a scan of all ads would grow with the registry."""
    from creative.registry.judged import _candidates
    from creative.registry.rows import Wanted

    engine = desk.registry._engine
    place = {"placement": "p", "market": "GB", "locale": "en-GB"}
    for more in ({"segment": "s"}, {"traits": (("a", "b"),)}, {"traits": (("a", "b"), ("c", "d"))}):
        for near in (False, True):
            query = _candidates(Wanted(**place, near=near, **more), ("2026-01-01", "2026-01-02"), "approved")  # type: ignore[arg-type]
            words = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
            with engine.connect() as connection:
                plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")]
            assert not [line for line in plan if line.startswith("SCAN")], plan
            assert any(
                "ix_cells_segment_placement_market (segment=? AND placement=? AND market=?)" in one for one in plan
            )
