"""What a model made is looked at by counting its levels: the same figures as looking at each of its values."""

from __future__ import annotations

import numpy as np
import pytest

from creative.errors import AttemptRefused
from workers.generate.accept import Accepting, spread


@pytest.mark.parametrize(("low", "high"), [(0, 256), (90, 94), (7, 8), (0, 6)])
def test_the_same_figures(low: int, high: int) -> None:
    dice = np.random.default_rng(low)
    pixels = dice.integers(low, high, (37, 53, 3), np.uint8)
    pixels[..., 1] = low
    light, deviation = spread(pixels)
    assert light == pytest.approx(float(pixels.mean()), abs=1e-9)
    assert deviation == pytest.approx(float(pixels.std(axis=(0, 1)).max()), abs=1e-6)
    assert spread(pixels[::2, ::2]) == pytest.approx(
        (float(pixels[::2, ::2].mean()), float(pixels[::2, ::2].std(axis=(0, 1)).max())), abs=1e-6
    ), "of a part that does not lie together, too"


def test_what_nobody_can_use() -> None:
    accepting, dice = Accepting(), np.random.default_rng(1)
    good = dice.integers(0, 256, (16, 16, 3), np.uint8)
    accepting.picture(good, True, "a")
    accepting.picture(good, True, "a")
    for pixels, finite, wish, why in (
        (good, False, "a", "NaN"),
        (good // 100, True, "b", "black"),
        (np.full((16, 16, 3), 90, np.uint8), True, "c", "one colour"),
        (good, True, "d", "same picture"),
    ):
        with pytest.raises(AttemptRefused, match=why):
            accepting.picture(pixels, finite, wish)
