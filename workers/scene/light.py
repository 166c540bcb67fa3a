"""Light: one small sun with something before it that casts a soft pattern, and the sky's fill.

Real slats and leaves stand before the sun, behind the camera's near plane: their shadow is seen, they are not. (A
projected pattern is noisy at the few samples that we take.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workers.scene.colour import Rgb, scaled
from workers.scene.look import Hour
from workers.scene.material import Shapes, Transform, at, rgb

if TYPE_CHECKING:
    from workers.scene.stage import Stage

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun is. `side`: -1 left, 1 right. `around`: degrees from the camera's axis. `aim`: what it lights."""

    hour: Hour
    side: float
    around: float
    aim: Vector
    behind: float
    size: float = 0.36
    distance: float = 40.0

    @property
    def toward(self) -> Vector:
        """Unit vector from the aim to the sun."""
        around, height = math.radians(self.around), math.radians(self.hour.height)
        flat = math.cos(height)
        return self.side * math.sin(around) * flat, -math.cos(around) * flat, math.sin(height)

    @property
    def place(self) -> Vector:
        """The sun's own place."""
        return self.along(self.distance)

    def along(self, far: float) -> Vector:
        """The point `far` units from the aim towards the sun."""
        x, y, z = (a + far * t for a, t in zip(self.aim, self.toward, strict=True))
        return x, y, z

    @property
    def gate(self) -> float:
        """Units from the aim to where a pattern can stand without being seen."""
        return (self.aim[1] - self.behind) / max(-self.toward[1], 0.1)


def sunlight(sun: Sun, strength: float = 3.4) -> Shapes:
    """The sun and the sky; `strength` is the light on a surface that faces the sun."""
    area = (2 * sun.size) ** 2
    radiance = strength * sun.distance**2 / area
    facing = Transform().look_at(origin=list(sun.place), target=list(sun.aim), up=[0, 0, 1]).scale(sun.size)
    hour = sun.hour
    return {
        "sun": {
            "type": "rectangle",
            "to_world": facing,
            "emitter": {"type": "area", "radiance": rgb(scaled(hour.sun, radiance))},
        },
        "sky": {"type": "constant", "radiance": rgb(scaled(hour.sky, strength * hour.fill / math.pi))},
    }


_DARK: dict[str, Any] = {"type": "diffuse", "reflectance": rgb((0.02, 0.02, 0.02))}


def _gate(sun: Sun) -> Any:
    """The plane before the sun, x to its side and y up; one unit there casts a shadow of about `grow` units."""
    return Transform().look_at(origin=list(sun.along(sun.gate)), target=list(sun.place), up=[0, 0, 1])


def _shrink(sun: Sun) -> float:
    return (sun.distance - sun.gate) / sun.distance


def blinds(sun: Sun, rng: np.random.Generator) -> Shapes:
    """Slats, slightly turned; the gaps are wider than they are."""
    gate, k = _gate(sun), _shrink(sun)
    tilt = float(rng.uniform(-14, 14))
    pitch = float(rng.uniform(0.5, 0.86)) * k
    return {
        f"slat{i}": {
            "type": "rectangle",
            "to_world": gate
            @ Transform().rotate([0, 0, 1], tilt)
            @ at(0, (i - 6.3) * pitch + 0.1, 0).scale([4.5 * k, pitch * 0.21, 1]),
            "bsdf": _DARK,
        }
        for i in range(13)
    }


def window(sun: Sun, rng: np.random.Generator) -> Shapes:
    """A tall window: a bright field with thin bars, dark around it."""
    gate, k = _gate(sun), _shrink(sun)
    wide, high, bar = float(rng.uniform(1.9, 3.4)) * k, float(rng.uniform(2.2, 2.8)) * k, 0.07 * k
    lean = float(rng.uniform(-9, 9))
    far = 14.0 * k
    parts = [
        (-far / 2 - wide, 0.0, far / 2, far),
        (far / 2 + wide, 0.0, far / 2, far),
        (0.0, far / 2 + high, wide, far / 2),
    ]
    parts += [(0.0, -far / 2 - high * 0.62, wide, far / 2)]
    parts += [(x * wide, 0.0, bar, high) for x in (-0.45, 0.0, 0.45)]
    parts += [(0.0, y * high, wide, bar) for y in (-0.35, 0.2)]
    return {
        f"bar{i}": {
            "type": "rectangle",
            "to_world": gate @ Transform().rotate([0, 0, 1], lean) @ at(x, y, 0).scale([w, h, 1]),
            "bsdf": _DARK,
        }
        for i, (x, y, w, h) in enumerate(parts)
    }


def leaves(sun: Sun, rng: np.random.Generator) -> Shapes:
    """Twigs with leaves, thicker towards the upper rim of the light."""
    gate, k = _gate(sun), _shrink(sun)
    shapes: dict[str, Any] = {}
    for branch in range(7):
        start = np.array([rng.uniform(-3.4, 3.4), rng.uniform(0.4, 2.8)])
        heading = float(rng.uniform(-2.6, -0.6))
        for leaf in range(7):
            heading += float(rng.uniform(-0.22, 0.22))
            start = start + 0.30 * np.array([math.cos(heading), math.sin(heading)])
            if math.hypot(float(start[0]), float(start[1])) < 0.75:
                continue  # the product itself stands in the sun
            turn = math.degrees(heading) + (55 if leaf % 2 else -55) + float(rng.uniform(-15, 15))
            length = float(rng.uniform(0.26, 0.44))
            place = at(float(start[0]) * k, float(start[1]) * k, float(rng.uniform(-0.4, 0.4)) * k)
            form = (
                place.rotate([0, 0, 1], turn)
                .translate([length * k * 0.8, 0, 0])
                .scale([length * k, length * k * 0.38, 1])
            )
            shapes[f"leaf{branch}_{leaf}"] = {"type": "disk", "to_world": gate @ form, "bsdf": _DARK}
    return shapes


def none(_sun: Sun, _rng: np.random.Generator) -> Shapes:
    """Nothing before the sun."""
    return {}


GOBOS: Mapping[str, Callable[[Sun, np.random.Generator], Shapes]] = {
    "none": none,
    "blinds": blinds,
    "window": window,
    "leaves": leaves,
}


def glow(place: Vector, size: float, radiance: Rgb) -> dict[str, Any]:
    """A small warm lamp, round."""
    return {
        "type": "sphere",
        "center": list(place),
        "radius": size,
        "emitter": {"type": "area", "radiance": rgb(radiance)},
    }


def softbox(
    stage: Stage,
    strength: float,
    size: float,
    around: float,
    fill: float = 0.33,
    warm: Rgb | None = None,
) -> Shapes:
    """A large light from the product's lit side and above, and the room's own light.

    `strength`: light on a surface that faces it. `size`: half its side in units; the larger, the softer its shadows.
    `around`: degrees from the camera's axis. `fill`: the room's light by the key's. `warm`: its colour, else the hour's.
    """
    hour = stage.look.hour
    turn, high = math.radians(around), math.radians(max(hour.height, 30))
    far = 5.5
    aim = (0.0, 0.5, 0.4)
    place = (
        aim[0] + stage.side * math.sin(turn) * math.cos(high) * far,
        aim[1] - math.cos(turn) * math.cos(high) * far,
        aim[2] + math.sin(high) * far,
    )
    key = lamp("key", place, aim, size, scaled(warm or hour.sun, strength * far**2 / (2 * size) ** 2))
    room = rgb(scaled(hour.sky, strength * fill / math.pi))
    return {**key, "sky": {"type": "constant", "radiance": room, "sampling_weight": 0.6}}


def lamp(name: str, place: Vector, aim: Vector, size: float, radiance: Rgb) -> Shapes:
    """A square light of half side `size` that shines from `place` towards `aim` only."""
    facing = Transform().look_at(origin=list(place), target=list(aim), up=[0, 0, 1]).scale(size)
    emitter = {"type": "area", "radiance": rgb(radiance)}
    return {name: {"type": "rectangle", "to_world": facing, "emitter": emitter}}


def spot(name: str, place: Vector, aim: Vector, wide: float, strength: Rgb) -> Shapes:
    """A light that is not seen itself, a cone of `wide` degrees from its middle that fades to its rim."""
    facing = Transform().look_at(origin=list(place), target=list(aim), up=[0, 0, 1])
    return {
        name: {
            "type": "spot",
            "to_world": facing,
            "intensity": rgb(strength),
            "cutoff_angle": wide,
            "beam_width": wide * 0.15,
        }
    }


def twig(stage: Stage, start: Vector, way: float, colour: Rgb) -> Shapes:
    """A twig with leaves that hangs into the picture from its edge; `way`: -1 to the left, 1 to the right."""
    rng = stage.rng
    shapes: dict[str, Any] = {}
    skins = [
        {"type": "twosided", "b": {"type": "diffuse", "reflectance": rgb(scaled(colour, tone))}}
        for tone in (0.8, 1.0, 1.3)
    ]
    x, y, z = start
    heading = float(rng.uniform(-0.5, -0.15))
    for n in range(9):
        x, z = x + way * 0.10 * math.cos(heading), z + 0.10 * math.sin(heading)
        heading += float(rng.uniform(-0.22, 0.08))
        length = float(rng.uniform(0.11, 0.17))
        turn = math.degrees(heading) + (48 if n % 2 else -48) + float(rng.uniform(-12, 12))
        place = at(x, y + float(rng.uniform(-0.08, 0.08)), z).rotate([0, 1, 0], -turn if way > 0 else turn - 180)
        form = place.translate([length, 0, 0]).rotate([1, 0, 0], 90 + float(rng.uniform(-35, 35)))
        shapes[f"twig{n}"] = {"type": "disk", "to_world": form.scale([length, length * 0.36, 1]), "bsdf": skins[n % 3]}
    return shapes
