"""What bodies and end cards have in common: the stage before the camera, the words over it, and the encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil, log2
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from workers.compose.colour import is_light, mixed, rgb
from workers.compose.depth import Scenery
from workers.compose.encode import PictureTrack, views
from workers.compose.kinetic import Shown
from workers.compose.material import Material
from workers.compose.motion import Window
from workers.compose.shots import standing
from workers.compose.stage import Box, Stage
from workers.compose.typeset import Layer

LASTING = {"logo", "legal", "label"}  # what stands through every shot
SMALL_PRINT = {"legal", "label"}  # and through the end card, which it neither enters nor leaves
_QUIET = 0.26  # how far an end card's surroundings step back: into the dark, or in a bright scene into light
_FINEST = 16  # below this rate factor (CRF 2) more bits show nothing
_TRIES = 4


def shoot(
    path: Path,
    material: Material,
    frames: Callable[[], Iterator[av.VideoFrame]],
    keys: Sequence[int],
    words: Sequence[Shown],
    moves: Callable[[int], bool] = lambda _: True,
) -> int:
    """Encode `frames` with `words` over them; how much finer than usual that had to be, to take the least bit rate asked for.

    Where nothing `moves` the frame before is encoded again: there `frames` is not asked.
    """
    finer = 0
    for _ in range(_TRIES):
        with PictureTrack(path, *material.canvas, material.fps, finer) as track:
            coming = frames()
            for n in range(material.frames):
                if n == 0 or moves(n):
                    frame = next(coming)
                    lay(frame, words, n)
                track.add(frame, key=n in keys)
        if track.kbps >= material.least_kbps or finer == _FINEST:
            break
        # Six steps of the rate factor double the bits, nearly; plain pictures take a little more.
        finer = min(_FINEST, finer + 2 + ceil(7 * log2(material.least_kbps / max(1, track.kbps))))
    return finer


def staged(material: Material) -> Stage:
    """The stage of a body."""
    # Where words stand does not depend on the ground, only their colour does: any ground will do here.
    flat = Image.new("RGB", material.canvas, rgb(material.palette["ground"]))
    left, top, width, height = material.window("body")
    texts: list[Box] = []
    lasting: list[Box] = []
    for layer in material.layers("body", material.said("body"), flat):
        if layer.kind not in ("scrim", "surface") or (layer.kind == "surface" and not _is_mat(layer, material)):
            box = (float(layer.x - left), float(layer.y - top), float(layer.image.width), float(layer.image.height))
            (lasting if layer.role in LASTING or layer.role == "surface" else texts).append(box)
    places = [
        tuple(map(float, group["box"]))
        for group in material.document["parts"]["body"]["groups"]
        if any(item["role"] == "caption" for item in group["items"])
    ]
    x, y, wide, high = (float(edge) for edge in material.document["field"])
    loops = material.seamless and not material.footage
    return Stage(
        (width, height),
        (x - left, y - top, wide, high),
        material.scene.size,
        material.view("body"),
        material.product,
        tuple(texts),
        tuple(lasting),
        tuple((x - left, y - top, w, h) for x, y, w, h in places),
        material.cut is not None,
        material.view("endcard") if loops else None,
        material.footage,
        material.near("body"),
        material.near("endcard"),
    )


def _is_mat(layer: Layer, material: Material) -> bool:
    """Whether a surface leaves the window free, or is as large as the canvas: then it is what the window lies in."""
    x, y, w, h = material.window("body")
    inside = (
        min(layer.x + layer.image.width, x + w) - max(layer.x, x),
        min(layer.y + layer.image.height, y + h) - max(layer.y, y),
    )
    return layer.image.size == material.canvas or min(inside) <= 0


def body_layers(material: Material, stage: Stage, clip: Image.Image | None = None) -> list[Layer]:
    """The layers of a body, coloured so that they read over whatever the camera brings under them.

    It does not depend on a film's length or captions, so that an end card finds the same. `clip`: the worst of footage.
    """
    clear, every = standing(stage)
    said = material.said("body")
    legal = {role: text for role, text in said.items() if role in LASTING}
    over = material.ground(every) if clip is None else clip
    made = [
        layer
        for layer in (material.layers("body", legal, over, logo=False) if legal else ())
        if layer.kind != "surface" or layer.role == "label"
    ]
    # The logo is laid out among the words, because its light or dark version goes with their colour.
    under = material.ground(clear) if clip is None else clip
    return [*made, *(layer for layer in material.layers("body", said, under) if layer.role not in legal)]


def surfaces(layers: Sequence[Layer]) -> list[Layer]:
    """The layers that stand all the time, under everything else."""
    return [layer for layer in layers if layer.kind == "surface" and layer.role == "surface"]


def off_surfaces(layers: Sequence[Layer], canvas: tuple[int, int]) -> list[Layer]:
    """The layers without the surfaces that stand, and scrims only where these leave the picture free."""
    flat = surfaces(layers)
    if not flat:
        return list(layers)
    free = Image.new("L", canvas, 255)
    for layer in flat:
        free.paste(0, (layer.x, layer.y), layer.image.getchannel("A"))
    made = []
    for layer in layers:
        if layer in flat:
            continue
        if layer.kind == "scrim":
            image = layer.image.copy()
            cut = free.crop((layer.x, layer.y, layer.x + image.width, layer.y + image.height))
            image.putalpha(ImageChops.multiply(image.getchannel("A"), cut))
            layer = replace(layer, ink=image, colour=None)
        made.append(layer)
    return made


def in_order(words: Sequence[Shown]) -> list[Shown]:
    """Scrims under plates, plates under words."""
    order = {"scrim": 0, "surface": 1}
    return sorted(words, key=lambda one: order.get(one.kind, 2))


def scenery(material: Material) -> Scenery:
    """The sharp set and the product; a set that moves is where its clip ends."""
    return Scenery.of(material.behind, material.cut, material.reel())


def lifted(material: Material, part: str, words: Sequence[Shown]) -> tuple[list[Shown], list[Shown]]:
    """Scrims that lie on the set, under a product that is a layer of its own, and all else: shade belongs to the set.

    Scrims of lasting words stay over the product, which may come behind these words.
    """
    if material.cut is None or material.window(part) != (0, 0, *material.canvas):
        return [], list(words)
    under = [one.kind == "scrim" and one.role not in LASTING for one in words]
    return [one for one, is_low in zip(words, under, strict=True) if is_low], [
        one for one, is_low in zip(words, under, strict=True) if not is_low
    ]


def lay(frame: av.VideoFrame, words: Sequence[Shown], n: int) -> None:
    """`words` over a frame, as they are in frame `n`."""
    for one in words:
        for overlay in one.overlays:
            overlay.blend(frame, n)


def ink_of(layers: Sequence[Layer]) -> str | None:
    """The colour of the words that stand straight on the picture; None where all of them lie on surfaces."""
    flat = [layer for layer in layers if layer.kind == "surface"]
    for role in ("headline", "support", "price"):
        for layer in layers:
            if layer.kind == "text" and layer.role == role and not any(_lies_on(layer, one) for one in flat):
                return str(layer.runs[0]["colour"])
    return None


def _lies_on(layer: Layer, surface: Layer) -> bool:
    """Whether the whole of a layer lies on a surface."""
    left, top = layer.x - surface.x, layer.y - surface.y
    cut = surface.image.getchannel("A").crop((left, top, left + layer.image.width, top + layer.image.height))
    low, _ = cut.getextrema()
    return isinstance(low, int | float) and low >= 250


def quiet(material: Material, ink: str | None = None) -> Image.Image:
    """The set with its surroundings soft and even, so that the product and the ask stand out.

    `ink`: the colour of the words that stand on it; by the set's own brightness, if left out.
    """
    scene = material.behind
    short = min(scene.size)
    # A blur this wide looks the same from a quarter of the size, at a tenth of the cost.
    quarter = scene.reduce(4).filter(ImageFilter.GaussianBlur(short * 0.003))
    soft = quarter.resize(scene.size, Image.Resampling.BICUBIC)
    if material.product is not None:
        soft = Image.composite(scene, soft, _in_focus(scene.size, material.product))
    # Dark words want a set that steps back into light, light ones one into the dark: it must not cost them contrast.
    bright = material.bright if ink is None else not is_light(rgb(ink))
    towards = mixed((255, 255, 255), rgb(material.palette["ground"]), 0.5) if bright else (0, 0, 0)
    # A dark set under dark words keeps its mood: it only becomes soft.
    share = _QUIET if bright == material.bright else 0.4 * _QUIET
    calm = Image.blend(soft, Image.new("RGB", scene.size, towards), share)
    if material.product is None or material.cut is not None:
        return calm
    x, y, w, h = material.product
    mask = Image.new("L", quarter.size, 0)
    grow = 0.1 * max(w, h)
    around = (x - grow, y - grow, x + w + grow, y + h + 1.6 * grow)
    ImageDraw.Draw(mask).rounded_rectangle([edge / 4 for edge in around], 0.06 * w, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(0.03 * max(w, h)))
    return Image.composite(scene, calm, mask.resize(scene.size, Image.Resampling.BICUBIC))


def _in_focus(size: tuple[int, int], product: Box) -> Image.Image:
    """How sharp a set stays that steps back (0 to 255): where the product stands it is as near as the product, and a ground
    out of focus under sharp glass would let it float."""
    x, y, w, h = product
    foot, middle = y + h, x + w / 2
    rows, columns = np.arange(size[1]) - foot, np.abs(np.arange(size[0]) - middle) - w / 2
    # Above its foot the wall comes soon; before it the ground stays within the depth of field for longer.
    down = np.where(rows < 0, 1 + rows / (0.4 * h), 1 - (rows - 0.14 * h) / (0.4 * h))
    across = 1 - (columns - 0.3 * w) / (0.9 * w)
    ramps = [np.clip(ramp, 0.0, 1.0) for ramp in (down, across)]
    smooth = [ramp * ramp * (3 - 2 * ramp) for ramp in ramps]
    return Image.fromarray(np.rint(255 * np.outer(*smooth)).astype(np.uint8))


def quiet_scenery(sharp: Scenery, picture: Image.Image) -> Scenery:
    """The same before a quiet set."""
    return replace(Scenery.of(picture, None), cut=sharp.cut, layer=sharp.layer)


def dissolve(frame: av.VideoFrame, other: av.VideoFrame, share: float) -> None:
    """`share` (0 to 1) of another frame over a frame."""
    weight = round(256 * share)
    for ground, over in zip(views(frame), views(other), strict=True):
        mixed_ = ground * np.uint16(256 - weight)
        mixed_ += over * np.uint16(weight)
        mixed_ += 128
        ground[...] = mixed_ >> 8


def boxes(material: Material, part: str, words: Sequence[Shown]) -> bytes:
    """The Boxes contract of `creative.steps`; each row for the frames in which it stands still and opaque."""
    product = material.product_in(part)
    found: Mapping[str, Any] = {
        "width": material.canvas[0],
        "height": material.canvas[1],
        "frames": material.frames,
        "product": None if product is None else list(product),
        "runs": [row for one in words for row in one.runs],
        "marks": [row for one in words for row in one.marks],
    }
    return json.dumps(found, sort_keys=True).encode()


def size_of(window: Window) -> tuple[int, int]:
    """Width and height of a window."""
    return window[2], window[3]
