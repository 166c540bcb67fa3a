"""The product before what a model painted: its own pixels, unchanged where it is opaque, on a ground that meets it.

What the eye takes for a cut-out is the missing contact and the rim: so the product throws a shadow on surroundings that were
painted without it, there is a line of shade along its foot, and the half-covered pixels of its outline take a part of the
ground's tone. Nothing else of it is touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from workers.scene import develop, layers
from workers.scene.frame import Box
from workers.scene.library import flat_depth, shadowed

Pixels = npt.NDArray[np.uint8]

_RIM = 0.35  # the ground's share in the tone of the outline's half-covered pixels, at the least covered


@dataclass(frozen=True, slots=True)
class Composed:
    """The picture, its layers, and how many opaque pixels of the product are in it as they were."""

    image: Image.Image
    parts: layers.Layers
    unchanged: int


def composed(ground: Image.Image, cutout: Image.Image, box: Box, side: float, *, painted: bool) -> Composed:
    """The cut-out in its box before the ground. `side`: -1 if light comes from the left, 1 from the right.

    `painted`: the model knew the product and painted its shadow; only the line of contact is added.
    """
    width, height = ground.size
    product = develop.fitted(cutout, box)
    own = np.asarray(ground)
    x, y, w, h = place = layers.around(box, width, height)
    if painted:  # what it painted in the product's place, and its rim, are not the set
        grow = max(2, round(0.006 * max(box[2], box[3])))
        hidden = layers.silhouette(product, box, place, grow)
        own = own.copy()
        own[y : y + h, x : x + w] = _filled(own[y : y + h, x : x + w], hidden)
    else:
        own = np.asarray(shadowed(Image.fromarray(own), product, box, side))
    own = develop.grounded(own, product, box)
    product = harmonised(product, own, box)
    image = develop.lay_over(own, product, box)
    plate = layers.png(Image.fromarray(own[y : y + h, x : x + w]))
    parts = layers.Layers(
        plate, layers.png(product), layers.png(flat_depth((width, height), box, wall=72, edge_far=80)), place
    )
    return Composed(image, parts, _same(image, cutout, box))


def _filled(part: Pixels, hidden: npt.NDArray[np.bool_]) -> Pixels:
    filled = layers.behind(part.astype(np.float32), hidden)
    return np.asarray(np.clip(filled + 0.5, 0, 255), np.uint8)


def harmonised(product: Image.Image, ground: Pixels, box: Box) -> Image.Image:
    """The product whose half-covered rim is as light as the ground behind it, in part; opaque pixels are as they were."""
    x, y, w, h = box
    height, width = ground.shape[:2]
    behind = Image.new("RGB", (w, h))
    left, top = max(x, 0), max(y, 0)
    seen = Image.fromarray(ground[top : min(y + h, height), left : min(x + w, width)])
    if not seen.width or not seen.height:
        return product
    behind.paste(seen, (left - x, top - y))
    soft = np.asarray(behind.filter(ImageFilter.GaussianBlur(max(1.0, 0.01 * max(w, h)))), np.float32)
    pixels = np.asarray(product)
    alpha = pixels[..., 3].astype(np.float32) / 255
    own = pixels[..., :3].astype(np.float32)
    share = np.where((alpha > 0) & (alpha < 1), _RIM * (1 - alpha), 0)[..., None]
    tone, other = own @ develop.WEIGHTS, soft @ develop.WEIGHTS
    # Of the ground's tone more than of its colour: a rim in another colour is seen as one.
    wanted = 0.6 * np.clip(own * (other / np.maximum(tone, 8))[..., None], 0, 255) + 0.4 * soft
    rim = np.clip(own + (wanted - own) * share + 0.5, 0, 255).astype(np.uint8)
    mixed = np.where(share > 0, rim, pixels[..., :3])
    return Image.fromarray(np.dstack([mixed, pixels[..., 3:]]))


def _same(image: Image.Image, cutout: Image.Image, box: Box) -> int:
    """How many opaque pixels of the product are in the picture. Raises AssertionError if one of them is another."""
    x, y, w, h = box
    product = np.asarray(develop.fitted(cutout, box))
    seen = np.asarray(image.crop((x, y, x + w, y + h)))
    inside = np.asarray(Image.new("L", image.size, 1).crop((x, y, x + w, y + h))) > 0
    opaque = (product[..., 3] == 255) & inside
    assert np.array_equal(seen[opaque], product[..., :3][opaque]), "the product's own pixels were changed"
    return int(opaque.sum())
