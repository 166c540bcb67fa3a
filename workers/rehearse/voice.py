"""Voices of random weights: a VITS and an OpenVoice converter of the library `TTS`, a pocket-tts of transformers.

Each is built from its configuration in a second, a few megabytes large, and saved as the real ones are: safetensors,
`config.json`, tokenizers made by hand. What they say is noise of any length.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from creative.models.files import write_manifest

REPO, REVISION = "rehearsal", "0" * 40
_LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßáéíóúñàèìòùâêîôûçæœåø'"
_SIGNS = "!?.,;:—–-… "
_LOCALES = ("en-GB", "en-US", "de-DE", "fr-FR", "es-ES", "it-IT")


def build(folder: Path) -> list[dict[str, Any]]:
    """Write the models into `folder`, one folder each with its manifest; the catalogue's rows that use them."""
    makers: dict[str, Callable[[Path], None]] = {
        "rehearse-vits": vits,
        "rehearse-openvoice": openvoice,
    }
    for name, make in makers.items():
        own = folder / name
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        make(own)
        write_manifest(own, name=name, repo=REPO, revision=REVISION, licence="CC0-1.0", rehearsal=True)
    return rows()


def rows() -> list[dict[str, Any]]:
    """The rows of the rehearsal's catalogue: kind speech, no GPU."""
    tts = "workers.speech.tts:Tts"
    return [
        _row("rehearse-vits", tts, ["stock"], {"weights": "rehearse-vits"}, "rehearse-vits"),
        _row("rehearse-vits-openvoice", tts, ["clone"], {"weights": "rehearse-vits", "converter": "rehearse-openvoice"}, "rehearse-vits"),
        _row("rehearse-openvoice", "workers.speech.conversion:Converted", ["clone"], {"weights": "rehearse-openvoice", "base": "hibari"}, "rehearse-openvoice", ("en-GB", "en-US")),
    ]  # fmt: skip


def _row(
    name: str, target: str, uses: list[str], options: dict[str, Any], model: str, locales: tuple[str, ...] = _LOCALES
) -> dict[str, Any]:
    voices = [
        {"locale": locale, "speaker": "reference" if "clone" in uses else "rehearsal", "accent": locale, "characters_per_second": 15}
        for locale in locales
    ]  # fmt: skip
    return {
        "kind": "speech",
        "name": name,
        "target": target,
        "model": f"{model} {REVISION}",
        "licence": "CC0-1.0",
        "resources": {"cpu": 1, "gpu": 0, "memory_mb": 1500},
        "batch": 4,
        "attempts": 2,
        "seconds": 1,
        "draft": True,
        "generative": True,
        "options": {**options, "rehearsal": True},
        "facts": {
            "uses": uses,
            "rehearsal": True,
            "languages": sorted({locale.partition("-")[0] for locale in locales}),
            "voices": voices,
        },
    }


def vits(folder: Path) -> None:
    """A VITS of 0.6 MB that spells by letters; 22,050 Hz."""
    from workers.speech.coqui import ready

    ready()
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits

    config = VitsConfig(
        use_phonemes=False,
        text_cleaner="multilingual_cleaners",
        characters=CharactersConfig(
            characters_class="TTS.tts.models.vits.VitsCharacters",
            pad="_",
            eos="",
            bos="",
            blank="",
            characters=_LETTERS,
            punctuations=_SIGNS,
            phonemes="",
        ),
    )
    arguments = config.model_args
    arguments.hidden_channels = 16
    arguments.hidden_channels_ffn_text_encoder = 32
    arguments.num_layers_text_encoder = 1
    arguments.num_layers_posterior_encoder = 1
    arguments.num_layers_flow = 1
    arguments.upsample_initial_channel_decoder = 32
    arguments.resblock_kernel_sizes_decoder = [3]
    arguments.resblock_dilation_sizes_decoder = [[1, 3, 5]]
    arguments.use_sdp = False
    arguments.init_discriminator = False
    _seeded(lambda: _save(Vits(config), config.to_dict(), folder))


def openvoice(folder: Path) -> None:
    """An OpenVoice converter of 6 MB; 22,050 Hz."""
    from workers.speech.coqui import ready

    ready()
    from TTS.vc.configs.openvoice_config import OpenVoiceConfig
    from TTS.vc.models.openvoice import OpenVoice

    config = OpenVoiceConfig()
    arguments = config.model_args
    arguments.inter_channels = arguments.hidden_channels = 16
    arguments.upsample_initial_channel = 32
    arguments.resblock_kernel_sizes = [3]
    arguments.resblock_dilation_sizes = [[1, 3, 5]]
    arguments.gin_channels = 32
    _seeded(lambda: _save(OpenVoice(config), config.to_dict(), folder))


def _seeded(make: Callable[[], None]) -> None:
    """Make a model with the same random weights each time."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        make()


def _save(model: Any, config: dict[str, Any], folder: Path) -> None:
    from safetensors.torch import save_file

    state = {name: tensor.detach().contiguous().clone() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=str), encoding="utf-8")
