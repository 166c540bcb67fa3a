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
from workers.rehearse import further
from workers.rehearse.parts import VOCAB, clip_text, shown, t5, tokenizer, vae

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
    images, films = "workers.generate.images:DiffusersImage", "workers.generate.films:DiffusersVideo"
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
        _row("clip", "rehearse-wan", films, "motion", film | {
            "class": "WanPipeline", "first": "WanImageToVideoPipeline", "guidance": 2.0,
            "frames": {"most": 9, "step": 4, "plus": 1, "fps": 8}}),
        _row("clip", "rehearse-wan-words", films, "motion", film | {
            "class": "WanPipeline", "guidance": 2.0, "frames": {"most": 9, "step": 4, "plus": 1, "fps": 8}}),
        _row("clip", "rehearse-wan-first", films, "motion", film | {
            "class": "WanPipeline", "first": "WanImageToVideoPipeline", "guidance": 2.0,
            "frames": {"most": 9, "step": 4, "plus": 1, "fps": 8}}),
        _row("clip", "rehearse-ltx", films, "motion", film | {
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


def _qwen3(hidden: int, layers: int) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCAB, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
            num_attention_heads=2, num_key_value_heads=1, head_dim=hidden // 2, max_position_embeddings=1024,
            tie_word_embeddings=True,
        )
    )  # fmt: skip


def _z_image() -> Any:
    import torch
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        ZImagePipeline,
        ZImageTransformer2DModel,
    )

    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=16, dim=32, n_layers=2, n_refiner_layers=1, n_heads=2,
        n_kv_heads=2, norm_eps=1e-5, qk_norm=True, cap_feat_dim=16, rope_theta=256.0, t_scale=1000.0,
        axes_dims=[4, 6, 6], axes_lens=[1024, 64, 64],
    )  # fmt: skip
    with torch.no_grad():  # the class leaves its pad tokens as memory happened to be
        for name, weight in transformer.named_parameters():
            if "pad_token" in name:
                weight.normal_(0, 0.02)
    return ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=shown(vae(AutoencoderKL, 16), 16, 16, 16),
        text_encoder=_qwen3(16, 2),
        tokenizer=tokenizer(1024),
        transformer=transformer,
    )


def _klein() -> Any:
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )

    transformer = Flux2Transformer2DModel(
        patch_size=1, in_channels=128, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=48, timestep_guidance_channels=16, mlp_ratio=2.0, axes_dims_rope=(4, 4, 4, 4),
        rope_theta=2000, guidance_embeds=False,
    )  # fmt: skip
    vae = AutoencoderKLFlux2(
        block_out_channels=(32, 32, 32, 32), latent_channels=32, layers_per_block=1, norm_num_groups=8, sample_size=128
    )
    return Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=shown(vae, 32, 16, 16),
        text_encoder=_qwen3(16, 28),  # its layers 9, 18 and 27 are read
        tokenizer=tokenizer(512),
        transformer=transformer,
        is_distilled=True,
    )


def _sdxl() -> Any:
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionXLPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=(16, 32), layers_per_block=1,
        norm_num_groups=4, cross_attention_dim=32, transformer_layers_per_block=[1, 1], attention_head_dim=[2, 4],
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=8 * 6 + 16,
    )  # fmt: skip
    vae = AutoencoderKL(
        in_channels=3, out_channels=3, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, block_out_channels=(16, 16, 16, 16), layers_per_block=1,
        latent_channels=4, norm_num_groups=4, sample_size=128, scaling_factor=0.13025,
    )  # fmt: skip
    return StableDiffusionXLPipeline(
        vae=shown(vae, 4, 16, 16),
        text_encoder=clip_text("CLIPTextModel"),
        text_encoder_2=clip_text("CLIPTextModelWithProjection"),
        tokenizer=tokenizer(77),
        tokenizer_2=tokenizer(77),
        unet=unet,
        scheduler=EulerDiscreteScheduler(timestep_spacing="trailing"),
    )


def _wan() -> Any:
    from diffusers import (
        AutoencoderKLWan,
        FlowMatchEulerDiscreteScheduler,
        WanPipeline,
        WanTransformer3DModel,
    )

    transformer = WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=48, out_channels=48, text_dim=32,
        freq_dim=16, ffn_dim=32, num_layers=1, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
    )  # fmt: skip
    vae = AutoencoderKLWan(
        base_dim=8, decoder_base_dim=8, z_dim=48, dim_mult=[1, 1, 1, 1], num_res_blocks=1, attn_scales=[],
        temperal_downsample=[False, True, True], is_residual=True, in_channels=12, out_channels=12, patch_size=2,
        scale_factor_temporal=4, scale_factor_spatial=16, latents_mean=[0.0] * 48, latents_std=[1.0] * 48,
    )  # fmt: skip
    return WanPipeline(
        tokenizer=tokenizer(512),
        text_encoder=t5("UMT5"),
        vae=shown(vae, 48, 2, 4, 4),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),
        transformer=transformer,
        expand_timesteps=True,
    )


def _ltx() -> Any:
    from diffusers import (
        AutoencoderKLLTXVideo,
        FlowMatchEulerDiscreteScheduler,
        LTXPipeline,
        LTXVideoTransformer3DModel,
    )

    transformer = LTXVideoTransformer3DModel(
        in_channels=8, out_channels=8, patch_size=1, patch_size_t=1, num_attention_heads=2, attention_head_dim=8,
        cross_attention_dim=16, num_layers=1, caption_channels=32,
    )  # fmt: skip
    vae = AutoencoderKLLTXVideo(
        in_channels=3, out_channels=3, latent_channels=8, block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1, 1, 1, 1, 1), decoder_layers_per_block=(1, 1, 1, 1, 1),
        spatio_temporal_scaling=(True, True, False, False), decoder_spatio_temporal_scaling=(True, True, False, False),
        decoder_inject_noise=(False, False, False, False, False), upsample_residual=(False, False, False, False),
        upsample_factor=(1, 1, 1, 1), timestep_conditioning=False, patch_size=1, patch_size_t=1, encoder_causal=True,
        decoder_causal=False,
    )  # fmt: skip
    return LTXPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=shown(vae, 8, 2, 8, 8),
        text_encoder=t5("T5"),
        tokenizer=tokenizer(256),
        transformer=transformer,
    )


_MAKERS: dict[str, Callable[[], Any]] = {
    "rehearse-z-image": _z_image,
    "rehearse-flux2-klein": _klein,
    "rehearse-sdxl": _sdxl,
    "rehearse-wan": _wan,
    "rehearse-ltx": _ltx,
    "rehearse-sd": further.stable_diffusion,
    "rehearse-flux": further.flux,
    "rehearse-qwen-image": further.qwen_image,
    "rehearse-wan-words": further.wan_words,
    "rehearse-wan-first": further.wan_first,
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
