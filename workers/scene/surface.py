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
    """Smooth noise, 0 to 1: (h, w) from a lattice of (rows, columns)."""
    lattice = Image.fromarray(rng.random((max(cells[0], 2), max(cells[1], 2)), np.float32))
    return np.asarray(lattice.resize((size[1], size[0]), Image.Resampling.BICUBIC), np.float32)


def clouds(rng: np.random.Generator, side: int, first: int = 3, octaves: int = 7, fall: float = 0.55) -> Floats:
    """Noise of several sizes, mean 0, about -1 to 1."""
    total = np.zeros((side, side), np.float32)
    weight, sum_ = 1.0, 0.0
    for k in range(octaves):
        cells = min(first * 2**k, side)
        total += weight * (noise(rng, (side, side), (cells, cells)) * 2 - 1)
        sum_ += weight
        weight *= fall
    result: Floats = (total / np.float32(sum_ * 0.5)).astype(np.float32)
    return result


def _tint(colour: Rgb, factor: Floats, drift: Floats | None = None, warm: float = 0.0) -> Floats:
    base = np.array(colour, np.float32)[None, None] * factor[..., None]
    if drift is not None and warm:
        base = base * (1 + warm * drift[..., None] * np.array([1.0, 0.0, -1.0], np.float32))
    result: Floats = np.clip(base, 0.004, 0.9).astype(np.float32)
    return result


def plaster(rng: np.random.Generator, colour: Rgb, side: int = 768, depth: float = 0.16) -> Floats:
    """Lime plaster: clouds, fine grain, and the sweep of the trowel."""
    big = clouds(rng, side)
    strokes = noise(rng, (side, side), (70, 9)) + noise(rng, (side, side), (9, 60)) - 1
    grain = noise(rng, (side, side), (side, side)) - 0.5
    return _tint(colour, 1 + depth * (0.75 * big + 0.45 * strokes + 0.25 * grain), big, 0.03)


def relief(rng: np.random.Generator, side: int = 768) -> Floats:
    """The height of trowelled plaster, (h, w, 1), 0 to 1."""
    height = 0.5 + 0.25 * clouds(rng, side, first=5, octaves=7, fall=0.62)
    height = height + 0.10 * (noise(rng, (side, side), (60, 8)) - 0.5)
    result: Floats = np.clip(height, 0, 1)[..., None].astype(np.float32)
    return result


def stone(rng: np.random.Generator, colour: Rgb, side: int = 768) -> Floats:
    """Honed stone: soft clouds, thin veins, dark and light grains."""
    big = clouds(rng, side, first=2)
    vein = 1 - np.abs(clouds(rng, side, first=2, octaves=5, fall=0.6))
    vein = np.clip(vein - 0.9, 0, 1) * 10
    grain = noise(rng, (side, side), (side // 2, side // 2))
    dark = (grain > 0.93).astype(np.float32)
    light = (grain < 0.07).astype(np.float32)
    return _tint(colour, 1 + 0.10 * big + 0.12 * vein - 0.28 * dark + 0.16 * light, big, 0.02)


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
