"""A draft that we encode is painted on as one that the library encodes: to the same picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.support.tiny_models import row
from workers.generate.drafts import as_latents
from workers.generate.images import DiffusersImage
from workers.models.libraries import quiet


def _drafts() -> tuple[list[Image.Image], list[Image.Image]]:
    """Two products on grounds of two colours, 128 x 128, and their masks."""
    drafts, masks = [], []
    for colour, place in (("#ecdcc7", (30, 40, 80, 110)), ("#b5633f", (60, 20, 100, 120))):
        draft, mask = Image.new("RGB", (128, 128), colour), Image.new("L", (128, 128), 255)
        ImageDraw.Draw(draft).ellipse(place, "#225577")
        ImageDraw.Draw(mask).ellipse(place, 0)
        drafts.append(draft)
        masks.append(mask)
    return drafts, masks


@pytest.mark.parametrize("upcast", [True, False])
def test_the_picture_is_the_one_that_the_library_paints(models: Path, upcast: bool) -> None:
    import torch

    backend = DiffusersImage(row("rehearse-sdxl"), 1)
    pipe: Any = backend._load().other
    pipe.vae.register_to_config(force_upcast=upcast)
    drafts, masks = _drafts()

    def generators() -> list[Any]:
        return [torch.Generator("cpu").manual_seed(seed) for seed in (5, 6)]

    def painted(image: Any, told: list[Any]) -> Any:
        asked = {"width": 128, "height": 128, "num_inference_steps": 3, "guidance_scale": 2.0, "strength": 1.0}
        with torch.inference_mode(), quiet():
            return pipe(
                prompt=["dawn", "fog"], image=image, mask_image=masks, generator=told, output_type="np", **asked
            ).images

    wanted = painted(drafts, generators())
    own = generators()
    latents = as_latents(pipe, drafts, own)
    assert latents.shape[:2] == (2, 4)
    found = painted(latents, own)
    np.testing.assert_allclose(found, wanted, atol=2e-4)
    # Weights that are drawn hardly look at the draft: so its latents are compared as well.
    with torch.inference_mode(), quiet():
        theirs = pipe._encode_vae_image(pipe.image_processor.preprocess(drafts, height=128, width=128), generators())
        np.testing.assert_allclose(latents, theirs, atol=1e-5)
        assert float((as_latents(pipe, drafts[::-1], generators()) - theirs).abs().max()) > 1e-4
    backend.close()


@pytest.mark.parametrize("name", ["rehearse-z-image", "rehearse-flux2-klein", "rehearse-sd"])
def test_other_families_encode_by_themselves(models: Path, name: str) -> None:
    backend = DiffusersImage(row(name), 1)
    assert as_latents(backend._load().other, _drafts()[0], []) is None
    backend.close()
