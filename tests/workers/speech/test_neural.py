"""Voices of neural models, one suite over every backend, with random weights of their classes."""

from __future__ import annotations

import dataclasses
import json
import shutil
import wave
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from creative.backends import BackendSpec, Made, Resources, Task, resolve
from creative.canonical import file_digest
from creative.errors import AttemptRefused, StepRefused, UsageError
from creative.models.files import write_manifest
from tests.workers.speech.test_speech import sound
from workers.rehearse import voice
from workers.sound.wav import wav_bytes
from workers.speech.neural import Said

PHRASES = ["Marlo House Roast,", "roasted slowly, in small batches."]
RATES = {"rehearse-pocket": 24_000, "rehearse-xtts": 24_000, "rehearse-bark": 24_000, "rehearse-hf-vits": 16_000}
SPEAKERS = {"rehearse-hf-vits": "1", "rehearse-bark": "en_speaker_6"}


def spoken(pitch: float, seconds: float = 6.0, rate: int = 48_000) -> np.ndarray:
    """Something like a voice: syllables of a buzz with pauses, for a reference that needs no weights."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * pitch * number * time) / number for number in range(1, 12))
    syllables = (np.sin(2 * np.pi * 2.3 * time) > -0.6) * ((time % 2.0) < 1.7)
    smooth = np.convolve(syllables, np.ones(480) / 480, "same")
    return np.concatenate([np.zeros(rate // 5), 0.3 * buzz * smooth, np.zeros(rate // 5)]).astype(np.float32)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    voice.build(folder)
    return folder


@pytest.fixture(autouse=True)
def _here(models, monkeypatch) -> None:
    monkeypatch.setenv("CREATIVE_MODELS", str(models))


@pytest.fixture(scope="module")
def references(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("references")
    files = [folder / "low.wav", folder / "high.wav"]
    for file, pitch in zip(files, (110, 230), strict=True):
        file.write_bytes(wav_bytes(spoken(pitch), 48_000))
    return files


def spec_of(name: str, **changes) -> BackendSpec:
    row = next(row for row in voice.rows() if row["name"] == name)
    return dataclasses.replace(BackendSpec(**{**row, "resources": Resources(**row["resources"])}), **changes)


_backends: dict[str, object] = {}


def backend_of(name: str):
    if name not in _backends:
        spec = spec_of(name)
        _backends[name] = resolve(spec.target)(spec, 1)
    return _backends[name]


def task(scratch: Path, reference: Path | None, phrases=PHRASES, seed=1, locale="en-GB", **params) -> Task:
    inputs = {"reference": reference} if reference else {}
    digests = {"reference": file_digest(reference)} if reference else {}
    params = {"phrases": phrases, "locale": locale, "speaker": "clone", **params}
    return Task("key", "speech", params, inputs, seed, scratch, digests=digests)


ALL = [row["name"] for row in voice.rows()]
CLONES = [row["name"] for row in voice.rows() if "clone" in row["facts"]["uses"]]


@pytest.mark.parametrize("name", ALL)
def test_a_sentence_is_said_at_the_models_rate_with_its_times(name, references, tmp_path) -> None:
    made = backend_of(name).make([task(tmp_path, references[0], speaker=SPEAKERS.get(name, "clone"))])[0]
    assert isinstance(made, Made), made
    rate, audio = sound(made)
    assert rate == RATES.get(name, 22_050)
    assert 0.1 < np.abs(audio).max() < 0.95
    times = json.loads(made.outputs["times"])
    bounds = [value for span in times for value in (span["start_ms"], span["end_ms"])]
    assert len(times) == 2 and bounds == sorted(bounds) and bounds[-1] <= len(audio) * 1000 / rate
    assert "random weights" in made.notes["rehearsal"] and made.notes["model"]
    if name in CLONES:
        assert made.notes["cloned_from"] == file_digest(references[0])
    if name != "rehearse-openvoice":  # whose length is its base voice's
        assert len(audio) == pytest.approx(rate * sum(map(len, PHRASES)) / 15, abs=2)


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_says_the_same_whatever_is_beside_it(name, references, tmp_path) -> None:
    backend = backend_of(name)
    speaker = SPEAKERS.get(name, "clone")
    one = task(tmp_path, references[0], seed=5, speaker=speaker)
    longer = ["Something else, and rather longer than that."]
    others = [task(tmp_path, references[0], longer, seed=6, speaker=speaker), one]
    alone, again = backend.make([one])[0], backend.make([one])[0]
    beside = backend.make(others)[1]
    assert alone.outputs == again.outputs
    (_, first), (_, second) = sound(alone), sound(beside)
    assert len(first) == len(second)
    assert np.corrcoef(first, second)[0, 1] > 0.999


@pytest.mark.parametrize("name", ALL)
def test_another_seed_says_it_otherwise(name, references, tmp_path) -> None:
    speaker = SPEAKERS.get(name, "clone")
    made = backend_of(name).make([task(tmp_path, references[0], seed=seed, speaker=speaker) for seed in (1, 2)])
    assert made[0].outputs["audio"] != made[1].outputs["audio"]


@pytest.mark.parametrize("name", CLONES)
def test_another_recording_gives_another_conditioning_and_another_sound(name, references, tmp_path) -> None:
    backend = backend_of(name)
    tasks = [task(tmp_path, reference) for reference in references]
    made = backend.make(tasks)
    kept = [backend.voices.get(one.digests["reference"], lambda: pytest.fail("made again")) for one in tasks]
    kept = [getattr(one, "latents", one) for one in kept]
    assert kept[0].shape[-1] == kept[1].shape[-1]
    length = min(kept[0].shape[0], kept[1].shape[0])
    assert not np.allclose(kept[0][:length].numpy(), kept[1][:length].numpy(), atol=1e-4)
    (_, low), (_, high) = (sound(one) for one in made)
    assert len(low) != len(high) or np.abs(low - high).max() > 1e-3
    assert made[0].notes["cloned_from"] != made[1].notes["cloned_from"]


@pytest.mark.parametrize("name", CLONES)
def test_nothing_is_cloned_from_nothing(name, references, tmp_path) -> None:
    short = tmp_path / "short.wav"
    short.write_bytes(wav_bytes(spoken(110, 2.0), 48_000))
    backend = backend_of(name)
    none, brief, fine = backend.make([task(tmp_path, None), task(tmp_path, short), task(tmp_path, references[0])])
    assert isinstance(none, StepRefused) and "reference" in str(none)
    assert isinstance(brief, StepRefused) and "3" in str(brief)
    assert isinstance(fine, Made)


@pytest.mark.parametrize("name", ["rehearse-vits-openvoice", "rehearse-pocket", "rehearse-openvoice"])
def test_weights_are_loaded_only_as_they_were_pinned(name, models, references, tmp_path, monkeypatch) -> None:
    spec = spec_of(name)
    used = spec.options.get("converter", spec.options["weights"])

    def says(change) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(models, folder)
        monkeypatch.setenv("CREATIVE_MODELS", str(folder))
        change(folder / used)
        with pytest.raises(UsageError) as raised:
            resolve(spec.target)(spec, 1).make([task(tmp_path, references[0])])
        return str(raised.value)

    def flip(folder: Path) -> None:
        file = next(folder.rglob("*.safetensors"))
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.write_bytes(data)

    assert "creative models pull" in says(shutil.rmtree)
    assert "sha256" in says(flip)
    assert "pickled" in says(lambda folder: (folder / "model.pth").write_bytes(b"\x80\x04."))


@pytest.mark.parametrize("name", ALL)
def test_random_weights_never_pass_for_a_real_voice(name, references, tmp_path) -> None:
    spec = spec_of(name)
    real = dataclasses.replace(spec, options={**spec.options, "rehearsal": False})
    with pytest.raises(UsageError, match="rehearsal"):
        resolve(spec.target)(real, 1).make([task(tmp_path, references[0])])


class _Says:
    """An engine that says what it is told to."""

    rate, hears, flight = 24_000, 24_000, 8

    def __init__(self, audio) -> None:
        self.audio = audio

    def voice(self, sound):
        return None

    def read(self, lines):
        return [Said(self.audio(line)) for line in lines]


def said_by(audio, phrases=PHRASES, tmp_path=None, **options):
    from workers.speech.tts import Tts

    backend = Tts(spec_of("rehearse-vits", options={"weights": "rehearse-vits", **options}), 1)
    backend.__dict__["engine"] = _Says(audio)
    return backend.make([task(tmp_path, None, phrases)])[0]


def tone(seconds: float, rate: int = 24_000, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize(
    ("audio", "why"),
    [
        (lambda line: np.full(24_000, np.nan, np.float32), "no numbers"),
        (lambda line: np.zeros(24_000, np.float32), "silent"),
        (lambda line: tone(0.4), "0.4 s for"),
        (lambda line: tone(40), "s for"),
        (lambda line: np.sign(tone(3)).astype(np.float32), "clipped"),
    ],
)
def test_a_real_read_that_cannot_be_is_a_refused_attempt(audio, why, tmp_path) -> None:
    refused = said_by(audio, tmp_path=tmp_path)
    assert isinstance(refused, AttemptRefused) and why in str(refused)


def test_a_long_text_is_read_in_pieces_that_join_evenly(tmp_path) -> None:
    sentence = "It is roasted slowly, in small batches, by people who have done so for thirty years."
    phrases = [f"{sentence[:-1]} {word}." for word in ("here", "there", "everywhere", "again", "and again", "for good")]
    levels = iter([0.1, 0.2, 0.15, 0.3] * 4)
    made = said_by(lambda line: tone(len(line.piece.text) / 15, level=next(levels)), phrases, tmp_path)
    assert isinstance(made, Made), made
    rate, audio = sound(made)
    assert made.notes["pieces"] > 1
    times = json.loads(made.outputs["times"])
    assert len(times) == len(phrases)
    # As loud everywhere, no click at a seam, a pause between sentences of two pieces.
    loud = [
        np.sqrt((audio[span["start_ms"] * rate // 1000 : span["end_ms"] * rate // 1000] ** 2).mean()) for span in times
    ]
    assert 20 * np.log10(max(loud) / min(loud)) < 2.5
    assert np.abs(np.diff(audio)).max() < 1.3 * 2 * np.pi * 220 / rate * np.abs(audio).max()
    quiet = np.convolve(np.abs(audio) < 1e-4, np.ones(rate // 5), "valid").max()
    assert quiet >= 0.99 * (rate // 5)


def test_memory_that_runs_out_splits_a_batch_and_is_remembered(references, tmp_path) -> None:
    """The card holds two lines: every line is read all the same, and a third is not tried again."""
    from workers.speech.tts import Tts

    class Small(_Says):
        tried: ClassVar[list[int]] = []

        def read(self, lines):
            self.tried.append(len(lines))
            if len(lines) > 2:
                raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
            return super().read(lines)

    backend = Tts(spec_of("rehearse-vits", options={"weights": "rehearse-vits"}), 1)
    backend.__dict__["engine"] = Small(lambda line: tone(len(line.piece.text) / 15))
    made = backend.make([task(tmp_path, None, seed=seed) for seed in range(5)])
    assert all(isinstance(one, Made) for one in made)
    assert [count for count in Small.tried if count <= 2] == [2, 2, 1]
    Small.tried.clear()
    backend.make([task(tmp_path, None, seed=seed) for seed in range(5)])
    assert max(Small.tried) == 2


@pytest.mark.parametrize("name", SPEAKERS)
def test_a_voices_own_speakers_are_told_apart_and_others_refused(name, tmp_path) -> None:
    speakers = (SPEAKERS[name], "", "nobody", "../secret")
    tasks = [task(tmp_path, None, speaker=speaker) for speaker in speakers]
    own, another, *refused = backend_of(name).make(tasks)
    assert own.outputs["audio"] != another.outputs["audio"]
    assert all(isinstance(one, StepRefused) and "no speaker" in str(one) for one in refused)


@pytest.mark.parametrize(("change", "why"), [({"phonemize": True}, "GPL"), ({"is_uroman": True}, "uroman")])
def test_a_voice_that_is_spelled_by_another_program_is_refused(change, why, models, tmp_path) -> None:
    from workers.speech.hf_vits import HfVits

    shutil.copytree(models / "rehearse-hf-vits", tmp_path, dirs_exist_ok=True)
    file = tmp_path / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(UsageError, match=why):
        HfVits(tmp_path, "cpu")


def test_a_line_that_is_refused_refuses_no_other(tmp_path) -> None:
    none, fine = backend_of("rehearse-vits").make([task(tmp_path, None, ["京都"]), task(tmp_path, None)])
    assert isinstance(none, StepRefused) and "no letter" in str(none)
    assert isinstance(fine, Made)


def test_a_manifest_of_somebody_elses_code_is_refused(models, tmp_path, monkeypatch, references) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    config = json.loads((folder / "rehearse-vits" / "config.json").read_text())
    for change, why in (
        ({"characters": {**config["characters"], "characters_class": "os.system"}}, "code of its own"),
        ({"use_phonemes": True, "phonemizer": "espeak"}, "espeak"),
        ({"model": "tortoise"}, "tortoise"),
    ):
        (folder / "rehearse-vits" / "config.json").write_text(json.dumps({**config, **change}))
        write_manifest(
            folder / "rehearse-vits", name="rehearse-vits", repo=voice.REPO, revision=voice.REVISION, licence="CC0-1.0", rehearsal=True
        )  # fmt: skip
        from workers.models import weights

        weights._checked.clear()
        monkeypatch.setenv("CREATIVE_MODELS", str(folder))
        spec = spec_of("rehearse-vits")
        with pytest.raises(UsageError, match=why):
            resolve(spec.target)(spec, 1).make([task(tmp_path, None)])
    weights._checked.clear()


@pytest.mark.parametrize("name", ["rehearse-vits-openvoice", "rehearse-openvoice"])
def test_a_model_that_gave_its_memory_back_is_loaded_again(name, references, tmp_path) -> None:
    backend = backend_of(name)
    before = backend.make([task(tmp_path, references[0])])[0]
    backend.close()
    assert not {"engine", "converter"} & set(vars(backend))
    assert backend.make([task(tmp_path, references[0])])[0].outputs == before.outputs


def test_the_wave_is_sixteen_bits(references, tmp_path) -> None:
    made = backend_of("rehearse-vits").make([task(tmp_path, None)])[0]
    (tmp_path / "x.wav").write_bytes(made.outputs["audio"])
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getsampwidth(), file.getnchannels()) == (2, 1)
