"""Scenes by a trained picture model: the product's surroundings are painted, the product keeps its own pixels.

One class for every picture model of diffusers: which classes of the library, sizes, steps and precision are data of the
row (`workers.generate.recipe`). A batch is made in the model's own sizes, few of them; what is drawn depends on the
step's seed alone, whoever else is in the batch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepError, StepRefused, UsageError
from creative.scratch import own_folder
from workers.generate.accept import Accepting, Pixels
from workers.generate.batching import Fitting, OutOfMemory, in_batches
from workers.generate.compose import composed
from workers.generate.conditioning import Encoded, Encoder, joined, length
from workers.generate.painting import Painter, Seen
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import recipe_of
from workers.generate.shapes import Shape, shape
from workers.scene import layers
from workers.scene.calm import calm
from workers.scene.cutout import open_photo
from workers.scene.frame import Frame, frame
from workers.scene.studio import light_side

_AUTO = ("AutoPipelineForText2Image", "AutoPipelineForInpainting")


@dataclass(frozen=True, slots=True)
class Job:
    """One step, ready to be painted. `around`: the product is there while it is painted."""

    task: Task
    geometry: Frame
    cutout: Image.Image | None
    shape: Shape
    prompt: Mapping[str, str]
    encoded: Encoded
    around: bool
    seed: int

    @property
    def group(self) -> tuple[str, bool, int]:
        """Steps that can be painted together."""
        return self.shape.name, self.around, length(self.encoded)

    @property
    def wish(self) -> str:
        """All that decides what is painted."""
        said = [
            self.prompt,
            self.seed,
            self.shape.name,
            self.shape.crop,
            self.task.digests.get("cutout", self.task.key),
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


class DiffusersImage:
    """Kind `scene`: see `creative.steps.KINDS`. Options: `workers.generate.recipe.Recipe`."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        """Nothing is loaded yet. Raises UsageError for a row that cannot be meant."""
        self.spec, self.threads = spec, threads
        self.recipe = recipe_of(spec)
        self._pipes: Pipelines | None = None
        self._accepting = Accepting()

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """See `creative.backends.Backend`. Raises ModelError for weights that are not here, UsageError without its device."""
        self._load()
        results: dict[int, Made | Exception] = {}
        groups: dict[tuple[str, bool, int], list[tuple[int, Job]]] = {}
        for number, task in enumerate(tasks):
            try:
                job = self._job(task)
            except StepError as refusal:
                results[number] = refusal
            else:
                groups.setdefault(job.group, []).append((number, job))
        # What a picture becomes is worked out and packed beside the painting of the next ones.
        with ThreadPoolExecutor(max(1, min(self.threads, 4))) as pool:
            waiting: list[tuple[int, Future[Made]]] = []
            for group in groups.values():
                for (number, job), seen in zip(group, self._painted([job for _, job in group]), strict=True):
                    waiting.append((number, pool.submit(self._made, job, seen)))
            for number, future in waiting:
                try:
                    results[number] = future.result()
                except StepError as refusal:
                    results[number] = refusal
        return [results[number] for number in range(len(tasks))]

    def close(self) -> None:
        """Give the card's memory back; the next call loads again."""
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None

    def _load(self) -> Pipelines:
        if self._pipes is None:
            self._pipes = Pipelines(self.spec, self.recipe, self.recipe.inpaint, _AUTO)
            guided = self.recipe.guidance > (0 if type(self._pipes.words).__name__.startswith("ZImage") else 1)
            self._encoder = Encoder(self._pipes.words, guided, self.recipe.prompt_tokens)
            self._painter = Painter(self._pipes)
            file = own_folder() / "batches.json" if self._pipes.device.type == "cuda" else None
            self._fitting = Fitting(file, self._pipes.card(), f"{self.recipe.weights} {self.spec.revision}")
        return self._pipes

    def _job(self, task: Task) -> Job:
        params = task.params
        slot = params["product"]
        cutout = open_photo(task.inputs["cutout"]) if slot and "cutout" in task.inputs else None
        aspect = cutout.width / cutout.height if cutout is not None else None
        geometry = frame(params["width"], params["height"], slot, aspect)
        form = shape((geometry.width, geometry.height), self.recipe.sizes, slot if cutout is not None else None)
        told = told_by(task)
        around = cutout is not None and self._load().other is not None and told["way"] == "with_product"
        return Job(
            task, geometry, cutout, form, told, self._encoder(told["prompt"], told["negative"]), around,
            noise_seed(task),
        )  # fmt: skip

    def _painted(self, jobs: Sequence[Job]) -> Iterator[Seen]:
        name = f"{jobs[0].shape.name}{' around' if jobs[0].around else ''}"
        pipes = self._load()
        try:
            painted = in_batches(jobs, self._paint, self._fitting, name, self._painter.release)
        except OutOfMemory:
            pipes.offload()  # slower, with a fraction of the memory
            try:
                painted = in_batches(jobs, self._paint, self._fitting, f"{name} offloaded", self._painter.release)
            except OutOfMemory as error:
                raise UsageError(
                    f"{self.spec.name} does not fit into the memory of {pipes.card()}, not even one picture of {name} at a "
                    f"time with what is idle moved out ({error}): take a larger card, or another row of the catalogue"
                ) from error
        for one in painted:
            yield one()

    def _paint(self, jobs: Sequence[Job]) -> Sequence[Any]:
        """One batch through the model: for each job a function that gives its pixels as soon as they are there."""
        import torch

        pipes, recipe = self._load(), self.recipe
        wide, high = jobs[0].shape.made
        asked: dict[str, Any] = joined([job.encoded for job in jobs], pipes.device)
        asked |= {
            "height": high,
            "width": wide,
            "num_inference_steps": recipe.steps,
            "guidance_scale": recipe.guidance,
            # On the CPU, one a picture: the same noise on every card, and in every batch.
            "generator": [torch.Generator("cpu").manual_seed(job.seed) for job in jobs],
        }
        if not jobs[0].around:
            return self._painter.paint(pipes.words, asked, len(jobs))
        drafts = [_draft(job) for job in jobs]
        asked |= {
            "image": [draft for draft, _ in drafts],
            "mask_image": [mask for _, mask in drafts],
            "strength": recipe.strength,
        }
        return self._painter.paint(pipes.other, asked, len(jobs))

    def _made(self, job: Job, seen: Seen) -> Made:
        self._accepting.picture(seen.pixels, seen.finite, job.wish)
        geometry = job.geometry
        ground = job.shape.cut(Image.fromarray(seen.pixels))
        side = 0.0
        notes: dict[str, Any] = {
            "prompt": job.prompt["prompt"],
            "negative": job.prompt["negative"],
            "made": job.shape.name,
            "steps": self.recipe.steps,
            "way": "around the product" if job.around else "surroundings" if job.cutout is not None else "no product",
        }
        if job.cutout is None:
            image, parts = ground, layers.flat(ground.size)
        else:
            side = light_side(job.cutout, np.random.default_rng(job.seed))
            done = composed(ground, job.cutout, geometry.box, side, painted=job.around)
            image, parts = done.image, done.parts
            notes["product_px_unchanged"] = done.unchanged
        meta = {
            "width": geometry.width,
            "height": geometry.height,
            "product": list(geometry.box) if job.cutout is not None else None,
            "plate": list(parts.box) if parts.box else None,
            "set": "painted",
            "light": ("left" if side < 0 else "right") if side else None,
            "calm": [list(box) for box in calm(image, geometry.box if job.cutout is not None else None)],
        }
        outputs = {"image": layers.png(image), "meta": json.dumps(meta, sort_keys=True).encode(), **parts.outputs()}
        return Made(outputs, notes)


def told_by(task: Task) -> dict[str, str]:
    """What the model is told: the step's document, or its scene words alone. Raises StepRefused for none that can be read."""
    if "prompt" not in task.inputs:
        return {"prompt": str(task.params.get("prompt", "")), "negative": "", "way": "surroundings"}
    try:
        said = json.loads(task.inputs["prompt"].read_bytes())
        return {key: str(said[key]) for key in ("prompt", "negative", "way")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StepRefused("the step's prompt is no document that this version can read: plan again") from error


def noise_seed(task: Task) -> int:
    """The seed of a step's noise, of 63 bits: by its seed and take, and by nothing of where or with whom it is made."""
    said = f"{task.seed or 0} {task.params.get('take', 0)}"
    return int(hashlib.sha256(said.encode()).hexdigest()[:16], 16) >> 1


def _draft(job: Job) -> tuple[Image.Image, Image.Image]:
    """The product on an even ground, as large as the model paints, and the mask: white is to be painted."""
    assert job.cutout is not None
    geometry = job.geometry
    colour = str(job.task.params["palette"]["ground"])
    canvas = Image.new("RGB", (geometry.width, geometry.height), colour)
    product = job.cutout.resize(geometry.box[2:], Image.Resampling.LANCZOS)
    canvas.paste(product.convert("RGB"), geometry.box[:2], product.getchannel("A"))
    mask = Image.new("L", canvas.size, 255)
    mask.paste(0, geometry.box[:2], product.getchannel("A").point(lambda alpha: 255 if alpha > 200 else 0))
    laid = job.shape.lay(mask, 255).point(lambda value: 255 if value > 127 else 0)
    return job.shape.lay(canvas, colour), laid


__all__ = ["DiffusersImage", "Job", "Pixels", "noise_seed", "told_by"]
