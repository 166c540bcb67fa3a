"""Soft shade or light behind words: only as strong as reading needs, falling off like light does.

Two things together: a band that runs off the nearer edge, as strong as most of the ground needs; and, where single
things under the words stand out (a bean, a bow), a soft spot over just those.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from workers.compose.colour import AIMED_CONTRAST, Floats, Rgb, Sample, is_light, luminance, luminance_of, mixed, read
from workers.media.scale import smooth

Box = tuple[int, int, int, int]
_STEPS, _SPOT_STEPS = 24, 12
_SPOT_SHARES = (np.arange(1, _SPOT_STEPS, dtype=np.float32) / _SPOT_STEPS)[:, None, None]
_MOST = 40.0
"""The band leaves this share (per cent) of the ground under a run to the spots."""
_COARSE = 16
"""px at most of a square in which strength is reckoned: it changes slowly, and is spread smoothly."""
_GRID = (12, 24)
"""In how many parts a canvas's width and height are taken where words stand at about the same place."""
_LOOKED = 4
"""px from one pixel that is looked at to the next."""


class Ground(Protocol):
    """What a scrim is laid over, as `workers.compose.layers.Lit` is."""

    @property
    def size(self) -> tuple[int, int]: ...

    def cut(self, size: tuple[int, int], edges: Box) -> Image.Image:
        """A picture of `size` with evenly chosen pixels of what lies between `edges` (left, top, right, bottom)."""
        ...


class Shade(NamedTuple):
    """A scrim: how strong a tint is (L), its top left corner at (x, y) on the canvas; beyond it there is none."""

    mask: Image.Image
    tint: Rgb
    x: int
    y: int


def needed(under: Sequence[Sample], colour: Rgb, spared: float = 2.0, aim: float = AIMED_CONTRAST) -> float:
    """How strong (0 to 1) a scrim has to be for `colour` to be read on the pixels under each of some runs of text.

    `spared`: the share (per cent) of a run's pixels that need not reach the contrast. Reckoned for one pixel of each run:
    the one at that share, since a flat tint hardly changes their order.
    """
    return strengths(under, colour, (spared,), aim)[0]


def strengths(
    under: Sequence[Sample], colour: Rgb, spared: Sequence[float], aim: float = AIMED_CONTRAST
) -> list[float]:
    """See `needed`: for several shares at once."""
    tint = _tint(under, colour)
    return [_enough([spot.hardest(colour, share) for spot in under], tint, colour, aim) for share in spared]


def _enough(hard: Sequence[Rgb], tint: Rgb, colour: Rgb, aim: float) -> float:
    """How strong (0 to 1) a tint has to be over all of some pixels: the first step that is enough, 1 where none is."""
    # So few are sooner reckoned one by one.
    mine = luminance_of(*colour) + 0.05
    light, dark = aim * mine - 0.05, mine / aim - 0.05
    for step in range(_STEPS):
        share = step / _STEPS
        for red, green, blue in hard:
            seen = luminance_of(
                red + (tint[0] - red) * share, green + (tint[1] - green) * share, blue + (tint[2] - blue) * share
            )
            if dark < seen < light:
                break
        else:
            return share
    return 1.0


def scrim(
    ground: Ground,
    spots: Sequence[Box],
    colour: Rgb,
    under: Sequence[Sample],
    type_size: int,
    product: Box | None,
    aim: float = AIMED_CONTRAST,
) -> Shade:
    """What to lay over the ground so that text of a colour can be read at `spots` (x, y, w, h), at the contrast `aim`.

    `under`: the pixels at each spot; `type_size` in px. The band leaves the `product` alone. The tint is the ground's own
    colour there, much darker or much lighter, so that it reads as light, not as a plate.
    """
    tint = _tint(under, colour)
    left, top = min(x for x, _, _, _ in spots), min(y for _, y, _, _ in spots)
    right, bottom = max(x + w for x, _, w, _ in spots), max(y + h for _, y, _, h in spots)
    room = _room(spots, product, 2 * _soft(type_size))
    factor = max(1, min(_factor(type_size, product), round(room / 3))) if room else _factor(type_size, product)
    alpha = veil(ground.size, (left, top, right - left, bottom - top), factor) * needed(under, colour, _MOST, aim)
    clear = np.ones(alpha.shape) if product is None else _clear_of(product, ground.size, factor)
    alpha = alpha * clear
    local = _over_what_stands_out(ground, spots, colour, tint, alpha, type_size, factor, aim)
    if product is not None:
        near = _within(spots, ground.size, factor, 2 * _soft(type_size))
        local = local * np.maximum(clear, near * _clear_of(product, ground.size, factor, room) if room else near)
    alpha = 1 - (1 - alpha) * (1 - local)
    # Rounded up, so that eight bits of alpha cannot take the last tenth of contrast away; less than one level changes nothing.
    levels = alpha.clip(0, 1) * 255
    coarse = Image.fromarray(np.where(levels < 1, 0, np.ceil(levels)).astype(np.uint8))
    found = coarse.getbbox()
    if found is None:
        return Shade(Image.new("L", (1, 1), 0), tint, 0, 0)
    # One square more on each side: it is spread between their middles.
    first = (max(found[0] - 1, 0), max(found[1] - 1, 0))
    part = coarse.crop((*first, min(found[2] + 1, coarse.width), min(found[3] + 1, coarse.height)))
    x, y = first[0] * factor, first[1] * factor
    strength = smooth(part, factor)
    strength = strength.crop((0, 0, min(strength.width, ground.size[0] - x), min(strength.height, ground.size[1] - y)))
    return Shade(strength, tint, x, y)


def about(spots: Sequence[Box], canvas: tuple[int, int], product: Box | None) -> list[Box]:
    """Places of words, out to the lines of a coarse grid: words that stand at about the same place have the same.

    A veil is spread over more than that anyway. What would come nearer to the product by it stays as it is.
    """
    across, down = max(1, canvas[0] // _GRID[0]), max(1, canvas[1] // _GRID[1])
    made = []
    for x, y, w, h in spots:
        left, top = x // across * across, y // down * down
        right = min(canvas[0], -(-(x + w) // across) * across)
        end = min(canvas[1], -(-(y + h) // down) * down)
        wide = (left, top, right - left, end - top)
        made.append(wide if _away(wide, product) == _away((x, y, w, h), product) else (x, y, w, h))
    return made


def _away(spot: Box, product: Box | None) -> tuple[int, int] | None:
    """How far from a product a place is, px across and down."""
    if product is None:
        return None
    (x, y, w, h), (left, top, wide, high) = spot, product
    return max(left - x - w, x - left - wide, 0), max(top - y - h, y - top - high, 0)


def _factor(type_size: int, product: Box | None) -> int:
    """px of a square: fine enough for what is spread, and for the rim around the product."""
    reach = _COARSE * 3.0 if product is None else _reach(product)
    return max(1, min(_COARSE, round(_soft(type_size) / 3), round(reach / 3)))


def _soft(type_size: int) -> float:
    return max(3.0, 0.6 * type_size)


def _reach(product: Box) -> float:
    return max(6.0, 0.18 * product[2])


def _room(spots: Sequence[Box], product: Box | None, most: float) -> float:
    """px, `most` at most, that a veil may go beyond the words before it lies on the product: its colours stay. 0 where the
    words do: then they have to be read."""
    if product is None:
        return most
    return min(most, *(math.hypot(*(_away(spot, product) or (0, 0))) for spot in spots))


def veil(size: tuple[int, int], box: Box, factor: int = 1) -> Floats:
    """Strength (0 to 1) of the band for a box (x, y, w, h) on a canvas, in squares of `factor` px.

    Wide words, and words on upright canvases, get a band across the whole width that runs off the nearer of top and
    bottom; a column on a wide canvas gets the whole height, and the nearer side.
    """
    (width, height), (x, y, w, h) = size, box
    shape = (-(-height // factor), -(-width // factor))
    if width > 1.15 * height and w < 0.62 * width:
        return np.broadcast_to(_band(width, x, x + w, max(0.3 * w, 0.5 * height), factor), shape)
    return np.broadcast_to(_band(height, y, y + h, max(0.75 * h, 0.1 * height), factor)[:, None], shape)


def _band(length: int, first: int, end: int, reach: float, factor: int) -> Floats:
    at = _middles(length, factor)
    before, after = ((first - at) / reach).clip(0, 1), ((at - end) / reach).clip(0, 1)
    if first < 0.3 * length and end < 0.7 * length:
        before = np.zeros(len(at))
    elif end > 0.7 * length and first > 0.3 * length:
        after = np.zeros(len(at))
    away = np.maximum(before, after)
    eased: Floats = 1 - away * away * (3 - 2 * away)
    return eased


def _middles(length: int, factor: int) -> Floats:
    """Where the middles of squares are, px."""
    middles: Floats = (np.arange(-(-length // factor), dtype=np.float64) + 0.5) * factor
    return middles


def _clear_of(product: Box, size: tuple[int, int], factor: int, reach: float | None = None) -> Floats:
    """0 over the product, rising to 1 at `reach` px from it; a square's strength counts as far as its neighbours."""
    x, y, w, h = product
    reach, rim = (_reach(product), 0) if reach is None else (max(reach - 2 * factor, 1.0), factor)
    columns, rows = _middles(size[0], factor), _middles(size[1], factor)
    across = (np.maximum(x - columns, columns - (x + w)) - rim) / reach
    down = (np.maximum(y - rows, rows - (y + h)) - rim) / reach
    away: Floats = np.hypot(np.maximum(across, 0)[None, :], np.maximum(down, 0)[:, None]).clip(0, 1)
    clear: Floats = away * away * (3 - 2 * away)
    return clear


def _within(spots: Sequence[Box], size: tuple[int, int], factor: int, reach: float) -> Floats:
    """1 over the words' boxes, falling to 0 at `reach` px from them: a square's strength counts as far as its neighbours."""
    inside = np.zeros((-(-size[1] // factor), -(-size[0] // factor)))
    columns, rows = _middles(size[0], factor), _middles(size[1], factor)
    for x, y, w, h in spots:
        across = np.maximum(x - columns, columns - (x + w)) - factor
        down = np.maximum(y - rows, rows - (y + h)) - factor
        away = (np.hypot(np.maximum(across, 0)[None, :], np.maximum(down, 0)[:, None]) / reach).clip(0, 1)
        inside = np.maximum(inside, 1 - away * away * (3 - 2 * away))
    return inside


def _over_what_stands_out(
    ground: Ground,
    spots: Sequence[Box],
    colour: Rgb,
    tint: Rgb,
    alpha: Floats,
    type_size: int,
    factor: int,
    aim: float,
) -> Floats:
    """Strength of a second, local veil: what each pixel under the words still needs, spread softly.

    What a square needs is what its neediest pixel does.
    """
    width, height = ground.size
    each = factor if factor < _LOOKED else factor // _LOOKED  # pixels of a square, across and down, that are looked at
    small = np.zeros(alpha.shape, np.uint8)
    tinted = np.array(tint, dtype=np.float32)
    for x, y, w, h in spots:
        left, top = x // factor, y // factor
        # Whole squares, but for one at the canvas's edge.
        right = max(left + 1, min(-(-(x + w) // factor), width // factor))
        end = max(top + 1, min(-(-(y + h) // factor), height // factor))
        edges = (left * factor, top * factor, min(right * factor, width), min(end * factor, height))
        wide, high = right - left, end - top
        seen = ground.cut((wide * each, high * each), edges)
        # (pixels of a square, rows of squares, columns, 3)
        cut = np.asarray(seen).reshape(high, each, wide, each, 3).transpose(1, 3, 0, 2, 4).reshape(-1, high, wide, 3)
        lit = cut + (tinted - cut) * alpha[top:end, left:right, None].astype(np.float32)
        bright = luminance(lit)
        down, across = np.nonzero(~np.logical_and.reduce(read(colour, bright, aim), axis=0))
        if len(down):
            # A tint that is enough for the pixel nearest to the letters' own lightness is enough for all of a square.
            levels = bright[:, down, across]
            hardest = levels.argmin(axis=0) if is_light(tint) else levels.argmax(axis=0)
            lacking = _short(lit[hardest, down, across], colour, tinted, aim)
            part = small[top:end, left:right]
            part[down, across] = np.maximum(part[down, across], lacking)
    if not small.any():
        return np.zeros(alpha.shape)
    # Spread wider than it is softened, so that the softening takes nothing from the middle.
    soft = _soft(type_size) / factor
    rows, columns = np.nonzero(small.any(axis=1))[0], np.nonzero(small.any(axis=0))[0]
    reach = round(2 * soft) + math.ceil(5 * soft)
    place = np.s_[max(0, rows[0] - reach) : rows[-1] + 1 + reach, max(0, columns[0] - reach) : columns[-1] + 1 + reach]
    spread = Image.fromarray(_widest(small[place], round(2 * soft))).filter(ImageFilter.GaussianBlur(soft))
    whole = np.zeros(alpha.shape)
    whole[place] = np.asarray(spread, dtype=np.float64) / 255
    return whole


def _short(lit: NDArray[np.float32], colour: Rgb, tint: NDArray[np.float32], aim: float) -> NDArray[np.uint8]:
    """How strong (0 to 255) the tint has to be over each pixel (n, 3) that is hard to read on: the first step that is enough."""
    enough = read(colour, luminance(lit + (tint - lit) * _SPOT_SHARES), aim)
    steps = np.where(enough.any(axis=0), enough.argmax(axis=0) + 1, _SPOT_STEPS)
    return (steps * 255 // _SPOT_STEPS).astype(np.uint8)


def _widest(values: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """The greatest value within `reach` squares on either side, along both axes: of doubled windows, until one is wide enough."""
    for axis in (0, 1):
        values = np.pad(values, [(reach, reach) if axis == n else (0, 0) for n in (0, 1)]).swapaxes(0, axis)
        wide = 1
        while wide < 2 * reach + 1:
            step = min(wide, 2 * reach + 1 - wide)
            values = np.maximum(values[:-step], values[step:])
            wide += step
        values = values.swapaxes(0, axis)
    return np.ascontiguousarray(values)


def _tint(under: Sequence[Sample], colour: Rgb) -> Rgb:
    red = green = blue = 0.0
    whole = 0
    for spot in under:
        number, (r, g, b) = len(spot.rows), spot.mean
        red, green, blue, whole = red + r * number, green + g * number, blue + b * number, whole + number
    own: Rgb = (round(red / whole), round(green / whole), round(blue / whole))
    return mixed(own, (0, 0, 0), 0.82) if is_light(colour) else mixed(own, (255, 255, 255), 0.86)
