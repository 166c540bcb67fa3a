"""Props: what may stand beside a product. One function a kind, and a row in `PROPS`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from workers.scene.colour import mix, surface
from workers.scene.material import Shapes, Transform, at, matt, metal, rgb, satin
from workers.scene.solid import block, drum, egg, loop, turned
from workers.scene.stage import Spot, Stage
from workers.scene.vessels import beans, cup, rounded


def ball(spot: Spot, ground: float, bsdf: Any, share: float = 1.0) -> dict[str, Any]:
    """A ball that touches the ground."""
    radius = min(spot.wide / 2, spot.high / 2) * share
    return {"type": "sphere", "center": [spot.x, spot.y, ground + radius], "radius": radius, "bsdf": bsdf}


def spheres(stage: Stage, ground: float) -> Shapes:
    """A gold ball and a painted one."""
    shapes: dict[str, Any] = {}
    paint = surface(stage.scheme.prop)
    skins = [satin(rgb(paint), 0.18), metal("Au", 0.16)]
    for i, spot in enumerate(stage.spots()):
        shapes[f"ball{i}"] = ball(spot, ground, skins[i % 2], 0.95 if i == 0 else 0.8)
        if i == 0:
            small = Spot(spot.x * 0.92 - math.copysign(spot.wide * 0.35, spot.x), spot.y - 0.55, 0.2, 0.2)
            shapes["ball_small"] = ball(small, ground, skins[1])
    return shapes


def arch(stage: Stage, ground: float) -> Shapes:
    """Blocks of painted plaster: a standing half round, a low drum, a ball on it."""
    shapes: dict[str, Any] = {}
    light = surface(mix(stage.scheme.wall, (1, 1, 1), 0.15))
    dark = surface(stage.scheme.prop)
    for i, spot in enumerate(stage.spots()):
        if i == 0:
            r = spot.wide * 0.5
            shapes["arch"] = {
                "type": "cylinder",
                "p0": [0, 0, 0],
                "p1": [0, 0.3, 0],
                "radius": r,
                "to_world": at(spot.x, spot.y + 0.15, ground + spot.high * 0.45),
                "bsdf": matt(rgb(dark)),
            }
            shapes["arch_face"] = {
                "type": "disk",
                "to_world": at(spot.x, spot.y + 0.15, ground + spot.high * 0.45).rotate([1, 0, 0], 90).scale(r),
                "bsdf": matt(rgb(dark)),
            }
            shapes["arch_foot"] = stage.solid(
                block((2 * r, 0.3, spot.high * 0.45), 0.004),
                matt(rgb(dark)),
                at(spot.x, spot.y + 0.30, ground + spot.high * 0.225),
            )
            low = Spot(spot.x * 0.94, spot.y - 0.42, spot.wide * 0.6, 0.2)
        else:
            low = spot
        r = low.wide * 0.42
        shapes[f"drum{i}"] = stage.solid(drum(r, 0, 0.09, 0.012), matt(rgb(light)), at(low.x, low.y, ground))
        top = min(r * 0.62, 0.12)
        shapes[f"drum_ball{i}"] = {
            "type": "sphere",
            "center": [low.x, low.y, ground + 0.09 + top],
            "radius": top,
            "bsdf": metal("Au", 0.14),
        }
    return shapes


def steel(stage: Stage, ground: float) -> Shapes:
    """Brushed steel: a low drum and a ball on it; tall tubes look like plumbing."""
    shapes: dict[str, Any] = {}
    for i, spot in enumerate(stage.spots()):
        r = min(spot.wide * 0.34, 0.2)
        shapes[f"drum{i}"] = stage.solid(drum(r, 0, 0.09, 0.012), metal("Cr", 0.3), at(spot.x, spot.y, ground))
        if i == 0 and spot.high > 0.4:
            shapes["ball"] = ball(Spot(spot.x, spot.y, r * 1.5, r * 1.5), ground + 0.09, metal("Cr", 0.18))
    return shapes


def beads(stage: Stage, ground: float) -> Shapes:
    """A turned wooden bowl and a few balls in the brand's colours."""
    shapes: dict[str, Any] = {}
    for i, spot in enumerate(stage.spots()[:2]):
        colour = surface(stage.scheme.prop if i == 0 else stage.scheme.spark)
        if i == 0:
            high = min(spot.wide * 0.34, 0.26)
            bowl = [
                (1e-4, 0.0),
                (0.5, 0.0),
                (0.56, 0.04),
                (1.1, 0.55),
                (1.3, 1.0),
                (1.24, 1.0),
                (1.0, 0.5),
                (0.4, 0.12),
                (1e-4, 0.1),
            ]
            shapes["bowl"] = stage.solid(
                turned(rounded([(r * high, z * high) for r, z in bowl], 3)),
                satin(rgb(colour), 0.22),
                at(spot.x, spot.y, ground),
            )
        else:
            shapes[f"bead{i}"] = ball(spot, ground, satin(rgb(colour), 0.15), 0.7)
    shapes.update(beans(stage, ground, 18))
    return shapes


def gift(stage: Stage, ground: float) -> Shapes:
    """Wrapped boxes with ribbon and bow."""
    shapes: dict[str, Any] = {}
    paper = [matt(rgb(surface(stage.scheme.wall, lightest=0.6))), matt(rgb(surface(stage.scheme.prop)))]
    ribbons = [satin(rgb(surface(stage.scheme.prop)), 0.3), satin(rgb(surface(stage.scheme.spark)), 0.25)]
    for i, spot in enumerate(stage.spots()):
        ribbon = ribbons[i % 2]
        wide = spot.wide * (0.78 if spot.high > 0.4 else 0.62)
        high = min(spot.high * 0.52, wide * 0.9)
        turn = math.copysign(float(stage.rng.uniform(14, 28)), spot.x)
        place = at(spot.x, spot.y + 0.1, ground + high / 2).rotate([0, 0, 1], turn)
        shapes[f"box{i}"] = stage.solid(block((wide, wide, high), 0.006), paper[i % 2], place)
        band = wide * 0.13
        shapes[f"band_a{i}"] = stage.solid(block((band, wide + 0.012, high + 0.012), 0.002), ribbon, place)
        shapes[f"band_b{i}"] = stage.solid(block((wide + 0.012, band, high + 0.012), 0.002), ribbon, place)
        for k, (lean, way) in enumerate(((38, 25), (-38, -25), (30, 115), (-30, 65))):
            shapes[f"bow{i}_{k}"] = stage.solid(
                loop(wide * 0.30, band * 0.8),
                ribbon,
                place @ at(0, 0, high / 2) @ Transform().rotate([0, 0, 1], way).rotate([0, 1, 0], lean),
            )
    return shapes


def none(_stage: Stage, _ground: float) -> Shapes:
    """The product alone."""
    return {}


def disc(stage: Stage, ground: float) -> Shapes:
    """A large upright disc behind the product, and a ball."""
    frame, scheme = stage.frame, stage.scheme
    if frame.banner:
        return {}
    side = stage.busy
    radius = min(frame.product[1] * 0.5 + stage.draw(0.0, 0.12), 0.75)
    place = at(side * stage.draw(0.15, 0.4), 0.95, ground + radius).rotate([1, 0, 0], 90)
    shapes: dict[str, Any] = {
        "disc": stage.solid(drum(radius, -0.04, 0.04, 0.012), satin(rgb(scheme.prop), 0.4), place)
    }
    for spot in stage.spots()[:1]:
        small = Spot(spot.x, spot.y - 0.3, 0.2, 0.2)
        shapes["ball"] = ball(small, ground, satin(rgb(scheme.spark), 0.2))
    return shapes


def vase(stage: Stage, ground: float) -> Shapes:
    """A clay vase with dry stems, out on one side."""
    shapes: dict[str, Any] = {}
    for spot in stage.spots()[:1]:
        if spot.high < 0.4:  # beside words there is room for a bowl only
            return pebbles(stage, ground)
        high = spot.high * stage.draw(0.5, 0.66)
        form = stage.pick(
            [(0.30, 0.0), (0.42, 0.12), (0.46, 0.4), (0.30, 0.72), (0.13, 0.86), (0.15, 1.0)],
            [(0.22, 0.0), (0.30, 0.3), (0.36, 0.62), (0.30, 0.84), (0.12, 0.92), (0.13, 1.0)],
            [(0.26, 0.0), (0.27, 0.5), (0.27, 0.92), (0.25, 1.0)],
        )
        profile = (
            [(1e-4, 0.0)]
            + [(r * high, z * high) for r, z in form]
            + [(form[-1][0] * high * 0.8, high * 0.99), (1e-4, high * 0.9)]
        )
        clay = matt(rgb(stage.scheme.prop))
        x, y = spot.x, spot.y + 0.1
        shapes["vase"] = stage.solid(turned(rounded(profile, 3)), clay, at(x, y, ground))
        stem = matt(rgb(mix((0.30, 0.22, 0.12), stage.scheme.spark, 0.3)))
        for k in range(int(stage.rng.integers(5, 9))):
            lean, long = stage.draw(-0.32, 0.32), high * stage.draw(0.7, 1.25)
            tip = [x + lean * long, y + stage.draw(-0.1, 0.1), ground + high + long * 0.9]
            shapes[f"stem{k}"] = {
                "type": "cylinder",
                "p0": [x, y, ground + high * 0.9],
                "p1": tip,
                "radius": 0.006,
                "bsdf": stem,
            }
            for n in range(4):
                part = 0.62 + 0.12 * n
                middle = [
                    x + lean * long * part,
                    tip[1] * part + y * (1 - part),
                    ground + high * 0.9 + (long * 0.9 + high * 0.1) * part,
                ]
                grain = egg(0.014, 0.014, 0.034)
                turn = at(*middle).rotate([0, 1, 0], math.degrees(lean) + (28 if n % 2 else -28))
                shapes[f"grain{k}_{n}"] = stage.solid(grain, stem, turn)
    return shapes


def pebbles(stage: Stage, ground: float) -> Shapes:
    """Smooth stones, some on each other."""
    shapes: dict[str, Any] = {}
    rng = stage.rng
    tones = [
        (0.34, 0.32, 0.30),
        (0.12, 0.12, 0.125),
        mix((0.5, 0.47, 0.43), stage.scheme.wall, 0.5),
        mix((0.3, 0.3, 0.3), stage.scheme.prop, 0.5),
    ]
    for i, spot in enumerate(stage.spots()):
        z, wide = ground, min(spot.wide * 0.5, 0.24)
        for k in range(int(rng.integers(2, 4)) if i == 0 and spot.high > 0.4 else 1):
            size = wide * (0.9 - 0.22 * k)
            high = size * stage.draw(0.32, 0.45)
            form = egg(size, size * stage.draw(0.7, 0.95), high)
            place = at(spot.x + stage.draw(-0.03, 0.03), spot.y, z + high).rotate([0, 0, 1], stage.draw(0, 180))
            shapes[f"pebble{i}_{k}"] = stage.solid(form, satin(rgb(tones[int(rng.integers(4))]), 0.32), place)
            z += 2 * high * 0.94
        for k in range(3):
            size = stage.draw(0.035, 0.085)
            x = spot.x + math.copysign(stage.draw(-0.1, 0.3), spot.x)
            place = at(x, spot.y - 0.25 - 0.16 * k, ground + size * 0.4).rotate([0, 0, 1], stage.draw(0, 180))
            shapes[f"small{i}_{k}"] = stage.solid(
                egg(size, size * 0.8, size * 0.42), satin(rgb(tones[int(rng.integers(4))]), 0.32), place
            )
    return shapes


def books(stage: Stage, ground: float) -> Shapes:
    """A few books on each other."""
    shapes: dict[str, Any] = {}
    for spot in stage.spots()[:1]:
        z = ground
        tones = [
            stage.scheme.prop,
            stage.scheme.stand,
            stage.scheme.spark,
            mix(stage.scheme.prop, (0.1, 0.1, 0.1), 0.4),
        ]
        for k in range(3 if spot.high > 0.4 else 1):
            wide, deep, thick = spot.wide * stage.draw(0.75, 0.95), spot.wide * 0.62, stage.draw(0.045, 0.075)
            place = at(spot.x, spot.y + 0.15, z + thick / 2).rotate([0, 0, 1], stage.draw(-14, 14))
            cover, pages = satin(rgb(tones[k]), 0.35), matt(rgb((0.68, 0.64, 0.56)))
            shapes[f"pages{k}"] = stage.solid(block((wide * 0.96, deep, thick * 0.8), 0.002), pages, place)
            for n, side in enumerate((-1, 1)):
                lid = block((wide, deep * 1.04, thick * 0.1), 0.002)
                shapes[f"lid{k}_{n}"] = stage.solid(lid, cover, place @ at(0, 0, side * thick * 0.45))
            shapes[f"back{k}"] = stage.solid(
                block((wide, thick * 0.1, thick), 0.002), cover, place @ at(0, -deep * 0.52, 0)
            )
            z += thick
        if spot.high > 0.4:
            shapes["on_top"] = ball(Spot(spot.x, spot.y + 0.1, 0.14, 0.14), z - 0.002, metal("Au", 0.16))
    return shapes


def candle(stage: Stage, ground: float) -> Shapes:
    """Two candles with their small flames; none where words are: they shine through them."""
    shapes: dict[str, Any] = {}
    wax = matt(rgb((0.70, 0.62, 0.5)))
    for spot in [spot for spot in stage.spots() if spot.high > 0.4][:1]:
        for k, (across, tall) in enumerate(((0.0, 0.36), (0.17, 0.2))):
            high = tall * min(spot.high / 0.6, 1.0)
            x, y = spot.x + math.copysign(across, spot.x), spot.y + 0.1 * k
            shapes[f"wax{k}"] = stage.solid(drum(0.062, 0, high, 0.012), wax, at(x, y, ground))
            flame = egg(0.013, 0.013, 0.036)
            lit = {"type": "area", "radiance": rgb((26.0, 13.0, 4.0))}
            shape = stage.solid(flame, None, at(x, y, ground + high + 0.05))
            del shape["bsdf"]
            shapes[f"flame{k}"] = {**shape, "emitter": lit}
    return shapes


PROPS: Mapping[str, Callable[[Stage, float], Shapes]] = {
    "none": none,
    "spheres": spheres,
    "arch": arch,
    "steel": steel,
    "cup": cup,
    "beads": beads,
    "gift": gift,
    "disc": disc,
    "vase": vase,
    "pebbles": pebbles,
    "books": books,
    "candle": candle,
}
