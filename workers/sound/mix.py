"""Mix: the voice over music that gives way to it, mastered to a loudness and a true-peak ceiling."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d
from scipy.signal import butter, sosfilt

from creative.backends import Made, Task
from creative.canonical import canonical
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.loudness import integrated, limit, peaks_of, programme, true_peak
from workers.sound.voice import treated
from workers.sound.wav import RATE, Samples, frames_of, mono, read_wav, resample, wav_bytes

UNDER_DB = 15.0  # how far the music is under the voice while it speaks
ALONE_DB = 4.5  # how far the music alone is under the voice
ROOM_DB = 4.0  # how much further the music is under it between 1.2 and 4.5 kHz
BESIDE = 0.5  # of the music, where the footage's own sound is heard too
MARGIN_DB = 0.5  # kept free under the ceiling, for what a lossy codec adds
DEAD_AIR_MS = 300
_TOLERANCE = 0.1  # LU that the master may miss its loudness by before it tries again
_LOOK, _HOLD = 0.16, 0.30  # seconds: the music goes down before a word, and stays down between two
_DOWN, _UP = 0.10, 0.45  # seconds: about how long it takes to go down and come back
_STEP = 48  # frames of the control signal: 1 ms

Curve = npt.NDArray[np.float64]


class Mix(OneByOne):
    """Voice and bed, either alone, or both."""

    def make_one(self, task: Task) -> Made:
        """See kind `mix`. Raises StepRefused for no input at all, one of another length, and a silent start."""
        ms = task.params["ms"]
        voice = _input(task.inputs.get("voice"), "voice", ms)
        bed = _input(task.inputs.get("bed"), "bed", ms)
        own = _input(task.inputs.get("clip"), "footage's sound", ms)
        if own is not None:  # what the footage brings gives way to the voice as music does
            bed = own if bed is None else (own + bed * BESIDE).astype(np.float32)
        notes: dict[str, object] = {}
        if voice is not None:
            spoken, done = treated(mono(voice).astype(np.float64))
            centred = np.repeat(spoken[:, None], 2, axis=1)
            mixed = centred
            if bed is not None:
                ducked, notes = duck(spoken, bed)
                mixed = centred + ducked
            notes |= done
        elif bed is not None:
            mixed = bed.astype(np.float64)
        else:
            raise StepRefused("a mix needs a voice or a bed: the ad would be silent")
        head = _head_ms(mixed)
        if DEAD_AIR_MS < head < ms:
            raise StepRefused(
                f"the sound begins with {head / 1000:.1f} s of silence: add music, or let the voice begin sooner"
            )
        target, ceiling = task.params["lufs_tenths"] / 10, task.params["true_peak_tenths"] / 10
        audio = wav_bytes(master(mixed, target, ceiling - MARGIN_DB), RATE)
        final = _decoded(audio)
        figures = {"lufs": f"{programme(final, RATE):.2f}", "true_peak": f"{true_peak(final):.2f}"}
        return Made({"audio": audio, "figures": canonical(figures)}, {**notes, **figures})


def duck(voice: Curve, bed: Samples) -> tuple[Curve, dict[str, object]]:
    """The bed (frames, 2) as it goes under the voice: `UNDER_DB` under it while it speaks, `ALONE_DB` between and after.

    Levels are K-weighted: of the bed, while the voice speaks and while it does not. While it speaks the bed's own ups and
    downs are halved, and it makes more room where consonants are.
    """
    talks = _speaking(voice)
    said = np.repeat(talks > 0.5, _STEP)[: len(voice)]
    voice_level = _level(np.repeat(voice[:, None], 2, axis=1), said)
    down = 10 ** ((voice_level - UNDER_DB - _level(bed, said)) / 20)
    # Between sentences the bed comes up to one level for the whole spot; never lower than while somebody speaks.
    up = max(down, 10 ** ((voice_level - ALONE_DB - _level(bed, np.ones_like(said))) / 20))
    steady = _steady(bed, said)[: len(talks)]
    curve = np.exp(math.log(up) + (math.log(down) - math.log(up)) * talks + steady * talks)
    frames = np.arange(len(bed))
    at = np.arange(len(curve)) * _STEP
    gain = np.interp(frames, at, curve)
    band = np.asarray(sosfilt(butter(1, (1200, 4500), "bandpass", fs=RATE, output="sos"), bed, axis=0), np.float64)
    room = np.interp(frames, at, talks * (1 - 10 ** (-ROOM_DB / 20)))
    ducked: Curve = (bed - band * room[:, None]) * gain[:, None]
    return ducked, {"duck_db": f"{20 * math.log10(down / up):.1f}", "under_db": f"{UNDER_DB:.1f}"}


def _steady(bed: Samples, said: npt.NDArray[np.bool_]) -> Curve:
    """Half of how far the bed is from its own mean level while the voice speaks, slowly: nepers, one a millisecond."""
    power = (np.pad(bed.astype(np.float64), ((0, -len(bed) % _STEP), (0, 0))).reshape(-1, _STEP, 2) ** 2).mean(
        axis=(1, 2)
    )
    window = np.hanning(803) / np.hanning(803).sum()
    level = np.convolve(np.pad(power, 401, mode="edge"), window, "valid")
    middle = float(power[said[::_STEP][: len(power)]].mean()) if said.any() else float(power.mean())
    off: Curve = -0.5 * 0.5 * np.log(np.maximum(level, 1e-9) / max(middle, 1e-9))
    return np.clip(off, -0.6, 0.35)


def _speaking(voice: Curve) -> Curve:
    """0 to 1, one a millisecond: whether somebody speaks, seen a little ahead, held over short pauses, moving smoothly."""
    padded = np.pad(voice, (0, -len(voice) % _STEP))
    power = (padded.reshape(-1, _STEP) ** 2).mean(axis=1)
    level = np.sqrt(np.convolve(power, np.ones(20) / 20, "same"))
    active = (level > level.max(initial=0.0) * 10 ** (-32 / 20)).astype(np.float64)
    look, hold = round(_LOOK * 1000), round(_HOLD * 1000)
    # Active from `look` before a sound until `hold` after it: the window of the maximum lies ahead.
    held: Curve = maximum_filter1d(active, look + hold + 1, origin=(look - hold) // 2 * -1, mode="constant")
    # After the last word the music is free at once: its end is to be heard.
    last = np.flatnonzero(active)[-1:] + 60
    if len(last):
        held[int(last[0]) :] = 0.0
    out: Curve = np.empty_like(held)
    state = held[0] if len(held) else 0.0
    rise, fall = 1 - math.exp(-1 / (_DOWN * 1000 / 2.3)), 1 - math.exp(-1 / (_UP * 1000 / 2.3))
    for index, goal in enumerate(held):
        state += (goal - state) * (rise if goal > state else fall)
        out[index] = state
    return out


def master(mixed: npt.NDArray[np.floating], target: float, ceiling: float) -> Samples:
    """`mixed` (frames, 2) at `target` LUFS with its true peak at or under `ceiling` dB.

    The first pass measures and sets the gain, the next ones give back what the limiter took. Raises StepRefused when the
    loudness cannot be reached under that ceiling.
    """
    level = programme(mixed.astype(np.float32), RATE)
    if not math.isfinite(level):
        raise StepRefused("the mix is silent, or too short to have a loudness")
    gain = target - level
    peaks = peaks_of(mixed)
    out = np.zeros(mixed.shape, np.float32)
    for _ in range(8):
        factor = 10 ** (gain / 20)
        out = limit((mixed * factor).astype(np.float32), RATE, ceiling, peaks * factor)
        miss = target - programme(out, RATE)
        if abs(miss) <= _TOLERANCE:
            return out
        gain += miss
        if gain > target - level + 12:
            break
    if abs(miss) > 0.3:
        raise StepRefused(
            f"{target:.1f} LUFS cannot be reached under a true peak of {ceiling:.1f} dB: it misses by {miss:.1f} LU"
        )
    return out


def _input(path: Path | None, role: str, ms: int) -> Samples | None:
    if path is None:
        return None
    rate, samples = read_wav(path)
    samples = resample(samples, rate)
    if abs(len(samples) - frames_of(ms)) > 1:
        raise StepRefused(f"the {role} has {len(samples) * 1000 // RATE} ms, the mix {ms} ms")
    fitted = np.zeros((frames_of(ms), samples.shape[1]), np.float32)
    fitted[: len(samples)] = samples[: len(fitted)]
    return fitted if role == "voice" or fitted.shape[1] == 2 else np.repeat(mono(fitted)[:, None], 2, axis=1)


def _level(samples: npt.NDArray[np.floating], where: npt.NDArray[np.bool_]) -> float:
    """Loudness of the part of (frames, 2) where `where` holds, in LUFS; -60 at least."""
    part = samples[where] if where.any() else samples
    level = integrated(part.astype(np.float32), RATE)
    return max(-60.0, level) if math.isfinite(level) else -60.0


def _head_ms(mixed: npt.NDArray[np.floating]) -> int:
    """Milliseconds before the first sound within 40 dB of the loudest."""
    power = np.abs(mixed).max(axis=1)
    heard = np.flatnonzero(power > power.max(initial=0.0) * 0.01)
    return int(heard[0]) * 1000 // RATE if len(heard) else len(mixed) * 1000 // RATE


def _decoded(audio: bytes) -> Samples:
    """The samples of a WAV file of ours, as they will be read: figures are of what is kept, not of what was computed."""
    return np.frombuffer(audio[44:], "<i2").reshape(-1, 2).astype(np.float32) / 32768.0
