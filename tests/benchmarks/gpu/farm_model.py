"""A model folder of SDXL's true architecture with random weights, as a pulled one lies there, and a catalogue row that uses it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from creative.backends import BackendSpec
from creative.catalogue import load_catalogue
from creative.models.files import write_manifest
from tests.benchmarks.gpu.architectures import MODELS, build
from workers.models.libraries import diffusers_ready, quiet
from workers.rehearse import diffusion
from workers.rehearse.parts import VOCAB, shown, tokenizer

NAME, REPO, REVISION = "card-sdxl", "rehearsal", "0" * 40
TARGET = "tests.benchmarks.gpu.farm_card:Watched"
PRETENDED = "tests.benchmarks.gpu.farm_pretended:Pretended"


def write(folder: Path, *, small: bool) -> Path:
    """Write `folder`/card-sdxl (7 GB, bf16; `small`: a megabyte, float32) with its manifest, and `folder`/rows.yaml."""
    diffusers_ready()
    own = folder / NAME
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(parents=True)
    with quiet():
        pipe = diffusion._MAKERS["rehearse-sdxl"]() if small else _true()
        diffusion._save(pipe, own)
    write_manifest(own, name=NAME, repo=REPO, revision=REVISION, licence="CC0-1.0", rehearsal=True)
    return table(folder, small=small)


def table(
    folder: Path, *, small: bool, batch: int = 16, gpu: float = 1, target: str = TARGET, side: int = 0, **options: Any
) -> Path:
    """`folder`/rows.yaml with the row, in place of what was there. `side`: its only size, in pixels."""
    sizes = [[side, side]] if side else diffusion.SIZES if small else [[1024, 1024], [832, 1216], [1216, 832]]
    said = {
        "weights": NAME, "class": "StableDiffusionXLPipeline", "inpaint": "StableDiffusionXLInpaintPipeline", "sizes": sizes,
        "steps": 2 if small else 4, "guidance": 0.0, "dtype": "float32" if small else "bfloat16",
    }  # fmt: skip
    row = {
        "kind": "scene", "name": NAME, "target": target, "model": f"{REPO}/{NAME} {REVISION}", "licence": "CC0-1.0",
        "resources": {"cpu": 1, "gpu": gpu, "memory_mb": 12000}, "batch": batch, "attempts": 2, "timeout_s": 60,
        "seconds": 0.1, "named": True, "generative": True, "facts": {"prompts": "tags", "product": "with_product"},
        "options": said | options,
    }  # fmt: skip
    path = folder / "rows.yaml"
    path.write_text(yaml.safe_dump({"backends": [row]}, sort_keys=False), "utf-8")
    return path


def row(folder: Path) -> BackendSpec:
    """The row of the folder's table."""
    return load_catalogue([folder / "rows.yaml"]).choose("scene", NAME)


def _true() -> Any:
    """SDXL's own sizes in all parts but the tokenizers, which know letters only. On the card from the first moment."""
    import torch
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    unwritten = build(MODELS["sdxl"], "cuda", torch.bfloat16, small=False)
    ends = {"pad_token_id": VOCAB - 2, "bos_token_id": VOCAB - 1, "eos_token_id": VOCAB - 1}
    first = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, projection_dim=768, hidden_act="quick_gelu", **ends,
    )  # fmt: skip
    second = CLIPTextConfig(
        vocab_size=49408, hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20,
        max_position_embeddings=77, projection_dim=1280, hidden_act="gelu", **ends,
    )  # fmt: skip
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.bfloat16)
        with torch.device("cuda"):
            texts = CLIPTextModel(first), CLIPTextModelWithProjection(second)
            shown(unwritten.vae, 4, 64, 64)
    finally:
        torch.set_default_dtype(before)
    for text in texts:
        text.to(torch.bfloat16)
    return StableDiffusionXLPipeline(
        vae=unwritten.vae, text_encoder=texts[0], text_encoder_2=texts[1], tokenizer=tokenizer(77), tokenizer_2=tokenizer(77),
        unet=unwritten.unet, scheduler=unwritten.scheduler,
    )  # fmt: skip


def pretended(spec: BackendSpec) -> BackendSpec:
    """The row for a card that there is none of: what it makes is made on the CPU."""
    return dataclasses.replace(spec, resources=dataclasses.replace(spec.resources, gpu=0.0))


def said(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of JSON lines; the last one may be cut off."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
