"""What the benchmark of the farm has painted: scenes around the demo's product, as many as wanted, each told by its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from creative.prompts import Framing, Told, Way, document
from creative.resources import templates

PALETTE = {"ground": "#ecdcc7", "second": "#b5633f", "accent": "#f0b64c"}
SLOT = {"x": 500, "foot": 740, "width": 560, "height": 420}
WINDOW = 64
_PLACES = ("kitchen", "station", "balcony", "market", "harbour", "garden", "office", "attic", "terrace", "library")
_TIMES = (
    "at dawn", "at noon", "in low sun", "on a rainy day", "in the evening", "in winter light", "in fog", "at night",
)  # fmt: skip


def params(number: int, side: int) -> dict[str, Any]:
    """Of a step of kind `scene`, `side` x `side` pixels."""
    words = f"{_PLACES[number % 10]} {_TIMES[number // 10 % 8]}"
    return {"prompt": words, "width": side, "height": side, "take": number // 80, "palette": PALETTE, "product": SLOT}


def prompt(number: int, side: int, way: Way = "with_product") -> bytes:
    """The document that such a step is told by."""
    said = params(number, side)
    told = Told(said["prompt"], "House Roast", PALETTE)
    return document("tags", way, told, Framing(side, side, SLOT))


def photo() -> Path:
    """The product's photo."""
    return templates() / "briefs" / "demo" / "media" / "house-roast.png"


def windows(media: Any, spec: Any, way: Way, side: int, first: int, more: Callable[[], bool]) -> Iterator[Any]:
    """Scenes alone, all of one size, sixty-four cells a window, from number `first` on, as long as `more` says so."""
    from creative.planning.window import ENDS, PlannedCell, PlanWindow
    from creative.steps import step

    cutout, count = media.add_file(photo()), 0
    while more():
        steps = {}
        for one in range(first + WINDOW * count, first + WINDOW * (count + 1)):
            inputs = {"cutout": cutout, "prompt": media.add_bytes(prompt(one, side, way), "application/json")}
            made = step("scene", spec.name, spec.revision, spec.model, params(one, side), inputs, 7, f"scene {one}")
            steps[made.key] = made
        count += 1
        cells = tuple(
            PlannedCell(f"ad_{key[:12]}", "image", "all", dict.fromkeys(ENDS, key), lambda: None)  # type: ignore[arg-type,return-value]
            for key in steps
        )
        yield PlanWindow(count, cells, steps)
