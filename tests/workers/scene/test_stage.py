"""Where props may stand: not where words will be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workers.scene.colour import linear
from workers.scene.frame import frame
from workers.scene.look import look
from workers.scene.props import PROPS
from workers.scene.scheme import Palette, scheme
from workers.scene.stage import Stage

PALETTE = Palette(linear("#ecdcc7"), linear("#b5633f"), linear("#f0b64c"))


def stage(x: int, scratch: Path) -> Stage:
    rng = np.random.default_rng(3)
    seen = frame(1080, 1920, {"x": x, "foot": 760, "width": 490, "height": 360}, 0.75)
    return Stage(seen, look("dusk, candle", rng, True), scheme(PALETTE, None, True, rng), rng, scratch, 1.0)


@pytest.mark.parametrize(("x", "side"), [(680, 1), (320, -1)])
def test_beside_a_product_that_stands_aside_nothing_is_high(x: int, side: int, tmp_path: Path) -> None:
    """Its free side is the words' on upright canvases too: candles would shine through them."""
    spots = stage(x, tmp_path).spots()
    assert spots and all(spot.x * side > 0 or spot.high <= 0.3 for spot in spots)
    assert not PROPS["candle"](stage(x, tmp_path), 0.0)


def test_beside_a_product_in_the_middle_candles_stand(tmp_path: Path) -> None:
    assert len(PROPS["candle"](stage(500, tmp_path), 0.0)) == 4
