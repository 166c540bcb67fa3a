"""What surfaces are made of, for the tracer (Mitsuba 3, scalar): colours, textures, and how they take the light."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mitsuba as mitsuba_module
import numpy as np
import numpy.typing as npt

from workers.scene.colour import Rgb
from workers.scene.solid import Solid

mitsuba: Any = mitsuba_module  # its types are those of whichever variant was built first
mitsuba.set_variant("scalar_rgb")  # the llvm variants need a system library, and fail with LLVM 15
mitsuba.set_log_level(mitsuba.LogLevel.Error)

Transform: Any = mitsuba.ScalarTransform4f
Shapes = Mapping[str, Any]


def at(x: float, y: float, z: float) -> Any:
    """A transform that moves."""
    return Transform().translate([x, y, z])


def rgb(colour: Rgb) -> dict[str, Any]:
    """A constant colour or radiance."""
    return {"type": "rgb", "value": [float(c) for c in colour]}


def texture(
    values: npt.NDArray[Any], times: tuple[float, float] = (1, 1), plain: bool = False, shift: float = 0.0
) -> dict[str, Any]:
    """An array as a texture, its first row at v = 1: float32 is linear, uint8 is sRGB. `plain`: figures, not colours.

    It is mirrored where it ends; `shift`: by how much of itself it is moved first.
    """
    bitmap = mitsuba.Bitmap(np.ascontiguousarray(values[::-1]))
    return {
        "type": "bitmap",
        "bitmap": bitmap,
        "raw": plain or values.dtype != np.uint8,
        "wrap_mode": "mirror",
        "to_uv": Transform().translate([shift, shift, 0]).scale([times[0], times[1], 1]),
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


def glossy(colour: Any) -> dict[str, Any]:
    """Lacquer, wet stone: colour under a smooth clear layer that mirrors."""
    return {
        "type": "twosided",
        "b": {"type": "plastic", "diffuse_reflectance": colour, "int_ior": 1.5, "nonlinear": True},
    }


def metal(name: str, alpha: float = 0.15) -> dict[str, Any]:
    """A metal of the tracer's table ("Au", "Cr", "Cu") of the given roughness."""
    return {"type": "twosided", "b": {"type": "roughconductor", "material": name, "alpha": alpha}}


def rough(heights: npt.NDArray[Any], times: tuple[float, float], scale: float, bsdf: Any) -> dict[str, Any]:
    """A surface with relief: `heights` (h, w, 1), about 0 to 1, `scale` how deep. `bsdf` is what `matt` or `satin` give."""
    inner = bsdf["b"] if bsdf["type"] == "twosided" else bsdf
    return {
        "type": "twosided",
        "b": {"type": "bumpmap", "t": texture(heights, times, plain=True), "scale": scale, "b": inner},
    }


def mesh(solid: Solid, path: Path, bsdf: Any, to_world: Any = None) -> dict[str, Any]:
    """A solid as a shape; its file is written to `path`."""
    solid.write(path)
    shape: dict[str, Any] = {"type": "ply", "filename": str(path), "bsdf": bsdf}
    if to_world is not None:
        shape["to_world"] = to_world
    return shape


def colour_of(bsdf: Any) -> Any:
    """The colour or texture of a surface without its light: what is left of it in a picture of colours only."""
    for name in ("reflectance", "diffuse_reflectance", "base_color"):
        if name in bsdf:
            return bsdf[name]
    inner = next((value for value in bsdf.values() if isinstance(value, dict) and _is_surface(value)), None)
    return colour_of(inner) if inner is not None else rgb((0.7, 0.7, 0.7))


def _is_surface(value: Mapping[str, Any]) -> bool:
    return value.get("type") in {
        "diffuse",
        "roughplastic",
        "plastic",
        "roughconductor",
        "principled",
        "bumpmap",
        "twosided",
    }
