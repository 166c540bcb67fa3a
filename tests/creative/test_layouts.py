"""Layouts: every placement has one, boxes keep to the field and off the product, and wrong files are explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from creative.canonical import canonical
from creative.errors import BriefError, UsageError
from creative.layouts import LARGEST_SCALE, LEAST_PX, Layout, Shape, load_layouts, placed, shown
from creative.placements import Placement, SafeZone, placements
from creative.resources import templates

LAYOUTS = load_layouts(templates() / "layouts")
SEEN = [row for row in placements().values() if row.shape]
FAMILIES = YAML(typ="safe", pure=True).load(templates() / "scenes" / "families.yaml")["families"]
PARTS = {"image": ("still",), "video": ("body", "endcard"), "audio": ()}

all_seen = pytest.mark.parametrize("placement", SEEN, ids=lambda row: row.id)
all_layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)


def groups_of(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [*part["groups"], *(part["plain"] or [])]


def product_in(family: dict[str, Any], aspect: float) -> tuple[list[int], tuple[int, int]]:
    """The box of a product of this aspect (width to height) in its scene, and the scene's size."""
    width, height, slot = family["width"], family["height"], family["product"]
    w, h = width * slot["width"] / 1000, height * slot["height"] / 1000
    w, h = min(w, h * aspect), min(h, w / aspect)
    return [
        round(width * slot["x"] / 1000 - w / 2),
        round(height * slot["foot"] / 1000 - h),
        round(w),
        round(h),
    ], (width, height)


@all_layouts
@all_seen
def test_a_placement_becomes_whole_pixels_within_its_safe_zone(layout: Layout, placement: Placement) -> None:
    document = layout.shape_for(placement).document(placement)
    canonical(document)  # raises for anything but whole numbers and strings
    assert [document["width"], document["height"]] == [placement.width, placement.height]
    assert placement.width and placement.height
    margin = 0.05 * min(placement.width, placement.height)
    left, top = max(margin, placement.safe.left), max(margin, placement.safe.top)
    right = placement.width - max(margin, placement.safe.right)
    bottom = placement.height - max(margin, placement.safe.bottom)
    for part in document["parts"].values():
        for group in groups_of(part):
            x, y, w, h = group["box"]
            assert x >= left and y >= top and x + w <= right and y + h <= bottom
            gaps = [item.get("above", group["gap"]) for item in group["items"][1:]]
            assert sum(item["height"] for item in group["items"]) + sum(gaps) <= h
            for item in group["items"]:
                assert item["role"] == "logo" or LEAST_PX <= item["least"] <= item["most"]


@all_layouts
@all_seen
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("aspect", [0.4, 0.74, 1.0, 1.6], ids=["bottle", "tin", "cube", "shoe"])
def test_no_box_lies_over_the_product(
    layout: Layout, placement: Placement, aspect: float, direction: Literal["ltr", "rtl"]
) -> None:
    if not layout.takes(product=True, price=True):
        return
    shape = layout.shape_for(placement)
    document = shape.document(placement, direction)
    product, scene = product_in(FAMILIES[document["scene"]], aspect)
    for name in PARTS[placement.modality]:
        part = document["parts"][name]
        scale, x, y, (wx, wy, ww, wh) = shown(document, name, scene, product)
        left, top = product[0] * scale + x, product[1] * scale + y
        right, bottom = left + product[2] * scale, top + product[3] * scale
        assert left >= wx - 1 and right <= wx + ww + 1 and top >= wy - 1, (name, "cut", left, top, right, bottom)
        assert bottom <= wy + wh + 0.1 * (bottom - top), (name, "cut below", bottom)
        for group in groups_of(part):
            gx, gy, gw, gh = group["plate"]["box"] if "plate" in group else group["box"]
            apart = gx + gw <= left + 1 or right - 1 <= gx or gy + gh <= top + 1 or bottom - 1 <= gy
            assert apart, (name, [item["role"] for item in group["items"]], group["box"], left, top, right, bottom)
        for surface in part["surfaces"]:
            gx, gy, gw, gh = surface["box"]
            assert gx + gw <= left + 1 or right - 1 <= gx or gy + gh <= top + 1 or bottom - 1 <= gy, (name, surface)


sizes = st.integers(20, 3000)


@given(sizes, sizes, sizes, sizes, st.data())
def test_a_placed_scene_covers_its_canvas(cw: int, ch: int, sw: int, sh: int, data: st.DataObject) -> None:
    w, h = data.draw(st.integers(1, sw)), data.draw(st.integers(1, sh))
    product = data.draw(
        st.none() | st.just([data.draw(st.integers(0, sw - w)), data.draw(st.integers(0, sh - h)), w, h])
    )
    height = data.draw(st.integers(1, ch))
    stand = {
        "x": data.draw(st.integers(0, cw)),
        "foot": data.draw(st.integers(0, ch)),
        "height": height,
        "width": data.draw(st.integers(1, cw)),
        "most": data.draw(st.integers(height, 2 * ch)),
    }
    scale, x, y = placed((cw, ch), (sw, sh), product, stand)
    assert x <= 1e-6 and y <= 1e-6
    assert x + sw * scale >= cw - 1e-6 and y + sh * scale >= ch - 1e-6
    assert scale <= max(LARGEST_SCALE, cw / sw, ch / sh) + 1e-9


def test_the_product_stands_where_the_layout_wants_it() -> None:
    shape = LAYOUTS["pedestal"].shape_for(placements()["meta-feed-4x5"])
    stand = shape.document(placements()["meta-feed-4x5"])["parts"]["still"]["product"]
    product, scene = product_in(FAMILIES["portrait"], 0.74)
    scale, x, y = placed((1080, 1350), scene, product, stand)
    assert (product[0] + product[2] / 2) * scale + x == pytest.approx(stand["x"], abs=2)
    assert (product[1] + product[3]) * scale + y == pytest.approx(stand["foot"], abs=2)


def test_an_entry_is_chosen_by_shape_ratio_and_field() -> None:
    rows = placements()
    story, reel, feed = (
        LAYOUTS["pedestal"].shape_for(rows[name]) for name in ("meta-story-9x16", "meta-reel-6", "meta-feed-4x5")
    )
    assert story is feed and reel is not story
    assert LAYOUTS["pedestal"].shape_for(rows["iab-300x250"]).scene == "landscape"


def test_a_placement_without_an_entry_is_refused_by_name() -> None:
    only_square = LAYOUTS["pedestal"].model_copy(update={"shapes": LAYOUTS["pedestal"].shapes[:2]})
    with pytest.raises(UsageError, match=r"layout pedestal has no leaderboard .* iab-728x90"):
        only_square.shape_for(placements()["iab-728x90"])


def test_sound_has_no_layout() -> None:
    with pytest.raises(UsageError, match="no pixels"):
        LAYOUTS["pedestal"].shape_for(placements()["spotify-audio-30"])


def test_a_safe_zone_that_leaves_nothing_is_refused() -> None:
    row = placements()["meta-feed-1x1"].model_copy(update={"safe": SafeZone(top=600, bottom=470)})
    with pytest.raises(UsageError, match="no room"):
        LAYOUTS["pedestal"].shapes[1].document(row)


def write(folder: Path, change: str, instead: str) -> Path:
    text = (templates() / "layouts" / "pedestal.yaml").read_text("utf-8")
    assert change in text
    (folder / "mine.yaml").write_text(text.replace(change, instead, 1), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "instead", "where"),
    [
        ("scene: landscape", "scene: lanscape", "shapes.0.scene"),
        ("title: ", "titel: ", "titel"),
        ("box: [0, 0, 1000, 236]", "box: [0, 0, 1001, 236]", "shapes.0.still.groups.0"),
        ("size: {most: 108, least: 76}", "size: {most: 70, least: 76}", "size"),
        ("gap: 70", "gap: 400", "shapes.0.still.groups.2"),
    ],
)
def test_a_wrong_file_is_explained_with_its_place(tmp_path: Path, change: str, instead: str, where: str) -> None:
    with pytest.raises(BriefError) as caught:
        load_layouts(write(tmp_path, change, instead))
    findings = caught.value.findings
    assert any(where in finding.where and finding.line > 1 for finding in findings), findings
    assert all(finding.file.endswith("mine.yaml") for finding in findings)


def test_what_is_no_yaml_is_explained(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: [", "utf-8")
    with pytest.raises(BriefError, match=r"mine\.yaml:\d+:\d+: .*not YAML"):
        load_layouts(tmp_path)


def test_what_fits_beside_a_price_fits_without() -> None:
    shape = LAYOUTS["pedestal"].shapes[1].model_dump(mode="json")
    shape["still"]["plain"][1]["items"][0]["height"] = 100
    with pytest.raises(ValueError, match="headline has less room in plain"):
        Shape.model_validate(shape)


def test_the_published_schema_is_the_models() -> None:
    published = json.loads((templates() / "layout.schema.json").read_text("utf-8"))
    assert published == Layout.model_json_schema()
