"""Voices that neural models read: what all of them share, whichever library the model comes from.

A sentence is cut where it is too long for the model, its pieces and those of other sentences are read side by side, each
with a seed of its own, joined, checked, and given times. A subclass brings the engine of its library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from creative.backends import BackendSpec, Made, Task
from creative.canonical import key as canonical_key
from creative.errors import AttemptRefused, StepError, StepRefused, UsageError
from creative.models.files import ModelError
from creative.scratch import own_folder
from creative.voices import characters_per_second
from workers.generate.batching import Fitting, OutOfMemory, in_batches
from workers.models.weights import manifest_of
from workers.sound.wav import Samples
from workers.speech import longtext
from workers.speech.conditioning import Voices, reference, reference_of
from workers.speech.pico import bounds
from workers.speech.reading import Span, accept, longest, outputs, phrases_of, settle, trim
from workers.speech.rehearsed import rehearsed

LOUDEST = 0.7
"""Peak of a read: the level of models wanders, and may leave full scale; the mix sets the programme's."""


@dataclass(frozen=True, slots=True)
class Line:
    """One piece to be read. `voice`: what the engine made of the recording, or None where the speaker is the model's own.

    `seconds`: what a read of it takes at most; an engine stops there.
    """

    piece: longtext.Piece
    locale: str
    speaker: str
    voice: Any
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Said:
    """A read of a line: mono, at the engine's rate; where each of its parts ends (seconds), if the model knows."""

    audio: Samples
    ends: tuple[float, ...] | None = None


class Engine(Protocol):
    """A loaded model. `rate`: Hz of what it says; `hears`: Hz of the recording that `voice` takes; `flight`: how many lines
    it reads side by side at most. One that takes fewer characters at once than others also has `most(locale)`."""

    rate: int
    hears: int
    flight: int

    def voice(self, sound: Samples) -> Any:
        """What the model takes of a recording (mono, at `hears`) to speak like it."""

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line, in order; the same whatever lines are beside it, but for rounding."""


class Neural:
    """Says sentences with a neural model.

    Options: `weights` names the model; `device` auto, cpu or cuda; `dtype` and other switches of speed, see the engine;
    `rehearsal: true` marks a row of random weights, whose reads are noise of any length.
    """

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.spec, self.threads = spec, threads
        self.voices = Voices()
        self.clones = "clone" in spec.facts.get("uses", ())
        self.rehearsal = bool(spec.options.get("rehearsal", False))

    @cached_property
    def engine(self) -> Engine:
        """The model, loaded. Raises ModelError for weights that are missing, not the pinned ones, or of a rehearsal."""
        import torch

        torch.set_num_threads(self.threads)
        for name in self._weights():
            manifest = manifest_of(weights_spec(self.spec, name))
            if manifest.rehearsal and not self.rehearsal:
                raise ModelError(
                    f"the weights of {name} are a rehearsal's: random, and what they say is noise; creative models pull {name} "
                    "brings the real ones"
                )
        return self.load()

    def load(self) -> Engine:
        """The engine of the library."""
        raise NotImplementedError

    def close(self) -> None:
        """Give the card's memory back; the next call loads again."""
        self.__dict__.pop("engine", None)
        self.voices = Voices()
        release()

    def _weights(self) -> list[str]:
        return [str(self.spec.options.get("weights"))]

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """See `creative.backends.Backend`."""
        results: dict[int, Made | Exception] = {}
        lines: list[Line] = []
        counts: dict[int, int] = {}
        for number, task in enumerate(tasks):
            try:
                own = self._lines(task)
            except StepError as refusal:
                results[number] = refusal
                continue
            lines += own
            counts[number] = len(own)
        try:
            said = self._read(lines)
        except StepError as refusal:  # of one line: the others are not to suffer for it
            for number in counts:
                results[number] = refusal if len(counts) == 1 else self.make([tasks[number]])[0]
            return [results[number] for number in range(len(tasks))]
        at = 0
        for number, count in counts.items():
            task, own, heard = tasks[number], lines[at : at + count], said[at : at + count]
            at += count
            try:
                results[number] = self._made(task, own, heard)
            except StepError as refusal:
                results[number] = refusal
        return [results[number] for number in range(len(tasks))]

    def _lines(self, task: Task) -> list[Line]:
        phrases = phrases_of(task.params)
        locale, speaker = str(task.params["locale"]), str(task.params["speaker"])
        self._may_say(locale)
        most = getattr(self.engine, "most", lambda _: longtext.MOST)(locale)
        pieces = longtext.cut(phrases, locale, min(most, longtext.MOST))
        voice = self._voice(task)
        return [
            Line(piece, locale, speaker, voice, line_seed(task.seed or 0, number), longest(piece.text))
            for number, piece in enumerate(pieces)
        ]

    def _may_say(self, locale: str) -> None:
        languages = self.spec.facts.get("languages")
        if languages and locale.partition("-")[0] not in languages and locale not in languages:
            raise StepRefused(f"{self.spec.name} does not speak {locale}: it speaks {', '.join(languages)}")

    def _voice(self, task: Task) -> Any:
        if not self.clones:
            return None
        path, digest = reference_of(task)
        return self.voices.get(digest, lambda: self.engine.voice(reference(path, self.engine.hears)))

    def _read(self, lines: Sequence[Line]) -> list[Said]:
        """Side by side as many as fit; those of like length together, so that none waits for a longer one.

        Raises UsageError where the card does not hold even one.
        """
        order = sorted(range(len(lines)), key=lambda number: (len(lines[number].piece.text), number))
        said: dict[int, Said] = {}
        for start in range(0, len(order), max(1, self.engine.flight)):
            group = order[start : start + max(1, self.engine.flight)]
            wide = 64 * -(-len(lines[group[-1]].piece.text) // 64)
            try:
                read = in_batches(
                    [lines[number] for number in group], self.engine.read, self._fitting, f"{wide} characters", release
                )
            except OutOfMemory as error:
                raise UsageError(
                    f"{self.spec.name} does not fit into the memory here, not even one line at a time ({error}): take a larger "
                    "card, or another row of the catalogue"
                ) from error
            said |= zip(group, read, strict=True)
        return [said[number] for number in range(len(lines))]

    @cached_property
    def _fitting(self) -> Fitting:
        import torch

        card = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
        file = own_folder() / "batches.json" if torch.cuda.is_available() else None
        return Fitting(file, card, f"{self.spec.options.get('weights')} {self.spec.revision}")

    def _made(self, task: Task, lines: Sequence[Line], said: Sequence[Said]) -> Made:
        phrases, rate = phrases_of(task.params), self.engine.rate
        for one in said:
            if not np.isfinite(one.audio).all():
                raise AttemptRefused("the read has samples that are no numbers")
        notes = self._notes(task, lines)
        if self.rehearsal:
            wanted = sum(map(len, phrases)) / characters_per_second(self.spec, str(task.params["locale"]))
            audio, did = rehearsed(np.concatenate([one.audio for one in said]), rate, wanted)
            spans = bounds(audio, [len(phrase) for phrase in phrases], rate)
            return outputs(audio, rate, spans, {**notes, "rehearsal": did, "times": "by the length of each phrase"})
        sounds, parts = zip(
            *(self._trimmed(one, line, rate) for one, line in zip(said, lines, strict=True)), strict=True
        )
        audio, places = longtext.join(sounds, rate, [line.piece.ends for line in lines])
        spans = _of_phrases(len(phrases), lines, parts, places)
        accept(audio, rate, phrases)
        audio = audio * np.float32(LOUDEST / float(np.abs(audio).max()))
        return outputs(audio, rate, settle(audio, rate, spans), notes)

    def _trimmed(self, said: Said, line: Line, rate: int) -> tuple[Samples, list[Span]]:
        """A piece without silence at its ends, and where each of its parts is in it."""
        if said.ends is not None:
            starts = (0.0, *said.ends[:-1])
            return trim(said.audio, rate, list(zip(starts, said.ends, strict=True)))
        audio, _ = trim(said.audio, rate, [])
        return audio, bounds(audio, [len(part) for part in line.piece.parts], rate)

    def _notes(self, task: Task, lines: Sequence[Line]) -> dict[str, Any]:
        notes: dict[str, Any] = {"model": self.spec.model or str(self.spec.options.get("weights"))}
        notes["times"] = "the lengths of phrases, moved to the edges of the pauses"
        if len(lines) > 1:
            notes["pieces"] = len(lines)
        if self.clones:
            notes["cloned_from"] = reference_of(task)[1]
        return notes


def release() -> None:
    """Give back what a batch that did not fit, or a model that is done, has left."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def weights_spec(spec: BackendSpec, name: str) -> BackendSpec:
    """The row as it would be for one of its several models: only its own is pinned by the row's `model`."""
    own = name == spec.options.get("weights")
    return spec if own else replace(spec, model=None, options={**spec.options, "weights": name})


def line_seed(seed: int, number: int) -> int:
    """The seed of a sentence's piece: its own first, then ones derived from it (31 bits)."""
    return seed if number == 0 else int(canonical_key({"seed": seed, "piece": number})[:8], 16) & 0x7FFFFFFF


def _of_phrases(
    count: int, lines: Sequence[Line], parts: Sequence[Sequence[Span]], places: Sequence[Span]
) -> list[Span]:
    """Where each phrase is, from where its parts are in their pieces."""
    found: list[list[Span]] = [[] for _ in range(count)]
    for line, spans, (begin, _) in zip(lines, parts, places, strict=True):
        for number, (start, end) in zip(line.piece.phrases, spans, strict=True):
            found[number].append((begin + start, begin + end))
    return [(spans[0][0], spans[-1][1]) for spans in found]
