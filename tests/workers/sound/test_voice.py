"""The voice's chain: what every voice sounds like when it reaches the mix."""

from __future__ import annotations

import numpy as np
import pytest

from workers.sound.voice import LEVEL_DB, speaking, treated


def band(sound, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequency = np.fft.rfftfreq(len(sound), 1 / 48_000)
    return 10 * np.log10(power[(frequency >= low) & (frequency < high)].sum() / power.sum() + 1e-12)


@pytest.fixture
def voice(speechlike):
    """Two phrases, the second 8 dB softer, with a hiss in each as of an s."""
    track = np.zeros(240_000)
    track[9_600:105_600] = speechlike(2.0, 48_000)
    track[120_000:216_000] = 0.4 * speechlike(2.0, 48_000, seed=3)
    return track


def hiss(voice, at: int, level: float):
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(4_800) * np.hanning(4_800)
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(4_800, 1 / 48_000) < 5500] = 0
    out = voice.copy()
    out[at : at + 4_800] += level * np.fft.irfft(spectrum) / np.abs(np.fft.irfft(spectrum)).max()
    return out


def test_it_leaves_at_one_level_with_phrases_drawn_together(voice) -> None:
    found = []
    for gain in (1.0, 0.05):
        out, done = treated(gain * voice)
        where = np.repeat(speaking(out), 48)[: len(out)]
        assert 20 * np.log10(np.sqrt((out[where] ** 2).mean())) == pytest.approx(LEVEL_DB, abs=1.0)
        first, second = out[9_600:105_600].std(), out[120_000:216_000].std()
        assert 2 < 20 * np.log10(first / second) < 6
        assert set(done) == {"tone_db", "deess_db"}
        found.append(out)
    assert found[0] == pytest.approx(found[1], abs=1e-6)


def test_sibilants_are_drawn_down_and_words_are_not(voice) -> None:
    sharp = hiss(voice, 60_000, 0.6)
    out, done = treated(sharp)
    plain, _ = treated(voice)
    assert float(done["deess_db"]) > 4
    highs = [band(one[60_000:64_800], 5500, 16_000) for one in (sharp, out)]
    assert highs[0] - highs[1] > 3
    assert np.corrcoef(out[20_000:50_000], plain[20_000:50_000])[0, 1] > 0.99


def test_rumble_goes_and_presence_comes(voice) -> None:
    t = np.arange(len(voice)) / 48_000
    out, _ = treated(voice + 0.05 * np.sin(2 * np.pi * 30 * t))
    assert band(out, 20, 45) < -30
    dull = np.convolve(voice, np.hanning(41) / np.hanning(41).sum(), "same")
    assert band(treated(dull)[0], 1400, 5600) > band(dull, 1400, 5600) + 2


def test_nothing_is_made_of_nothing_and_nothing_clicks(voice) -> None:
    out, done = treated(np.zeros(48_000))
    assert not out.any() and done == {}
    out, _ = treated(voice)
    steep = np.abs(np.diff(out))
    assert steep.max() < 12 * np.percentile(steep[steep > 1e-4], 95)
