"""Pico: a small voice of 2009 for five languages (py-nanotts, Apache-2.0; 16 kHz). It sounds like a machine: for drafts.

The binding gives sound only, so the phrases' times are found: each phrase is said alone for its share of the time, and
every bound is moved to the quietest place near it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import numpy as np
import py_nanotts

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused
from workers.backend import OneByOne
from workers.sound.wav import Samples
from workers.speech.reading import Span, accept, check_pinned, loudness_curve, outputs, phrases_of, trim

RATE = 16_000
_NEAR = 0.25  # seconds: how far a bound may move to a pause
_VOLUME = 0.35  # at 0.5 the loudest vowels still clip
_FOLDER = Path(py_nanotts.__file__).parent


# What a child of its own runs: voice and volume as arguments, the text comes in, 16-bit PCM goes out. The engine reads
# memory that it has not written, so what is heard would depend on what the process did before: a fresh process, and
# glibc's M_PERTURB (-6), which fills what is allocated with zeros at 255, make it the same every time. An engine of 2009
# that falls over takes only its child with it.
_CHILD = """
import ctypes, sys
getattr(ctypes.CDLL(None), "mallopt", lambda *_: 0)(-6, 255)
sys.path.append(sys.argv[3])
import py_nanotts
text = sys.stdin.buffer.read().decode("utf-8")
sys.stdout.buffer.write(py_nanotts.NanoTTS().speak(text, voice=sys.argv[1], volume=float(sys.argv[2])))
"""


class Pico(OneByOne):
    """Says one sentence. Options: `version` of py-nanotts, `files` {name in the package: sha256}."""

    @cached_property
    def _voices(self) -> list[str]:
        check_pinned("py-nanotts", self.spec.options["version"], _FOLDER, self.spec.options["files"])
        return sorted(voice.value for voice in py_nanotts.Voice)

    def make_one(self, task: Task) -> Made:
        """See kind `speech`; the seed changes nothing."""
        phrases = phrases_of(task.params)
        voice = task.params["speaker"]
        if voice not in self._voices:
            raise StepRefused(f"{self.spec.name} has no speaker {voice!r}: it has {', '.join(self._voices)}")
        audio = _say(" ".join(phrases), voice)
        audio, _ = trim(audio, RATE, [])
        spans = [(0.0, len(audio) / RATE)]
        if len(phrases) > 1:
            shares = [len(trim(_say(phrase, voice), RATE, [])[0]) for phrase in phrases]
            spans = bounds(audio, shares)
        accept(audio, RATE, phrases)
        times = "by the length of each phrase said alone, moved to the quietest place within 0.25 s"
        return outputs(audio, RATE, spans, {"times": times if len(phrases) > 1 else "the whole read"})


def _say(text: str, voice: str) -> Samples:
    # "<" would open a tag of the engine's own markup.
    plain = text.translate({ord(sign): " " for sign in "<>&"})
    command = [sys.executable, "-I", "-c", _CHILD, voice, str(_VOLUME), str(_FOLDER.parent)]
    try:
        child = subprocess.run(command, input=plain.encode(), capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError("the voice did not answer within two minutes") from error
    if child.returncode < 0:  # a signal: the machine's doing, or a crash; nothing that the text must answer for
        raise RuntimeError(f"the voice was ended by {signal.Signals(-child.returncode).name}")
    if child.returncode:
        lines = child.stderr.decode(errors="replace").split("\n")
        raise AttemptRefused(f"the voice ended with {child.returncode}: {' '.join(lines[-2:]).strip()}")
    return np.frombuffer(child.stdout[: len(child.stdout) // 2 * 2], "<i2").astype(np.float32) / 32768.0


def bounds(audio: Samples, shares: list[int], rate: int = RATE) -> list[Span]:
    """Spans of phrases in `audio` whose lengths are about as `shares`, bounded at pauses where there are any."""
    curve = loudness_curve(audio, rate)
    step = len(audio) / rate / len(curve)
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
    spans.append((begin, len(audio) / rate))
    return spans
