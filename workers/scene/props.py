"""Props: what may stand beside a product. One function a kind, and a row in `PROPS`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from workers.scene.colour import mix, surface
from workers.scene.material import Shapes, Transform, at, matt, metal, rgb, satin
from workers.scene.solid import block, drum, egg, loop, tube, turned
from workers.scene.stage import Spot, Stage


def ball(spot: Spot, ground: float, bsdf: Any, share: float = 1.0) -> dict[str, Any]:
    """A ball that touches the ground."""
    radius = min(spot.wide / 2, spot.high / 2) * share
    return {"type": "sphere", "center": [spot.x, spot.y, ground + radius], "radius": radius, "bsdf": bsdf}


def spheres(stage: Stage, ground: float) -> Shapes:
    """A gold ball and a painted one."""
    shapes: dict[str, Any] = {}
    paint = surface(stage.palette.second)
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
    light = surface(mix(stage.palette.ground, (1, 1, 1), 0.15))
    dark = surface(stage.palette.second)
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
    """Brushed steel: a standing tube, a low drum, a rail behind."""
    shapes: dict[str, Any] = {}
    frame = stage.frame
    if not frame.banner:
        # Behind the words there is only wall: the rail ends behind the product.
        ends = {"top": (-14, 14), "left": (0, 14), "right": (-14, 0)}[frame.calm]
        shapes["rail"] = {
            "type": "cylinder",
            "p0": [ends[0], 1.9, ground + 0.42],
            "p1": [ends[1], 1.9, ground + 0.42],
            "radius": 0.045,
            "bsdf": metal("Cr", 0.25),
        }
    for i, spot in enumerate(stage.spots()):
        r = min(spot.wide * 0.26, 0.15)
        if i == 0:
            tall = spot.high * 0.92
            shapes["tube"] = stage.solid(drum(r, 0, tall, 0.012), metal("Cr", 0.22), at(spot.x, spot.y, ground))
            shapes["tube_low"] = stage.solid(
                drum(r * 0.9, 0, tall * 0.42, 0.012),
                metal("Cr", 0.16),
                at(spot.x * 0.97 - math.copysign(r * 1.2, spot.x), spot.y - 0.42, ground),
            )
        else:
            shapes[f"drum{i}"] = stage.solid(
                drum(r * 1.2, 0, 0.12, 0.012), metal("Cr", 0.2), at(spot.x, spot.y, ground)
            )
    return shapes


def _cup(height: float) -> list[tuple[float, float]]:
    wall = 0.035 * height
    outer = [(0.42, 0.0), (0.44, 0.02), (0.50, 0.10), (0.60, 0.30), (0.66, 0.60), (0.69, 1.0)]
    profile = [(1e-4, 0.0)] + [(r * height, z * height) for r, z in outer]
    profile += [(r * height - wall, z * height) for r, z in reversed(outer[2:])]
    return [*profile, (1e-4, 0.1 * height)]


def _round(profile: list[tuple[float, float]], times: int = 4) -> list[tuple[float, float]]:
    """The profile with its corners cut, several times over: clay has none."""
    for _ in range(times if len(profile) < 60 else 0):
        cut = [profile[0]]
        for (r0, z0), (r1, z1) in pairwise(profile):
            cut += [(0.75 * r0 + 0.25 * r1, 0.75 * z0 + 0.25 * z1), (0.25 * r0 + 0.75 * r1, 0.25 * z0 + 0.75 * z1)]
        profile = [*cut, profile[-1]]
    return profile


def cup(stage: Stage, ground: float) -> Shapes:
    """A glazed cup of coffee on its saucer, and a few beans."""
    shapes: dict[str, Any] = {}
    glaze = satin(rgb(surface(mix(stage.palette.ground, (1, 1, 1), 0.35), lightest=0.66)), 0.09)
    spots = stage.spots()
    for i, spot in enumerate(spots[:1]):
        high = min(spot.wide * 0.48, 0.30)
        place = at(spot.x, spot.y, ground)
        saucer = [
            (1e-4, 0.0),
            (0.5 * high, 0.0),
            (0.6 * high, 0.03),
            (1.0 * high, 0.075),
            (0.99 * high, 0.095),
            (0.55 * high, 0.05),
            (1e-4, 0.045),
        ]
        if high:
            shapes["saucer"] = stage.solid(turned(_round(saucer, 2)), glaze, place)
        lifted = at(spot.x, spot.y, ground + 0.05)
        shapes[f"cup{i}"] = stage.solid(turned(_round(_cup(high), 3)), glaze, lifted)
        shapes[f"brew{i}"] = {
            "type": "disk",
            "to_world": at(spot.x, spot.y, ground + 0.05 + high * 0.82).scale(high * 0.64),
            "bsdf": satin(rgb((0.045, 0.018, 0.008)), 0.06),
        }
        turn = -40 if spot.x > 0 else 220
        ear = lifted @ Transform().rotate([0, 0, 1], turn).translate([0.60 * high, 0, 0.56 * high])
        shapes[f"ear{i}"] = stage.solid(tube(0.25 * high, 0.055 * high, -1.9, 1.9), glaze, ear)
    shapes.update(beans(stage, ground))
    return shapes


def beans(stage: Stage, ground: float, many: int = 26) -> Shapes:
    """Coffee beans, scattered near the product's foot."""
    shapes: dict[str, Any] = {}
    rng, frame = stage.rng, stage.frame
    half = frame.product[0] / 2
    spots = stage.spots()
    side = math.copysign(1.0, spots[0].x) if spots else stage.side
    skin = satin(rgb((0.075, 0.032, 0.014)), 0.18)
    room = (frame.left if side < 0 else frame.right) + 0.15
    placed: list[tuple[float, float]] = []
    for i in range(many):
        far = abs(float(rng.normal(0, 0.34)))
        x = side * min(half * 0.75 + far, room)
        y = float(rng.normal(-0.30, 0.17)) - 0.12 * far
        turn, tip, size = float(rng.uniform(0, 360)), float(rng.uniform(-20, 20)), float(rng.uniform(0.032, 0.040))
        if frame.banner or y > -0.08 or any(math.hypot(x - a, y - b) < 0.075 for a, b in placed):
            continue
        placed.append((x, y))
        form = at(x, y, ground + size * 0.62).rotate([0, 0, 1], turn).rotate([1, 0, 0], tip)
        shapes[f"bean{i}"] = stage.solid(egg(size * 1.3, size * 0.92, size * 0.68), skin, form)
        crease = egg(size * 1.12, size * 0.10, size * 0.34)
        shapes[f"crease{i}"] = stage.solid(
            crease, matt(rgb((0.012, 0.006, 0.004))), form.translate([0, 0, size * 0.40])
        )
    return shapes


def beads(stage: Stage, ground: float) -> Shapes:
    """A turned wooden bowl and a few balls in the brand's colours."""
    shapes: dict[str, Any] = {}
    for i, spot in enumerate(stage.spots()[:2]):
        colour = surface(stage.palette.second if i == 0 else stage.palette.accent)
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
                turned(_round([(r * high, z * high) for r, z in bowl], 3)),
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
    paper = [matt(rgb(surface(stage.palette.ground, lightest=0.6))), matt(rgb(surface(stage.palette.second)))]
    ribbons = [satin(rgb(surface(stage.palette.second)), 0.3), satin(rgb(surface(stage.palette.accent)), 0.25)]
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


PROPS: Mapping[str, Callable[[Stage, float], Shapes]] = {
    "spheres": spheres,
    "arch": arch,
    "steel": steel,
    "cup": cup,
    "beads": beads,
    "gift": gift,
}
