"""pocket-tts (Kyutai; MIT code, CC-BY-4.0 weights): a small model that speaks like the recording which it hears first.

The recording is encoded to latents once; each line's latents are then predicted one frame (80 ms) after another, several
lines side by side. A line's noise comes from its own generator and its time is its own, so that neighbours change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from creative.models.files import ModelError
from workers.sound.wav import Samples
from workers.speech.neural import Line, Said

_FLIGHT = {"cpu": 4, "cuda": 64}
_FRAMES = 32
"""The time of a batch is rounded up to so many frames where its cache is static: few shapes, few graphs."""


class Pocket:
    """A loaded pocket-tts with its codec. Options: `flight`, `cache`, `temperature_permille` (the variance of its noise)."""

    def __init__(self, model: Any, processor: Any, device: str, options: Mapping[str, Any]) -> None:
        """`model`: PocketTTSForConditionalGeneration on its device; `processor`: PocketTTSProcessor with its codec there."""
        self.model, self.processor, self.device = model, processor, device
        self.rate = self.hears = int(processor.feature_extractor.sampling_rate)
        self.flight = int(options.get("flight", _FLIGHT[device]))
        self.frames_a_second = float(model.config.frame_rate)
        own = model.generation_config.temperature
        self.temperature = int(options.get("temperature_permille", round(1000 * (own or 0.7)))) / 1000
        self.more: dict[str, Any] = {}
        if device == "cuda" and options.get("cache") == "static":
            self.more["cache_implementation"] = "static"
        self.generators: list[torch.Generator] = []
        self._plain = model.sample_latent
        model.sample_latent = self._sample

    @classmethod
    def load(
        cls, folder: Path, codec: Path | None, device: str, dtype: torch.dtype, options: Mapping[str, Any]
    ) -> Pocket:
        """From a model's folder, and the codec's where it is a model of its own. Raises ModelError."""
        from transformers import PocketTTSAudioTokenizerModel, PocketTTSForConditionalGeneration

        from workers.speech.transformers_speech import loaded

        codec = codec or folder / "audio_tokenizer"
        if not (codec / "config.json").is_file():
            raise ModelError(
                f"{folder} has no audio_tokenizer/: pull pocket-tts' codec, and name it in the row: `codec`"
            )
        sounds = loaded(PocketTTSAudioTokenizerModel, codec, device, torch.float32)
        return cls(
            loaded(PocketTTSForConditionalGeneration, folder, device, dtype), processor(folder, sounds), device, options
        )

    def voice(self, sound: Samples) -> Any:
        """The recording's latents, (frames, latent): what the model hears before it speaks."""
        processor = self.processor
        heard = processor.feature_extractor(sound, sampling_rate=self.rate, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            made = processor.audio_tokenizer.encode(heard["input_values"].float(), heard["padding_mask"])
        return made.latents[0][made.latents_mask[0].bool()].float().cpu()

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line, side by side."""
        prompts = [self._prompt(line) for line in lines]
        voices = [line.voice for line in lines]
        inputs = self.processor(text=prompts, audio_prompt_latents=voices, return_tensors="pt", padding=True).to(
            self.device
        )
        most = [max(1, math.ceil(line.seconds * self.frames_a_second)) for line in lines]
        self.generators = [torch.Generator().manual_seed(line.seed) for line in lines]
        with torch.inference_mode():
            made = self.model.generate(
                **inputs,
                do_sample=True,
                temperature=1.0,
                max_new_tokens=self._rounded(max(most)),
                return_dict_in_generate=True,
                **self.more,
            )
            mask = made.audio_latents_mask.clone()
            for row, frames in enumerate(most):  # a neighbour's time is not this line's
                mask[row, frames:] = 0
            sounds = self.processor.decode(made.audio_latents.float(), mask)
        return [Said(np.asarray(sound.numpy(), np.float32)) for sound in sounds]

    def _prompt(self, line: Line) -> str:
        said = [{"type": "audio"}, {"type": "text", "text": line.piece.text}]
        return str(self.processor.apply_chat_template([{"role": "user", "content": said}], tokenize=False))

    def _rounded(self, frames: int) -> int:
        return -(-frames // _FRAMES) * _FRAMES if self.more else frames

    def _sample(self, condition: torch.Tensor, noise: torch.Tensor, num_flow_steps: int) -> torch.Tensor:
        """The next frame of every line, from its own noise: drawn on the CPU, so that every device draws the same."""
        drawn = torch.stack([torch.randn(noise.shape[1], generator=own) for own in self.generators])
        drawn = (drawn * math.sqrt(self.temperature)).to(noise.device, noise.dtype)
        made: torch.Tensor = self._plain(condition, drawn, num_flow_steps)
        return made


def processor(folder: Path, sounds: Any) -> Any:
    """What makes prompts of texts and voices, from the folder's tokenizer and template. Raises ModelError.

    `sounds`: the codec; the library's own way would look for it on the hub.
    """
    from transformers import PocketTTSFeatureExtractor, PocketTTSProcessor, TokenizersBackend

    template = folder / "chat_template.jinja"
    try:
        return PocketTTSProcessor(
            PocketTTSFeatureExtractor.from_pretrained(folder, local_files_only=True),
            TokenizersBackend.from_pretrained(folder, local_files_only=True),
            audio_tokenizer=sounds,
            chat_template=template.read_text(encoding="utf-8") if template.is_file() else None,
        )
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder} lacks the tokenizer of pocket-tts ({error}): pull the model again") from error
