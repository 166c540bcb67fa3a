"""What a set is built from: the frame, the look, the brand's colours, the seed's choices."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from workers.scene.colour import Rgb
from workers.scene.frame import Frame
from workers.scene.look import Look
from workers.scene.material import mesh
from workers.scene.solid import Solid


@dataclass(frozen=True, slots=True)
class Palette:
    """The brand's colours as linear RGB."""

    ground: Rgb
    second: Rgb
    accent: Rgb


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a prop: its middle on the ground, and how wide and high it may be, in units."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(slots=True)
class Stage:
    """One set in the making. `side`: the light's, -1 left or 1 right. Files of solids go to `scratch`.

    `clear`: units either side of the product's middle that its stand takes."""

    frame: Frame
    look: Look
    palette: Palette
    rng: np.random.Generator
    scratch: Path
    side: float
    clear: float = 0.0
    _files: int = field(default=0, init=False)

    def solid(self, body: Solid, bsdf: Any, to_world: Any = None) -> dict[str, Any]:
        """A solid as a shape of the set."""
        self._files += 1
        return mesh(body, self.scratch / f"solid{self._files}.ply", bsdf, to_world)

    def spots(self) -> list[Spot]:
        """Places beside what the product stands on that leave the words' side free, the roomiest first."""
        frame = self.frame
        half = max(frame.product[0] / 2, self.clear)
        spots = []
        for side, free in ((-1.0, frame.left - half), (1.0, frame.right - half)):
            calm = (side < 0) == (frame.calm == "left") and frame.calm != "top"
            # On the words' side only something low, close to the product.
            wide = min(free, 0.42 if calm else 0.62) * 0.92
            if wide > 0.16:
                high = 0.30 if calm else 0.78
                spots.append(Spot(side * (half + 0.06 + wide / 2), 0.42 if calm else 0.5, wide, high))
        return sorted(spots, key=lambda spot: (-spot.high, -spot.wide))
