"""Layers: what films move. Parts of a picture keep the places of the whole; scripts that run leftwards begin at the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.typeset import Layer, boxes, draw, lay_out

FONTS = {
    "display": templates() / "fonts" / "Geologica-SemiBold.ttf",
    "text": templates() / "fonts" / "Inter-Medium.ttf",
}
PALETTE = {"ground": "#ecdcc7", "second": "#b5633f", "accent": "#f0b64c", "text": "#16332a", "on_accent": "#16332a"}
TEXTS = {
    "headline": "Take it slow.",
    "cta": "Order now",
    "price": "£5.49",
    "was": "was £6.99",
    "unit_price": "£21.96/kg",
}


def document(name: str) -> dict[str, Any]:
    row = placements()[name]
    return load_layouts(templates() / "layouts")["pedestal"].shape_for(row).document(row)


def layers(name: str, texts: dict[str, str] = TEXTS, ground: str = "#ecdcc7", **more: Any) -> list[Layer]:
    shape = document(name)
    canvas = Image.new("RGB", (shape["width"], shape["height"]), ground)
    return lay_out(shape, texts, FONTS, canvas, PALETTE, "en-GB", more.pop("direction", "ltr"), **more)


@pytest.mark.parametrize("part", ["still", "endcard"])
def test_some_roles_keep_the_places_of_the_whole(part: str) -> None:
    whole = layers("google-landscape", part=part)
    some = layers("google-landscape", part=part, roles={"price", "cta"})
    assert {layer.role for layer in some} == {"price", "cta"}
    for layer in some:
        twin = next(one for one in whole if (one.kind, one.role) == (layer.kind, layer.role))
        assert (layer.x, layer.y, layer.runs) == (twin.x, twin.y, twin.runs)


def test_layers_are_drawn_where_their_runs_say() -> None:
    found = layers("iab-970x250")
    for layer in found:
        for run in layer.runs:
            assert layer.x <= run["x"] and run["x"] + run["w"] <= layer.x + layer.image.width
            assert layer.y <= run["y"] and run["y"] + run["h"] <= layer.y + layer.image.height
    empty = Image.new("RGB", (970, 250), "#ecdcc7")
    assert draw(empty, found).tobytes() != empty.tobytes()
    assert empty.getcolors(2) == [(970 * 250, (0xEC, 0xDC, 0xC7))]  # the ground itself stays


def test_boxes_are_the_contracts() -> None:
    shape = document("iab-970x250")
    found = boxes(shape, (1, 2, 3, 4), layers("iab-970x250"), 10, 40)
    assert found["product"] == [1, 2, 3, 4] and found["frames"] == 40
    for run in found["runs"]:
        assert set(run) >= {"role", "text", "x", "y", "w", "h", "box", "size", "least", "colour", "first", "end"}
    assert {mark["role"] for mark in found["marks"]} == {"button"}


def test_the_price_has_the_accent_where_it_can_be_read() -> None:
    def colours(ground: str) -> dict[str, str]:
        return {run["role"]: run["colour"] for layer in layers("google-landscape", ground=ground) for run in layer.runs}

    assert colours("#102a22")["price"] == PALETTE["accent"]
    assert colours("#ecdcc7")["price"] == colours("#ecdcc7")["headline"] == PALETTE["text"]


def found_over(top: str, foot: str) -> tuple[set[str], set[str]]:
    """The kinds of layers, and the colours of headline and price, over a square that is `top` above and `foot` below."""
    shape = document("meta-feed-1x1")
    canvas = Image.new("RGB", (shape["width"], shape["height"]), top)
    canvas.paste(foot, (0, canvas.height * 2 // 3, canvas.width, canvas.height))
    made = lay_out(shape, TEXTS, FONTS, canvas, {**PALETTE, "accent": "#8a7f70"}, "en-GB", "ltr")
    runs = [run for layer in made for run in layer.runs if run["role"] in ("headline", "price")]
    return {layer.kind for layer in made}, {run["colour"] for run in runs}


@pytest.mark.parametrize(("top", "foot"), [("#ecdcc7", "#3a2416"), ("#10203a", "#f0c8b4")])
def test_words_far_apart_on_a_dark_and_a_bright_half_need_no_veil(top: str, foot: str) -> None:
    kinds, colours = found_over(top, foot)
    assert "scrim" not in kinds and len(colours) == 2


def test_words_on_middling_ground_get_a_shadow_before_a_mist() -> None:
    kinds, colours = found_over("#807d78", "#807d78")
    (colour,) = colours
    assert "scrim" in kinds  # neither colour reaches 4.5:1 on it alone
    assert int(colour[1:3], 16) > 200  # light words in a shadow, though dark ones in a mist are nearly as far


def test_a_button_that_would_drown_changes_its_colour() -> None:
    def button(ground: str) -> tuple[int, ...]:
        layer = next(one for one in layers("google-landscape", ground=ground) if one.kind == "button")
        middle = layer.image.getpixel((layer.image.width // 2, 2))
        assert isinstance(middle, tuple)
        return middle[:3]

    assert button("#102a22") == (0xF0, 0xB6, 0x4C)
    assert button("#f0b64c") != (0xF0, 0xB6, 0x4C)


def test_only_the_price_is_struck_not_its_word() -> None:
    was = next(layer for layer in layers("google-landscape") if layer.role == "was")
    alpha = was.image.getchannel("A")
    rows = [
        y for y in range(alpha.height) if alpha.crop((alpha.width // 2, y, alpha.width, y + 1)).getextrema()[0] == 255
    ]
    assert rows  # an unbroken line through the figures
    assert alpha.crop((0, rows[0], alpha.width // 3, rows[0] + 1)).getextrema()[0] == 0


def test_leftward_scripts_begin_at_the_right() -> None:
    ltr, rtl = (layers("google-landscape", direction=way) for way in ("ltr", "rtl"))
    left = next(layer for layer in ltr if layer.role == "headline")
    right = next(layer for layer in rtl if layer.role == "headline")
    assert left.x == left.runs[0]["box"][0]
    assert right.x + right.image.width == sum(right.runs[0]["box"][::2])


def test_a_font_that_is_none_is_refused(tmp_path: Path) -> None:
    from creative.errors import StepRefused

    (tmp_path / "font.ttf").write_bytes(b"no font")
    shape = document("iab-970x250")
    with pytest.raises(StepRefused, match="font"):
        lay_out(
            shape,
            TEXTS,
            {**FONTS, "text": tmp_path / "font.ttf"},
            Image.new("RGB", (970, 250)),
            PALETTE,
            "en-GB",
            "ltr",
        )
