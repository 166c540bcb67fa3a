"""The studio: a product in a path-traced set in the brand's colours, on the CPU."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused
from workers.backend import OneByOne
from workers.scene import develop, layers, proxy
from workers.scene.calm import calm
from workers.scene.colour import Rgb, linear
from workers.scene.cutout import open_photo
from workers.scene.frame import Frame, frame
from workers.scene.lens import Lens
from workers.scene.look import Hour, look
from workers.scene.scheme import Palette, balanced, scheme
from workers.scene.sets import SETS
from workers.scene.stage import Stage
from workers.scene.tracer import Quality, Traced, fit_scale, trace

QUALITIES = {"final": Quality(0.32, 7, 5, True), "draft": Quality(0.2, 2, 3, False)}


class Studio(OneByOne):
    """Product scenes (kind `scene`). Option `quality`: "final" (as without it) or "draft", small and rough."""

    def make_one(self, task: Task) -> Made:
        """See `creative.steps.KINDS["scene"]`. Raises StepRefused for a cutout or colours that cannot be used."""
        params, seed = task.params, task.seed or 0
        slot = params["product"]
        cutout = open_photo(task.inputs["cutout"]) if slot and "cutout" in task.inputs else None
        aspect = cutout.width / cutout.height if cutout is not None else None
        # Every size of a set is the same set: what it is like is drawn before what depends on the frame.
        prompt = str(params["prompt"])
        rng = np.random.default_rng([seed & 0xFFFFFFFF, seed >> 32, int(params["take"]), zlib.crc32(prompt.encode())])
        mood = look(prompt, rng, cutout is not None)
        colours = scheme(_palette(params["palette"]), tone(cutout), mood.late, rng)
        mood = replace(mood, hour=balanced(mood.hour, colours.wall))
        side = develop.light_side(cutout, rng)
        geometry = frame(params["width"], params["height"], slot, aspect, float(rng.uniform(-1, 1)))
        stage = Stage(geometry, mood, colours, rng, task.scratch, side)
        traced, hour = self._traced(stage, cutout, seed)
        _accept(traced.light)
        ground = develop.picture(traced.light, hour, rng)
        image, parts = layered(ground, traced.away, geometry, cutout, rng)
        meta = {
            "width": geometry.width,
            "height": geometry.height,
            "product": list(geometry.box) if cutout is not None else None,
            "plate": list(parts.box) if parts.box else None,
            "set": mood.set,
            "light": "left" if stage.side < 0 else "right",
            "calm": [list(box) for box in calm(image, geometry.box if cutout is not None else None)],
        }
        return Made(
            {"image": layers.png(image), "meta": json.dumps(meta, sort_keys=True).encode(), **parts.outputs()},
            {
                "set": mood.set,
                "props": mood.props,
                "ground": mood.ground,
                "pattern": mood.gobo,
                "colours": colours.name,
            },
        )

    def _traced(self, stage: Stage, cutout: Image.Image | None, seed: int) -> tuple[Traced, Hour]:
        """The set in linear light, and the hour that it is developed for."""
        geometry = stage.frame
        quality = QUALITIES[str(self.spec.options.get("quality", "final"))]
        quality = fit_scale(quality, geometry.width, geometry.height)
        built = SETS[stage.look.set](stage)
        shapes = dict(built.shapes)
        if cutout is not None:
            shapes["product"] = proxy.shape(cutout, stage, slim=1.5 / (geometry.unit * quality.scale))
        traced = trace(shapes, Lens(geometry, built.near, 0.1, built.aperture), quality, seed, self.threads)
        hour = stage.look.hour
        return traced, hour if built.key is None else replace(hour, key=built.key)


def layered(
    ground: npt.NDArray[np.uint8],
    away: npt.NDArray[np.float32],
    geometry: Frame,
    cutout: Image.Image | None,
    rng: np.random.Generator,
) -> tuple[Image.Image, layers.Layers]:
    """The finished picture, and its layers for a moving camera."""
    width, height, box = geometry.width, geometry.height, geometry.box
    empty = layers.flat((width, height))
    if cutout is None:
        return Image.fromarray(ground), replace(empty, depth=_depth(away, geometry))
    product = develop.fitted(cutout, box)
    ground = develop.grounded(ground, product, box)
    x, y, w, h = place = layers.around(box, width, height)
    hidden = layers.silhouette(product, box, place, 1)
    plate = layers.behind(ground[y : y + h, x : x + w].astype(np.float32), hidden)
    grain = rng.standard_normal((h, w, 1), np.float32) * 1.8
    plate = np.clip(plate + np.where(hidden[..., None], grain, 0) + 0.5, 0, 255).astype(np.uint8)
    ground = ground.copy()
    ground[y : y + h, x : x + w] = plate
    # What hides the set is nearer than the set: its silhouette, a little larger, in the distances' own pixels.
    scale = away.shape[1] / width
    small = (max(round(width * scale), 1), max(round(height * scale), 1))
    covered = Image.fromarray(layers.silhouette(product, box, (0, 0, width, height), 3).astype(np.uint8) * 255)
    gone = np.asarray(covered.resize(small, Image.Resampling.BOX)) > 0
    away = layers.behind(away[..., None], gone)[..., 0]
    made = layers.Layers(layers.png(Image.fromarray(plate)), layers.png(product), _depth(away, geometry), place)
    return develop.lay_over(ground, product, box), made


def _depth(away: npt.NDArray[np.float32], geometry: Frame) -> bytes:
    """The depth map, a quarter of the picture's size."""
    values = Image.fromarray(layers.depth_map(away, geometry.distance))
    size = (max(geometry.width // 4, 1), max(geometry.height // 4, 1))
    return layers.png(values.resize(size, Image.Resampling.BOX))


def _palette(colours: Any) -> Palette:
    try:
        return Palette(linear(colours["ground"]), linear(colours["second"]), linear(colours["accent"]))
    except (KeyError, ValueError, TypeError) as error:
        raise StepRefused(f"the brand's colours cannot be used for a set: {error}") from error


def tone(cutout: Image.Image | None) -> Rgb | None:
    """The product's mean colour."""
    if cutout is None:
        return None
    small = np.asarray(cutout.resize((48, 48), Image.Resampling.BOX)).astype(np.float64)
    weight = small[..., 3] / 255
    red, green, blue = (float((small[..., k] * weight).sum() / max(weight.sum(), 1e-3)) for k in range(3))
    return linear(f"#{round(red):02x}{round(green):02x}{round(blue):02x}")


def _accept(light: npt.NDArray[np.float32]) -> None:
    if not np.isfinite(light).all():
        raise AttemptRefused("the traced picture has holes (NaN)")
    grey = light @ develop.WEIGHTS
    if float(grey.mean()) < 1e-3:
        raise AttemptRefused("the traced picture is black")
    if float(grey.std()) < 0.01 * float(grey.mean()):
        raise AttemptRefused("the traced picture is flat")
