"""A part of a layout in whole pixels of one placement: the arithmetic behind `creative.layouts.Shape.document`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from creative.errors import UsageError
from creative.layout_parts import LEAST_PX, Group, Item, Legal, Part, Place, Plate, Side, Size, Surface, Window

Box = list[int]
_ROUND = math.sqrt(0.5)
"""Side of the square in a circle, by its diameter."""
_LEGAL_LEADING = 1180


@dataclass(frozen=True, slots=True)
class Canvas:
    """What boxes are placed on, px: its size, its field [x, y, w, h], and whether sides are changed (right to left).

    `tight`: the field's height, per mille of what it is without a disclaimer; least sizes and pads go with it.
    """

    width: int
    height: int
    field: tuple[int, int, int, int]
    mirrored: bool = False
    tight: int = 1000

    @property
    def short(self) -> int:
        """The shorter side."""
        return min(self.width, self.height)

    def box(self, place: Place, bleed: tuple[Side, ...] = ()) -> Box:
        """A place in px. Rounded down alike, so that items that fit per mille fit in pixels."""
        x, y, w, h = self.field
        bx, by, bw, bh = place
        left, top = x + w * bx // 1000, y + h * by // 1000
        right, bottom = left + w * bw // 1000, top + h * bh // 1000
        if self.mirrored:
            left, right = 2 * x + w - right, 2 * x + w - left
            swapped: dict[Side, Side] = {"left": "right", "right": "left"}
            bleed = tuple(swapped.get(side, side) for side in bleed)
        left, top = 0 if "left" in bleed else left, 0 if "top" in bleed else top
        right = self.width if "right" in bleed else right
        bottom = self.height if "bottom" in bleed else bottom
        return [left, top, right - left, bottom - top]

    def px(self, permille: int) -> int:
        """A length per mille of the shorter side."""
        return round(self.short * permille / 1000)


def arranged(part: Part, canvas: Canvas) -> dict[str, Any]:
    """One part: see `creative.layouts.Shape.document`. Raises UsageError for a plate that leaves its words no room."""
    x, y, w, h = canvas.field
    centre = x + round(w * part.product.x / 1000)
    opening = {} if part.opening is None else {"opening": part.opening}
    return {
        **opening,
        "product": {
            "x": 2 * x + w - centre if canvas.mirrored else centre,
            "foot": y + round(h * part.product.foot / 1000),
            "height": round(h * part.product.height / 1000),
            "width": round(w * part.product.width / 1000),
            "most": round(h * (part.product.most or part.product.height) / 1000),
        },
        "groups": [_group(group, canvas) for group in part.groups],
        "plain": None if part.plain is None else [_group(group, canvas) for group in part.plain],
        "picture": None if part.picture is None else _window(part.picture, canvas),
        "surfaces": [_surface(surface, canvas) for surface in part.surfaces],
    }


def legal_height(legal: Legal, short: int) -> int:
    """px that a disclaimer takes at the foot of the field, with the space above it."""
    return math.ceil(_size(legal.size, short)["most"] * _LEGAL_LEADING / 1000 * legal.lines) + _gap(short)


def legal_group(legal: Legal, canvas: Canvas) -> dict[str, Any]:
    """The disclaimer's group, under a field that was shortened by `legal_height`."""
    x, y, w, h = canvas.field
    height = legal_height(legal, canvas.short) - _gap(canvas.short)
    item = Item(role="legal", height=1, size=legal.size, lines=legal.lines, leading=_LEGAL_LEADING)
    return {
        "box": [x, y + h + _gap(canvas.short), w, height],
        "h": "start",
        "v": "bottom",
        "gap": 0,
        "mirror": x,
        "items": [{**_item(item, w, canvas), "height": height}],
    }


def legal_band(colour: str, canvas: Canvas) -> dict[str, Any]:
    """A surface from edge to edge under the disclaimer."""
    top = canvas.field[1] + canvas.field[3] + _gap(canvas.short) // 2
    return {"box": [0, top, canvas.width, canvas.height - top], "radius": 0, "colour": colour, "role": "legal"}


def _gap(short: int) -> int:
    return max(2, short * 16 // 1000)


def _window(window: Window, canvas: Canvas) -> dict[str, Any]:
    return {
        "box": canvas.box(window.box, window.bleed),
        "radius": canvas.px(window.radius),
        "mat": window.mat,
    }


def _surface(surface: Surface, canvas: Canvas) -> dict[str, Any]:
    x, y, w, h = canvas.box(surface.box, surface.bleed)
    radius = canvas.px(surface.radius) if surface.shape == "rounded" else 0
    if surface.shape == "rule":
        thick = max(1, canvas.px(surface.weight))
        w, h = (w, thick) if w >= h else (thick, h)
    elif surface.shape == "circle":
        side = min(w, h)
        x, y, w, h, radius = x + (w - side) // 2, y + (h - side) // 2, side, side, side // 2
    return {"box": [x, y, w, h], "radius": radius, "colour": surface.colour, "role": surface.role}


def _group(group: Group, canvas: Canvas) -> dict[str, Any]:
    x, _, w, h = canvas.field
    left, top, width, height = canvas.box(group.box)
    made: dict[str, Any] = {
        "box": [left, top, width, height],
        "h": group.h,
        "v": group.v,
        "gap": h * group.gap // 1000,
        "mirror": 2 * x + w - left - width if group.mirror else left,
        "items": [_item(item, width, canvas) for item in group.items],
    }
    if group.plate is not None:
        inner = _plate(group.plate, made, canvas)
        made["items"] = [_item(item, inner, canvas) for item in group.items]
        used = sum(item["height"] for item in made["items"])
        used += sum(item.get("above", made["gap"]) for item in made["items"][1:])
        if min(inner, made["box"][3]) < 2 * LEAST_PX or used > made["box"][3]:
            roles = ", ".join(item.role for item in group.items)
            raise UsageError(
                f"on {canvas.width}x{canvas.height} the plate under {roles} leaves {inner}x{made['box'][3]} px, and they may "
                f"take {used} px in height: make the group's box larger, its pad or its items' heights smaller"
            )
    return made


def _plate(plate: Plate, group: dict[str, Any], canvas: Canvas) -> int:
    """Give a group its plate and the box within it; the width that is left."""
    x, y, w, h = group["box"]
    pad = [canvas.px(plate.pad[0]), canvas.px(plate.pad[1])]
    group["plate"] = {
        "box": [x, y, w, h],
        "pad": pad,
        "radius": canvas.px(plate.radius) if plate.shape == "rounded" else 0,
        "shape": plate.shape,
        "wide": plate.wide,
        "colour": plate.colour,
    }
    if plate.shape == "circle":
        side = int(min(w, h) * _ROUND)
        mirror = group["mirror"] - x
        x, y, w, h = x + (w - side) // 2, y + (h - side) // 2, side, side
        group["mirror"] = x + mirror
    group["box"] = [x + pad[0], y + pad[1], w - 2 * pad[0], h - 2 * pad[1]]
    group["mirror"] += pad[0]
    return int(group["box"][2])


def _item(item: Item, width: int, canvas: Canvas) -> dict[str, Any]:
    field_height, short = canvas.field[3], canvas.short
    made: dict[str, Any] = {
        "role": item.role,
        "width": width * item.width // 1000,
        "height": field_height * item.height // 1000,
        "font": item.font,
        "lines": item.lines,
        "leading": item.leading,
        "colour": item.colour,
    }
    if item.above is not None:
        made["above"] = field_height * item.above // 1000
    if item.size is not None:
        made |= _size(item.size, short, canvas.tight)
    if item.details is not None:
        made["details"] = {
            "place": item.details.place,
            "share": item.details.share,
            **_size(item.details.size, short, canvas.tight),
        }
    if item.button is not None:
        across, above = item.button.pad
        made["button"] = {"pad": [across, above * canvas.tight // 1000], "radius": item.button.radius}
    return made


def _size(size: Size, short: int, tight: int = 1000) -> dict[str, int]:
    least = max(LEAST_PX, round(short * size.least * tight / 1_000_000))
    return {"most": max(least, round(short * size.most / 1000)), "least": least}
