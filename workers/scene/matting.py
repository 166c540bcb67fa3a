"""Edges of a cut-out: how much of each boundary pixel is product, and what colour that part of it has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, gaussian_filter, uniform_filter
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_EPSILON = 1e-5
_MOST_UNKNOWN = 260_000
"""Pixels of a band that are solved at once: beyond that the band is hair or fog, and the guided filter has to do."""


def guided(guide: Floats, values: Floats, radius: int, epsilon: float = 1e-4) -> Floats:
    """The guided filter (He, Sun and Tang, 2010) with a grey guide: `values` take over the guide's edges. 0 to 1."""

    def mean(of: npt.NDArray[np.floating]) -> Floats:
        return np.asarray(uniform_filter(of, 2 * radius + 1, mode="nearest"), np.float32)

    centre, mean_of = mean(guide), mean(values)
    slope = (mean(guide * values) - centre * mean_of) / (mean(guide * guide) - centre * centre + epsilon)
    made = mean(slope) * guide + mean(mean_of - slope * centre)
    return np.asarray(np.clip(made, 0, 1), np.float32)


def closed_form(picture: Floats, known: Floats, unknown: Mask) -> Floats:
    """Alpha of the `unknown` pixels by closed-form matting (Levin, Lischinski and Weiss, 2008), others as `known`.

    `picture` is (h, w, 3) in 0..1. In every window of 3 x 3 px product and ground are taken to lie on one line of colour
    each; alpha is what agrees best with that and with what is known around the band.
    """
    alpha = known.astype(np.float32).copy()
    count = int(unknown.sum())
    if not 0 < count <= _MOST_UNKNOWN:
        return alpha
    height, width = unknown.shape
    near = binary_dilation(unknown, np.ones((3, 3), bool))
    inner = np.zeros_like(unknown)
    inner[1:-1, 1:-1] = near[1:-1, 1:-1]
    rows, columns = np.nonzero(inner)
    offsets = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    places = np.stack([(rows + dy) * width + columns + dx for dy, dx in offsets], 1)
    colours = picture.reshape(-1, 3)[places].astype(np.float64)
    centred = colours - colours.mean(1, keepdims=True)
    spread = np.einsum("nki,nkj->nij", centred, centred) / 9 + np.eye(3) * (_EPSILON / 9)
    weights = np.einsum("nki,nij,nlj->nkl", centred, np.linalg.inv(spread), centred)
    weights = (1 + weights) / 9
    used = np.unique(places)
    number = np.full(height * width, -1, np.int64)
    number[used] = np.arange(len(used))
    at = number[places]
    laplacian = coo_matrix(
        (
            -weights.ravel(),
            (np.repeat(at, 9, axis=1).ravel(), np.tile(at, (1, 9)).ravel()),
        ),
        shape=(len(used), len(used)),
    ).tocsr()
    laplacian = laplacian - diags(np.asarray(laplacian.sum(1)).ravel())
    free = unknown.ravel()[used]
    values = known.ravel()[used].astype(np.float64)
    system = laplacian[free][:, free] + diags(np.full(int(free.sum()), 1e-7))
    right = -(laplacian[free][:, ~free] @ values[~free]) + 1e-7 * values[free]
    solved = spsolve(system.tocsc(), right)
    flat = alpha.ravel()
    flat[used[free]] = np.clip(np.nan_to_num(solved, nan=0.5), 0, 1)
    return flat.reshape(height, width)


def foreground(picture: Floats, alpha: Floats, radii: tuple[float, ...] = (24.0, 5.0)) -> Floats:
    """The colour of the product's part of every pixel (Germer et al. 2020, in blurs as Forte 2021): no ground shines in.

    `picture` is (h, w, 3) in 0..1; where alpha is 1 the answer is the picture's own colour.
    """
    front, behind = picture, picture
    weight = alpha[..., None]
    for radius in radii:
        front = _blurred(front, alpha, radius)
        behind = _blurred(behind, 1 - alpha, radius)
        front = front + weight * (picture - weight * front - (1 - weight) * behind)
        front = np.clip(front, 0, 1)
    return np.where(weight >= 1, picture, front).astype(np.float32)


def _blurred(picture: Floats, weight: Floats, radius: float) -> Floats:
    """The mean of a picture around each pixel, each counted with its weight."""
    total = gaussian_filter(weight, radius, truncate=2.5)
    parts = [gaussian_filter(picture[..., k] * weight, radius, truncate=2.5) for k in range(3)]
    return np.asarray(np.stack(parts, -1) / np.maximum(total, 1e-5)[..., None], np.float32)
