"""Drafts that a picture is painted on, as the model's own latents: encoded once, in the coder's own precision, on its device.

The library encodes each of them twice, one by one and in float32, and then throws one half away where the network does not look
at it: on an H100 sixteen pictures around a product took 6.6 s so, where sixteen from words took 2.8. Its noise is drawn after
theirs from the same generators: so is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from workers.generate.unasked import upload

_KNOWN = frozenset(("StableDiffusionXLInpaintPipeline",))
"""Families whose pipelines take latents for a picture; 4 channels are how they tell them from one."""
_LATENT = 4


def as_latents(pipe: Any, drafts: Sequence[Image.Image], generators: Sequence[Any]) -> Any:
    """(batch, 4, h / 8, w / 8) of RGB drafts of one size, in float32; None where the pipeline has to do it itself."""
    config = pipe.vae.config
    if (
        type(pipe).__name__ not in _KNOWN
        or config.latent_channels != _LATENT
        or pipe.unet.config.in_channels != _LATENT
        or type(pipe.vae).__name__ != "AutoencoderKL"  # a tiny coder draws nothing
    ):
        return None
    import torch

    vae = pipe.vae
    with torch.inference_mode():
        pixels = torch.from_numpy(np.stack([np.asarray(draft.convert("RGB")) for draft in drafts]))
        values = upload(pixels, vae.device).permute(0, 3, 1, 2).float() / 255 * 2 - 1
        spread = vae.encode(values.to(vae.dtype)).latent_dist
        drawn = torch.float32 if config.force_upcast else spread.mean.dtype
        form = (1, *spread.mean.shape[1:])
        noise = torch.cat([torch.randn(form, generator=one, dtype=drawn, device=one.device) for one in generators])
        return (spread.mean.float() + spread.std.float() * upload(noise, vae.device).float()) * config.scaling_factor
