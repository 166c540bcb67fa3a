"""VITS of transformers: voices of their own that spell by letters, small and quick. `Coloured` makes them clone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from creative.errors import StepRefused
from creative.models.files import ModelError
from workers.speech.alone import Alone, heard
from workers.speech.coqui import config_of
from workers.speech.devices import seeded
from workers.speech.neural import Line, Said


class HfVits(Alone):
    """A `VitsModel` with its tokenizer. Speakers are its numbers, "0", "1" ...; a model of one speaker has none."""

    def __init__(self, folder: Path, device: str) -> None:
        """Raises ModelError for a folder that is no VITS, or one spelled by a program that is not here."""
        from transformers import VitsModel, VitsTokenizer

        from workers.speech.transformers_speech import loaded

        told = _settings(folder)
        if told.get("phonemize", True):
            raise ModelError(
                f"the voice in {folder} is spelled by espeak-ng, which is GPL: choose a voice that spells by letters "
                "(`phonemize: false` in its tokenizer_config.json)"
            )
        if told.get("is_uroman", False):
            raise ModelError(
                f"the voice in {folder} is spelled by uroman, which is not installed: choose another voice"
            )
        self.tokenizer = VitsTokenizer.from_pretrained(folder, local_files_only=True)
        self.model = loaded(VitsModel, folder, device, torch.float32)
        self.device = device
        self.rate = self.hears = int(self.model.config.sampling_rate)

    def say(self, line: Line) -> Said:
        """The read of a line: one pass of a small network."""
        inputs = self.tokenizer(line.piece.text, return_tensors="pt")
        if inputs["input_ids"].shape[1] <= (1 if self.tokenizer.add_blank else 0):
            raise StepRefused(f"this voice has no letter of {line.piece.text[:40]!r}")
        with torch.inference_mode(), seeded(line.seed, self.device):
            made = self.model(**inputs.to(self.device), speaker_id=self._speaker(line.speaker))
        return heard(made.waveform[0])

    def _speaker(self, speaker: str) -> int | None:
        count = int(self.model.config.num_speakers)
        if count <= 1:
            return None
        if speaker.isdecimal() and int(speaker) < count:
            return int(speaker)
        if not speaker:  # a converter gives it its colour
            return 0
        raise StepRefused(f"this voice has no speaker {speaker!r}: it has 0 to {count - 1}")


def _settings(folder: Path) -> dict[str, Any]:
    return config_of(folder, "tokenizer_config.json")
