"""Colour as eyes see it: CIE Lab, and the three ways of seeing two primaries only.

Dichromats: Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE
TVCG 15 (2009), the matrices of severity 1.0, which work on linear RGB.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

LINEAR: Floats = np.array(
    [v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)], np.float32
)
"""Linear light, 0 to 1, of an sRGB value of 0 to 255."""
TO_LUMINANCE: Floats = np.array([0.2126, 0.7152, 0.0722], np.float32)
DICHROMATS: Mapping[str, Floats] = {
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]], np.float32
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]], np.float32
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]], np.float32
    ),
}
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(pixels: Pixels) -> Floats:
    """Linear light of RGB pixels in any shape (..., 3)."""
    return np.asarray(LINEAR[pixels], np.float32)


def luminance(pixels: Pixels) -> Floats:
    """Relative luminance, 0 to 1, of RGB pixels in any shape (..., 3)."""
    return np.asarray(LINEAR[pixels] @ TO_LUMINANCE, np.float32)


def seen_by(light: Floats, who: str) -> Floats:
    """Linear light as one of `DICHROMATS` sees it."""
    return np.asarray(np.clip(light @ DICHROMATS[who].T, 0.0, 1.0), np.float32)


def lab(light: Floats) -> Floats:
    """CIE L*a*b* (D65) of linear light of shape (..., 3)."""
    xyz = (light @ _TO_XYZ.T.astype(np.float32)) / _WHITE.astype(np.float32)
    cut = (6 / 29) ** 3
    root = np.where(xyz > cut, np.cbrt(np.maximum(xyz, cut)), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def distance(one: Floats, other: Floats) -> Floats:
    """CIE 1976 colour difference of Lab colours: about 2 is just seen, 20 is told apart at a glance."""
    return np.asarray(np.sqrt(np.square(one - other).sum(axis=-1)), np.float32)
