"""How alike two pictures are: SSIM and PSNR of their luma."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_WINDOW = 8


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio of the luma, dB; 99 for equal pictures."""
    error = float(((_luma(one) - _luma(other)) ** 2).mean())
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Structural similarity of the luma (Wang et al. 2004), with windows of 8x8 px at every fourth pixel: 1 is equal."""
    a, b = _luma(one), _luma(other)
    mean_a, mean_b = _means(a), _means(b)
    var_a, var_b = _means(a * a) - mean_a**2, _means(b * b) - mean_b**2
    both = _means(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return float(found.mean())


def _luma(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.convert("L"), dtype=np.float64)


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    n = _WINDOW
    sums = total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]
    result: NDArray[np.float64] = sums[::4, ::4] / (n * n)
    return result
