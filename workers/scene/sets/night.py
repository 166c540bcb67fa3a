"""Sets for the evening: a ledge before city lights, a wet dark ground with a light from behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workers.scene.colour import Rgb, mix, scaled, shaded, surface
from workers.scene.light import lamp, softbox, spot
from workers.scene.material import at, glossy, rgb, rough, texture
from workers.scene.props import PROPS
from workers.scene.sets.parts import gradient, grid, haze, shining, skin
from workers.scene.solid import egg
from workers.scene.stage import SINK, Built, Stage
from workers.scene.surface import plaster, stone


def dusk(stage: Stage) -> Built:
    """A ledge before lights that are far out of focus, the last blue of the sky above them."""
    frame, scheme, hour = stage.frame, stage.scheme, stage.look.hour
    night = hour.key < 0.7
    away = 9.0
    cool = shaded(mix(scheme.prop, (0.02, 0.05, 0.14), 0.6), chroma=1.0)
    top = scaled(surface(cool), 0.25 if night else 0.7)
    low = scaled(mix(surface(cool), (1.0, 0.42, 0.2), 0.1 if night else 0.5), 0.4 if night else 1.0)
    rim = stage.draw(0.7, 1.1)
    left, right = stage.span(away)
    # What lies under this line is hidden by the ledge.
    foot = frame.lift * (1 - (frame.distance + away) / (frame.distance + rim)) - 0.3
    tall = stage.height(away) - foot
    rows, columns = grid((right - left) / tall)
    view = gradient(rows, columns, (0.0, scaled(top, 0.5)), (0.55, top), (0.8, low), (1.0, scaled(top, 0.3)))
    _lights(stage, view)
    shapes: dict[str, Any] = {
        "far": shining(stage, away, foot, view, 0.2),
        "ledge": stage.floor(skin(stage, stage.look.ground, surface(shaded(scheme.floor, -0.16))), 0.0, rim),
        **softbox(stage, strength=1.5, size=0.9, around=stage.draw(50, 66), fill=0.07, warm=(1.0, 0.78, 0.56)),
        **spot("rim", (-stage.side * 2.4, 2.6, 2.4), (0, 0.3, 0.4), 32, scaled((0.75, 0.85, 1.0), 14)),
        **PROPS[stage.look.props](stage, -SINK),
    }
    return Built(shapes, -frame.distance + 0.6, aperture=0.05, key=0.66 if night else 0.74)


def _lights(stage: Stage, view: npt.NDArray[np.float32]) -> None:
    """Discs of light, as a wide lens draws far lamps: brighter at their rims, in a band above the ledge; few where words are."""
    frame, rng = stage.frame, stage.rng
    rows, columns = view.shape[:2]
    spark, prop = stage.scheme.spark, stage.scheme.prop
    tints: list[Rgb] = [
        (1.0, 0.62, 0.28),
        (1.0, 0.78, 0.5),
        mix(spark, (1.0, 0.6, 0.3), 0.4),
        mix(prop, (0.7, 0.8, 1.0), 0.5),
        (1.0, 0.45, 0.3),
    ]
    short = min(rows, columns)
    many = int(rng.integers(26, 46) * np.clip(columns / rows, 1, 3))
    size = float(rng.uniform(0.035, 0.07)) * short * (2.0 if frame.banner else 1.0)
    middle, spread = float(rng.uniform(0.12, 0.3)), float(rng.uniform(0.10, 0.2))
    if frame.calm == "top":
        spread *= 0.7
    product = frame.centre / frame.width * columns
    for _ in range(many):
        x = float(rng.uniform(0, columns))
        share = abs(float(rng.normal(middle, spread)))
        radius = size * float(rng.uniform(0.55, 1.15))
        tint = tints[int(rng.integers(len(tints)))]
        strength = float(rng.uniform(0.12, 0.9)) ** 1.5
        words = {"left": x < product - 0.2 * short, "right": x > product + 0.2 * short, "top": share > 0.6}[frame.calm]
        if words:
            strength *= 0.14 if rng.random() < 0.7 else 0.45
        y = rows * (1 - share) - 0.5 * radius
        y0, y1 = max(int(y - radius - 2), 0), min(int(y + radius + 3), rows)
        x0, x1 = max(int(x - radius - 2), 0), min(int(x + radius + 3), columns)
        if y1 <= y0 or x1 <= x0:
            continue
        yy, xx = np.mgrid[y0:y1, x0:x1]
        d = np.hypot(yy - y, xx - x) / radius
        disc = np.clip((1 - d) * radius / 1.6, 0, 1) * (0.72 + 0.5 * np.clip(d, 0, 1) ** 5)
        view[y0:y1, x0:x1] += (disc[..., None] * np.array(tint) * strength * 1.4).astype(np.float32)


def wet(stage: Stage) -> Built:
    """A ground that mirrors: black glass with ripples at night, wet stone by day; the light comes from behind."""
    frame, scheme, rng, hour = stage.frame, stage.scheme, stage.rng, stage.look.hour
    dark = stage.look.late
    tone = stage.pick(scheme.prop, scheme.spark, shaded(scheme.wall, -0.18)) if dark else scheme.wall
    colour = (
        surface(scaled(mix(tone, (0.02, 0.02, 0.025), 0.55), 0.35), 0.012)
        if dark
        else mix(scheme.floor, scheme.prop, 0.55)
    )
    back = 3.4
    glow = scaled(mix(tone, hour.sun, 0.25), 1.0 if dark else 1.6)
    left, right = stage.span(back)
    rows, columns = grid((right - left) / (stage.height(back) + 0.05), 160)
    yy, xx = np.mgrid[0:rows, 0:columns].astype(np.float32)
    middle = (-left + stage.draw(-0.8, 0.8)) / (right - left) * columns
    reach = rows * stage.draw(0.32, 0.85)
    away = np.hypot((xx - middle) / 1.15, yy - rows * 0.78) / reach
    fall = np.exp(-(away**2))[..., None]
    base = scaled(glow, 0.05) if dark else mix(scaled(glow, 0.5), scheme.prop, 0.55)
    view = (np.array(base) + fall * (np.array(glow) - np.array(base))).astype(np.float32)
    drift = haze(stage, 256)
    ripple = np.clip(0.5 + 0.12 * haze(stage, 512, 1.5), 0, 1)[..., None]
    ground: Any
    if stage.look.ground == "stone":
        face = stone(rng, surface(colour, 0.02))
        puddle = np.clip(drift, -1, 1)[..., None]
        ground = rough(
            ripple * 0.8 + 0.1 * np.repeat(np.repeat(puddle, 2, 0), 2, 1),
            (14, 14),
            0.006,
            glossy(texture(face, (9, 9))),
        )
    else:
        ground = rough(
            ripple, (12, 12), stage.draw(0.004, 0.012), glossy(texture(plaster(rng, colour, depth=0.04), (8, 8)))
        )
    edges, front = stage.span(1.7), (1.6 if dark else 2.2) * frame.distance**2
    shapes: dict[str, Any] = {
        "far": shining(stage, back, -0.05, view, 0.5),
        "floor": stage.floor(ground, 0.0, back + 0.02),
        **softbox(
            stage, strength=1.1 if dark else 2.4, size=1.1, around=stage.draw(55, 72), fill=0.05 if dark else 0.4
        ),
        # Both stand outside the picture: seen are their edges of light on what is round, and on the ground.
        **lamp("strip0", (edges[0] - 0.7, 1.7, 1.3), (0, 0.4, 0.4), 0.5, scaled((1, 0.98, 0.95), 7.0)),
        **lamp("strip1", (edges[1] + 0.7, 1.7, 1.3), (0, 0.4, 0.4), 0.5, scaled((0.9, 0.95, 1), 5.0)),
        # Light on the product's front, so that the ground mirrors it as it is seen.
        **spot("front", (0, -frame.distance, frame.lift), (0, 0, 0.5 * frame.product[1]), 9, (front, front, front)),
        **PROPS[stage.look.props](stage, -SINK),
    }
    if not frame.banner:
        shapes.update(_drops(stage, colour))
    return Built(shapes, -frame.distance + 0.6, key=0.62 if dark else None)


def _drops(stage: Stage, colour: Rgb) -> dict[str, Any]:
    """Drops on the ground about the product."""
    shapes: dict[str, Any] = {}
    half = stage.frame.product[0] / 2
    water = glossy(rgb(shaded(colour, 0.02)))
    for k in range(int(stage.rng.integers(18, 42))):
        x, y = float(stage.rng.normal(0, 0.55)), float(stage.rng.uniform(-1.0, 0.3))
        size = float(stage.rng.uniform(0.006, 0.022))
        if abs(x) < half + 0.03 and y > -0.05:
            continue
        shapes[f"drop{k}"] = stage.solid(egg(size * stage.draw(0.9, 1.4), size, size * 0.45), water, at(x, y, 0))
    return shapes
