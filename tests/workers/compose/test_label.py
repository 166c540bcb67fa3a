"""The label ("AI-generated") in every family and on every canvas: read at 4.5:1, clear of words, product and the publisher's parts."""

from __future__ import annotations

from typing import Literal

import pytest
from PIL import Image

from creative.craft.pictures import overlap
from creative.font_table import own_fonts
from creative.labels import label_words
from creative.layouts import Layout, load_layouts
from creative.placements import Placement, placements
from creative.resources import templates
from tests.workers.compose.test_surfaces import DARK, FONTS, MARLO, TEXTS, ground
from workers.compose.colour import LEAST_CONTRAST
from workers.compose.layers import Layer
from workers.compose.typeset import lay_out

LAYOUTS = load_layouts(templates() / "layouts")
ROWS = list(
    {(row.modality, row.width, row.height, row.safe): row for row in placements().values() if row.shape}.values()
)
EVERY = FONTS | {f"text.{script}": path for script, path in own_fonts("text").items()}
LOGO = Image.new("RGBA", (300, 60), (22, 51, 42, 255))
Way = Literal["ltr", "rtl"]


def laid(
    layout: Layout, row: Placement, part: str, label: str, way: Way, under: Image.Image | None = None
) -> list[Layer]:
    document = layout.shape_for(row).document(row, way, label=True)
    canvas = under or ground((document["width"], document["height"]))
    palette = DARK if way == "rtl" else MARLO
    texts = {**TEXTS, "label": label}
    return lay_out(document, texts, EVERY, canvas, palette, "en-GB", way, logo=LOGO, part=part)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_it_stands_in_every_family_on_every_canvas(layout: Layout) -> None:
    words = label_words("en-GB")
    assert words is not None
    for number, row in enumerate(ROWS):
        if not layout.suits(row):
            continue
        way: Way = "rtl" if number % 2 else "ltr"
        label = words.letters if row.shape == "leaderboard" else words.picture
        for part in ("still",) if row.modality == "image" else ("body", "endcard"):
            layers = laid(layout, row, part, label, way)
            (own,) = (layer for layer in layers if layer.kind == "text" and layer.role == "label")
            (run,) = own.runs
            assert own.contrast >= LEAST_CONTRAST and run["size"] >= 12, (row.id, part)
            ink = (run["x"], run["y"], run["w"], run["h"])
            safe = row.safe
            assert ink[0] >= max(2, safe.left) and ink[1] >= safe.top, (row.id, part)
            assert ink[0] + ink[2] <= (row.width or 0) - max(2, safe.right), (row.id, part)
            assert ink[1] + ink[3] <= (row.height or 0) - max(2, safe.bottom), (row.id, part)
            x, y, w, h = run["box"]
            assert x <= ink[0] and y <= ink[1] and ink[0] + ink[2] <= x + w and ink[1] + ink[3] <= y + h
            for layer in layers:
                for other in layer.runs if layer is not own else ():
                    assert not overlap(ink, (other["x"], other["y"], other["w"], other["h"])), (row.id, other["role"])
                for mark in layer.marks:
                    assert not overlap(ink, (mark["x"], mark["y"], mark["w"], mark["h"])), (row.id, mark["role"])


def test_words_that_are_taller_than_latin_ones_fit_their_box() -> None:
    for locale in ("ar-AE", "th-TH", "hi-IN", "ja-JP"):
        words = label_words(locale)
        assert words is not None
        for name in ("iab-300x250", "google-landscape", "meta-story-9x16"):
            way: Way = "rtl" if locale == "ar-AE" else "ltr"
            layers = laid(LAYOUTS["pedestal"], placements()[name], "still", words.picture, way)
            assert any(layer.role == "label" for layer in layers)


def test_calm_ground_needs_no_chip_and_a_moving_one_has_it() -> None:
    row = placements()["meta-feed-4x5"]
    calm = Image.new("RGB", (row.width or 1, row.height or 1), (232, 226, 214))
    for part, chips in (("still", 0), ("body", 1)):
        layers = laid(LAYOUTS["pedestal"], row, part, "AI-generated", "ltr", calm)
        assert sum(layer.kind == "surface" and layer.role == "label" for layer in layers) == chips
    squares = Image.effect_noise((row.width or 1, row.height or 1), 400).convert("RGB")
    layers = laid(LAYOUTS["pedestal"], row, "still", "AI-generated", "ltr", squares)
    assert any(layer.kind == "surface" and layer.role == "label" for layer in layers)


def test_without_a_label_nothing_changes() -> None:
    row = placements()["iab-728x90"]
    shape = LAYOUTS["pedestal"].shape_for(row)
    assert shape.document(row) == shape.document(row, label=False) != shape.document(row, label=True)
    assert "label" not in str(shape.document(row))
