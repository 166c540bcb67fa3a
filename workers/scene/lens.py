"""The camera of a frame: a level, shifted lens, at any resolution, for all of a picture or a band of its rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from workers.scene.frame import Frame
from workers.scene.material import Transform

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lens:
    """`near`: y before which nothing is seen. `focus`: y of the sharp plane. `aperture`: radius in units; 0 is a pinhole."""

    frame: Frame
    near: float
    focus: float
    aperture: float

    def size(self, scale: float) -> tuple[int, int]:
        """Width and height of a traced picture, without its margin."""
        return max(round(self.frame.width * scale), 8), max(round(self.frame.height * scale), 8)

    def blur(self, away: Floats) -> Floats:
        """The diameter in px of the finished picture that a point so far away (units; 0: infinitely) is spread over."""
        plane = self.frame.distance + self.focus
        share = np.where(away > 1e-3, np.abs(away - plane) / np.maximum(away, 1e-3), 1.0)
        result: Floats = (2 * self.aperture * share * self.frame.unit).astype(np.float32)
        return result

    def sensor(self, scale: float, samples: int, sharp: bool = False, rows: tuple[int, int] | None = None) -> Any:
        """The sensor at a scale, with a margin of one px all around. `rows` (first, end) of that size, or all."""
        frame = self.frame
        width, height = self.size(scale)
        unit = frame.unit * width / frame.width
        half_x, half_y, off_x, off_y = self._axis(scale)
        first, end = rows or (0, height)
        lens: dict[str, Any] = {"type": "perspective"}
        if self.aperture > 0 and not sharp:
            lens = {
                "type": "thinlens",
                "aperture_radius": self.aperture,
                "focus_distance": frame.distance + self.focus,
            }
        return {
            **lens,
            "fov": 2 * math.degrees(math.atan(half_x / (unit * frame.distance))),
            "fov_axis": "x",
            "near_clip": frame.distance + self.near,
            "far_clip": 1000.0,
            "to_world": Transform().look_at(
                origin=[0, -frame.distance, frame.lift], target=[0, 0, frame.lift], up=[0, 0, 1]
            ),
            "film": {
                "type": "hdrfilm",
                "width": 2 * half_x,
                "height": 2 * half_y,
                "crop_width": width + 2,
                "crop_height": end - first + 2,
                "crop_offset_x": round(off_x) - 1,
                "crop_offset_y": round(off_y) - 1 + first,
                "rfilter": {"type": "box"},
            },
            "sampler": {"type": "independent", "sample_count": samples},
        }

    def enlarge(self, plane: Floats, scale: float, how: Image.Resampling) -> Floats:
        """A traced (h, w) picture with its margin, at the finished picture's size and place."""
        width, height = self.size(scale)
        _, _, off_x, off_y = self._axis(scale)
        # Whole pixels of the film never fall on whole pixels of the picture: the rest is made good here.
        left, top = 1 + off_x - round(off_x), 1 + off_y - round(off_y)
        box = (left, top, left + width, top + height)
        image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
        return np.asarray(image.resize((self.frame.width, self.frame.height), how, box=box))

    def shrink(self, plane: Floats, scale: float) -> Floats:
        """The way back of `enlarge`: a full-size (h, w) plane as the traced picture's pixels see it, margin included."""
        width, height = self.size(scale)
        _, _, off_x, off_y = self._axis(scale)
        left, top = off_x - round(off_x) + 1, off_y - round(off_y) + 1
        step_x, step_y = self.frame.width / width, self.frame.height / height
        pad = math.ceil(2.5 * max(step_x, step_y))
        padded = Image.fromarray(np.pad(plane, pad, mode="edge"))
        box = (
            pad - left * step_x,
            pad - top * step_y,
            pad + (width + 2 - left) * step_x,
            pad + (height + 2 - top) * step_y,
        )
        return np.asarray(padded.resize((width + 2, height + 2), Image.Resampling.BOX, box=box))

    def _axis(self, scale: float) -> tuple[int, int, float, float]:
        """Half the film's width and height in px, and the picture's place on it."""
        frame = self.frame
        width, height = self.size(scale)
        unit = frame.unit * width / frame.width
        axis_x, axis_y = frame.centre * width / frame.width, frame.foot * height / frame.height - frame.lift * unit
        half_x = math.ceil(max(axis_x, width - axis_x)) + 3
        half_y = math.ceil(max(abs(axis_y), abs(height - axis_y))) + 3
        return half_x, half_y, half_x - axis_x, half_y - axis_y
