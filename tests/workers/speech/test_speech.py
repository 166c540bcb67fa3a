"""Voices that are in the package: they speak, say when, and load only what is pinned."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import subprocess
import sys
import wave

import numpy as np
import pytest

from creative.backends import Made, Task, resolve
from creative.catalogue import load_catalogue
from creative.errors import AttemptRefused, StepRefused
from workers.speech.reading import accept, trim

CATALOGUE = load_catalogue()
SENTENCE = ["Marlo House Roast,", "roasted slowly, in small batches,", "is five pounds forty-nine."]


@pytest.fixture(scope="module")
def voices():
    return {
        name: resolve(spec.target)(spec, 1)
        for name in ("hibari", "pico")
        for spec in [CATALOGUE.choose("speech", name)]
    }


def say(backend, phrases, locale="en-GB", speaker="heart", seed=1, scratch=None):
    task = Task("key", "speech", {"phrases": phrases, "locale": locale, "speaker": speaker}, {}, seed, scratch)
    return backend.make([task])[0]


def sound(made):
    with wave.open(io.BytesIO(made.outputs["audio"])) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0


@pytest.mark.parametrize(
    ("name", "locale", "speaker", "phrases"),
    [
        ("hibari", "en-GB", "heart", SENTENCE),
        (
            "pico",
            "de-DE",
            "de-DE",
            ["Marlo Hausröstung,", "langsam geröstet, in kleinen Chargen,", "für fünf Euro neunundneunzig."],
        ),
        ("pico", "fr-FR", "fr-FR", ["Prenez le temps."]),
    ],
)
def test_a_sentence_brings_its_times(voices, name, locale, speaker, phrases) -> None:
    made = say(voices[name], phrases, locale, speaker)
    assert isinstance(made, Made), made
    rate, audio = sound(made)
    length_ms = len(audio) * 1000 / rate
    assert len(" ".join(phrases)) / 25 < length_ms / 1000 < len(" ".join(phrases)) / 8
    assert 0.1 < np.abs(audio).max() < 1.0
    times = json.loads(made.outputs["times"])
    assert len(times) == len(phrases)
    bounds = [value for span in times for value in (span["start_ms"], span["end_ms"])]
    assert bounds == sorted(bounds)
    assert bounds[0] >= 0 and bounds[-1] <= length_ms
    assert all(span["end_ms"] - span["start_ms"] > 300 for span in times)
    # The ends are trimmed to about 20 ms, and between two phrases it is quieter than in them.
    loud = np.flatnonzero(np.abs(audio) > 0.02 * np.abs(audio).max()) / rate
    assert loud[0] < 0.15
    assert length_ms / 1000 - loud[-1] < 0.35
    assert made.notes["times"]


def test_the_neural_voices_pauses_are_where_its_times_say(voices) -> None:
    rate, audio = sound(made := say(voices["hibari"], ["Marlo House Roast,", "roasted slowly."]))
    first, second = json.loads(made.outputs["times"])
    pause = audio[round((first["end_ms"] + 10) * rate / 1000) : round((second["start_ms"] - 10) * rate / 1000)]
    assert 100 < second["start_ms"] - first["end_ms"] < 500
    assert np.sqrt((pause**2).mean()) < 0.2 * np.sqrt((audio**2).mean())


def test_seeds(voices) -> None:
    assert say(voices["hibari"], SENTENCE, seed=1).outputs == say(voices["hibari"], SENTENCE, seed=1).outputs
    assert say(voices["hibari"], SENTENCE, seed=1).outputs != say(voices["hibari"], SENTENCE, seed=2).outputs


@pytest.mark.parametrize(("name", "locale", "speaker", "phrases"), [("hibari", "en-GB", "heart", SENTENCE), ("pico", "de-DE", "de-DE", ["Langsam geröstet,", "für Sie."])])  # fmt: skip
def test_the_same_bytes_in_another_process(voices, name, locale, speaker, phrases) -> None:
    say(voices["pico"], ["Something else before."], "en-GB", "en-GB")
    here = hashlib.sha256(say(voices[name], phrases, locale, speaker, seed=5).outputs["audio"]).hexdigest()
    code = (
        "import hashlib, sys, json; from creative.backends import Task, resolve; from creative.catalogue import load_catalogue\n"
        "name, locale, speaker, phrases = json.loads(sys.argv[1])\n"
        "spec = load_catalogue().choose('speech', name)\n"
        "task = Task('key', 'speech', {'phrases': phrases, 'locale': locale, 'speaker': speaker}, {}, 5, None)\n"
        "print(hashlib.sha256(resolve(spec.target)(spec, 2).make([task])[0].outputs['audio']).hexdigest())"
    )
    arguments = json.dumps([name, locale, speaker, phrases])
    there = subprocess.run(
        [sys.executable, "-c", code, arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert there == here


@pytest.mark.parametrize("name", ["hibari", "pico"])
def test_a_file_that_is_not_the_pinned_one_is_refused_by_name(name) -> None:
    spec = CATALOGUE.choose("speech", name)
    file = next(iter(spec.options["files"]))
    wrong = dataclasses.replace(spec, options={**spec.options, "files": {**spec.options["files"], file: "0" * 64}})
    refused = say(resolve(spec.target)(wrong, 1), ["Hello."], "en-GB", "en-GB" if name == "pico" else "heart")
    assert isinstance(refused, StepRefused)
    assert file in str(refused)
    other = dataclasses.replace(spec, options={**spec.options, "version": "9.9"})
    assert "pinned to 9.9" in str(say(resolve(spec.target)(other, 1), ["Hello."]))


@pytest.mark.parametrize("name", ["hibari", "pico"])
def test_refusals(voices, name) -> None:
    assert "no speaker 'bob'" in str(say(voices[name], ["Hello."], speaker="bob"))
    assert "no word to say" in str(say(voices[name], ["Hello", "..."]))
    assert "no word to say" in str(say(voices[name], []))


def test_a_voice_that_falls_over_does_not_speak_against_the_text(voices, monkeypatch) -> None:
    monkeypatch.setattr("workers.speech.pico._CHILD", "import os; os.kill(os.getpid(), 11)")
    with pytest.raises(RuntimeError, match="ended by SIGSEGV"):
        say(voices["pico"], ["Hello."], "en-GB", "en-GB")


@pytest.mark.parametrize(
    "text", ["Ünïcödé – ñ ß 漢字 and it's <b>&amp;", "K" * 60, "a " * 40, "'s 'm n't", "[x](y) hello"]
)
def test_odd_text_is_said_or_refused(voices, text) -> None:
    for name, speaker in (("hibari", "heart"), ("pico", "en-GB")):
        made = say(voices[name], [text], speaker=speaker)
        assert isinstance(made, Made | StepRefused | AttemptRefused)


def test_a_very_long_sentence_is_read_in_pieces(voices) -> None:
    phrases = [
        f"and here is yet another part, number {word},"
        for word in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    ]
    made = say(voices["hibari"], phrases)
    assert isinstance(made, Made)
    assert len(json.loads(made.outputs["times"])) == 10
    assert "too long for this voice" in str(say(voices["hibari"], ["word " * 200]))


def test_reads_that_nobody_should_hear() -> None:
    t = np.arange(24_000) / 24_000
    good = (0.4 * np.sin(440 * t)).astype(np.float32)
    accept(good, 24_000, ["a dozen letters"])
    for bad, reason in (
        (np.where(t > 0.5, np.nan, good), "no numbers"),
        (good * 0.01, "silent"),
        (np.clip(good * 9, -1, 1), "clipped"),
        (good[:2400], "0.1 s for"),
        (np.tile(good, 20), "20.0 s for"),
    ):
        with pytest.raises(AttemptRefused, match=reason):
            accept(np.asarray(bad, np.float32), 24_000, ["a dozen letters"])
    with pytest.raises(AttemptRefused, match="silent"):
        trim(np.zeros(24_000, np.float32), 24_000, [])
