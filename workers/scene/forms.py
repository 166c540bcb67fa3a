"""Larger forms of a set: sweeps, draped and rippled grounds, arches, folded paper. All are `Solid`s in units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from workers.scene.solid import Solid, grid_faces

Doubles = npt.NDArray[np.float64]


def sheet(points: Doubles, uv: Doubles | None = None) -> Solid:
    """A grid of points (rows, columns, 3) as a surface; its normals point where columns x rows turn.

    `uv` (rows, columns, 2) in units; without it, x and the length along the columns.
    """
    rows, columns = points.shape[:2]
    if uv is None:
        step = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean(axis=1)
        along = np.concatenate([[0.0], np.cumsum(step)])
        uv = np.stack([points[..., 0], np.broadcast_to(along[:, None], (rows, columns))], axis=-1)
    return Solid(
        points.reshape(-1, 3).astype(np.float32), uv.reshape(-1, 2).astype(np.float32), grid_faces(rows, columns)
    )


def sweep(near: float, back: float, radius: float, top: float, half: float, ground: float = 0.0) -> Solid:
    """A photographer's seamless ground: level from y = `near` to `back`, then bent upwards on `radius`, up to `top`."""
    turn = np.linspace(0, np.pi / 2, 25)
    y = np.concatenate([[near], back - radius + radius * np.sin(turn), [back]])
    z = np.concatenate([[0.0], radius - radius * np.cos(turn), [top]]) + ground
    x = np.linspace(-half, half, 3)
    points = np.stack(np.broadcast_arrays(x[None, :], y[:, None], z[:, None]), axis=-1)
    return sheet(points)


def field(x: Doubles, y: Doubles, z: Doubles) -> Solid:
    """A ground of heights `z` (len(y), len(x)) over x and y, seen from above; uv is x and y."""
    across, along = np.meshgrid(x, y)
    return sheet(np.stack([across, along, z], axis=-1), np.stack([across, along], axis=-1))


def curtain(x: Doubles, z: Doubles, y: Doubles) -> Solid:
    """A hanging cloth: depths `y` (len(z), len(x)) over x and z, seen from the front; uv is x and z."""
    across, up = np.meshgrid(x, z)
    return sheet(np.stack([across, y, up], axis=-1), np.stack([across, up], axis=-1))


def archway(inner: float, outer: float, leg: float, deep: float) -> Solid:
    """A round arch on two legs, its foot at z = 0, its front at y = 0, `deep` to the back; radii inside and outside."""
    turn = np.linspace(np.pi, 0, 49)
    unit = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    feet = np.array([[-1.0, 0.0]]), np.array([[1.0, 0.0]])

    def path(radius: float) -> Doubles:
        body = unit * radius + [0, leg]
        return np.concatenate([feet[0] * radius, body, feet[1] * radius])

    low, high = path(inner), path(outer)

    def at(way: Doubles, y: float) -> Doubles:
        return np.stack([way[:, 0], np.full(len(way), y), way[:, 1]], axis=-1)

    # Faces that meet at an edge have points of their own: normals are smooth within a strip only.
    strips = [
        (at(low, 0), at(high, 0)),
        (at(high, 0), at(high, deep)),
        (at(low, deep), at(low, 0)),
        (at(high, deep), at(low, deep)),
    ]
    return joined([sheet(np.stack(strip)) for strip in strips])


def rosette(radius: float, folds: int, deep: float, hole: float = 0.04) -> Solid:
    """A folded paper rosette, its face towards -y, its middle on the origin: every fold has two flat sides."""
    turn = np.linspace(0, 2 * np.pi, 2 * folds + 1)
    tip = np.where(np.arange(2 * folds + 1) % 2 == 0, 0.0, deep)
    parts = []
    for k in range(2 * folds):
        pair = []
        for n in (k, k + 1):
            way = np.array([np.cos(turn[n]), 0.0, np.sin(turn[n])])
            pair.append(np.stack([way * hole * radius, way * radius + [0, tip[n], 0]]))
        parts.append(sheet(np.stack(pair)))
    return joined(parts)


def joined(parts: Sequence[Solid]) -> Solid:
    """Several solids as one; each keeps its own edges."""
    offsets = np.concatenate([[0], np.cumsum([len(part.points) for part in parts])[:-1]])
    return Solid(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.uv for part in parts]),
        np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)]).astype(np.int32),
    )
