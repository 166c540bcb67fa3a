"""Photos of made-up products for example briefs: what stands there is path-traced with the camera of the sets, as a cut-out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import drjit
import mitsuba
import numpy as np
from PIL import Image

from workers.scene.denoise import denoise
from workers.scene.material import Transform, rgb

Place = tuple[float, float, float]

_DISTANCE = 7.0
_LIFT = _DISTANCE * math.tan(math.radians(11))
"""The camera's distance, and how far it is above the ground: it looks down by as much as that of the sets."""


def soft_box(place: Place, aim: Place, wide: float, high: float, light: float, tint: Place) -> dict[str, Any]:
    """A soft box at a place, turned to an aim."""
    view = Transform().look_at(origin=list(place), target=list(aim), up=[0, 0, 1])
    return {
        "type": "rectangle",
        "to_world": view.scale([wide / 2, high / 2, 1]),
        "emitter": {"type": "area", "radiance": rgb((tint[0] * light, tint[1] * light, tint[2] * light))},
    }


def photographed(
    shapes: Mapping[str, Any],
    high: int,
    aspect: float,
    room: float,
    below: float,
    samples: int,
    bounces: int,
    exposure: float,
) -> Image.Image:
    """What `shapes` (things and lights, one unit high) look like: RGBA, straight alpha, trimmed, about `high` px high.

    `aspect`: width by height of what is looked at; `room`: units that `high` px are, `below`: units of it under the ground.
    """
    unit = high / room
    width = round(unit * aspect)
    half_y = math.ceil(_LIFT * unit + high)
    scene = mitsuba.load_dict(
        {
            "type": "scene",
            "sensor": {
                "type": "perspective",
                "fov": 2 * math.degrees(math.atan(width / 2 / (unit * _DISTANCE))),
                "fov_axis": "x",
                "to_world": Transform().look_at(origin=[0, -_DISTANCE, _LIFT], target=[0, 0, _LIFT], up=[0, 0, 1]),
                "film": {
                    "type": "hdrfilm",
                    "pixel_format": "rgba",
                    "width": width,
                    "height": 2 * half_y,
                    "crop_width": width,
                    "crop_height": high,
                    "crop_offset_x": 0,
                    "crop_offset_y": half_y + round(_LIFT * unit) - high + round(below * unit),
                    "rfilter": {"type": "box"},
                },
                "sampler": {"type": "multijitter", "sample_count": samples},
            },
            **shapes,
        }
    )
    picture = _rendered(scene, {"type": "path", "max_depth": bounces, "hide_emitters": True}, 1)
    guides = _rendered(scene, {"type": "aov", "aovs": "alb:albedo,nn:sh_normal"}, 1, 9)
    alpha = np.clip(picture[..., 3:4], 0, 1)
    # Divided before it is denoised: at the rim, light and coverage come from the same samples, so the colour is exact.
    colour, albedo, normal = (
        plane / np.maximum(alpha, 0.01) for plane in (picture[..., :3], guides[..., -6:-3], guides[..., -3:])
    )
    clean = denoise(np.minimum(colour, 12), np.clip(albedo, 0, 1), np.clip(normal, -1, 1), drjit.thread_count())
    light = np.maximum(clean, 0) * exposure
    shoulder = np.where(light < 0.62, light, 0.62 + 0.38 * (1 - np.exp(-(light - 0.62) / 0.38)))
    screen = np.where(shoulder <= 0.0031308, 12.92 * shoulder, 1.055 * np.maximum(shoulder, 1e-8) ** (1 / 2.4) - 0.055)
    dither = np.random.default_rng(1).random(screen.shape, np.float32)
    pixels = np.concatenate([np.clip(screen * 255 + dither, 0, 255), alpha * 255 + 0.5], axis=-1)
    result = Image.fromarray(pixels.astype(np.uint8))
    return result.crop(result.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox())


def _rendered(scene: Any, integrator: dict[str, Any], seed: int, samples: int = 0) -> Any:
    """One picture, (h, w, channels); `samples` a pixel, or the sensor's own number. Blocks of one size: the same bytes always."""
    how = mitsuba.load_dict({**integrator, "block_size": 32})
    options: dict[str, Any] = {"integrator": how, "seed": seed, "spp": samples}
    return np.array(mitsuba.render(scene, **options), dtype=np.float32)
