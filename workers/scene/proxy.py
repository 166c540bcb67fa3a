"""A solid that stands for the product in the set, so that its shadow and reflection are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.scene.frame import Frame
from workers.scene.material import at, satin, texture
from workers.scene.solid import Solid, lofted
from workers.scene.stage import Stage

ROWS = 72
SINK = 0.003


def outline(alpha: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Left and right edge of the opaque part in `ROWS` rows from the foot up, in shares of the width from its middle.

    A row without an opaque pixel takes its neighbour's edges.
    """
    rows, width = alpha.shape
    lefts, rights = np.zeros(ROWS), np.zeros(ROWS)
    last = (0.0, 0.0)
    for i in range(ROWS):
        row = alpha[min(int((1 - (i + 0.5) / ROWS) * rows), rows - 1)]
        seen = np.flatnonzero(row > 127)
        if len(seen):
            last = (seen[0] / width - 0.5, (seen[-1] + 1) / width - 0.5)
        lefts[i], rights[i] = last
    return lefts, rights


def solid(cutout: Image.Image, frame: Frame, slim: float) -> Solid:
    """The product's body from its outline: round when its foot is curved, as that of a tin or a bottle; else a box.

    It stays `slim` units within the outline, so that the product's own pixels cover it.
    """
    lefts, rights = outline(np.asarray(cutout.getchannel("A")))
    wide, high = frame.product
    centres, halves = (lefts + rights) / 2 * wide, (rights - lefts) / 2 * wide
    foot = max(ROWS // 14, 1)
    curved = halves[0] < 0.93 * halves[foot]
    upright = bool(np.abs(centres).max() < 0.03 * wide)
    if upright and curved:
        # What narrows the foot is the view from above, not the body.
        halves[:foot] = halves[foot]
        centres[:foot] = centres[foot]
    deep, power = (1.0, 2.0) if upright and curved else (0.5, 5.0)
    axis = float(halves.max()) * deep
    grow = (frame.distance + axis) / frame.distance  # the outline is seen at the axis, behind the product's plane
    halves = np.maximum(halves * grow - slim, 0.004)
    # Seen from above, the back of every section rises over its front: it must not rise over the outline.
    seen = (np.arange(ROWS) + 0.5) / ROWS * (high - slim * 1.5)
    heights = np.minimum(seen, frame.lift - (frame.lift - seen) * (frame.distance + 2 * axis) / frame.distance)
    heights = np.maximum(heights, 1e-4 * np.arange(ROWS))
    heights[0] = -SINK
    return lofted((centres * grow).tolist(), halves.tolist(), heights.tolist(), deep, power, (wide * grow, high))


def shape(cutout: Image.Image, stage: Stage, slim: float) -> dict[str, Any]:
    """The solid as a shape of the set, in the product's own colours."""
    small = cutout.resize((max(cutout.width // 4, 8), max(cutout.height // 4, 8)), Image.Resampling.BOX)
    pixels = np.asarray(small).astype(np.float32)
    solid_part = pixels[..., 3:] / 255
    mean = (pixels[..., :3] * solid_part).sum((0, 1)) / max(float(solid_part.sum()), 1e-3)
    filled = pixels[..., :3] * solid_part + mean * (1 - solid_part)
    skin = satin(texture(filled.astype(np.uint8)), 0.3)
    return stage.solid(solid(cutout, stage.frame, slim), skin, at(0, _back(cutout, stage.frame), 0))


def _back(cutout: Image.Image, frame: Frame) -> float:
    """How far behind its front the solid stands, in units: where a box is seen over its corner, its foot rises to the
    sides, and a straight front would be seen under it."""
    alpha = np.asarray(cutout.getchannel("A")) > 127
    lefts, rights = outline(np.asarray(cutout.getchannel("A")))
    if _curved(lefts, rights):
        return 0.0
    rows, columns = alpha.shape
    feet = [rows - 1 - int(np.flatnonzero(alpha[:, int(share * columns)]).max(initial=0)) for share in (0.06, 0.94)]
    rise = min(max(feet) / rows, 0.06) * frame.product[1]
    return float(min(0.8 * rise * frame.distance / max(frame.lift, 0.1), 0.25))


def _curved(lefts: npt.NDArray[np.float64], rights: npt.NDArray[np.float64]) -> bool:
    """Whether the product is upright and its foot narrows evenly, as that of something round does."""
    foot = max(ROWS // 14, 1)
    halves = (rights - lefts) / 2
    upright = bool(np.abs(lefts + rights).max() / 2 < 0.03)
    return upright and bool(halves[0] < 0.93 * halves[foot])
