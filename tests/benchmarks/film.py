"""What a film costs: CPU-seconds for 6 s of 1080x1920 at 30 frames a second, with two captions and an end card.

Run by hand: python tests/benchmarks/film.py [scene.png meta.json]. Without a scene it draws a plain one.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from creative.backends import BackendSpec, Made, Task
from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.body import Body
from workers.compose.endcard import EndCard
from workers.compose.film import Film

PALETTE = {"ground": "#b9763f", "second": "#1d4038", "accent": "#e8a33d", "text": "#fff6e8", "on_accent": "#1a120a"}
TEXTS = {"headline": "Roasted slowly. Tasted at once.", "cta": "Order now", "price": "£5.49", "was": "£6.99"}
CUES = [
    {"text": "Ten minutes, low heat, nothing rushed.", "first": 5, "end": 62},
    {"text": "House Roast, now five forty-nine.", "first": 66, "end": 128},
]


def plain_scene(folder: Path) -> tuple[Path, Path]:
    """Soft light on a wall and a box before it, with grain as a renderer leaves it."""
    rng = np.random.default_rng(0)
    light = np.linspace(110, 190, 1920)[:, None, None] * np.array([1.0, 0.62, 0.36])
    scene = Image.fromarray(np.clip(light + rng.normal(0, 1.5, (1920, 1080, 3)), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(scene)
    draw.ellipse((250, 1280, 830, 1420), fill="#a98468")
    draw.rectangle((338, 749, 742, 1344), fill="#0c3a2c")
    scene = scene.filter(ImageFilter.GaussianBlur(1))
    scene.save(folder / "scene.png")
    meta = {"width": 1080, "height": 1920, "product": [338, 749, 405, 596], "set": "plain"}
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder / "scene.png", folder / "meta.json"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene, meta = (Path(sys.argv[1]), Path(sys.argv[2])) if len(sys.argv) > 2 else plain_scene(folder)
        row = placements()["meta-reel-6"]
        document = load_layouts(templates() / "layouts")["pedestal"].shape_for(row).document(row)
        (folder / "layout.json").write_text(json.dumps(document))
        (folder / "cues.json").write_text(json.dumps(CUES))
        inputs = {
            "scene": scene,
            "meta": meta,
            "layout": folder / "layout.json",
            "font.display": templates() / "fonts" / "Geologica-SemiBold.ttf",
            "font.text": templates() / "fonts" / "Inter-Medium.ttf",
        }
        params = {
            "width": 1080, "height": 1920, "texts": TEXTS, "palette": PALETTE, "locale": "en-GB", "direction": "ltr",
            "fps": 30,
        }  # fmt: skip
        body = timed(Body, "body", 135, params | {"frames": 135}, inputs | {"cues": folder / "cues.json"}, folder)
        card = timed(EndCard, "endcard", 45, params | {"frames": 45}, inputs, folder)
        parts = {"body": body.outputs["picture"], "endcard": card.outputs["picture"]}
        film = timed(Film, "film", 180, {"fps": 30, "frames": 180}, parts, folder).outputs["film"]
        assert isinstance(film, Path)
        print(f"film    {film.stat().st_size / 1e6:.2f} MB")


def timed(backend: Any, kind: str, frames: int, params: Any, inputs: Any, folder: Path) -> Made:
    before = time.process_time()
    (made,) = backend(BackendSpec(kind, kind, ""), 1).make([Task("k", kind, params, inputs, None, folder)])
    took = time.process_time() - before
    if not isinstance(made, Made):
        raise made
    print(f"{kind:8}{frames} frames  {took:.2f} CPU-s  {frames / took:.0f} frames a core-second")
    return made


if __name__ == "__main__":
    main()
