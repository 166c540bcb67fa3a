"""What a film is made of: a task's scene, layout, fonts, logo and words, opened once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from creative.backends import Task
from creative.errors import StepRefused
from workers.compose.canvas import PlacedScene, place_scene
from workers.compose.colour import luminance, mixed, rgb, spelled
from workers.compose.motion import View
from workers.compose.still import read_image, read_json, read_logos
from workers.compose.typeset import Layer, lay_out

Box = tuple[float, float, float, float]
_BRIGHT = 0.3  # mean luminance
_SMALLER = 4  # grounds are sampled at a quarter of the canvas: text is never as fine as that


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption and its frames; `end` exclusive."""

    text: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Material:
    """The inputs of a body or an end card; see `creative.steps.KINDS`."""

    scene: Image.Image
    meta: Mapping[str, Any]
    document: Mapping[str, Any]
    fonts: Mapping[str, Path]
    logos: Mapping[str, Image.Image]
    texts: Mapping[str, str]
    palette: Mapping[str, str]
    locale: str
    direction: str
    fps: int
    frames: int

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height, px."""
        return int(self.document["width"]), int(self.document["height"])

    @property
    def product(self) -> Box | None:
        """The product's box in the scene, px."""
        box = self.meta["product"]
        return None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))

    @property
    def bright(self) -> bool:
        """Whether the scene, as a whole, is a ground for dark words."""
        small = np.asarray(self.scene.reduce(8), np.float64)
        return float(luminance(small).mean()) > _BRIGHT

    @property
    def toned(self) -> Mapping[str, str]:
        """The palette with a text colour that goes with the scene.

        Words that keep to the brand's dark colour on a scene of middling light would need a milky veil, which comes and
        goes with them: in films they are light there, and the veil a shadow.
        """
        text, ground = rgb(self.palette["text"]), rgb(self.palette["ground"])
        light = float(luminance(np.array(text, np.float64))) > _BRIGHT
        if light != self.bright:
            return self.palette
        return {**self.palette, "text": spelled(mixed((0, 0, 0) if self.bright else (255, 255, 255), ground, 0.08))}

    def placed(self, part: str) -> PlacedScene:
        """The scene as a part of the layout wants it."""
        return place_scene(self.scene, self.meta, self.document, part)

    def view(self, part: str) -> View:
        """The same as a view of the scene."""
        lies = self.placed(part)
        width, height = self.canvas
        view = View(lies.scale, (width / 2 - lies.x) / lies.scale, (height / 2 - lies.y) / lies.scale)
        return view.inside(*self.scene.size, self.canvas)

    def layers(self, part: str, texts: Mapping[str, str], ground: Image.Image, logo: bool = True) -> list[Layer]:
        """Lay out `texts` over a ground of the canvas's size."""
        return lay_out(
            self.document,
            texts,
            self.fonts,
            ground,
            self.toned,
            self.locale,
            self.direction,
            logo=self.logos if logo else None,
            part=part,
        )

    def has(self, part: str, role: str) -> bool:
        """Whether a part of the layout has a place for a role."""
        groups = self.document["parts"][part]["groups"]
        return any(item["role"] == role for group in groups for item in group["items"])

    def ground(self, views: Sequence[View]) -> Image.Image:
        """One ground of the canvas's size that is as hard to write on as the worst of all `views`.

        Each small square shows the darkest and the brightest that passes under it, in turns like a chessboard.
        """
        size = (max(1, self.canvas[0] // _SMALLER), max(1, self.canvas[1] // _SMALLER))
        small = self.scene.reduce(2)
        darkest = brightest = self._sample(small, views[0], size)
        dark = bright = _light(darkest)
        for view in views[1:]:
            seen = self._sample(small, view, size)
            light = _light(seen)
            darkest = np.where((light < dark)[..., None], seen, darkest)
            brightest = np.where((light > bright)[..., None], seen, brightest)
            dark, bright = np.minimum(dark, light), np.maximum(bright, light)
        rows, columns = np.indices((size[1], size[0]))
        board = np.where(((rows + columns) % 2 == 0)[..., None], darkest, brightest)
        return Image.fromarray(board).resize(self.canvas, Image.Resampling.NEAREST)

    def _sample(self, small: Image.Image, view: View, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A view, `size` px large, of the scene at half its size."""
        half_w, half_h = self.canvas[0] / view.scale / 2, self.canvas[1] / view.scale / 2
        box = (
            max(0.0, (view.x - half_w) / 2),
            max(0.0, (view.y - half_h) / 2),
            min(float(small.width), (view.x + half_w) / 2),
            min(float(small.height), (view.y + half_h) / 2),
        )
        return np.asarray(small.resize(size, Image.Resampling.BOX, box=box))


def _light(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32)


def open_material(task: Task) -> Material:
    """Open a task's inputs. Raises StepRefused for what cannot be read, or does not fit together."""
    params = task.params
    document = read_json(task.inputs["layout"])
    size = (params["width"], params["height"])
    if (document["width"], document["height"]) != size:
        raise StepRefused(
            f"the layout is for {document['width']}x{document['height']}, the film for {size[0]}x{size[1]}"
        )
    if size[0] % 2 or size[1] % 2:
        raise StepRefused(f"a film of {size[0]}x{size[1]} px is not possible: H.264 wants even sides")
    if params["frames"] < 1 or params["fps"] < 1:
        raise StepRefused("a film needs at least one frame: give the placement seconds and frames a second")
    return Material(
        scene=read_image(task.inputs["scene"]).convert("RGB"),
        meta=read_json(task.inputs["meta"]),
        document=document,
        fonts={role.partition(".")[2]: path for role, path in task.inputs.items() if role.startswith("font.")},
        logos=read_logos(task),
        texts=params["texts"],
        palette=params["palette"],
        locale=params["locale"],
        direction=params["direction"],
        fps=int(params["fps"]),
        frames=int(params["frames"]),
    )


def read_cues(task: Task, frames: int) -> list[Cue]:
    """The captions, in order, one at a time and within the body; those without words or frames are left out."""
    if "cues" not in task.inputs:
        return []
    cues: list[Cue] = []
    for row in sorted(json.loads(task.inputs["cues"].read_bytes()), key=lambda row: int(row["first"])):
        first = max(int(row["first"]), cues[-1].end if cues else 0)
        end = min(int(row["end"]), frames)
        if end > first and row["text"].strip():
            cues.append(Cue(row["text"], first, end))
    return cues
