"""From shapes to a picture in linear light: light is traced small, colours are drawn at full size.

What costs is light: many paths a pixel. It is smooth, and most of a set is out of focus, so it is traced at a part of the
size, and denoised. Where the set is sharp, colours are drawn again at full
size (a picture of colours only costs a fiftieth of one with light), and what the small picture lacks of them is put back: grain, veins
and edges are as fine as the product's own pixels.

Box filter, and a picture of colours beside the noisy one, are what makes a few samples enough. Blocks of a fixed size,
each with its own seed, give the same bytes whatever the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import drjit
import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.scene.denoise import denoise
from workers.scene.lens import Lens
from workers.scene.material import Shapes, colour_of, mitsuba, rgb

Floats = npt.NDArray[np.float32]

BLOCK = 32
GUIDE_SAMPLES = 4
SHARP_SAMPLES = 2
BRIGHTEST = 12.0
"""A path that meets the sun in a mirror is far brighter than its neighbours: the denoiser would leave a spot."""
GLOSS = 0.06  # added to colours before light is divided by them: what a clear coat reflects, whatever is under it


@dataclass(frozen=True, slots=True)
class Quality:
    """`scale`: of the traced light by the finished picture. `samples` a pixel, `bounces` of a path. `sharp`: whether
    colours are drawn again at full size."""

    scale: float
    samples: int
    bounces: int
    sharp: bool


@dataclass(frozen=True, slots=True)
class Traced:
    """`light`: (h, w, 3) linear, at the finished size. `away`: (h', w') distances along the camera's axis in units, about
    a quarter of that size, 0 where nothing is."""

    light: Floats
    away: Floats


def trace(shapes: Shapes, lens: Lens, quality: Quality, seed: int, threads: int) -> Traced:
    """Trace, denoise and enlarge."""
    drjit.set_thread_count(max(threads, 1))
    scale = quality.scale
    # Optimized or in parallel, shapes and with them lights come in an order of chance: the bytes would differ.
    scene = mitsuba.load_dict({"type": "scene", **shared(shapes)}, parallel=False, optimize=False)
    flat = mitsuba.load_dict({"type": "scene", **flattened(shapes)}, parallel=False, optimize=False)
    path = {"type": "path", "max_depth": quality.bounces, "rr_depth": 3}
    colour = _render(scene, lens.sensor(scale, quality.samples), path, seed)[..., :3]
    seen = _render(flat, lens.sensor(scale, GUIDE_SAMPLES), _COLOURS, seed)[..., :3]
    coarse = min(0.2, scale)
    places = _render(scene, lens.sensor(coarse, 1, sharp=True), _PLACES, seed)
    away = np.where(places[..., 3] > 0, places[..., 1] + lens.frame.distance, 0).astype(np.float32)
    seen = _calmed(seen, lens, scale, away, 3)
    light = denoise(np.minimum(colour, np.float32(BRIGHTEST)), np.clip(seen, 0, 1), None, threads)
    light = _calmed(light, lens, scale, away, 2)
    # Far beyond white, a lamp only rings where it is enlarged.
    light = np.minimum(light, 3 * max(float(np.quantile(light, 0.97)), 0.05)).astype(np.float32)
    full = (
        _sharpened(light, seen, flat, lens, scale, away, coarse, seed)
        if quality.sharp
        else _enlarged(light, lens, scale)
    )
    return Traced(full, away[1:-1, 1:-1])


_COLOURS = {"type": "path", "max_depth": 1}
_PLACES = {"type": "aov", "aovs": "at:position,far:depth"}


def shared(shapes: Shapes) -> Shapes:
    """The shapes with every surface defined once, and meant by its name after that: to build one takes 25 ms."""
    found: dict[int, str] = {}
    surfaces: dict[str, Any] = {}
    bodies: dict[str, Any] = {}
    for name, shape in shapes.items():
        if "bsdf" not in shape:
            bodies[name] = shape
            continue
        skin = found.setdefault(id(shape["bsdf"]), f"skin{len(found)}")
        surfaces[skin] = shape["bsdf"]
        bodies[name] = {**shape, "bsdf": {"type": "ref", "id": skin}}
    return surfaces | bodies


def flattened(shapes: Shapes) -> Shapes:
    """The set as shapes that shine in their own colour: one look at each pixel is a picture of colours, without noise."""
    flat: dict[str, Any] = {}
    for name, shape in shapes.items():
        if "bsdf" in shape:
            shine = {"type": "area", "radiance": colour_of(shape["bsdf"])}
            flat[name] = {key: value for key, value in shape.items() if key != "bsdf"} | {"emitter": shine}
        elif "emitter" in shape:  # a lamp or a backdrop
            flat[name] = {**shape, "emitter": {"type": "area", "radiance": rgb((1.0, 1.0, 1.0))}}
    return flat


def _calmed(seen: Floats, lens: Lens, scale: float, away: Floats, times: int) -> Floats:
    """A small picture without the noise that it has where it is out of focus; the denoiser believes that of colours."""
    size = (seen.shape[1], seen.shape[0])
    blurred = np.asarray(Image.fromarray(_wide(lens.blur(away))).resize(size, Image.Resampling.BILINEAR))
    soft = np.clip(blurred * np.float32(scale) - 1, 0, 1)[..., None]
    even = seen
    for _ in range(times):
        even = _even(np.pad(even, ((1, 1), (1, 1), (0, 0)), mode="edge"))
    result: Floats = seen + (even - seen) * soft
    return result


def _sharpened(
    light: Floats, seen: Floats, flat: Any, lens: Lens, scale: float, away: Floats, coarse: float, seed: int
) -> Floats:
    """The light enlarged, with the set's colours at full size where it is in focus to within the traced pixels.

    `seen`: the colours as the small picture has them.
    """
    step = 1 / scale
    blurred = lens.enlarge(_wide(lens.blur(away)), coarse, Image.Resampling.BILINEAR)
    soft = np.clip((blurred - 0.4 * step) / (0.8 * step), 0, 1)  # 1: as soft as the enlarged light is anyway
    rows = np.flatnonzero((soft < 1).any(axis=1))
    if not len(rows) or step < 1.01:
        return _enlarged(light, lens, scale)
    first, end = int(rows[0]), int(rows[-1]) + 1
    drawn = _even(_render(flat, lens.sensor(1.0, SHARP_SAMPLES, sharp=True, rows=(first, end)), _COLOURS, seed))
    result: Floats = np.empty((*soft.shape, 3), np.float32)
    for k in range(3):
        result[..., k] = lens.enlarge(light[..., k], scale, Image.Resampling.BICUBIC)
        colour = lens.enlarge(seen[..., k], scale, Image.Resampling.BICUBIC).copy()
        sharp = np.clip(drawn[..., k], 0, 1)
        colour[first:end] = sharp + (colour[first:end] - sharp) * soft[first:end]
        low = lens.shrink(colour, scale)
        # What the small picture could not hold of the colours is put back under the light that falls there. That light is
        # taken from a wider neighbourhood: at an edge, a single pixel's share of light and colour says nothing.
        falling = lens.enlarge(
            _wide(light[..., k]) / (_wide(low) + np.float32(GLOSS)), scale, Image.Resampling.BILINEAR
        )
        detail = colour - lens.enlarge(low, scale, Image.Resampling.BICUBIC)
        result[..., k] += falling * detail
    return np.maximum(result, 0)


def _even(drawn: Floats) -> Floats:
    """Without its margin, each pixel with a little of its neighbours: a few samples leave ragged edges."""
    quarter, half = np.float32(0.25), np.float32(0.5)
    rows: Floats = quarter * (drawn[:-2] + drawn[2:]) + half * drawn[1:-1]
    result: Floats = quarter * (rows[:, :-2] + rows[:, 2:]) + half * rows[:, 1:-1]
    return result


def _wide(plane: Floats) -> Floats:
    """The mean of each pixel's neighbourhood."""
    height, width = plane.shape
    small = Image.fromarray(plane).resize((max(width // 3, 1), max(height // 3, 1)), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))


def _enlarged(light: Floats, lens: Lens, scale: float) -> Floats:
    planes = [lens.enlarge(light[..., k], scale, Image.Resampling.BICUBIC) for k in range(3)]
    return np.maximum(np.stack(planes, axis=-1), 0)


def _render(scene: Any, sensor: Mapping[str, Any], integrator: Mapping[str, Any], seed: int) -> Floats:
    """One picture: (h, w, channels)."""
    how = mitsuba.load_dict({**integrator, "block_size": BLOCK})
    camera = mitsuba.load_dict(dict(sensor))
    return np.array(mitsuba.render(scene, sensor=camera, integrator=how, seed=seed & 0x7FFFFFFF), dtype=np.float32)


def fit_scale(quality: Quality, width: int, height: int) -> Quality:
    """Small pictures are traced finer: they cost little, and would look soft."""
    small = math.sqrt(2_000_000 / (width * height))
    factor = min(max(small, 1.0), 1.9)
    return Quality(min(1.0, quality.scale * factor), quality.samples, quality.bounces, quality.sharp)
