"""Layouts: where things stand on a canvas. A family is one YAML file with an entry for each shape of canvas.

Everything in a file is per mille of the *field*: the canvas without the publisher's forbidden margins (`safe`) and
without the entry's own margin, whichever is larger on each side. So a box can neither touch the edge nor lie under a
publisher's buttons, and one entry serves a story with a safe zone and a feed picture without. Type sizes are per mille
of the canvas's shorter side. `Shape.document` turns all of it into pixels for one placement: that document, as
canonical JSON, is the `layout` input of stills and films.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from creative.errors import BriefError, Finding, UsageError
from creative.placements import Placement, ShapeName

LEAST_PX = 12
"""No text is set smaller, whatever a layout says: CRAFT's floor at 1x."""
LARGEST_SCALE = 1.6
"""A scene is never enlarged further: beyond this it looks soft."""

Role = Literal["headline", "support", "price", "was", "unit_price", "cta", "logo", "legal", "caption", "url"]
PartName = Literal["still", "body", "endcard"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Size(_Row):
    """Type size in per mille of the canvas's shorter side; never under LEAST_PX pixels."""

    most: int = Field(gt=0, le=1000)
    least: int = Field(gt=0, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> Size:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is larger than most {self.most}")
        return self


class Margin(_Row):
    """Least distance of the field from the canvas's edge, per mille of the shorter side."""

    x: int = Field(50, ge=0, le=400)
    y: int = Field(50, ge=0, le=400)


class Details(_Row):
    """The small lines of an offer: the struck price and the unit price, beside the price or under it."""

    place: Literal["beside", "below"] = "beside"
    size: Size
    share: int = Field(480, ge=0, le=900, description="beside: per mille of the box's width that they may take")


class Button(_Row):
    """The surface under a call to action. `pad`: per mille of its type size, to the sides and above."""

    pad: tuple[int, int] = (1100, 720)
    radius: int = Field(1000, ge=0, le=1000, description="per mille of half its height: 1000 is a pill")


class Item(_Row):
    """One text, or the logo. `height`: what it may take of the field's height, per mille."""

    role: Role
    height: int = Field(gt=0, le=1000)
    width: int = Field(1000, gt=0, le=1000, description="per mille of its group's width")
    font: Literal["display", "text"] = "text"
    size: Size | None = None
    lines: int = Field(1, ge=1, le=8)
    leading: int = Field(1120, ge=900, le=2000, description="line to line, per mille of the type size")
    colour: Literal["text", "accent", "auto"] = "text"
    details: Details | None = Field(None, description="of a price")
    button: Button | None = Field(None, description="of a call to action")

    @model_validator(mode="after")
    def _whole(self) -> Item:
        if self.role != "logo" and self.size is None:
            raise ValueError(f"{self.role} needs a size")
        if self.details is not None and self.role != "price":
            raise ValueError("only a price has details")
        if self.button is not None and self.role != "cta":
            raise ValueError("only a call to action has a button")
        return self


class Group(_Row):
    """Items one under the other in a box [x, y, width, height], packed and anchored together.

    In a document, `mirror` is the box's left edge after changing sides (its own, where it does not).
    """

    box: tuple[int, int, int, int]
    h: Literal["start", "center", "end"] = "start"
    v: Literal["top", "middle", "bottom"] = "top"
    gap: int = Field(20, ge=0, le=500, description="between items, per mille of the field's height")
    mirror: bool = Field(False, description="all such groups may change sides together, where the ground is calmer")
    items: tuple[Item, ...]

    @model_validator(mode="after")
    def _inside(self) -> Group:
        x, y, w, h = self.box
        if min(x, y) < 0 or min(w, h) <= 0 or x + w > 1000 or y + h > 1000:
            raise ValueError(f"box {list(self.box)} leaves the field of 0 to 1000")
        needed = sum(item.height for item in self.items) + self.gap * (len(self.items) - 1)
        if needed > h:
            raise ValueError(f"its items may take {needed}, the box has {h}")
        return self


class Stand(_Row):
    """Where the product should stand: centre `x`, standing line `foot`, `height` wanted. The scene follows.

    `most`: the height that it may grow to where standing there needs a larger scene; without it, `height`. A product
    that is wide rather than high gets `width` instead of the height wanted.
    """

    x: int = Field(ge=-200, le=1200)
    foot: int = Field(ge=0, le=1400)
    height: int = Field(gt=0, le=1400)
    width: int = Field(620, gt=0, le=1400)
    most: int | None = Field(None, gt=0, le=1400)


class Part(_Row):
    """One arrangement. `plain` is taken instead of `groups` when there is no price to show."""

    product: Stand
    groups: tuple[Group, ...]
    plain: tuple[Group, ...] | None = None

    @model_validator(mode="after")
    def _as_roomy(self) -> Part:
        for groups in (self.groups, self.plain or ()):
            roles = [item.role for group in groups for item in group.items]
            if len(roles) != len(set(roles)):
                raise ValueError("a role stands twice")
        priced = {item.role: (group, item) for group in self.groups for item in group.items}
        for group in self.plain or ():
            for item in group.items:
                if item.role in priced:
                    old_group, old = priced[item.role]
                    if (
                        group.box[2] * item.width < old_group.box[2] * old.width
                        or item.height < old.height
                        or item.lines < old.lines
                        or item.font != old.font
                        or (item.size and old.size and item.size.least > old.size.least)
                    ):
                        # Planning chooses copy by `groups` alone; what fits there must fit in `plain`.
                        raise ValueError(f"{item.role} has less room in plain than beside a price")
        return self


class Shape(_Row):
    """One entry: a canvas shape, within a range of ratios (width to height, per mille) of the canvas and of its field."""

    shape: ShapeName
    ratio: tuple[int, int] = (1, 100_000)
    field_ratio: tuple[int, int] = (1, 100_000)
    scene: Literal["portrait", "landscape", "leaderboard", "skyscraper"]
    margin: Margin = Margin()
    still: Part
    body: Part | None = None
    endcard: Part | None = None

    def field(self, placement: Placement) -> tuple[int, int, int, int]:
        """x, y, width and height in px of what may be used. Raises UsageError as `document` does."""
        width, height = _pixels(placement)
        short = min(width, height)
        mx, my = math.ceil(short * self.margin.x / 1000), math.ceil(short * self.margin.y / 1000)
        safe = placement.safe
        left, top = max(mx, safe.left), max(my, safe.top)
        right, bottom = width - max(mx, safe.right), height - max(my, safe.bottom)
        if right - left < 2 * LEAST_PX or bottom - top < 2 * LEAST_PX:
            raise UsageError(f"placement {placement.id}: its safe zone leaves no room for text")
        return (left, top, right - left, bottom - top)

    def document(self, placement: Placement) -> dict[str, Any]:
        """The entry in whole pixels of one placement: JSON-ready, integers and strings only.

        `{"shape", "scene", "width", "height", "field": [x, y, w, h], "parts": {"still": {"product": {x, foot, height, width, most},
        "groups": [...], "plain": [...] or null}, "body", "endcard"}}`; an item's `height`, `width` and sizes are px,
        its `leading`, `pad`, `radius` and `share` stay
        per mille. A part that the entry lacks is the still's.
        Raises UsageError for a placement without pixels, or whose safe zone leaves no field.
        """
        width, height = _pixels(placement)
        short = min(width, height)
        field = self.field(placement)
        still = _part(self.still, field, short)
        return {
            "shape": self.shape,
            "scene": self.scene,
            "width": width,
            "height": height,
            "field": list(field),
            "parts": {
                "still": still,
                "body": _part(self.body, field, short) if self.body else still,
                "endcard": _part(self.endcard, field, short) if self.endcard else still,
            },
        }


class Layout(_Row):
    """A family of layouts."""

    name: str
    title: str
    shapes: tuple[Shape, ...]

    def shape_for(self, placement: Placement) -> Shape:
        """The first entry for the placement's shape and ratio. Raises UsageError when the family has none."""
        width, height = _pixels(placement)
        ratio = width * 1000 // height
        for shape in self.shapes:
            if shape.shape == placement.shape and shape.ratio[0] <= ratio <= shape.ratio[1]:
                _, _, w, h = shape.field(placement)
                if shape.field_ratio[0] <= w * 1000 // h <= shape.field_ratio[1]:
                    return shape
        raise UsageError(
            f"layout {self.name} has no {placement.shape} of ratio {ratio / 1000:g} for {placement.id}: "
            "add an entry to its file, or leave the placement out"
        )


def _pixels(placement: Placement) -> tuple[int, int]:
    if placement.width is None or placement.height is None or placement.shape is None:
        raise UsageError(f"placement {placement.id} has no pixels, so it has no layout")
    return placement.width, placement.height


def load_layouts(folder: Path) -> dict[str, Layout]:
    """All families in a folder, by name, in the order of file names.

    Raises BriefError with every finding (file, line, field) when a file is not a layout.
    """
    found: dict[str, Layout] = {}
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            data = YAML(typ="rt", pure=True).load(path.read_text("utf-8"))
        except (YAMLError, ValueError, RecursionError, IndexError) as error:
            mark = getattr(error, "problem_mark", None)
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            findings.append(Finding(str(path), line, column, "", f"this is not YAML: {error}"))
            continue
        try:
            layout = Layout.model_validate(data)
        except ValidationError as error:
            for problem in error.errors():
                line, column = _place(data, problem["loc"])
                where = ".".join(str(step) for step in problem["loc"])
                findings.append(Finding(str(path), line, column, where, problem["msg"]))
            continue
        found[layout.name] = layout
    if findings:
        raise BriefError(findings)
    return found


def placed(
    canvas: tuple[int, int], scene: tuple[int, int], product: Sequence[int] | None, stand: Mapping[str, int]
) -> tuple[float, float, float]:
    """How a scene lies on a canvas: (scale, x, y), where a scene pixel p lands at p * scale + (x, y).

    The product (x, y, w, h in scene px) comes as near to where the layout wants it as the scene allows that has to
    cover the canvas, at the least enlargement that does so, and at most LARGEST_SCALE (or what covering needs).
    """
    (cw, ch), (sw, sh) = canvas, scene
    cover = max(cw / sw, ch / sh)
    if product is None:
        return cover, (cw - sw * cover) / 2, (ch - sh * cover) / 2
    px, py, pw, ph = product
    centre, foot = px + pw / 2, py + ph
    size = min(stand["height"] / ph, stand["width"] / pw)
    wanted = max(
        size,
        stand["x"] / centre if centre else 0.0,
        (cw - stand["x"]) / (sw - centre) if sw > centre else 0.0,
        stand["foot"] / foot if foot else 0.0,
        (ch - stand["foot"]) / (sh - foot) if sh > foot else 0.0,
    )
    scale = max(cover, min(wanted, size * stand["most"] / stand["height"], LARGEST_SCALE))
    x = min(0.0, max(cw - sw * scale, stand["x"] - centre * scale))
    y = min(0.0, max(ch - sh * scale, stand["foot"] - foot * scale))
    return scale, x, y


def _place(data: Any, loc: Sequence[str | int]) -> tuple[int, int]:
    """Line and column, from 1, of the deepest node of `loc` that has them."""
    line, column = 1, 1
    for step in loc:
        try:
            marks = data.lc.key(step) if isinstance(step, str) else data.lc.item(step)
            line, column = marks[0] + 1, marks[1] + 1
            data = data[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line, column


def _part(part: Part, field: tuple[int, int, int, int], short: int) -> dict[str, Any]:
    x, y, w, h = field
    return {
        "product": {
            "x": x + round(w * part.product.x / 1000),
            "foot": y + round(h * part.product.foot / 1000),
            "height": round(h * part.product.height / 1000),
            "width": round(w * part.product.width / 1000),
            "most": round(h * (part.product.most or part.product.height) / 1000),
        },
        "groups": [_group(group, field, short) for group in part.groups],
        "plain": None if part.plain is None else [_group(group, field, short) for group in part.plain],
    }


def _group(group: Group, field: tuple[int, int, int, int], short: int) -> dict[str, Any]:
    x, y, w, h = field
    bx, by, bw, bh = group.box
    # Rounded down alike, so that items that fit per mille fit in pixels.
    left, top, width, height = x + w * bx // 1000, y + h * by // 1000, w * bw // 1000, h * bh // 1000
    return {
        "box": [left, top, width, height],
        "h": group.h,
        "v": group.v,
        "gap": h * group.gap // 1000,
        "mirror": 2 * x + w - left - width if group.mirror else left,
        "items": [_item(item, width, h, short) for item in group.items],
    }


def _item(item: Item, width: int, field_height: int, short: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "role": item.role,
        "width": width * item.width // 1000,
        "height": field_height * item.height // 1000,
        "font": item.font,
        "lines": item.lines,
        "leading": item.leading,
        "colour": item.colour,
    }
    if item.size is not None:
        made |= _size(item.size, short)
    if item.details is not None:
        made["details"] = {
            "place": item.details.place,
            "share": item.details.share,
            **_size(item.details.size, short),
        }
    if item.button is not None:
        made["button"] = {"pad": list(item.button.pad), "radius": item.button.radius}
    return made


def _size(size: Size, short: int) -> dict[str, int]:
    least = max(LEAST_PX, round(short * size.least / 1000))
    return {"most": max(least, round(short * size.most / 1000)), "least": least}
