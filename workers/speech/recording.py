"""Recording: a studio read as a voice. Its script is its transcript; sentences are found by the pauses between them.

The WAV is checked as a sound engineer would: rate, level, clipping, noise, cut ends. Then the pauses that split it best are
chosen: sentences as long as their texts let one expect, bounds in long pauses. A read that does not fit its transcript is
refused with the times that were found; nothing is guessed.
"""

from __future__ import annotations

import itertools
import math
import struct
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.io import wavfile
from scipy.signal import butter, sosfiltfilt

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.wav import RATE, Samples, fade, resample
from workers.speech.pico import bounds
from workers.speech.reading import Span, outputs, phrases_of

LEAST_RATE = 22_050
_LOUD = 0.7  # peak of what is passed on; the mix sets the level
_QUIETEST_DB = -36.0  # peak; under it a 16-bit file has little left
_LEAST_SNR_DB = 26.0
_CLIP = 4  # samples in a row at the very top
_FRAME = 0.01
_LEAST_PAUSE = 0.12  # seconds: shorter is a plosive
_RATES = (5.0, 26.0)  # characters a second that anybody reads
_OFF = (0.5, 2.0)  # of the length that a sentence's share of the text lets one expect
_EDGE = 0.03  # seconds kept around a sentence


@dataclass(frozen=True, slots=True)
class Read:
    """A checked recording: mono at 48 kHz, and where somebody speaks (seconds), in order."""

    audio: Samples
    spoken: tuple[Span, ...]
    snr_db: float


class Recording(OneByOne):
    """One sentence of a studio recording. Params: see kind `speech`; input `reference`: the WAV."""

    def make_one(self, task: Task) -> Made:
        """See kind `speech`. Raises StepRefused for a recording that cannot be used, or is not of this text."""
        phrases = phrases_of(task.params)
        sentences = [[str(phrase) for phrase in sentence] for sentence in task.params["sentences"]]
        number = task.params["number"]
        if not 0 <= number < len(sentences):
            raise StepRefused(f"there is no sentence {number + 1} in a script of {len(sentences)}")
        read = checked(task.inputs["reference"])
        start, end = split(read, [sum(len(phrase) for phrase in sentence) for sentence in sentences])[number]
        first, last = max(0, round((start - _EDGE) * RATE)), min(len(read.audio), round((end + _EDGE) * RATE))
        audio = fade(read.audio[first:last], RATE, 8, 12)
        spans: list[Span] = [(0.0, len(audio) / RATE)]
        if len(phrases) > 1:
            spans = bounds(audio, [len(phrase) for phrase in phrases], RATE)
        notes = {
            "times": "pauses of the recording", "from_ms": round(start * 1000), "until_ms": round(end * 1000),
            "snr_db": round(read.snr_db),
        }  # fmt: skip
        return outputs(audio, RATE, spans, notes)


def checked(path: Path) -> Read:
    """The recording of a file. Raises StepRefused for one that no ad should be made from, saying what to do."""
    read = heard(path)
    length = len(read.audio) / RATE
    for cut, where in ((read.spoken[0][0] <= 0.0, "beginning"), (read.spoken[-1][1] >= length - _FRAME, "end")):
        if cut:
            raise StepRefused(f"the recording is cut at its {where}: leave 0.1 s of silence there")
    return read


def heard(path: Path) -> Read:
    """The recording of a file, which may begin or end in a word. Raises StepRefused for bad sound, saying what to do."""
    rate, channels = _samples(path)
    if rate < LEAST_RATE:
        raise StepRefused(f"the recording has {rate} Hz: give one of at least {LEAST_RATE}, best 48000")
    audio = channels[:, 0] if channels.shape[1] == 1 else _one(channels)
    audio = audio - np.float32(audio.mean(dtype=np.float64)) if len(audio) else audio
    peak = float(np.abs(audio).max(initial=0.0))
    if peak == 0 or 20 * math.log10(peak) < _QUIETEST_DB:
        raise StepRefused(f"the recording is too quiet: its peak is under {_QUIETEST_DB:g} dBFS; record it louder")
    if at := _clipped(channels, rate):
        raise StepRefused(f"the recording is clipped at {at[0]:.2f} s ({len(at)} places): record it with less gain")
    sound = resample(audio, rate)
    sound = np.asarray(sosfiltfilt(butter(2, 50, "highpass", fs=RATE, output="sos"), sound), np.float32)
    curve = _curve(sound)
    voice, floor = float(np.percentile(curve, 92)), float(np.percentile(curve, 4))
    snr = 20 * math.log10(max(voice, 1e-9) / max(floor, 1e-9))
    quiet = max(voice * 10 ** (-30 / 20), floor * 3.2)
    spoken = _spoken(curve > quiet)
    if not spoken:
        raise StepRefused("nobody speaks in the recording")
    if len(spoken) > 1 and snr < _LEAST_SNR_DB:
        raise StepRefused(
            f"the recording's noise is only {snr:.0f} dB under the voice, at least {_LEAST_SNR_DB:g} are needed"
        )
    return Read(sound * np.float32(_LOUD / max(float(np.abs(sound).max()), 1e-6)), tuple(spoken), snr)


def split(read: Read, characters: Sequence[int]) -> list[Span]:
    """Where each sentence is (seconds), by its characters. Raises StepRefused, with the times found, when none fits."""
    spoken = read.spoken
    lasts = spoken[-1][1] - spoken[0][0]
    rate = sum(characters) / lasts
    if not _RATES[0] <= rate <= _RATES[1]:
        raise StepRefused(
            f"the recording lasts {lasts:.1f} s, its transcript takes about {sum(characters) / 15:.0f} s: is it a read of this script?"
        )
    pauses = [(end, start) for (_, end), (start, _) in itertools.pairwise(spoken)]
    wanted = len(characters)
    if len(pauses) < wanted - 1:
        raise StepRefused(
            f"the script has {wanted} sentences, the recording only {len(pauses)} pauses ({_times(pauses)}): "
            "the script must say what is read, and each sentence end in a pause"
        )
    cuts = _cuts(spoken, pauses, characters)
    starts = [spoken[0][0], *(pauses[cut][1] for cut in cuts)]
    ends = [*(pauses[cut][0] for cut in cuts), spoken[-1][1]]
    found = list(zip(starts, ends, strict=True))
    voiced = sum(end - start for start, end in found)
    for number, ((start, end), count) in enumerate(zip(found, characters, strict=True), start=1):
        expected = voiced * count / sum(characters)
        # What is short is said at very different speeds.
        if not _OFF[0] * expected - 0.35 <= end - start <= _OFF[1] * expected + 0.35:
            raise StepRefused(
                f"the recording does not match its script: sentence {number} would be from {start:.1f} to {end:.1f} s, "
                f"{expected:.1f} s are expected; there are pauses at {_times(pauses)}"
            )
    return found


def _cuts(spoken: Sequence[Span], pauses: Sequence[Span], characters: Sequence[int]) -> list[int]:
    """Which pauses end the sentences: least cost over all choices, by the lengths of sentences and of pauses."""
    first, last = spoken[0][0], spoken[-1][1]
    gone = list(itertools.accumulate(end - start for start, end in pauses))
    longest = max((end - start for start, end in pauses), default=1.0)

    def voiced(until: int) -> float:
        """Seconds of voice before a pause; after the last one: all."""
        if until >= len(pauses):
            return last - first - (gone[-1] if gone else 0.0)
        return pauses[until][0] - first - (gone[until - 1] if until else 0.0)

    total = voiced(len(pauses))
    share = [total * count / sum(characters) for count in characters]
    best: dict[int, tuple[float, tuple[int, ...]]] = {-1: (0.0, ())}
    for number, expected in enumerate(share):
        ends = [len(pauses)] if number == len(share) - 1 else list(range(number, len(pauses)))
        following: dict[int, tuple[float, tuple[int, ...]]] = {}
        for end in ends:
            for before, (cost, chosen) in best.items():
                if before >= end:
                    continue
                seconds = voiced(end) - (voiced(before) if before >= 0 else 0.0)
                off = math.log(max(seconds, 0.05) / expected)
                pause = 0.0 if end == len(pauses) else 1 - (pauses[end][1] - pauses[end][0]) / longest
                whole = cost + off * off + 0.6 * pause
                if end not in following or whole < following[end][0] - 1e-12:
                    following[end] = (whole, (*chosen, end))
        best = following
    return list(best[len(pauses)][1][:-1])


def _samples(path: Path) -> tuple[int, npt.NDArray[np.float32]]:
    """Rate, and samples in [-1, 1], (frames, channels): PCM of 8 to 32 bits and float, also in extensible files."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks of an editor's own
            rate, data = wavfile.read(path)
    except (
        ValueError,
        EOFError,
        OSError,
        UnboundLocalError,
        struct.error,
    ) as error:  # what scipy meets in a damaged file
        raise StepRefused(f"the recording cannot be read ({error}): save it as WAV, PCM, 24 bits, 48 kHz") from error
    if data.dtype == np.uint8:
        samples = (data.astype(np.float32) - 128) / 128
    elif np.issubdtype(data.dtype, np.integer):
        samples = data.astype(np.float32) / np.float32(-float(np.iinfo(data.dtype).min))
    else:
        samples = data.astype(np.float32)
    if not len(samples) or not np.isfinite(samples).all():
        raise StepRefused("the recording is empty, or has samples that are no numbers")
    return int(rate), samples.reshape(len(samples), -1)


def _one(channels: npt.NDArray[np.float32]) -> Samples:
    """One channel of several: their mean where they agree; the loudest where they do not, or only one has a voice."""
    power = (channels.astype(np.float64) ** 2).mean(axis=0)
    together = channels.mean(axis=1)
    loudest = channels[:, int(np.argmax(power))]
    return np.asarray(
        together if float((together.astype(np.float64) ** 2).mean()) > 0.7 * power.max() else loudest, np.float32
    )


def _clipped(channels: npt.NDArray[np.float32], rate: int) -> list[float]:
    """Where several samples in a row stand at the file's own top, in seconds."""
    places: set[int] = set()
    for side in range(channels.shape[1]):
        sound = np.abs(channels[:, side])
        top = float(sound.max(initial=0.0))
        if top < 0.5:
            continue
        flat = sound >= top * 0.9995
        run = np.convolve(flat, np.ones(_CLIP), "valid") >= _CLIP
        begins = np.flatnonzero(np.diff(np.concatenate([[False], run]).astype(np.int8)) == 1)
        places |= {int(begin) for begin in begins}
    return [place / rate for place in sorted(places)]


def _curve(sound: Samples) -> npt.NDArray[np.float64]:
    size = round(_FRAME * RATE)
    padded = np.pad(sound.astype(np.float64), (0, -len(sound) % size))
    power = (padded.reshape(-1, size) ** 2).mean(axis=1)
    return np.asarray(np.sqrt(np.convolve(power, np.ones(3) / 3, "same")))


def _spoken(active: npt.NDArray[np.bool_]) -> list[Span]:
    """Stretches of sound, in seconds; gaps shorter than a pause belong to them, clicks do not."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    stretches = [(first * _FRAME, end * _FRAME) for first, end in zip(edges[::2], edges[1::2], strict=True)]
    joined: list[Span] = []
    for start, end in stretches:
        if joined and start - joined[-1][1] < _LEAST_PAUSE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if end - start >= 0.06]


def _times(pauses: Sequence[Span]) -> str:
    return ", ".join(f"{start:.1f}" for start, _ in pauses[:12]) + " s" if pauses else "none"
