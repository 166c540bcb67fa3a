"""Where a label ("AI-generated") stands: in the margin, as small print does; the field gives way only where that is too thin.

On leaderboards it is two letters in the corner at the lines' end; elsewhere a line at the canvas's foot, above what the
publisher covers, on the side where the product is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creative.layout_parts import LEAST_PX
from creative.placements import Placement

Field = tuple[int, int, int, int]
_SIZE, _EDGE, _CLEAR = 20, 16, 8
"""Type size, distance from what may not be used, and from the field, per mille of the shorter side."""
_LETTERS_EM = 1.75
"""Room for two letters, in ems."""
_LINE_EM, _TALL_EM = {"ltr": 1.0, "rtl": 1.6}, 2.0
"""What the field keeps clear of a line, and what Arabic or Thai with their marks may take."""
_MIDDLE = 80
"""A product whose centre is this near to the middle (per mille) leaves both sides alike."""


def label_area(placement: Placement, field: Field, direction: str) -> tuple[Field, Field]:
    """What of the field [x, y, w, h] is left, px, and the label's own box, on whose lower edge it stands.

    `direction`: of the locale's script, by which the line's end is right or left.
    """
    width, height = placement.width or 0, placement.height or 0
    short, safe = min(width, height), placement.safe
    size = max(LEAST_PX, round(short * _SIZE / 1000))
    edge, clear = max(3, round(short * _EDGE / 1000)), max(2, round(short * _CLEAR / 1000))
    tall = round(size * _TALL_EM)
    x, y, w, h = field
    low = height - max(safe.bottom, edge)
    top, box_top = low - round(size * _LINE_EM[direction]), low - tall
    if placement.shape != "leaderboard":
        foot = max(0, y + h - (top - clear))
        return (x, y, w, h - foot), (x, box_top, w, tall)
    wide = round(size * _LETTERS_EM) + 2
    if direction == "rtl":
        left = max(safe.left, edge)
        lost = max(0, left + wide + clear - x)
        return (x + lost, y, w - lost, h), (left, box_top, wide, tall)
    left = width - max(safe.right, edge) - wide
    return (x, y, w - max(0, x + w - (left - clear)), h), (left, box_top, wide, tall)


def label_group(box: Field, product_x: int, field: Field, short: int) -> dict[str, Any]:
    """The label's group of a layout document. `product_x`: where the product's centre is, px; it stands on the other side.

    Its `side` is the one that is seen (left, right), or its line's start.
    """
    x, y, w, h = box
    size = max(LEAST_PX, round(short * _SIZE / 1000))
    off = (product_x - field[0]) * 1000 // max(1, field[2]) - 500
    side = "start" if abs(off) <= _MIDDLE else "right" if off < 0 else "left"
    item = {
        "role": "label",
        "width": w,
        "height": h,
        "font": "text",
        "lines": 1,
        "leading": 1000,
        "colour": "text",
        "most": size,
        "least": LEAST_PX,
    }
    return {"box": [x, y, w, h], "h": "start", "v": "bottom", "gap": 0, "mirror": x, "side": side, "items": [item]}


def is_label(group: Mapping[str, Any]) -> bool:
    """Whether a group of a document is the label's."""
    return [item["role"] for item in group["items"]] == ["label"]
