"""A set under the sky: a ledge, sand, or the tiles of a pool's edge before clouds."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.scene.colour import Rgb, mix, scaled, shaded
from workers.scene.forms import field
from workers.scene.light import sunlight
from workers.scene.material import at, matt, rgb, rough, satin, texture
from workers.scene.sets.parts import gradient, grid, haze, props, shining, skin, sun
from workers.scene.solid import block
from workers.scene.stage import Built, Stage
from workers.scene.surface import plaster, relief, tiles

_HIGH: Rgb = (0.20, 0.42, 0.78)


def sky(stage: Stage) -> Built:
    """Sun from the side, a sky that leans towards the brand's ground, soft clouds near the horizon."""
    frame, scheme, hour = stage.frame, stage.scheme, stage.look.hour
    late = hour.height < 25
    far = 14.0
    light = sun(stage, stage.draw(48, 66))
    horizon = -far * frame.lift / frame.distance - 0.5
    left, right = stage.span(far)
    rows, columns = grid((right - left) / (stage.height(far) - horizon), 300)
    high = mix(_HIGH, scheme.wall, stage.draw(0.05, 0.25))
    low = mix(scheme.wall, (1.0, 0.66, 0.45) if late else (0.74, 0.87, 1.0), 0.7)
    if late:
        high = mix(high, (0.55, 0.45, 0.62), 0.5)
    view = gradient(
        rows,
        columns,
        (0.0, scaled(high, 1.0)),
        (0.45, mix(high, low, 0.55)),
        (0.8, scaled(low, 1.25)),
        (1.0, scaled(low, 1.15)),
    )
    cover = stage.draw(0.0, 0.9)
    cloud = np.clip(haze(stage, 512, 1.75) - cover, 0, 1.6) / 1.6
    tiled = np.tile(cloud, (1, -(-columns // 512)))
    small = tiled[:rows, :columns]
    fade = np.clip(np.linspace(-0.4, 1.1, rows), 0, 1)[:, None] * np.clip(np.linspace(6, -0.6, rows), 0, 1)[:, None]
    view += (small * fade)[..., None] * (np.array([1.05, 1.0, 0.95] if not late else [1.1, 0.72, 0.55]) * 0.9).astype(
        np.float32
    )
    shapes: dict[str, Any] = {
        "far": shining(stage, far, horizon, view * 1.15, 0.2),
        **_ground(stage),
        **sunlight(light, 3.2),
        **props(stage),
    }
    return Built(shapes, light.behind + 0.35, aperture=0.05)


def _ground(stage: Stage) -> dict[str, Any]:
    frame, scheme, kind = stage.frame, stage.scheme, stage.look.ground
    if kind == "sand":
        return {
            "sand": stage.solid(_dune(stage), _sand(stage)),
            "far_sand": stage.floor(matt(rgb((0.66, 0.54, 0.40))), -0.12, 13),
        }
    if kind == "tiles":
        faces, joints = tiles(stage.rng, shaded(scheme.wall, 0.04), 1.0)
        ratio = 40 / (0.25 * 8)
        paving = rough(joints, (ratio, ratio), 0.01, satin(texture(faces, (ratio, ratio)), 0.1))
        water = satin(rgb((0.03, 0.22, 0.26)), 0.06)
        return {"paving": stage.floor(paving, 0.0, 1.1), "water": stage.floor(water, -0.12, 13)}
    rim = stage.draw(0.6, 1.2)
    thick = stage.draw(0.35, 0.6)
    slab = block((60, rim + 3.2, thick), 0.02)
    stone_ = skin(stage, kind, shaded(scheme.floor, 0.04), span=1.0)
    if stage.rng.random() < 0.5 and not frame.banner:  # a ledge whose front is seen
        slab = block((60, rim + 0.55, thick), 0.02)
        lower = {"lower": stage.floor(skin(stage, kind, shaded(scheme.floor, -0.04)), -thick, 13)}
        return {"slab": stage.solid(slab, stone_, at(0, rim / 2 - 0.275, -thick / 2)), **lower}
    deep = -frame.nearest() + 3
    slab = block((60, rim + deep, thick), 0.02)
    return {"slab": stage.solid(slab, stone_, at(0, (rim - deep) / 2, -thick / 2))}


def _sand(stage: Stage) -> Any:
    colour = mix((0.60, 0.46, 0.30), stage.scheme.floor, 0.35)
    grains = plaster(stage.rng, colour, depth=0.06)
    return rough(relief(stage.rng, 512), (3, 3), 0.004, matt(texture(grains, (2.5, 2.5))))


def _dune(stage: Stage) -> Any:
    """Ripples of the wind, flat where the product stands, higher at the sides."""
    frame, rng = stage.frame, stage.rng
    near, back = max(frame.nearest() - 0.4, -7.0), 5.0
    left, right = stage.span(back)
    x = np.linspace(left, right, int(np.clip((right - left) * 45, 120, 420)))
    y = np.linspace(near, back, int(np.clip((back - near) * 45, 120, 420)))
    across, along = np.meshgrid(x, y)
    lean = float(rng.uniform(-0.5, 0.5))
    bend = 0.3 * np.sin(across * 0.9 + float(rng.uniform(0, 6))) + 0.12 * np.sin(across * 2.3 + along)
    phase = (along + lean * across + bend) * float(rng.uniform(16, 24))
    ripple = 0.018 * (np.sin(phase) + 0.3 * np.sin(2 * phase + 1))
    swell = 0.10 * np.sin(across * 0.8 + float(rng.uniform(0, 6))) * np.clip(along - 0.6, 0, 3)
    off = np.hypot(np.maximum(np.abs(across) - frame.product[0] / 2, 0), np.maximum(np.abs(along - 0.25) - 0.3, 0))
    return field(x, y, (ripple + swell) * np.clip(off / 0.25, 0, 1) - 0.002)
