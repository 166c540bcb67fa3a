"""Planning with what teams bring: which photo, which cut-out, which films; what is too small or too short is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from creative.brief.library import LibraryPhoto
from creative.own_media import OwnPhoto, fitting
from creative.steps import Output, Step
from tests.support.demo import edit, planned
from tests.support.own_media import campaign, film


def _own(name: str, *words: str, product: str | None = None, size: tuple[int, int] = (3000, 2000)) -> OwnPhoto:
    return OwnPhoto(name * 8, LibraryPhoto(Path(name), name, *size, tuple(sorted(words)), product))


KITCHEN, SHED = _own("a", "kitchen", "morning", "window"), _own("b", "shed", "noon", "tools")
SIZE = (1080, 1920)


def _fit(photos: list[OwnPhoto], scene: str, product: str | None = None, **more: bool) -> str | None:
    found = fitting(photos, scene, product, SIZE, 7, **more)
    return found.photo.name if found else None


def test_a_photo_fits_by_the_scenes_words() -> None:
    assert _fit([KITCHEN, SHED], "kitchen in the morning, oak table") == "a"
    assert _fit([KITCHEN, SHED], "kitchens, mornings") == "a"
    assert _fit([KITCHEN, SHED], "a kitchen with the tools") is None  # one word of each is too little
    assert _fit([KITCHEN, SHED], "shed") == "b"
    assert _fit([], "kitchen morning") is None and _fit([KITCHEN], "") is None


def test_a_photo_of_the_product_comes_first_and_of_another_never() -> None:
    shown = _own("c", "kitchen", "morning", product="mug")
    assert _fit([KITCHEN, shown], "kitchen morning", "mug") == "c"
    assert _fit([KITCHEN, shown], "kitchen morning", "pan") == "a"
    assert _fit([shown], "kitchen at night", "mug") == "c"


def test_a_photo_must_be_large_enough() -> None:
    small = _own("d", "kitchen", "morning", size=(700, 500))
    assert _fit([small], "kitchen morning") is None
    assert _fit([_own("e", "kitchen", "morning", size=(1000, 700))], "kitchen morning", behind=True) == "e"


def test_the_draw_is_stable_when_others_come() -> None:
    twins = [_own(name, "kitchen", "morning") for name in "fghi"]
    drawn = _fit(twins, "kitchen morning")
    assert drawn == _fit(twins[::-1], "kitchen morning")
    assert _fit([*twins, SHED], "kitchen morning") == drawn


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return campaign(tmp_path_factory.mktemp("own"))


def _copy(brief: Path, folder: Path, changes: dict[str, str]) -> Path:
    shutil.copytree(brief.parent, folder)
    return edit(folder / "brief.yaml", changes)


def _steps(path: Path, kind: str) -> list[Step]:
    _, planner, windows = planned(path)
    assert not planner.findings
    return [step for window in windows for step in window.steps.values() if step.kind == kind]


def test_each_ad_is_made_from_what_was_brought(brief: Path) -> None:
    _, planner, windows = planned(brief)
    steps = {step.key: step for window in windows for step in window.steps.values()}
    assert not planner.findings
    cutout = next(step for step in steps.values() if step.kind == "cutout")
    assert cutout.backend == "u2netp" and cutout.model == "u2netp 309c8469"
    scenes = [step for step in steps.values() if step.kind == "scene"]
    assert {step.backend for step in scenes} == {"library", "studio-draft"}
    own = next(step for step in scenes if step.backend == "library")
    assert own.params["photo"]["name"] == "kitchen-morning-window.jpg" and set(own.inputs) == {
        "photo",
        "view",
        "cutout",
    }
    clip = next(step for step in steps.values() if step.kind == "clip")
    assert clip.params["trims"] == [[500, None], [0, None]] and clip.params["sound"] == "keep"
    body = next(step for step in steps.values() if step.kind == "body")
    card = next(step for step in steps.values() if step.kind == "endcard")
    assert body.inputs["clip"] == Output(clip.key, "picture") and card.inputs["scene"] == Output(clip.key, "image")
    assert clip.params["frames"] == body.params["frames"]
    mix = next(step for step in steps.values() if step.kind == "mix")
    assert mix.inputs["clip"] == Output(clip.key, "audio") and clip.params["ms"] == mix.params["ms"]


def test_a_changed_trim_is_another_film_and_no_other_still(brief: Path, tmp_path: Path) -> None:
    before = {step.key for step in _steps(brief, "still")}, {step.key for step in _steps(brief, "body")}
    other = _copy(brief, tmp_path / "other", {"from: 0.5": "from: 0.75"})
    after = {step.key for step in _steps(other, "still")}, {step.key for step in _steps(other, "body")}
    assert before[0] == after[0] and before[1].isdisjoint(after[1])


def test_too_short_and_too_small_films_are_found_before_anything_runs(brief: Path, tmp_path: Path) -> None:
    path = _copy(brief, tmp_path / "short", {", b.mov]": "]"})
    _, planner, _ = planned(path)
    (finding,) = planner.findings.values()
    assert "s are missing" in finding.problem and finding.where == "footage.pour.files" and finding.line > 1
    path = _copy(brief, tmp_path / "small", {"b.mov]": "tiny.mp4]"})
    film(path.parent / "tiny.mp4", (160, 120), 25, 1.0, hertz=0)
    _, planner, _ = planned(path)
    (finding,) = planner.findings.values()
    assert "tiny.mp4 has 160 x 120 px, too few to fill meta-reel-6" in finding.problem


def test_small_photos_are_told(brief: Path, tmp_path: Path) -> None:
    path = _copy(brief, tmp_path / "soft", {})
    with Image.open(path.parent / "mug.jpg") as mug:
        mug.resize((200, 200)).save(path.parent / "mug.jpg")
    with Image.open(path.parent / "library" / "kitchen-morning-window.jpg") as photo:
        photo.resize((240, 160)).save(path.parent / "library" / "kitchen-morning-window.jpg")
    _, planner, _ = planned(path)
    told = " ".join(warning.problem for warning in planner.warnings)
    assert "the photo has 200 x 200 px and is enlarged" in told
    assert "kitchen-morning-window.jpg fits 'kitchen table, morning window'" in told and "too small" in told
