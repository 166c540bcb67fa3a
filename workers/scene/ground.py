"""The ground of a studio photo: one colour that changes slowly, and the soft shadow that the product throws on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, binary_propagation, gaussian_filter, gaussian_gradient_magnitude

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_RING = 0.03  # of the shorter side: the border that is looked at
_EVEN = 0.035  # nine tenths of the border lie so near the fitted ground, of 0..1
_CALM = 0.028  # steepness of a shadow at most, a px, of 0..1 at 1000 px of the longer side
_DARKEST = 0.35  # of the ground's light: what is darker is no soft shadow


@dataclass(frozen=True, slots=True)
class Studio:
    """A ground that was fitted. `ground` (h, w, 3): what would be there without the product; `spread`: its noise, 0..1."""

    ground: Floats
    spread: float


def studio(picture: Floats) -> Studio | None:
    """The ground of a photo on seamless paper, white or grey or coloured; None where its border is no such thing.

    A surface of the second degree is fitted to the border; what does not lie on it (a product's foot, a hard shadow) is
    left out, twice.
    """
    height, width = picture.shape[:2]
    ring = max(3, round(_RING * min(height, width)))
    border = np.ones((height, width), bool)
    border[ring:-ring, ring:-ring] = False
    rows, columns = np.nonzero(border)
    step = max(1, len(rows) // 40_000)
    rows, columns = rows[::step], columns[::step]
    terms = _terms(rows / height * 2 - 1, columns / width * 2 - 1)
    colours = picture[rows, columns].astype(np.float64)
    kept = np.ones(len(rows), bool)
    for _ in range(3):
        fit, *_ = np.linalg.lstsq(terms[kept], colours[kept], rcond=None)
        miss = np.abs(colours - terms @ fit).max(1)
        kept = miss <= max(2.5 * float(np.median(miss)), 0.012)
    if float(np.quantile(miss, 0.85)) > _EVEN or float(kept.mean()) < 0.6:
        return None
    y, x = np.mgrid[0:height, 0:width]
    ground = _terms((y / height * 2 - 1).ravel(), (x / width * 2 - 1).ravel()) @ fit
    spread = float(np.quantile(miss[kept], 0.95))
    return Studio(np.clip(ground, 0, 1).reshape(height, width, 3).astype(np.float32), spread)


def _terms(y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], 1)


def empty(picture: Floats, found: Studio) -> tuple[Mask, Mask]:
    """What is ground in a studio photo: bare (its own colour), and bare or shaded (its colour, darker, softly so).

    Both reach the border of the photo without crossing an edge; a hole that shows bare ground is bare too.
    """
    tolerance = max(3 * found.spread, 0.022)
    away = np.abs(picture - found.ground).max(2)
    alike = away <= tolerance
    ratio = (picture * found.ground).sum(2) / np.maximum((found.ground**2).sum(2), 1e-4)
    off = np.abs(picture - ratio[..., None] * found.ground).max(2)
    scale = 1000 / max(picture.shape[:2])
    steep = gaussian_gradient_magnitude(picture.mean(2), 1.2)
    dim = (ratio > _DARKEST) & (ratio < 1.06) & (off <= tolerance * 1.1 + 0.03 * np.clip(1 - ratio, 0, 1))
    soft = dim & (steep < _CALM * max(scale, 0.5))
    edge = np.zeros(alike.shape, bool)
    edge[0], edge[-1], edge[:, 0], edge[:, -1] = True, True, True, True
    bare = binary_propagation(edge & alike, mask=alike)
    shaded = binary_propagation(bare, mask=bare | soft | (alike & (steep < 2 * _CALM)))
    return bare, shaded


def evenly_bare(picture: Floats, found: Studio) -> Mask:
    """Where the ground itself shows, wherever that is: inside a handle too."""
    tolerance = max(2.5 * found.spread, 0.018)
    away = gaussian_filter(np.abs(picture - found.ground).max(2), 1.0)
    return np.asarray(binary_dilation(away <= tolerance), bool)
