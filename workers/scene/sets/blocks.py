"""Sets of made things: podiums and arches, slabs of stone, folded paper."""

from __future__ import annotations

from typing import Any

from workers.scene.colour import mix, shaded
from workers.scene.forms import archway, rosette, sweep
from workers.scene.light import softbox, sunlight
from workers.scene.material import at, matt, rgb, satin, texture
from workers.scene.sets.parts import painted, pattern, plastered, props, skin, sun
from workers.scene.solid import block, drum
from workers.scene.stage import SINK, Built, Stage
from workers.scene.surface import plaster


def podium(stage: Stage) -> Built:
    """Stacked drums before an arch or a sun of plaster, all in the brand's colours."""
    frame, scheme = stage.frame, stage.scheme
    steps = 1 if frame.banner or frame.narrow else stage.pick(1, 2, 2, 3)
    high = 0.05 if frame.banner else stage.draw(0.10, 0.16)
    ground = -high * steps
    deep = min(frame.product[0] * 0.5, 0.5)
    tones = [scheme.stand, scheme.floor, shaded(scheme.stand, -0.05)]
    shapes: dict[str, Any] = {}
    wide = frame.product[0] * 0.5 + stage.draw(0.08, 0.16)
    for k in range(steps):
        stage.clear = wide
        paint = satin(rgb(tones[k]), 0.35)
        shapes[f"step{k}"] = stage.solid(
            drum(wide, -high * (k + 1) - SINK, -high * k, 0.012), paint, at(-stage.busy * 0.04 * k, deep, 0)
        )
        wide += stage.draw(0.16, 0.30)
    light = sun(stage, stage.draw(34, 52), -ground)
    wall_y = deep + max(wide, 0.8) + stage.draw(0.5, 0.9)
    shapes |= {
        "wall": painted(stage, wall_y, ground, scheme.wall),
        "floor": stage.floor(satin(texture(plaster(stage.rng, scheme.floor, depth=0.02), (8, 8)), 0.35), ground),
        **sunlight(light, 2.6),
        **_behind(stage, ground, wall_y),
        **props(stage, ground),
    }
    return Built(shapes, light.behind + 0.35)


def _behind(stage: Stage, ground: float, wall_y: float) -> dict[str, Any]:
    """What frames the product: an arch, a disc, or blocks of two heights."""
    frame, scheme = stage.frame, stage.scheme
    if frame.banner:
        return {}
    half = frame.product[0] / 2
    tall = frame.product[1] - ground
    paint = matt(rgb(scheme.prop))
    y = wall_y - 0.32
    kind = stage.pick("arch", "disc", "blocks")
    room = min(frame.left, frame.right)
    if kind == "arch":
        inner = min(half + stage.draw(0.14, 0.30), max(room * 0.9, half + 0.1))
        leg = max(tall * stage.draw(0.75, 1.0) - inner * 0.5, 0.2)
        outer = inner + stage.draw(0.16, 0.26)
        return {"arch": stage.solid(archway(inner, outer, leg, 0.26), paint, at(0, y, ground))}
    if kind == "disc":
        radius = min(max(tall * stage.draw(0.42, 0.6), half + 0.15), 1.2)
        lift = ground + tall * stage.draw(0.55, 0.75)
        across = stage.busy * stage.draw(0.0, 0.3)
        disc = drum(radius, -0.06, 0.06, 0.02)
        return {"disc": stage.solid(disc, paint, at(across, wall_y - 0.1, lift).rotate([1, 0, 0], 90))}
    side = stage.busy
    first, second = stage.draw(0.45, 0.8) * tall, stage.draw(0.2, 0.4) * tall
    across = stage.clear + 0.22
    return {
        "block0": stage.solid(block((0.42, 0.42, first), 0.012), paint, at(side * across, y - 0.3, ground + first / 2)),
        "block1": stage.solid(
            block((0.5, 0.4, second), 0.012),
            matt(rgb(scheme.stand)),
            at(side * (across + 0.44), y - 0.5, ground + second / 2),
        ),
    }


def stone(stage: Stage) -> Built:
    """A slab of stone or terrazzo on a plain ground, a second one leaning behind."""
    frame, scheme = stage.frame, stage.scheme
    thick = 0.05 if frame.banner else stage.draw(0.12, 0.22)
    light = sun(stage, stage.draw(44, 62), thick)
    kind = stage.look.ground
    slab = skin(stage, kind, scheme.stand, span=1.0)
    half = frame.product[0] * 0.5
    reach = stage.draw(0.22, 0.5)
    wide = 2 * half + 2 * reach
    size = (wide, max(half * 2, 0.6) + 0.5, thick + SINK)
    off = -stage.busy * 0.3 * reach
    stage.clear = wide / 2 + abs(off)
    wall_y = size[1] + stage.draw(0.5, 1.2)
    shapes: dict[str, Any] = {
        "wall": plastered(stage, wall_y, -thick, scheme.wall, 0.03),
        "floor": stage.floor(satin(texture(plaster(stage.rng, scheme.floor, depth=0.03), (8, 8)), 0.35), -thick),
        "slab": stage.solid(
            block(size, 0.008), slab, at(off, size[1] / 2 - stage.draw(0.10, 0.2), -(thick + SINK) / 2)
        ),
        **sunlight(light, 3.0),
        **pattern(stage, light),
        **props(stage, -thick),
    }
    if not (frame.banner or frame.narrow):
        tall = frame.product[1] * stage.draw(0.5, 0.95) + thick
        place = at(stage.busy * (half + stage.draw(0.1, 0.35)), wall_y - 0.45, -thick + tall / 2).rotate([1, 0, 0], -6)
        if stage.rng.random() < 0.5:
            shapes["second"] = stage.solid(block((stage.draw(0.6, 0.9), 0.1, tall), 0.006), slab, place)
        else:
            round_ = drum(tall / 2, -0.05, 0.05, 0.008)
            shapes["second"] = stage.solid(round_, slab, place.rotate([1, 0, 0], 90))
    return Built(shapes, light.behind + 0.35)


def paper(stage: Stage) -> Built:
    """Sheets, rosettes and rounds of paper, with the soft shadows of a tabletop studio."""
    frame, scheme = stage.frame, stage.scheme
    left, right = stage.span(2.5)
    tones = [scheme.prop, scheme.stand, scheme.spark, shaded(scheme.wall, -0.07), mix(scheme.prop, scheme.wall, 0.5)]
    back = stage.draw(1.5, 2.0)
    shapes: dict[str, Any] = {
        "sweep": stage.solid(
            sweep(frame.nearest() - 6, back, 0.35, stage.height(back) + 2, right - left + 8),
            matt(texture(plaster(stage.rng, scheme.wall, depth=0.012), (0.3, 0.3))),
        ),
        **softbox(stage, strength=3.0, size=0.55, around=stage.draw(40, 58)),
    }
    low = 0.012
    shapes["mat"] = stage.solid(  # a sheet under the product
        drum(frame.product[0] * 0.5 + stage.draw(0.2, 0.45), -low - SINK, 0.0, 0.003),
        matt(rgb(tones[1])),
        at(0, min(frame.product[0] * 0.5, 0.5), 0),
    )
    shapes["sweep"]["to_world"] = at(0, 0, -low)
    if frame.banner:
        return Built(shapes, -frame.distance + 0.6)
    kind = stage.pick("rosettes", "hills", "rounds")
    tall = min(frame.product[1], 1.0)
    side = stage.busy
    if kind == "hills":
        for k in range(3):
            radius = stage.draw(0.8, 1.2) * (1.15 - 0.2 * k)
            across = side * (0.9 - 0.75 * k) + stage.draw(-0.15, 0.15)
            hill = drum(radius, 0, 0.03, 0.004)
            place = at(across, back - 0.35 - 0.2 * k, -radius * stage.draw(0.25, 0.45)).rotate([1, 0, 0], 90)
            shapes[f"hill{k}"] = stage.solid(hill, matt(rgb(tones[k])), place)
        disc = stage.draw(0.22, 0.34)
        # Beside the product's shoulder, away from the words, which stand above it or on the other side.
        across = max(frame.product[0] * 0.5, disc) + stage.draw(0.02, 0.2)
        place = at(side * across, back - 0.22, tall * stage.draw(0.72, 0.9)).rotate([1, 0, 0], 90)
        shapes["sun"] = stage.solid(drum(disc, 0, 0.03, 0.004), matt(rgb(tones[2])), place)
    elif kind == "rosettes":
        room = frame.right if side > 0 else frame.left
        places = [(side * min(room * 0.62, 0.85), 0.42, 0.44), (side * min(room * 0.2, 0.32), 0.86, 0.33)]
        places += [(side * min(room * 0.98, 1.25), 0.98, 0.28)] if room > 0.9 else []
        for k, (x, z, radius) in enumerate(places):
            form = rosette(radius * stage.draw(0.9, 1.15), int(stage.rng.integers(18, 28)), 0.05)
            place = at(x, back - 0.45 - 0.13 * k, max(z * tall, radius * 0.3)).rotate([0, 1, 0], stage.draw(0, 40))
            shapes[f"rosette{k}"] = stage.solid(form, matt(rgb(tones[k])), place)
    else:
        for k in range(4):
            radius = (1.05 - 0.2 * k) * max(tall, 0.7)
            form = drum(radius, 0, 0.035, 0.004)
            place = at(side * 0.12 * k, back - 0.2 - 0.13 * k, tall * 0.36).rotate([1, 0, 0], 90)
            shapes[f"round{k}"] = stage.solid(form, matt(rgb([tones[4], tones[0], tones[3], tones[1]][k])), place)
    return Built(shapes, -frame.distance + 0.6, aperture=0.025)
