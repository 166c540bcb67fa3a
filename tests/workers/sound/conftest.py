"""Small sounds, and a way to run one backend on them."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from creative.backends import Made, Task, resolve
from creative.catalogue import load_catalogue
from workers.sound.wav import wav_bytes


def runner(folder: Path) -> Callable[..., Made | Exception]:
    """Runs the catalogue's row of a kind on inputs given as bytes, arrays (speech at 24 kHz, else 48) or JSON values."""
    catalogue = load_catalogue()

    def run(
        kind: str,
        params: Mapping[str, Any],
        inputs: Mapping[str, Any] | None = None,
        seed: int | None = None,
        name: str | None = None,
    ) -> Made | Exception:
        files = {}
        for role, value in (inputs or {}).items():
            if isinstance(value, np.ndarray):
                value = wav_bytes(value, 24_000 if role.startswith("audio") else 48_000)
            elif not isinstance(value, bytes):
                value = json.dumps(value).encode()
            files[role] = folder / role
            files[role].write_bytes(value)
        spec = catalogue.choose(kind, name)
        task = Task("key", kind, params, files, seed, folder)
        return resolve(spec.target)(spec, 1).make([task])[0]

    return run


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Made | Exception]:
    """See `runner`."""
    return runner(tmp_path)


def speechlike(seconds: float, rate: int = 24_000, seed: int = 1) -> np.ndarray[Any, Any]:
    """A buzz with syllables: harmonics of a wandering pitch, four bumps a second, silent at both ends for 20 ms."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(120 + 15 * np.sin(2 * np.pi * 0.7 * t + seed)) / rate
    buzz = sum(np.sin(k * phase) / k for k in range(1, 20))
    shape = np.clip(np.minimum(t, t[::-1]) / 0.02 - 1, 0, 1) * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t))
    return (0.25 * buzz * shape).astype(np.float32)


def decoded(data: bytes) -> np.ndarray[Any, Any]:
    """The samples of a 16-bit WAV, (frames, channels), read without the code under test."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 48_000)
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return raw.reshape(-1, file.getnchannels()) / 32768.0


@pytest.fixture(name="speechlike")
def _speechlike() -> Callable[..., np.ndarray[Any, Any]]:
    return speechlike


@pytest.fixture(name="decoded")
def _decoded() -> Callable[[bytes], np.ndarray[Any, Any]]:
    return decoded
