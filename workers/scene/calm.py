"""Where words may lie on a picture: the largest rectangles of it that are quiet and clear of the product."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.scene.frame import Box

CELLS = 12  # a side of the grid on which rectangles are looked for
QUIET = 7.0
"""The deviation of grey (0 to 255) inside a cell up to which it is calm ground."""


def calm(image: Image.Image, product: Box | None, most: int = 3) -> list[Box]:
    """At most `most` rectangles in px that do not overlap, the largest first."""
    width, height = image.size
    small = image.convert("L").resize((CELLS * 8, CELLS * 8), Image.Resampling.BOX)
    cells = np.asarray(small, np.float32).reshape(CELLS, 8, CELLS, 8).transpose(0, 2, 1, 3).reshape(CELLS, CELLS, 64)
    busy = cells.std(axis=2) > QUIET
    if product is not None:
        x, y, w, h = product
        left, right = int(x * CELLS / width), -int(-(x + w) * CELLS // width)
        top, bottom = int(y * CELLS / height), -int(-(y + h) * CELLS // height)
        busy[max(top, 0) : bottom, max(left, 0) : right] = True
    found: list[Box] = []
    for _ in range(most):
        best = _largest(busy)
        if best is None:
            break
        left, top, right, bottom = best
        busy[top:bottom, left:right] = True
        x0, y0 = left * width // CELLS, top * height // CELLS
        found.append((x0, y0, right * width // CELLS - x0, bottom * height // CELLS - y0))
    return found


def _largest(busy: npt.NDArray[np.bool_]) -> Box | None:
    """The largest rectangle (left, top, right, bottom; in cells) without a busy cell; at least four cells."""
    best, most = None, 3
    free = np.zeros(CELLS, int)  # calm cells above, ending in this row
    for row in range(CELLS):
        free = np.where(busy[row], 0, free + 1)
        for left in range(CELLS):
            high = CELLS
            for right in range(left, CELLS):
                high = min(high, int(free[right]))
                if not high:
                    break
                if high * (right - left + 1) > most:
                    most = high * (right - left + 1)
                    best = (left, row - high + 1, right + 1, row + 1)
    return best
