"""Solids that the tracer's own shapes do not offer: turned and lofted bodies, boxes with soft edges, as PLY files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Solid:
    """A triangle mesh: `points` (n, 3) in units, `uv` (n, 2) with v upwards, `faces` (m, 3). Normals are smooth.

    `around`: points in a row whose last is its first again (the seam of something round); 0 when nothing closes.
    """

    points: Floats
    uv: Floats
    faces: npt.NDArray[np.int32]
    around: int = 0

    def write(self, path: Path) -> Path:
        """Write a binary PLY with normals."""
        normals = _normals(self.points, self.faces, self.around)
        vertices = np.concatenate([self.points, normals, self.uv], axis=1).astype("<f4")
        faces = np.empty(len(self.faces), dtype=[("n", "u1"), ("i", "<i4", 3)])
        faces["n"], faces["i"] = 3, self.faces
        names = "".join(f"property float {name}\n" for name in ("x", "y", "z", "nx", "ny", "nz", "u", "v"))
        head = (
            f"ply\nformat binary_little_endian 1.0\nelement vertex {len(vertices)}\n{names}"
            f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
        )
        path.write_bytes(head.encode() + vertices.tobytes() + faces.tobytes())
        return path


def _normals(points: Floats, faces: npt.NDArray[np.int32], around: int) -> Floats:
    a, b, c = (points[faces[:, k]].astype(np.float64) for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros(points.shape)
    for k in range(3):
        np.add.at(normals, faces[:, k], face)
    if around:
        rows = normals.reshape(-1, around, 3)
        rows[:, 0] = rows[:, -1] = rows[:, 0] + rows[:, -1]
    unit: Floats = (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return unit


def grid_faces(rows: int, columns: int) -> npt.NDArray[np.int32]:
    """Two triangles for each cell of a grid of points, row by row."""
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (row * columns + column).ravel()
    b, c, d = a + 1, a + columns, a + columns + 1
    return np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1)]).astype(np.int32)


def turned(profile: Sequence[tuple[float, float]], segments: int = 96) -> Solid:
    """A body turned about the z axis.

    `profile`: radius and height, from bottom to top; a corner is sharp where its point is given twice. u goes once
    round from the back (x to the right in front), v follows the profile's length.
    """
    radius = np.array([p[0] for p in profile])
    height = np.array([p[1] for p in profile])
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(radius), np.diff(height)))])
    v = length / max(length[-1], 1e-9)
    turn = np.linspace(0, 1, segments + 1)
    angle = 2 * np.pi * turn + np.pi / 2
    points = np.stack(
        [
            radius[:, None] * np.cos(angle),
            radius[:, None] * np.sin(angle),
            np.broadcast_to(height[:, None], (len(radius), segments + 1)),
        ],
        axis=-1,
    )
    uv = np.stack(np.broadcast_arrays(turn[None, :], v[:, None]), axis=-1)
    return Solid(
        points.reshape(-1, 3).astype(np.float32),
        uv.reshape(-1, 2).astype(np.float32),
        grid_faces(len(radius), segments + 1),
        segments + 1,
    )


def drum(radius: float, low: float, high: float, edge: float = 0.02, segments: int = 96) -> Solid:
    """A closed cylinder from `low` to `high` whose edges are rounded by `edge`."""
    bend = np.linspace(0, np.pi / 2, 6)
    profile = [(1e-4, low), (radius - edge, low), (radius - edge, low)]
    profile += [(radius - edge + edge * float(np.sin(t)), low + edge - edge * float(np.cos(t))) for t in bend]
    profile += [(radius - edge + edge * float(np.cos(t)), high - edge + edge * float(np.sin(t))) for t in bend]
    profile += [(radius - edge, high), (1e-4, high)]
    return turned(profile, segments)


def egg(wide: float, deep: float, high: float) -> Solid:
    """An ellipsoid about the origin, by its half axes."""
    bend = np.linspace(-np.pi / 2, np.pi / 2, 13)
    ball = turned([(max(float(np.cos(t)), 1e-4), float(np.sin(t))) for t in bend], 20)
    return Solid(ball.points * np.array([wide, deep, high], np.float32), ball.uv, ball.faces, ball.around)


def tube(bend: float, wide: float, start: float, stop: float) -> Solid:
    """A bent tube in the x-z plane: `bend` its radius of curvature, `wide` its own, from one angle to another (radians)."""
    along = np.linspace(start, stop, 28)[:, None]
    around = np.linspace(0, 2 * np.pi, 17)[None, :]
    radius = bend + wide * np.cos(around)
    across = np.broadcast_to(wide * np.sin(around), (28, 17))
    points = np.stack([radius * np.cos(along), across, radius * np.sin(along)], axis=-1)
    return Solid(points.reshape(-1, 3).astype(np.float32), np.zeros((28 * 17, 2), np.float32), grid_faces(28, 17), 17)


def loop(size: float, wide: float) -> Solid:
    """A loop of ribbon that stands on its knot at the origin."""
    t = np.linspace(0, 2 * np.pi, 40)[:, None]
    band = np.linspace(-0.5, 0.5, 3)[None, :] * wide
    x = np.broadcast_to(size * 0.42 * np.sin(t), (40, 3))
    z = np.broadcast_to(size * 0.5 * (1 - np.cos(t)), (40, 3))
    y = band * (0.35 + 0.65 * np.abs(np.sin(t / 2)))
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    return Solid(points, np.zeros((len(points), 2), np.float32), grid_faces(40, 3))


def lofted(
    centres: Sequence[float],
    halves: Sequence[float],
    heights: Sequence[float],
    deep: float,
    power: float,
    extent: tuple[float, float],
) -> Solid:
    """A body of level sections, for something of which only the outline from the front is known.

    Each section is a superellipse of exponent `power` (2 is round, 6 nearly a box) about its centre, `deep` times as
    deep as wide, all on one axis whose front touches y = 0. UVs are the front view: u over `extent[0]` units about
    x = 0, v over `extent[1]` units from z = 0.
    """
    turn = np.linspace(0, 2 * np.pi, 65)
    cos, sin = np.cos(turn), np.sin(turn)
    across = np.sign(cos) * np.abs(cos) ** (2 / power)
    along = np.sign(sin) * np.abs(sin) ** (2 / power)
    c, a, z = (np.asarray(v, dtype=np.float64)[:, None] for v in (centres, halves, heights))
    axis = float(a.max()) * deep
    points = np.stack(np.broadcast_arrays(c + a * across, axis + a * deep * along, z), axis=-1)
    caps = [np.stack([np.full(65, c[i, 0]), np.full(65, axis), np.full(65, z[i, 0])], axis=-1) for i in (0, -1)]
    points = np.concatenate([caps[0][None], points, caps[1][None]])
    uv = np.stack([points[..., 0] / extent[0] + 0.5, points[..., 2] / extent[1]], axis=-1).clip(0.002, 0.998)
    return Solid(
        points.reshape(-1, 3).astype(np.float32), uv.reshape(-1, 2).astype(np.float32), grid_faces(len(points), 65), 65
    )


def block(size: tuple[float, float, float], edge: float = 0.015) -> Solid:
    """A box centred on the origin with bevelled edges; uv in units along its longer sides."""
    sx, sy, sz = (s / 2 for s in size)
    points: list[tuple[float, float, float]] = []
    uvs: list[tuple[float, float]] = []
    faces: list[tuple[int, int, int]] = []

    def face(corners: Sequence[tuple[float, float, float]], plane: tuple[int, int]) -> None:
        start = len(points)
        points.extend(corners)
        uvs.extend((corner[plane[0]], corner[plane[1]]) for corner in corners)
        faces.extend((start, start + k, start + k + 1) for k in range(1, len(corners) - 1))

    half = (sx, sy, sz)
    for axis in range(3):
        p, q = (axis + 1) % 3, (axis + 2) % 3
        plane = (0, 1) if axis == 2 else (0, 2) if axis == 1 else (1, 2)
        for sign in (1.0, -1.0):
            corners = []
            for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = [0.0, 0.0, 0.0]
                corner[axis], corner[p], corner[q] = sign * half[axis], i * (half[p] - edge), j * (half[q] - edge)
                corners.append((corner[0], corner[1], corner[2]))
            face(corners if sign > 0 else corners[::-1], plane)
    for axis in range(3):  # bevels along each axis
        p, q = (axis + 1) % 3, (axis + 2) % 3
        for i in (-1, 1):
            for j in (-1, 1):
                corners = []
                for along, first in ((-1, True), (1, True), (1, False), (-1, False)):
                    corner = [0.0, 0.0, 0.0]
                    corner[axis] = along * (half[axis] - edge)
                    corner[p] = i * (half[p] if first else half[p] - edge)
                    corner[q] = j * (half[q] - edge if first else half[q])
                    corners.append((corner[0], corner[1], corner[2]))
                face(corners if i * j < 0 else corners[::-1], (axis, p))
    for i in (-1, 1):  # the eight corners
        for j in (-1, 1):
            for k in (-1, 1):
                corners = [
                    (i * sx, j * (sy - edge), k * (sz - edge)),
                    (i * (sx - edge), j * sy, k * (sz - edge)),
                    (i * (sx - edge), j * (sy - edge), k * sz),
                ]
                face(corners if i * j * k > 0 else corners[::-1], (0, 1))
    return Solid(np.array(points, np.float32), np.array(uvs, np.float32), np.array(faces, np.int32))
