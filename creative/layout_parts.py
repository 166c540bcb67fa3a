"""The nouns of a layout: sizes, items, groups, surfaces, windows, parts. Their units are in `creative.layouts`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LEAST_PX = 12
"""No text is set smaller, whatever a layout says: CRAFT's floor at 1x."""

Role = Literal["headline", "support", "price", "was", "unit_price", "cta", "logo", "legal", "label", "caption", "url"]
PartName = Literal["still", "body", "endcard"]
Side = Literal["left", "top", "right", "bottom"]
Tone = Literal["ground", "second", "text", "on_accent", "light", "dark", "accent"]
"""A colour by its role in the brand kit; light and dark are white and black with a breath of the brand's ground."""
Place = tuple[int, int, int, int]
"""x, y, width, height, per mille of the field."""


class Row(BaseModel):
    """A part of a layout file: no unknown fields, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Size(Row):
    """Type size in per mille of the canvas's shorter side; never under LEAST_PX pixels."""

    most: int = Field(gt=0, le=1000)
    least: int = Field(gt=0, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> Size:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is larger than most {self.most}")
        return self


class Margin(Row):
    """Least distance of the field from the canvas's edge, per mille of the shorter side."""

    x: int = Field(50, ge=0, le=400)
    y: int = Field(50, ge=0, le=400)


class Details(Row):
    """The small lines of an offer: the struck price and the unit price, beside the price or under it."""

    place: Literal["beside", "below"] = "beside"
    size: Size
    share: int = Field(480, ge=0, le=900, description="beside: per mille of the box's width that they may take")


class Button(Row):
    """The surface under a call to action. `pad`: per mille of its type size, to the sides and above."""

    pad: tuple[int, int] = (1100, 720)
    radius: int = Field(1000, ge=0, le=1000, description="per mille of half its height: 1000 is a pill")


class Item(Row):
    """One text, or the logo. `height`: what it may take of the field's height, per mille."""

    role: Role
    height: int = Field(gt=0, le=1000)
    width: int = Field(1000, gt=0, le=1000, description="per mille of its group's width")
    font: Literal["display", "text"] = "text"
    size: Size | None = None
    lines: int = Field(1, ge=1, le=8)
    leading: int = Field(1120, ge=900, le=2000, description="line to line, per mille of the type size")
    colour: Literal["text", "accent", "auto"] = "text"
    above: int | None = Field(
        None,
        ge=0,
        le=500,
        description="the space to the item before it, per mille of the field's height; the group's gap, if left out",
    )
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


class Plate(Row):
    """A surface that hugs what its group shows: a price block, a badge, a label. The group's box is its outer limit.

    `pad`: to the sides and above, `radius`: of its corners, both per mille of the canvas's shorter side.
    """

    colour: Tone
    shape: Literal["rectangle", "rounded", "circle"] = "rounded"
    pad: tuple[int, int] = (30, 24)
    radius: int = Field(16, ge=0, le=500)
    wide: bool = Field(False, description="as wide as the group's box, not only as its words")


class Group(Row):
    """Items one under the other in a box [x, y, width, height], packed and anchored together.

    In a document, `mirror` is the box's left edge after changing sides (its own, where it does not).
    """

    box: Place
    h: Literal["start", "center", "end"] = "start"
    v: Literal["top", "middle", "bottom"] = "top"
    gap: int = Field(20, ge=0, le=500, description="between items, per mille of the field's height")
    mirror: bool = Field(False, description="all such groups may change sides together, where the ground is calmer")
    plate: Plate | None = Field(None, description="a surface that hugs what the group shows")
    items: tuple[Item, ...]

    @model_validator(mode="after")
    def _inside(self) -> Group:
        check_inside(self.box)
        h = self.box[3]
        if self.plate is not None and self.plate.colour == "accent" and all(i.role != "price" for i in self.items):
            raise ValueError("accent belongs to the price and the button: give the plate another colour")
        gaps = (self.gap if item.above is None else item.above for item in self.items[1:])
        needed = sum(item.height for item in self.items) + sum(gaps)
        if needed > h:
            raise ValueError(f"its items may take {needed}, the box has {h}")
        return self


class Window(Row):
    """Where the scene is shown; without one, on the whole canvas. Beyond it is a plain ground in the colour `mat`.

    `bleed`: sides on which it runs to the canvas's edge. `radius`: of its corners, per mille of the shorter side.
    """

    box: Place
    bleed: tuple[Side, ...] = ()
    radius: int = Field(0, ge=0, le=500)
    mat: Tone = "ground"

    @model_validator(mode="after")
    def _inside(self) -> Window:
        check_inside(self.box)
        return self


class Surface(Row):
    """A panel, band, card or rule: under the words, over the picture; later ones lie over earlier ones.

    A `rule` is a line along its box's upper edge (its left one where the box is higher than wide), `weight` per mille of
    the shorter side thick and at least one pixel. A `circle` is the largest in its box. `role`: drawn only where that role is
    shown. Words on a surface are in the brand's colour if it can be read there, else light or dark.
    """

    box: Place
    colour: Tone = "second"
    shape: Literal["rectangle", "rounded", "circle", "rule"] = "rectangle"
    bleed: tuple[Side, ...] = Field((), description="sides on which it runs to the canvas's edge")
    radius: int = Field(20, ge=0, le=500, description="of rounded ones, per mille of the shorter side")
    weight: int = Field(2, gt=0, le=100, description="of rules, per mille of the shorter side")
    role: Role | None = None

    @model_validator(mode="after")
    def _inside(self) -> Surface:
        check_inside(self.box)
        if self.colour == "accent" and self.shape != "rule" and self.role != "price":
            raise ValueError("accent belongs to the price and the button: give it `role: price`, or another colour")
        return self


class Stand(Row):
    """Where the product should stand: centre `x`, standing line `foot`, `height` wanted. The scene follows.

    `most`: the height that it may grow to where standing there needs a larger scene; without it, `height`. A product
    that is wide rather than high gets `width` instead of the height wanted.
    """

    x: int = Field(ge=-200, le=1200)
    foot: int = Field(ge=0, le=1400)
    height: int = Field(gt=0, le=1400)
    width: int = Field(620, gt=0, le=1400)
    most: int | None = Field(None, gt=0, le=1400)


class Part(Row):
    """One arrangement. `plain` is taken instead of `groups` when there is no price to show."""

    product: Stand
    groups: tuple[Group, ...]
    plain: tuple[Group, ...] | None = None
    picture: Window | None = Field(None, description="where the scene is shown; without it, on the whole canvas")
    opening: Literal["whole", "words"] | None = Field(
        None,
        description="of a film's body: before its window stands, the picture fills the canvas (whole), or the words have it "
        "to themselves (words). Films that start over begin as they end, with the window",
    )
    surfaces: tuple[Surface, ...] = ()

    @model_validator(mode="after")
    def _as_roomy(self) -> Part:
        if self.opening is not None and self.picture is None:
            raise ValueError("an opening needs a picture window that opens or closes")
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


class Legal(Row):
    """Room for a disclaimer or label at the foot of the field: the rest moves up by it where there is one, and only there."""

    size: Size
    lines: int = Field(2, ge=1, le=8)


def check_inside(box: Place) -> None:
    """Raise ValueError for a box that leaves the field."""
    x, y, w, h = box
    if min(x, y) < 0 or min(w, h) <= 0 or x + w > 1000 or y + h > 1000:
        raise ValueError(f"box {list(box)} leaves the field of 0 to 1000")
