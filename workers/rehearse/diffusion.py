"""Picture and film models of random weights: Z-Image, FLUX.2 klein, SDXL, Wan 2.2, LTX-Video and others, a megabyte or so each.

Each is its real classes built from small configurations, with a tokenizer made by hand (bytes, no merges), saved as the
real ones are: safetensors and JSON. What they paint is noise by nature; all else is as in production.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from creative.models.files import write_manifest
from workers.models.libraries import diffusers_ready, quiet
from workers.rehearse import films, pictures

REPO, REVISION = "rehearsal", "0" * 40
SIZES = [[128, 128], [96, 160], [160, 96], [192, 64], [64, 192]]


def build(folder: Path, only: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Write the models into `folder`, one folder each with its manifest; the catalogue's rows that use them.

    `only`: some of them by name; all, if left out.
    """
    diffusers_ready()
    wanted = set(only) or set(_MAKERS)
    for number, (name, make) in enumerate(_MAKERS.items()):
        if name not in wanted:
            continue
        own = folder / name
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        _seeded(number)
        with quiet():
            _save(make(), own)
        write_manifest(own, name=name, repo=REPO, revision=REVISION, licence="CC0-1.0", rehearsal=True)
    return [row for row in rows() if row["options"]["weights"] in wanted]


def _seeded(number: int) -> None:
    import torch

    torch.manual_seed(4711 + number)


def rows() -> list[dict[str, Any]]:
    """The rows of the rehearsal's catalogue: kinds scene and clip, no GPU."""
    images, moving = "workers.generate.images:DiffusersImage", "workers.generate.films:DiffusersVideo"
    scene = {"sizes": SIZES, "dtype": "float32", "compile": False}
    film = {"sizes": [[96, 64], [64, 96], [64, 64]], "dtype": "float32", "compile": False, "steps": 2}
    return [
        _row("scene", "rehearse-z-image", images, "sentences", scene | {
            "class": "ZImagePipeline", "inpaint": "ZImageInpaintPipeline", "steps": 3, "guidance": 0.0}),
        _row("scene", "rehearse-flux2-klein", images, "sentences", scene | {
            "class": "Flux2KleinPipeline", "inpaint": "Flux2KleinInpaintPipeline", "steps": 2, "guidance": 1.0}),
        _row("scene", "rehearse-sdxl", images, "tags", scene | {
            "class": "auto", "inpaint": "auto", "steps": 2, "guidance": 2.0}),
        _row("scene", "rehearse-sd", images, "tags", scene | {
            "class": "StableDiffusionPipeline", "inpaint": "StableDiffusionInpaintPipeline", "steps": 2, "guidance": 2.0}),
        _row("scene", "rehearse-flux", images, "sentences", scene | {
            "class": "FluxPipeline", "inpaint": "FluxInpaintPipeline", "steps": 2, "guidance": 0.0, "prompt_tokens": 256}),
        _row("scene", "rehearse-qwen-image", images, "sentences", scene | {
            "class": "QwenImagePipeline", "inpaint": "QwenImageInpaintPipeline", "steps": 2, "guidance": 4.0}),
        _row("clip", "rehearse-wan", moving, "motion", film | {
            "class": "WanPipeline", "first": "WanImageToVideoPipeline", "guidance": 2.0,
            "frames": {"most": 9, "step": 4, "plus": 1, "fps": 8}}),
        _row("clip", "rehearse-wan-words", moving, "motion", film | {
            "class": "WanPipeline", "guidance": 2.0, "frames": {"most": 9, "step": 4, "plus": 1, "fps": 8}}),
        _row("clip", "rehearse-wan-first", moving, "motion", film | {
            "class": "WanPipeline", "first": "WanImageToVideoPipeline", "guidance": 2.0,
            "frames": {"most": 9, "step": 4, "plus": 1, "fps": 8}}),
        _row("clip", "rehearse-ltx", moving, "motion", film | {
            "class": "LTXPipeline", "first": "LTXImageToVideoPipeline", "guidance": 2.0,
            "frames": {"most": 9, "step": 8, "plus": 1, "fps": 8}}),
    ]  # fmt: skip


def _row(kind: str, name: str, target: str, prompts: str, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "target": target,
        "model": f"{REPO}/{name} {REVISION}",
        "licence": "CC0-1.0",
        "resources": {"cpu": 1, "gpu": 0, "memory_mb": 1500},
        "batch": 4 if kind == "scene" else 2,
        "attempts": 2,
        "timeout_s": 600,
        "seconds": 2 if kind == "scene" else 5,
        "draft": True,
        "generative": True,
        "facts": {"prompts": prompts, "product": "with_product" if kind == "scene" else "surroundings"},
        "options": {"weights": name, **options},
    }


_MAKERS: dict[str, Callable[[], Any]] = {
    "rehearse-z-image": pictures.z_image,
    "rehearse-flux2-klein": pictures.klein,
    "rehearse-sdxl": pictures.sdxl,
    "rehearse-wan": films.wan,
    "rehearse-ltx": films.ltx,
    "rehearse-sd": pictures.stable_diffusion,
    "rehearse-flux": pictures.flux,
    "rehearse-qwen-image": pictures.qwen_image,
    "rehearse-wan-words": films.wan_words,
    "rehearse-wan-first": films.wan_first,
}


def _save(pipeline: Any, folder: Path) -> None:
    """As the library saves it; files that no model's folder may have (none is expected) would be refused by the manifest."""
    pipeline.save_pretrained(folder, safe_serialization=True)
    for card in folder.glob("README.md"):
        card.unlink()
    index = folder / "model_index.json"
    said = json.loads(index.read_text())
    said.pop("_name_or_path", None)
    index.write_text(json.dumps(said, indent=1, sort_keys=True))
