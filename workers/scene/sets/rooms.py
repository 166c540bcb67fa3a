"""Sets in a room: a wooden tabletop before a soft wall, a kitchen with its window."""

from __future__ import annotations

from typing import Any

import numpy as np

from workers.scene.colour import mix, scaled, shaded, surface
from workers.scene.light import softbox, sunlight
from workers.scene.material import at, matt, metal, rgb, rough, satin, texture
from workers.scene.sets.parts import gradient, painted, pattern, plastered, props, skin, sun
from workers.scene.solid import block, drum
from workers.scene.stage import SINK, Built, Stage
from workers.scene.surface import tiles
from workers.scene.vessels import bottle, jar


def table(stage: Stage) -> Built:
    """A tabletop, its far rim soft, a wall far behind it with a shelf or a picture out of focus."""
    frame, scheme = stage.frame, stage.scheme
    late = stage.look.late
    light = sun(stage, stage.draw(54, 70))
    wall_y = stage.draw(3.0, 4.2)
    rim = stage.draw(0.9, 1.5)
    wall = surface(scaled(mix(scheme.prop, scheme.wall, 0.12), 0.2)) if late else scheme.wall
    shapes: dict[str, Any] = {
        "wall": plastered(stage, wall_y, -3.0, wall),
        "top": stage.floor(skin(stage, stage.look.ground, scheme.floor), 0.0, rim),
        "rim": {
            "type": "rectangle",
            "to_world": at(0, rim, -0.1).rotate([1, 0, 0], -90).scale([20, 0.1, 1]),
            "bsdf": matt(rgb((0.1, 0.06, 0.04))),
        },
        **sunlight(light),
        **pattern(stage, light),
        **props(stage),
    }
    if not (frame.banner or frame.narrow):
        shapes.update(_shelf(stage, wall_y, wall))
    if late:
        from workers.scene.light import glow

        across = -stage.side * (frame.right if stage.side < 0 else frame.left) * 0.9
        shapes["lamp"] = glow((across, wall_y - 0.4, frame.top * 1.6 + 1.0), 0.3, (30, 15, 6))
    return Built(shapes, light.behind + 0.35, aperture=0.06)


def _shelf(stage: Stage, wall_y: float, wall: Any) -> dict[str, Any]:
    """A board with a few jars on the wall, on the side where no words are; or nothing."""
    if stage.rng.random() < 0.35:
        return {}
    frame, scheme, side = stage.frame, stage.scheme, stage.busy
    low, high = stage.span(wall_y)
    edge = high if side > 0 else -low
    z = frame.product[1] * stage.draw(0.72, 0.95)
    start = max(frame.product[0] * 0.8, 0.55)
    if edge - start < 0.5:
        return {}
    board = block((edge - start + 1.2, 0.34, 0.06), 0.006)
    shapes: dict[str, Any] = {
        "board": stage.solid(
            board, satin(rgb(shaded(wall, -0.16)), 0.3), at(side * (edge + start + 1.2) / 2, wall_y - 0.17, z)
        )
    }
    x = start + stage.draw(0.2, 0.35)
    tones = [scheme.prop, shaded(wall, 0.06), scheme.spark, shaded(scheme.prop, 0.1)]
    for k in range(6):
        if x > edge:
            break
        tall = stage.draw(0.22, 0.46)
        form = bottle(tall) if stage.rng.random() < 0.4 else jar(tall * 0.75, stage.draw(0.09, 0.15))
        shapes[f"jar{k}"] = stage.solid(form, satin(rgb(tones[k % 4]), 0.2), at(side * x, wall_y - 0.17, z + 0.03))
        x += stage.draw(0.28, 0.42)
    return shapes


def kitchen(stage: Stage) -> Built:
    """A worktop, tiles behind it, and daylight from a window at the side, itself seen out of focus."""
    frame, scheme, rng = stage.frame, stage.scheme, stage.rng
    wall_y = stage.draw(2.2, 2.8)
    late = stage.look.late
    tile = stage.pick((0.34, 0.17), (0.22, 0.22), (0.15, 0.45))
    colour = mix(shaded(scheme.wall, 0.03), (0.7, 0.69, 0.66), stage.draw(0.3, 0.7))
    faces, joints = tiles(rng, colour, tile[0] / tile[1])
    times = stage.times(wall_y, 0.0, tile[1] * 8)
    times = (stage.times(wall_y, 0.0, tile[0] * 8)[0], times[1])
    shine = satin(texture(faces, times), 0.12)
    side = stage.side
    low, high = stage.span(wall_y)
    edge = high if side > 0 else -low
    shapes: dict[str, Any] = {
        # Words on a banner lie over all of the wall: no joints there.
        "wall": painted(stage, wall_y, 0.0, colour)
        if frame.banner
        else stage.wall(wall_y, 0.0, rough(joints, times, 0.012, shine)),
        "top": stage.floor(skin(stage, stage.look.ground, scheme.floor), 0.0, wall_y),
        "upstand": stage.solid(
            block((60, 0.05, 0.10), 0.006), matt(rgb(shaded(scheme.floor, 0.04))), at(0, wall_y - 0.03, 0.05)
        ),
        **softbox(stage, strength=3.2, size=1.3, around=stage.draw(58, 72), fill=0.5),
        **props(stage),
    }
    if not (frame.banner or frame.narrow):
        shapes.update(_window(stage, wall_y - 0.02, side * edge, late))
        shapes.update(_rail(stage, wall_y, -side))
    return Built(shapes, -frame.distance + 0.6, aperture=0.065)


def _window(stage: Stage, y: float, edge: float, late: bool) -> dict[str, Any]:
    """A window at the picture's edge: sky and green, out of focus, its frame and its sill."""
    frame = stage.frame
    side = 1.0 if edge > 0 else -1.0
    wide, tall = stage.draw(0.7, 1.1), max(frame.top * 1.1, 1.6)
    foot = stage.draw(0.35, 0.55)
    x = edge - side * wide * stage.draw(0.05, 0.5)
    sky, green = ((0.45, 0.52, 0.75), (0.06, 0.09, 0.08)) if late else ((1.9, 2.0, 2.1), (0.8, 1.05, 0.55))
    view = gradient(96, 64, (0.0, sky), (0.5, sky), (0.8, green), (1.0, green))
    blots = np.random.default_rng(int(stage.rng.integers(1 << 30))).random((6, 5)).astype(np.float32)
    view *= 0.75 + 0.5 * np.kron(blots, np.ones((16, 13), np.float32))[:, :64, None]
    pane = {
        "type": "rectangle",
        "to_world": at(x, y, foot + tall / 2).rotate([1, 0, 0], 90).scale([wide / 2, tall / 2, 1]),
        "emitter": {"type": "area", "radiance": texture(view), "sampling_weight": 0.3},
    }
    white = satin(rgb((0.6, 0.59, 0.57)), 0.3)
    bars = {"pane": pane}
    for k, across in enumerate((-wide / 2, 0.0, wide / 2)):
        post = block((0.07 if across else 0.05, 0.1, tall), 0.006)
        bars[f"post{k}"] = stage.solid(post, white, at(x + across, y - 0.04, foot + tall / 2))
    bars["sill"] = stage.solid(block((wide + 0.2, 0.3, 0.06), 0.01), white, at(x, y - 0.12, foot - 0.03))
    return bars


def _rail(stage: Stage, wall_y: float, side: float) -> dict[str, Any]:
    """What hangs or stands by the wall on the side away from the window, if no words are there."""
    frame = stage.frame
    if frame.calm != "top" and side != stage.busy:
        return {}
    low, high = stage.span(wall_y)
    edge = high if side > 0 else -low
    if edge < 0.9:
        return {}
    tones = [stage.scheme.prop, stage.scheme.spark, shaded(stage.scheme.wall, 0.05)]
    shapes: dict[str, Any] = {}
    if stage.rng.random() < 0.5:
        z = frame.product[1] * stage.draw(0.9, 1.1)
        rod = {
            "type": "cylinder",
            "p0": [side * (edge - 0.9), wall_y - 0.12, z],
            "p1": [side * (edge + 1), wall_y - 0.12, z],
            "radius": 0.018,
        }
        shapes["rail"] = {**rod, "bsdf": metal("Cu", 0.2)}
        for k in range(3):
            x = side * (edge - 0.72 + 0.3 * k)
            tall = stage.draw(0.3, 0.5)
            shapes[f"ladle{k}"] = stage.solid(
                block((0.03, 0.02, tall), 0.004), satin(rgb(tones[k]), 0.3), at(x, wall_y - 0.12, z - tall / 2)
            )
            shapes[f"bowl{k}"] = stage.solid(
                drum(0.075, -0.02, 0.02, 0.01),
                satin(rgb(tones[k]), 0.3),
                at(x, wall_y - 0.12, z - tall - 0.05).rotate([1, 0, 0], 90),
            )
    else:
        for k in range(3):
            tall = stage.draw(0.3, 0.62)
            x = side * (edge - 0.25 - 0.33 * k)
            form = bottle(tall) if k == 1 else jar(tall * 0.8, 0.13)
            shapes[f"pot{k}"] = stage.solid(form, satin(rgb(tones[k]), 0.2), at(x, wall_y - 0.3, -SINK))
    return shapes
