"""What is seen in a photo of the brand's library: where the eye goes, faces, the horizon, where it is calm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter, label, uniform_filter

from creative.backends import Made, Task
from creative.canonical import canonical
from workers.backend import OneByOne
from workers.scene.faces import faces
from workers.scene.photo import open_upright
from workers.scene.salient import saliency

Greys = npt.NDArray[np.floating]

CELLS = 24
"""Rows and columns of the map of detail."""
_WORK = 640  # px of the longer side: enough to see what is where
_STEEPEST = 6.0  # degrees: a photo that leans more was meant to
_LEAST_LEVEL = 0.35  # degrees: nobody sees less
_CLEAR = 0.5  # of the width: how much of it a horizon has to run across
_STRONG = 0.12  # a step of grey, a px, that counts in full
_SURE = 0.62  # and how much for a photo to be turned by it


class Look(OneByOne):
    """Kind `view`: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Look at the photo. Raises StepRefused for one that cannot be read."""
        image = open_upright(task.inputs["photo"], "the library's photo")
        found = view(image.convert("RGB"))
        return Made({"view": canonical(found)}, {"faces": len(found["faces"]), "horizon": found["horizon"]})


def view(image: Image.Image) -> dict[str, Any]:
    """See kind `view`: whole numbers only."""
    width, height = image.size
    scale = min(1.0, _WORK / max(width, height))
    small = image.resize((max(8, round(width * scale)), max(8, round(height * scale))), Image.Resampling.BOX)
    found = faces(small)
    grey = np.asarray(small.convert("L"), np.float32) / 255
    return {
        "width": width,
        "height": height,
        "focus": _focus(small, grey, [(face.x, face.y, face.width, face.height) for face in found]),
        "faces": [
            [*_per_mille((face.x, face.y, face.width, face.height), small.size), round(face.sure * 1000)]
            for face in found
        ],
        "horizon": horizon(grey),
        "busy": _busy(grey),
    }


def _per_mille(box: tuple[float, float, float, float], size: tuple[int, int]) -> list[int]:
    left, top = max(box[0], 0) / size[0], max(box[1], 0) / size[1]
    right, bottom = min(box[0] + box[2], size[0]) / size[0], min(box[1] + box[3], size[1]) / size[1]
    return [round(1000 * part) for part in (left, top, right - left, bottom - top)]


def _focus(small: Image.Image, grey: Greys, found: list[tuple[float, float, float, float]]) -> list[int]:
    """The box of what stands out, faces and all; where nothing does, the part with most detail."""
    sure, strength = saliency(small)
    parts, count = label(sure > 0.5)
    boxes = list(found)
    if strength > 0.5 and count:
        masses = np.bincount(parts.ravel(), sure.ravel())
        masses[0] = 0
        rows, columns = np.nonzero(parts == int(masses.argmax()))
        if 0.004 < len(rows) / grey.size < 0.8:
            x0, x1, y0, y1 = (float(np.quantile(of, share)) for of in (columns, rows) for share in (0.002, 0.998))
            rim = 0.015 * max(small.size)  # what is only just inside of a crop looks cut
            boxes.append((x0 - rim, y0 - rim, x1 - x0 + 2 * rim, y1 - y0 + 2 * rim))
    if not boxes:
        detail = gaussian_filter(np.abs(grey - gaussian_filter(grey, 3)), 12)
        y, x = np.unravel_index(int(detail.argmax()), detail.shape)
        side = 0.25 * min(grey.shape)
        boxes.append((float(x) - side / 2, float(y) - side / 2, side, side))
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return _per_mille((left, top, right - left, bottom - top), small.size)


def horizon(grey: Greys) -> dict[str, int] | None:
    """A line that runs across most of the photo, nearly level; None where there is none, or it cannot be told.

    Every lean up to 6 degrees is tried: along the right one the edges of the line fall into one row.
    """
    height, width = grey.shape
    smooth = gaussian_filter(grey, 1.0)
    down, across = np.gradient(smooth)
    edges = (np.abs(down) > 0.02) & (np.abs(down) > 2.5 * np.abs(across))
    rows, columns = np.nonzero(edges)
    if len(rows) < width // 3:
        return None

    strength = np.minimum(np.abs(down[rows, columns]), _STRONG) / _STRONG

    def along(lean: float) -> tuple[float, float, int]:
        """How strong the best row's line is, of how much of the width it has something, and which row it is."""
        at = np.rint(rows - (columns - width / 2) * math.tan(math.radians(lean))).astype(int)
        inside = (at > 0.08 * height) & (at < 0.92 * height)
        # Every column counts once, whatever the thickness of its edge.
        line = np.zeros((height, width))
        np.maximum.at(line, (at[inside], columns[inside]), strength[inside])
        sums = line.sum(1)
        row = int(sums.argmax())
        return float(sums[row]) / width, float((line[row] > 0).mean()), row

    coarse = max((along(tenth / 10)[0], -abs(tenth), tenth) for tenth in range(-60, 61, 2))[2] / 10
    leans = [coarse + twentieth / 20 for twentieth in (0, -1, 1, -2, 2, -3, 3)]
    (sure, share, row), lean = max(((along(lean), lean) for lean in leans), key=lambda found: found[0][0])
    if share < _CLEAR:
        return None
    leans_so = share >= _SURE and sure >= 1.15 * along(0.0)[0] and _LEAST_LEVEL <= abs(lean) <= _STEEPEST - 0.3
    return {"tilt_hundredths": round(100 * lean) if leans_so else 0, "y": round(1000 * row / height)}


def _busy(grey: Greys) -> list[list[int]]:
    """How much detail there is in each cell, 0 calm to 255 restless."""
    mean = uniform_filter(grey, 5)
    detail = np.sqrt(np.maximum(uniform_filter(grey * grey, 5) - mean * mean, 0))
    picture = Image.fromarray(np.clip(detail * 255 * 6, 0, 255).astype(np.uint8))
    rows: list[list[int]] = np.asarray(picture.resize((CELLS, CELLS), Image.Resampling.BOX)).astype(int).tolist()
    return rows
