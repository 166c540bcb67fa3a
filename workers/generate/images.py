"""Scenes by a trained picture model: the product's surroundings are painted, the product keeps its own pixels.

One class for every picture model of diffusers: which classes of the library, sizes, steps and precision are data of the
row (`workers.generate.recipe`). A batch is made in the model's own sizes, few of them; what is drawn depends on the
step's seed alone, whoever else is in the batch.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepError, StepRefused, UsageError
from creative.scratch import own_folder
from workers.generate.accept import Accepting, Pixels
from workers.generate.batching import Fitting, OutOfMemory, in_batches
from workers.generate.conditioning import Encoded, Encoder, guidance, joined, length
from workers.generate.drafts import as_latents
from workers.generate.packing import Packing, Painted, photo
from workers.generate.painting import Painter, Seen
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import recipe_of
from workers.generate.shapes import Shape, shape
from workers.scene.frame import Frame, frame

_AUTO = ("AutoPipelineForText2Image", "AutoPipelineForInpainting")


@dataclass(frozen=True, slots=True)
class Draft:
    """One step: what is to be painted, before anything is asked of the model. `cutout`: the product's photo, freed.

    `canvas`: where it is painted around the product, what it is painted on, and the mask.
    """

    task: Task
    geometry: Frame
    cutout: Path | None
    shape: Shape
    prompt: Mapping[str, str]
    seed: int
    canvas: tuple[Image.Image, Image.Image] | None


@dataclass(frozen=True, slots=True)
class Job:
    """One step, ready to be painted."""

    draft: Draft
    encoded: Encoded
    against: str = ""
    """The negative prompt, as far as the model hears it."""

    @property
    def around(self) -> bool:
        """Whether the product is there while it is painted."""
        return self.draft.canvas is not None

    @property
    def group(self) -> tuple[str, bool, int]:
        """Steps that can be painted together."""
        return self.draft.shape.name, self.around, length(self.encoded)

    @property
    def wish(self) -> str:
        """All that decides what is painted."""
        draft = self.draft
        product = draft.task.digests.get("cutout", draft.task.key)
        said = [draft.prompt, draft.seed, draft.shape.name, draft.shape.crop, product]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


class DiffusersImage:
    """Kind `scene`: see `creative.steps.KINDS`. Options: `workers.generate.recipe.Recipe`."""

    at_once = True

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        """Nothing is loaded yet. Raises UsageError for a row that cannot be meant."""
        self.spec, self.threads = spec, threads
        self.recipe = recipe_of(spec)
        self._pipes: Pipelines | None = None
        self._accepting = Accepting()
        # One thread does all that touches the card: what is compiled or captured as a graph belongs to its thread.
        self._card = ThreadPoolExecutor(1, "card")
        self._packing = Packing(threads if spec.resources.gpu else 1)

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """See `creative.backends.Backend`. Raises ModelError for weights that are not here, UsageError without its device.

        Several calls at once are one after another on the card, and beside each other in all else.
        """
        results: dict[int, Made | Exception] = {}
        drafts: list[tuple[int, Draft]] = []
        for number, task in enumerate(tasks):
            try:
                drafts.append((number, self._drafted(task)))
            except StepError as refusal:
                results[number] = refusal
        waiting: list[tuple[int, Future[Made]]] = []
        for number, job, seen in self._card.submit(self._begun, drafts).result() if drafts else ():
            try:
                waiting.append((number, self._packing.submit(self._accepted(job, seen()))))
            except StepError as refusal:
                results[number] = refusal
        for number, packing in waiting:
            try:
                results[number] = packing.result()
            except StepError as refusal:
                results[number] = refusal
            except BrokenProcessPool as error:
                raise OSError(
                    errno.ENOMEM, "a process that packs pictures was ended, as when memory is short"
                ) from error
        return [results[number] for number in range(len(tasks))]

    def close(self) -> None:
        """Give the card's memory back; the next call loads again."""
        self._card.submit(self._unload).result()
        self._packing.close()

    def _unload(self) -> None:
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None
            del self._encoder, self._painter

    def _load(self) -> Pipelines:
        if self._pipes is None:
            self._packing.start()
            self._pipes = Pipelines(self.spec, self.recipe, self.recipe.inpaint, _AUTO, soon=True)
            guided = self.recipe.guidance > (0 if type(self._pipes.words).__name__.startswith("ZImage") else 1)
            self._encoder = Encoder(self._pipes.words, guided, self.recipe.prompt_tokens)
            self._hears_negative = self._encoder.hears_negative
            self._painter = Painter(self._pipes)
            file = own_folder() / "batches.json" if self._pipes.device.type == "cuda" else None
            self._fitting = Fitting(file, self._pipes.card(), f"{self.recipe.weights} {self.spec.revision}")
        return self._pipes

    def _drafted(self, task: Task) -> Draft:
        params = task.params
        slot = params["product"]
        cutout = task.inputs["cutout"] if slot and "cutout" in task.inputs else None
        opened = photo(cutout) if cutout is not None else None
        aspect = opened.width / opened.height if opened is not None else None
        geometry = frame(params["width"], params["height"], slot, aspect)
        form = shape((geometry.width, geometry.height), self.recipe.sizes, slot if cutout is not None else None)
        told, canvas = told_by(task), None
        if opened is not None and self.recipe.inpaint and told["way"] == "with_product":
            canvas = _canvas(opened, geometry, form, str(params["palette"]["ground"]))
        return Draft(task, geometry, cutout, form, told, noise_seed(task), canvas)

    def _begun(self, drafts: Sequence[tuple[int, Draft]]) -> list[tuple[int, Job, Callable[[], Seen]]]:
        """All that the card has to do for a batch, begun: each step with a function that waits for its picture."""
        begun = []
        if self._pipes is not None:
            self._pipes.quicken()
        for group in self._told(drafts):
            painted = self._painted([job for _, job in group])
            begun += [(number, job, seen) for (number, job), seen in zip(group, painted, strict=True)]
        return begun

    def _told(self, drafts: Sequence[tuple[int, Draft]]) -> list[list[tuple[int, Job]]]:
        """Steps that can be painted together, with what the model's encoders make of their words."""
        if self._load().device.type == "cuda":  # elsewhere it saves nothing, and each is the same to the last bit alone
            self._encoder.prepare((draft.prompt["prompt"], draft.prompt["negative"]) for _, draft in drafts)
        groups: dict[tuple[str, bool, int], list[tuple[int, Job]]] = {}
        for number, draft in drafts:
            told = draft.prompt
            against = told["negative"] if self._hears_negative else ""
            job = Job(draft, self._encoder(told["prompt"], told["negative"]), against)
            groups.setdefault(job.group, []).append((number, job))
        return list(groups.values())

    def _painted(self, jobs: Sequence[Job]) -> list[Callable[[], Seen]]:
        name = f"{jobs[0].draft.shape.name}{' around' if jobs[0].around else ''}"
        pipes = self._load()
        try:
            painted = in_batches(jobs, self._paint, self._fitting, name, self._painter.release, pipes.counts)
        except OutOfMemory:
            pipes.offload()  # slower, with a fraction of the memory
            try:
                painted = in_batches(
                    jobs, self._paint, self._fitting, f"{name} offloaded", self._painter.release, pipes.counts
                )
            except OutOfMemory as error:
                raise UsageError(
                    f"{self.spec.name} does not fit into the memory of {pipes.card()}, not even one picture of {name} at a "
                    f"time with what is idle moved out ({error}): take a larger card, or another row of the catalogue"
                ) from error
        return painted

    def _paint(self, jobs: Sequence[Job]) -> Sequence[Any]:
        """One batch through the model: for each job a function that gives its pixels as soon as they are there."""
        import torch

        pipes, recipe = self._load(), self.recipe
        wide, high = jobs[0].draft.shape.made
        asked: dict[str, Any] = joined([job.encoded for job in jobs], pipes.device)
        asked |= {
            "height": high,
            "width": wide,
            "num_inference_steps": recipe.steps,
            **guidance(pipes.words, recipe.guidance),
            # On the CPU, one a picture: the same noise on every card, and in every batch.
            "generator": [torch.Generator("cpu").manual_seed(job.draft.seed) for job in jobs],
        }
        canvases = [job.draft.canvas for job in jobs if job.draft.canvas is not None]
        if not canvases:
            return self._painter.paint(pipes.words, asked, len(jobs))
        latents = None if pipes.offloaded else as_latents(pipes.other, [one for one, _ in canvases], asked["generator"])
        asked |= {
            "image": [canvas for canvas, _ in canvases] if latents is None else latents,
            "mask_image": [mask for _, mask in canvases],
            "strength": recipe.strength,
        }
        return self._painter.paint(pipes.other, asked, len(jobs))

    def _accepted(self, job: Job, seen: Seen) -> Painted:
        if seen.pixels.ndim == 4:  # a coder of films gives a picture as a film of one frame
            seen = replace(seen, pixels=seen.pixels[0])
        self._accepting.picture(seen.pixels, seen.finite, job.wish)
        draft = job.draft
        way = "around the product" if job.around else "surroundings" if draft.cutout is not None else "no product"
        notes = {
            "prompt": draft.prompt["prompt"],
            "negative": job.against,
            "made": draft.shape.name,
            "steps": self.recipe.steps,
            "way": way,
        }
        return Painted(seen.pixels, draft.shape, draft.geometry, draft.cutout, draft.seed, job.around, notes)


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


def _canvas(cutout: Image.Image, geometry: Frame, form: Shape, colour: str) -> tuple[Image.Image, Image.Image]:
    """The product on an even ground, as large as the model paints, and the mask: white is to be painted."""
    canvas = Image.new("RGB", (geometry.width, geometry.height), colour)
    product = cutout.resize(geometry.box[2:], Image.Resampling.LANCZOS)
    canvas.paste(product.convert("RGB"), geometry.box[:2], product.getchannel("A"))
    mask = Image.new("L", canvas.size, 255)
    mask.paste(0, geometry.box[:2], product.getchannel("A").point(lambda alpha: 255 if alpha > 200 else 0))
    laid = form.lay(mask, 255).point(lambda value: 255 if value > 127 else 0)
    return form.lay(canvas, colour), laid


__all__ = ["DiffusersImage", "Job", "Pixels", "noise_seed", "told_by"]
