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
from workers.speech.coqui import config_of
from workers.speech.flowloop import Ending, FlowLoop
from workers.speech.neural import Line, Said

_FLIGHT = {"cpu": 4, "cuda": 64}
_TOGETHER = 16  # lines that are decoded at once: 6 s of one take about 0.15 GB at the codec's last layers
_MOST = 180
"""Characters at once: its makers read fifty tokens in one go, of which English has one for three or four letters."""
_KNOBS = {
    "num_flow_steps": 1,
    "eos_threshold": -4.0,
    "min_frames_before_eos": 6,
}  # the library's, where the model says none


class Pocket:
    """A loaded pocket-tts with its codec.

    Options: `flight`; `graphs: false` for no CUDA graphs; `compile: true` compiles a layer and the flow head;
    `temperature_permille` (the variance of its noise).
    """

    def __init__(self, model: Any, processor: Any, device: str, options: Mapping[str, Any]) -> None:
        """`model`: PocketTTSForConditionalGeneration on its device; `processor`: PocketTTSProcessor with its codec there."""
        self.model, self.processor, self.device = model, processor, device
        self.rate = self.hears = int(processor.feature_extractor.sampling_rate)
        self.flight = int(options.get("flight", _FLIGHT[device]))
        self.frames_a_second = float(model.config.frame_rate)
        own = model.generation_config.temperature
        self.temperature = int(options.get("temperature_permille", round(1000 * (own or 0.7)))) / 1000
        knobs = {name: getattr(model.generation_config, name, None) for name in _KNOBS}
        self.knobs = {name: _KNOBS[name] if value is None else value for name, value in knobs.items()}
        on_card = device == "cuda"
        self.loop = FlowLoop(
            model,
            on_card and bool(options.get("graphs", True)),
            int(self.knobs["num_flow_steps"]),
            on_card and bool(options.get("compile", False)),
        )

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
                f"{folder} has no audio_tokenizer/: creative models pull pocket-tts-audio-tokenizer, and name it in the row: `codec`"
            )
        sounds = loaded(PocketTTSAudioTokenizerModel, codec, device, torch.float32)
        return cls(
            loaded(PocketTTSForConditionalGeneration, folder, device, dtype), processor(folder, sounds), device, options
        )

    def most(self, locale: str) -> int:
        """Characters at once."""
        del locale
        return _MOST

    def voice(self, sound: Samples) -> Any:
        """The recording's latents, (frames, latent): what the model hears before it speaks."""
        processor = self.processor
        heard = processor.feature_extractor(sound, sampling_rate=self.rate, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            made = processor.audio_tokenizer.encode(heard["input_values"].float(), heard["padding_mask"])
        return made.latents[0][made.latents_mask[0].bool()].float().cpu()

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line, side by side."""
        return self.sounds(self.latents(lines))

    def latents(self, lines: Sequence[Line]) -> list[torch.Tensor]:
        """What each line's frames are to the codec, (frames, latent)."""
        prompts = [self._prompt(line) for line in lines]
        voices = [line.voice for line in lines]
        inputs = self.processor(text=prompts, audio_prompt_latents=voices, return_tensors="pt", padding=True)
        after = tuple(int(frames) for frames in inputs.pop("frames_after_eos"))
        most = [max(1, math.ceil(line.seconds * self.frames_a_second)) for line in lines]
        end = Ending(float(self.knobs["eos_threshold"]), int(self.knobs["min_frames_before_eos"]), after)
        return self.loop.run(
            inputs.to(self.device), [self._noise(*one) for one in zip(lines, most, strict=True)], most, end
        )

    def sounds(self, latents: Sequence[torch.Tensor]) -> list[Said]:
        """The samples of each line. The codec hears no future: what fills a line up behind its end changes nothing in it."""
        found: list[Said] = []
        for start in range(0, len(latents), _TOGETHER):
            own = latents[start : start + _TOGETHER]
            made = torch.nn.utils.rnn.pad_sequence(list(own), batch_first=True)
            lengths = torch.tensor([len(one) for one in own], device=made.device)
            mask = (torch.arange(made.shape[1], device=made.device) < lengths[:, None]).long()
            with torch.inference_mode():
                found += [Said(np.asarray(one.numpy(), np.float32)) for one in self.processor.decode(made, mask)]
        return found

    def _noise(self, line: Line, frames: int) -> torch.Tensor:
        """A line's own noise, (frames, latent): drawn on the CPU, so that every device draws the same."""
        own = torch.Generator().manual_seed(line.seed)
        return torch.randn(frames, int(self.model.config.latent_dim), generator=own) * math.sqrt(self.temperature)

    def _prompt(self, line: Line) -> str:
        said = [{"type": "audio"}, {"type": "text", "text": line.piece.text}]
        return str(self.processor.apply_chat_template([{"role": "user", "content": said}], tokenize=False))


_PROMPTS = ("short_text_max_words", "frames_after_eos_short_text", "frames_after_eos", "fade_in_duration")


def processor(folder: Path, sounds: Any) -> Any:
    """What makes prompts of texts and voices, from the folder's tokenizer and template. Raises ModelError.

    `sounds`: the codec; the library's own way would look for it on the hub.
    """
    from transformers import PocketTTSFeatureExtractor, PocketTTSProcessor, TokenizersBackend

    template, told = folder / "chat_template.jinja", folder / "processor_config.json"
    # What is said of the processor's parts is theirs to read.
    own = (
        {name: value for name, value in config_of(folder, told.name).items() if name in _PROMPTS}
        if told.is_file()
        else {}
    )
    try:
        return PocketTTSProcessor(
            PocketTTSFeatureExtractor.from_pretrained(folder, local_files_only=True),
            TokenizersBackend.from_pretrained(folder, local_files_only=True),
            audio_tokenizer=sounds,
            chat_template=template.read_text(encoding="utf-8") if template.is_file() else None,
            **own,
        )
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder} lacks the tokenizer of pocket-tts ({error}): pull the model again") from error
