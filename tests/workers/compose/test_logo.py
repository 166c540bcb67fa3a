"""Logos: 3:1 at least on whatever they stand on, of the words' own lightness where that is to be had."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.colour import Rgb, contrast
from workers.compose.layers import Lit
from workers.compose.typeset import draw, lay_out

PALETTE = {"ground": "#eef1f2", "second": "#2f5d7c", "accent": "#ff7a59", "text": "#10243a", "on_accent": "#10243a"}
FONTS = {
    "display": templates() / "fonts" / "Geologica-SemiBold.ttf",
    "text": templates() / "fonts" / "Inter-Medium.ttf",
}
DARK, LIGHT = (16, 36, 58), (255, 255, 255)
LOGOS = {"dark": Image.new("RGBA", (300, 60), (*DARK, 255)), "light": Image.new("RGBA", (300, 60), (*LIGHT, 255))}
TEXTS = {"headline": "Let the day go.", "cta": "Shop now", "price": "£24.00"}
LAYOUTS = load_layouts(templates() / "layouts")


def shown(family: str, placement: str, ground: Image.Image) -> tuple[float, Rgb, Rgb | None]:
    """The logo's contrast with what it stands on, its colour, and the headline's."""
    row = placements()[placement]
    document = LAYOUTS[family].shape_for(row).document(row)
    under = ground.resize((document["width"], document["height"]))
    layers = lay_out(document, TEXTS, FONTS, under, PALETTE, "en-GB", "ltr", logo=LOGOS)
    logo = next(layer for layer in layers if layer.kind == "logo")
    beneath = draw(under, [layer for layer in layers if layer is not logo])
    own = logo.image.getpixel((logo.image.width // 2, logo.image.height // 2))
    assert isinstance(own, tuple)
    colour: Rgb = (int(own[0]), int(own[1]), int(own[2]))
    said = next(run["colour"] for layer in layers for run in layer.runs if run["role"] == "headline")
    place = (logo.x, logo.y, logo.image.width, logo.image.height)
    return contrast(colour, Lit(beneath).at(place)), colour, tuple(bytes.fromhex(said[1:]))  # type: ignore[return-value]  # three of them


@pytest.mark.parametrize("level", [20, 90, 120, 150, 230])
@pytest.mark.parametrize("placement", ["iab-728x90", "meta-feed-1x1", "google-landscape"])
def test_a_logo_stands_out_on_light_dark_and_middling_ground(placement: str, level: int) -> None:
    folds = level + 40 * np.sin(np.linspace(0, 30, 400))[None, :] + np.zeros((300, 1))
    ground = Image.fromarray(np.repeat(folds.clip(0, 255)[..., None], 3, axis=2).astype(np.uint8))
    ratio, colour, words = shown("pedestal", placement, ground)
    assert ratio >= 3
    assert (sum(colour) > 380) is (sum(words or ()) > 380)  # one lightness for both


def test_without_words_on_the_picture_a_logo_takes_what_reads_best() -> None:
    for level, best in ((60, LIGHT), (220, DARK)):
        _, colour, _ = shown("band", "google-landscape", Image.new("RGB", (400, 300), (level, level, level)))
        assert colour == best
