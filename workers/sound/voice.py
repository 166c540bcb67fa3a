"""The voice's chain, as a studio has it: low cut, tone, de-esser, leveller, compressor. Offline, so nothing lags.

All thresholds are against the voice's own level while it speaks, so that every voice leaves at about the same one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, fftconvolve, firwin2, sosfilt, sosfiltfilt

from workers.sound.wav import RATE

Curve = npt.NDArray[np.float64]

LEVEL_DB = -20.0  # RMS of the voice while it speaks, when it leaves
_STEP = 48  # frames of a control signal: 1 ms
_ACTIVE_DB = -32.0  # under the loudest 20 ms: still speech
_CENTRES = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
# Octave levels of speech (long-term average, Byrne et al. 1994, against the octave at 500 Hz), with 2 dB more presence.
_TARGET_DB = (-3.0, 0.0, 0.0, -6.0, -8.5, -11.5, -17.0)
_CORRECTED = 0.6  # of the difference to it
_MOST_DB = 4.5
_ESS_HZ = 4500.0
_ESS_DB = -9.0  # of the band above it, against the voice: what is louder is drawn down
_ESS_SHARE, _ESS_MOST_DB = 0.8, 15.0
_LEVELLED = 0.45  # of the difference between a phrase and the whole
_SQUEEZE_DB, _RATIO = -7.0, 2.5


def treated(voice: Curve) -> tuple[Curve, dict[str, str]]:
    """The voice (frames,) as it goes into the mix, and what was done to it in dB. Silence stays silence."""
    low = np.asarray(sosfilt(butter(3, 78, "highpass", fs=RATE, output="sos"), voice), np.float64)
    active = speaking(low)
    if not active.any():
        return low, {}
    sound = low * (10 ** (LEVEL_DB / 20) / _rms(low, active))
    sound, tone = _tone(sound, active)
    sound, ess = _deess(sound, active)
    sound = _levelled(sound, active)
    sound = _compressed(sound)
    sound *= 10 ** (LEVEL_DB / 20) / _rms(sound, active)
    return sound, {"tone_db": " ".join(f"{gain:+.1f}" for gain in tone), "deess_db": f"{ess:.1f}"}


def speaking(voice: Curve, floor_db: float = _ACTIVE_DB) -> npt.NDArray[np.bool_]:
    """Whether somebody speaks, one a millisecond."""
    padded = np.pad(voice, (0, -len(voice) % _STEP))
    level = np.sqrt(np.convolve((padded.reshape(-1, _STEP) ** 2).mean(axis=1), np.ones(20) / 20, "same"))
    top = float(level.max(initial=0.0))
    return np.asarray(level > max(top * 10 ** (floor_db / 20), 1e-6))


def _at(control: Curve, length: int) -> Curve:
    """A control signal, one a millisecond, as one a frame."""
    return np.interp(np.arange(length), (np.arange(len(control)) + 0.5) * _STEP, control)


def _rms(sound: Curve, active: npt.NDArray[np.bool_]) -> float:
    where = np.repeat(active, _STEP)[: len(sound)]
    return max(float(np.sqrt((sound[where] ** 2).mean())), 1e-9)


def _tone(sound: Curve, active: npt.NDArray[np.bool_]) -> tuple[Curve, list[float]]:
    """Octaves drawn towards what speech sounds like; what a voice does not have (above its rate) is left alone."""
    where = np.repeat(active, _STEP)[: len(sound)]
    spectrum = np.abs(np.fft.rfft(sound[where])) ** 2
    frequency = np.fft.rfftfreq(int(where.sum()), 1 / RATE)
    power = [
        float(spectrum[(frequency >= centre / 2**0.5) & (frequency < centre * 2**0.5)].sum()) for centre in _CENTRES
    ]
    levels = 10 * np.log10(np.maximum(np.array(power), 1e-12))
    off = np.array(_TARGET_DB) - levels
    off -= np.median(off[1:5])  # the middle of the voice stays
    gains = np.clip(_CORRECTED * off, -_MOST_DB, _MOST_DB)
    gains[levels < levels.max() - 45] = 0.0
    gains[0], gains[-1] = min(gains[0], 1.5), min(gains[-1], 2.0)  # more of these is boom, and hiss
    edges = [0.0, 60.0, *_CENTRES, 12_000.0, RATE / 2]
    shape = [gains[0], gains[0], *gains, gains[-1], gains[-1]]
    taps = firwin2(1025, edges, 10 ** (np.array(shape) / 20), fs=RATE)
    toned: Curve = fftconvolve(sound, taps, "same")
    return toned, [float(gain) for gain in gains]


def _deess(sound: Curve, active: npt.NDArray[np.bool_]) -> tuple[Curve, float]:
    """Sibilants drawn down where they stand out, and how far the hardest was."""
    high = np.asarray(sosfiltfilt(butter(3, _ESS_HZ, "highpass", fs=RATE, output="sos"), sound), np.float64)
    padded = np.pad(high, (0, -len(high) % _STEP))
    window = np.hanning(9) / np.hanning(9).sum()
    level = np.sqrt(np.convolve((padded.reshape(-1, _STEP) ** 2).mean(axis=1), window, "same"))
    over = np.maximum(0.0, 20 * np.log10(np.maximum(level, 1e-9) / _rms(sound, active)) - _ESS_DB)
    down = np.minimum(_ESS_SHARE * over, _ESS_MOST_DB)
    down = np.convolve(np.pad(down, 6, mode="edge"), np.hanning(13) / np.hanning(13).sum(), "valid")
    return sound + high * (_at(10 ** (-down / 20), len(sound)) - 1), float(down.max(initial=0.0))


def _levelled(sound: Curve, active: npt.NDArray[np.bool_]) -> Curve:
    """Phrases at about one level: a slow hand on the fader, which rests in the pauses."""
    padded = np.pad(sound, (0, -len(sound) % _STEP))
    power = (padded.reshape(-1, _STEP) ** 2).mean(axis=1) * active
    window = np.hanning(701)
    heard = np.convolve(active.astype(np.float64), window, "same")
    level = np.convolve(power, window, "same") / np.maximum(heard, 1e-9)
    wanted = np.where(heard > 0.05 * window.sum(), 10 * np.log10(np.maximum(level, 1e-12)), LEVEL_DB)
    gain = np.clip(_LEVELLED * (LEVEL_DB - wanted), -4.0, 4.0)
    gain = np.convolve(np.pad(gain, 100, mode="edge"), np.hanning(201) / np.hanning(201).sum(), "valid")
    levelled: Curve = sound * _at(10 ** (gain / 20), len(sound))
    return levelled


def _compressed(sound: Curve) -> Curve:
    """Less between loud and soft: what is within 7 dB of the loudest is drawn together by the ratio."""
    padded = np.pad(sound, (0, -len(sound) % _STEP))
    power = (padded.reshape(-1, _STEP) ** 2).mean(axis=1)
    smooth = np.sqrt(np.convolve(power, np.hanning(41) / np.hanning(41).sum(), "same"))
    peak = max(float(smooth.max(initial=0.0)), 1e-9)
    over = np.maximum(0.0, 20 * np.log10(np.maximum(smooth, 1e-9) / peak) - _SQUEEZE_DB)
    compressed: Curve = sound * _at(10 ** (-over * (1 - 1 / _RATIO) / 20), len(sound))
    return compressed
