"""Film models of random weights: Wan 2.1, Wan 2.2 and LTX-Video."""

from __future__ import annotations

from typing import Any

from workers.rehearse.parts import shown, t5, tokenizer


def wan() -> Any:
    """Wan 2.2 TI2V: films from words and, if there is one, a first picture."""
    from diffusers import (
        AutoencoderKLWan,
        FlowMatchEulerDiscreteScheduler,
        WanPipeline,
    )

    transformer = _wan_network(48, 48)
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


def wan_words() -> Any:
    """Wan 2.1: films from words alone."""
    return _early_wan(16)


def wan_first() -> Any:
    """Wan 2.2 A14B: from a first picture, by two networks, one for the early steps."""
    from diffusers import WanImageToVideoPipeline

    pipe = _early_wan(36)
    return WanImageToVideoPipeline(
        **{name: part for name, part in pipe.components.items() if name != "transformer_2"},
        transformer_2=_wan_network(36),
        image_encoder=None,
        image_processor=None,
        boundary_ratio=0.9,
    )


def ltx() -> Any:
    """LTX-Video: films from words or a first picture."""
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


def _early_wan(channels: int) -> Any:
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline

    coder = AutoencoderKLWan(
        base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
    )
    return WanPipeline(
        tokenizer=tokenizer(512),
        text_encoder=t5("UMT5"),
        vae=shown(coder, 16, 2, 8, 8),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=3.0
        ),
        transformer=_wan_network(channels),
    )


def _wan_network(channels: int, out: int = 16) -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=channels, out_channels=out,
        text_dim=32, freq_dim=16, ffn_dim=32, num_layers=1, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
    )  # fmt: skip
