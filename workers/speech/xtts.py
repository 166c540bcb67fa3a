"""XTTS v2 (Coqui Public Model License: not for commercial use): clones a voice from seconds of it, in seventeen languages.

The recording gives 32 latents for the words and one embedding for the colour, once. Its GPT then speaks many lines side by
side (`gptloop`), and the decoder makes each line's sound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from creative.errors import StepRefused
from creative.models.files import ModelError
from workers.sound.wav import Samples
from workers.speech.coqui import config_of, load_state, ready
from workers.speech.devices import dtype_of
from workers.speech.gptloop import Loop, Sampling
from workers.speech.neural import Line, Said
from workers.speech.vocoder import Vocoder

_FLIGHT = {"cpu": 4, "cuda": 64}
_TRAINING = ("gpt.gpt_inference.", "gpt.gpt.wte", "torch_mel_spectrogram_", "dvae.", "gpt.text_head.")
_HEARS = 22_050


@dataclass(frozen=True, slots=True)
class Voice:
    """What XTTS makes of a recording: `latents` (1, 32, width) before the words, `colour` (1, 512, 1) of the decoder."""

    latents: torch.Tensor
    colour: torch.Tensor


class XttsEngine:
    """A loaded XTTS.

    Options: `flight`; `dtype` of its GPT, `decoder_dtype` of its decoder; `graphs: false` for no CUDA graphs; `attention`, see
    `Loop`; `compile: true` compiles a layer of the GPT.
    """

    def __init__(self, model: Any, device: str, options: Mapping[str, Any]) -> None:
        """`model`: a `TTS.tts.models.xtts.Xtts` with its weights and its tokenizer."""
        model.to(device)
        model.requires_grad_(False)
        for part in (model.gpt, model.hifigan_decoder):
            part.eval()
        self.model, self.config, self.device, self.gpt = model, model.config, device, model.gpt
        self.dtype = dtype_of(options, device)
        gpt, config = self.gpt, self.config
        for part in (gpt.gpt, gpt.final_norm, gpt.mel_head, gpt.mel_embedding, gpt.mel_pos_embedding):
            part.to(self.dtype)
        self.vocoder = Vocoder(
            model.hifigan_decoder, dtype_of({"dtype": options.get("decoder_dtype", "float32")}, device)
        )
        self.loop = Loop(
            gpt,
            device == "cuda" and bool(options.get("graphs", True)),
            str(options.get("attention", "fused")),
            device == "cuda" and bool(options.get("compile", False)),
        )
        self.how = Sampling(
            float(config.temperature), int(config.top_k), float(config.top_p), float(config.repetition_penalty)
        )
        self.flight = int(options.get("flight", _FLIGHT[device]))
        self.rate, self.hears = int(config.model_args.output_sample_rate), _HEARS

    @classmethod
    def load(cls, folder: Path, device: str, options: Mapping[str, Any]) -> XttsEngine:
        """From a model's folder: `config.json`, `vocab.json`, safetensors. Raises ModelError."""
        ready()
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
        from TTS.tts.models.xtts import Xtts

        vocabulary = folder / "vocab.json"
        if not vocabulary.is_file():
            raise ModelError(f"{folder} has no vocab.json: pull the model again")
        config = XttsConfig()
        config.from_dict(config_of(folder))
        model = Xtts(config)
        model.tokenizer = VoiceBpeTokenizer(vocab_file=vocabulary)
        model.init_models()
        # Speakers of the model's own lie beside it; they are not its state.
        load_state(model, folder, _TRAINING, "model*.safetensors")
        return cls(model, device, options)

    def most(self, locale: str) -> int:
        """Characters at once: the library's own limit for the language."""
        return int(self.model.tokenizer.char_limits.get(locale.partition("-")[0], 250))

    def voice(self, sound: Samples) -> Voice:
        """What the recording (mono, 22,050 Hz) sounds like."""
        heard, config = torch.from_numpy(sound)[None].to(self.device), self.config
        latents = self.model.get_gpt_cond_latents(
            heard, _HEARS, length=int(config.gpt_cond_len), chunk_length=int(config.gpt_cond_chunk_len)
        )
        return Voice(latents.clone(), self.model.get_speaker_embedding(heard, _HEARS).clone())

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line, side by side."""
        with torch.inference_mode():
            return self.sounds(lines, self.latents(lines))

    def latents(self, lines: Sequence[Line]) -> list[torch.Tensor]:
        """What each line's tokens are to the decoder, (tokens, width)."""
        # One token is 1024 samples of the 22,050 Hz that the model was trained on.
        stride = int(self.gpt.code_stride_len) / _HEARS
        most = [min(int(self.gpt.max_gen_mel_tokens), math.ceil(line.seconds / stride)) for line in lines]
        said = self.loop.run([self._prefix(line) for line in lines], most, [line.seed for line in lines], self.how)
        return [latents for _, latents in said]

    def sounds(self, lines: Sequence[Line], latents: Sequence[torch.Tensor]) -> list[Said]:
        """The samples of each line."""
        made = self.vocoder.sounds(latents, [line.voice.colour for line in lines])
        return [Said(np.asarray(one.numpy(), np.float32)) for one in made]

    def _prefix(self, line: Line) -> torch.Tensor:
        """The voice and the words, embedded: (places, width)."""
        gpt, text = self.gpt, line.piece.text.strip().lower()
        try:
            ids = self.model.tokenizer.encode(text, lang=line.locale)
        except ImportError as error:  # Chinese is spelled by a package that coqui-tts does not bring
            raise StepRefused(
                f"XTTS cannot spell {line.locale} here ({error}): install that package on the workers"
            ) from error
        if len(ids) >= int(self.config.model_args.gpt_max_text_tokens):
            raise StepRefused(
                f"{text[:40]!r}... is {len(ids)} tokens of XTTS, which takes fewer at once: write it shorter"
            )
        tokens = torch.tensor([[gpt.start_text_token, *ids, gpt.stop_text_token]], device=self.device)
        words = gpt.text_embedding(tokens) + gpt.text_pos_embedding(tokens)
        whole: torch.Tensor = torch.cat([line.voice.latents, words], dim=1)[0].to(self.dtype)
        return whole
