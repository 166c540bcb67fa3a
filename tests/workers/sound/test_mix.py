"""Mixes: loudness and true peak as measured by others, music that gives way, exact length."""

from __future__ import annotations

import json

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample

from creative.backends import Made
from creative.errors import StepRefused
from workers.sound.loudness import limit, programme, true_peak
from workers.sound.mix import ALONE_DB, UNDER_DB, duck

PARAMS = {"ms": 6000, "lufs_tenths": -140, "true_peak_tenths": -10}


def loudness(samples) -> float:
    return pyloudnorm.Meter(48_000).integrated_loudness(samples)


def peak_between(samples) -> float:
    """True peak by Fourier interpolation, eight times: not the code's own way."""
    return 20 * np.log10(max(np.abs(resample(samples[:, side], 8 * len(samples))).max() for side in (0, 1)))


@pytest.fixture
def voice(speechlike):
    """Two sentences: 0.2 to 2.2 s and 3.8 to 5.0 s."""
    track = np.zeros(288_000, np.float32)
    track[9_600:105_600] = speechlike(2.0, 48_000)
    track[182_400:240_000] = speechlike(1.2, 48_000, seed=3)
    return track


@pytest.fixture
def bed():
    rng = np.random.default_rng(5)
    t = np.arange(288_000) / 48_000
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 330, 440))
    sides = [0.05 * chord + 0.004 * rng.standard_normal(len(t)) for _ in (0, 1)]
    return np.stack(sides, axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("roles", "lufs", "ceiling"),
    [("voice", -140, -10), ("bed", -140, -10), ("voice bed", -140, -10), ("voice bed", -160, -20), ("bed", -230, -10)],
)
def test_loudness_and_true_peak_as_others_measure_them(
    make, decoded, voice, bed, roles: str, lufs: int, ceiling: int
) -> None:
    given = {role: sound for role, sound in (("voice", voice), ("bed", bed)) if role in roles.split()}
    made = make("mix", {**PARAMS, "lufs_tenths": lufs, "true_peak_tenths": ceiling}, given)
    assert isinstance(made, Made), made
    audio = decoded(made.outputs["audio"])
    assert audio.shape == (288_000, 2)
    assert loudness(audio) == pytest.approx(lufs / 10, abs=0.3)
    assert peak_between(audio) <= ceiling / 10 - 0.4
    figures = json.loads(made.outputs["figures"])
    assert float(figures["lufs"]) == pytest.approx(loudness(audio), abs=0.02)
    assert float(figures["true_peak"]) == pytest.approx(peak_between(audio), abs=0.15)
    assert np.abs(np.diff(audio, axis=0)).max() < 0.7


def envelope(samples, ms: int = 10):
    size = 48 * ms
    whole = samples[: len(samples) // size * size]
    return 10 * np.log10((whole.reshape(-1, size, whole.shape[1]) ** 2).mean(axis=(1, 2)) + 1e-12)


def test_music_gives_way_before_a_word_and_comes_back_after(voice, bed) -> None:
    ducked, notes = duck(voice.astype(np.float64), bed)
    db = envelope(ducked) - envelope(bed)  # one every 10 ms
    speaking, between, after = db[63:208], db[312:333], db[573:]
    assert between.mean() - speaking.mean() > 6
    assert after.mean() - speaking.mean() > UNDER_DB - ALONE_DB - 1.5
    assert float(notes["duck_db"]) < -8
    # Down when the second sentence begins, but not half a second before; and never a step.
    assert db[380] - speaking.mean() < 2.5
    assert db[329] - speaking.mean() > 6
    assert np.abs(np.diff(db)).max() < 3.5
    # No pumping: it goes down twice and comes up twice.
    moves = np.diff((db > (between.mean() + speaking.mean()) / 2).astype(int))
    assert (np.abs(moves).sum()) == 4
    under = loudness(np.repeat(voice[30_000:100_000, None], 2, axis=1)) - loudness(ducked[30_000:100_000])
    assert 12 <= under <= 18


def test_music_that_swells_stays_under_the_voice(voice) -> None:
    t = np.arange(288_000) / 48_000
    swell = (0.02 + 0.2 * np.clip((t - 0.5) / 1.5, 0, 1))[:, None] * np.sin(
        2 * np.pi * np.array([[330.0, 331.0]]) * t[:, None]
    )
    ducked, _ = duck(voice.astype(np.float64), swell.astype(np.float32))
    grown, kept = envelope(swell)[190] - envelope(swell)[70], envelope(ducked)[190] - envelope(ducked)[70]
    assert kept < grown - 3


def test_nothing_to_mix_and_dead_air_are_refused(make, voice, bed) -> None:
    assert isinstance(make("mix", PARAMS, {}), StepRefused)
    late = np.roll(voice, 30_000)
    refused = make("mix", PARAMS, {"voice": late})
    assert isinstance(refused, StepRefused)
    assert "begins with 0.8 s of silence" in str(refused)
    assert isinstance(make("mix", PARAMS, {"voice": late, "bed": bed}), Made)
    assert "the voice has 5000 ms, the mix 6000 ms" in str(make("mix", PARAMS, {"voice": voice[:240_000]}))
    assert "silent" in str(make("mix", PARAMS, {"bed": np.zeros((288_000, 2), np.float32)}))


def test_what_cannot_be_reached_is_refused(make, speechlike) -> None:
    sparse = np.zeros(288_000, np.float32)
    sparse[::6_000] = 0.9
    refused = make("mix", {**PARAMS, "lufs_tenths": -50}, {"voice": sparse})
    assert "cannot be reached" in str(refused)


def test_the_limiter_holds_peaks_between_samples_without_a_click() -> None:
    t = np.arange(48_000) / 48_000
    # A tone at a quarter of the rate whose crests fall between samples.
    burst = np.sin(2 * np.pi * 12_000 * t + np.pi / 4) * (1 + 0.6 * np.sin(2 * np.pi * 3 * t))
    samples = np.stack([burst, 0.5 * burst], axis=1).astype(np.float32)
    out = limit(samples, 48_000, -1.5)
    assert true_peak(samples) > 3
    assert peak_between(out) <= -1.45
    assert out[:, 0] == pytest.approx(2 * out[:, 1], abs=1e-6)
    gain = out[:, 0] / samples[:, 0]
    assert np.abs(np.diff(gain)).max() < 0.02


def test_quiet_sound_is_not_touched_by_the_limiter(bed) -> None:
    assert np.array_equal(limit(bed, 48_000, -1.5), bed)


def test_a_very_short_sound_is_measured_without_a_relative_gate() -> None:
    t = np.arange(96_000) / 48_000
    tone = np.where((t > 0.5) & (t < 1.0), 0.5, 0.02) * np.sin(2 * np.pi * 997 * t)
    both = np.repeat(tone[:, None], 2, axis=1).astype(np.float32)
    # Its mean power by hand: K-weighting is 0 dB at 997 Hz (-0.691 makes it so), both channels add up.
    power = 2 * (tone**2).mean()
    assert programme(both, 48_000) == pytest.approx(10 * np.log10(power), abs=0.15)
    assert programme(np.zeros((48_000, 2), np.float32), 48_000) == -np.inf
    long = np.tile(both, (4, 1))
    assert programme(long, 48_000) == pytest.approx(loudness(long.astype(float)), abs=0.01)
