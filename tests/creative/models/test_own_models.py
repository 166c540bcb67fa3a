"""A team's own model, such as a fine-tuned one: rows in a table of theirs, then list, pull and a brief as for any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creative.catalogue import load_catalogue
from creative.cli import app
from creative.errors import UsageError
from creative.models.rows import load_models
from tests.creative.models.test_bringing import tensors
from workers.generate.recipe import recipe_of

TABLE = """
models:
  - name: house-sdxl
    task: [text-to-image]
    library: diffusers
    class: StableDiffusionXLPipeline
    repo: marlo/house-sdxl
    licence: {code: Apache-2.0, weights: OpenRAIL++-M, commercial: true}
    vram_gb: {fp16: 11}
    sizes: [[1024, 1024], [832, 1216]]
    steps: 12
    guidance: 3.5
    dtype: float16
    prompt_tokens: 77
    lora: house-look
    sources: [{of: [licence, task, class, vram_gb, sizes, steps, guidance, dtype, prompt_tokens], from: our own training, on: 2026-11-01}]
  - name: house-look
    task: [lora]
    library: diffusers
    class: StableDiffusionXLPipeline
    repo: marlo/house-look
    licence: {code: Apache-2.0, weights: Apache-2.0, commercial: true}
    vram_gb: {fp16: 1}
    dtype: float16
    sources: [{of: [licence, task, class, vram_gb, dtype], from: our own training, on: 2026-11-01}]
backends:
  - {kind: scene, name: house-scenes, target: "workers.generate.images:DiffusersImage", licence: OpenRAIL++-M, named: true,
     generative: true, batch: 4, seconds: 1, resources: {gpu: 1}, facts: {prompts: tags, product: with_product},
     options: {weights: house-sdxl, steps: 8, scheduler: EulerDiscreteScheduler}}
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "house.yaml").write_text(TABLE)
    return tmp_path / "house.yaml"


def test_its_row_tells_the_backend_what_its_options_leave_open(table: Path) -> None:
    recipe = recipe_of(load_catalogue([table]).choose("scene", "house-scenes"))
    assert (recipe.pipeline, recipe.sizes, recipe.dtype) == (
        "StableDiffusionXLPipeline", ((1024, 1024), (832, 1216)), "float16",
    )  # fmt: skip
    assert (recipe.steps, recipe.guidance, recipe.lora, recipe.vram_gb) == (8, 3.5, "house-look", 11.0)
    own = load_catalogue().choose("scene", "sdxl")
    assert load_catalogue([table]).choose("scene", "sdxl") == own, "the package's rows are as they were"


def test_it_is_listed_brought_and_verified_like_any_other(table: Path, tmp_path: Path) -> None:
    there = {"CREATIVE_CATALOGUES": str(table), "CREATIVE_MODELS": str(tmp_path / "models")}
    source = tmp_path / "source"
    (source / "unet").mkdir(parents=True)
    (source / "model_index.json").write_text("{}")
    (source / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(tensors(9))
    done = CliRunner().invoke(app, ["models", "pull", "house-sdxl", "--from", str(source)], env=there)
    assert done.exit_code == 0, done.exception
    assert CliRunner().invoke(app, ["models", "verify"], env=there).exit_code == 0
    told = json.loads(CliRunner().invoke(app, ["models", "show", "house-sdxl", "--json"], env=there).stdout)
    assert told["pulled"] and told["backends"] == ["scene house-scenes"] and told["usable"]
    listed = CliRunner().invoke(app, ["models", "list"], env=there).stderr
    assert "house-look" in listed and "z-image-turbo" in listed


def test_a_table_may_have_models_alone_and_a_lora_has_to_be_somewhere(table: Path) -> None:
    table.write_text(TABLE.partition("backends:")[0])
    assert "house-sdxl" in load_models([table])
    assert load_catalogue([table]).choose("scene").name == "studio"
    table.write_text(TABLE.replace("lora: house-look", "lora: house-lok"))
    with pytest.raises(UsageError, match="takes the LoRA house-lok, and no table of models has a row"):
        load_catalogue([table])
    table.write_text("backends: []\n")
    assert load_models([table]).keys() == load_models().keys()
    table.write_text(TABLE.replace("steps: 12", "steps: none"))
    with pytest.raises(UsageError, match=r"row 1 \(house-sdxl\): steps"):
        load_catalogue([table])
