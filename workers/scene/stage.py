"""What a set is built from: the frame, the look, the brand's colours, the seed's choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workers.scene.frame import Frame
from workers.scene.look import Look
from workers.scene.material import Shapes, at, mesh
from workers.scene.scheme import Scheme
from workers.scene.solid import Solid

SINK = 0.003
"""Feet reach a little into the ground: of two surfaces in one plane either may be hit."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a prop: its middle on the ground, and how wide and high it may be, in units."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, slots=True)
class Built:
    """A set: its shapes, and the y before which the camera sees nothing (what makes shadows stands there).

    `aperture`: of the lens, units; the wider, the softer what is far. `key`: how bright the picture is, where it is not
    the hour's business: see `Hour`.
    """

    shapes: Shapes
    near: float
    aperture: float = 0.035
    key: float | None = None


@dataclass(slots=True)
class Stage:
    """One set in the making. `side`: the light's, -1 left or 1 right. Files of solids go to `scratch`.

    `clear`: units either side of the product's middle that its stand takes. `quick`: whether rough forms will do."""

    frame: Frame
    look: Look
    scheme: Scheme
    rng: np.random.Generator
    scratch: Path
    side: float
    clear: float = 0.0
    _files: int = field(default=0, init=False)

    def solid(self, body: Solid, bsdf: Any, to_world: Any = None) -> dict[str, Any]:
        """A solid as a shape of the set."""
        self._files += 1
        return mesh(body, self.scratch / f"solid{self._files}.ply", bsdf, to_world)

    def draw(self, low: float, high: float) -> float:
        """A number between two, of the seed's choice."""
        return float(self.rng.uniform(low, high))

    def pick(self, *options: Any) -> Any:
        """One of several, of the seed's choice."""
        return options[int(self.rng.integers(len(options)))]

    def span(self, y: float) -> tuple[float, float]:
        """x of the left and right edge of what is seen at depth `y`, with a little more."""
        grow = (self.frame.distance + y) / self.frame.distance * 1.08
        return -self.frame.left * grow - 0.3, self.frame.right * grow + 0.3

    def height(self, y: float) -> float:
        """z of the upper edge of what is seen at depth `y`, with a little more."""
        frame = self.frame
        return frame.lift + (frame.top - frame.lift) * (frame.distance + y) / frame.distance * 1.05 + 0.3

    def wall(self, y: float, foot: float, bsdf: Any) -> dict[str, Any]:
        """A wall at depth `y` that fills what is seen, its foot at z = `foot`; its uv runs over `width` x `high` units."""
        left, right = self.span(y)
        top = max(self.height(y), foot + 0.5)
        half, tall = (right - left) / 2, (top - foot) / 2
        place = at((left + right) / 2, y, foot + tall).rotate([1, 0, 0], 90).scale([half, tall, 1])
        return {"type": "rectangle", "to_world": place, "bsdf": bsdf}

    def times(self, y: float, foot: float, period: float) -> tuple[float, float]:
        """How often a texture of `period` units is repeated over `wall(y, foot, ...)`."""
        left, right = self.span(y)
        return (right - left) / period, (max(self.height(y), foot + 0.5) - foot) / period

    def floor(self, bsdf: Any, z: float = 0.0, back: float = 30.0) -> dict[str, Any]:
        """A level ground at `z` that ends at y = `back`; its uv runs over 40 units."""
        return {"type": "rectangle", "to_world": at(0, back - 20, z).scale([20, 20, 1]), "bsdf": bsdf}

    def spots(self) -> list[Spot]:
        """Places beside what the product stands on that leave the words' side free, the roomiest first."""
        frame = self.frame
        half = max(frame.product[0] / 2, self.clear)
        spots = []
        for side, free in ((-1.0, frame.left - half), (1.0, frame.right - half)):
            words = (side < 0) == (frame.calm == "left") and frame.calm != "top"
            # Where a product stands aside, words come to stand beside it on upright canvases too.
            calm = words or side * (frame.centre / frame.width - 0.5) < -0.1
            # On the words' side only something low, close to the product.
            wide = min(free, 0.42 if calm else 0.62) * 0.92
            if wide > 0.16:
                high = 0.30 if calm else 0.78
                spots.append(Spot(side * (half + 0.06 + wide / 2), 0.42 if calm else 0.5, wide, high))
        return sorted(spots, key=lambda spot: (-spot.high, -spot.wide))

    @property
    def busy(self) -> float:
        """The side, -1 or 1, on which something may be going on: not the words', else the one away from the light."""
        return {"left": 1.0, "right": -1.0, "top": -self.side}[self.frame.calm]
