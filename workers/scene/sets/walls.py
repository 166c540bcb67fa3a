"""Sets before a wall: the seamless studio, blinds at low sun, leaves between light and plaster."""

from __future__ import annotations

from typing import Any

from workers.scene.colour import mix, scaled, shaded
from workers.scene.forms import sweep
from workers.scene.light import softbox, spot, sunlight, twig
from workers.scene.material import Shapes, at, matt, rgb, satin, texture
from workers.scene.sets.parts import painted, pattern, plastered, props, skin, sun
from workers.scene.solid import block, drum
from workers.scene.stage import SINK, Built, Stage
from workers.scene.surface import plaster


def studio(stage: Stage) -> Built:
    """A seamless ground that bends up into the wall, a large soft light, a pool of light behind the product."""
    frame, scheme = stage.frame, stage.scheme
    left, right = stage.span(4.0)
    colour = stage.pick(scheme.wall, scheme.floor)
    paint = satin(texture(plaster(stage.rng, colour, depth=0.012), (0.25, 0.25)), 0.4)
    rise = 0.0 if frame.banner else stage.pick(0.0, 0.09, 0.16)
    back = stage.draw(2.2, 3.4)
    shapes: dict[str, Any] = {
        "sweep": stage.solid(
            sweep(frame.nearest(rise) - 6, back, stage.draw(0.9, 1.6), stage.height(back) + 2, right - left + 8, -rise),
            paint,
        ),
        **softbox(stage, strength=2.6, size=stage.draw(1.2, 2.2), around=stage.draw(38, 66)),
        **_pool(stage, back),
    }
    if rise:
        wide = frame.product[0] * 0.5 + stage.draw(0.1, 0.3)
        stand = satin(rgb(stage.pick(scheme.stand, shaded(colour, 0.04))), 0.3)
        shapes["stand"] = stage.solid(
            drum(wide, -rise - SINK, 0.0, 0.012), stand, at(0, min(frame.product[0] * 0.5, 0.5), 0)
        )
        stage.clear = wide + 0.02
    shapes.update(props(stage, -rise))
    return Built(shapes, -frame.distance + 0.6)


def _pool(stage: Stage, back: float) -> Shapes:
    """A light on the wall alone, on one side of the product: the ground has a gradient, not a fill."""
    across, up = -stage.side * stage.draw(0.0, 1.0), max(stage.frame.top * stage.draw(0.3, 0.6), 0.4)
    place = (across * 0.4, back - 3.0, up + 1.5)
    return spot(
        "pool", place, (across, back + 0.1, up), stage.draw(20, 32), scaled(stage.look.hour.sun, stage.draw(9, 20))
    )


def blinds(stage: Stage) -> Built:
    """A plaster wall, a podium, low sun through blinds or a window."""
    frame, scheme = stage.frame, stage.scheme
    podium = 0.05 if frame.banner else stage.draw(0.14, 0.28)
    ground = -podium
    light = sun(stage, stage.draw(50, 64), podium)
    floor = skin(stage, stage.look.ground, scheme.floor)
    plinth = satin(texture(plaster(stage.rng, scheme.stand, depth=0.04), (1.5, 1.5)), 0.28)
    wide = frame.product[0] * 0.5 + stage.draw(0.10, 0.20)
    deep = min(frame.product[0] * 0.5, 0.5)
    if stage.rng.random() < 0.6:
        stand = stage.solid(drum(wide, ground - SINK, 0.0, 0.014), plinth, at(0, deep, 0))
    else:
        size = (wide * 2, deep * 2 + 0.3, podium + 2 * SINK)
        stand = stage.solid(block(size, 0.012), plinth, at(0, deep, ground / 2 - SINK))
    stage.clear = wide + 0.02
    shapes: dict[str, Any] = {
        "wall": plastered(stage, stage.draw(1.9, 2.8), ground, scheme.wall),
        "floor": stage.floor(floor, ground),
        "stand": stand,
        **sunlight(light),
        **pattern(stage, light),
        **props(stage, ground),
    }
    return Built(shapes, light.behind + 0.35)


def leaves(stage: Stage) -> Built:
    """Sun through foliage on a wall; where there is room, a twig out of focus reaches in."""
    frame, scheme = stage.frame, stage.scheme
    light = sun(stage, stage.draw(46, 60))
    wall_y = stage.draw(1.1, 2.0)
    wall = (
        plastered(stage, wall_y, 0.0, scheme.wall, 0.035)
        if stage.pick(0, 1)
        else painted(stage, wall_y, 0.0, scheme.wall)
    )
    shapes: dict[str, Any] = {
        "wall": wall,
        "floor": stage.floor(skin(stage, stage.look.ground, scheme.floor)),
        **sunlight(light),
        **pattern(stage, light),
        **props(stage),
    }
    if stage.look.ground == "paint":  # a low shelf's edge before the wall
        shapes["skirt"] = stage.solid(
            block((60, 0.2, 0.16), 0.01), matt(rgb(shaded(scheme.wall, 0.05))), at(0, wall_y, 0.08)
        )
    if not (frame.banner or frame.narrow) and stage.rng.random() < 0.7:
        side = stage.busy
        reach = (frame.right if side > 0 else frame.left) * 1.1
        shapes.update(
            twig(
                stage,
                (side * (reach + 0.2), -0.9, frame.top * stage.draw(0.82, 0.98)),
                -side,
                mix((0.05, 0.12, 0.04), scheme.prop, 0.2),
            )
        )
    return Built(shapes, light.behind + 0.35, aperture=0.045)
