"""What the rehearsal's models have in common: a tokenizer of bytes, small text encoders, decoders whose noise is mild."""

from __future__ import annotations

from typing import Any

VOCAB = 258
END = "<|end|>"
_CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def tokenizer(length: int) -> Any:
    """Bytes, then the end: every text in every script has its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {letter: number for number, letter in enumerate(letters)} | {"<pad>": len(letters), END: len(letters) + 1}
    inner = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, vocab[END])])
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        eos_token=END,
        unk_token=END,
        bos_token=END,
        model_max_length=length,
    )
    made.chat_template = _CHAT
    return made


_TEXTURE, _TONE = 0.10, 0.55
"""Deviation and mean, of -1 to 1, of what the decoders make: noise on a pale ground, on which words can be read."""


def shown(vae: Any, *latent: int) -> Any:
    """Random weights decode to anything from grey to glaring: the last layer is scaled until something mild is seen.

    `latent`: the form of what is decoded, without the batch.
    """
    import torch

    last = [module for name, module in vae.decoder.named_modules() if name.split(".")[0] == "conv_out"]
    convolution = next(module for module in reversed(last) if getattr(module, "bias", None) is not None)
    with torch.no_grad():
        convolution.bias.zero_()
        seen = vae.decode(torch.randn(1, *latent), return_dict=False)[0]
        convolution.weight.mul_(_TEXTURE / float(seen.std()))
        seen = vae.decode(torch.randn(1, *latent), return_dict=False)[0]
        convolution.bias.add_(_TONE - float(seen.mean()))
    return vae


def vae(kind: Any, channels: int, **changes: Any) -> Any:
    """A picture's coder with `channels` latent ones, a side of it 8 px of the picture."""
    said: dict[str, Any] = {
        "in_channels": 3, "out_channels": 3, "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4, "block_out_channels": (16, 16, 16, 16), "layers_per_block": 1,
        "latent_channels": channels, "norm_num_groups": 4, "sample_size": 128, "scaling_factor": 0.3611,
        "shift_factor": 0.1159, "use_quant_conv": False, "use_post_quant_conv": False,
    }  # fmt: skip
    return kind(**(said | changes))


def clip_text(kind: str) -> Any:
    """A CLIP text encoder: 77 tokens, 16 wide."""
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=VOCAB, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=77, projection_dim=16, pad_token_id=VOCAB - 2, bos_token_id=VOCAB - 1,
        eos_token_id=VOCAB - 1,
    )  # fmt: skip
    return getattr(transformers, kind)(config)


def t5(kind: str) -> Any:
    """The encoder of T5 or UMT5, 32 wide."""
    import transformers

    config = getattr(transformers, f"{kind}Config")(
        vocab_size=VOCAB, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4, feed_forward_proj="gated-gelu",
        is_encoder_decoder=False, use_cache=False, pad_token_id=VOCAB - 2, eos_token_id=VOCAB - 1,
    )  # fmt: skip
    return getattr(transformers, f"{kind}EncoderModel")(config)
