"""Words, button and logo of a layout as layers: each a small RGBA picture with its place, so that films can move them.

A text is set as large as its item allows, in balanced lines, by the rule that planning chose it by
(`creative.copyfit.fit_text`); `workers.compose.colouring` gives it its colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from PIL import Image

from creative.label_area import is_label
from workers.compose.blocks import Block, Setter, logo_block
from workers.compose.colouring import Share, alone, coloured, labelled, strain_of
from workers.compose.glyphs import check_direction, faces
from workers.compose.layers import Box, Laid, Layer, Lit, Placed, boxes, draw
from workers.compose.surfaces import plate, standing

__all__ = ["Layer", "boxes", "draw", "lay_out"]


def lay_out(
    document: Mapping[str, Any],
    texts: Mapping[str, str],
    fonts: Mapping[str, Path],
    ground: Image.Image,
    palette: Mapping[str, str],
    locale: str,
    direction: str,
    roles: AbstractSet[str] | None = None,
    logo: Image.Image | Mapping[str, Image.Image] | None = None,
    part: str = "still",
    product: Box | None = None,
    brand: Mapping[str, str] | None = None,
    share: Share = alone,
) -> list[Layer]:
    """Set one part of a layout document over a ground of the canvas's size; scrims first, then the mat and surfaces, then what
    stands on them.

    `fonts` has "display" and "text"; `logo` is one picture, or versions by name (light, dark), of which the one that
    stands out is taken. A role that `texts` lacks is left out and its group closes up; `roles`, if given, only picks what
    is returned: places and colours are those of the whole. `product` (x, y, w, h) is kept clear of scrims. All texts but
    a price and a button's label have one colour. `brand`: the palette of mat, surfaces and plates, where that of the words
    was changed. `share`: see `workers.compose.colouring.Share`.

    Raises StepRefused: text too long for its place (by how much), a character without glyph, an unreadable font,
    what is no direction.
    """
    check_direction(direction)
    setter = Setter(faces(fonts), locale, direction)
    versions = () if logo is None else (logo,) if isinstance(logo, Image.Image) else tuple(logo.values())
    texts = {role: text for role, text in texts.items() if text.strip()}
    arrangement = document["parts"][part]
    priced = "price" in texts or arrangement["plain"] is None
    wanted = arrangement["groups"] if priced else arrangement["plain"]
    brand = brand or palette
    surfaces = standing(arrangement, ground.size, brand, [*texts, *(["logo"] if versions else [])])
    own = [group for group in wanted if is_label(group)]
    wanted = [group for group in wanted if not is_label(group)]
    arranged = [[_packed(group, texts, setter, versions, False, brand) for group in wanted]]
    if any(group["mirror"] != group["box"][0] for group in wanted):
        arranged.append([_packed(group, texts, setter, versions, True, brand) for group in wanted])
    # Words change sides only where that spares most of a scrim.
    found = [[group for group in groups if group.placed] for groups in arranged]
    chosen = found[0]
    if len(found) > 1:
        under = Lit(ground, [Layer("surface", one.role, one.image, one.x, one.y) for one in surfaces])
        strains = [strain_of(groups, under, palette) + 0.15 * order for order, groups in enumerate(found)]
        chosen = found[strains.index(min(strains))]
    layers = coloured(chosen, ground, palette, product, surfaces, share)
    for group in own:
        laid = _packed(_turned(group, direction), texts, setter, versions, False, palette)
        if laid.placed:
            layers += labelled(laid.placed[0], Lit(ground, layers), palette, part != "still")
    return [layer for layer in layers if roles is None or layer.role in roles]


def _turned(group: Mapping[str, Any], direction: str) -> Mapping[str, Any]:
    """A label's group with the side that is seen as the one of its script."""
    starts = "left" if direction == "ltr" else "right"
    return {**group, "h": "start" if group["side"] in ("start", starts) else "end"}


def _packed(
    group: Mapping[str, Any],
    texts: Mapping[str, str],
    setter: Setter,
    logos: Sequence[Image.Image],
    mirrored: bool,
    palette: Mapping[str, str],
) -> Laid:
    """The blocks of a group, one under the other, anchored in its box, with its plate."""
    left, top, width, height = group["box"]
    align = {"start": "left", "center": "center", "end": "right"}[group["h"]]
    crossed = mirrored and group["mirror"] != left
    left = group["mirror"] if crossed else left
    if (setter.direction == "rtl") != crossed:
        align = {"left": "right", "right": "left"}.get(align, align)
    made: list[tuple[Block, Mapping[str, Any]]] = []
    for item in group["items"]:
        role = item["role"]
        if role == "logo":
            if logos:
                made.append((logo_block(logos, item), item))
        elif role == "price" and role in texts:
            made.append((setter.offer(item, texts, align), item))
        elif role in texts:
            made.append((setter.text(item, texts[role], align), item))
    if not made:
        return Laid(())
    gaps = [item.get("above", group["gap"]) for _, item in made[1:]]
    used = sum(block.height for block, _ in made) + sum(gaps)
    free = height - used
    if group["v"] == "middle":
        # The eye centres capitals, not accents and descenders.
        y = top + min(max(0, (free + made[-1][0].drop - made[0][0].rise) // 2), max(0, free))
    else:
        y = top + (max(0, free) if group["v"] == "bottom" else 0)
    placed = []
    for (block, item), gap in zip(made, [*gaps, 0], strict=True):
        slack = {"left": 0, "center": 1, "right": 2}[align]
        x = left + (width - block.width) * slack // 2
        box_x = left + (width - item["width"]) * slack // 2
        box_y = min(y, top + height - item["height"])
        placed.append(Placed(block, x, y, (box_x, box_y, item["width"], item["height"])))
        y += block.height + gap
    laid = Laid(placed)
    return laid._replace(plate=plate(group, laid.ink, palette, placed[0].block.role)) if "plate" in group else laid
