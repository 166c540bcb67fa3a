"""A set of cloth: a hanging drape, and cloth in folds over what the product stands on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workers.scene.colour import luminance, scaled, shaded
from workers.scene.forms import curtain, field
from workers.scene.light import softbox, spot, sunlight
from workers.scene.material import matt, rough, satin, texture
from workers.scene.sets.parts import pattern, sun
from workers.scene.stage import Built, Stage
from workers.scene.surface import weave

Doubles = npt.NDArray[np.float64]


def fabric(stage: Stage) -> Built:
    """Cloth on the ground in folds that keep clear of the product, and a drape behind it."""
    frame, scheme, rng = stage.frame, stage.scheme, stage.rng
    # Deep cloth behind the words of an evening's banner stays deep, for light letters.
    key = 0.5 if frame.banner and stage.look.late and luminance(scheme.wall) < 0.2 else None
    silk = bool(rng.random() < 0.45)
    cloth, drape = (scheme.wall, scheme.stand) if rng.random() < 0.5 else (scheme.floor, scheme.wall)
    back = stage.draw(1.3, 1.9)
    shapes: dict[str, Any] = {
        "cloth": stage.solid(
            _folds(stage, back + 0.3, 0.05 if frame.banner else stage.draw(0.14, 0.24)), _skin(stage, cloth, silk)
        ),
        "drape": stage.solid(_drape(stage, back), _skin(stage, shaded(drape, -0.02), silk)),
    }
    if stage.look.late:
        # Deep cloth swallows a window's light: a lamp from the side for the folds, and a warm one on the drape behind.
        across, up = -stage.side * stage.draw(0.1, 0.7), max(frame.top * stage.draw(0.35, 0.55), 0.4)
        shapes |= softbox(stage, strength=3.0, size=stage.draw(0.6, 0.9), around=stage.draw(48, 60), fill=0.22)
        shapes |= spot(
            "pool", (across * 0.3, back - 2.6, up + 1.2), (across, back, up), 30, scaled(stage.look.hour.sun, 16)
        )
        return Built(shapes, -frame.distance + 0.6, aperture=0.03, key=key)
    if stage.look.gobo == "none":
        shapes |= softbox(stage, strength=3.0, size=stage.draw(0.4, 0.8), around=stage.draw(66, 80), fill=0.16)
        return Built(shapes, -frame.distance + 0.6, aperture=0.045, key=key)
    light = sun(stage, stage.draw(56, 68))
    shapes |= {**sunlight(light), **pattern(stage, light)}
    return Built(shapes, light.behind + 0.35, aperture=0.045, key=key)


def _skin(stage: Stage, colour: Any, silk: bool) -> Any:
    thread, heights = weave(stage.rng, colour)
    if silk:
        return satin(texture(thread, (3.0, 3.0)), 0.34)
    return rough(heights, (3.0, 3.0), 0.004, matt(texture(thread, (3.0, 3.0))))


def _folds(stage: Stage, back: float, high: float) -> Any:
    """Heights of the cloth: soft ridges that run from the product outwards, none under it."""
    frame, rng = stage.frame, stage.rng
    near = max(frame.nearest() - 0.4, -7.0)
    left, right = stage.span(back)
    x = np.linspace(left - 0.5, right + 0.5, int(np.clip((right - left) * 60, 120, 460)))
    y = np.linspace(near, back, int(np.clip((back - near) * 55, 90, 260)))
    across, along = np.meshgrid(x, y)
    total = np.zeros_like(across)
    lean = float(rng.uniform(-0.9, 0.9))
    for _ in range(7):
        angle = lean + float(rng.normal(0, 0.35))
        wave = float(rng.uniform(2.2, 5.0))
        bend = 0.35 * np.sin(across * float(rng.uniform(0.5, 1.3)) + float(rng.uniform(0, 6)))
        phase = (across * np.cos(angle) + (along + bend) * np.sin(angle)) * wave + float(rng.uniform(0, 6.28))
        total += np.maximum(np.sin(phase), 0) ** 2.2 * float(rng.uniform(0.3, 1.0))
    total *= high / max(float(total.max()), 1e-6)
    half_x, half_y = frame.product[0] / 2, min(frame.product[0] * 0.5, 0.5)
    off = np.hypot(np.maximum(np.abs(across) - half_x, 0), np.maximum(np.abs(along - half_y) - half_y, 0))
    clear = np.clip((off - 0.03) / 0.55, 0, 1)
    low = np.clip((along + 0.2) / -1.2, 0, 0.7)  # lower towards the camera: folds must not hide the product's foot
    return field(x, y, total * clear**1.5 * (1 - low))


def _drape(stage: Stage, back: float) -> Any:
    rng = stage.rng
    left, right = stage.span(back)
    x = np.linspace(left - 0.5, right + 0.5, int(np.clip((right - left) * 70, 150, 600)))
    top = stage.height(back) + 0.5
    z = np.linspace(-0.1, top, 40)
    depth: Doubles = np.zeros((len(z), len(x)))
    wave = float(rng.uniform(2.6, 5.2))
    deep = float(rng.uniform(0.8, 1.5)) * (0.3 if stage.frame.banner else 1.0)  # stripes are no ground for words
    sway = float(rng.uniform(-0.25, 0.25))
    for k in range(3):
        lean = sway * z[:, None] + 0.15 * np.sin(z[:, None] * 1.3 + k)
        phase = (x[None, :] + lean) * wave * (1 + 0.63 * k) + float(rng.uniform(0, 6.28))
        depth += np.sin(phase + 0.7 * np.sin(phase * 0.5 + 1.0)) * (0.17, 0.06, 0.03)[k] * deep
    return curtain(x, z, back + depth)
