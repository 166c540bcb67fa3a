"""Clips by a trained film model: the set of a scene moves; the product is laid before it by the film that shows it.

The film begins with the scene's own picture, without its product, where the model can be given one; the camera is told to
stand still. It stays as large as the model makes it, and shows all of the scene: whoever composes a film moves a camera over
it and lays the product's layer over every frame, with its own pixels, as over a scene that stands still. A model makes few
seconds at its own rate: what is longer is stretched a little, beyond that the film goes forth and back, which slow light and
air bear.

Films of one form are denoised together, as many as the row says and the card bears. The next batch is begun while the last
one's films are decoded, and these are encoded as they come: the card waits for neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepError, UsageError
from creative.scratch import own_folder
from workers.generate.accept import Accepting
from workers.generate.batching import Fitting, OutOfMemory, in_batches
from workers.generate.conditioning import Encoded, Encoder, joined
from workers.generate.conditioning import length as tokens
from workers.generate.distilled import Renoising
from workers.generate.images import noise_seed, told_by
from workers.generate.painting import Painter, Seen
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import recipe_of
from workers.generate.reels import Reel, filmed, length, stage
from workers.generate.shapes import shape
from workers.scene import layers
from workers.sound.wav import frames_of, wav_bytes

_RATE = 48_000
_ENCODED_AT_ONCE = 3
_COUNTS = (1, 2, 4)
"""Films at once that something may be compiled for: each number is compiled anew, and a card is full of few."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One step, before anything is asked of the model."""

    task: Task
    reel: Reel
    told: dict[str, str]

    @property
    def wish(self) -> str:
        """All that decides what is painted."""
        task = self.task
        said = [self.told, noise_seed(task), dict(task.params), task.digests.get("image", task.key)]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Job:
    """One step, ready to be painted."""

    draft: Draft
    encoded: Encoded

    @property
    def group(self) -> tuple[str, int, int]:
        """Steps that can be painted together."""
        return self.draft.reel.form.name, self.draft.reel.made, tokens(self.encoded)


class DiffusersVideo:
    """Kind `clip`: see `creative.steps.KINDS`. Options: `workers.generate.recipe.Recipe`."""

    at_once = True

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        """Nothing is loaded yet. Raises UsageError for a row that cannot be meant."""
        self.spec, self.threads = spec, threads
        self.recipe = recipe_of(spec)
        if not self.recipe.frames:
            raise UsageError(f"the row {spec.name} of the catalogue does not say frames: {{most, step, plus, fps}}")
        self._pipes: Pipelines | None = None
        self._accepting = Accepting()
        # One thread does all that touches the card: what is compiled or captured as a graph belongs to its thread.
        self._card = ThreadPoolExecutor(1, "card")
        self._encoding = ThreadPoolExecutor(_ENCODED_AT_ONCE if spec.resources.gpu else 1, "encoding")

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """See `creative.backends.Backend`. Of a scene that cannot be used StepRefused, of a film that is none AttemptRefused.

        Raises UsageError for a card that is too small, ModelError for weights that are not here. Several calls at once are one
        after another on the card, and beside each other in all else.
        """
        results: dict[int, Made | Exception] = {}
        drafts: list[tuple[int, Draft]] = []
        for number, task in enumerate(tasks):
            try:
                drafts.append((number, self._drafted(task)))
            except StepError as refusal:
                results[number] = refusal
        waiting: list[tuple[int, Future[Made]]] = []
        try:
            for number, job, parts in self._card.submit(self._begun, drafts).result() if drafts else ():
                waiting.append((number, self._encoding.submit(self._made, job.draft, parts)))
            for number, film in waiting:
                try:
                    results[number] = film.result()
                except StepError as refusal:
                    results[number] = refusal
        finally:
            for _, film in waiting:  # their folders are gone when this returns: none goes on writing
                film.cancel() or film.exception()
        return [results[number] for number in range(len(tasks))]

    def close(self) -> None:
        """Give the card's memory back; the next call loads again."""
        self._card.submit(self._unload).result()

    def _unload(self) -> None:
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None
            del self._encoder, self._painter

    def _load(self) -> Pipelines:
        if self._pipes is None:
            self._pipes = Pipelines(self.spec, self.recipe, self.recipe.first)
            if self.recipe.timesteps:
                for pipe in self._pipes.each():
                    pipe.scheduler = Renoising(self.recipe.timesteps)
            self._encoder = Encoder(self._pipes.words, self.recipe.guidance > 1, self.recipe.prompt_tokens)
            self._painter = Painter(self._pipes)
            file = own_folder() / "batches.json" if self._pipes.device.type == "cuda" else None
            self._fitting = Fitting(file, self._pipes.card(), f"{self.recipe.weights} {self.spec.revision}")
        return self._pipes

    def _drafted(self, task: Task) -> Draft:
        params, rule = task.params, self.recipe.frames
        fps, count = int(params["fps"]), int(params["frames"])
        scene = stage(task)
        form = shape(scene.bare.size, self.recipe.sizes, None)
        reel = Reel(scene, form, length(count / fps, rule), rule["fps"], count, fps, shaded=not self.recipe.first)
        return Draft(task, reel, told_by(task))

    def _begun(self, drafts: Sequence[tuple[int, Draft]]) -> list[tuple[int, Job, Iterator[Seen]]]:
        """All that the card has to do for a batch, begun: each step with its film's parts, which are waited for."""
        if self._load().device.type == "cuda":  # elsewhere it saves nothing, and each is the same to the last bit alone
            self._encoder.prepare((draft.told["prompt"], draft.told["negative"]) for _, draft in drafts)
        groups: dict[tuple[str, int, int], list[tuple[int, Job]]] = {}
        for number, draft in drafts:
            job = Job(draft, self._encoder(draft.told["prompt"], draft.told["negative"]))
            groups.setdefault(job.group, []).append((number, job))
        begun = []
        for group in groups.values():
            films = self._painted([job for _, job in group])
            begun += [(number, job, parts) for (number, job), parts in zip(group, films, strict=True)]
        return begun

    def _painted(self, jobs: Sequence[Job]) -> list[Iterator[Seen]]:
        pipes, reel = self._load(), jobs[0].draft.reel
        # What a network is told of a first picture in a second way is laid out by the library as if there were one film.
        alone = pipes.other is not None and getattr(pipes.denoiser.config, "image_dim", None) is not None
        name = f"{reel.form.name}, {reel.made} frames"
        # The second time nothing else is on the card: the film before may have been decoded there beside the first.
        for way in (name, name, f"{name} offloaded"):
            if way != name:
                pipes.offload()  # slower, with a fraction of the memory
            counts = (1,) if alone else _COUNTS if pipes.counts else ()
            with contextlib.suppress(OutOfMemory):
                return in_batches(jobs, self._paint, self._fitting, way, self._painter.release, counts)
        raise UsageError(
            f"{self.spec.name} does not fit into the memory of {pipes.card()}: {reel.made} frames of {reel.form.name} are too "
            "many, even with what is idle moved out: take a larger card, or another row of the catalogue"
        )

    def _paint(self, jobs: Sequence[Job]) -> Sequence[Iterator[Seen]]:
        """One batch through the model: for each job its film's parts, as they come."""
        import torch

        pipes, recipe = self._load(), self.recipe
        reel, pipe = jobs[0].draft.reel, pipes.other or pipes.words
        asked: dict[str, Any] = joined([job.encoded for job in jobs], pipes.device)
        asked |= {
            "height": reel.form.made[1],
            "width": reel.form.made[0],
            "num_frames": reel.made,
            "num_inference_steps": recipe.steps,
            "guidance_scale": recipe.guidance,
            # On the CPU, one a film: the same noise on every card, and in every batch.
            "generator": [torch.Generator("cpu").manual_seed(noise_seed(job.draft.task)) for job in jobs],
        }
        if recipe.timesteps:
            pipe.scheduler.generators = asked["generator"]
        if type(pipes.words).__name__.startswith("LTX"):
            asked["frame_rate"] = recipe.frames["fps"]
        if pipes.other is None:
            return self._painter.films(pipe, asked, len(jobs))
        asked["image"] = torch.from_numpy(np.stack([_first(job.draft.reel) for job in jobs])).permute(0, 3, 1, 2)
        with _each_its_own(pipe):
            return self._painter.films(pipe, asked, len(jobs))

    def _made(self, draft: Draft, parts: Iterator[Seen]) -> Made:
        """A film's outputs, encoded as it comes."""
        reel, recipe, task = draft.reel, self.recipe, draft.task
        path = task.scratch / "clip.mp4"
        picture = filmed(parts, reel, self._accepting.film(reel.made, draft.wish), path)
        width, height = reel.size
        meta = {"width": width, "height": height, "product": None, "set": "painted", "sound": False}
        return Made(
            {
                "picture": path,
                "audio": wav_bytes(np.zeros((frames_of(int(task.params["ms"])), 2), np.float32), _RATE),
                "image": layers.png(Image.fromarray(picture)),
                "meta": json.dumps(meta, sort_keys=True).encode(),
            },
            {
                "prompt": draft.told["prompt"],
                "negative": draft.told["negative"],
                "made": f"{reel.form.name}, {reel.made} frames of {reel.rate} a second",
                "steps": recipe.steps,
                "way": "from the scene's picture" if recipe.first else "from words",
            },
        )


def _first(reel: Reel) -> Any:
    """A film's first picture as large as the model makes it, (h, w, 3) of 0 to 1; beside the scene its mean colour."""
    bare = reel.stage.bare
    ground = bare.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    return np.asarray(reel.form.lay(bare, ground), np.float32) / 255


@contextlib.contextmanager
def _each_its_own(pipe: Any) -> Iterator[None]:
    """Within it the n-th call of a coder of Wan's encodes the n-th picture.

    Its pipeline has all first pictures of a batch encoded once for each film, and lays all of all before the network: right
    for one, an error for more.
    """
    if not type(pipe).__name__.startswith("WanImageToVideo"):
        yield
        return
    plain, numbers = pipe.vae.encode, itertools.count()

    def encode(pictures: Any, *rest: Any, **named: Any) -> Any:
        number = next(numbers)
        return plain(pictures[number : number + 1], *rest, **named)

    pipe.vae.encode = encode
    try:
        yield
    finally:
        del pipe.vae.encode


__all__: Sequence[str] = ["DiffusersVideo"]
