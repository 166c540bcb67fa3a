"""Models of random weights for tests: built once for a session, used as a row of the catalogue uses its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from PIL import Image

from creative.backends import BackendSpec, Resources, Task
from creative.models.files import write_manifest
from creative.prompts import Framing, Told, Way, document
from creative.resources import templates

PALETTE = {"ground": "#ecdcc7", "second": "#b5633f", "accent": "#f0b64c"}
SLOT = {"x": 500, "foot": 740, "width": 560, "height": 420}
PHOTO = templates() / "briefs" / "demo" / "media" / "house-roast.png"
IMAGES = (
    "rehearse-z-image", "rehearse-flux2-klein", "rehearse-sdxl", "rehearse-sd", "rehearse-flux", "rehearse-qwen-image",
)  # fmt: skip
FILMS = ("rehearse-wan", "rehearse-ltx", "rehearse-wan-words", "rehearse-wan-first")


def row(name: str, **options: Any) -> BackendSpec:
    """The rehearsal's row of that name, with other options."""
    from workers.rehearse.diffusion import rows

    said = next(dict(one) for one in rows() if one["name"] == name)
    said["resources"] = Resources(**said["resources"])
    said["options"] = said["options"] | options
    return BackendSpec(**said)


def small_photo(folder: Path) -> Path:
    """The demo's product, 300 px high: what a test has time for."""
    path = folder / "product.png"
    if not path.exists():
        photo = Image.open(PHOTO).convert("RGBA")
        photo.resize((round(photo.width * 300 / photo.height), 300), Image.Resampling.LANCZOS).save(path)
    return path


def scene_task(
    folder: Path,
    words: str = "kitchen at dawn",
    size: tuple[int, int] = (180, 320),
    seed: int = 7,
    way: Way = "with_product",
    family: str = "sentences",
) -> Task:
    """A step of kind scene; with the demo's product, but for the way `without_product`."""
    product = None if way == "without_product" else "House Roast"
    slot = SLOT if product else None
    told = document(family, way, Told(words, product, PALETTE), Framing(*size, slot))
    prompt = folder / f"prompt-{len(list(folder.glob('prompt-*')))}.json"
    prompt.write_bytes(told)
    params = {"prompt": words, "width": size[0], "height": size[1], "take": 0, "palette": PALETTE, "product": slot}
    inputs = {"prompt": prompt} | ({"cutout": small_photo(folder)} if product else {})
    return Task(f"{prompt.stem}-{seed}", "scene", params, inputs, seed, folder)


def film_task(folder: Path, scene: dict[str, bytes], size: tuple[int, int] = (180, 320), frames: int = 45) -> Task:
    """A step of kind clip of a scene's outputs."""
    inputs = {}
    for name in ("image", "meta", "plate", "layer"):
        inputs[name] = folder / f"scene-{name}"
        inputs[name].write_bytes(scene[name])
    inputs["prompt"] = folder / "film-prompt.json"
    inputs["prompt"].write_bytes(
        document("motion", "surroundings", Told("kitchen at dawn", "House Roast", PALETTE), Framing(*size, SLOT))
    )
    params = {"width": size[0], "height": size[1], "fps": 30, "frames": frames, "ms": 2000, "take": 0}
    return Task("film", "clip", params, inputs, 7, folder)


def spoilt(models: Path, name: str, to: Path, **parameters: float) -> Path:
    """A copy of a model in another folder of models, in which every parameter of the decoder whose name ends so has that
    value; with a manifest of its own, since nobody else would load it."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(models / name, to / name)
    file = to / name / "vae" / "diffusion_pytorch_model.safetensors"
    state = load_file(file)
    for ending, value in parameters.items():
        named = [key for key in state if key.startswith("decoder.conv_out") and key.endswith(ending)]
        assert named
        for key in named:
            state[key].fill_(value)
    save_file(state, file)
    write_manifest(to / name, name=name, repo="rehearsal", revision="0" * 40, licence="CC0-1.0", rehearsal=True)
    return to
