"""The table of models: every row makes sense, and says where its facts are from."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.models.rows import ModelRow, choose_model, load_models, own_models

ROWS = own_models()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_fact_has_a_source(row: ModelRow) -> None:
    assert not row.unsourced()
    assert all(source.on.year >= 2025 for source in row.sources)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_rows_make_sense(row: ModelRow) -> None:
    speaks = "text-to-speech" in row.task
    assert bool(row.languages) == speaks
    assert (row.phonemiser is not None) == speaks
    assert not (row.phonemiser == "espeak-ng" and row.enabled), "it is GPL: off by default"
    films = any(task.endswith("to-video") for task in row.task)
    assert (row.frames is not None) == films
    if row.library == "diffusers" and row.task != ("decoder",):
        assert row.steps
        assert row.guidance is not None
        assert row.sizes or row.task == ("lora",)
        assert all(side % 8 == 0 and 256 <= side <= 2048 for size in row.sizes for side in size)
    assert set(row.classes) <= set(row.task)
    assert all(0 < gb < 200 for gb in row.vram_gb.values())
    assert all(target.endswith((".safetensors", ".json")) for target in row.convert.values())
    assert row.lora is None or row.lora in ROWS
    if row.clones:
        assert row.licence.weights
    if row.library == "TTS":
        assert row.convert, "coqui-tts has no safetensors of its own"


def test_what_is_not_for_commercial_use_says_why() -> None:
    refused = {row.name for row in ROWS.values() if not row.licence.commercial}
    assert {"xtts-v2", "mms-tts-deu", "ltx-video"} == refused
    assert all(ROWS[name].licence.terms for name in refused)


def test_the_libraries_have_the_classes() -> None:
    import diffusers

    names = {
        name for row in ROWS.values() if row.library == "diffusers" for name in (row.class_, *row.classes.values())
    }
    assert names <= set(dir(diffusers))


def test_a_table_of_ones_own_replaces_rows_and_says_what_is_wrong(tmp_path: Path) -> None:
    table = tmp_path / "models.yaml"
    row = "{name: sdxl, task: [text-to-image], library: diffusers, class: X, repo: me/x, licence: {code: MIT, weights: MIT, commercial: true}, vram_gb: {bf16: 1}, dtype: bfloat16, sources: [{of: [task], from: mine, on: 2026-01-01}]}"
    table.write_text(f"models:\n  - {row}\n")
    assert load_models([table])["sdxl"].repo == "me/x"
    for text, says in (
        ("models: 3", "begin with"),
        ("a: [", "not YAML"),
        (f"models:\n  - {row}\n  - {row}", "already"),
        (f"models:\n  - {row.replace('me/x', 'me/x, revision: main')}", "revision"),
        ("models:\n  - 3", "row 1"),
    ):
        table.write_text(text)
        with pytest.raises(UsageError, match=says):
            load_models([table])
    with pytest.raises(UsageError, match="sdxl"):
        choose_model(ROWS, "sdlx")


def test_what_nobody_has_read_is_marked_and_licences_for_ads_are_not() -> None:
    """A licence that lets a model into ads has been read somewhere, but for a part of another whose has been."""
    guessed = {row.name for row in ROWS.values() if "licence" in row.unconfirmed() and row.licence.commercial}
    assert guessed == {"pocket-tts-audio-tokenizer"}
    assert "vram_gb" in ROWS["ltx-video"].unconfirmed()
    assert not ROWS["z-image-turbo"].unconfirmed()
    for row in ROWS.values():
        if row.gpu_seconds is not None:
            [how] = {source.how for source in row.sources if "gpu_seconds" in source.of}
            assert row.gpu_seconds.measured == (how == "measured"), row.name


def test_what_is_pickled_is_pinned_by_its_bytes_where_public_text_has_them() -> None:
    hub = [row for row in ROWS.values() if row.convert and row.revision and not row.archive]
    assert {row.name for row in hub} == {"openvoice-v2", "xtts-v2", "bark"}
    for row in hub:
        weights = [path for path in row.convert if path.endswith((".pth", ".bin"))]
        assert weights and set(weights) <= set(row.sha256), row.name
