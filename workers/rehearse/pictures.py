"""Picture models of random weights: Stable Diffusion, SDXL, FLUX.1, FLUX.2 klein, Qwen-Image, Z-Image."""

from __future__ import annotations

from typing import Any

from workers.rehearse.parts import VOCAB, clip_text, shown, t5, tokenizer, vae


def stable_diffusion() -> Any:
    """Of the first generation: one text encoder, guidance."""
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    unet = _unet(
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=_early_vae(),
        text_encoder=clip_text("CLIPTextModel"),
        tokenizer=tokenizer(77),
        unet=unet,
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip


def sdxl() -> Any:
    """SDXL: two text encoders, guidance."""
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    unet = _unet(
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32, transformer_layers_per_block=[1, 1], attention_head_dim=[2, 4],
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=8 * 6 + 16,
    )  # fmt: skip
    return StableDiffusionXLPipeline(
        vae=_early_vae(scaling_factor=0.13025),
        text_encoder=clip_text("CLIPTextModel"),
        text_encoder_2=clip_text("CLIPTextModelWithProjection"),
        tokenizer=tokenizer(77),
        tokenizer_2=tokenizer(77),
        unet=unet,
        scheduler=EulerDiscreteScheduler(timestep_spacing="trailing"),
    )


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


def klein() -> Any:
    """FLUX.2 klein: a deep language model, of which three layers are read."""
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


def z_image() -> Any:
    """Z-Image-Turbo: a language model reads the words, no guidance."""
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


def _unet(**said: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=4,
        **said,
    )  # fmt: skip


def _early_vae(**said: Any) -> Any:
    """As Stable Diffusion's generations have it: four channels, with convolutions about what is coded."""
    from diffusers import AutoencoderKL

    early = {"shift_factor": None, "use_quant_conv": True, "use_post_quant_conv": True}
    return shown(vae(AutoencoderKL, 4, **early, **said), 4, 16, 16)


def _qwen3(hidden: int, layers: int) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=VOCAB, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
            num_attention_heads=2, num_key_value_heads=1, head_dim=hidden // 2, max_position_embeddings=1024,
            tie_word_embeddings=True,
        )
    )  # fmt: skip
