"""Layouts: where things stand on a canvas. A family is one YAML file with an entry for each shape of canvas.

Everything in a file is per mille of the *field*: the canvas without the publisher's forbidden margins (`safe`) and
without the entry's own margin, whichever is larger on each side. So a box can neither touch the edge nor lie under a
publisher's buttons, and one entry serves a story with a safe zone and a feed picture without. Type sizes are per mille
of the canvas's shorter side. `Shape.document` turns all of it into pixels for one placement: that document, as
canonical JSON, is the `layout` input of stills and films. For right-to-left locales all of it changes sides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from creative.arrange import Canvas, arranged, legal_band, legal_group, legal_height
from creative.errors import BriefError, Finding, UsageError
from creative.framings import families, mirrored
from creative.label_area import label_area, label_group
from creative.layout_parts import LEAST_PX, Group, Legal, Margin, Part, PartName, Role, Row, Size, Stand
from creative.placements import Placement, ShapeName
from creative.plain_yaml import read_quickly

__all__ = [
    "LEAST_PX",
    "Group",
    "Layout",
    "Part",
    "PartName",
    "Role",
    "Shape",
    "Stand",
    "load_layouts",
    "placed",
    "shown",
]

LARGEST_SCALE = 1.6
"""A scene is never enlarged further: beyond this it looks soft."""
_PARTS: tuple[PartName, ...] = ("still", "body", "endcard")
_LEGAL = {
    "leaderboard": Legal(size=Size(most=130, least=130), lines=1),
    "skyscraper": Legal(size=Size(most=75, least=75), lines=5),
    "square": Legal(size=Size(most=20, least=18), lines=2),
    "portrait": Legal(size=Size(most=20, least=18), lines=2),
    "landscape": Legal(size=Size(most=24, least=20), lines=2),
}
"""Disclaimers where an entry says nothing else."""


def _known(framing: str) -> str:
    if framing not in families():
        raise ValueError(f"{framing!r} is no framing of templates/scenes/families.yaml: {', '.join(families())}")
    return framing


class Shape(Row):
    """One entry: a canvas shape, within a range of ratios (width to height, per mille) of the canvas and of its field."""

    shape: ShapeName
    ratio: tuple[int, int] = (1, 100_000)
    field_ratio: tuple[int, int] = (1, 100_000)
    modality: Literal["image", "video"] | None = Field(
        None, description="only for stills, or only for films; else for both"
    )
    scene: Annotated[str, AfterValidator(_known)] = Field(description="a framing of templates/scenes/families.yaml")
    margin: Margin = Margin()
    legal: Legal | None = Field(None, description="room for a disclaimer; by the canvas's shape, if left out")
    still: Part | None = Field(None, description="only an entry for films may go without")
    body: Part | None = None
    endcard: Part | None = None

    @model_validator(mode="after")
    def _has_parts(self) -> Shape:
        if self.still is None and (self.modality != "video" or self.body is None or self.endcard is None):
            raise ValueError("an entry without a still is for films only (modality: video), with a body and an endcard")
        return self

    def framing(self, direction: str = "ltr") -> str:
        """The scene's framing; right to left the one with the product on the other side."""
        return mirrored(self.scene) if direction == "rtl" else self.scene

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

    def document(
        self,
        placement: Placement,
        direction: Literal["ltr", "rtl"] = "ltr",
        legal: bool = False,
        label: bool = False,
    ) -> dict[str, Any]:
        """The entry in whole pixels of one placement: JSON-ready, integers, strings and nulls only.

        `direction`: of the locale's script; right to left all sides change. `legal`: whether there is a disclaimer, which
        then stands at the field's foot, and all else is arranged above it, a little tighter. `label`: whether there is a
        label ("AI-generated"): see `creative.label_area`; the field is what is left beside it.

        `{"shape", "scene", "width", "height", "field": [x, y, w, h], "parts": {"still": {"product": {x, foot, height, width, most},
        "groups": [...], "plain": [...] or null, "picture": {"box": [x, y, w, h], "radius", "mat"} or null, "surfaces":
        [{"box", "radius", "colour", "role"}]}, "body", "endcard"}}` and, where the part has one, its "opening"; all boxes are px of the canvas, and so are an item's
        `height`, `width` and sizes; its `leading`, `pad`, `radius` and `share` stay per mille. A group with a plate has
        `plate`: {"box": its outer limit, "pad": [x, y], "radius", "shape", "colour"}. A part that the entry lacks is the still's; a still that a
        film's entry lacks is the body's.
        Raises UsageError for a placement without pixels, or whose safe zone or plates leave no room.
        """
        width, height = _pixels(placement)
        full = self.field(placement)
        x, y, w, h = whole = full
        area: tuple[int, int, int, int] | None = None
        if label:
            whole, area = label_area(placement, full, direction)
            x, y, w, h = whole
        own = self.legal or _LEGAL[self.shape]
        foot = legal_height(own, min(width, height)) if legal else 0
        if h - foot < 2 * LEAST_PX:
            raise UsageError(f"placement {placement.id}: a disclaimer leaves no room for anything else")
        canvas = Canvas(width, height, (x, y, w, h - foot), direction == "rtl", (h - foot) * 1000 // full[3])
        still = self.still or self.body
        assert still is not None  # see `_has_parts`
        parts: dict[str, dict[str, Any]] = {"still": arranged(still, canvas)}
        parts["body"] = arranged(self.body, canvas) if self.body else parts["still"]
        parts["endcard"] = arranged(self.endcard, canvas) if self.endcard else parts["still"]
        if legal:
            line = legal_group(own, canvas)
            for name in _PARTS:
                plain, picture = parts[name]["plain"], parts[name]["picture"]
                # Beside a picture window the disclaimer has a band of its own: it would run from the mat into the picture.
                band = [legal_band(picture["mat"], canvas)] if picture is not None else []
                parts[name] = {
                    **parts[name],
                    "surfaces": [*parts[name]["surfaces"], *band],
                    "groups": [*parts[name]["groups"], line],
                    "plain": None if plain is None else [*plain, line],
                }
        if area is not None:
            for name in _PARTS:
                centre = parts["still" if name == "still" else "body"]["product"][
                    "x"
                ]  # one side in both parts of a film
                line = label_group(area, centre, whole, min(width, height))
                plain = parts[name]["plain"]
                parts[name] = {
                    **parts[name],
                    "groups": [*parts[name]["groups"], line],
                    "plain": None if plain is None else [*plain, line],
                }
        return {
            "shape": self.shape,
            "scene": self.framing(direction),
            "width": width,
            "height": height,
            "field": list(whole),
            "parts": parts,
        }


class Layout(Row):
    """A family of layouts. It is an option only for ads that have all that it `needs` and nothing that it goes `without`.

    `rank`: where a brief lets no layout be drawn, the lowest that suits is taken.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    title: str
    rank: int = Field(100, ge=0, le=1000)
    needs: tuple[Literal["product", "price"], ...] = ()
    without: tuple[Literal["product", "price"], ...] = ()
    film: str | None = Field(None, description="the family whose entries with a body serve films here too")
    shapes: tuple[Shape, ...]

    def takes(self, product: bool, price: bool) -> bool:
        """Whether it is made for an ad with, or without, a product's photo and a price."""
        there = {"product": product, "price": price}
        return all(there[name] for name in self.needs) and not any(there[name] for name in self.without)

    def suits(self, placement: Placement) -> bool:
        """Whether it has an entry for a placement."""
        try:
            self.shape_for(placement)
        except UsageError:
            return False
        return True

    def shape_for(self, placement: Placement) -> Shape:
        """The first entry for the placement's shape and ratio. Raises UsageError when the family has none."""
        width, height = _pixels(placement)
        ratio = width * 1000 // height
        for shape in self.shapes:
            if shape.modality not in (None, placement.modality):
                continue
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


def load_layouts(folder: Path, more: Sequence[Path] = ()) -> dict[str, Layout]:
    """All families in a folder, and those of `more` files, by name, the lowest rank first, else in the order of file names.

    Raises BriefError with every finding (file, line, field) when a file is not a layout.
    """
    found: dict[str, Layout] = {}
    findings: list[Finding] = []
    for path in (*sorted(folder.glob("*.yaml")), *more):
        try:
            text = path.read_text("utf-8")
            layout = _family(text)
            if layout is not None and layout.name not in found:
                found[layout.name] = layout
                continue
            data = YAML(typ="rt", pure=True).load(text)  # which knows the lines of what is wrong
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
        if layout.name in found:
            line, column = _place(data, ["name"])
            twice = f"{layout.name} is the name of another file's family"
            findings.append(Finding(str(path), line, column, "name", twice))
        found[layout.name] = layout
    if findings:
        raise BriefError(findings)
    for name, layout in found.items():
        if layout.film is not None:
            lender = found.get(layout.film)
            if lender is None:
                raise UsageError(f"layout {name}: film names {layout.film}, and there are {', '.join(found)}")
            lent = [one.model_copy(update={"modality": "video"}) for one in lender.shapes if one.body is not None]
            found[name] = layout.model_copy(update={"shapes": (*lent, *layout.shapes)})
    return dict(sorted(found.items(), key=lambda row: row[1].rank))


@lru_cache(maxsize=64)
def _family(text: str) -> Layout | None:
    """A file's family; None if anything is wrong with it."""
    data = read_quickly(text)
    try:
        return None if data is None else Layout.model_validate(data)
    except ValidationError:
        return None


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


def shown(
    document: Mapping[str, Any], part: str, scene: tuple[int, int], product: Sequence[int] | None
) -> tuple[float, float, float, tuple[int, int, int, int]]:
    """How a scene lies on the canvas of one part of a document: (scale, x, y) as `placed` says it, and the window [x, y, w, h]
    in which it is seen."""
    arrangement = document["parts"][part]
    picture = arrangement.get("picture")
    x, y, w, h = picture["box"] if picture is not None else (0, 0, document["width"], document["height"])
    stand = dict(arrangement["product"])
    stand["x"], stand["foot"] = stand["x"] - x, stand["foot"] - y
    scale, left, top = placed((w, h), scene, product, stand)
    return scale, left + x, top + y, (x, y, w, h)


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
