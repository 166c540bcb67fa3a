"""Surfaces: panels, plates and picture windows; every family reads on every canvas, in both directions, with a disclaimer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from creative.layouts import Layout, load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.canvas import place_scene, window_of
from workers.compose.colour import LEAST_CONTRAST, between, inks, rgb
from workers.compose.layers import Layer
from workers.compose.surfaces import plate, standing, surface, tone_colour
from workers.compose.typeset import draw, lay_out

LAYOUTS = load_layouts(templates() / "layouts")
FONTS = {
    "display": templates() / "fonts" / "Geologica-SemiBold.ttf",
    "text": templates() / "fonts" / "Inter-Medium.ttf",
}
MARLO = {"ground": "#ecdcc7", "second": "#b5633f", "accent": "#f0b64c", "text": "#16332a", "on_accent": "#16332a"}
DARK = {"ground": "#1f3a36", "second": "#777777", "accent": "#e9b44c", "text": "#fdf6e8", "on_accent": "#1c1408"}
TEXTS = {"headline": "Take it slow.", "cta": "Order now", "price": "£5.49", "was": "£6.99", "unit_price": "£21.96/kg"}
SMALL = ("iab-300x250", "iab-300x600", "iab-728x90", "iab-160x600", "iab-970x250")
LOGO = Image.new("RGBA", (300, 60), (22, 51, 42, 255))

families = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)


def ground(size: tuple[int, int]) -> Image.Image:
    """Light and shade that no text is easy to read on."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    light = 130 + 90 * np.sin(x / size[0] * 7 + y / size[1] * 5)
    return Image.fromarray(np.repeat(light[..., None], 3, axis=2).astype(np.uint8))


def laid(document: dict[str, Any], palette: dict[str, str], direction: str = "ltr", **texts: str) -> list[Layer]:
    under = ground((document["width"], document["height"]))
    return lay_out(document, TEXTS | texts, FONTS, under, palette, "en-GB", direction, logo=LOGO)


@families
@pytest.mark.parametrize("palette", [MARLO, DARK], ids=["light", "dark"])
def test_every_family_reads_on_every_canvas(layout: Layout, palette: dict[str, str]) -> None:
    for name in SMALL:
        row = placements()[name]
        document = layout.shape_for(row).document(row, legal=True)
        layers = laid(document, palette, legal="Offer ends 31 December.")
        runs = [run for layer in layers for run in layer.runs]
        assert {run["role"] for run in runs} >= {"headline", "cta", "legal"}, name
        assert all(layer.contrast >= LEAST_CONTRAST for layer in layers if layer.runs), name
        for run in runs:
            assert run["size"] >= 12 or run["role"] == "price"
            assert run["x"] >= 0 and run["x"] + run["w"] <= document["width"]
            assert run["y"] >= 0 and run["y"] + run["h"] <= document["height"]
        legal = [run for run in runs if run["role"] == "legal"]
        others = [run for run in runs if run["role"] != "legal"]
        assert min(run["y"] for run in legal) >= max(run["y"] + run["h"] for run in others) - 1, name


@families
def test_right_to_left_is_the_mirror_picture(layout: Layout) -> None:
    for name in SMALL:
        row = placements()[name]
        shape = layout.shape_for(row)
        there, back = shape.document(row), shape.document(row, "rtl")
        x, _, width, _ = there["field"]
        for one, other in zip(there["parts"]["still"]["groups"], back["parts"]["still"]["groups"], strict=True):
            left, top, w, h = one["box"]
            assert other["box"] == [2 * x + width - left - w, top, w, h]
        assert back["parts"]["still"]["product"]["x"] == 2 * x + width - there["parts"]["still"]["product"]["x"]


def test_the_scene_is_seen_in_its_window_only() -> None:
    row = placements()["meta-feed-1x1"]
    document = LAYOUTS["editorial"].shape_for(row).document(row)
    x, y, w, h = window_of(document)
    scene = Image.new("RGB", (540, 960), (10, 200, 10))
    meta = {"width": 540, "height": 960, "product": [170, 300, 200, 380]}
    seen = place_scene(scene, meta, document)
    assert seen.product is not None
    px, py, pw, ph = seen.product
    assert x <= px and px + pw <= x + w and y <= py and py + ph <= y + h
    [mat, *_] = standing(document["parts"]["still"], row_size(document), MARLO, ["headline"])
    shown = np.asarray(draw(seen.image, [Layer("surface", mat.role, mat.image, mat.x, mat.y)]))
    assert (shown[y + 2 : y + h - 2, x + 2 : x + w - 2] == (10, 200, 10)).all()
    outside = np.ones(shown.shape[:2], bool)
    outside[y : y + h, x : x + w] = False
    assert shown[outside].min() > 230


def row_size(document: dict[str, Any]) -> tuple[int, int]:
    return document["width"], document["height"]


def test_a_surface_that_belongs_to_a_role_goes_with_it() -> None:
    part = {"surfaces": [{"box": [0, 0, 9, 9], "radius": 0, "colour": "accent", "role": "price"}]}
    assert standing(part, (20, 20), MARLO, ["headline"]) == []
    assert [one.role for one in standing(part, (20, 20), MARLO, ["headline", "price"])] == ["price"]


@pytest.mark.parametrize("colour", ["#777777", "#b5633f", "#ffffff", "#000000", "#ff0000", "#00ff00"])
def test_words_can_be_read_on_every_panel_and_its_colour_moves_little(colour: str) -> None:
    palette = MARLO | {"second": colour}
    found = tone_colour("second", palette)
    assert max(between(ink, found) for ink in inks(palette)) >= LEAST_CONTRAST
    assert max(abs(a - b) for a, b in zip(found, rgb(colour), strict=True)) <= 48


def test_a_plate_hugs_its_words_and_keeps_to_its_box() -> None:
    spec = {
        "box": [10, 10, 200, 120],
        "pad": [12, 8],
        "radius": 6,
        "shape": "rounded",
        "colour": "accent",
        "wide": False,
    }
    found = plate({"plate": spec}, (40, 30, 80, 40), MARLO, "price")
    assert (found.x, found.y, *found.image.size) == (28, 22, 104, 56)
    wide = plate({"plate": {**spec, "wide": True}}, (40, 30, 80, 40), MARLO, "price")
    assert (wide.x, wide.image.width) == (10, 200)
    circle = plate({"plate": {**spec, "shape": "circle"}}, (15, 30, 80, 40), MARLO, "price")
    assert circle.image.width == circle.image.height and circle.x >= 10 and circle.y >= 10
    assert circle.y + circle.image.height <= 130


def test_a_panel_is_lit_and_the_same_every_time() -> None:
    one, other = (surface((0, 0, 300, 200), 20, "second", MARLO, "surface").image for _ in range(2))
    assert one.tobytes() == other.tobytes()
    pixels = np.asarray(one.convert("RGB"), np.int16)
    assert 4 <= pixels[30, 30].sum() - pixels[-30, -30].sum() <= 40
    assert one.getpixel((0, 0))[3] == 0 and one.getpixel((150, 0))[3] == 255  # type: ignore[index]


def test_the_files_are_few_and_named_as_they_say() -> None:
    files = sorted(Path(templates() / "layouts").glob("*.yaml"))
    assert {file.stem for file in files} == set(LAYOUTS)
