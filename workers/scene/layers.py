"""A scene as layers for a moving camera: the product, the set behind it, and how far away everything is.

The set is traced once, with a solid in the product's place. What the solid hides is filled from both sides, row by row,
as a retoucher would: a film moves the product by some per cent of its width, and shows no more than that.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.scene.frame import Box

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MARGIN = 12
"""px of the set around the product's box that belong to the plate."""
_SIDE = 5  # px beside the outline whose mean is the fill's colour there
_PLANE = 128  # the depth map's value at the product's plane


@dataclass(frozen=True, slots=True)
class Layers:
    """PNG files: see `creative.steps.KINDS["scene"]`. `box`: where the plate belongs, px, or None without a product."""

    plate: bytes
    layer: bytes
    depth: bytes
    box: Box | None

    def outputs(self) -> dict[str, bytes]:
        """By the names of the step's outputs."""
        return {"plate": self.plate, "layer": self.layer, "depth": self.depth}


def behind(picture: Floats, hidden: npt.NDArray[np.bool_]) -> Floats:
    """`picture` (h, w, channels) with its `hidden` part filled: each row from what is left and right of it.

    A hidden stretch that reaches the picture's edge takes the other side's colour; a row that is hidden from edge to
    edge takes its neighbour's.
    """
    rows, width = hidden.shape
    soft = np.stack([_smooth(picture[..., k]) for k in range(picture.shape[2])], axis=-1)
    filled = picture.copy()
    last: Floats | None = None
    for y in range(rows):
        at = np.flatnonzero(hidden[y])
        if not len(at):
            continue
        start, end = int(at[0]), int(at[-1]) + 1
        left = soft[y, max(start - _SIDE, 0) : start]
        right = soft[y, end : min(end + _SIDE, width)]
        if len(left) and len(right):
            share = np.linspace(0, 1, end - start, dtype=np.float32)[:, None]
            row = left.mean(0) * (1 - share) + right.mean(0) * share
        elif len(left) or len(right):
            row = np.broadcast_to((left if len(left) else right).mean(0), (end - start, picture.shape[2]))
        elif last is not None:
            row = np.broadcast_to(last, (end - start, picture.shape[2]))
        else:
            continue
        last = row.mean(0)
        filled[y, start:end] = np.where(hidden[y, start:end, None], row, filled[y, start:end])
    return filled


def _smooth(plane: Floats) -> Floats:
    """A few rows' mean: single rows would be seen as streaks."""
    padded = np.pad(plane, ((3, 3), (0, 0)), mode="edge")
    total = np.cumsum(np.concatenate([np.zeros((1, plane.shape[1]), np.float32), padded]), axis=0)
    result: Floats = ((total[7:] - total[:-7]) / 7).astype(np.float32)
    return result


def around(box: Box, width: int, height: int, margin: int = MARGIN) -> Box:
    """The box with its margin, cut to a picture of `width` x `height` px."""
    left, top = max(box[0] - margin, 0), max(box[1] - margin, 0)
    right, bottom = min(box[0] + box[2] + margin, width), min(box[1] + box[3] + margin, height)
    return left, top, right - left, bottom - top


def silhouette(product: Image.Image, box: Box, place: Box, grow: int) -> npt.NDArray[np.bool_]:
    """What of the box `place` the product in its `box` covers, `grow` px more all around."""
    mask = Image.new("L", (place[2], place[3]), 0)
    mask.paste(product.getchannel("A").point(lambda a: 255 if a else 0), (box[0] - place[0], box[1] - place[1]))
    covered = np.asarray(mask) > 0
    return _grown(_grown(covered, grow).T, grow).T if grow else covered


def _grown(covered: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    """Each column's stretches drawn out by so many px; for squares twenty times as fast as a filter that ranks."""
    count = np.cumsum(np.pad(covered, ((by + 1, by), (0, 0))), axis=0, dtype=np.int32)
    return np.asarray(count[2 * by + 1 :] > count[: -2 * by - 1])


def depth_map(away: Floats, plane: float) -> Bytes:
    """(h, w) from distances in units along the camera's axis; 0 or less is infinitely far. `plane`: the product's."""
    share = np.where(away > 1e-3, _PLANE * plane / np.maximum(away, 1e-3), 0)
    return np.clip(share + 0.5, 0, 255).astype(np.uint8)


def png(image: Image.Image, level: int = 3) -> bytes:
    """The image as a PNG file."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=level)
    return out.getvalue()


def flat(size: tuple[int, int]) -> Layers:
    """The layers of a picture that has none: nothing to lay over it, and all of it at the product's plane."""
    return Layers(
        png(Image.new("RGB", (1, 1))),
        png(Image.new("RGBA", (1, 1))),
        png(Image.new("L", (max(size[0] // 4, 1), max(size[1] // 4, 1)), _PLANE)),
        None,
    )
