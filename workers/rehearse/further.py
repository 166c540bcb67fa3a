"""More models of random weights: Stable Diffusion, FLUX.1, Qwen-Image, Wan 2.1 and Wan 2.2 from a first picture."""

from __future__ import annotations

from typing import Any

from workers.rehearse.parts import VOCAB, clip_text, shown, t5, tokenizer, vae


def stable_diffusion() -> Any:
    """Of the first generation: one text encoder, guidance."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    unet = UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), block_out_channels=(16, 32), layers_per_block=1,
        norm_num_groups=4, cross_attention_dim=16, attention_head_dim=2,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=shown(vae(AutoencoderKL, 4, shift_factor=None, use_quant_conv=True, use_post_quant_conv=True), 4, 16, 16),
        text_encoder=clip_text("CLIPTextModel"),
        tokenizer=tokenizer(77),
        unet=unet,
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


def flux() -> Any:
    """FLUX.1 as schnell is: two text encoders, no guidance of any kind."""
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=16, axes_dims_rope=(4, 6, 6), guidance_embeds=False,
    )  # fmt: skip
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
        vae=shown(vae(AutoencoderKL, 16), 16, 16, 16),
        text_encoder=clip_text("CLIPTextModel"),
        tokenizer=tokenizer(77),
        text_encoder_2=t5("T5"),
        tokenizer_2=tokenizer(256),
        transformer=transformer,
    )


def qwen_image() -> Any:
    """Qwen-Image: a language model that sees reads the words; guidance by a negative prompt."""
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImagePipeline,
        QwenImageTransformer2DModel,
    )
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    transformer = QwenImageTransformer2DModel(
        patch_size=2, in_channels=64, out_channels=16, num_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip
    reader = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config={
                "vocab_size": VOCAB, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
                "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 2048,
                "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
            },
            vision_config={
                "depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 16,
                "fullatt_block_indexes": [0],
            },
        )
    )  # fmt: skip
    coder = AutoencoderKLQwenImage(base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1)
    return QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=shown(coder, 16, 1, 16, 16),
        text_encoder=reader,
        tokenizer=tokenizer(1024),
        transformer=transformer,
    )


def wan_words() -> Any:
    """Wan 2.1: films from words alone."""
    return _wan(16)


def wan_first() -> Any:
    """Wan 2.2 A14B: from a first picture, by two networks, one for the early steps."""
    from diffusers import WanImageToVideoPipeline

    pipe = _wan(36)
    return WanImageToVideoPipeline(
        **{name: part for name, part in pipe.components.items() if name != "transformer_2"},
        transformer_2=_wan_network(36),
        image_encoder=None,
        image_processor=None,
        boundary_ratio=0.9,
    )


def _wan(channels: int) -> Any:
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


def _wan_network(channels: int) -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(
        patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=12, in_channels=channels, out_channels=16,
        text_dim=32, freq_dim=16, ffn_dim=32, num_layers=1, cross_attn_norm=True, qk_norm="rms_norm_across_heads",
    )  # fmt: skip
