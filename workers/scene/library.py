"""Scenes from the brand's own photos: cropped by what is seen in them, turned level, composed anew for banners.

A photo that shows the product itself is the scene. In ads of a product that it does not show, the product's cut-out stands
in the layout's place before the photo, which then is out of focus, on a surface of the photo's own colours, and throws a
shadow there. A banner that no crop fills well is composed: what the photo is about at its side, whole, and the photo's own
ground drawn out beside it for the words.

`meta.product` is then what the photo is about: layouts crop to it, and keep words off it, as they do with a product.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.scene import develop, layers
from workers.scene.calm import calm
from workers.scene.crop import MOST_ENLARGED, WHOLE, Rect, Sight, best_crop, cut, sight_of
from workers.scene.cutout import open_photo
from workers.scene.frame import Box
from workers.scene.photo import open_upright

Floats = npt.NDArray[np.float32]

_SURE_FACE = 700
"""How sure, per mille, a face must be for `people: none` to refuse its photo."""


class Library(OneByOne):
    """Kind `scene` from a photo: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Make the scene. Raises StepRefused for a photo that cannot be used, or may not be shown."""
        params, size = task.params, (int(task.params["width"]), int(task.params["height"]))
        known = params["photo"]
        view = json.loads(task.inputs["view"].read_bytes())
        if known["people"] == "none" and not known["released"] and any(face[4] >= _SURE_FACE for face in view["faces"]):
            raise StepRefused(
                f"the library's photo {known['name']} shows a face, and the brief says people: none: take it out of the "
                "library, or write `release: ...` beside it in library.yaml if those who are seen agreed"
            )
        image = open_upright(task.inputs["photo"], f"the library's photo {known['name']}").convert("RGB")
        sight = sight_of(view, known["focus"])
        image, sight = level(image, sight, view["horizon"])
        slot = _slot(params["product"])
        cutout = open_photo(task.inputs["cutout"]) if "cutout" in task.inputs and not known["shows"] else None
        if cutout is not None:
            return _before(image, sight, size, params["product"], cutout)
        crop = best_crop(sight, size, slot)
        left, top, right, bottom = crop.place(sight.focus, sight)
        fits = bottom - top <= 1.35 * (slot[3] - slot[1]) and abs((left + right - slot[0] - slot[2]) / 2) < 0.25
        if crop.seen >= WHOLE and fits and size[0] / crop.width <= MOST_ENLARGED:
            made = cut(image, crop, size)
            focus = crop.place(sight.focus, sight)
            way = "cropped"
        else:
            made, focus = composed(image, sight, size, slot)
            way = "composed"
        box = _px(focus, size)
        flat = layers.flat(size)
        meta = {
            "width": size[0],
            "height": size[1],
            "product": list(box),  # what must be seen and not be written over, whether it is a product or not
            "plate": None,
            "set": "library",
            "light": None,
            "calm": [list(place) for place in calm(made, box)],
        }
        return Made(
            {"image": layers.png(made), "meta": json.dumps(meta, sort_keys=True).encode(), **flat.outputs()},
            {"photo": known["name"], "way": way, "tilt": (view["horizon"] or {}).get("tilt_hundredths", 0)},
        )


def _slot(product: Any) -> Rect:
    """Where the layout wants what a picture is about, in shares of the picture."""
    half = product["width"] / 2000
    x, foot = product["x"] / 1000, product["foot"] / 1000
    return max(x - half, 0.0), max(foot - product["height"] / 1000, 0.0), min(x + half, 1.0), min(foot, 1.0)


def _px(rect: Rect, size: tuple[int, int]) -> Box:
    left, top = max(0, round(rect[0] * size[0])), max(0, round(rect[1] * size[1]))
    right, bottom = min(size[0], round(rect[2] * size[0])), min(size[1], round(rect[3] * size[1]))
    return left, top, max(right - left, 1), max(bottom - top, 1)


def level(image: Image.Image, sight: Sight, horizon: Any) -> tuple[Image.Image, Sight]:
    """The photo turned until its horizon is level, without the corners that come in; what is known of it moves along."""
    tilt = (horizon or {}).get("tilt_hundredths", 0) / 100
    if not tilt:
        return image, sight
    width, height = image.size
    turned = image.rotate(tilt, Image.Resampling.BICUBIC)
    angle = math.radians(abs(tilt))
    # The largest upright rectangle of the same shape inside of the turned one.
    share = 1 / (math.cos(angle) + math.sin(angle) * max(width / height, height / width))
    wide, high = int(width * share), int(height * share)
    left, top = (width - wide) // 2, (height - high) // 2
    turned = turned.crop((left, top, left + wide, top + high))

    def moved(rect: Rect) -> Rect:
        radians = math.radians(-tilt)
        points = []
        for x, y in ((rect[0], rect[1]), (rect[2], rect[1]), (rect[0], rect[3]), (rect[2], rect[3])):
            dx, dy = x * width - width / 2, y * height - height / 2
            rx = dx * math.cos(radians) - dy * math.sin(radians) + width / 2
            ry = dx * math.sin(radians) + dy * math.cos(radians) + height / 2
            points.append(((rx - left) / wide, (ry - top) / high))
        xs, ys = [point[0] for point in points], [point[1] for point in points]
        return max(min(xs), 0.0), max(min(ys), 0.0), min(max(xs), 1.0), min(max(ys), 1.0)

    return turned, Sight(wide, high, moved(sight.focus), tuple(map(moved, sight.faces)), sight.busy)


def composed(image: Image.Image, sight: Sight, size: tuple[int, int], slot: Rect) -> tuple[Image.Image, Rect]:
    """What the photo is about, whole, at its slot; around it the photo as far as it reaches, then only its tones.

    Returns the picture, and where the focus lies in it, in shares.
    """
    width, height = size
    left, top, right, bottom = sight.focus
    across, down = 0.92 * width / ((right - left) * sight.width), 0.9 * height / ((bottom - top) * sight.height)
    if max(width, height) <= 2.2 * min(width, height):
        down *= min(1.0, 1.15 * (slot[3] - slot[1]))
    if width > 2.2 * height:  # a banner: words take most of it
        across *= max(1.5 * (slot[2] - slot[0]), 0.3)
    elif height > 2.2 * width:
        down *= max(1.3 * (slot[3] - slot[1]), 0.3)
    # All of the photo's height or width is used at least: a gap on both sides would be seen as a frame.
    scale = min(max(min(across, down), min(width / sight.width, height / sight.height)), MOST_ENLARGED)
    small = image.resize(
        (max(1, round(sight.width * scale)), max(1, round(sight.height * scale))), Image.Resampling.LANCZOS
    )
    middle = ((slot[0] + slot[2]) / 2 * width, (slot[1] + slot[3]) / 2 * height)
    at = (
        _lying(middle[0] - (left + right) / 2 * small.width, small.width, width, (left, 1 - right)),
        _lying(middle[1] - (top + bottom) / 2 * small.height, small.height, height, (top, 1 - bottom)),
    )
    focus = (
        (left * small.width + at[0]) / width, (top * small.height + at[1]) / height,
        (right * small.width + at[0]) / width, (bottom * small.height + at[1]) / height,
    )  # fmt: skip
    return drawn_out(small, at, size, _px(focus, size)), focus


def _lying(wanted: float, length: int, room: int, free: tuple[float, float]) -> int:
    """Where a photo of some length begins along one side: as wanted, without gaps where it is long enough; at an edge of
    the room where it is near one, or where what it is about is cut by the photo's own edge (`free`: the shares before and
    after it)."""
    gap = room - length
    if gap <= 0:
        return round(min(0.0, max(float(gap), wanted)))
    cut_at, other = (0, gap) if free[0] < free[1] else (gap, 0)
    if min(free) < 0.06 and abs(free[0] - free[1]) > 0.02 and abs(wanted - cut_at) < abs(wanted - other):
        return cut_at
    for edge in (0, gap):
        if abs(wanted - edge) < 0.06 * room:
            return edge
    # What lies beyond the room is cut off, as in any crop, but nothing of what the photo is about.
    least, most = 0.03 * room - free[0] * length, 0.97 * room - (1 - free[1]) * length
    return round(min(max(wanted, least), most) if least <= most else (least + most) / 2)


def drawn_out(photo: Image.Image, at: tuple[int, int], size: tuple[int, int], focus: Box) -> Image.Image:
    """The photo on a ground of its own: what lies between its edge and `focus` (px of the canvas) goes on beyond the edge,
    to and fro, and the softer the farther. There is no seam, nothing of the focus fades, and nothing of it comes twice.
    """
    width, height = size
    pixels = np.asarray(photo)
    rows, columns = np.arange(height) - at[1], np.arange(width) - at[0]
    x, y = focus[0] - at[0], focus[1] - at[1]
    down = _beyond(rows, photo.height, y, photo.height - y - focus[3])
    ground = Image.fromarray(pixels[down][:, _beyond(columns, photo.width, x, photo.width - x - focus[2])])
    short = min(width, height)
    near = ground.filter(ImageFilter.GaussianBlur(0.03 * short))
    far = ground.filter(ImageFilter.GaussianBlur(0.3 * short)).filter(ImageFilter.GaussianBlur(0.3 * short))
    beside = np.zeros((height, width), np.float32)  # px from the photo's edge, outwards
    kept = np.ones((height, width), np.float32)
    for places, length, first, last, axis in (
        (columns, photo.width, focus[0] - at[0], focus[0] + focus[2] - at[0], 0),
        (rows, photo.height, focus[1] - at[1], focus[1] + focus[3] - at[1], 1),
    ):
        shape = (1, -1) if axis == 0 else (-1, 1)
        outside = np.maximum(np.maximum(-places, places - length + 1), 0).astype(np.float32)
        beside = np.maximum(beside, outside.reshape(shape))
        fade = np.ones(len(places), np.float32)
        if places[0] < 0:
            fade *= _eased(places.astype(np.float32) / _fade(first, short))
        if places[-1] >= length:
            fade *= _eased((length - 1 - places).astype(np.float32) / _fade(length - last, short))
        kept *= fade.reshape(shape)
    ground = Image.composite(far, near, _mask(_eased(beside / (0.35 * short) + 0.15)))
    sharp = Image.fromarray(pixels[np.clip(rows, 0, photo.height - 1)][:, np.clip(columns, 0, photo.width - 1)])
    return Image.composite(sharp, ground, _mask(kept))


def _beyond(places: npt.NDArray[np.int_], length: int, before: int, after: int) -> npt.NDArray[np.int_]:
    """Indices that go on beyond both edges to and fro in the `before` first and the `after` last."""
    first, last = max(before, 2), max(after, 2)
    low, high = np.mod(-places - 1, 2 * first), np.mod(places - length, 2 * last)
    low = np.where(low >= first, 2 * first - 1 - low, low)
    high = length - 1 - np.where(high >= last, 2 * last - 1 - high, high)
    return np.clip(np.where(places < 0, low, np.where(places >= length, high, places)), 0, length - 1)


def _fade(room: float, short: int) -> float:
    """Over how many px a photo fades: what there is between its edge and what it is about, in bounds."""
    return float(min(max(room, 0.05 * short), 0.6 * short))


def _mask(share: Floats) -> Image.Image:
    return Image.fromarray((np.clip(share, 0, 1) * 255).astype(np.uint8))


def _eased(share: Floats) -> Floats:
    value = np.clip(share, 0, 1)
    return np.asarray(value * value * (3 - 2 * value), np.float32)


def _before(image: Image.Image, sight: Sight, size: tuple[int, int], place: Any, cutout: Image.Image) -> Made:
    """The cut-out before the photo, which is out of focus."""
    width, height = size
    box = _standing(size, place, cutout)
    crop = best_crop(sight, size, _slot(place), centred=False)
    ground = surface(cut(image, crop, size), box)
    side = develop.light_side(cutout, np.random.default_rng(1))
    product = develop.fitted(cutout, box)
    shaded = shadowed(ground, product, box, side)
    picture = develop.lay_over(np.asarray(shaded), product, box)
    around = layers.around(box, width, height)
    x, y, w, h = around
    made = layers.Layers(
        layers.png(shaded.crop((x, y, x + w, y + h))), layers.png(product), layers.png(flat_depth(size, box)), around
    )
    meta = {
        "width": width,
        "height": height,
        "product": list(box),
        "plate": list(around),
        "set": "library",
        "light": "left" if side < 0 else "right",
        "calm": [list(found) for found in calm(picture, box)],
    }
    return Made(
        {"image": layers.png(picture), "meta": json.dumps(meta, sort_keys=True).encode(), **made.outputs()},
        {"way": "behind the product"},
    )


def _standing(size: tuple[int, int], place: Any, cutout: Image.Image) -> Box:
    """The product's box in px: as large as its place allows, its foot on the place's."""
    most = (place["width"] * size[0] / 1000, place["height"] * size[1] / 1000)
    scale = min(most[0] / cutout.width, most[1] / cutout.height)
    wide, high = max(1, round(cutout.width * scale)), max(1, round(cutout.height * scale))
    foot, centre = round(place["foot"] * size[1] / 1000), place["x"] * size[0] / 1000
    return round(centre - wide / 2), foot - high, wide, high


def surface(photo: Image.Image, box: Box) -> Image.Image:
    """The photo out of focus, and before it a surface in its lower tones, on which a product can stand."""
    width, height = photo.size
    unit = min(box[2], box[3])
    short, long = min(width, height), max(width, height)
    # Words lie on the photo itself in a banner: there it is softer.
    soft = photo.filter(ImageFilter.GaussianBlur(max(2.0, 0.055 * unit, (0.13 if long > 3 * short else 0.02) * short)))
    edge = min(height - 2.0, box[1] + box[3] - 0.16 * unit)
    strip = photo.crop((0, int(0.72 * height), width, height)).resize((width, height))
    table = strip.filter(ImageFilter.GaussianBlur(0.3 * unit)).filter(ImageFilter.GaussianBlur(0.3 * unit))
    even = table.resize((1, 1), Image.Resampling.BOX).resize(table.size)
    table = Image.blend(table, even, 0.55)
    down = np.arange(height, dtype=np.float32)
    # Nearer is lighter: light falls on the front of a table, its far edge lies in the shade of what is behind.
    gain = 0.82 + 0.3 * np.clip((down - edge) / max(height - edge, 1), 0, 1)
    lit = np.clip(np.asarray(table, np.float32) * gain[:, None, None], 0, 255).astype(np.uint8)
    mask = np.clip((down - edge) / max(0.035 * unit, 2.0) + 0.5, 0, 1)
    return Image.composite(
        Image.fromarray(lit), soft, Image.fromarray(np.repeat((mask * 255).astype(np.uint8)[:, None], width, 1))
    )


def shadowed(ground: Image.Image, product: Image.Image, box: Box, side: float) -> Image.Image:
    """The shadow on the surface: dark and narrow where the product stands, wide and faint away from the light."""
    x, y, w, h = box
    foot = y + h
    alpha = np.asarray(product.getchannel("A"), np.float32) / 255
    rows = alpha[-max(2, h // 14) :]
    columns = np.flatnonzero(rows.max(0) > 0.4)
    left, right = (x + int(columns[0]), x + int(columns[-1])) if len(columns) else (x, x + w)
    wide = right - left
    total = np.ones((ground.height, ground.width), np.float32)
    for strength, thick, reach, blur, shift in (
        (0.62, 0.030, 1.00, 0.012, 0.00),
        (0.42, 0.075, 1.06, 0.045, 0.03),
        (0.30, 0.150, 1.25, 0.140, 0.16),
    ):
        mask = Image.new("L", ground.size, 0)
        centre = (left + right) / 2 - side * shift * wide
        half = reach * wide / 2
        top, bottom = foot - thick * wide * 0.75, foot + thick * wide * 0.55
        ImageDraw.Draw(mask).ellipse([centre - half, top, centre + half, bottom], fill=255)
        soft = mask.filter(ImageFilter.GaussianBlur(max(1.0, blur * wide)))
        total *= 1 - strength * np.asarray(soft, np.float32) / 255
    shade = Image.fromarray((np.clip(total, 0, 1) * 255).astype(np.uint8))
    return ImageChops.multiply(ground, Image.merge("RGB", (shade, shade, shade)))


def flat_depth(size: tuple[int, int], box: Box, wall: int = 60, edge_far: int = 70) -> Image.Image:
    """As `creative.steps` says of a scene's depth, where none was measured: L, a quarter of `size`; a floor that comes nearer
    from its far edge (`edge_far`) on, and a `wall` behind it, 0 to 128."""
    height = max(size[1] // 4, 1)
    down = np.arange(height, dtype=np.float32) * 4
    foot = box[1] + box[3]
    edge = foot - 0.16 * min(box[2], box[3])
    near = 128 + 40 * np.clip((down - foot) / max(size[1] - foot, 1), 0, 1)
    between = edge_far + (128 - edge_far) * np.clip((down - edge) / max(foot - edge, 1), 0, 1)
    values = np.where(down >= foot, near, np.where(down >= edge, between, wall))
    return Image.fromarray(np.repeat(values.astype(np.uint8)[:, None], max(size[0] // 4, 1), 1))
