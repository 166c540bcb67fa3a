"""A licensed track as a bed: exactly as long as the spot, at the level of beds, ending in silence."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from workers.sound.bed import LEVEL
from workers.sound.loudness import integrated
from workers.sound.track import Track
from workers.sound.wav import RATE, Samples, wav_bytes


def music(path: Path, seconds: float, rate: int, channels: int, level: float = 0.3) -> Path:
    """Two tones that come and go."""
    t = np.arange(round(seconds * rate)) / rate
    tone = level * (np.sin(2 * np.pi * 220 * t) + 0.5 * np.sin(2 * np.pi * 331 * t)) * (0.7 + 0.3 * np.sin(3 * t))
    path.write_bytes(wav_bytes(np.repeat(tone[:, None], channels, axis=1), rate))
    return path


def make(path: Path, ms: int) -> Made | Exception:
    spec = BackendSpec("track", "bed", "")
    [made] = Track(spec, 1).make([Task("k", "bed", {"ms": ms}, {"track": path}, 0, path.parent)])
    return made


def samples(made: Made | Exception) -> Samples:
    assert isinstance(made, Made), made
    with wave.open(io.BytesIO(bytes(made.outputs["audio"]))) as file:  # type: ignore[arg-type]
        assert (file.getframerate(), file.getnchannels()) == (RATE, 2)
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return (pcm / 32768).astype(np.float32)


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 1), (48_000, 2), (96_000, 2), (44_100, 6)])
def test_it_is_as_long_as_the_spot_and_ends_with_it(tmp_path: Path, rate: int, channels: int) -> None:
    found = samples(make(music(tmp_path / "track.wav", 7.0, rate, channels), 6000))
    assert len(found) == 6 * RATE
    assert abs(integrated(found[: 4 * RATE], RATE) - LEVEL) < 1.0
    assert not found[-RATE // 50 :].any() and np.abs(found[-RATE:]).max() < np.abs(found[:RATE]).max()
    assert np.abs(found).max() < 10 ** (-3 / 20) + 0.01


def test_the_same_track_gives_the_same_bytes(tmp_path: Path) -> None:
    path = music(tmp_path / "track.wav", 7.0, 44_100, 2)
    first, second = make(path, 6000), make(path, 6000)
    assert isinstance(first, Made) and isinstance(second, Made)
    assert first.outputs == second.outputs


@pytest.mark.parametrize(
    ("seconds", "level", "problem"),
    [(3.0, 0.3, "lasts 3.0 s, and the ad 6 s"), (7.0, 0.0, "is silent where the ad would play it")],
)
def test_what_cannot_be_played_is_refused(tmp_path: Path, seconds: float, level: float, problem: str) -> None:
    refused = make(music(tmp_path / "track.wav", seconds, 48_000, 2, level), 6000)
    assert isinstance(refused, StepRefused) and problem in str(refused)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "track.wav").write_bytes(b"RIFF no sound at all")
    assert isinstance(make(tmp_path / "track.wav", 6000), StepRefused)
