"""TTS: voices of the library `TTS` (coqui-tts): VITS, whose colour a converter may take from a recording, and
XTTS, which clones by itself.

One backend for the library: the folder's `config.json` says which model it is. No model of it is loaded by the library's own
loader, which unpickles: the state comes from safetensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from creative.errors import StepRefused
from creative.models.files import ModelError
from workers.models.weights import weights
from workers.sound.wav import Samples
from workers.speech.conversion import Converter, converted, converter
from workers.speech.coqui import config_of, load_state, ready
from workers.speech.devices import device_of, seeded
from workers.speech.neural import Engine, Line, Neural, Said

_TRAINING = ("disc.", "speaker_encoder.", "audio_resampler.")
_ESPEAK = "espeak"


class Tts(Neural):
    """Says sentences with a model of the library `TTS`.

    Options besides those of `Neural`: `converter` names the OpenVoice weights that give a VITS voice the recording's colour;
    `espeak: true` allows a model whose phonemiser is espeak-ng (GPL), which must be installed then.
    """

    def _weights(self) -> list[str]:
        more = self.spec.options.get("converter")
        return [*super()._weights(), *([str(more)] if more else [])]

    def load(self) -> Engine:
        """The engine of the folder's model. Raises ModelError for one that this backend does not know."""
        folder, options = weights(self.spec), self.spec.options
        model, device = str(config_of(folder).get("model")), device_of(options)
        if model == "vits":
            more = options.get("converter")
            colour = converter(self.spec, str(more), self.rehearsal) if more else None
            return Vits(folder, device, colour, bool(options.get("espeak", False)))
        if model == "xtts":
            from workers.speech.xtts import XttsEngine

            return XttsEngine.load(folder, device, options)
        raise ModelError(f"{folder} is a model {model!r}, and this backend reads with vits and xtts")


class Vits:
    """A VITS voice, and the converter behind it. Its times are the model's own durations."""

    flight = 1  # one pass of a small network: its noise is drawn for one line, so that no line depends on another

    def __init__(self, folder: Path, device: str, colour: Converter | None, espeak: bool) -> None:
        ready()
        from TTS.tts.configs.vits_config import VitsConfig
        from TTS.tts.models.vits import Vits as Model

        config = VitsConfig()
        config.from_dict(_safe(config_of(folder), folder, espeak))
        config.model_args.init_discriminator = False
        self.model = Model(config)
        load_state(self.model, folder, _TRAINING)
        self.model.to(device).eval()
        self.device, self.colour = device, colour
        self.own_rate = int(config.audio.sample_rate)
        self.hop = int(np.prod(config.model_args.upsample_rates_decoder))
        self.rate = colour.rate if colour else self.own_rate
        self.hears = self.rate

    def voice(self, sound: Samples) -> Any:
        """The colour of a recording."""
        if self.colour is None:
            raise StepRefused("this voice is one of its own, and clones none: its row needs a converter")
        return self.colour.voice(sound)

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line."""
        return [self._read(line) for line in lines]

    def _read(self, line: Line) -> Said:
        import torch

        tokenizer = self.model.tokenizer
        ids = tokenizer.text_to_ids(line.piece.text, language=None)
        if len(ids) <= (1 if tokenizer.add_blank else 0):  # between letters that it has not, there is a blank
            raise StepRefused(f"this voice has no letter of {line.piece.text[:40]!r}")
        inputs: dict[str, Any] = {"x_lengths": None, "d_vectors": None, "language_ids": None, "durations": None}
        inputs["speaker_ids"] = self._speaker(line.speaker)
        with torch.inference_mode(), seeded(line.seed, self.device):
            made = self.model.inference(torch.tensor([ids], device=self.device), inputs)
        audio = np.asarray(made["model_outputs"][0, 0].float().cpu().numpy(), np.float32)
        frames = made["durations"][0, 0].float().cpu().numpy()
        ends = self._ends(line, ids, frames, len(audio) / max(1.0, float(frames.sum())))
        if line.voice is None or self.colour is None:
            return Said(audio, ends)
        return Said(converted(self.colour, audio, self.own_rate, line.voice, line.seed), ends)

    def _ends(self, line: Line, ids: Sequence[int], frames: Any, hop: float) -> tuple[float, ...] | None:
        """Where each part ends, in seconds: the durations of its signs; None where they cannot be told apart."""
        tokenizer = self.model.tokenizer
        counts = [len(tokenizer.text_to_ids(part, language=None)) for part in line.piece.parts]
        blank = 1 if tokenizer.add_blank else 0
        signs = [(count - blank) // (1 + blank) for count in counts]
        between = len(line.piece.glue)
        if sum(signs) + between * (len(signs) - 1) != (len(ids) - blank) // (1 + blank):
            return None  # the text is cleaned otherwise as a whole
        time = np.cumsum(frames) * hop / self.own_rate
        lasts, at = [], 0
        for count in signs:
            at += count
            lasts.append(min(len(time) - 1, at * (1 + blank)))
            at += between
        lasts[-1] = len(time) - 1
        return tuple(float(time[last]) for last in lasts)

    def _speaker(self, speaker: str) -> Any:
        import torch

        manager = self.model.speaker_manager
        known = dict(manager.name_to_id) if manager is not None and self.model.num_speakers > 1 else {}
        if not known:
            return None
        if speaker not in known:
            speaker = sorted(known)[0] if self.colour else speaker
        if speaker not in known:
            raise StepRefused(f"this voice has no speaker {speaker!r}: it has {', '.join(sorted(known)[:20])}")
        return torch.tensor([known[speaker]], device=self.device)


def _safe(said: dict[str, Any], folder: Path, espeak: bool) -> dict[str, Any]:
    """A configuration without what reaches beyond the folder: other files, classes of other packages, espeak unasked.

    Raises ModelError.
    """
    made = dict(said)
    characters = dict(made.get("characters") or {})
    named = str(characters.get("characters_class") or "TTS.")
    if not named.startswith("TTS."):
        raise ModelError(f"{folder}/config.json names code of its own ({named}), which is never run")
    phonemizer = str(made.get("phonemizer") or "")
    if made.get("use_phonemes") and not espeak and (_ESPEAK in phonemizer or not phonemizer):
        raise ModelError(
            f"the voice in {folder} is spelled by espeak-ng, which is GPL: install it and set `espeak: true` in the row's options, "
            "or choose a voice with another phonemiser"
        )
    arguments = dict(made.get("model_args") or {})
    for name in ("speaker_encoder_config_path", "speaker_encoder_model_path"):
        arguments[name] = ""
    for name in ("d_vector_file", "speakers_file", "language_ids_file"):
        told = arguments.get(name) or made.get(name)
        own = folder / Path(str(told)).name if isinstance(told, str) and told else None
        arguments[name] = str(own) if own is not None and own.suffix == ".json" and own.is_file() else None
        if name in made:
            made[name] = arguments[name]
    arguments["use_speaker_encoder_as_loss"] = False
    made["model_args"] = arguments
    return made
