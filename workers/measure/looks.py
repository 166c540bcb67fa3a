"""What a picture does to the eye: where it is drawn, what is sharp and saturated, how the button stands out.

All of it is worked out on the final pixels, reduced to a few hundred px, so that it costs milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from workers.measure.sight import DICHROMATS, Floats, Pixels, distance, lab, linear, seen_by

Rectangle = tuple[int, int, int, int]
Named = tuple[str, Rectangle]
Mask = NDArray[np.bool_]

_SIDE = 640  # px of the longer side that most is measured on
_SMALL = 160  # px where the eye's first look is worked out: about what it takes in without moving
_TOP = 0.05  # the share of a region's pixels that say how sharp it is: edges, not the smooth rest
_SAME = 10.0  # CIE ΔE: nearer is the button's colour too
_COLOURED = 18.0  # Lab chroma: below it a button is white, black or grey, which everything else may be as well
_FILL = 2.5  # Lab units: how even a fill is
_COARSE = 32  # px of the square that a picture is brought to before its frequencies are taken
_RING = 0.3  # of the button's height: what is looked at around it


def look_at(
    pixels: Pixels, product: Rectangle | None, texts: Sequence[Named], marks: Sequence[Named]
) -> dict[str, Any]:
    """Figures of one picture, RGB of shape (height, width, 3). Rectangles are x, y, w, h in its px.

    `sharp`, `chroma`: [product, ground], edges in levels of luma a px and Lab chroma; absent without a product.
    `fill`: share of the picture that is one even colour.   `weights`: share of the first look by role.
    `button`: see `_button`; absent without one.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX)) if scale < 1 else pixels
    light = linear(small)
    colours = lab(light)
    covered = _covered(colours.shape[:2], [place for _, place in (*texts, *marks)], scale, 2)
    found: dict[str, Any] = {"fill": _fill(colours)}
    inside = _covered(colours.shape[:2], [product], scale, 0) if product is not None else None
    if inside is not None and inside.any():
        found |= _against(
            small, colours, inside & ~covered, ~_covered(colours.shape[:2], [product], scale, 3) & ~covered
        )
    found["weights"] = _weights(small, product, texts, marks, scale)
    button = next((place for role, place in marks if role == "button"), None)
    if button is not None and (told := _button(light, colours, button, inside, covered, scale)):
        found["button"] = told
    return found


def _covered(shape: tuple[int, ...], places: Sequence[Rectangle | None], scale: float, more: int) -> Mask:
    mask = np.zeros(shape, np.bool_)
    for place in places:
        if place is not None:
            x, y, w, h = (value * scale for value in place)
            top, left = max(math.floor(y) - more, 0), max(math.floor(x) - more, 0)
            mask[top : max(math.ceil(y + h) + more, 0), left : max(math.ceil(x + w) + more, 0)] = True
    return mask


def _against(small: Pixels, colours: Floats, product: Mask, ground: Mask) -> dict[str, Any]:
    luma = small.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    down, across = np.gradient(luma) if min(luma.shape) > 1 else (np.zeros_like(luma), np.zeros_like(luma))
    edges, chroma = np.hypot(down, across), np.hypot(colours[..., 1], colours[..., 2])
    if min(np.count_nonzero(product), np.count_nonzero(ground)) < 50:
        return {}
    return {
        "sharp": [_top(edges[product]), _top(edges[ground])],
        "chroma": [round(float(np.percentile(chroma[mask], 95)), 1) for mask in (product, ground)],
    }


def _top(edges: Floats) -> float:
    """The mean of the strongest of them."""
    least = np.quantile(edges, 1 - _TOP)
    return round(float(edges[edges >= least].mean()), 2)


def _fill(colours: Floats) -> float:
    """Share of the pixels that have the commonest colour, or one that nobody tells from it."""
    cells = np.round(colours / _FILL).astype(np.int32)
    names = (cells[..., 0] * 400 + cells[..., 1] + 100) * 400 + cells[..., 2] + 100
    _, where, counts = np.unique(names, return_index=True, return_counts=True)
    common = colours.reshape(-1, 3)[where[counts.argmax()]]
    return round(float((distance(colours, common) < _FILL).mean()), 4)


def _weights(
    small: Pixels, product: Rectangle | None, texts: Sequence[Named], marks: Sequence[Named], scale: float
) -> dict[str, float]:
    """How much of the first look each role draws: what differs from its surroundings in lightness or colour."""
    factor = min(1.0, _SMALL / max(small.shape[:2]))
    size = max(1, round(small.shape[1] * factor)), max(1, round(small.shape[0] * factor))
    seen = lab(linear(np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BOX))))
    far = max(size) / 8
    blurred = [[gaussian_filter(seen[..., axis], sigma) for axis in range(3)] for sigma in (1.0, far)]
    drawn = np.sqrt(sum(np.square(near - wide) for near, wide in zip(*blurred, strict=True)))
    total = float(drawn.sum()) or 1.0
    places: dict[str, list[Rectangle | None]] = {"product": [product]} if product is not None else {}
    for role, place in (*texts, *marks):
        places.setdefault("price" if role in ("was", "unit_price") else role, []).append(place)
    return {
        role: round(float(drawn[_covered(drawn.shape, found, scale * factor, 0)].sum()) / total, 4)
        for role, found in sorted(places.items())
    }


def _button(
    light: Floats, colours: Floats, place: Rectangle, product: Mask | None, covered: Mask, scale: float
) -> dict[str, Any] | None:
    """`colour` "#rrggbb" of its fill, `differs`: ΔE from what is around it, `sight`: the same to dichromats,
    `elsewhere`: share of the picture outside of product, text and marks in its colour; null for a grey one."""
    own = _covered(colours.shape[:2], [place], scale, -1)
    ring = _covered(colours.shape[:2], [place], scale, max(2, round(place[3] * scale * _RING)))
    around = ring & ~_covered(colours.shape[:2], [place], scale, 1)
    if not own.any() or not around.any():
        return None
    # The commonest colour of its rectangle is its fill: letters cover less, and round corners show little ground.
    cells = np.round(colours[own] / 4).astype(np.int32)
    _, where, counts = np.unique(cells, axis=0, return_index=True, return_counts=True)
    fill = light[own][where[counts.argmax()]]
    beside = np.median(light[around], axis=0)
    differs = {who: float(distance(lab(seen_by(fill, who)), lab(seen_by(beside, who)))) for who in DICHROMATS}
    rest = ~covered if product is None else ~covered & ~product
    chroma = float(np.hypot(*lab(fill)[1:]))
    same = float((distance(colours, lab(fill)) < _SAME)[rest].mean()) if rest.any() else 0.0
    return {
        "colour": "#" + "".join(f"{_srgb(float(channel)):02x}" for channel in fill),
        "differs": round(float(distance(lab(fill), lab(beside))), 1),
        "sight": {who: round(value, 1) for who, value in differs.items()},
        "elsewhere": round(same, 4) if chroma >= _COLOURED else None,
    }


def _srgb(light: float) -> int:
    value = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(value * 255)


def descriptor(pixels: Pixels) -> str:
    """What a picture looks like from afar, to be compared by `creative.duplicates`: 63 and 24 bytes in hexadecimal digits.

    First the 8x8 lowest frequencies of its lightness, without the mean, as a direction: signed, the largest 127. Then the
    mean Lab colour of 4x2 places: L in percent of 255, a and b from -128.
    """
    image = Image.fromarray(pixels)
    light = np.asarray(image.convert("L").resize((_COARSE, _COARSE), Image.Resampling.BOX), np.float64)
    waves = dctn(light, norm="ortho")[:8, :8].ravel()[1:]
    waves *= 127 / max(1e-9, float(np.abs(waves).max()))
    colours = lab(linear(np.asarray(image.resize((4, 2), Image.Resampling.BOX)))).reshape(-1, 3)
    bytes_ = np.clip(np.stack([colours[:, 0] * 2.55, colours[:, 1] + 128, colours[:, 2] + 128], axis=-1), 0, 255)
    packed: bytes = np.round(waves).astype(np.int8).tobytes() + np.round(bytes_).astype(np.uint8).tobytes()
    return packed.hex()
