"""Chatterbox of random weights, and a line of speech from it: what runs in the environment of the package's own row.

    python -m tests.support.chatterbox build FOLDER      the files that `ChatterboxTTS.from_local` reads (3.2 GB), with a manifest
    python -m tests.support.chatterbox say FOLDER RECORDING OUT.wav

Its architecture has no sizes to choose: what is built is as large as the published one. Six seconds are said.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

_TOKENS = 150
"""After so many of 40 ms it can only end. The recording's own take the places before."""
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'-"


def build(folder: Path) -> None:
    """Write the model into `folder`: state of the classes that the library builds, by the names that it looks for."""
    import torch
    from chatterbox.models.s3gen import S3Gen  # type: ignore[import-not-found]
    from chatterbox.models.t3 import T3  # type: ignore[import-not-found]
    from chatterbox.models.voice_encoder import VoiceEncoder  # type: ignore[import-not-found]
    from safetensors.torch import save_file
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    from creative.models.files import write_manifest

    torch.manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)

    def keep(model: Any, name: str) -> None:
        state = {key: tensor.detach().clone().contiguous() for key, tensor in model.state_dict().items()}
        save_file(state, folder / name)

    keep(VoiceEncoder(), "ve.safetensors")
    t3 = T3()
    with torch.no_grad():  # one place of the speech leads to its end, whatever was said before
        way = torch.nn.functional.normalize(torch.randn(t3.dim), dim=0)
        t3.speech_pos_emb.emb.weight[_TOKENS] += 1000 * way
        t3.speech_head.weight[t3.hp.stop_speech_token] = way  # as long as others are: it says nothing elsewhere
    keep(t3, "t3_cfg.safetensors")
    del t3
    keep(S3Gen(), "s3gen.safetensors")
    signs = {sign: number for number, sign in enumerate(["[STOP]", "[UNK]", "[SPACE]", *_LETTERS])}
    signs["[START]"] = 255  # as the published vocabulary has it
    tokenizer = Tokenizer(models.WordLevel(signs, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.add_special_tokens(["[STOP]", "[UNK]", "[SPACE]", "[START]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    write_manifest(folder, name="chatterbox", repo="rehearsal", revision="0" * 40, licence="CC0-1.0", rehearsal=True)


def say(folder: Path, recording: Path, out: Path) -> None:
    """Two lines by the backend of the package's row, from its recording; what it took is printed as JSON."""
    from creative.backends import Made, Task, resolve
    from creative.canonical import file_digest
    from creative.catalogue import load_catalogue

    os.environ["CREATIVE_MODELS"] = str(folder.parent)
    row = load_catalogue().specs["speech", "chatterbox"]
    spec = dataclasses.replace(row, model=None, options={"weights": folder.name, "rehearsal": True, "device": "auto"})
    backend = resolve(spec.target)(spec, 2)
    began = time.monotonic()
    digests = {"reference": file_digest(recording)}
    tasks = [
        Task("key", "speech", {"phrases": ["Roasted slowly,", "by hand."], "locale": "en-GB", "speaker": "clone"},
             {"reference": recording}, seed, out.parent, digests=digests)
        for seed in (1, 2, 1)
    ]  # fmt: skip
    made = backend.make(tasks)
    for one in made:
        if not isinstance(one, Made):
            raise one
    first, second, again = made
    audio = first.outputs["audio"]
    out.write_bytes(audio if isinstance(audio, bytes) else audio.read_bytes())
    import torch

    heard = backend.voices.get(digests["reference"], lambda: None)
    told = {
        "torch": torch.__version__,
        "seconds": round(time.monotonic() - began, 1),
        "notes": dict(first.notes or {}),
        "same_seed_same_sound": first.outputs["audio"] == again.outputs["audio"],
        "another_seed_another_sound": first.outputs["audio"] != second.outputs["audio"],
        "conditioning": [float(heard.t3.speaker_emb.std()), list(heard.t3.cond_prompt_speech_tokens.shape)],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    {"build": lambda: build(Path(sys.argv[2])), "say": lambda: say(*map(Path, sys.argv[2:5]))}[sys.argv[1]]()
