"""Judges in plans: steps of their own, that change no other; chosen by name, or by what is installed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from creative.backends import BackendSpec
from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.errors import UsageError
from creative.judging import READS, chosen
from creative.planning import Planner, PlanWindow
from creative.planning.judges import JUDGE
from creative.planning.window import ENDS
from creative.profiles import load_profile
from creative.settings import settings
from creative.steps import Output
from creative.world import ingest
from tests.support.demo import demo

ALL = ("ocr", "transcript", "speech", "safety")
ONLY = {"segment": frozenset({"commuters"}), "market": frozenset({"GB"})}


def plan(folder: Path, judges: str) -> PlanWindow:
    brief = load_brief(demo(folder))
    [window] = Planner(brief, ingest(brief, load_catalogue((), judges)), ONLY).windows()
    return window


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> tuple[PlanWindow, PlanWindow]:
    """The same ads, unjudged and judged by everybody."""
    folder = tmp_path_factory.mktemp("judges")
    return plan(folder / "one", "none"), plan(folder / "other", ",".join(ALL))


def test_who_judges_changes_nothing_that_is_made(windows: tuple[PlanWindow, PlanWindow]) -> None:
    alone, judged = windows
    assert set(judged.steps) > set(alone.steps)
    for one, other in zip(alone.cells, judged.cells, strict=True):
        assert {name: key for name, key in other.steps.items() if not name.startswith(JUDGE)} == dict(one.steps)
        assert set(ENDS) <= set(one.steps)
        mine, theirs = one.record(), other.record()
        assert theirs.model_copy(update={"steps": mine.steps}) == mine
    assert {judged.steps[key].kind for key in set(judged.steps) - set(alone.steps)} == {"judge"}


def test_each_judges_what_it_can(windows: tuple[PlanWindow, PlanWindow]) -> None:
    _, judged = windows
    of = {cell.modality: sorted(name for name in cell.steps if name.startswith(JUDGE)) for cell in judged.cells}
    assert of == {
        "image": ["judge.ocr", "judge.safety"],
        "video": ["judge.ocr", "judge.safety", "judge.speech", "judge.transcript"],
        "audio": ["judge.speech", "judge.transcript"],
    }


def test_what_they_read(windows: tuple[PlanWindow, PlanWindow]) -> None:
    _, judged = windows
    by = {(cell.modality, name): judged.steps[key] for cell in judged.cells for name, key in cell.steps.items()}
    film, spot = by["video", "judge.ocr"], by["audio", "judge.transcript"]
    assert sorted(film.inputs) == ["asset", "boxes.0", "boxes.1"] and film.params == {}
    assert spot.inputs == {"asset": Output(by["audio", "finish"].key, "asset")}
    assert spot.params["locale"] == "en-GB" and "£5.49" in spot.params["script"] and spot.params["must"] == ["£5.49"]
    voice = by["audio", "judge.speech"].inputs["voice"]
    assert isinstance(voice, Output) and judged.steps[voice.step].kind == "fit"
    reads = {cell.steps["judge.speech"] for cell in judged.cells if "judge.speech" in cell.steps}
    assert len(reads) < sum("judge.speech" in cell.steps for cell in judged.cells)  # a voice is judged once a read


def rows(**needs: list[str]) -> list[BackendSpec]:
    return [BackendSpec(name, "judge", "a:B", facts={"needs": packages}) for name, packages in needs.items()]


def test_auto_is_who_is_installed() -> None:
    there = rows(here=["json", "creative"], away=["json", "no_such_package_at_all"], odd=["no.such.package"])
    assert chosen("auto", there) == ("here",)
    assert chosen("none", there) == chosen("", there) == ()
    assert chosen("away, here,away", there) == ("away", "here")  # workers may have what is not here
    with pytest.raises(UsageError, match="there is no judge 'hear'"):
        chosen("hear", there)


def test_the_packaged_rows_say_what_they_read() -> None:
    judges = load_catalogue().of_kind("judge")
    assert {row.name for row in judges} == set(ALL)
    for row in judges:
        assert set(row.facts["reads"]) <= set(READS) and row.facts["of"] and row.facts["needs"] and row.model
        assert not row.generative
    assert load_catalogue().judges == ()
    assert load_catalogue((), "auto").judges == ALL  # the tests' machines have the extra


def test_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREATIVE_JUDGES")
    assert settings(tmp_path).judges == "auto"
    (tmp_path / "creative.toml").write_text('[profiles.night]\njudges = "ocr, safety"\n')
    monkeypatch.setenv("CREATIVE_CONFIG", str(tmp_path / "creative.toml"))
    assert load_profile("night").texts["judges"] == "ocr, safety"
    assert settings(tmp_path, profile="night").judges == "ocr, safety"
    monkeypatch.setenv("CREATIVE_JUDGES", "none")
    assert settings(tmp_path, profile="night").judges == "none"
    assert dataclasses.replace(settings(tmp_path), judges="x").judges == "x"
