"""The supporting line, and the label that says that a model made an ad: where they are planned, and what they change."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.cells import parse_only
from creative.errors import BriefError
from creative.labels import label_words
from creative.planning import Planner
from creative.records import CellRecord
from creative.resources import templates
from creative.world import ingest
from tests.support.demo import demo, edit, planned

CTA = "  cta: {en-GB: Order now, de-DE: Jetzt bestellen}\n"
NAMING = "naming: "
ONLY = parse_only(["placement=meta-feed-4x5,placement=iab-728x90,placement=google-landscape,placement=meta-reel-6"])


def _records(path: Path) -> list[CellRecord]:
    _, planner, windows = planned(path, ONLY)
    assert not planner.findings, planner.findings
    return [cell.record() for window in windows for cell in window.cells]


def _keys(path: Path) -> set[str]:
    return {key for window in planned(path, ONLY)[2] for key in window.steps}


def test_a_supporting_line_stands_where_there_is_room_and_only_in_the_locales_that_have_it(tmp_path: Path) -> None:
    path = demo(tmp_path)
    before = _records(path)
    edit(
        path,
        {CTA: CTA + '  support: {short: {en-GB: Small lots.}, long: {en-GB: "Small lots, roasted on Tuesdays."}}\n'},
    )
    after = _records(path)
    said = {(ad.locale, ad.modality, ad.texts.get("support")) for ad in after}
    assert ("en-GB", "image", "Small lots, roasted on Tuesdays.") in said
    assert {support for locale, modality, support in said if locale == "de-DE" or modality != "image"} == {None}
    for old, new in zip(before, after, strict=True):
        # What does not show it is what it was; approvals of German ads and of spots stay.
        if new.locale == "de-DE" or new.modality == "audio":
            assert (old.steps, old.wanted) == (new.steps, new.wanted)
        else:
            assert old.wanted != new.wanted


@pytest.mark.parametrize("rule", ["auto", "{use: never, reason: nothing is made by a model}"])
def test_what_no_model_drew_has_no_label(tmp_path: Path, rule: str) -> None:
    path = demo(tmp_path)
    before = _keys(path)
    edit(path, {NAMING: f"compliance: {{ai_label: {rule}}}\n{NAMING}"})
    assert _keys(path) == before


def test_always_is_every_picture_and_film_in_its_locale(tmp_path: Path) -> None:
    path = demo(tmp_path)
    edit(path, {NAMING: f"compliance: {{ai_label: always}}\n{NAMING}"})
    for ad in _records(path):
        if ad.modality == "audio":
            assert "label" not in ad.texts
            continue
        words = label_words(ad.locale)
        assert words is not None
        assert ad.texts["label"] in (words.picture, words.letters)
        assert ad.texts["label"] == words.letters or ad.placement != "iab-728x90"


def test_own_words_and_none_at_all(tmp_path: Path) -> None:
    path = demo(tmp_path)
    edit(path, {NAMING: f"compliance: {{ai_label: {{use: always, text: {{en-GB: Rendered}}}}}}\n{NAMING}"})
    said = {ad.locale: ad.texts["label"] for ad in _records(path) if ad.placement == "meta-feed-4x5"}
    assert said == {"en-GB": "Rendered", "de-DE": "KI-generiert"}
    edit(path, {"{use: always, text: {en-GB: Rendered}}": "{use: never}"})
    with pytest.raises(BriefError, match="needs a reason"):
        _records(path)


def test_auto_labels_what_a_trained_model_draws(tmp_path: Path) -> None:
    path = demo(tmp_path)
    catalogue = load_catalogue()
    row = catalogue.choose("scene")
    drawn = dataclasses.replace(row, generative=True)
    catalogue = dataclasses.replace(catalogue, specs={**catalogue.specs, (row.kind, row.name): drawn})
    brief = load_brief(path, media_roots=[templates()])
    only = parse_only(["placement=meta-feed-4x5,market=GB"])
    planner = Planner(brief, ingest(brief, catalogue), only)
    said = {cell.record().texts.get("label") for window in planner.windows() for cell in window.cells}
    assert not planner.findings and said == {"AI-generated"}


def test_the_second_brief_has_words_for_its_label_in_every_locale() -> None:
    brief = load_brief(templates() / "briefs" / "world" / "brief.yaml", media_roots=[templates()])
    for market in brief.markets.values():
        assert all(label_words(locale) for locale in market.locales)
    traditional, simplified = label_words("zh-TW"), label_words("zh-CN")
    assert label_words("nn-NO") == label_words("nb-NO") and traditional != simplified
    assert label_words("tlh") is None
