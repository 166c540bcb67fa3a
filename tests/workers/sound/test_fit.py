"""The read in its time: exact lengths, tempo and pauses within limits, times that follow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from creative.backends import Made
from creative.errors import StepRefused
from workers.sound.fit import breaths
from workers.sound.stretch import stretch

PARAMS = {"ms": 6000, "lead_ms": 300, "tail_ms": 500, "gap_ms": 300, "tempo_permille": [920, 1080]}


def inputs(*sounds):
    found = {}
    for index, sound in enumerate(sounds):
        ms = len(sound) * 1000 // 24_000
        found[f"audio.{index}"] = sound
        found[f"times.{index}"] = [{"start_ms": 20, "end_ms": ms // 2}, {"start_ms": ms // 2, "end_ms": ms - 20}]
    return found


def times_of(made: Made):
    return json.loads(made.outputs["times"])


def test_exact_length_and_times_where_the_sound_is(make, speechlike, decoded) -> None:
    made = make("fit", PARAMS, inputs(speechlike(2.0), speechlike(2.6, seed=2)))
    assert isinstance(made, Made)
    audio = decoded(made.outputs["audio"])
    assert audio.shape == (288_000, 1)
    times = times_of(made)
    bounds = [value for span in times for value in (span["start_ms"], span["end_ms"])]
    assert bounds == sorted(bounds)
    assert times[0]["start_ms"] >= 300
    assert times[-1]["end_ms"] <= 5500
    heard = np.flatnonzero(np.abs(audio[:, 0]) > 0.01) / 48
    assert heard[0] == pytest.approx(times[0]["start_ms"], abs=40)
    assert heard[-1] == pytest.approx(times[-1]["end_ms"], abs=40)


def test_pauses_give_before_the_tempo(make, speechlike) -> None:
    made = make("fit", PARAMS, inputs(speechlike(2.5), speechlike(2.47)))
    assert made.notes["tempo"] == "1.000"
    assert 180 <= made.notes["gap_ms"] < 300
    roomy = make("fit", PARAMS, inputs(speechlike(1.0), speechlike(1.0)))
    assert roomy.notes["tempo"] == "1.000"
    assert roomy.notes["gap_ms"] == 510
    assert roomy.notes["left_ms"] == pytest.approx(5200 - 2000 - 510, abs=2)


def test_faster_and_slower_within_limits(make, speechlike, decoded) -> None:
    fast = make("fit", PARAMS, inputs(speechlike(2.6), speechlike(2.6)))
    assert 1.0 < float(fast.notes["tempo"]) <= 1.08
    assert times_of(fast)[-1]["end_ms"] <= 5500
    assert np.abs(decoded(fast.outputs["audio"])[-24_000 + 960 :]).max() < 0.002
    slow = make("fit", PARAMS, inputs(speechlike(4.9)))
    assert 0.92 <= float(slow.notes["tempo"]) < 1.0


def test_too_long_says_what_to_cut(make, speechlike) -> None:
    refused = make("fit", {**PARAMS, "ms": 4000}, inputs(speechlike(2.5), speechlike(2.5)))
    assert isinstance(refused, StepRefused)
    # 5 s at 1.08 and a pause of 180 ms, in 3.2 s.
    told = "the read is 1.6 s too long for 4 s: cut about 5 words; sentence 1 of 2 is the longest (2.5 s)"
    assert str(refused) == told


def test_no_sentence_and_no_wav_are_refused(make) -> None:
    assert "no sentence" in str(make("fit", PARAMS, {}))
    assert "no PCM WAV" in str(make("fit", PARAMS, {"audio.0": b"nonsense", "times.0": []}))


def test_sentences_sit_at_one_level(make, speechlike, decoded) -> None:
    params = {**PARAMS, "gap_ms": 500}
    audio = decoded(make("fit", params, inputs(speechlike(1.8), 0.8 * speechlike(1.8))).outputs["audio"])[:, 0]
    first, second = audio[24_000:86_000], audio[140_000:200_000]
    assert 20 * np.log10(first.std() / second.std()) == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize("speed", [0.92, 0.97, 1.05, 1.08])
def test_stretch_keeps_pitch_level_and_smoothness(speechlike, speed: float) -> None:
    t = np.arange(72_000) / 24_000
    tone = (0.5 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)
    out = stretch(tone, 24_000, speed)
    assert len(out) == round(72_000 / speed)
    inner = out[3000:-3000]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner))))
    assert np.argmax(spectrum) * 24_000 / len(inner) == pytest.approx(220, abs=1)
    assert inner.std() == pytest.approx(tone.std(), rel=0.03)
    # No joint is steeper than the wave itself.
    assert np.abs(np.diff(inner)).max() < 1.1 * np.abs(np.diff(tone)).max()
    speech = speechlike(2.0)
    assert np.abs(np.diff(stretch(speech, 24_000, speed))).max() < 1.15 * np.abs(np.diff(speech)).max()


def test_stretch_by_nothing_changes_nothing(speechlike) -> None:
    speech = speechlike(1.0)
    assert stretch(speech, 24_000, 1.0) is speech


def test_breaths_are_longer_after_long_sentences_and_before_the_last_word() -> None:
    short, long, last = breaths([1.0, 4.0, 2.0, 1.5], 0.4)
    assert short < long
    assert last > short
    assert sum((short, long, last)) == pytest.approx(1.2)
    assert breaths([2.0], 0.4) == []
    assert breaths([2.0, 1.0], 0.4) == [pytest.approx(0.4)]
    assert min(breaths([0.1, 9.0, 0.1, 0.1], 0.4)) >= 0.7 * 0.3


def test_pauses_have_a_room_and_its_ends_have_none(make, speechlike, decoded) -> None:
    audio = decoded(make("fit", PARAMS, inputs(speechlike(1.5), speechlike(1.5))).outputs["audio"])[:, 0]
    quiet = np.abs(audio).reshape(-1, 480).max(axis=1)
    pause = np.sqrt((audio[round(1.9 * 48_000) : round(2.15 * 48_000)] ** 2).mean())
    assert -84 < 20 * np.log10(pause) < -60
    assert not quiet[:25].any() and not quiet[-100:].any()
    # No join is steeper than speech itself.
    assert np.abs(np.diff(audio)).max() < 1.2 * np.abs(np.diff(speechlike(1.5, 48_000))).max()
