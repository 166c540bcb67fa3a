"""Faces in a photo: the tiny face detector of face-api.js (MIT; a small YOLO of separable convolutions), in numpy.

Its weights are 193 kB of bytes with a scale each; one look at 416 x 416 px takes about a third of a second on one core.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from creative.errors import StepError
from creative.resources import templates

Floats = npt.NDArray[np.float32]

SIDE = 416
LEAST = 0.5
"""How sure it must be, 0 to 1."""
SHA256 = "af5160ec0d2596ceff9aa6472674e93dfeb4a05aa8f94f262fcd01af0c71cc72"
_ANCHORS = (
    (1.603231, 2.094468),
    (6.041143, 7.080126),
    (2.882459, 3.518061),
    (4.266906, 5.178857),
    (9.041765, 10.66308),
)
_MEAN = (117.001, 114.697, 97.404)
_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Face:
    """A box in px of the photo, and how sure the detector is, 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    sure: float


def faces(image: Image.Image) -> list[Face]:
    """The faces of an RGB photo, the surest first; those that are at least about 4 % of its longer side high.

    One look at the whole, and one at each quarter, larger than a quarter so that no face is cut by all of them.
    """
    found = _look(image, 0, 0)
    width, height = round(image.width * 0.6), round(image.height * 0.6)
    for left in (0, image.width - width):
        for top in (0, image.height - height):
            found += _look(image.crop((left, top, left + width, top + height)), left, top)
    return _once(sorted(found, key=lambda face: (-face.sure, face.x, face.y)))


def _look(image: Image.Image, left: int, top: int) -> list[Face]:
    longer = max(image.size)
    scale = SIDE / longer
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BILINEAR)
    square = np.zeros((SIDE, SIDE, 3), np.float32)
    square[: small.height, : small.width] = np.asarray(small, np.float32)
    answer = _network((square - np.array(_MEAN, np.float32)) / np.float32(255))
    cells = answer.shape[0]
    boxes = answer.reshape(cells, cells, len(_ANCHORS), 5)
    found = []
    for row, column, kind in np.argwhere(_sigmoid(boxes[..., 4]) >= LEAST).tolist():
        dx, dy, dw, dh, score = (float(value) for value in boxes[row, column, kind])
        width, height = (
            math.exp(min(d, 6.0)) * anchor / cells * longer for d, anchor in zip((dw, dh), _ANCHORS[kind], strict=True)
        )
        x = left + (column + _share(dx)) / cells * longer - width / 2
        y = top + (row + _share(dy)) / cells * longer - height / 2
        found.append(Face(x, y, width, height, _share(score)))
    return found


def _share(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def _once(found: list[Face]) -> list[Face]:
    """Each face once: of those that overlap, the surest."""
    kept: list[Face] = []
    for face in found:
        if all(_shared(face, other) <= _OVERLAP for other in kept):
            kept.append(face)
    return kept


def _shared(one: Face, other: Face) -> float:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    both = max(across, 0.0) * max(down, 0.0)
    return both / (one.width * one.height + other.width * other.height - both)


def _network(picture: Floats) -> Floats:
    weights = _weights()
    out = _leaky(_conv3(picture, weights["conv0/filters"]) + weights["conv0/bias"])
    for number in range(1, 6):
        out = _halved(out)
        out = np.pad(out, ((1, 1), (1, 1), (0, 0)))
        out = _depthwise(out, weights[f"conv{number}/depthwise_filter"][..., 0])
        out = out @ weights[f"conv{number}/pointwise_filter"][0, 0] + weights[f"conv{number}/bias"]
        out = _leaky(out)
    return np.asarray(_spread(out) @ weights["conv8/filters"][0, 0] + weights["conv8/bias"], np.float32)


def _conv3(picture: Floats, filters: Floats) -> Floats:
    height, width = picture.shape[0] - 2, picture.shape[1] - 2
    out = np.zeros((height, width, filters.shape[3]), np.float32)
    for dy in range(3):
        for dx in range(3):
            out += picture[dy : dy + height, dx : dx + width] @ filters[dy, dx]
    return out


def _depthwise(picture: Floats, filters: Floats) -> Floats:
    height, width = picture.shape[0] - 2, picture.shape[1] - 2
    out = np.zeros((height, width, picture.shape[2]), np.float32)
    for dy in range(3):
        for dx in range(3):
            out += picture[dy : dy + height, dx : dx + width] * filters[dy, dx]
    return out


def _halved(picture: Floats) -> Floats:
    """The greatest of every 2 x 2; an odd last row or column stands for itself."""
    height, width, channels = picture.shape
    padded = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), constant_values=-np.inf)
    grouped = padded.reshape((height + 1) // 2, 2, (width + 1) // 2, 2, channels)
    return np.asarray(grouped.max(axis=(1, 3)), np.float32)


def _spread(picture: Floats) -> Floats:
    """The greatest of every pixel and its neighbours to the right and below."""
    padded = np.pad(picture, ((0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    return np.asarray(
        np.maximum.reduce([padded[:-1, :-1], padded[1:, :-1], padded[:-1, 1:], padded[1:, 1:]]), np.float32
    )


def _leaky(values: Floats) -> Floats:
    return np.asarray(np.maximum(values, values * np.float32(0.1)), np.float32)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), np.float32)


@cache
def _weights() -> Mapping[str, Floats]:
    """By name, in the shapes of TensorFlow: height, width, in, out. Each is a byte a value, with its scale and least."""
    folder = templates() / "models"
    data, table = (folder / "tiny-face.bin").read_bytes(), (folder / "tiny-face.json").read_bytes()
    if hashlib.sha256(data + table).hexdigest() != SHA256:
        raise StepError("tiny-face.bin is not the file that it should be: install the package again")
    found, at = {}, 0
    for row in json.loads(table)[0]["weights"]:
        count = int(np.prod(row["shape"]))
        spelled = np.frombuffer(data, np.uint8, count, at).astype(np.float32)
        packing = row["quantization"]
        found[row["name"]] = (spelled * np.float32(packing["scale"]) + np.float32(packing["min"])).reshape(row["shape"])
        at += count
    return found
