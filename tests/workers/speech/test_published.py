"""Voices in the layout of their publishers: names of files, wrappings, older names of tensors; pulled by their own rows."""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.backends import BackendSpec, Made, Task, resolve
from creative.canonical import file_digest
from creative.catalogue import load_catalogue
from creative.models.bringing import pull
from creative.models.files import ModelError, write_manifest
from creative.models.rows import own_models
from tests.workers.speech.test_neural import spoken
from tests.workers.speech.test_speech import sound
from workers.models import weights as weights_module
from workers.rehearse import voice
from workers.sound.wav import wav_bytes

PHRASES = ["Marlo House Roast,", "roasted slowly."]


def older(name: str) -> str:
    """A tensor's name as torch wrote it before 2023, when these were published."""
    return name.replace("parametrizations.weight.original0", "weight_g").replace(
        "parametrizations.weight.original1", "weight_v"
    )


def state_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {older(name): tensor for name, tensor in load_file(folder / "model.safetensors").items()}


def openvoice(folder: Path) -> None:
    """myshell-ai/OpenVoiceV2: a folder `converter`, beside base speakers that are not needed."""
    import torch

    own = json.loads((folder / "config.json").read_text())
    (folder / "converter").mkdir()
    torch.save(
        {"model": state_of(folder), "iteration": 0, "optimizer": None, "learning_rate": 0.0003},
        folder / "converter" / "checkpoint.pth",
    )
    arguments = own["model_args"]
    kept = ("zero_g", "inter_channels", "hidden_channels", "filter_channels", "n_heads", "n_layers", "kernel_size",
            "p_dropout", "resblock", "resblock_kernel_sizes", "resblock_dilation_sizes", "upsample_rates",
            "upsample_initial_channel", "upsample_kernel_sizes", "gin_channels")  # fmt: skip
    published = {
        "_version_": "v2",
        "data": {"sampling_rate": 22050, "filter_length": 1024, "hop_length": 256, "win_length": 1024, "n_speakers": 0},
        "model": {name: arguments[name] for name in kept if name in arguments} | {"n_layers_q": 3, "use_spectral_norm": False},
    }  # fmt: skip
    (folder / "converter" / "config.json").write_text(json.dumps(published))
    (folder / "base_speakers" / "ses").mkdir(parents=True)
    torch.save(torch.zeros(1, 256, 1), folder / "base_speakers" / "ses" / "en-us.pth")
    (folder / "config.json").unlink()
    (folder / "model.safetensors").unlink()


def vits(folder: Path) -> None:
    """A VITS of coqui's releases: `model_file.pth.tar` with the trainer's own objects in it, speakers in a file whose place
    in `config.json` is one of another machine."""
    import torch
    from TTS.tts.configs.vits_config import VitsConfig

    said = json.loads((folder / "config.json").read_text())
    said["model_args"]["speakers_file"] = said["speakers_file"] = "/root/.cache/hub/snapshots/9b35/speaker_ids.json"
    (folder / "speaker_ids.json").write_text('{"css10_de": 0}')
    (folder / "config.json").write_text(json.dumps({**said, "a_field_of_2022": 1}))
    torch.save(
        {
            "config": VitsConfig(), "model": {**state_of(folder), "disc.nets.0.convs.0.bias": torch.zeros(2)}, "optimizer": [{}],
            "scaler": None, "step": 1, "epoch": 1, "date": str(datetime.date(2022, 7, 1)), "model_loss": np.float64(0.5),
        },
        folder / "model_file.pth.tar",
    )  # fmt: skip
    (folder / "model.safetensors").unlink()


def xtts(folder: Path) -> None:
    """coqui/XTTS-v2: its state by the trainer's names, with parts that only training needs; voices of its own."""
    import torch
    from TTS.tts.configs.xtts_config import XttsConfig

    state = {f"xtts.{name}": tensor for name, tensor in state_of(folder).items()}
    state["xtts.torch_mel_spectrogram_dvae.mel_stft.window"] = torch.zeros(4)
    state["xtts.dvae.codebook.embed"] = torch.zeros(2, 2)
    torch.save({"config": XttsConfig(), "model": state, "optimizer": {}, "step": 1}, folder / "model.pth")
    speaker = {"gpt_cond_latent": torch.zeros(1, 32, 64), "speaker_embedding": torch.zeros(1, 512, 1)}
    torch.save({"Claribel Dervla": speaker}, folder / "speakers_xtts.pth")
    torch.save(torch.zeros(80), folder / "mel_stats.pth")
    torch.save({"x": torch.zeros(2)}, folder / "dvae.pth")
    (folder / "hash.md5").write_text("0")
    (folder / "model.safetensors").unlink()


def hf_vits(folder: Path) -> None:
    """A VITS of transformers of 2023."""
    from safetensors.torch import save_file

    save_file(state_of(folder), folder / "model.safetensors", metadata={"format": "pt"})


def bark(folder: Path) -> None:
    """suno/bark: one pickled file, with the weights twice that two parts share; presets of numpy; checkpoints of its makers'
    own code beside it."""
    import torch
    from safetensors.torch import load_file

    state = state_of(folder)
    for number in range(6):
        name = f"fine_acoustics.lm_heads.{number}.weight"
        if name not in state:
            state[name] = state[f"fine_acoustics.input_embeds_layers.{number + 1}.weight"]
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    (folder / "text_2.pt").write_bytes(b"\x80\x04.")
    presets = folder / "speaker_embeddings" / "v2"
    for file in presets.glob("*.safetensors"):
        np.save(file.with_suffix(".npy"), next(iter(load_file(file).values())).numpy())
        file.unlink()
    paths = {
        f"{part}_prompt": f"speaker_embeddings/v2/en_speaker_6_{part}_prompt.npy"
        for part in ("semantic", "coarse", "fine")
    }
    (folder / "speaker_embeddings_path.json").write_text(
        json.dumps({"repo_or_path": "suno/bark", "v2/en_speaker_6": paths})
    )


def pocket(folder: Path) -> None:
    """As `save_pretrained` of the whole processor writes it."""
    from transformers import PocketTTSAudioTokenizerModel

    from workers.speech.pocket import processor

    codec = PocketTTSAudioTokenizerModel.from_pretrained(folder / "audio_tokenizer")
    made = processor(folder, codec)
    (folder / "preprocessor_config.json").unlink()
    made.save_pretrained(folder)


# The model's row: the backend's; what a rehearsal saves, and its publisher's way to lay that out.
LAYOUTS: dict[str, tuple[str, Callable[[Path], None], Callable[[Path], None]]] = {
    "openvoice-v2": ("openvoice", voice.openvoice, openvoice),
    "vits-css10-de": ("openvoice-vits-de", voice.vits, vits),
    "xtts-v2": ("xtts-v2", voice.xtts, xtts),
    "vits-ru-utrobin": ("vits-ru", voice.hf_vits, hf_vits),
    "bark": ("bark", voice.bark, bark),
    "pocket-tts": ("pocket-tts", voice.pocket, pocket),
}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_module, "_checked", {})


def spec_of(backend: str, model: str, **options: Any) -> BackendSpec:
    spec = load_catalogue().specs["speech", backend]
    kept = {name: value for name, value in spec.options.items() if name not in ("converter", "codec")}
    uses = ["clone"] if backend in ("openvoice", "xtts-v2", "pocket-tts") else ["stock"]
    facts = {"uses": uses, "characters_per_second": 15, "rehearsal": True}
    return dataclasses.replace(
        spec, model=None, facts=facts, options={**kept, "weights": model, "rehearsal": True, "device": "cpu", **options}
    )


def said(spec: BackendSpec, scratch: Path) -> Any:
    recording = scratch / "reference.wav"
    recording.write_bytes(wav_bytes(spoken(110), 48_000))
    speaker = {"bark": "en_speaker_6", "vits-ru": "1"}.get(spec.name, "clone")
    params = {"phrases": PHRASES, "locale": "en-GB", "speaker": speaker}
    task = Task(
        "key", "speech", params, {"reference": recording}, 3, scratch, digests={"reference": file_digest(recording)}
    )
    [made] = resolve(spec.target)(spec, 1).make([task])
    assert isinstance(made, Made), made
    return sound(made)[1]


@pytest.mark.parametrize("model", [pytest.param(name, marks=pytest.mark.long) if name == "xtts-v2" else name for name in LAYOUTS])  # fmt: skip
def test_a_voice_as_it_is_published_says_what_the_same_tensors_say(model, tmp_path, monkeypatch) -> None:
    backend, build, publish = LAYOUTS[model]
    source, models = tmp_path / "source", tmp_path / "models"
    source.mkdir()
    build(source)
    plain = shutil.copytree(source, tmp_path / "plain" / model)
    row = own_models()[model].model_copy(update={"sha256": {}, "revision": None})
    write_manifest(plain, name=model, repo=row.repo, revision="1" * 40, licence=row.licence.weights)
    publish(source)
    pull(row, models, source=source, revision="1" * 40)
    assert not [path for path in models.rglob("*") if path.suffix in (".pth", ".pt", ".bin", ".npy", ".tar")]
    monkeypatch.setenv("CREATIVE_MODELS", str(models))
    spec = spec_of(backend, model)
    ours = said(spec, tmp_path)
    monkeypatch.setenv("CREATIVE_MODELS", str(plain.parent))
    np.testing.assert_allclose(
        ours, said(spec, tmp_path), atol=2e-4
    )  # tensors at other places in memory are summed otherwise


def test_what_is_said_of_a_prompt_is_kept_to(tmp_path) -> None:
    import torch

    from workers.speech.pocket import Pocket

    voice.pocket(tmp_path)
    pocket(tmp_path)
    file = tmp_path / "processor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "frames_after_eos": 5, "short_text_max_words": 1}))
    engine = Pocket.load(tmp_path, None, "cpu", torch.float32, {})
    assert engine.processor(text=[engine.processor.audio_bos_token, f"one two{engine.processor.audio_bos_token}"], return_tensors="pt", padding=True)["frames_after_eos"].tolist() == [4, 5]  # fmt: skip
    assert engine.rate == 24_000 and engine.most("en-GB") < 280


@pytest.mark.parametrize(("model", "name"), [("bark", "semantic.lm_head.weight"), ("vits-ru-utrobin", "text_encoder.project.bias")])  # fmt: skip
def test_tensors_that_are_missing_are_not_made_up(model, name, tmp_path, monkeypatch) -> None:
    from safetensors.torch import save_file

    LAYOUTS[model][1](tmp_path)
    state = state_of(tmp_path)
    state.pop(name)
    save_file(state, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=f"finds no {name}"):
        if model == "bark":
            import torch

            from workers.speech.bark import Bark

            Bark(tmp_path, "cpu", torch.float32)
        else:
            from workers.speech.hf_vits import HfVits

            HfVits(tmp_path, "cpu")
