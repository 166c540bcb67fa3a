"""Blocks of ink: an offer stays within the height that its layout gives it, whatever hangs below its letters."""

from __future__ import annotations

from typing import Any

import pytest

from creative.copyfit import items_of
from creative.font_table import own_fonts
from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.blocks import Setter
from workers.compose.glyphs import faces

DIRHAM = "\u200f{}\xa0د.إ.\u200f"
OFFERS = [
    {"price": DIRHAM.format("129.00"), "unit_price": DIRHAM.format("258.00") + "/100 ملتر"},
    {"price": DIRHAM.format("45.00"), "unit_price": DIRHAM.format("37.50") + "/100\xa0غرام"},
    {"price": "27,90\xa0€", "was": "32,90\xa0€", "unit_price": "55,80\xa0€/100\xa0ml"},
]


def price_item(family: str, placement: str) -> dict[str, Any]:
    shape = load_layouts(templates() / "layouts")[family].shape_for(placements()[placement])
    document = shape.document(placements()[placement])
    items = items_of(document)
    assert "unit_price" in items
    [whole] = [
        item for group in document["parts"]["still"]["groups"] for item in group["items"] if item["role"] == "price"
    ]
    return dict(whole)


@pytest.mark.parametrize("family", ["price", "bold"])
@pytest.mark.parametrize("placement", ["google-landscape", "meta-feed-4x5", "meta-story-9x16"])
@pytest.mark.parametrize("offer", OFFERS, ids=["dirham-long", "dirham", "euro"])
def test_an_offer_keeps_within_its_height(family: str, placement: str, offer: dict[str, str]) -> None:
    folder = templates() / "fonts"
    arabic = "د" in offer["price"]
    item = price_item(family, placement)
    fonts = {"display": folder / "Geologica-SemiBold.ttf", "text": folder / "Inter-Medium.ttf"}
    for role in ("display", "text"):
        fonts |= {f"{role}.{script}": path for script, path in own_fonts(role).items()}
    setter = Setter(
        faces(fonts),
        "ar-AE" if arabic else "de-DE",
        "rtl" if arabic else "ltr",
    )
    block = setter.offer(item, offer, "right" if arabic else "left")
    assert block.height <= item["height"]
    assert max(part.y + part.mask.height for part in block.parts) <= item["height"]
    assert {part.role for part in block.parts} == set(offer)
