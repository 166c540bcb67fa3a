"""Beds: exact, stereo, deterministic, without a click at the start, ending in silence."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pyloudnorm
import pytest

from creative.backends import Made
from creative.errors import StepRefused
from workers.sound.score import MOODS, ring_seconds, score


def level(samples) -> float:
    return 20 * np.log10(np.sqrt((samples**2).mean()) + 1e-9)


@pytest.mark.parametrize("mood", sorted(MOODS))
def test_a_bed_begins_at_once_and_ends_with_the_spot(make, decoded, mood: str) -> None:
    made = make("bed", {"mood": mood, "ms": 6000}, seed=7)
    assert isinstance(made, Made)
    music = decoded(made.outputs["audio"])
    assert music.shape == (288_000, 2)
    assert pyloudnorm.Meter(48_000).integrated_loudness(music) == pytest.approx(-20, abs=0.5)
    assert np.abs(music).max() < 0.75
    # No click: it starts and ends at zero, and nowhere jumps.
    assert np.abs(music[:2]).max() < 0.002
    assert np.abs(music[-1440:]).max() == 0
    assert np.abs(np.diff(music, axis=0)).max() < 0.2
    # It is there within a tenth of a second, and rings out over the end.
    assert level(music[:9600]) > -32
    strike = round((6 - ring_seconds(6)) * 48_000)
    ring = [level(music[at : at + 4800]) for at in range(strike + 9600, 288_000 - 4800, 4800)]
    assert ring[0] > -28
    assert all(later < earlier + 1 for earlier, later in pairwise(ring))
    assert ring[-1] < -50
    assert np.corrcoef(music.T)[0, 1] < 0.95


def test_seeds_and_lengths(make, decoded) -> None:
    one = make("bed", {"mood": "bright", "ms": 3217}, seed=1).outputs["audio"]
    other = make("bed", {"mood": "bright", "ms": 3217}, seed=2).outputs["audio"]
    assert one != other
    assert len(decoded(one)) == 154_416


def test_the_same_bytes_in_another_process(make) -> None:
    here = make("bed", {"mood": "calm", "ms": 2000}, seed=3).outputs["audio"]
    code = (
        "import hashlib, workers.sound.bed as b; from workers.sound.wav import wav_bytes;"
        "print(hashlib.sha256(wav_bytes(b.play(b.MOODS['calm'], 2000, 3), 48000)).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert there == hashlib.sha256(here).hexdigest()


def test_a_mood_that_is_not_there_is_refused(make) -> None:
    refused = make("bed", {"mood": "angry", "ms": 6000}, seed=1)
    assert isinstance(refused, StepRefused)
    assert str(refused) == "there is no mood 'angry': there is bright, calm, driving, warm"


@pytest.mark.parametrize("seconds", [1.0, 2.5, 6.0, 10.0, 15.0, 20.0, 30.0, 60.0])
@pytest.mark.parametrize("mood", sorted(MOODS))
def test_every_score_ends_on_its_tonic(mood: str, seconds: float) -> None:
    notes = score(MOODS[mood], seconds, np.random.default_rng(4))
    strike = max(0.3, seconds - ring_seconds(seconds))
    last = [note for note in notes if note.who == "bass" and abs(note.start - strike) < 1e-6]
    assert len(last) == 1
    assert any((last[0].notes[0] - tonic) % 12 == 0 for tonic in MOODS[mood].tonics)
    assert min(note.start for note in notes) <= 0.02
    assert all(note.start <= strike + 0.3 for note in notes)
    assert all(24 < pitch < 100 for note in notes for pitch in note.notes)
