"""Voices of random weights: a VITS, an XTTS and an OpenVoice converter of the library `TTS`; a pocket-tts, a VITS and a
Bark of transformers.

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
from workers.models.libraries import transformers_ready

REPO, REVISION = "rehearsal", "0" * 40
_LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßáéíóúñàèìòùâêîôûçæœåø'"
_SIGNS = "!?.,;:—–-… "
_LOCALES = ("en-GB", "en-US", "de-DE", "fr-FR", "es-ES", "it-IT")


def build(folder: Path) -> list[dict[str, Any]]:
    """Write the models into `folder`, one folder each with its manifest; the catalogue's rows that use them."""
    makers: dict[str, Callable[[Path], None]] = {
        "rehearse-vits": vits,
        "rehearse-openvoice": openvoice,
        "rehearse-pocket": pocket,
        "rehearse-xtts": xtts,
        "rehearse-hf-vits": hf_vits,
        "rehearse-bark": bark,
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
    tts, transformers = "workers.speech.tts:Tts", "workers.speech.transformers_speech:TransformersSpeech"
    return [
        _row("rehearse-vits", tts, ["stock"], {"weights": "rehearse-vits"}, "rehearse-vits"),
        _row("rehearse-vits-openvoice", tts, ["clone"], {"weights": "rehearse-vits", "converter": "rehearse-openvoice"}, "rehearse-vits"),
        _row("rehearse-openvoice", "workers.speech.conversion:Converted", ["clone"], {"weights": "rehearse-openvoice", "base": "hibari"}, "rehearse-openvoice", ("en-GB", "en-US")),
        _row("rehearse-pocket", transformers, ["clone"], {"weights": "rehearse-pocket", "flight": 4}, "rehearse-pocket"),
        _row("rehearse-xtts", tts, ["clone"], {"weights": "rehearse-xtts", "flight": 4}, "rehearse-xtts"),
        _row("rehearse-hf-vits", transformers, ["stock"], {"weights": "rehearse-hf-vits"}, "rehearse-hf-vits", speaker="1"),
        _row("rehearse-bark", transformers, ["stock"], {"weights": "rehearse-bark"}, "rehearse-bark", speaker="en_speaker_6"),
        _row("rehearse-bark-openvoice", transformers, ["clone"], {"weights": "rehearse-bark", "converter": "rehearse-openvoice"}, "rehearse-bark"),
    ]  # fmt: skip


def _row(
    name: str,
    target: str,
    uses: list[str],
    options: dict[str, Any],
    model: str,
    locales: tuple[str, ...] = _LOCALES,
    speaker: str = "rehearsal",
) -> dict[str, Any]:
    languages = sorted({locale.partition("-")[0] for locale in locales})
    if "clone" in uses:
        says: dict[str, Any] = {"languages": languages, "characters_per_second": 15}
    else:
        voice = {"speaker": speaker, "characters_per_second": 15}
        says = {"voices": [{"locale": locale, "accent": locale, **voice} for locale in locales]}
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
        "facts": {"uses": uses, "rehearsal": True, **says},
    }


def vits(folder: Path) -> None:
    """A VITS of 0.6 MB that spells by letters; 22,050 Hz."""
    from workers.speech.coqui import ready

    ready()
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits

    config = VitsConfig(
        phoneme_language="en-us",
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
    _seeded(lambda: _save(_woken(Vits(config)), config.to_dict(), folder))


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
    _seeded(lambda: _save(_keen(_woken(OpenVoice(config))), config.to_dict(), folder))


def xtts(folder: Path) -> None:
    """An XTTS of 70 MB, most of it parts that its configuration cannot make smaller; 24,000 Hz, at most 13 tokens a line."""
    from workers.speech.coqui import ready

    ready()
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models.xtts import Xtts

    config = XttsConfig()
    arguments = config.model_args
    arguments.gpt_max_audio_tokens = 16
    arguments.gpt_layers, arguments.gpt_n_heads = 2, 2
    arguments.gpt_n_model_channels = arguments.decoder_input_dim = 64
    arguments.gpt_use_perceiver_resampler = True
    arguments.gpt_num_audio_tokens = 66
    arguments.gpt_start_audio_token, arguments.gpt_stop_audio_token = 64, 65
    ids = xtts_words(folder)
    arguments.gpt_number_text_tokens = len(ids)
    arguments.gpt_start_text_token, arguments.gpt_stop_text_token = ids["[START]"], ids["[STOP]"]
    _seeded(lambda: _save(_woken(Xtts(config)), config.to_dict(), folder))


def xtts_words(folder: Path) -> dict[str, int]:
    """Write a `vocab.json` of letters; the number of each sign."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    special = [
        "[STOP]",
        "[UNK]",
        "[SPACE]",
        "[START]",
        *(f"[{language}]" for language in ("en", "de", "fr", "es", "it")),
    ]
    ids = {sign: number for number, sign in enumerate(dict.fromkeys([*special, *_LETTERS, *_SIGNS]))}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "vocab.json"))
    return ids


def pocket(folder: Path) -> None:
    """A pocket-tts of 2 MB with its codec in `audio_tokenizer/`, a tokenizer of letters and a template; 24,000 Hz."""
    transformers_ready()
    from transformers import (
        PocketTTSAudioTokenizerConfig,
        PocketTTSAudioTokenizerModel,
        PocketTTSConfig,
        PocketTTSForConditionalGeneration,
    )
    from transformers.utils import logging

    logging.disable_progress_bar()
    ids = pocket_words(folder)
    codec = PocketTTSAudioTokenizerConfig(
        hidden_size=64, num_filters=8, num_hidden_layers=1, intermediate_size=128, num_attention_heads=2,
        num_key_value_heads=2, upsample_groups=64,
    )  # fmt: skip
    config = PocketTTSConfig(
        hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128, initializer_range=0.15,
        flow_head_config={"hidden_size": 64, "num_hidden_layers": 1, "condition_dim": 64, "frequency_embedding_size": 32},
        **ids,
    )  # fmt: skip
    _seeded(lambda: _woken(PocketTTSForConditionalGeneration(config)).save_pretrained(folder))
    _seeded(lambda: PocketTTSAudioTokenizerModel(codec).save_pretrained(folder / "audio_tokenizer"))


def pocket_words(folder: Path) -> dict[str, int]:
    """Write a tokenizer of letters, a template and what hears recordings; the configuration's fields that follow from it."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PocketTTSFeatureExtractor, TokenizersBackend

    signs = ["<unk>", "<s>", "</s>", "<pad>", *_LETTERS, *_SIGNS, "0", "1"]
    special = {
        "audio_prompt_token": "<audio>",
        "audio_latent_token": "<latent>",
        "audio_prompt_bos_token": "<voice>",
        "audio_bos_token": "<speak>",
    }
    ids = {sign: number for number, sign in enumerate(dict.fromkeys([*signs, *special.values()]))}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    TokenizersBackend(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        padding_side="left", extra_special_tokens=special,
    ).save_pretrained(folder)  # fmt: skip
    (folder / "chat_template.jinja").write_text(_TEMPLATE, encoding="utf-8")
    PocketTTSFeatureExtractor().save_pretrained(folder)
    return {
        "vocab_size": len(ids),
        "pad_token_id": ids["<pad>"],
        "audio_prompt_token_id": ids["<audio>"],
        "audio_latent_token_id": ids["<latent>"],
        "audio_prompt_bos_token_id": ids["<voice>"],
        "audio_bos_token_id": ids["<speak>"],
    }


_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'audio' %}<voice><audio>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %}<speak>"
)


def hf_vits(folder: Path) -> None:
    """A VITS of transformers of 1 MB that spells by letters, with two speakers; 16,000 Hz."""
    transformers_ready()
    from transformers import VitsConfig, VitsModel, VitsTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()

    letters = {sign: number for number, sign in enumerate(dict.fromkeys(["_", *_LETTERS, *_SIGNS, "<unk>"]))}
    file = folder / "vocab.json"
    file.write_text(json.dumps(letters), encoding="utf-8")
    VitsTokenizer(str(file), pad_token="_", language="eng", phonemize=False, is_uroman=False).save_pretrained(folder)
    config = VitsConfig(
        vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, ffn_dim=32, flow_size=16, spectrogram_bins=65,
        duration_predictor_filter_channels=16, depth_separable_num_layers=1, duration_predictor_num_flows=1,
        prior_encoder_num_flows=1, prior_encoder_num_wavenet_layers=1, posterior_encoder_num_wavenet_layers=1,
        upsample_initial_channel=32, resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3, 5]], num_speakers=2,
        speaker_embedding_size=16,
    )  # fmt: skip
    _seeded(lambda: _woken(VitsModel(config)).save_pretrained(folder))


def bark(folder: Path) -> None:
    """A Bark of 2 MB with one speaker and a tokenizer of letters; 24,000 Hz, at most a quarter of a second a line."""
    transformers_ready()
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
    from transformers import (
        BarkConfig,
        BarkModel,
        EncodecConfig,
        TokenizersBackend,
    )
    from transformers.models.bark.generation_configuration_bark import BarkGenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    ids = {sign: number for number, sign in enumerate(dict.fromkeys(["<pad>", "<unk>", *_LETTERS, *_SIGNS]))}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    TokenizersBackend(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>").save_pretrained(folder)
    meanings, sounds = 64, 64
    words = meanings + 2 + len(ids)  # the meanings, the end, the words, their padding, the beginning
    part = {"hidden_size": 16, "num_layers": 1, "num_heads": 2}
    heard = meanings + 2 * sounds
    config = BarkConfig(
        semantic_config={**part, "input_vocab_size": words + 2, "output_vocab_size": meanings + 1},
        coarse_acoustics_config={**part, "input_vocab_size": heard + 3, "output_vocab_size": heard + 3},
        fine_acoustics_config={**part, "input_vocab_size": sounds + 1, "output_vocab_size": sounds + 1},
        codec_config=EncodecConfig(
            hidden_size=32, num_filters=4, num_lstm_layers=1, codebook_size=sounds, target_bandwidths=[1.8, 3.6]
        ).to_dict(),
    )
    how = BarkGenerationConfig(
        semantic_config={
            "do_sample": True, "eos_token_id": meanings, "max_new_tokens": 12, "text_encoding_offset": meanings + 2,
            "text_pad_token": words, "semantic_infer_token": words + 1, "semantic_vocab_size": meanings,
        },
        coarse_acoustics_config={"do_sample": True, "coarse_semantic_pad_token": heard, "coarse_infer_token": heard + 2, "max_coarse_input_length": 64, "max_coarse_history": 63},
        fine_acoustics_config={"temperature": 0.5, "max_fine_input_length": 128, "max_fine_history_length": 64},
        codebook_size=sounds,
    )  # fmt: skip

    def build() -> None:
        import torch
        from safetensors.torch import save_file

        model = _woken(BarkModel(config))
        for name, book in model.codec_model.named_buffers():
            if name.endswith("codebook.embed"):
                book.normal_()
        for name, weight in model.codec_model.named_parameters():  # else it hums the same whatever it is told
            if "bias" in name:
                weight.data.zero_()
        model.save_pretrained(folder)
        (folder / "generation_config.json").write_text(json.dumps(how.to_dict(), indent=1), encoding="utf-8")
        presets = folder / "speaker_embeddings" / "v2"
        presets.mkdir(parents=True)
        for name, shape in (("semantic", (40,)), ("coarse", (2, 60)), ("fine", (8, 60))):
            prompt = torch.randint(0, meanings, shape)
            save_file({"prompt": prompt}, presets / f"en_speaker_6_{name}_prompt.safetensors")

    _seeded(build)


def _seeded(make: Callable[[], None]) -> None:
    """Make a model with the same random weights each time."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        make()


def _woken(model: Any) -> Any:
    """The model with random numbers where its makers begin with zeros: else nothing of a recording would reach the sound."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(0.0, 0.3)
    return model


def _keen(model: Any) -> Any:
    """The converter with a keener ear, and a mouth that says what it hears: random networks hear all voices alike, and hum."""
    import torch

    with torch.no_grad():
        model.ref_enc.proj.weight.mul_(300)
        for name, parameter in model.dec.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    return model


def _save(model: Any, config: dict[str, Any], folder: Path) -> None:
    from safetensors.torch import save_file

    state = {name: tensor.detach().contiguous().clone() for name, tensor in model.state_dict().items()}
    save_file(state, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=str), encoding="utf-8")
