"""What the libraries here build is what was published: as many tensors and bytes as the files that the table of models pins.

Counted on PyTorch's meta device, without memory, but for XTTS, which asks its filters for values; the sizes of files are those that public repositories hold theirs against.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from workers.models.libraries import transformers_ready
from workers.speech.coqui import ready

_EACH = range(300, 360)
"""Bytes that torch's zip file spends on a tensor: its name, its entry, and what fills it up to 64."""


def openvoice() -> dict[str, Any]:
    ready()
    from TTS.vc.configs.openvoice_config import OpenVoiceConfig
    from TTS.vc.models.openvoice import OpenVoice

    return dict(OpenVoice(OpenVoiceConfig()).state_dict())


def xtts() -> dict[str, Any]:
    ready()
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.models.xtts import Xtts

    config = XttsConfig()
    own = config.model_args
    own.gpt_use_perceiver_resampler = True
    own.gpt_num_audio_tokens, own.gpt_start_audio_token, own.gpt_stop_audio_token = 1026, 1024, 1025
    own.gpt_number_text_tokens = 6681
    model = Xtts(config)
    state = dict(model.state_dict())
    assert [len(state[f"gpt.{name}_pos_embedding.emb.weight"]) for name in ("text", "mel")] == [404, 608]
    return state


def bark(hidden: int, layers: int, heads: int) -> dict[str, Any]:
    transformers_ready()
    from transformers import BarkConfig, BarkModel, EncodecConfig

    part = {"hidden_size": hidden, "num_layers": layers, "num_heads": heads, "bias": False}
    config = BarkConfig(
        semantic_config={**part, "input_vocab_size": 129_600, "output_vocab_size": 10_048},
        coarse_acoustics_config={**part, "input_vocab_size": 12_096, "output_vocab_size": 12_096},
        fine_acoustics_config={**part, "input_vocab_size": 1056, "output_vocab_size": 1056, "n_codes_given": 1},
        codec_config=EncodecConfig().to_dict(),
    )
    state = dict(BarkModel(config).state_dict())
    for name in [name for name in state if name.startswith("fine_acoustics.lm_heads.")]:
        del state[name]  # the embeddings once more: a file has them once
    return state


def size(state: dict[str, Any]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in state.values())


@pytest.mark.parametrize(
    ("build", "where", "published"),
    [
        pytest.param(openvoice, "meta", 131_320_490, id="openvoice-v2"),
        pytest.param(xtts, "cpu", 1_867_929_118, id="xtts-v2", marks=pytest.mark.long),
        pytest.param(lambda: bark(1024, 24, 16), "meta", 4_486_643_861, id="bark"),
        pytest.param(lambda: bark(768, 12, 12), "meta", 1_676_663_913, id="bark-small"),
    ],
)
def test_the_library_builds_what_was_published(build: Callable[[], dict[str, Any]], where: str, published: int) -> None:
    import torch

    with torch.device(where):
        state = build()
    spent = (published - size(state)) / len(state)
    assert _EACH.start <= spent < _EACH.stop, (len(state), size(state))


def test_openvoice_has_the_published_tensors() -> None:
    import torch

    with torch.device("meta"):
        state = openvoice()
    assert (len(state), size(state)) == (486, 131_168_904)
