"""Chatterbox (Resemble AI; MIT): clones a voice from seconds of it. Its package pins other versions of torch and transformers
than this farm has, so that it is installed nowhere here: Ray makes each worker of this backend an environment of its own, with
pip, as the row says (`runtime_env`). Everything around the model is the farm's: this module is imported in that environment.

Its sound has its makers' watermark. It is an example too: a backend of another clashing library is its `Engine`, and a row.
"""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path
from typing import Any

from creative.errors import AttemptRefused, UsageError
from creative.models.files import ModelError
from workers.generate.batching import is_out_of_memory
from workers.models.weights import weights
from workers.sound.wav import Samples, wav_bytes
from workers.speech.alone import Alone, heard
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
        except Exception as error:  # foreign code: its packages' too, such as one that another version took a part from
            raise ModelError(
                f"{folder} cannot be loaded as Chatterbox ({type(error).__name__}: {' '.join(str(error).split())[:300]}): pull the "
                "model again; if that changes nothing, the row's `runtime_env` brings packages that do not go together"
            ) from error
        return _Engine(model, device)


class _Engine(Alone):
    """The library's model, one line at a time: it has no batches."""

    def __init__(self, model: Any, device: str) -> None:
        self.model, self.device = model, device
        self.rate = self.hears = int(model.sr)

    def voice(self, sound: Samples) -> Any:
        """What the model makes of a recording; it reads files only."""
        with tempfile.TemporaryDirectory() as folder, seeded(0, self.device):
            file = Path(folder) / "reference.wav"
            file.write_bytes(wav_bytes(sound, self.hears))
            self.model.prepare_conditionals(str(file), exaggeration=_EXAGGERATION)
        made, self.model.conds = self.model.conds, None
        return made

    def say(self, line: Line) -> Said:
        """The read of a line. Raises AttemptRefused where the model ended before it began: the library has no sound then."""
        self.model.conds = line.voice
        try:
            with seeded(line.seed, self.device):
                return heard(self.model.generate(line.piece.text, exaggeration=_EXAGGERATION))
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            raise AttemptRefused(f"the model made no sound of it ({' '.join(str(error).split())[:200]})") from error
