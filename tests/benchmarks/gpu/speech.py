"""Voices on a card: XTTS and pocket-tts with random weights of the true architectures, many lines in flight, beside the
libraries' own way of reading one line after another; and what each means of speed is worth.

The unit is a second of speech, so that `each/s` is "times real time"; wanted: 200 times. From tokens to samples in memory; a
recording's conditioning is left out, since each is made once. Weights are random, so that nothing ends a read: each is stopped
after six seconds, as long as an ad's sentence. Lines of a batch are of five lengths, so that none has its neighbours' shape.
"""

from __future__ import annotations

import functools
import gc
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
SECONDS, SMALL_SECONDS = 6.0, 0.5
WANTED = 1 / 200  # seconds for a second of speech
_TEXT = "It is roasted slowly, in small batches, by people who have done so for thirty years."
_BATCHES, _SMALL_BATCHES = (1, 16, 64), (1, 2)
_SHORTER = 0.08  # of the time: how much each of the five lengths is shorter than the one before

Engine = Callable[..., Any]
"""An engine of the model with these options."""


def speech(device: Any, dtype: Any, *, small: bool, repeats: int, models: tuple[str, ...] = MODELS) -> Iterator[Figure]:
    """Figures as they come; an error is a line's note. `small`: tiny models, for a rehearsal on a CPU."""
    import torch

    makers = {"xtts-v2": _xtts, "pocket-tts": _pocket}
    seconds, named = SMALL_SECONDS if small else SECONDS, str(dtype).split(".")[-1]
    batches = _SMALL_BATCHES if small else _BATCHES
    for name in models:
        with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng():
            torch.manual_seed(7)
            try:
                engine, eager, heard, ablations, greedy = makers[name](
                    Path(folder), str(torch.device(device).type), small, seconds
                )
            except Exception as error:  # noqa: BLE001  foreign code: the other models go on
                yield Figure(name, "ours", 1, target=WANTED, note=_line(error))
                continue
            if repeats:  # before ours takes the norms of the weights away
                yield _figure(name, "eager, one by one", 1, seconds, eager, min(repeats, 3), count=True)
            yield _agreement(name, greedy)
            if not repeats:
                continue
            ours = engine(dtype=named)
            for batch in batches:
                lines = _lines(heard, batch, seconds)
                yield _figure(
                    name, f"ours, {named}", batch, _total(lines), functools.partial(ours.read, lines), repeats
                )
            lines = _lines(heard, batches[-1], seconds)
            yield from _phases(name, ours, lines)
            del ours
            for way, options in list(ablations.items())[: 1 if small else None]:
                _room()
                told = {"dtype": named, **options}
                try:
                    other = engine(**told)
                except Exception as error:  # noqa: BLE001  foreign code
                    yield Figure(name, way, len(lines), target=WANTED, note=_line(error))
                    continue
                yield _figure(
                    name, way, len(lines), _total(lines), functools.partial(other.read, lines), min(repeats, 3)
                )
                yield from _phases(name, other, lines, f"{way}: ")
                del other
            del engine, eager
        _room()


def _room() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _lines(heard: Any, count: int, seconds: float) -> list[Line]:
    return [
        Line(
            Piece((_TEXT,), (0,), "sentence", " "), "en-GB", "clone", heard, seed,
            seconds * (1 - _SHORTER * (seed % 5)),
        )
        for seed in range(count)
    ]  # fmt: skip


def _total(lines: list[Line]) -> float:
    return sum(line.seconds for line in lines)


def _timed(read: Callable[[], Any]) -> float:
    import torch

    began = time.perf_counter()
    read()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


def _phases(name: str, engine: Any, lines: list[Line], way: str = "") -> Iterator[Figure]:
    """What the loop and the decoder take of a batch: the median of three. Seconds for a second of speech, and in the note."""
    import torch

    try:
        with torch.inference_mode():
            latents = engine.latents(lines)
            longest = max(map(len, latents))
            for part, call in (
                ("loop", functools.partial(engine.latents, lines)),
                ("decoder", functools.partial(_decode, engine, lines, latents)),
            ):
                call()
                took = statistics.median(_timed(call) for _ in range(3))
                note = f"{took * 1000:.1f} ms a batch" + (
                    f", {took * 1000 / longest:.3f} ms a step of {longest}" if part == "loop" else ""
                )
                yield Figure(name, f"{way}{part} only", len(lines), took / _total(lines), note=note)
    except Exception as error:  # noqa: BLE001  foreign code
        yield Figure(name, f"{way}phases", len(lines), note=_line(error))


def _agreement(name: str, greedy: Callable[[], tuple[Any, list[Any]]]) -> Figure:
    """Whether ours says what the library says, in float32 and without chance, as it is and after a replay of the same graphs."""
    try:
        theirs, ours = greedy()
    except Exception as error:  # noqa: BLE001  foreign code
        return Figure(name, "agreement", 1, note=_line(error))
    apart = [float((theirs.float().cpu() - one.float().cpu()).abs().max()) for one in ours]
    size = float(theirs.float().abs().max())
    said = ", ".join(f"{one:.1e}" for one in apart)
    return Figure(name, "agreement", 1, note=f"most apart from the library's {said}, of values up to {size:.2g}")


def _decode(engine: Any, lines: list[Line], latents: list[Any]) -> None:
    if hasattr(engine, "vocoder"):
        engine.sounds(lines, latents)
    else:
        engine.sounds(latents)


def _figure(
    name: str, way: str, batch: int, seconds: float, read: Callable[[], Any], repeats: int, count: bool = False
) -> Figure:
    """Seconds for a second of speech: the median of `repeats` calls after two that do not count. `seconds`: of the batch."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    try:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        first = _timed(read)
        tflop = None
        if count:
            with FlopCounterMode(display=False) as counter:
                read()
            tflop = counter.get_total_flops() / 1e12 / seconds
        else:
            _timed(read)
        took = statistics.median(_timed(read) for _ in range(max(1, repeats)))
    except Exception as error:  # noqa: BLE001  foreign code
        return Figure(name, way, batch, target=WANTED, note=_line(error))
    peak = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else None
    return Figure(name, way, batch, took / seconds, tflop, peak, first, WANTED)


def _xtts(
    folder: Path, device: str, small: bool, seconds: float
) -> tuple[Engine, Callable[[], Any], Any, dict[str, dict[str, Any]], Callable[[], tuple[Any, list[Any]]]]:
    """Makes engines; the library's own way with one line; what was heard of a recording; means of speed, one by one; and
    what the library and ours say without chance."""
    import torch

    from workers.speech.coqui import ready
    from workers.speech.gptloop import Sampling
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
    model = Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    model.to(device).requires_grad_(False)
    model.gpt.mel_head.bias[arguments.gpt_stop_audio_token] = -1e4  # it never ends by itself
    model.gpt.eval().init_gpt_for_inference()
    model.hifigan_decoder.eval()
    wide = int(arguments.gpt_n_model_channels)
    heard = Voice(torch.randn(1, 32, wide, device=device), torch.randn(1, 512, 1, device=device))
    text = torch.tensor([model.tokenizer.encode(_TEXT.lower(), lang="en")], device=device)
    tokens = round(seconds * 22_050 / 1024)

    def eager() -> Any:
        gpt = model.gpt
        with torch.inference_mode():
            codes = gpt.generate(
                cond_latents=heard.latents, text_inputs=text, do_sample=True, top_p=0.85, top_k=50, temperature=0.75,
                num_return_sequences=1, num_beams=1, repetition_penalty=5.0, max_new_tokens=tokens,
            )  # fmt: skip
            length = torch.tensor([codes.shape[1] * gpt.code_stride_len], device=device)
            latents = gpt(
                text, torch.tensor([text.shape[1]], device=device), codes, length, cond_latents=heard.latents,
                return_latent=True,
            )  # fmt: skip
            return model.hifigan_decoder(latents, g=heard.colour).cpu()

    def engine(**options: Any) -> Any:
        return XttsEngine(model, device, {"flight": 64, **options})

    def greedy() -> tuple[Any, list[Any]]:
        with torch.inference_mode():
            codes = model.gpt.generate(
                cond_latents=heard.latents, text_inputs=text, do_sample=False, num_beams=1, repetition_penalty=5.0,
                max_new_tokens=tokens,
            )  # fmt: skip
            length = torch.tensor([codes.shape[1] * model.gpt.code_stride_len], device=device)
            latents = model.gpt(
                text, torch.tensor([text.shape[1]], device=device), codes, length, cond_latents=heard.latents,
                return_latent=True,
            )  # fmt: skip
            theirs = model.hifigan_decoder(latents, g=heard.colour)[0, 0]
        ours = engine(dtype="float32")
        ours.how = Sampling(1.0, 1, 1.0, 5.0)
        lines = _lines(heard, 3, tokens * 1024 / 22_050)
        return theirs, [torch.from_numpy(ours.read(lines)[0].audio) for _ in range(2)]

    ablations: dict[str, dict[str, Any]] = {
        "without graphs": {"graphs": False},
        "in float16": {"dtype": "float16"},
        "in float32": {"dtype": "float32"},
        "attention by products": {"attention": "products"},
        "decoder in bfloat16": {"decoder_dtype": "bfloat16"},
        "decoder in float16": {"decoder_dtype": "float16"},
        "layers compiled": {"compile": True},
    }
    return engine, eager, heard, ablations, greedy


def _pocket(
    folder: Path, device: str, small: bool, seconds: float
) -> tuple[Engine, Callable[[], Any], Any, dict[str, dict[str, Any]], Callable[[], tuple[Any, list[Any]]]]:
    """As `_xtts`, of pocket-tts."""
    import torch

    from workers.models.libraries import transformers_ready

    transformers_ready()
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
    model = PocketTTSForConditionalGeneration(config).eval().requires_grad_(False).to(device)
    model.eos_head.bias.fill_(-1e4)  # it never ends by itself
    sounds = PocketTTSAudioTokenizerModel(codec).eval().requires_grad_(False).to(device)
    words = processor(folder, sounds)
    heard = torch.randn(64, int(config.latent_dim))
    said = [{"role": "user", "content": [{"type": "audio"}, {"type": "text", "text": _TEXT}]}]
    prompt = words.apply_chat_template(said, tokenize=False)
    frames = round(seconds * float(config.frame_rate))

    def eager() -> Any:
        with torch.inference_mode():
            inputs = words(text=[prompt], audio_prompt_latents=[heard], return_tensors="pt", padding=True).to(device)
            made = model.generate(**inputs, do_sample=True, max_new_tokens=frames, return_dict_in_generate=True)
            return words.decode(made.audio_latents, made.audio_latents_mask)

    def greedy() -> tuple[Any, list[Any]]:
        with torch.inference_mode():
            inputs = words(text=[prompt], audio_prompt_latents=[heard], return_tensors="pt", padding=True).to(device)
            made = model.generate(**inputs, do_sample=False, max_new_tokens=frames, return_dict_in_generate=True)
            theirs = words.decode(made.audio_latents, made.audio_latents_mask)[0]
        ours = engine(temperature_permille=0)
        return theirs, [
            torch.from_numpy(ours.read(_lines(heard, 3, frames / float(config.frame_rate)))[0].audio) for _ in range(2)
        ]

    def engine(dtype: str = "float32", codec_dtype: str = "float32", **options: Any) -> Any:
        model.to(getattr(torch, dtype) if device == "cuda" else torch.float32)
        sounds.to(getattr(torch, codec_dtype) if device == "cuda" else torch.float32)
        return Pocket(model, words, device, {"flight": 64, **options})

    ablations: dict[str, dict[str, Any]] = {
        "without graphs": {"graphs": False},
        "in float16": {"dtype": "float16"},
        "in float32": {"dtype": "float32"},
        "codec in bfloat16": {"codec_dtype": "bfloat16"},
        "compiled": {"compile": True},
    }
    return engine, eager, heard, ablations, greedy


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
