"""How layers are coloured: blocks on the canvas get their colours, and scrims where they need them.

A text is set in the brand's colour where the pixels under it let it be read, else light or dark, else over a soft scrim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from PIL import Image, ImageDraw

from creative.errors import StepRefused
from workers.compose.blocks import Part
from workers.compose.colour import (
    AIMED_CONTRAST,
    LEAST_CONTRAST,
    Rgb,
    Sample,
    apart,
    between,
    contrast,
    deepened,
    flat,
    inks,
    is_light,
    rgb,
    seen_least,
    spelled,
)
from workers.compose.layers import Box, Laid, Layer, Lit, Placed
from workers.compose.logo import AIMED, READABLE, legible
from workers.compose.scrim import about, scrim, strengths
from workers.compose.surfaces import Surface
from workers.compose.surfaces import surface as panel

_APART = 24.0
"""A button whose colour is nearer to the ground than this (CIE Lab) would drown in it."""
_SEEN = 4.95
"""Contrast of words on a surface to who sees them least: its light and JPEG take up to a twentieth."""
_ROUNDS = 4
_SIZES = 8  # px: to what steps of type size a scrim is made
_MILKY = 3.2
"""How many times worse a veil of light is than a shadow as strong: over dark ground it is fog, a shadow is one more fold."""

_LABEL_READS = 5.5
"""A label's contrast without a chip: small letters lose some in a JPEG."""
_VEILED, _SPARED, _CLEAR = 0.3, 0.4, 0.1
"""Groups get colours of their own where one colour needs scrims of this strength, added up, their own at most this share of
it, and this share of the canvas's height lies between them."""


class Wanted(NamedTuple):
    """What a scrim is for: words of a role and a colour at about these places, about `size` px large. What it is like hangs
    on this and the ground alone."""

    role: str
    colour: Rgb
    spots: tuple[Box, ...]
    size: int
    product: Box | None


Share = Callable[[Wanted, Callable[[], Layer]], Layer]
"""Gives the scrim that is wanted on the bare ground: as it was made before, or by calling what makes it."""


def alone(_: Wanted, make: Callable[[], Layer]) -> Layer:
    """A `Share` of ads that have nothing in common."""
    return make()


def coloured(
    groups: Sequence[Laid],
    ground: Image.Image,
    palette: Mapping[str, str],
    product: Box | None,
    surfaces: Sequence[Surface] = (),
    share: Share = alone,
) -> list[Layer]:
    """Choose one colour for the texts on the picture (two where it is dark above and bright below, or the reverse) and one
    for those on each surface; add scrims to the picture until every text can be read over all of them. `share`: see `Share`."""
    over = [
        Layer("surface", one.role, one.image, one.x, one.y)
        for one in (*surfaces, *(group.plate for group in groups if group.plate is not None))
    ]
    lit = Lit(ground, over)
    written = [(group, spots) for group in groups if (spots := _spots(group, ground.size, surfaces))]
    backed = {id(group): None if (on := _backing(group, surfaces)) is None else on.colour for group in groups}
    tones = {
        backing: _told(
            backing,
            [[lit.at(spot) for spot in spots] for group, spots in written if backed[id(group)] == backing],
            palette,
        )
        for backing in dict.fromkeys(backed.values())
    }
    bare = [(group, [lit.at(spot) for spot in spots]) for group, spots in written if backed[id(group)] is None]
    toned = {id(group): tones[backed[id(group)]] for group in groups} | _apart_tones(bare, palette, ground.height)
    beside = {
        id(group): _nearest(group, [other for other, _ in written if backed[id(other)] == backed[id(group)]], toned)
        for group in groups
    }
    scrims: list[Layer] = []
    for _ in range(_ROUNDS):
        before = len(scrims)
        for group, spots in written:
            if backed[id(group)] is not None:
                continue
            under = [lit.at(spot) for spot in spots]
            if _least(toned[id(group)], under) < AIMED_CONTRAST:
                size = max(part.size for placed in group.placed for part in placed.block.parts)
                wanted = Wanted(
                    group.placed[0].block.role,
                    toned[id(group)],
                    tuple(about(spots, ground.size, product)),
                    -(-size // _SIZES) * _SIZES,
                    product,
                )
                first = not scrims and not over
                scrims.append(share(wanted, partial(_over, wanted, lit)) if first else _over(wanted, lit))
                lit = Lit(ground, [*scrims, *over])
        for group in groups:
            # As with words: what a mark stands on is mended, not the mark.
            for x, y, w, h in _logos(group) if backed[id(group)] is None else ():
                spot = lit.at((x, y, w, h))
                versions = next(placed.block.pictures for placed in group.placed if placed.block.pictures)
                _, colour, ratio = legible(versions, spot, palette, beside[id(group)])
                if ratio < READABLE:
                    shade = scrim(lit, [(x, y, w, h)], colour, [spot], h, product, AIMED)
                    scrims.append(Layer("scrim", "logo", shade.mask, shade.x, shade.y, colour=shade.tint))
                    lit = Lit(ground, [*scrims, *over])
        if len(scrims) == before:
            break
    made = [*scrims, *over]
    for group in groups:
        field = _field(group, ground.size, surfaces)
        for placed in group.placed:
            made += _layers(placed, field, lit, palette, toned[id(group)], beside[id(group)])
    for layer in made:
        if layer.runs and layer.contrast < LEAST_CONTRAST:
            raise StepRefused(
                f"the {layer.role} reaches a contrast of only {layer.contrast:.1f} against its ground, "
                f"{LEAST_CONTRAST} is the least: choose another text or accent colour in the brand kit"
            )
    return made


def _over(wanted: Wanted, lit: Lit) -> Layer:
    """The scrim that words want on what is there."""
    under = [lit.at(spot) for spot in wanted.spots]
    shade = scrim(lit, wanted.spots, wanted.colour, under, wanted.size, wanted.product)
    return Layer("scrim", wanted.role, shade.mask, shade.x, shade.y, colour=shade.tint)


def labelled(placed: Placed, lit: Lit, palette: Mapping[str, str], chip: bool) -> list[Layer]:
    """A label ("AI-generated") over all that is drawn: small, in the colour that reads best, and on a chip of the ground's own
    lightness where none does, or where the ground will move (`chip`)."""
    block, x, y, box = placed
    (part,) = block.parts
    under = lit.at(_rim(part, x, y, (0, 0, *lit.size)))
    colour = max(inks(palette), key=lambda ink: contrast(ink, under))
    if not chip and contrast(colour, under) >= _LABEL_READS:
        return [_text("label", [part], x, y, box, colour, contrast(colour, under))]
    _, light, dark = inks(palette)
    tone, own, colour = ("dark", dark, light) if is_light(colour) else ("light", light, dark)
    pad = max(3, round(part.size * 0.3))
    left, top = max(0, x + part.x - pad), max(0, y + part.y - pad)
    right = min(lit.size[0], x + part.x + part.mask.width + pad)
    bottom = min(lit.size[1], y + part.y + part.mask.height + pad)
    plate = panel((left, top, right - left, bottom - top), max(2, round(part.size * 0.25)), tone, palette, "label")
    text = _text("label", [part], x, y, box, colour, between(colour, own))
    return [Layer("surface", "label", plate.image, plate.x, plate.y), text]


def _apart_tones(
    bare: Sequence[tuple[Laid, Sequence[Sample]]], palette: Mapping[str, str], height: int
) -> dict[int, Rgb]:
    """Colours of groups (by identity) that lie well above one another, where one colour for all would need a strong veil
    and each its own hardly any: dark words on a bright wall, light ones on the dark shelf under it."""
    if len(bare) < 2:
        return {}
    _, together = _tone([under for _, under in bare], palette)
    found = {id(group): _tone([under], palette) for group, under in bare}
    if together < _VEILED or sum(strain for _, strain in found.values()) > _SPARED * together:
        return {}
    rows = [(group.ink[1], group.ink[1] + group.ink[3], is_light(found[id(group)][0])) for group, _ in bare]
    for top, end, tone in rows:
        if any(
            tone != other and top - below < _CLEAR * height and above - end < _CLEAR * height
            for above, below, other in rows
        ):
            return {}
    return {group: colour for group, (colour, _) in found.items()}


def _nearest(group: Laid, written: Sequence[Laid], toned: Mapping[int, Rgb]) -> Rgb | None:
    """The colour of the words that are nearest above or below a group, itself the first; None where there are none."""
    middle = group.ink[1] + group.ink[3] / 2
    found = min(written, key=lambda other: abs(other.ink[1] + other.ink[3] / 2 - middle), default=None)
    return None if found is None else toned[id(found)]


def strain_of(groups: Sequence[Laid], ground: Lit, palette: Mapping[str, str]) -> float:
    """How strong scrims would have to be for all groups, added up."""
    return _tone(
        [[ground.at(spot) for spot in spots] for group in groups if (spots := _spots(group, ground.size))],
        palette,
    )[1]


def _backing(group: Laid, surfaces: Sequence[Surface]) -> Surface | None:
    """The surface on which a whole group lies; None on the picture."""
    return group.plate or next((one for one in reversed(surfaces) if one.covers(group.ink)), None)


def _tone(
    under: Sequence[Sequence[Sample]], palette: Mapping[str, str], surface: Rgb | None = None
) -> tuple[Rgb, float]:
    """The colour for all texts, given the pixels under each group's runs: the one that needs the faintest scrims.

    The brand's own wins unless another needs much less; on a `surface` of the accent's colour what the brand writes on it.
    Also how strong its scrims are, added up.
    """
    costs = []
    candidates = list(inks(palette))
    if surface is not None:
        candidates.insert(0 if surface == rgb(palette["accent"]) else len(candidates), rgb(palette["on_accent"]))
    for order, colour in enumerate(candidates):
        # What most of the ground needs weighs most: single things under the words get spots of their own.
        found = [strengths(group, colour, (40.0, 2.0)) for group in under]
        strain = sum(most + 0.3 * nearly_all for most, nearly_all in found)
        felt = strain if is_light(colour) else strain * _MILKY
        costs.append((felt * 0.7 - 0.15 if order == 0 else felt, order, colour, strain))
        if costs[0][0] <= 0:
            break  # no other can do better
    _, _, colour, strain = min(costs)
    return colour, strain


def _told(surface: Rgb | None, under: Sequence[Sequence[Sample]], palette: Mapping[str, str]) -> Rgb:
    """As `_tone`; on a surface as dark, or as light, as who sees two primaries only needs it too."""
    colour, _ = _tone(under, palette, surface)
    return colour if surface is None else deepened(colour, surface, _SEEN)


def _spots(group: Laid, size: tuple[int, int], surfaces: Sequence[Surface] = ()) -> list[Box]:
    """Where the texts of a group stand straight on the ground, with a rim, cut to the canvas, or to the surface that they
    stand on."""
    field = _field(group, size, surfaces)
    return [
        _rim(part, placed.x, placed.y, field)
        for placed in group.placed
        if placed.block.button is None
        for part in placed.block.parts
    ]


def _field(group: Laid, size: tuple[int, int], surfaces: Sequence[Surface]) -> Box:
    """The box of the surface on which a group lies, else of the canvas: x, y, w, h."""
    on = _backing(group, surfaces) if surfaces or group.plate is not None else None
    if on is None:
        return (0, 0, *size)
    x, y = max(0, on.x), max(0, on.y)
    return (x, y, min(size[0], on.x + on.image.width) - x, min(size[1], on.y + on.image.height) - y)


def _logos(group: Laid) -> list[Box]:
    """Where a group's logo stands."""
    return [(one.x, one.y, one.block.width, one.block.height) for one in group.placed if one.block.pictures]


def _rim(part: Part, x: int, y: int, field: Box) -> Box:
    """The ink of a part of the block at (x, y) with the ring around it that the eye takes for its ground, within a field."""
    ring = max(3, round(part.size * 0.13))
    left, top = max(field[0], x + part.x - ring), max(field[1], y + part.y - ring)
    right = min(field[0] + field[2], x + part.x + part.mask.width + ring)
    bottom = min(field[1] + field[3], y + part.y + part.mask.height + ring)
    return (left, top, right - left, bottom - top)


def _least(colour: Rgb, under: Sequence[Sample]) -> float:
    """The contrast of the run that is hardest to read."""
    return min(contrast(colour, spot) for spot in under)


def _reads(colour: Rgb, under: Sequence[Sample]) -> bool:
    """Whether everybody can read a colour there."""
    return _least(colour, under) >= AIMED_CONTRAST and all(
        seen_least(colour, spot.hardest(colour, 2.0)) >= LEAST_CONTRAST for spot in under
    )


def _layers(
    placed: Placed, field: Box, lit: Lit, palette: Mapping[str, str], colour: Rgb, beside: Rgb | None
) -> list[Layer]:
    """One block on a field; `beside` is the colour of the words on the same ground, None without."""
    block, x, y, box = placed
    if block.pictures:
        mark = {"role": "logo", "x": x, "y": y, "w": block.width, "h": block.height}
        picture, _, _ = legible(block.pictures, lit.at((x, y, block.width, block.height)), palette, beside)
        return [Layer("logo", "logo", picture, x, y, (), (mark,))]
    made: list[Layer] = []
    if block.button is not None:
        fill, colour = _surface(palette, lit.at((x, y, block.width, block.height)).middle)
        mark = {"role": "button", "x": x, "y": y, "w": block.width, "h": block.height}
        surface = _pill(block.width, block.height, block.button)
        made.append(Layer("button", block.role, surface, x, y, (), (mark,), colour=fill))
        box = (x, y, block.width, block.height)
    for role in dict.fromkeys(part.role for part in block.parts):
        parts = [part for part in block.parts if part.role == role]
        if block.button is not None:
            under_text = [flat(fill)]
        else:
            under_text = [lit.at(_rim(part, x, y, field)) for part in parts]
        own = colour
        if role == "price" and _reads(rgb(palette["accent"]), under_text):
            own = rgb(palette["accent"])
        made.append(_text(role, parts, x, y, box, own, _least(own, under_text)))
    return made


def _text(role: str, parts: Sequence[Part], x: int, y: int, box: Box, colour: Rgb, ratio: float) -> Layer:
    left, top = min(part.x for part in parts), min(part.y for part in parts)
    width = max(part.x + part.mask.width for part in parts) - left
    height = max(part.y + part.mask.height for part in parts) - top
    mask = Image.new("L", (width, height), 0)
    for part in parts:
        mask.paste(part.mask, (part.x - left, part.y - top))
    runs = tuple(
        {
            "role": role,
            "text": part.text,
            "x": x + part.x,
            "y": y + part.y,
            "w": part.mask.width,
            "h": part.mask.height,
            "box": list(box),
            "size": part.size,
            "least": part.least,
            "colour": spelled(colour),
        }
        for part in parts
    )
    return Layer("text", role, mask, x + left, y + top, runs, (), ratio, colour)


def _surface(palette: Mapping[str, str], ground: Rgb) -> tuple[Rgb, Rgb]:
    """Colours of a button's surface and label: the accent, unless it would drown in the ground."""
    brand, light, dark = inks(palette)
    fill = rgb(palette["accent"])
    if apart(fill, ground) < _APART:
        fill = brand if between(brand, ground) >= 3 else max((light, dark), key=lambda colour: between(colour, ground))
    label = rgb(palette["on_accent"])
    if between(label, fill) < AIMED_CONTRAST:
        label = max((label, light, dark, (255, 255, 255), (0, 0, 0)), key=lambda colour: between(colour, fill))
    return fill, label


@lru_cache(64)
def _pill(width: int, height: int, radius: int) -> Image.Image:
    """The mask (L) of a rounded surface with smooth edges."""
    fine = 4
    mask = Image.new("L", (width * fine, height * fine), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width * fine - 1, height * fine - 1), radius * fine, fill=255)
    return mask.resize((width, height), Image.Resampling.BOX)
