"""The models' true architectures with random weights, in memory: no hub, no text encoder; and tiny ones of the same classes.

Configurations are those of the models' repositories; they give the published numbers of parameters: SDXL's UNet 2.567 B,
FLUX.2 klein 3.876 B, Z-Image 6.155 B, Wan 2.1 1.419 B, Wan 2.2 TI2V 5.000 B.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.rehearse import diffusion as tiny

_VAE = {
    "in_channels": 3, "out_channels": 3, "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4, "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2,
    "norm_num_groups": 32, "sample_size": 1024,
}  # fmt: skip
_WAN = {
    "patch_size": (1, 2, 2), "num_attention_heads": 24, "attention_head_dim": 128, "in_channels": 48, "out_channels": 48,
    "text_dim": 4096, "freq_dim": 256, "ffn_dim": 14336, "num_layers": 30, "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads", "eps": 1e-6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """How a model is run: `name`, what of its recipe is otherwise than a recipe is by itself, and at which batches.

    `tiny`: with the small decoder that there is for this model, on the pipeline of the way before. `tflop`: of one, where it is
    not the model's.
    """

    name: str
    changes: Mapping[str, Any]
    batches: tuple[int, ...] = (1,)
    tiny: bool = False
    tflop: float | None = None


EAGER = "eager diffusers"
"""The way that others are compared with: the library's pipeline, nothing switched."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `size`: px and, of films, frames. `target`: what the issue asks for, seconds for one, or None.

    `tflop`: of one picture or film, counted (`--count` counts again). `ways`: what is measured besides plain diffusers, the
    most telling first. `small`: the rehearsal's maker of the same pipeline, and the size that it is asked for.
    """

    name: str
    pipeline: Callable[[], Any]
    size: tuple[int, int, int]
    steps: int
    guidance: float
    tflop: float
    ways: tuple[Way, ...]
    target: float | None
    small: str
    small_size: tuple[int, int, int]


def _scheduler(name: str, **config: Any) -> Any:
    """Its tables stay in float32 on this side, whatever the models are built in."""
    import diffusers
    import torch

    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float32)
        with torch.device("cpu"):
            return getattr(diffusers, name)(**config)
    finally:
        torch.set_default_dtype(before)


def _sdxl() -> Any:
    import diffusers

    unet = diffusers.UNet2DConditionModel(
        sample_size=128, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), block_out_channels=(320, 640, 1280),
        layers_per_block=2, cross_attention_dim=2048, transformer_layers_per_block=[1, 2, 10], attention_head_dim=[5, 10, 20],
        use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )  # fmt: skip
    return diffusers.StableDiffusionXLPipeline(
        vae=diffusers.AutoencoderKL(**_VAE, latent_channels=4, scaling_factor=0.13025), text_encoder=None, text_encoder_2=None,
        tokenizer=None, tokenizer_2=None, unet=unet, scheduler=_scheduler("EulerDiscreteScheduler", timestep_spacing="trailing"),
    )  # fmt: skip


def _klein() -> Any:
    import diffusers

    transformer = diffusers.Flux2Transformer2DModel(
        patch_size=1, in_channels=128, num_layers=5, num_single_layers=20, attention_head_dim=128, num_attention_heads=24,
        joint_attention_dim=7680, timestep_guidance_channels=256, mlp_ratio=3.0, axes_dims_rope=(32, 32, 32, 32),
        rope_theta=2000, guidance_embeds=False,
    )  # fmt: skip
    return diffusers.Flux2KleinPipeline(
        scheduler=_scheduler("FlowMatchEulerDiscreteScheduler", use_dynamic_shifting=True), vae=diffusers.AutoencoderKLFlux2(),
        text_encoder=None, tokenizer=None, transformer=transformer, is_distilled=True,
    )  # fmt: skip


def _z_image() -> Any:
    import diffusers

    transformer = diffusers.ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=16, dim=3840, n_layers=30, n_refiner_layers=2, n_heads=30,
        n_kv_heads=30, norm_eps=1e-5, qk_norm=True, cap_feat_dim=2560, rope_theta=256.0, t_scale=1000.0,
        axes_dims=[32, 48, 48], axes_lens=[1536, 512, 512],
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        **_VAE,
        latent_channels=16,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return diffusers.ZImagePipeline(
        scheduler=_scheduler("FlowMatchEulerDiscreteScheduler", shift=3.0), vae=vae, text_encoder=None, tokenizer=None,
        transformer=transformer,
    )  # fmt: skip


def _wan(small: bool) -> Any:
    import diffusers

    changes = {"num_attention_heads": 12, "in_channels": 16, "out_channels": 16, "ffn_dim": 8960} if small else {}
    vae = (
        diffusers.AutoencoderKLWan()
        if small
        else diffusers.AutoencoderKLWan(
            base_dim=160, decoder_base_dim=256, z_dim=48, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[],
            temperal_downsample=[False, True, True], is_residual=True, in_channels=12, out_channels=12, patch_size=2,
            scale_factor_temporal=4, scale_factor_spatial=16, latents_mean=[0.0] * 48, latents_std=[1.0] * 48,
        )
    )  # fmt: skip
    return diffusers.WanPipeline(
        tokenizer=None, text_encoder=None, vae=vae, scheduler=_scheduler("FlowMatchEulerDiscreteScheduler", shift=5.0),
        transformer=diffusers.WanTransformer3DModel(**(_WAN | changes)), expand_timesteps=not small,
    )  # fmt: skip


MODELS: Mapping[str, Model] = {
    one.name: one
    for one in (
        Model("sdxl", _sdxl, (1024, 1024, 1), 4, 0.0, 37.5, (
            Way("ours", {"graphs": True}, (8, 16)),
            Way("ours, tiny VAE", {"graphs": True}, (8,), tiny=True, tflop=27.6),
            Way("ours, one by one", {"graphs": True}),
            Way("whole", {"compile": "whole"}, (8,)),
        ), 1 / 12, "rehearse-sdxl", (64, 64, 1)),
        Model("flux.2-klein-4b", _klein, (1024, 1024, 1), 4, 1.0, 149.8, (
            Way("ours", {}, (1, 4)),
            Way("ours, fp8", {"fp8": "compute"}, (1, 4)),
        ), 0.30, "rehearse-flux2-klein", (64, 64, 1)),
        Model("wan2.1-t2v-1.3b", lambda: _wan(True), (832, 480, 81), 3, 1.0, 1124.0, (
            Way("ours", {"tuned_convolutions": True}, (1, 2)),
            Way("ours, fp8", {"fp8": "compute", "tuned_convolutions": True}),
            Way("ours, not tuned", {}),
        ), 2.5, "rehearse-wan-words", (64, 64, 9)),
        Model("z-image-turbo", _z_image, (1024, 1024, 1), 9, 0.0, 463.0, (
            Way("ours", {}, (1, 4)),
            Way("ours, fp8", {"fp8": "compute"}),
        ), None, "rehearse-z-image", (64, 64, 1)),
        # In the three steps of its distilled weights (FastWan).
        Model("wan2.2-ti2v-5b", lambda: _wan(False), (1280, 704, 121), 3, 1.0, 3574.0, (
            Way("ours", {"tuned_convolutions": True}),
        ), None, "rehearse-wan", (64, 64, 9)),
    )
}  # fmt: skip


def build(model: Model, device: Any, dtype: Any, *, small: bool) -> Any:
    """The pipeline on a device (also "meta"), with weights as they happen to be drawn."""
    import torch

    before = torch.get_default_dtype()
    torch.manual_seed(1)
    try:
        torch.set_default_dtype(dtype)
        if small:
            pipe = tiny._MAKERS[model.small]().to(device)
        else:
            with torch.device(device):
                pipe = model.pipeline()
    finally:
        torch.set_default_dtype(before)
    for part in (denoiser(pipe), pipe.vae):
        part.eval().requires_grad_(False)
        for name, weight in part.named_parameters():
            if "pad_token" in name and weight.device.type != "meta":  # left as memory happened to be
                weight.data.normal_(0, 0.02)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def tiny_vae(latents: int, device: Any, dtype: Any) -> Any:
    """The small decoder of pictures, as its repositories have it for latents of so many channels."""
    import diffusers

    return diffusers.AutoencoderTiny(latent_channels=latents).to(device, dtype).eval().requires_grad_(False)


def denoiser(pipe: Any) -> Any:
    """The network that is called in every step."""
    return getattr(pipe, "transformer", None) or pipe.unet


def told(pipe: Any, count: int, dtype: Any, device: Any) -> dict[str, Any]:
    """Random embeddings in the form of real ones: what encoders take is measured nowhere here."""
    import torch

    generator = torch.Generator("cpu").manual_seed(2)

    def drawn(*form: int) -> Any:
        return torch.randn(*form, generator=generator, dtype=torch.float32).to(device, dtype)

    config = denoiser(pipe).config
    kind = type(pipe).__name__
    if kind.startswith("StableDiffusionXL"):
        pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
        return {
            "prompt_embeds": drawn(count, 77, config.cross_attention_dim),
            "pooled_prompt_embeds": drawn(count, pooled),
        }
    if kind.startswith("Flux2"):
        return {"prompt_embeds": drawn(count, 512, config.joint_attention_dim)}
    if kind.startswith("ZImage"):
        return {"prompt_embeds": list(drawn(count, 128, config.cap_feat_dim))}
    return {"prompt_embeds": drawn(count, 512, config.text_dim)}
