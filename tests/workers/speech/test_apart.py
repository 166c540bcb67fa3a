"""A voice whose library does not go with this package's, in an environment of its own, on real Ray."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.canonical import file_digest
from creative.catalogue import load_catalogue
from creative.errors import AttemptRefused, UsageError
from creative.models.files import ModelError, write_manifest
from creative.models.rows import own_models
from creative.running.port import Batch, Outcome, Worksite
from creative.steps import step
from creative.store import open_store
from tests.support.plans import specs
from tests.workers.speech.test_neural import spoken
from workers.sound.wav import read_wav, wav_bytes
from workers.speech.apart import Chatterbox

LIBRARY = '''
"""Stands for chatterbox-tts: its calls, and a sound whose pitch the recording gives."""
import json
import wave
import torch

class ChatterboxTTS:
    sr = 24_000

    def __init__(self, pitch):
        self.pitch, self.conds = pitch, None

    @classmethod
    def from_local(cls, folder, device):
        return cls(json.loads((folder / "voice.json").read_text())["pitch"])

    def prepare_conditionals(self, file, exaggeration):
        with wave.open(file) as sound:
            self.conds = {"seconds": sound.getnframes() / sound.getframerate()}

    def generate(self, text, exaggeration):
        time = torch.arange(int(self.sr * len(text) / 15)) / self.sr
        return 0.3 * torch.sin(2 * torch.pi * self.pitch * time)[None] + 0.001 * torch.randn(1, len(time))
'''


@pytest.fixture
def row(tmp_path, monkeypatch) -> BackendSpec:
    """The catalogue's row, with weights and a library of this test's, packed as Ray fetches them."""
    folder = tmp_path / "models" / "chatterbox"
    folder.mkdir(parents=True)
    (folder / "voice.json").write_text(json.dumps({"pitch": 220}))
    write_manifest(folder, name="chatterbox", repo="test/chatterbox", revision="1" * 40, licence="MIT", rehearsal=False)
    monkeypatch.setenv("CREATIVE_MODELS", str(folder.parent))
    package = tmp_path / "library.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("library/chatterbox/__init__.py", "")
        archive.writestr("library/chatterbox/tts.py", LIBRARY)
    spec = load_catalogue().choose("speech", "chatterbox")
    # A voice of its own, so that this asks for nobody's consent.
    facts = {"uses": ["stock"], "languages": ["en"], "characters_per_second": 15}
    own = {"working_dir": f"file://{package}", "env_vars": {"CREATIVE_MODELS": str(folder.parent)}}
    return dataclasses.replace(spec, model=None, resources=Resources(gpu=0.25), facts=facts, runtime_env=own)


def outcomes(runner: Any, spec: BackendSpec, steps: Any) -> list[Outcome]:
    until = time.monotonic() + 300
    while not runner.free(spec) and time.monotonic() < until:
        time.sleep(0.2)
    runner.submit(Batch(1, spec, tuple(steps)))
    landed: list[Any] = []
    while not landed and time.monotonic() < until:
        landed = list(runner.wait(5.0))
    return list(landed[0][1])


def speech(spec: BackendSpec, count: int = 1) -> list[Any]:
    return [
        step(
            "speech", spec.name, 1, spec.model,
            {"phrases": ["Marlo House Roast,", "roasted slowly."], "locale": "en-GB", "speaker": "its own"}, {}, number, "speech",
        )
        for number in range(count)
    ]  # fmt: skip


def test_a_library_that_is_only_there_says_it(row, tmp_path, local_ray) -> None:
    from workers.ray_runner import RayRunner

    store = open_store(str(tmp_path / "store"))
    site = Worksite(store.url, str(tmp_path / "cache"), "")
    with contextlib.closing(RayRunner(site, workers=1)) as runner:
        broken = dataclasses.replace(row, name="broken", runtime_env={"working_dir": f"file://{tmp_path}/none.zip"})
        [refused, other] = outcomes(runner, broken, speech(broken, 2))
        assert refused.status == other.status == "failed"
        assert "the environment that speech broken asks for could not be made" in refused.reason
        assert "none.zip" in refused.reason
        # The run goes on: another backend's environment, and one without any.
        [made] = outcomes(runner, row, speech(row))
        assert made.status == "made", made.reason
        rate, audio = read_wav(store.fetch(made.receipt.outputs["audio"].sha256, tmp_path))
        loudest = np.abs(np.fft.rfft(audio.reshape(-1))).argmax() * rate / audio.size
        assert loudest == pytest.approx(220, abs=3)
        bed = specs()["bed", "echo"]
        plain = step("bed", bed.name, 1, None, {"mood": "warm", "ms": 1}, {}, 7, "bed")
        assert outcomes(runner, bed, [plain])[0].status == "made"


def task(folder: Path, recording: Path, seed: int = 1) -> Task:
    params = {"phrases": ["Roasted slowly."], "locale": "en-GB", "speaker": "reference"}
    return Task(
        "key", "speech", params, {"reference": recording}, seed, folder, digests={"reference": file_digest(recording)}
    )


def test_it_hears_a_recording_once_and_draws_from_the_lines_seed(row, tmp_path, monkeypatch) -> None:
    with zipfile.ZipFile(tmp_path / "library.zip") as archive:
        archive.extractall(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "library"))
    recording = tmp_path / "reference.wav"
    recording.write_bytes(wav_bytes(spoken(110), 48_000))
    backend = Chatterbox(dataclasses.replace(row, facts={**row.facts, "uses": ["clone"]}), 1)
    first, again, other = backend.make([task(tmp_path, recording, seed) for seed in (1, 1, 2)])
    assert first.outputs == again.outputs != other.outputs
    kept = backend.voices.get(file_digest(recording), lambda: pytest.fail("heard again"))
    assert 5 < kept["seconds"] < 7
    assert first.notes["cloned_from"] == file_digest(recording)
    for name in ("chatterbox.tts", "chatterbox"):  # not for the tests after this one
        del sys.modules[name]


def test_without_its_environment_it_says_where_it_runs(row, tmp_path) -> None:
    recording = tmp_path / "reference.wav"
    recording.write_bytes(wav_bytes(spoken(110), 48_000))
    with pytest.raises(UsageError, match="--runner ray"):
        Chatterbox(row, 1).make([task(tmp_path, recording)])


def _library(tmp_path, monkeypatch, change: str, to: str) -> None:
    """The library of this file, somewhat otherwise."""
    folder = tmp_path / "other" / "chatterbox"
    folder.mkdir(parents=True)
    assert change in LIBRARY
    (folder / "__init__.py").write_text("")
    (folder / "tts.py").write_text(LIBRARY.replace(change, to))
    monkeypatch.syspath_prepend(str(folder.parent))
    for name in ("chatterbox.tts", "chatterbox"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_a_library_that_says_nothing_of_a_line_is_a_refused_attempt(row, tmp_path, monkeypatch) -> None:
    """As chatterbox 0.1.7 does where its model ends at once: its decoder's convolution has too little before it."""
    recording = tmp_path / "reference.wav"
    recording.write_bytes(wav_bytes(spoken(110), 48_000))
    _library(
        tmp_path, monkeypatch, "        time = torch.arange",
        '        if torch.initial_seed() == 2: raise RuntimeError("Kernel size can\'t be greater than actual input size")\n'
        "        time = torch.arange",
    )  # fmt: skip
    backend = Chatterbox(dataclasses.replace(row, facts={**row.facts, "uses": ["clone"]}), 1)
    fine, refused = backend.make([task(tmp_path, recording, seed) for seed in (1, 2)])
    assert isinstance(refused, AttemptRefused) and "no sound" in str(refused)
    assert isinstance(fine, Made)
    for name in ("chatterbox.tts", "chatterbox"):
        del sys.modules[name]


def test_an_environment_that_does_not_go_together_is_said_in_one_line(row, tmp_path, monkeypatch) -> None:
    """As without `pkg_resources`: the watermarker is None then, and called."""
    recording = tmp_path / "reference.wav"
    recording.write_bytes(wav_bytes(spoken(110), 48_000))
    _library(tmp_path, monkeypatch, "        return cls(json", "        return cls.sr(json")
    with pytest.raises(ModelError, match=r"TypeError.*runtime_env"):
        Chatterbox(row, 1).make([task(tmp_path, recording)])
    for name in ("chatterbox.tts", "chatterbox"):
        del sys.modules[name]


def test_the_rows_environment_has_what_its_watermarker_imports() -> None:
    spec = load_catalogue().specs["speech", "chatterbox"]
    assert spec.runtime_env == own_models()["chatterbox"].runtime_env
    assert "setuptools<81" in spec.runtime_env["pip"]
