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
from workers.sound.moods import CHORDS, MOODS
from workers.sound.score import form_of, ring_seconds, score


def level(samples) -> float:
    return 20 * np.log10(np.sqrt((samples**2).mean()) + 1e-9)


def levels(music, seconds=0.1):
    size = round(seconds * 48_000)
    return [level(music[at : at + size]) for at in range(0, len(music) - size + 1, size)]


def strike_of(mood: str, ms: int, seed: int) -> float:
    return score(MOODS[mood], ms / 1000, np.random.default_rng([seed, ms]))[1].strike


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
    assert np.abs(np.diff(music, axis=0)).max() < 0.25
    # It is there within a tenth of a second, and rings out over the end.
    assert level(music[:9600]) > -34
    strike = round(strike_of(mood, 6000, 7) * 48_000)
    ring = levels(music[strike + 9600 :])
    assert ring[0] > -30
    assert all(later < earlier + 3 for earlier, later in pairwise(ring))
    assert ring[-1] < -40
    # Wide, but not out of phase: it may be summed to one channel.
    assert 0.1 < np.corrcoef(music.T)[0, 1] < 0.9
    # Room for a voice: no octave between 1 and 4 kHz is as strong as the music's own middle.
    spectrum = np.abs(np.fft.rfft(music.mean(axis=1))) ** 2
    frequency = np.fft.rfftfreq(len(music), 1 / 48_000)
    low, mid, high = (
        spectrum[(frequency >= a) & (frequency < b)].sum() for a, b in ((60, 1000), (1000, 4000), (4000, 16_000))
    )
    assert -24 < 10 * np.log10(mid / low) < -5
    assert -40 < 10 * np.log10(high / low) < -12


def test_moods_are_apart_in_tempo_metre_mode_hands_or_drums() -> None:
    assert len(MOODS) >= 6
    seen = set()
    for mood in MOODS.values():
        seen.add((mood.comp, mood.bass, mood.hands, tuple(sorted(mood.kit.strokes)), mood.minor, mood.metre))
        assert {*mood.cadence, mood.last, *(name for row in mood.progressions + mood.bridges for name in row)} <= set(
            CHORDS
        )
    assert len(seen) == len(MOODS)
    tempos = sorted(mood.tempo for mood in MOODS.values())
    assert tempos[0] < 70 and tempos[-1] > 120 and len(set(tempos)) == len(MOODS)


@pytest.mark.parametrize("seconds", [5.0, 6.0, 10.0, 15.0, 20.0, 30.0, 60.0])
@pytest.mark.parametrize("mood", sorted(MOODS))
def test_tempo_and_ring_are_bent_only_a_little(mood: str, seconds: float) -> None:
    form = form_of(MOODS[mood], seconds, MOODS[mood].tempo)
    assert 60 / form.beat == pytest.approx(MOODS[mood].tempo, rel=0.09)
    assert 0.8 * ring_seconds(seconds) <= seconds - form.strike <= 1.31 * ring_seconds(seconds)
    assert seconds < 12 or all(bar <= MOODS[mood].metre for bar in form.bars)


def test_it_grows_from_a_thin_beginning(make, decoded) -> None:
    music = decoded(make("bed", {"mood": "warm", "ms": 30_000}, seed=3).outputs["audio"])
    assert level(music[:96_000]) + 2 < level(music[15 * 48_000 : 27 * 48_000])
    notes, form = score(MOODS["warm"], 30.0, np.random.default_rng(3))
    first = form.beat * form.bars[0]
    assert not [note for note in notes if note.who in {"kick", "brush"} and note.start < first - 0.02]
    assert [note for note in notes if note.who == "swell" and note.start < form.strike]


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
    assert (
        str(refused)
        == "there is no mood 'angry': there is bright, calm, driving, elegant, focused, hopeful, playful, warm"
    )


@pytest.mark.parametrize("seconds", [1.0, 2.5, 6.0, 10.0, 15.0, 20.0, 30.0, 60.0])
@pytest.mark.parametrize("mood", sorted(MOODS))
def test_every_score_leads_to_its_tonic(mood: str, seconds: float) -> None:
    row = MOODS[mood]
    notes, form = score(row, seconds, np.random.default_rng(4))
    last = [note for note in notes if note.who == row.bass[1] and abs(note.start - form.strike) < 1e-6]
    assert len(last) == 1
    assert any((last[0].notes[0] - tonic) % 12 == 0 for tonic in row.tonics)
    assert min(note.start for note in notes) <= 0.02
    assert all(note.start <= form.strike + 1.7 for note in notes)
    assert all(24 < pitch < 100 for note in notes for pitch in note.notes)
    # Before it stands the dominant (or the mood's own way home), all of its tones from one chord.
    tonic = round(last[0].notes[0]) % 12
    cadence = form.strike - form.bars[-1] * form.beat
    chord = {
        round(tone) % 12
        for note in notes
        if note.who == "pad" and abs(note.start - cadence) < 1e-6
        for tone in note.notes
    }
    if len(form.bars) >= 2 and row.pad:
        assert chord == {(tonic + tone) % 12 for tone in CHORDS[row.cadence[1]]}


@pytest.mark.parametrize("mood", sorted(MOODS))
def test_nothing_is_out_of_key(mood: str) -> None:
    """What is held (pad) or sung over it fits: at most a semitone beside the chord on a weak beat, never against the key."""
    row = MOODS[mood]
    notes, form = score(row, 30.0, np.random.default_rng(9))
    home = next(
        round(note.notes[0]) for note in notes if note.who == row.bass[1] and abs(note.start - form.strike) < 1e-6
    )
    scale = {0, 2, 3, 5, 7, 8, 9, 10, 11} if row.minor else {0, 1, 2, 4, 5, 6, 7, 9, 11}
    assert {(round(tone) - home) % 12 for note in notes for tone in note.notes} <= scale
