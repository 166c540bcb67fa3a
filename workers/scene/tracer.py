"""The path tracer (Mitsuba 3, scalar) and the denoiser (Open Image Denoise) behind one function.

Box filter, and albedo and normal beside the picture, are what makes eight samples enough. Blocks of a fixed size, each
with its own seed, give the same bytes whatever the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import drjit
import mitsuba as mitsuba_module
import numpy as np
import numpy.typing as npt
import pyoidn

from workers.scene.colour import Rgb
from workers.scene.frame import Frame
from workers.scene.solid import Solid

mitsuba: Any = mitsuba_module  # its types are those of whichever variant was built first
mitsuba.set_variant("scalar_rgb")  # the llvm variants need a system library, and fail with LLVM 15
mitsuba.set_log_level(mitsuba.LogLevel.Error)

Transform: Any = mitsuba.ScalarTransform4f
Shapes = Mapping[str, Any]
Floats = npt.NDArray[np.float32]

GUIDE_SAMPLES = 4
BLOCK = 32


def at(x: float, y: float, z: float) -> Any:
    """A transform that moves."""
    return Transform().translate([x, y, z])


def rgb(colour: Rgb) -> dict[str, Any]:
    """A constant colour or radiance."""
    return {"type": "rgb", "value": [float(c) for c in colour]}


def texture(values: npt.NDArray[Any], times: tuple[float, float] = (1, 1), plain: bool = False) -> dict[str, Any]:
    """An array as a texture, its first row at v = 1: float32 is linear, uint8 is sRGB. `plain`: figures, not colours."""
    bitmap = mitsuba.Bitmap(np.ascontiguousarray(values[::-1]))
    return {
        "type": "bitmap",
        "bitmap": bitmap,
        "raw": plain or values.dtype != np.uint8,
        "wrap_mode": "mirror",
        "to_uv": Transform().scale([times[0], times[1], 1]),
    }


def matt(colour: Any) -> dict[str, Any]:
    """A diffuse surface seen from both sides."""
    return {"type": "twosided", "b": {"type": "diffuse", "reflectance": colour}}


def satin(colour: Any, alpha: float = 0.2) -> dict[str, Any]:
    """Paint, oiled wood, glazed clay: colour under a thin clear layer of the given roughness."""
    return {
        "type": "twosided",
        "b": {"type": "roughplastic", "diffuse_reflectance": colour, "alpha": alpha, "nonlinear": True},
    }


def metal(name: str, alpha: float = 0.15) -> dict[str, Any]:
    """A metal of the tracer's table ("Au", "Cr", "Cu") of the given roughness."""
    return {"type": "twosided", "b": {"type": "roughconductor", "material": name, "alpha": alpha}}


def mesh(solid: Solid, path: Path, bsdf: Any, to_world: Any = None) -> dict[str, Any]:
    """A solid as a shape; its file is written to `path`."""
    solid.write(path)
    shape: dict[str, Any] = {"type": "ply", "filename": str(path), "bsdf": bsdf}
    if to_world is not None:
        shape["to_world"] = to_world
    return shape


def camera(
    frame: Frame, width: int, height: int, samples: int, aperture: float, near: float, focus: float
) -> dict[str, Any]:
    """The shifted lens of `frame` as a crop of a larger film whose middle is the optical axis.

    `near`: y before which nothing is seen. `focus`: y of the sharp plane. `aperture`: radius in units; 0 is a pinhole.
    """
    scale = width / frame.width
    unit = frame.unit * scale
    axis_x, axis_y = frame.centre * scale, frame.foot * scale - frame.lift * unit
    half_x = math.ceil(max(axis_x, width - axis_x)) + 1
    half_y = math.ceil(max(abs(axis_y), abs(height - axis_y))) + 1
    lens: dict[str, Any] = {"type": "perspective"}
    if aperture > 0:
        lens = {"type": "thinlens", "aperture_radius": aperture, "focus_distance": frame.distance + focus}
    return {
        **lens,
        "fov": 2 * math.degrees(math.atan(half_x / (unit * frame.distance))),
        "fov_axis": "x",
        "near_clip": frame.distance + near,
        "far_clip": 1000.0,
        "to_world": Transform().look_at(
            origin=[0, -frame.distance, frame.lift], target=[0, 0, frame.lift], up=[0, 0, 1]
        ),
        "film": {
            "type": "hdrfilm",
            "width": 2 * half_x,
            "height": 2 * half_y,
            "crop_width": width,
            "crop_height": height,
            "crop_offset_x": round(half_x - axis_x),
            "crop_offset_y": round(half_y - axis_y),
            "rfilter": {"type": "box"},
        },
        "sampler": {"type": "independent", "sample_count": samples},
    }


def trace(
    shapes: Shapes, sensor: Mapping[str, Any], seed: int, threads: int, bounces: int = 6
) -> tuple[Floats, Floats]:
    """Render and denoise: (h, w, 3) linear light, and (h, w) distances along the camera's axis, 0 where nothing is."""
    drjit.set_thread_count(max(threads, 1))
    scene = mitsuba.load_dict({"type": "scene", "sensor": dict(sensor), **shapes})
    colour = render(scene, {"type": "path", "max_depth": bounces, "rr_depth": 4}, seed)
    guides = render(
        scene, {"type": "aov", "aovs": "alb:albedo,nn:sh_normal,at:position,far:depth"}, seed, GUIDE_SAMPLES
    )
    # A path that meets the sun in a mirror is far brighter than all its neighbours: the denoiser would leave a spot.
    light = denoise(np.minimum(colour, np.float32(12)), np.clip(guides[..., :3], 0, 1), guides[..., 3:6], threads)
    eye = float(np.array(sensor["to_world"].matrix)[1, 3])
    return light, np.where(guides[..., 9] > 0, guides[..., 7] - eye, 0).astype(np.float32)


def render(scene: Any, integrator: Mapping[str, Any], seed: int, samples: int = 0) -> Floats:
    """One picture: (h, w, channels); `samples` a pixel, or the sensor's own number.

    Albedo and normals take more time than light, and need fewer samples: hence pictures of their own.
    """
    how = mitsuba.load_dict({**integrator, "block_size": BLOCK})
    return np.array(mitsuba.render(scene, integrator=how, seed=seed & 0x7FFFFFFF, spp=samples), dtype=np.float32)


def denoise(colour: Floats, albedo: Floats, normal: Floats, threads: int) -> Floats:
    """Open Image Denoise with its own number of threads (the package's one-call form takes all cores).

    Albedo and normal are cleaned first: out of focus they are noisy too, and edges would come out ragged.
    """
    with pyoidn.Device(pyoidn.OIDN_DEVICE_TYPE_CPU) as device:
        device.set_int("numThreads", max(threads, 1))
        device.set_bool("setAffinity", False)
        device.commit()
        guides = {
            name: _filtered(device, {name: plane}, pyoidn.OIDN_QUALITY_FAST)
            for name, plane in ((pyoidn.OIDN_IMAGE_ALBEDO, albedo), (pyoidn.OIDN_IMAGE_NORMAL, normal))
        }
        result = _filtered(
            device, {pyoidn.OIDN_IMAGE_COLOR: colour, **guides}, pyoidn.OIDN_QUALITY_HIGH, hdr=True, cleanAux=True
        )
        error = device.get_error()
    if error is not None:
        raise RuntimeError(f"Open Image Denoise: {error}")
    return result


def _filtered(device: Any, planes: Mapping[str, Floats], quality: int, **settings: bool) -> Floats:
    held = {name: np.ascontiguousarray(plane, np.float32) for name, plane in planes.items()}
    result: Floats = np.zeros(next(iter(held.values())).shape, np.float32)
    with pyoidn.Filter(device, pyoidn.OIDN_FILTER_TYPE_RT) as filter_:
        for name, plane in {**held, pyoidn.OIDN_IMAGE_OUTPUT: result}.items():
            filter_.set_image(name, plane, pyoidn.OIDN_FORMAT_FLOAT3)
        filter_.set_quality(quality)
        for name, value in settings.items():
            filter_.set_bool(name, value)
        filter_.commit()
        filter_.execute()
    return result
