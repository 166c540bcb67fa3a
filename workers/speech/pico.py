"""Pico: a small voice of 2009 for five languages (py-nanotts, Apache-2.0; 16 kHz). It sounds like a machine: for drafts.

The binding gives sound only, so the phrases' times are found: each phrase is said alone for its share of the time, and
every bound is moved to the quietest place near it.
"""

from __future__ import annotations

import ctypes
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import py_nanotts

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.wav import Samples
from workers.speech.reading import Span, accept, check_pinned, loudness_curve, outputs, phrases_of, trim

RATE = 16_000
_NEAR = 0.25  # seconds: how far a bound may move to a pause
_VOLUME = 0.7  # at 1 the loudest vowels clip
_FOLDER = Path(py_nanotts.__file__).parent


def _steady_memory() -> None:
    """Keep large blocks of memory fresh from the system.

    The engine reads memory that it has not written: what is heard would depend on what the process did before. Blocks
    straight from the system are zeros; glibc's M_MMAP_THRESHOLD (-3), once set, is not raised again by use.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-3, 128 * 1024)


class Pico(OneByOne):
    """Says one sentence. Options: `version` of py-nanotts, `files` {name in the package: sha256}."""

    @cached_property
    def _engine(self) -> Any:
        check_pinned("py-nanotts", self.spec.options["version"], _FOLDER, self.spec.options["files"])
        _steady_memory()
        return py_nanotts.NanoTTS()

    def make_one(self, task: Task) -> Made:
        """See kind `speech`; the seed changes nothing."""
        phrases = phrases_of(task.params)
        engine = self._engine
        voice = task.params["speaker"]
        if voice not in {known.value for known in py_nanotts.Voice}:
            known = ", ".join(sorted(known.value for known in py_nanotts.Voice))
            raise StepRefused(f"{self.spec.name} has no speaker {voice!r}: it has {known}")
        audio = _say(engine, " ".join(phrases), voice)
        audio, _ = trim(audio, RATE, [])
        spans = [(0.0, len(audio) / RATE)]
        if len(phrases) > 1:
            shares = [len(trim(_say(engine, phrase, voice), RATE, [])[0]) for phrase in phrases]
            spans = bounds(audio, shares)
        accept(audio, RATE, phrases)
        times = "by the length of each phrase said alone, moved to the quietest place within 0.25 s"
        return outputs(audio, RATE, spans, {"times": times if len(phrases) > 1 else "the whole read"})


def _say(engine: Any, text: str, voice: str) -> Samples:
    # "<" would open a tag of the engine's own markup.
    plain = text.translate({ord(sign): " " for sign in "<>&"})
    raw = engine.speak(plain, voice=voice, volume=_VOLUME)
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32768.0


def bounds(audio: Samples, shares: list[int]) -> list[Span]:
    """Spans of phrases in `audio` whose lengths are about as `shares`, bounded at pauses where there are any."""
    curve = loudness_curve(audio, RATE)
    step = len(audio) / RATE / len(curve)
    quiet = curve.max() * 10 ** (-30 / 20)
    cuts = np.cumsum(shares)[:-1] / sum(shares) * len(curve)
    near = max(1, round(_NEAR / step))
    spans: list[Span] = []
    begin = 0.0
    for cut in cuts:
        low = max(round(begin / step) + 1, round(cut) - near)
        high = max(low + 1, min(len(curve) - 1, round(cut) + near))
        place = low + int(np.argmin(curve[low:high]))
        first = last = place
        while first > low and curve[first - 1] < quiet:
            first -= 1
        while last < high and curve[last] < quiet:
            last += 1
        spans.append((begin, first * step))
        begin = max(first, last) * step
    spans.append((begin, len(audio) / RATE))
    return spans
