"""What every voice shares: pinned files, silence at the ends, whether a read can be accepted, its outputs."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from creative.backends import Made
from creative.canonical import canonical, file_digest
from creative.errors import AttemptRefused, StepRefused
from workers.sound.wav import Samples, fade, wav_bytes

Span = tuple[float, float]  # seconds

PAD = 0.02  # seconds of silence kept at both ends
_FRAME = 0.005
_SYLLABLES = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


def check_pinned(package: str, version: str, folder: Path, files: Mapping[str, str]) -> None:
    """Raise StepRefused, naming it, when the package or a file in `folder` is not the one that the row pins (sha256)."""
    installed = importlib.metadata.version(package)
    if installed != version:
        raise StepRefused(
            f"{package} {installed} is installed, this voice is pinned to {version}: install {package}=={version}"
        )
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            raise StepRefused(f"{package}: {name} is missing: install {package}=={version} again")
        found = file_digest(path)
        if found != digest:
            raise StepRefused(
                f"{package}: {name} is not the file that this voice is pinned to (sha256 {found[:12]}, wanted {digest[:12]}): "
                f"install {package}=={version} again"
            )


def phrases_of(params: Mapping[str, Any]) -> list[str]:
    """The phrases to say, in order. Raises StepRefused when there is nothing to say."""
    phrases = [str(phrase).strip() for phrase in params["phrases"]]
    if not phrases or not all(any(sign.isalnum() for sign in phrase) for phrase in phrases):
        raise StepRefused("a phrase of the sentence has no word to say")
    return phrases


def loudness_curve(audio: Samples, rate: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Root mean square of every 5 ms."""
    size = max(1, round(rate * _FRAME))
    padded = np.pad(audio.astype(np.float64), (0, -len(audio) % size))
    curve: np.ndarray[Any, np.dtype[np.float64]] = np.sqrt((padded.reshape(-1, size) ** 2).mean(axis=1))
    return curve


def trim(audio: Samples, rate: int, spans: Sequence[Span]) -> tuple[Samples, list[Span]]:
    """Without the silence at both ends but for `PAD`; spans (seconds) moved with it, in order and inside.

    Silent is what stays 45 dB under the loudest 5 ms.
    """
    curve = loudness_curve(audio, rate)
    loud = np.flatnonzero(curve > max(curve.max(initial=0.0) * 10 ** (-45 / 20), 1e-6))
    if not len(loud):
        raise AttemptRefused("the read is silent")
    size = max(1, round(rate * _FRAME))
    pad = round(PAD * rate)
    start = max(0, int(loud[0]) * size - pad)
    end = min(len(audio), int(loud[-1] + 1) * size + pad)
    length = (end - start) / rate
    moved: list[Span] = []
    last = 0.0
    for first, until in spans:
        # The first phrase begins where sound begins, whatever its first phoneme's nominal bound.
        begin = min(max(first - start / rate, last), length) if moved else PAD
        last = min(max(until - start / rate, begin), length)
        moved.append((begin, last))
    return fade(audio[start:end], rate, 4, 8), moved


def settle(audio: Samples, rate: int, spans: Sequence[Span]) -> list[Span]:
    """Spans whose bounds between two phrases lie where the sound stops and begins again, not where it was planned to.

    Looks 60 ms beyond both planned bounds for the quietest place; without a real dip there the bounds stay.
    """
    curve = loudness_curve(audio, rate)
    quiet = curve.max(initial=0.0) * 10 ** (-28 / 20)
    bounds = [list(span) for span in spans]
    for before, after in pairwise(bounds):
        low = max(round(before[0] / _FRAME) + 1, round((before[1] - 0.06) / _FRAME))
        high = min(round(after[1] / _FRAME) - 1, round((after[0] + 0.06) / _FRAME), len(curve))
        if high - low < 2:
            continue
        place = low + int(np.argmin(curve[low:high]))
        if curve[place] > quiet:
            continue
        first = last = place
        while first > low and curve[first - 1] <= quiet:
            first -= 1
        while last < high and curve[last] <= quiet:
            last += 1
        before[1], after[0] = first * _FRAME, last * _FRAME
    return [(begin, end) for begin, end in bounds]


def longest(text: str) -> float:
    """Seconds that a read of the text takes at most: five letters a second, and a breath. A Chinese character or a Korean syllable
    is said as slowly as two letters at that pace: four to five of them a second are usual.
    """
    return 1.5 + (len(text) + len(_SYLLABLES.findall(text))) / 5


def accept(audio: Samples, rate: int, phrases: Sequence[str]) -> None:
    """Raise AttemptRefused for a read that no one should hear: NaN, silent, clipped, or of a length its text cannot have."""
    if not np.isfinite(audio).all():
        raise AttemptRefused("the read has samples that are no numbers")
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < 0.02:
        raise AttemptRefused("the read is silent")
    clipped = float((np.abs(audio) >= 0.999).mean())
    if clipped > 0.0002:
        raise AttemptRefused(f"the read is clipped ({clipped:.2%} of its samples)")
    seconds = len(audio) / rate
    characters = sum(map(len, phrases))
    if not characters / 40 <= seconds <= longest(" ".join(phrases)):
        raise AttemptRefused(f"the read has {seconds:.1f} s for {characters} characters")


def outputs(audio: Samples, rate: int, spans: Sequence[Span], notes: Mapping[str, Any]) -> Made:
    """The outputs of kind speech: mono WAV and the phrases' times in milliseconds."""
    length_ms = len(audio) * 1000 // rate
    times = [{"start_ms": min(round(a * 1000), length_ms), "end_ms": min(round(b * 1000), length_ms)} for a, b in spans]
    return Made({"audio": wav_bytes(audio, rate), "times": canonical(times)}, notes)
