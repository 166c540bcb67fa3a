"""Bark (Suno; MIT) of transformers: text to meaning, meaning to sound, in thirteen languages. Expressive, slow, and of a voice
that it chooses itself, unless a preset or a converter gives it one.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from creative.errors import StepRefused
from creative.models.files import ModelError
from workers.speech.alone import Alone, heard
from workers.speech.devices import seeded
from workers.speech.neural import Line, Said

PRESETS = "speaker_embeddings/v2"
_PARTS = ("semantic", "coarse", "fine")
_MOST = 180
"""Characters at once: it says about fourteen seconds, and breaks off then."""
_LEAST = 8  # tokens of meaning: fewer are no sound


class Bark(Alone):
    """A `BarkModel` with its tokenizer. Speakers are presets in the model's folder: "en_speaker_6"."""

    def __init__(self, folder: Path, device: str, dtype: torch.dtype) -> None:
        """Raises ModelError for a folder that is no Bark."""
        from transformers import AutoTokenizer, BarkModel

        from workers.speech.transformers_speech import loaded

        try:
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise ModelError(f"{folder} lacks Bark's tokenizer: pull the model again") from error
        self.model = loaded(BarkModel, folder, device, dtype)
        self.folder, self.device = folder, device
        how = self.model.generation_config
        self.meaning = _told(how.semantic_config)
        self.rate = self.hears = int(how.sample_rate)

    def most(self, locale: str) -> int:
        """Characters at once."""
        del locale
        return _MOST

    def say(self, line: Line) -> Said:
        """The read of a line: meaning, then sound."""
        longest = int(self.meaning["max_input_semantic_length"])
        words = self.tokenizer(
            line.piece.text, padding="max_length", max_length=longest, truncation=True, add_special_tokens=False,
            return_attention_mask=True, return_token_type_ids=False, return_tensors="pt",
        ).to(self.device)  # fmt: skip
        tokens = min(
            int(self.meaning["max_new_tokens"]), math.ceil(line.seconds * float(self.meaning["semantic_rate_hz"]))
        )
        with torch.inference_mode(), seeded(line.seed, self.device):
            made = self.model.generate(
                **words,
                history_prompt=self._preset(line.speaker),
                semantic_max_new_tokens=max(_LEAST, tokens),
                semantic_min_new_tokens=_LEAST,
            )
        return heard(made[0])

    def _preset(self, speaker: str) -> dict[str, torch.Tensor] | None:
        """What a speaker said before, as the model goes on from it; None for a voice of the model's choice."""
        from safetensors.torch import load_file

        if not speaker:  # a converter gives it its colour
            return None
        files = {part: self.folder / PRESETS / f"{speaker}_{part}_prompt.safetensors" for part in _PARTS}
        if not speaker.replace("_", "").isalnum() or not all(file.is_file() for file in files.values()):
            there = sorted(
                file.name.removesuffix("_fine_prompt.safetensors") for file in self.folder.glob(f"{PRESETS}/*_fine_*")
            )
            raise StepRefused(f"this voice has no speaker {speaker!r}: it has {', '.join(there[:20]) or 'none'}")
        return {
            f"{part}_prompt": next(iter(load_file(file).values())).long().to(self.device)
            for part, file in files.items()
        }


def _told(config: Any) -> dict[str, Any]:
    return dict(config) if isinstance(config, dict) else dict(config.to_dict())
