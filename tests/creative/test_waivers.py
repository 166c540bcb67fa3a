"""Waivers: a finding may stay, by name and with a reason; a check never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from creative.cli import app
from creative.craft import CHECKS, RULES
from creative.errors import UsageError
from creative.manifest import manifest_line
from creative.registry import open_registry
from creative.review.waivers import waive
from tests.support.reviewing import Desk, made

MARGIN = RULES["margin"].found("12 px", "the headline", limit="54 px")
WORDS = RULES["words"].found(25)
WITH = {"asset": {"findings": (MARGIN, WORDS)}}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {"a": WITH, "b": WITH, "d": {}})


def row(desk: Desk, ad: str, take: str = "1") -> Any:
    return desk.registry.asset(made(ad, take).asset_id)


def waived(desk: Desk, ad: str, take: str = "1") -> dict[str, Any]:
    return {one["id"]: one["waived"] for one in row(desk, ad, take).findings if "waived" in one}


def test_a_waiver_is_in_the_log_and_in_what_is_told(desk: Desk) -> None:
    told = waive(desk.store, desk.registry, [row(desk, "a")], "margin", "Mara", "the grid is wider here")
    assert (told.done, told.refused) == ([made("a").asset_id], [])
    assert desk.entries()[-1] == "waiver"
    said = {"by": "Mara", "reason": "the grid is wider here"}
    assert (waived(desk, "a"), waived(desk, "b")) == ({"margin": said}, {})
    line = manifest_line(row(desk, "a"), desk.store)
    assert [(one.id, one.waived) for one in line.findings] == [("margin", said), ("words", None)]
    assert line.state == "pending"


def test_the_same_again_writes_nothing_and_another_reason_does(desk: Desk) -> None:
    waive(desk.store, desk.registry, [row(desk, "a")], "margin", "Mara", "so")
    before = desk.entries()
    assert waive(desk.store, desk.registry, [row(desk, "a")], "margin", "Mara", "so").unchanged
    assert desk.entries() == before
    waive(desk.store, desk.registry, [row(desk, "a")], "margin", "Bo", "so")
    assert waived(desk, "a")["margin"]["by"] == "Bo"


def test_it_holds_for_later_renditions_until_it_is_taken_back(desk: Desk) -> None:
    waive(desk.store, desk.registry, [row(desk, "a")], "margin", "Mara", "so")
    desk.make({"a": WITH}, take="2")
    assert waived(desk, "a", "2") == {"margin": {"by": "Mara", "reason": "so"}}
    told = waive(desk.store, desk.registry, [row(desk, "a", "2")], "margin", "Bo", "", back=True)
    assert (str(told), waived(desk, "a", "2")) == ("margin: counts again for 1 ad", {})
    assert waive(desk.store, desk.registry, [row(desk, "a", "2")], "margin", "Bo", "", back=True).unchanged


def test_a_registry_made_anew_has_it(desk: Desk) -> None:
    waive(desk.store, desk.registry, [row(desk, "a"), row(desk, "b")], "margin", "Mara", "so")
    waive(desk.store, desk.registry, [row(desk, "b")], "margin", "Mara", "", back=True)
    with open_registry(desk.folder / "another.db", desk.store.id) as anew:
        anew.rebuild(desk.store)
        said = {one.ad_id: [f.get("waived") for f in one.findings] for one in anew.manifest_rows("autumn")}
    assert said == {"ad_a": [{"by": "Mara", "reason": "so"}, None], "ad_b": [None, None], "ad_d": []}


def test_what_is_not_found_is_refused(desk: Desk) -> None:
    [refusal] = waive(desk.store, desk.registry, [row(desk, "d")], "margin", "Mara", "so").refused
    assert "has no finding margin; it has: none" in str(refusal)
    assert "waiver" not in desk.entries()


@pytest.mark.parametrize("check", CHECKS)
def test_a_check_is_never_waived(desk: Desk, check: str) -> None:
    assert check not in RULES
    with pytest.raises(UsageError, match=f"{check} is a check, .* nobody can waive it"):
        waive(desk.store, desk.registry, [row(desk, "a")], check, "Mara", "so")


def typed(desk: Desk, *arguments: str) -> Any:
    return CliRunner().invoke(app, ["waive", *arguments, "--out", str(desk.folder)], catch_exceptions=True)


def test_as_people_type_it(desk: Desk) -> None:
    done = typed(desk, "margin", "Marlo_a", "--by", "Mara", "--reason", "so", "--json")
    assert (done.exit_code, json.loads(done.stdout)["waived"]) == (0, [made("a").asset_id])
    done = typed(desk, "words", "--all", "--by", "Mara", "--reason", "a list is wanted")
    assert (done.exit_code, sorted(waived(desk, "b"))) == (0, ["words"])
    assert "words: waived for 2 ads" in done.stderr
    assert typed(desk, "margin", "Marlo_d", "--by", "Mara", "--reason", "so").exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("margn", "Marlo_a", "--by", "Mara", "--reason", "so"), "there is no finding 'margn'"),
        (("contrast", "Marlo_a", "--by", "Mara", "--reason", "so"), "contrast is a check"),
        (("margin", "Marlo_a", "--reason", "so"), "say who"),
        (("margin", "Marlo_a", "--by", "Mara"), "a waiver needs its reason"),
        (("margin", "--by", "Mara", "--reason", "so"), "name the ads, or say --all"),
        (("margin", "Marlo_a", "--all", "--by", "Mara", "--reason", "so"), "name the ads, or say --all"),
    ],
)
def test_what_cannot_be_meant(
    desk: Desk, arguments: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREATIVE_BY", raising=False)
    done = typed(desk, *arguments)
    assert isinstance(done.exception, UsageError) and says in str(done.exception)
    assert "waiver" not in desk.entries()


def test_duplicates_are_told_of_the_segment_as_it_is_now(tmp_path: Path) -> None:
    look, other = "7f" + "00" * 62 + "80" * 24, "00" * 62 + "7f" + "80" * 24

    def seen(variant: int, descriptor: str) -> dict[str, Any]:
        return {"variant": variant, "asset": {"figures": {"looks": [descriptor]}}}

    desk = Desk(tmp_path, {"a": seen(1, look), "b": seen(2, look), "d": seen(3, other)})
    [found] = row(desk, "b").findings
    assert (found["id"], row(desk, "a").findings, row(desk, "d").findings) == ("near-duplicate", [], [])
    assert "looks like variant 1 (Marlo_a)" in found["says"]
    waive(desk.store, desk.registry, [row(desk, "b")], "near-duplicate", "Mara", "only the accent differs")
    assert "near-duplicate" in waived(desk, "b")
    # The lower one is another picture now: nothing is stored that would have to be mended.
    desk.make({"a": seen(1, other)}, take="2")
    assert row(desk, "b").findings == [] and [one["id"] for one in row(desk, "d").findings] == ["near-duplicate"]
    desk.say("rejected", "a", take="2")
    assert row(desk, "d").findings == []
