"""A row may name a small decoder of its own: another way to the pixels, from words and around a product."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from creative.backends import Made
from creative.models.files import write_manifest
from creative.prompts import Way
from tests.support.tiny_models import row, scene_task
from workers.generate.images import DiffusersImage
from workers.rehearse.diffusion import REPO, REVISION


@pytest.fixture
def with_decoder(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The rehearsal's SDXL, and beside it a small decoder for its latents."""
    import torch
    from diffusers import AutoencoderTiny

    folder = tmp_path / "models"
    shutil.copytree(models / "rehearse-sdxl", folder / "rehearse-sdxl")
    torch.manual_seed(3)
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8), num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1), latent_channels=4,
    ).save_pretrained(folder / "small-decoder")  # fmt: skip
    write_manifest(
        folder / "small-decoder", name="small-decoder", repo=REPO, revision=REVISION, licence="CC0-1.0", rehearsal=True
    )
    monkeypatch.setenv("CREATIVE_MODELS", str(folder))
    return folder


def _pixels(made: Made) -> Any:
    data = made.outputs["image"]
    assert isinstance(data, bytes)
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("way", ["without_product", "with_product"])
def test_a_small_decoder_is_another_way_to_the_pixels(with_decoder: Path, tmp_path: Path, way: Way) -> None:
    named = {"class": "StableDiffusionXLPipeline", "inpaint": "StableDiffusionXLInpaintPipeline"}
    task = scene_task(tmp_path, way=way, family="tags")
    small = DiffusersImage(row("rehearse-sdxl", tiny_vae="small-decoder", **named), 1)
    made, plain = (one.make([task])[0] for one in (small, DiffusersImage(row("rehearse-sdxl", **named), 1)))
    assert isinstance(made, Made) and isinstance(plain, Made), (made, plain)
    assert small._pipes is not None and type(small._pipes.words.vae).__name__ == "AutoencoderTiny"
    assert small._pipes.other is not None and small._pipes.other.vae is small._pipes.words.vae
    one, other = _pixels(made), _pixels(plain)
    assert one.shape == other.shape and (one != other).any()
    if way == "with_product":
        assert made.notes["way"] == "around the product"
        assert made.notes["product_px_unchanged"] == plain.notes["product_px_unchanged"] > 500
