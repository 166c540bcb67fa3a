"""Planning: which steps a brief becomes, and which of them a change touches."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from creative.catalogue import load_catalogue
from creative.cells import parse_only
from creative.planning import PlanWindow
from creative.planning.window import ENDS
from creative.records import CellRecord
from creative.steps import KINDS, Output, Step
from tests.support.demo import demo, edit, planned
from workers.sound.moods import MOODS


def _steps(windows: list[PlanWindow]) -> dict[str, Step]:
    return {key: step for window in windows for key, step in window.steps.items()}


def _cells(windows: list[PlanWindow]) -> list[CellRecord]:
    return [cell.record() for window in windows for cell in window.cells]


def _made_anew(before: list[PlanWindow], after: list[PlanWindow]) -> Counter[str]:
    known = _steps(before).keys()
    return Counter(step.kind for window in after for step in window.needed(known).values())


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> list[PlanWindow]:
    _, planner, windows = planned(demo(tmp_path_factory.mktemp("plan")))
    assert not planner.findings
    return windows


def test_every_step_is_planned_once_after_what_it_needs(plan: list[PlanWindow]) -> None:
    for window in plan:
        seen: set[str] = set()
        for key, step in window.steps.items():
            assert set(step.needs()) <= seen
            for role, source in step.inputs.items():
                assert KINDS[step.kind].accepts(role)
                if isinstance(source, Output):
                    assert source.name in KINDS[window.steps[source.step].kind].outputs
            seen.add(key)
        for cell in window.cells:
            assert [window.steps[cell.steps[end]].kind for end in ENDS] == list(ENDS)


def test_parts_are_made_once_and_ads_many_times(plan: list[PlanWindow]) -> None:
    kinds = Counter(step.kind for step in _steps(plan).values())
    assert kinds["cutout"] == 1
    # A scene for each segment and framing that its layout names: five or fewer, for 10 stills and 3 films a segment.
    assert 3 * 4 <= kinds["scene"] <= 3 * 5
    assert kinds["speech"] == 6  # sentences that films and voice ads share
    assert kinds["fit"] == 2  # 6 s and 15 s; the voice ad has the film's read
    assert kinds["finish"] == kinds["measure"] == kinds["poster"] == 42
    assert set(kinds) <= set(KINDS)


def test_the_plan_is_the_same_in_another_process_and_folder(plan: list[PlanWindow], tmp_path: Path) -> None:
    path = demo(tmp_path)
    code = (
        "import sys, pathlib; from tests.support.demo import planned\n"
        "for window in planned(pathlib.Path(sys.argv[1]))[2]: print(*window.steps, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [key for window in plan for key in window.steps]


def test_planning_loads_no_renderer_codec_or_engine(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from tests.support.demo import planned; planned(pathlib.Path(sys.argv[1]))\n"
        "print([name for name in ('ray','torch','numpy','PIL','av','mitsuba','moviepy','workers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(demo(tmp_path))], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_changed_headline_remakes_only_what_shows_it(plan: list[PlanWindow], tmp_path: Path) -> None:
    _, _, changed = planned(demo(tmp_path, {"Good coffee takes its time., de": "Good coffee needs its time., de"}))
    anew = _made_anew(plan, changed)
    # Of the commuters in GB: four stills (the banner shows the short one) and two films; scenes, reads, music, mixes stay.
    assert anew == {"still": 4, "body": 2, "endcard": 2, "film": 2, "finish": 6, "measure": 6, "poster": 6}


def test_a_changed_price_remakes_only_what_shows_or_says_it(plan: list[PlanWindow], tmp_path: Path) -> None:
    _, _, changed = planned(demo(tmp_path, {'GB: "5.49"': 'GB: "5.79"'}))
    anew = _made_anew(plan, changed)
    assert anew["speech"] == 1  # one sentence of the long script says the price
    assert anew["fit"] == 1
    assert anew["still"] == 15
    assert anew["scene"] == anew["cutout"] == anew["bed"] == 0
    assert anew["finish"] == 3 * 8
    assert {cell.market for cell in _cells(changed) if cell.steps["finish"] not in _steps(plan)} == {"GB"}


def test_wanted_and_binding_say_what_changed(plan: list[PlanWindow], tmp_path: Path) -> None:
    before = {cell.ad_id: cell for cell in _cells(plan)}
    _, _, headline = planned(demo(tmp_path / "a", {"Take it slow., de": "Slow down., de"}))
    _, _, price = planned(demo(tmp_path / "b", {'GB: "5.49"': 'GB: "5.79"'}))
    for cell in _cells(headline):
        touched = cell.segment == "commuters" and cell.market == "GB" and "headline" in cell.choices
        assert (cell.wanted != before[cell.ad_id].wanted) == touched
        assert cell.binding == before[cell.ad_id].binding
    for cell in _cells(price):
        assert (cell.binding != before[cell.ad_id].binding) == (cell.market == "GB")


def test_the_longest_copy_that_fits_is_taken(plan: list[PlanWindow]) -> None:
    texts = {(cell.placement, cell.segment): cell.texts.get("headline") for cell in _cells(plan) if cell.market == "GB"}
    assert texts["meta-feed-4x5", "home-baristas"] == "Slow fire, round taste."
    assert texts["spotify-audio-15", "home-baristas"] is None
    said = {
        cell.placement: cell.texts["headline"]
        for cell in _cells(plan)
        if cell.market == "DE" and cell.segment == "gift-givers"
    }
    assert len(set(said.values())) > 1  # shorter where there is less room


def test_only_trims_without_changing_keys(plan: list[PlanWindow], tmp_path: Path) -> None:
    _, _, part = planned(demo(tmp_path), parse_only(["segment=gift-givers,market=DE"]))
    assert len(_cells(part)) == 6
    assert _steps(part).keys() < _steps(plan).keys()


def test_findings_name_the_line_and_what_to_do(tmp_path: Path) -> None:
    path = edit(
        demo(tmp_path),
        {
            "placements: [tiktok-infeed, spotify-audio-15]": "placements: [tiktok-infeed]",
            "en-GB: Order now,": f"en-GB: {'Order now ' * 12},",
        },
    )
    _, planner, _ = planned(path)
    said = [str(finding) for finding in planner.findings.values()]
    assert any(
        "voices: no voice speaks de-DE, which spotify-audio-15 needs. Add a voice for it, or exclude" in text
        for text in said
    )
    assert any("copy.cta: 'Order now" in text and "does not fit" in text for text in said)
    assert all(finding.line > 1 for finding in planner.findings.values())


def test_a_script_too_long_says_how_much_to_cut(tmp_path: Path) -> None:
    path = demo(tmp_path)
    long = "Good coffee takes its time, and so do we. " * 12
    (path.parent / "scripts" / "15s.en.txt").write_text(long)
    (path.parent / "scripts" / "6s.en.txt").write_text(long)
    (path.parent / "scripts" / "6s.de.txt").write_text("Guter Kaffee lässt sich Zeit. " * 12)
    _, planner, _ = planned(path)
    said = "\n".join(str(finding) for finding in planner.findings.values())
    assert "copy.script.en-GB: the shortest script for en-GB is too long to be said in 6 s. Cut about" in said
    assert "copy.script.de-DE: the shortest script for de-DE cannot be read in 3.7 s. Cut about" in said


def test_a_mood_that_the_music_does_not_have_is_a_finding(tmp_path: Path) -> None:
    _, planner, _ = planned(demo(tmp_path, {"{mood: warm}": "{mood: hapy}"}))
    [finding] = planner.findings.values()
    assert (finding.where, finding.column) == ("music.mood", 9)
    assert finding.problem == "synth has no mood 'hapy'"
    assert finding.instead == "There is: warm, bright, calm, driving, playful, elegant, hopeful, focused"
    _, planner, _ = planned(demo(tmp_path / "near", {"{mood: warm}": "{mood: brigth}"}))
    assert [finding.instead for finding in planner.findings.values()] == ["Did you mean 'bright'?"]


def test_the_moods_of_the_table_are_those_of_the_score() -> None:
    assert tuple(load_catalogue().choose("bed").facts["moods"]) == tuple(MOODS)


def test_a_long_script_that_no_ad_holds_is_a_warning(plan: list[PlanWindow], tmp_path: Path) -> None:
    path = demo(tmp_path)
    (path.parent / "scripts" / "15s.en.txt").write_text("Good coffee takes its time, and so do we. " * 8)
    _, planner, _ = planned(path)
    assert not planner.findings
    [warning] = planner.warnings
    assert (warning.file, warning.where) == (str(path), "copy.script.en-GB")
    assert warning.problem.startswith("the long script does not fit 15 s (cut about ")
    assert warning.problem.endswith("): the short one is said, and fills 32% of 15 s")
    _, planner, _ = planned(demo(tmp_path / "little", {"long: scripts/15s.en.txt": "long: scripts/6s.en.txt"}))
    assert [one.problem for one in planner.warnings] == ["the script fills 32% of 15 s: the rest has no voice"]


def test_a_changed_script_touches_no_picture(plan: list[PlanWindow], tmp_path: Path) -> None:
    before = {cell.ad_id: cell for cell in _cells(plan)}
    path = demo(tmp_path)
    (path.parent / "scripts" / "6s.en.txt").write_text("Good coffee takes time.")
    for cell in _cells(planned(path)[2]):
        touched = cell.market == "GB" and cell.modality != "image"
        assert (cell.wanted != before[cell.ad_id].wanted) == touched


def test_names_and_carried_facts_reach_the_record(plan: list[PlanWindow]) -> None:
    for cell in _cells(plan):
        assert cell.name.startswith(f"Marlo_marlo-autumn_{cell.market}_{cell.segment}_{cell.placement}_{cell.locale}_")
        assert cell.carried["tracking"] == f"utm_campaign=marlo-autumn&utm_content={cell.name}"
        assert cell.carried["owner"]["name"] == "Mara Lind"
        assert cell.lines["segment"].startswith("brief.yaml:")
    names = [cell.name for cell in _cells(plan)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("old", "new", "name", "value"),
    [
        ("copy: hook-slow, scene: \"station at dawn, low sun\", value: 5", "copy: hook-slow, scene: \"station at dawn, low sun\", value: 8", "value", 8),
        ("timezone: Europe/London", "timezone: Europe/Belfast", "timezone", "Europe/Belfast"),
        ("    valid: {from: 2026-10-01, until: 2026-12-31}", "    valid: {from: 2026-10-02, until: 2026-12-31}", "valid", {"from": "2026-10-02", "until": "2026-12-31"}),
        ("timezone: Europe/London, ", "", "timezone", None),
    ],
)  # fmt: skip
def test_what_matching_needs_is_carried_and_wanted(
    plan: list[PlanWindow], tmp_path: Path, old: str, new: str, name: str, value: object
) -> None:
    """A change of it is registered, and makes nothing anew."""
    before = {cell.ad_id: cell for cell in _cells(plan)}
    after = planned(demo(tmp_path, {old: new}))[2]
    assert not _made_anew(plan, after) or name == "valid"  # the offer's days may be said in the copy
    changed = [cell for cell in _cells(after) if cell.carried.get(name) != before[cell.ad_id].carried.get(name)]
    assert changed
    assert all(cell.carried.get(name) == value for cell in changed)
    for cell in _cells(after):
        assert (cell.wanted != before[cell.ad_id].wanted) == (cell in changed)


def test_windows_hold_a_bounded_number_of_cells(tmp_path: Path) -> None:
    path = demo(tmp_path)
    rows = "\n".join(f"s{number},hook-slow,station,{number}" for number in range(60))
    (path.parent / "segments.csv").write_text(f"id,copy,scene,value\n{rows}\n")
    text = path.read_text("utf-8")
    start = text.index("segments:\n")
    path.write_text(
        text[:start] + "segments: segments.csv\n" + text[text.index("\n\n", start) :].replace("{ads: 100}", "{}")
    )
    _, planner, windows = planned(path)
    assert not planner.findings
    assert [len(window.cells) for window in windows] == [256, 256, 256, 60 * 14 - 3 * 256]
    for one, other in itertools.pairwise(windows):
        assert not {cell.ad_id for cell in one.cells} & {cell.ad_id for cell in other.cells}


def test_another_card_or_other_music_shoots_no_other_body(tmp_path: Path) -> None:
    def films(name: str, *changes: tuple[str, str]) -> dict[str, set[str]]:
        path = demo(tmp_path / name)
        for old, new in changes:
            text = path.read_text()
            assert old in text
            path.write_text(text.replace(old, new))
        _, _, windows = planned(path)
        kinds = ("body", "endcard", "film", "subtitles")
        return {kind: {step.key for step in _steps(windows).values() if step.kind == kind} for kind in kinds}

    before = films("before")
    ask = films("ask", ("en-GB: Order now, de-DE: Jetzt bestellen", "en-GB: Try it, de-DE: Probieren"))
    assert not ask["endcard"] & before["endcard"]
    assert ask["body"] == before["body"]
    music = films("music", ("mood: warm", "mood: calm"))
    assert (music["body"], music["endcard"]) == (before["body"], before["endcard"])
    assert not music["film"] & before["film"]
