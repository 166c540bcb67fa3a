"""What several sets are made with: skins of grounds, walls, suns with something before them, painted backdrops."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from workers.scene.colour import Rgb, mix, scaled, shaded
from workers.scene.light import GOBOS, Sun
from workers.scene.material import Shapes, matt, rgb, rough, satin, texture
from workers.scene.props import PROPS
from workers.scene.stage import SINK, Stage
from workers.scene.surface import chips, clouds, plaster, relief, stone, wood

WOODS = {"oak": (0.46, 0.27, 0.13), "walnut": (0.15, 0.072, 0.036), "birch": (0.62, 0.45, 0.28)}
GROUNDS = (*WOODS, "stone", "paint", "terrazzo", "limestone", "sand", "tiles", "gloss")
_FLOOR = 40.0  # units over which a floor's uv runs


def skin(stage: Stage, ground: str, colour: Rgb, span: float = _FLOOR) -> Any:
    """The surface of a floor or slab whose uv runs over `span` units."""
    rng = stage.rng
    # What is mirrored must not be seen to be: a slab lies within one width of its texture.
    shift = 0.5 if span == 1.0 else 0.0
    grey = (0.42, 0.42, 0.43)
    if ground in WOODS:
        boards = wood(rng, WOODS[ground], contrast={"oak": 1.0, "walnut": 0.8, "birch": 0.7}[ground])
        return satin(texture(boards, (span / 6.0, span / 6.0), shift=shift), 0.2)
    if ground == "stone":
        return satin(texture(stone(rng, mix(colour, grey, 0.45)), (span / 4.5, span / 4.5), shift=shift), 0.14)
    if ground == "terrazzo":
        return satin(
            texture(chips(rng, shaded(colour, 0.05), _chips(stage)), (span / 2.6, span / 2.6), shift=shift), 0.12
        )
    if ground == "limestone":
        pale = mix(colour, (0.62, 0.55, 0.45), 0.6)
        return rough(
            relief(rng, 512),
            (span / 2.2, span / 2.2),
            0.02,
            matt(texture(stone(rng, pale), (span / 4, span / 4), shift=shift)),
        )
    return satin(texture(plaster(rng, colour, depth=0.03), (span / 5, span / 5), shift=shift), 0.26)


def _chips(stage: Stage) -> list[Rgb]:
    scheme = stage.scheme
    return [
        scheme.prop,
        scheme.spark,
        shaded(scheme.wall, -0.22),
        shaded(scheme.wall, 0.1),
        (0.6, 0.56, 0.5),
        (0.1, 0.09, 0.09),
    ]


def plastered(stage: Stage, y: float, foot: float, colour: Rgb, depth: float = 0.05) -> dict[str, Any]:
    """A wall of trowelled plaster: its relief, lit from the side, is what makes it one."""
    times = stage.times(y, foot, 4.4)
    paint = matt(texture(plaster(stage.rng, colour), times))
    return stage.wall(y, foot, rough(relief(stage.rng), times, depth, paint))


def painted(stage: Stage, y: float, foot: float, colour: Rgb, depth: float = 0.02) -> dict[str, Any]:
    """A smooth wall."""
    return stage.wall(y, foot, matt(texture(plaster(stage.rng, colour, depth=depth), stage.times(y, foot, 6.0))))


def sun(stage: Stage, around: float, drop: float = 0.0) -> Sun:
    """The hour's sun, behind what the camera may see."""
    near = stage.frame.nearest(drop)
    return Sun(stage.look.hour, stage.side, around, (0.0, 0.7, 0.45), min(-4.4, near - 0.5))


def pattern(stage: Stage, light: Sun) -> Shapes:
    """What stands before the sun; a banner is too low for a shadow to be read as one, and has only room for words."""
    return {} if stage.frame.banner else GOBOS[stage.look.gobo](light, stage.rng)


def props(stage: Stage, ground: float = 0.0) -> Shapes:
    """What stands beside the product."""
    return PROPS[stage.look.props](stage, ground - SINK)


def shining(
    stage: Stage, y: float, foot: float, values: npt.NDArray[np.float32], weight: float = 0.15
) -> dict[str, Any]:
    """A painted backdrop (h, w, 3) that shines with its values over all that is seen at `y`, from z = `foot` up.

    `weight`: how often paths look for it by themselves: it fills, it casts no shadow.
    """
    wall = stage.wall(y, foot, None)
    del wall["bsdf"]
    wall["emitter"] = {"type": "area", "radiance": texture(values), "sampling_weight": weight}
    return wall


def grid(ratio: float, rows: int = 420, most: int = 1400) -> tuple[int, int]:
    """Rows and columns of a backdrop of this width by its height: square cells, and not too many of them."""
    rows = max(min(rows, round(most / max(ratio, 0.1))), 24)
    return rows, max(round(rows * ratio), 24)


def gradient(rows: int, columns: int, *stops: tuple[float, Rgb]) -> npt.NDArray[np.float32]:
    """Colours from the upper edge (0) to the lower (1), blended between stops."""
    at = np.linspace(0, 1, rows)
    planes = [np.interp(at, [s for s, _ in stops], [c[k] for _, c in stops]) for k in range(3)]
    column = np.stack(planes, axis=-1)[:, None]
    return np.broadcast_to(column, (rows, columns, 3)).astype(np.float32).copy()


def haze(stage: Stage, side: int, slope: float = 2.2) -> npt.NDArray[np.float32]:
    """Soft clouds of tone, (side, side), mean 0, deviation 1."""
    return clouds(stage.rng, side, slope)


def bright(colour: Rgb, factor: float) -> dict[str, Any]:
    """A radiance in a colour."""
    return rgb(scaled(colour, factor))
