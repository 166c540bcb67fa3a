"""Vessels beside a product, turned on a wheel, and the beans by them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from workers.scene.colour import mix, surface
from workers.scene.material import Shapes, Transform, at, matt, rgb, satin
from workers.scene.solid import Solid, egg, tube, turned
from workers.scene.stage import Stage


def _cup(height: float) -> list[tuple[float, float]]:
    wall = 0.035 * height
    outer = [(0.42, 0.0), (0.44, 0.02), (0.50, 0.10), (0.60, 0.30), (0.66, 0.60), (0.69, 1.0)]
    profile = [(1e-4, 0.0)] + [(r * height, z * height) for r, z in outer]
    profile += [(r * height - wall, z * height) for r, z in reversed(outer[2:])]
    return [*profile, (1e-4, 0.1 * height)]


def rounded(profile: list[tuple[float, float]], times: int = 4) -> list[tuple[float, float]]:
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
    glaze = satin(rgb(surface(mix(stage.scheme.wall, (1, 1, 1), 0.35), lightest=0.66)), 0.09)
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
            shapes["saucer"] = stage.solid(turned(rounded(saucer, 2)), glaze, place)
        lifted = at(spot.x, spot.y, ground + 0.05)
        shapes[f"cup{i}"] = stage.solid(turned(rounded(_cup(high), 3)), glaze, lifted)
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


def bottle(high: float) -> Solid:
    """A slim bottle."""
    shape = [
        (1e-4, 0.0),
        (0.2, 0.0),
        (0.22, 0.02),
        (0.22, 0.55),
        (0.17, 0.68),
        (0.075, 0.76),
        (0.07, 0.98),
        (0.08, 1.0),
        (1e-4, 1.0),
    ]
    return turned(rounded([(r * high, z * high) for r, z in shape], 2))


def jar(high: float, radius: float) -> Solid:
    """A squat jar with a lid."""
    shape = [
        (1e-4, 0.0),
        (0.9, 0.0),
        (1.0, 0.08),
        (1.0, 0.74),
        (0.86, 0.82),
        (0.92, 0.83),
        (0.92, 0.98),
        (0.86, 1.0),
        (1e-4, 1.0),
    ]
    return turned(rounded([(r * radius, z * high) for r, z in shape], 2))
