"""Clips by a trained film model: the set of a scene moves; the product is laid before it by the film that shows it.

The film begins with the scene's own picture, without its product, where the model can be given one; the camera is told to
stand still. It stays as large as the model makes it, and shows all of the scene: whoever composes a film moves a camera over
it and lays the product's layer over every frame, with its own pixels, as over a scene that stands still. A model makes few
seconds at its own rate: what is longer is stretched a little, beyond that the film goes forth and back, which slow light and
air bear.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused, UsageError
from workers.backend import OneByOne
from workers.clip.clip import Track
from workers.generate.accept import Accepting, Pixels
from workers.generate.batching import is_out_of_memory
from workers.generate.conditioning import Encoder, joined
from workers.generate.images import noise_seed, told_by
from workers.generate.painting import Painter, Seen
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import recipe_of
from workers.generate.shapes import Shape, shape
from workers.scene import develop, layers
from workers.scene.frame import Box
from workers.scene.library import shadowed
from workers.sound.wav import frames_of, wav_bytes

_RATE = 48_000
_STRETCH = 1.25
"""How much slower than it was made a film may be shown before it goes back instead."""


@dataclass(frozen=True, slots=True)
class Set:
    """A scene: the set `bare` of its product, and the product's layer in its box, px. `side`: -1 if light comes from the
    left, 1 from the right."""

    bare: Image.Image
    product: Image.Image | None
    box: Box
    side: float


class DiffusersVideo(OneByOne):
    """Kind `clip`: see `creative.steps.KINDS`. Options: `workers.generate.recipe.Recipe`."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        """Nothing is loaded yet. Raises UsageError for a row that cannot be meant."""
        super().__init__(spec, threads)
        self.recipe = recipe_of(spec)
        if not self.recipe.frames:
            raise UsageError(f"the row {spec.name} of the catalogue does not say frames: {{most, step, plus, fps}}")
        self._pipes: Pipelines | None = None
        self._accepting = Accepting()

    def close(self) -> None:
        """Give the card's memory back; the next call loads again."""
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None

    def make_one(self, task: Task) -> Made:
        """Raises StepRefused for a scene that cannot be used, AttemptRefused for a film that is none, UsageError for a card
        that is too small, ModelError for weights that are not here."""
        params = task.params
        fps, count = int(params["fps"]), int(params["frames"])
        stage = _stage(task)
        form = shape(stage.bare.size, self.recipe.sizes, None)
        made = self.length(count / fps)
        told = told_by(task)
        seen = self._filmed(task, told, stage, form, made)
        self._accepting.film(seen.pixels, seen.finite, _wish(task, told))
        path = task.scratch / "clip.mp4"
        film = _framed(seen.pixels, form)
        if not self.recipe.first:
            film = _shaded(film, stage)
        size = (film.shape[2], film.shape[1])
        picture = film[0]
        with Track(path, *size, fps) as track:
            for picture in _frames(film, count, fps, self.recipe.frames["fps"]):
                track.add(picture)
        meta = {"width": size[0], "height": size[1], "product": None, "set": "painted", "sound": False}
        return Made(
            {
                "picture": path,
                "audio": wav_bytes(np.zeros((frames_of(int(params["ms"])), 2), np.float32), _RATE),
                "image": layers.png(Image.fromarray(picture)),
                "meta": json.dumps(meta, sort_keys=True).encode(),
            },
            {
                "prompt": told["prompt"],
                "negative": told["negative"],
                "made": f"{form.name}, {made} frames of {self.recipe.frames['fps']} a second",
                "steps": self.recipe.steps,
                "way": "from the scene's picture" if self.recipe.first else "from words",
            },
        )

    def length(self, seconds: float) -> int:
        """How many frames the model makes for that many seconds."""
        rule = self.recipe.frames
        wanted = math.ceil(seconds * rule["fps"])
        steps = max(math.ceil((wanted - rule["plus"]) / rule["step"]), 1)
        most = (rule["most"] - rule["plus"]) // rule["step"]
        return min(steps, most) * rule["step"] + rule["plus"]

    def _load(self) -> Pipelines:
        if self._pipes is None:
            self._pipes = Pipelines(self.spec, self.recipe, self.recipe.first)
            self._encoder = Encoder(self._pipes.words, self.recipe.guidance > 1, self.recipe.prompt_tokens)
            self._painter = Painter(self._pipes)
        return self._pipes

    def _filmed(self, task: Task, told: dict[str, str], stage: Set, form: Shape, frames: int) -> Seen:
        import torch

        pipes, recipe = self._load(), self.recipe
        asked: dict[str, Any] = joined([self._encoder(told["prompt"], told["negative"])], pipes.device)
        asked |= {
            "height": form.made[1],
            "width": form.made[0],
            "num_frames": frames,
            "num_inference_steps": recipe.steps,
            "guidance_scale": recipe.guidance,
        }
        if type(pipes.words).__name__.startswith("LTX"):
            asked["frame_rate"] = recipe.frames["fps"]
        if pipes.other is not None:
            small = stage.bare.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
            asked["image"] = form.lay(stage.bare, small)
        for frugal in (False, True):
            if frugal:
                self._painter.release()
                pipes.offload()
            asked["generator"] = [torch.Generator("cpu").manual_seed(noise_seed(task))]
            try:
                return self._painter.whole(pipes.other or pipes.words, asked)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
        raise UsageError(
            f"{self.spec.name} does not fit into the memory of {pipes.card()}: {frames} frames of {form.name} are too many, even "
            "with what is idle moved out: take a larger card, or another row of the catalogue"
        )


def _wish(task: Task, told: dict[str, str]) -> str:
    said = [told, noise_seed(task), dict(task.params), task.digests.get("image", task.key)]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _stage(task: Task) -> Set:
    """The step's scene, without its product. Raises StepRefused for one that is damaged."""
    try:
        image = Image.open(task.inputs["image"]).convert("RGB")
        meta = json.loads(task.inputs["meta"].read_bytes())
        product, plate = meta["product"], meta["plate"]
        layer = Image.open(task.inputs["layer"]).convert("RGBA") if product and plate else None
        if plate and layer is not None:
            image.paste(Image.open(task.inputs["plate"]).convert("RGB"), tuple(plate[:2]))
        x, y, w, h = product if layer is not None else (0, 0, 1, 1)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StepRefused(f"the scene of this film cannot be read: {error}") from error
    return Set(image, layer, (x, y, w, h), -1.0 if meta.get("light") == "left" else 1.0)


def times(count: int, fps: int, made: int, rate: int) -> Iterator[float]:
    """For each of `count` frames at `fps`, its place (0 to made - 1) among `made` frames of `rate` a second."""
    last = made - 1
    needed, there = count / fps, made / rate
    if there < needed <= there * _STRETCH:
        yield from (last * number / max(count - 1, 1) for number in range(count))
        return
    for number in range(count):
        place = number / fps * rate % (2 * last) if last else 0.0  # forth and back
        yield min(place if place <= last else 2 * last - place, float(last))


def _framed(film: Pixels, form: Shape) -> Pixels:
    """What of a film's frames (n, h, w, 3) is the scene, with even sides, as codecs want them; at least 16 px."""
    x, y, w, h = form.crop
    wide, high = max(w // 2 * 2, 16), max(h // 2 * 2, 16)
    return film[:, y : y + high, x : x + wide]


def _shaded(film: Pixels, stage: Set) -> Pixels:
    """The frames of a film that was made from words, with the shadow that the product throws on them."""
    if stage.product is None:
        return film
    high, wide = film.shape[1:3]
    scale = wide / stage.bare.width
    x, y, w, h = (round(value * scale) for value in stage.box)
    box = (x, y, max(w, 1), max(h, 1))
    product = develop.fitted(stage.product, box)
    white = shadowed(Image.new("RGB", (wide, high), (255, 255, 255)), product, box, stage.side)
    shade = develop.grounded(np.asarray(white), product, box)[..., :1].astype(np.uint16)
    return np.stack([((frame * shade + 127) // 255).astype(np.uint8) for frame in film])


def _frames(film: Pixels, count: int, fps: int, rate: int) -> Iterator[Pixels]:
    """The clip's frames (h, w, 3): between two of the film's both are seen."""
    for place in times(count, fps, len(film), rate):
        before, share = int(place), round((place - int(place)) * 256)
        after = min(before + 1, len(film) - 1)
        if 2 < share < 254:
            mixed = film[before] * np.uint16(256 - share)
            mixed += film[after] * np.uint16(share)
            mixed += 128
            yield (mixed >> 8).astype(np.uint8)
        else:
            yield np.ascontiguousarray(film[after if share > 128 else before])


__all__: Sequence[str] = ["DiffusersVideo", "times"]
