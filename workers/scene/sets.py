"""The sets: one function each, and a row in `SETS`. How to add one: templates/scenes/README.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.scene.colour import luminance, mix, scaled, surface
from workers.scene.light import GOBOS, Sun, glow, sunlight
from workers.scene.look import HOURS
from workers.scene.material import Shapes, at, matt, rgb, satin, texture
from workers.scene.props import PROPS
from workers.scene.solid import block, drum
from workers.scene.stage import Stage
from workers.scene.surface import plaster, relief, stone, wood

# Feet reach a little into the ground: of two surfaces in one plane either may be hit.
SINK = 0.003
WOODS = {"oak": (0.46, 0.27, 0.13), "walnut": (0.15, 0.072, 0.036)}
GROUNDS = (*WOODS, "stone", "paint")


@dataclass(frozen=True, slots=True)
class Built:
    """A set: its shapes, and the y before which the camera sees nothing (what makes shadows stands there)."""

    shapes: Shapes
    near: float


def _rough_wall(stage: Stage, colour: Any, y: float, size: float = 9.0) -> dict[str, Any]:
    """Trowelled plaster, lit from the side: its relief is what makes it a wall."""
    times = (size / 2.2, size / 2.2)
    return {
        "type": "rectangle",
        "to_world": at(0, y, 2.0)
        .rotate([1, 0, 0], 90)
        .scale([max(size, stage.frame.left * 2.2, stage.frame.right * 2.2), size, 1]),
        "bsdf": {
            "type": "twosided",
            "b": {
                "type": "bumpmap",
                "t": texture(relief(stage.rng), times, plain=True),
                "scale": 0.05,
                "b": {"type": "diffuse", "reflectance": texture(plaster(stage.rng, colour), times)},
            },
        },
    }


def _sun(stage: Stage, around: float, drop: float = 0.0) -> Sun:
    near = stage.frame.nearest(drop)
    return Sun(stage.look.hour, stage.side, around, (0.0, 0.7, 0.45), min(-4.4, near - 0.5))


def _pattern(stage: Stage, sun: Sun) -> Shapes:
    """What stands before the sun; a banner is too low for a shadow to be read as one, and has only room for words."""
    return {} if stage.frame.banner else GOBOS[stage.look.gobo](sun, stage.rng)


def plaster_set(stage: Stage) -> Built:
    """A plaster wall, a podium, low sun through blinds or a window."""
    frame, palette, rng = stage.frame, stage.palette, stage.rng
    podium = 0.05 if frame.banner else float(rng.uniform(0.16, 0.26))
    ground = -podium
    wall = surface(palette.ground)
    floor = surface(mix(palette.ground, palette.second, 0.45))
    if stage.look.ground == "stone":
        grey = luminance(palette.ground)
        floor = surface(mix(mix(palette.ground, (grey, grey, grey), 0.6), (0.3, 0.3, 0.31), 0.4))
        skin = satin(texture(stone(rng, floor), (7, 7)), 0.16)
        plinth = satin(texture(stone(rng, surface(mix(palette.ground, (0.5, 0.5, 0.5), 0.3))), (1.2, 1.2)), 0.2)
    else:
        skin = satin(texture(plaster(rng, floor, depth=0.03), (6, 6)), 0.22)
        plinth = satin(
            texture(plaster(rng, surface(mix(palette.second, palette.ground, 0.15)), depth=0.04), (1.5, 1.5)), 0.28
        )
    sun = _sun(stage, 58, podium)
    wide = frame.product[0] * 0.5 + float(rng.uniform(0.10, 0.20))
    deep = min(frame.product[0] * 0.5, 0.5)
    if rng.random() < 0.6:
        stand = stage.solid(drum(wide, ground - SINK, 0.0, 0.014), plinth, at(0, deep, 0))
    else:
        stand = stage.solid(
            block((wide * 2, wide * 1.9, podium + 2 * SINK), 0.012), plinth, at(0, deep, ground / 2 - SINK)
        )
    stage.clear = wide + 0.02
    shapes: dict[str, Any] = {
        "wall": _rough_wall(stage, wall, 2.5),
        "floor": {"type": "rectangle", "to_world": at(0, 0, ground).scale(max(16, frame.distance * 2)), "bsdf": skin},
        "stand": stand,
        **sunlight(sun),
        **_pattern(stage, sun),
        **PROPS[stage.look.props](stage, ground - SINK),
    }
    return Built(shapes, sun.behind + 0.35)


def table_set(stage: Stage) -> Built:
    """A table before a far wall, soft light from a window, leaves in it."""
    frame, palette, rng, look = stage.frame, stage.palette, stage.rng, stage.look
    evening = look.hour is HOURS["evening"]
    if look.ground in WOODS:
        boards = wood(rng, WOODS[look.ground], contrast=1.0 if look.ground == "oak" else 0.8)
        top = satin(texture(boards, (2.6, 2.6)), 0.20)
    else:
        top = satin(texture(stone(rng, surface(mix(palette.ground, (0.5, 0.5, 0.5), 0.2))), (5, 5)), 0.12)
    wall = surface(palette.ground if not evening else scaled(mix(palette.second, palette.ground, 0.10), 0.17))
    sun = _sun(stage, 66)
    rim = 1.5
    shapes: dict[str, Any] = {
        "wall": _rough_wall(stage, wall, 3.2, 10.0),
        "top": {"type": "rectangle", "to_world": at(0, rim - 15, 0).scale([15, 15, 1]), "bsdf": top},
        **sunlight(sun),
        **_pattern(stage, sun),
        **PROPS[look.props](stage, -SINK),
    }
    if evening:
        shapes["lamp"] = glow(
            (-stage.side * (frame.right if stage.side < 0 else frame.left) * 0.9, 3.2, frame.top * 1.6 + 1.0),
            0.3,
            (30, 15, 6),
        )
    return Built(shapes, sun.behind + 0.35)


def type_set(stage: Stage) -> Built:
    """No product: planes of plaster and a large round in raking light, and room for words."""
    frame, palette, rng = stage.frame, stage.palette, stage.rng
    sun = _sun(stage, 58)
    shapes: dict[str, Any] = {
        "wall": _rough_wall(stage, surface(palette.ground), 2.2),
        "floor": {
            "type": "rectangle",
            "to_world": at(0, 0, 0).scale(max(16, frame.distance * 2)),
            "bsdf": satin(texture(plaster(rng, surface(palette.second), depth=0.04), (6, 6)), 0.25),
        },
        **sunlight(sun),
        **_pattern(stage, sun),
    }
    side = -stage.side
    reach = (frame.left if side < 0 else frame.right) * 0.8
    round_ = min(0.9, max(frame.top * 0.35, 0.4))
    shapes["disc"] = {
        "type": "disk",
        "to_world": at(side * reach, 1.6, round_ * 0.7).rotate([1, 0, 0], 90).scale(round_),
        "bsdf": matt(rgb(surface(palette.second))),
    }
    shapes["step"] = stage.solid(
        block((2.2, 0.8, 0.18), 0.012),
        matt(rgb(surface(mix(palette.ground, palette.second, 0.3)))),
        at(side * reach, 1.0, 0.09 - SINK),
    )
    shapes["ball"] = {
        "type": "sphere",
        "center": [side * reach * 0.8, 0.75, 0.18 + 0.13],
        "radius": 0.13,
        "bsdf": satin(rgb(surface(palette.accent)), 0.12),
    }
    return Built(shapes, sun.behind + 0.35)


SETS: Mapping[str, Callable[[Stage], Built]] = {"plaster": plaster_set, "table": table_set, "type": type_set}
