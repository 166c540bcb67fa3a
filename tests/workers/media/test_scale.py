"""Pictures in another size: as Pillow scales them, and nothing where nothing is to be scaled."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from workers.media.scale import scaled, smooth

SIZES = [(400, 400), (333, 517), (1000, 420), (700, 900)]


def photo(width: int, height: int) -> Image.Image:
    """Soft shapes, hard edges and grain."""
    rng = np.random.default_rng(2)
    coarse = Image.fromarray(rng.integers(0, 255, (height // 40, width // 40, 3)).astype(np.uint8))
    soft = coarse.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(3))
    pixels = np.asarray(soft).astype(int) + rng.integers(-12, 12, (height, width, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("size", SIZES)
def test_large_parts_are_scaled_as_pillow_scales_them(size: tuple[int, int]) -> None:
    whole = photo(800, 640)
    found, wanted = scaled(whole, size, (40, 20, 740, 620)), whole.resize(size, 1, box=(40, 20, 740, 620))
    assert found.size == size and found.mode == "RGB"
    assert np.abs(np.asarray(found).astype(int) - np.asarray(wanted)).mean() < 0.5


def test_edges_go_to_the_nearest_pixel_and_a_part_of_its_size_keeps_its_pixels() -> None:
    whole = photo(800, 640)
    found = scaled(whole, (400, 400), (100.3, 50.4, 500.3, 450.4))
    assert found.tobytes() == whole.crop((100, 50, 500, 450)).tobytes()
    assert scaled(whole, whole.size) is not whole


def test_small_parts_keep_fractions_of_a_pixel() -> None:
    whole, box = photo(800, 640), (10.4, 10.2, 90.9, 60.6)
    assert scaled(whole, (300, 200), box).tobytes() == whole.resize((300, 200), 1, box=box).tobytes()


@pytest.mark.parametrize("shape", [(20, 30), (5, 40), (64, 17)])
def test_squares_become_slopes(shape: tuple[int, int]) -> None:
    squares = Image.fromarray(np.random.default_rng(3).integers(0, 255, shape).astype(np.uint8))
    found = smooth(squares, 8)
    wanted = squares.resize(found.size, Image.Resampling.BILINEAR)
    assert found.size == (shape[1] * 8, shape[0] * 8)
    assert np.abs(np.asarray(found).astype(int) - np.asarray(wanted)).max() <= 2
