"""Voices on a card: XTTS and pocket-tts with random weights of the true architectures, many lines in flight, beside the
libraries' own way of reading one line after another.

The unit is a second of speech, so that `each/s` is "times real time"; wanted: 200 times. From tokens to samples in memory; a
recording's conditioning is left out, since each is made once. Weights are random, so that nothing ends a read: each is stopped
after six seconds, as long as an ad's sentence.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.gpu.measure import Figure
from workers.rehearse import voice
from workers.speech.longtext import Piece
from workers.speech.neural import Line

MODELS = ("xtts-v2", "pocket-tts")
SECONDS, SMALL_SECONDS = 6.0, 1.0
WANTED = 1 / 200  # seconds for a second of speech
_TEXT = "It is roasted slowly, in small batches, by people who have done so for thirty years."
_BATCHES, _SMALL_BATCHES = (1, 16, 64), (1, 2)


def speech(device: Any, dtype: Any, *, small: bool, repeats: int, models: tuple[str, ...] = MODELS) -> Iterator[Figure]:
    """Figures as they come; an error is a line's note. `small`: tiny models, for a rehearsal on a CPU."""
    import torch

    makers = {"xtts-v2": _xtts, "pocket-tts": _pocket}
    seconds = SMALL_SECONDS if small else SECONDS
    for name in models:
        with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng():
            torch.manual_seed(7)
            try:
                engine, eager, heard = makers[name](Path(folder), str(torch.device(device).type), dtype, small, seconds)
            except Exception as error:  # noqa: BLE001  foreign code: the other models go on
                yield Figure(name, "ours", 1, target=WANTED, note=_line(error))
                continue
            yield _figure(name, "eager, one by one", 1, seconds, lambda eager=eager: eager(), repeats, count=True)
            for batch in _SMALL_BATCHES if small else _BATCHES:
                lines = [_a_line(heard, seed, seconds) for seed in range(batch)]
                yield _figure(
                    name, "ours, lines in flight", batch, seconds, lambda e=engine, lines=lines: e.read(lines), repeats
                )
            del engine, eager
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _a_line(heard: Any, seed: int, seconds: float) -> Line:
    return Line(Piece((_TEXT,), (0,), "sentence", " "), "en-GB", "clone", heard, seed, seconds)


def _figure(
    name: str, way: str, batch: int, seconds: float, read: Callable[[], Any], repeats: int, count: bool = False
) -> Figure:
    """Seconds for a second of speech: the median of `repeats` calls after two that do not count."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    def once() -> float:
        began = time.perf_counter()
        read()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.perf_counter() - began

    try:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        first = once()
        tflop = None
        if count:
            with FlopCounterMode(display=False) as counter:
                read()
            tflop = counter.get_total_flops() / 1e12 / seconds / batch
        else:
            once()
        took = statistics.median(once() for _ in range(max(1, repeats)))
    except Exception as error:  # noqa: BLE001  foreign code
        return Figure(name, way, batch, target=WANTED, note=_line(error))
    peak = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else None
    return Figure(name, way, batch, took / seconds / batch, tflop, peak, first, WANTED)


def _xtts(folder: Path, device: str, dtype: Any, small: bool, seconds: float) -> tuple[Any, Callable[[], Any], Any]:
    """The engine, the library's own way with one line, and what was heard of a recording."""
    import torch

    from workers.speech.coqui import ready
    from workers.speech.xtts import Voice, XttsEngine

    ready()
    from TTS.tts.configs.xtts_config import XttsConfig
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    from TTS.tts.models.xtts import Xtts

    ids = voice.xtts_words(folder)
    config = XttsConfig()
    arguments = config.model_args
    arguments.gpt_use_perceiver_resampler = True
    arguments.gpt_num_audio_tokens, arguments.gpt_start_audio_token, arguments.gpt_stop_audio_token = 1026, 1024, 1025
    arguments.gpt_number_text_tokens = len(ids) if small else 6681
    arguments.gpt_start_text_token, arguments.gpt_stop_text_token = ids["[START]"], ids["[STOP]"]
    if small:
        arguments.gpt_layers, arguments.gpt_n_heads = 2, 2
        arguments.gpt_n_model_channels = arguments.decoder_input_dim = 64

    def built() -> Any:
        model = Xtts(config)
        model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
        with torch.no_grad():
            model.gpt.mel_head.bias[arguments.gpt_stop_audio_token] = -1e4  # it never ends by itself
        return model.to(device).eval() if hasattr(model.gpt, "gpt_inference") else model.to(device)

    plain = built()
    plain.gpt.eval().init_gpt_for_inference()
    plain.hifigan_decoder.eval()
    plain.requires_grad_(False)
    heard = Voice(
        torch.randn(1, 32, int(arguments.gpt_n_model_channels), device=device), torch.randn(1, 512, 1, device=device)
    )
    text = torch.tensor([plain.tokenizer.encode(_TEXT.lower(), lang="en")], device=device)
    tokens = round(seconds * 22_050 / 1024)

    def eager() -> Any:
        with torch.inference_mode():
            codes = plain.gpt.generate(
                cond_latents=heard.latents, text_inputs=text, do_sample=True, top_p=0.85, top_k=50, temperature=0.75,
                num_return_sequences=1, num_beams=1, repetition_penalty=5.0, max_new_tokens=tokens,
            )  # fmt: skip
            length = torch.tensor([codes.shape[1] * plain.gpt.code_stride_len], device=device)
            latents = plain.gpt(
                text, torch.tensor([text.shape[1]], device=device), codes, length, cond_latents=heard.latents,
                return_latent=True,
            )  # fmt: skip
            return plain.hifigan_decoder(latents, g=heard.colour).cpu()

    named = {torch.float32: "float32", torch.bfloat16: "bfloat16", torch.float16: "float16"}[dtype]
    engine = XttsEngine(built(), device, {"dtype": named, "flight": 64})
    return engine, eager, heard


def _pocket(folder: Path, device: str, dtype: Any, small: bool, seconds: float) -> tuple[Any, Callable[[], Any], Any]:
    """As `_xtts`, of pocket-tts."""
    import torch
    from transformers import (
        PocketTTSAudioTokenizerConfig,
        PocketTTSAudioTokenizerModel,
        PocketTTSConfig,
        PocketTTSForConditionalGeneration,
    )

    from workers.speech.pocket import Pocket, processor

    if small:
        voice.pocket(folder)
        config = PocketTTSConfig.from_pretrained(folder)
        codec = PocketTTSAudioTokenizerConfig.from_pretrained(folder / "audio_tokenizer")
    else:
        config, codec = PocketTTSConfig(**voice.pocket_words(folder)), PocketTTSAudioTokenizerConfig()

    def built(kind: Any) -> tuple[Any, Any]:
        model = PocketTTSForConditionalGeneration(config).eval().requires_grad_(False)
        model.eos_head.bias.fill_(-1e4)  # it never ends by itself
        sounds = PocketTTSAudioTokenizerModel(codec).eval().requires_grad_(False).to(device)
        return model.to(device, kind), processor(folder, sounds)

    plain, words = built(torch.float32)
    heard = torch.randn(64, int(config.latent_dim))
    said = [{"role": "user", "content": [{"type": "audio"}, {"type": "text", "text": _TEXT}]}]
    prompt = words.apply_chat_template(said, tokenize=False)
    frames = round(seconds * float(config.frame_rate))

    def eager() -> Any:
        with torch.inference_mode():
            inputs = words(text=[prompt], audio_prompt_latents=[heard], return_tensors="pt", padding=True).to(device)
            made = plain.generate(**inputs, do_sample=True, max_new_tokens=frames, return_dict_in_generate=True)
            return words.decode(made.audio_latents, made.audio_latents_mask)

    model, ours = built(dtype)
    return Pocket(model, ours, device, {"cache": "static", "flight": 64}), eager, heard


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
