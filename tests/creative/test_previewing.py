"""`creative layout`: families listed and drawn; what is wrong is told and does not end a watch."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from creative import previewing
from creative.errors import BriefError, UsageError
from creative.previewing import Wish
from creative.resources import templates
from tests.support.demo import demo

OWN = """name: corner
title: One word in a corner
rank: 5
shapes:
  - shape: leaderboard
    scene: leaderboard
    margin: {x: 160, y: 100}
    still:
      product: {x: 900, foot: 1010, height: 900, width: 200}
      groups:
        - {box: [0, 0, 560, 1000], v: middle, items: [{role: headline, height: 900, font: display, size: {most: 300, least: 240}, lines: 2}]}
        - {box: [570, 0, 200, 1000], v: middle, items: [{role: cta, height: 700, font: display, size: {most: 200, least: 140}, button: {pad: [600, 700]}}]}
"""


def brief(folder: Path, own: str = OWN) -> Path:
    """The demo, whose brand kit has a layout of its own."""
    path = demo(folder)
    kit = next(folder.rglob("brand.yaml"))
    (kit.parent / "layouts").mkdir()
    (kit.parent / "layouts" / "corner.yaml").write_text(own, "utf-8")
    kit.write_text(kit.read_text("utf-8") + "layouts: layouts\n", "utf-8")
    return path


def wish(folder: Path, **more: object) -> Wish:
    return Wish(("corner",), ("iab-728x90",), brief=brief(folder), out=folder / "shown.png", **more)  # type: ignore[arg-type]


def test_families_are_listed_with_what_they_need() -> None:
    rows = {row["name"]: row for row in previewing.listed()}
    assert len(rows) >= 7
    assert rows["price"]["needs"] == ["product", "price"] and rows["type"]["without"] == ["product"]
    assert all("iab-728x90" in row["placements"] for row in rows.values())


def test_a_brand_kits_own_layout_is_drawn_and_first_by_its_rank(tmp_path: Path) -> None:
    asked = wish(tmp_path)
    done = previewing.preview(asked)
    assert done == {"paths": [str(tmp_path / "shown.png")], "problems": []}
    with Image.open(tmp_path / "shown.png") as picture:
        assert picture.width == 2400
        assert len(picture.convert("RGB").getcolors(1_000_000) or [()] * 999) > 500
    assert next(iter(previewing.listed(asked.brief)))["name"] == "corner"


def test_every_family_has_a_sheet_of_its_own_if_its_name_is_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "of-{family}.png"
    done = previewing.preview(Wish(("type", "band"), ("iab-320x50", "iab-728x90"), out=out, locale="de-DE", width=800))
    assert done == {"paths": [str(tmp_path / "of-type.png"), str(tmp_path / "of-band.png")], "problems": []}
    assert all(Path(path).is_file() for path in done["paths"])


def test_what_cannot_be_drawn_is_a_tile_that_says_why(tmp_path: Path) -> None:
    path = brief(tmp_path, OWN.replace("most: 300, least: 240", "most: 900, least: 900"))
    done = previewing.preview(Wish(("corner",), ("iab-728x90", "meta-feed-1x1"), brief=path, out=tmp_path / "a.jpg"))
    assert any("does not fit iab-728x90" in problem for problem in done["problems"])
    assert any("has no square" in problem for problem in done["problems"])
    assert (tmp_path / "a.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"families": ("cornr",)}, "there is no layout cornr"),
        ({"placements": ("iab-1x1",)}, "there is no placement iab-1x1"),
        ({"locale": "fr-FR"}, "no locale fr-FR"),
        ({"headline": "hook"}, "has no hook"),
        ({"out": Path("/nowhere/a.png")}, "is not there"),
        ({"out": Path("a.gif")}, ".png or .jpg"),
    ],
)
def test_wrong_names_are_explained(tmp_path: Path, changed: dict[str, object], says: str) -> None:
    asked = {"families": ("corner",), "placements": ("iab-728x90",), "out": tmp_path / "a.png"} | changed
    with pytest.raises(UsageError) as refusal:
        previewing.preview(Wish(brief=brief(tmp_path), **asked))  # type: ignore[arg-type]
    assert says in str(refusal.value)


def test_two_families_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match=r"corner\.yaml:1:1: name: bold is the name of another"):
        previewing.preview(
            Wish(brief=brief(tmp_path, OWN.replace("name: corner", "name: bold")), out=tmp_path / "a.png")
        )


def test_a_watch_tells_of_mistakes_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "_EVERY_S", 0.0)
    asked = wish(tmp_path)
    file = next(tmp_path.rglob("corner.yaml"))
    said: list[str] = []
    texts = iter([OWN.replace("box: [0, 0, 560, 1000]", "box: [0, 0, 1560, 1000]"), OWN + "# better\n"])

    def again() -> bool:
        text = next(texts, None)
        if text is not None:
            file.write_text(text, "utf-8")
        return text is not None

    previewing.watch(asked, said.append, again)
    assert len(said) == 3
    assert "shown.png" in said[0] and "shown.png" in said[2]
    assert "corner.yaml:11:" in said[1] and "leaves the field" in said[1]


def test_every_framing_is_mirrored_by_its_mirror() -> None:
    from creative.framings import families

    for name, row in families().items():
        other = families()[row.mirror or name]
        assert (other.mirror or name) == name
        assert other.product == {**row.product, "x": 1000 - row.product["x"]}, name


def test_the_readme_shows_every_family() -> None:
    text = (templates() / "README.md").read_text("utf-8")
    pictures = [templates() / "layouts" / f"{row['name']}.jpg" for row in previewing.listed()]
    assert all(f"layouts/{picture.name}" in text and picture.is_file() for picture in pictures)
    assert sum(picture.stat().st_size for picture in pictures) < 600_000
