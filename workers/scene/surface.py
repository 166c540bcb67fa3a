"""Surfaces: seeded textures of plaster, stone and wood, tinted with the brand's colours. Arrays are (h, w, 3) float32,
linear, and tile when they are mirrored."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.scene.colour import Rgb

Floats = npt.NDArray[np.float32]


def noise(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> Floats:
    """Smooth noise, 0 to 1: (h, w) from a lattice of (rows, columns). For grain along an axis: its lattice shows."""
    lattice = Image.fromarray(rng.random((max(cells[0], 2), max(cells[1], 2)), np.float32))
    return np.asarray(lattice.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float32)


def clouds(rng: np.random.Generator, side: int, slope: float = 1.6, largest: float = 0.5) -> Floats:
    """Noise without a direction or a lattice, mean 0, deviation 1; it tiles.

    `slope`: how much weaker fine detail is than coarse (amplitude by frequency). `largest`: share of the side above which
    nothing varies.
    """
    across = np.fft.rfftfreq(side) * side
    down = np.fft.fftfreq(side) * side
    frequency = np.hypot(down[:, None], across[None, :])
    strength = np.where(frequency >= 1 / largest, np.maximum(frequency, 1) ** -slope, 0)
    spectrum = np.fft.rfft2(rng.standard_normal((side, side))) * strength
    values = np.fft.irfft2(spectrum, s=(side, side))
    result: Floats = (values / values.std()).astype(np.float32)
    return result


def _tint(colour: Rgb, factor: Floats, drift: Floats | None = None, warm: float = 0.0) -> Floats:
    base = np.array(colour, np.float32)[None, None] * factor[..., None]
    if drift is not None and warm:
        base = base * (1 + warm * drift[..., None] * np.array([1.0, 0.0, -1.0], np.float32))
    result: Floats = np.clip(base, 0.004, 0.9).astype(np.float32)
    return result


def plaster(rng: np.random.Generator, colour: Rgb, side: int = 512, depth: float = 0.05) -> Floats:
    """Lime plaster: clouds of tone, and fine grain."""
    big = clouds(rng, side, 1.7)
    fine = clouds(rng, side, 0.8, 0.06)
    return _tint(colour, (1 + depth * (big + 0.35 * fine)).astype(np.float32), big, 0.008)


def relief(rng: np.random.Generator, side: int = 512) -> Floats:
    """The height of trowelled plaster, (h, w, 1), about 0 to 1."""
    height = 0.5 + 0.13 * clouds(rng, side, 1.9, 0.3) + 0.012 * clouds(rng, side, 1.0, 0.05)
    return np.clip(height, 0, 1)[..., None].astype(np.float32)


def stone(rng: np.random.Generator, colour: Rgb, side: int = 512) -> Floats:
    """Honed stone: soft clouds, thin veins, dark and light grains."""
    big = clouds(rng, side, 1.8)
    vein = np.clip(1 - np.abs(clouds(rng, side, 1.9)) * 14, 0, 1)
    grain = clouds(rng, side, 0.5, 0.012)
    dark = np.clip(grain - 1.7, 0, 1)
    light = np.clip(-1.7 - grain, 0, 1)
    tone = np.clip(1 + 0.045 * big + 0.07 * vein - 0.5 * dark + 0.25 * light, 0.2, 2).astype(np.float32)
    return _tint(colour, tone, big, 0.01)


def wood(rng: np.random.Generator, colour: Rgb, side: int = 1024, planks: int = 6, contrast: float = 1.0) -> Floats:
    """Oiled boards, the grain along u: rings cut lengthwise, pores, a thin dark joint between boards."""
    out = np.empty((side, side, 3), np.float32)
    edges = np.linspace(0, side, planks + 1).astype(int)
    for low, high in pairwise(edges):
        h = high - low
        bend = noise(rng, (h, side), (3, 5)) * 2.2 + noise(rng, (h, side), (4, 11)) * 0.5
        across = np.linspace(0, 1, h, dtype=np.float32)[:, None] * float(rng.uniform(1.5, 3.2))
        ring = (across + bend) * float(rng.uniform(2.6, 4.4)) + float(rng.uniform(0, 1))
        saw = ring - np.floor(ring)
        ring = np.where(saw < 0.82, saw / 0.82, (1 - saw) / 0.18).astype(np.float32) ** 1.6
        fibre = noise(rng, (h, side), (max(h // 2, 2), 24)) - 0.5
        pores = np.clip(noise(rng, (h, side), (max(h, 2), 60)) - 0.72, 0, 1) * 2
        tone = 1 + float(rng.uniform(-0.13, 0.13)) - contrast * (0.26 * ring + 0.34 * pores) + 0.30 * contrast * fibre
        joint = np.ones((h, 1), np.float32)
        joint[:2] = 0.35
        out[low:high] = _tint(colour, np.clip(tone * joint, 0.08, 2), ring - 0.5, 0.10)
    return out
