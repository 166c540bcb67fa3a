"""Judges in runs: their figures join the ad's; what they cannot say sinks no ad, and is asked again."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from creative import session as sessions
from creative.brief.brief import Brief
from creative.running.campaign import CampaignRun, Report
from creative.session import Session
from creative.settings import settings
from creative.store.receipts import clear_failure, failure_keys
from tests.benchmarks.planning import write_brief
from tests.support.null import null_table

ONLY = {"market": frozenset({"GB"}), "segment": frozenset({"s0"})}


class Farm:
    """One segment's eight ads, made by nobody, judged by two."""

    def __init__(self, opened: Session, brief: Brief, mark: Path) -> None:
        self.opened, self.brief, self.mark = opened, brief, mark

    def run(self, judges: tuple[str, ...] = ("ocr", "safety")) -> Report:
        world = sessions.in_world(self.brief, dataclasses.replace(self.opened.catalogue, judges=judges))
        ads = self.opened.survey(self.brief, world, ONLY).segments
        with contextlib.closing(self.opened.runner()) as runner:
            run = CampaignRun(self.brief, world, self.opened.store, self.opened.registry, runner, only=ONLY)
            return run.run(ads)

    def told(self) -> Counter[str]:
        return Counter(one["id"] for row in self.opened.registry.manifest_rows() for one in row.findings)

    def judged(self) -> list[Any]:
        return [row.figures.get("judges") for row in self.opened.registry.manifest_rows() if row.modality == "image"]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    table = json.loads(null_table())
    for row in table["backends"]:
        if row["kind"] == "judge":
            row |= {"target": "tests.support.backends:Judge", "options": {"mark": str(tmp_path / "mark")}}
    (tmp_path / "null.yaml").write_text(json.dumps(table), "utf-8")
    options = settings(tmp_path / "out", runner="inline", workers=1)
    options = dataclasses.replace(options, catalogues=(tmp_path / "null.yaml",))
    brief = sessions.read_brief(write_brief(tmp_path, 1), options)
    with sessions.session(options) as opened:
        yield Farm(opened, brief, tmp_path / "mark")


def test_their_figures_join(farm: Farm) -> None:
    report = farm.run()
    assert (report.status, report.assets, report.new) == ("done", 8, 8)
    seen = len(farm.judged())
    assert seen and farm.told()["text-read"] >= seen
    assert farm.judged()[0]["safety"] == {"why_not": "its figures are no JSON object"}
    again = farm.run()
    assert (again.progress.total("made"), again.new, again.assets) == (0, 0, 8)


def test_a_judge_that_fails_sinks_no_ad_and_is_asked_again(farm: Farm) -> None:
    farm.mark.touch()
    report = farm.run()
    assert (report.status, report.assets, report.not_made) == ("done", 8, [])
    assert report.progress.total("failed") > 0
    assert farm.judged()[0] == {name: {"why_not": "no model"} for name in ("ocr", "safety")}
    assert farm.told()["not-judged"] > 0
    before = {row.asset_id for row in farm.opened.registry.manifest_rows()}
    assert farm.run().new == 0  # the refusal is known, and said again
    farm.mark.unlink()
    for key in list(failure_keys(farm.opened.store)):
        clear_failure(farm.opened.store, key)
    assert farm.run().status == "done"
    assert farm.told()["text-read"] > 0 and "why_not" not in farm.judged()[0]["ocr"]
    assert {row.asset_id for row in farm.opened.registry.manifest_rows()} == before


def test_ads_are_judged_later_without_being_made_again(farm: Farm) -> None:
    farm.run(judges=())
    ids = {row.asset_id: row.sha256 for row in farm.opened.registry.manifest_rows()}
    assert farm.told() == Counter() or "text-read" not in farm.told()
    report = farm.run()
    assert set(report.progress.kinds) >= {"judge"} and report.new == 0
    assert {name for name, tally in report.progress.kinds.items() if tally.made} == {"judge"}
    assert farm.told()["text-read"] > 0
    assert {row.asset_id: row.sha256 for row in farm.opened.registry.manifest_rows()} == ids
