"""Conversion: what one voice said becomes another's, by OpenVoice v2 (MIT) in the library `TTS`.

The base voice brings words, melody and accent; the recording brings the colour. `Converted` puts it behind a voice that is
in the package (hibari, kokoro), so that cloning takes one model of 131 MB and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from creative.backends import BackendSpec, Made, Task, resolve
from creative.catalogue import load_catalogue
from creative.errors import AttemptRefused, StepError, StepRefused
from creative.models.files import ModelError
from creative.voices import speakers
from workers.models.weights import manifest_of, weights
from workers.sound.wav import Samples, mono, read_wav, resample, wav_bytes
from workers.speech.conditioning import Voices, reference, reference_of
from workers.speech.coqui import config_of, load_state, ready
from workers.speech.devices import device_of, seeded
from workers.speech.neural import LOUDEST, release
from workers.speech.reading import accept, phrases_of


class Converter:
    """OpenVoice, loaded. `rate`: Hz of what it takes and gives."""

    def __init__(self, folder: Path, device: str) -> None:
        """`folder`: `config.json`, the library's own or as OpenVoice publishes it, and safetensors."""
        ready()
        from TTS.vc.configs.openvoice_config import OpenVoiceConfig
        from TTS.vc.models.openvoice import OpenVoice

        if (folder / "converter" / "config.json").is_file():  # the repository has base voices beside it
            folder = folder / "converter"
        said, config = config_of(folder), OpenVoiceConfig()
        if "data" in said:  # as published
            data = said["data"]
            config.audio.input_sample_rate = config.audio.output_sample_rate = int(data["sampling_rate"])
            config.audio.fft_size = int(data["filter_length"])
            config.audio.hop_length, config.audio.win_length = int(data["hop_length"]), int(data["win_length"])
            given = {name: value for name, value in said.get("model", {}).items() if name in config.model_args}
            config.model_args.update(given)
        else:
            config.from_dict(said)
        self.device = device
        self.model = OpenVoice(config)
        load_state(self.model, folder)
        self.model.to(device).eval()
        self.rate = int(config.audio.output_sample_rate)

    def voice(self, sound: Samples) -> Any:
        """The colour of a voice, from a recording of it at `rate`."""
        import torch

        with torch.inference_mode():
            return self.model.extract_se(torch.from_numpy(sound))[0]

    def convert(self, audio: Samples, voice: Any, seed: int) -> Samples:
        """What was said (at `rate`), said by that voice: as long as before, to a frame."""
        import torch

        with torch.inference_mode(), seeded(seed, self.device):
            own, spectrum = self.model.extract_se(torch.from_numpy(np.ascontiguousarray(audio)))
            made = self.model.inference(spectrum, {"x_lengths": None, "g_src": own, "g_tgt": voice})
        return np.asarray(made["model_outputs"][0, 0].float().cpu().numpy(), np.float32)


def converter(spec: BackendSpec, name: str, rehearsal: bool) -> Converter:
    """The converter that a row names. Raises ModelError for one of random weights in a row that is no rehearsal."""
    own = replace(spec, model=None, options={**spec.options, "weights": name})
    if manifest_of(own).rehearsal and not rehearsal:
        raise ModelError(
            f"the weights of {name} are a rehearsal's, random: creative models pull {name} brings the real ones"
        )
    return Converter(weights(own), device_of(spec.options))


class Converted:
    """A voice of the package, made to sound like a recording.

    Options: `base` names its row in the package's own catalogue, `weights` the converter's files, `rehearsal: true` a row of
    random weights. The base's own speaker for the locale says it; its times stay.
    """

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.spec, self.threads = spec, threads
        self.voices = Voices()
        self.rehearsal = bool(spec.options.get("rehearsal", False))

    @cached_property
    def converter(self) -> Converter:
        """The model, loaded. Raises ModelError."""
        import torch

        torch.set_num_threads(self.threads)
        return converter(self.spec, str(self.spec.options.get("weights")), self.rehearsal)

    def close(self) -> None:
        """Give the card's memory back; the next call loads again."""
        self.__dict__.pop("converter", None)
        self.voices = Voices()
        release()

    @cached_property
    def _base_row(self) -> BackendSpec:
        return load_catalogue().choose("speech", str(self.spec.options["base"]))

    @cached_property
    def _base(self) -> Any:
        return resolve(self._base_row.target)(self._base_row, self.threads)

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """See `creative.backends.Backend`."""
        results: list[Made | Exception] = []
        for task in tasks:
            try:
                results.append(self._made(task))
            except StepError as refusal:
                results.append(refusal)
        return results

    def _made(self, task: Task) -> Made:
        path, digest = reference_of(task)
        locale, model = str(task.params["locale"]), self.converter
        voice = self.voices.get(digest, lambda: model.voice(reference(path, model.rate)))
        speaker = next(iter(speakers(self._base_row, locale)), None)
        if speaker is None:
            raise StepRefused(f"{self.spec.name} does not speak {locale}: {self._base_row.name} has no voice for it")
        said = self._base.make([replace(task, params={**task.params, "speaker": speaker}, inputs={}, digests={})])[0]
        if isinstance(said, Exception):
            raise said
        rate, sound = _sound(said, task.scratch)
        audio = converted(model, sound, rate, voice, task.seed or 0)
        if not self.rehearsal:
            accept(audio, model.rate, phrases_of(task.params))
        notes = {"model": self.spec.model, "said_by": self._base_row.model, "cloned_from": digest, **said.notes}
        if self.rehearsal:
            notes["rehearsal"] = "random weights: noise, as long as the base voice's read"
        return Made({"audio": wav_bytes(audio, model.rate), "times": said.outputs["times"]}, notes)


def converted(model: Converter, sound: Samples, rate: int, voice: Any, seed: int) -> Samples:
    """What was said, in that voice, at the converter's rate: exactly as long, peak 0.7.

    Raises AttemptRefused for what no one should hear.
    """
    source = resample(sound, rate, model.rate)
    made = model.convert(source, voice, seed)
    if not np.isfinite(made).all():
        raise AttemptRefused("the converted read has samples that are no numbers")
    peak = float(np.abs(made).max(initial=0.0))
    if peak < 1e-6:
        raise AttemptRefused("the converted read is silent")
    fitted = np.zeros(len(source), np.float32)  # the last frame may be a few milliseconds short
    fitted[: len(made)] = made[: len(source)]
    return fitted * np.float32(LOUDEST / peak)


def _sound(made: Made, scratch: Path) -> tuple[int, Samples]:
    audio = made.outputs["audio"]
    if isinstance(audio, bytes):
        (scratch / "base.wav").write_bytes(audio)
        audio = scratch / "base.wav"
    rate, samples = read_wav(audio)
    return rate, mono(samples)
