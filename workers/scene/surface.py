"""Surfaces: seeded textures of plaster, stone and wood, tinted with the brand's colours. Arrays are (h, w, 3) float32,
linear, and tile when they are mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

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


def chips(rng: np.random.Generator, colour: Rgb, tints: Sequence[Rgb], side: int = 1024) -> Floats:
    """Terrazzo: broken stones of several colours and sizes in a fine cement; tiles when it is mirrored."""
    ground = plaster(rng, colour, side, depth=0.03)
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    for size, many in ((46, 60), (24, 240), (11, 900)):
        for _ in range(many):
            x, y = rng.uniform(0, side, 2)
            corners = int(rng.integers(4, 8))
            turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
            far = size * rng.uniform(0.45, 1.0, corners)
            points = [(float(x + f * np.cos(t)), float(y + f * np.sin(t))) for t, f in zip(turn, far, strict=True)]
            draw.polygon(points, fill=1 + int(rng.integers(len(tints))))
    kind = np.asarray(mask)
    tone = (1 + 0.08 * clouds(rng, side, 1.2, 0.05))[..., None]
    for k, tint in enumerate(tints):
        ground = np.where((kind == k + 1)[..., None], np.array(tint, np.float32) * tone, ground)
    return np.clip(ground, 0.004, 0.9).astype(np.float32)


def tiles(
    rng: np.random.Generator, colour: Rgb, ratio: float, many: int = 8, side: int = 1024
) -> tuple[Floats, Floats]:
    """Glazed tiles, `many` in a row and a column: their colours (side, side, 3) and heights (side, side, 1).

    `ratio`: of a tile's width by its height; rows of tiles that are not square are laid in bond.
    """
    cell = side // many
    edge = np.arange(side) % cell
    row = np.arange(side) // cell
    shift = np.where((row % 2 == 1) & (abs(ratio - 1) > 0.2), cell // 2, 0)
    across = (np.arange(side)[None, :] + shift[:, None]) % cell
    inset_x = np.minimum(across, cell - 1 - across) * max(ratio, 1.0)
    inset_y = np.minimum(edge, cell - 1 - edge)[:, None] * max(1 / ratio, 1.0)
    inset = np.minimum(inset_x, inset_y)
    height = np.clip(inset / 5.0, 0, 1).astype(np.float32)
    column = ((np.arange(side)[None, :] + shift[:, None]) // cell) % many
    shades = 1 + 0.07 * rng.standard_normal((many, many)).astype(np.float32)
    tone = shades[row[:, None] % many, column] * (1 + 0.015 * clouds(rng, side, 1.6, 0.2))
    grout = np.array(colour, np.float32) * 0.62
    faces = np.where((inset < 2.2)[..., None], grout, np.array(colour, np.float32) * tone[..., None])
    return np.clip(faces, 0.004, 0.9).astype(np.float32), height[..., None]


def weave(rng: np.random.Generator, colour: Rgb, side: int = 512, threads: int = 96) -> tuple[Floats, Floats]:
    """A plain weave with uneven threads: colours (side, side, 3) and heights (side, side, 1)."""
    turn = np.arange(side) / side * threads * np.pi
    warp = np.abs(np.sin(turn))[None, :] * (1 + 0.25 * noise(rng, (side, side), (4, threads)))
    weft = np.abs(np.sin(turn))[:, None] * (1 + 0.25 * noise(rng, (side, side), (threads, 4)))
    over = (np.floor(turn / np.pi)[None, :] + np.floor(turn / np.pi)[:, None]) % 2 == 0
    height = np.where(over, warp, weft).astype(np.float32)
    slub = 1 + 0.04 * (noise(rng, (side, side), (3, threads * 2)) + noise(rng, (side, side), (threads * 2, 3)) - 1)
    tone = slub * (0.9 + 0.12 * height)
    return _tint(colour, tone.astype(np.float32)), np.clip(height, 0, 1.3)[..., None].astype(np.float32)
