"""A backend's name stands for all the models that it loads; a model brings its LoRA."""

from __future__ import annotations

import pytest

from creative.catalogue import load_catalogue
from creative.errors import UsageError
from creative.models.needs import loaded, needed, users
from creative.models.rows import own_models

MODELS = own_models()
BACKENDS = list(load_catalogue().specs.values())


@pytest.mark.parametrize(
    ("names", "models"),
    [
        (["z-image-turbo"], ["z-image-turbo"]),
        (["sdxl"], ["sdxl", "sdxl-lightning-4step"]),
        (["wan-2.2-ti2v-5b"], ["wan2.2-ti2v-5b"]),
        (["openvoice-vits-de"], ["vits-css10-de", "openvoice-v2"]),
        (["pocket-tts", "openvoice"], ["pocket-tts", "pocket-tts-audio-tokenizer", "openvoice-v2"]),
        (["bark-openvoice", "bark"], ["bark", "openvoice-v2"]),
    ],
)
def test_all_that_is_loaded_is_needed_once(names: list[str], models: list[str]) -> None:
    assert [row.name for row in needed(names, MODELS, BACKENDS)] == models


def test_every_backend_with_weights_can_be_brought_by_its_name() -> None:
    for spec in BACKENDS:
        if loaded(spec):
            assert set(loaded(spec)) <= {row.name for row in needed([spec.name], MODELS, BACKENDS)}, spec.name


def test_a_wrong_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no model 'wan-2.2-ti2v-5c'. Did you mean 'wan-2.2-ti2v-5b'"):
        needed(["wan-2.2-ti2v-5c"], MODELS, BACKENDS)
    with pytest.raises(UsageError, match=r"There is: flux\.2-klein-4b"):
        needed(["something"], MODELS, BACKENDS)


def test_who_loads_a_model_is_told_a_lora_too() -> None:
    assert users("openvoice-v2", MODELS, BACKENDS) == [
        "speech openvoice", "speech openvoice-kokoro", "speech openvoice-vits-de", "speech bark-openvoice",
    ]  # fmt: skip
    assert users("sdxl-lightning-4step", MODELS, BACKENDS) == ["scene sdxl", "scene sdxl-small-decoder"]
    assert users("mms-tts-deu", MODELS, BACKENDS) == []
