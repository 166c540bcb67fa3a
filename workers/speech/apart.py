"""Chatterbox (Resemble AI; MIT): clones a voice from seconds of it. Its package pins other versions of torch and transformers
than this farm has, so that it is installed nowhere here: Ray makes each worker of this backend an environment of its own, with
pip, as the row says (`runtime_env`). Everything around the model is the farm's: this module is imported in that environment.

Its sound has its makers' watermark. It is an example too: a backend of another clashing library is its `Engine`, and a row.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from creative.errors import UsageError
from creative.models.files import ModelError
from workers.models.weights import weights
from workers.sound.wav import Samples, wav_bytes
from workers.speech.devices import device_of, seeded
from workers.speech.neural import Engine, Line, Neural, Said

_EXAGGERATION = 0.5  # its makers' middle: how lively it reads


class Chatterbox(Neural):
    """Says sentences with Chatterbox. Options: those of `Neural`."""

    def load(self) -> Engine:
        """The engine. Raises UsageError outside its environment, ModelError for files that are not this model's."""
        try:
            library: Any = importlib.import_module("chatterbox.tts")
        except ImportError as error:
            raise UsageError(
                f"{self.spec.name} needs chatterbox-tts in an environment of its own ({error}): run with --runner ray, whose "
                "workers get it from the row's `runtime_env`"
            ) from error
        folder, device = weights(self.spec), device_of(self.spec.options)
        try:
            model = library.ChatterboxTTS.from_local(folder, device)
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            raise ModelError(
                f"{folder} cannot be loaded as Chatterbox ({' '.join(str(error).split())[:300]}): pull the model again"
            ) from error
        return _Engine(model, device)


class _Engine:
    """The library's model, one line at a time: it has no batches."""

    flight = 1

    def __init__(self, model: Any, device: str) -> None:
        self.model, self.device = model, device
        self.rate = self.hears = int(model.sr)

    def voice(self, sound: Samples) -> Any:
        """What the model makes of a recording; it reads files only."""
        with tempfile.TemporaryDirectory() as folder, seeded(0, self.device):
            file = Path(folder) / "reference.wav"
            file.write_bytes(wav_bytes(sound, self.hears))
            self.model.prepare_conditionals(str(file), exaggeration=_EXAGGERATION)
        heard, self.model.conds = self.model.conds, None
        return heard

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line."""
        return [self._read(line) for line in lines]

    def _read(self, line: Line) -> Said:
        self.model.conds = line.voice
        with seeded(line.seed, self.device):
            made = self.model.generate(line.piece.text, exaggeration=_EXAGGERATION)
        return Said(np.asarray(made.flatten().float().cpu().numpy(), np.float32))
