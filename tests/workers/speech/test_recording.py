"""Studio recordings as voices: checked as an engineer would, split at the pauses that fit the script, or refused."""

from __future__ import annotations

import io
import json
import struct
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile
from scipy.signal import resample_poly

from creative.backends import Made, Task, resolve
from creative.brief.recordings import wav_header
from creative.catalogue import load_catalogue
from creative.errors import StepRefused

CATALOGUE = load_catalogue()
SCRIPT = [
    ["Marlo House Roast,", "roasted slowly in small drums."],
    ["This autumn only,", "five pounds forty-nine."],
    ["Order yours today."],
]


@pytest.fixture(scope="module")
def read() -> tuple[np.ndarray[Any, Any], list[tuple[float, float]]]:
    """A read at 24 kHz by the neural voice, sentence after sentence, and where each is."""
    spec = CATALOGUE.choose("speech", "hibari")
    backend = resolve(spec.target)(spec, 1)
    pieces, places, at = [np.zeros(12_000)], [], 0.5
    for number, phrases in enumerate(SCRIPT):
        task = Task("k", "speech", {"phrases": phrases, "locale": "en-GB", "speaker": "heart"}, {}, 3, Path())
        [made] = backend.make([task])
        with wave.open(io.BytesIO(made.outputs["audio"])) as file:
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        pieces += [sound, np.zeros((9600, 13_200, 14_400)[number])]
        places.append((at, at + len(sound) / 24_000))
        at += (len(sound) + len(pieces[-1])) / 24_000
    return np.concatenate(pieces), places


def studio(
    folder: Path,
    sound: np.ndarray[Any, Any],
    rate: int = 44_100,
    bits: int = 24,
    noise_db: float = -66.0,
    gain: float = 1.0,
) -> Path:
    """The read as a studio would send it: stereo, its own rate and depth, with the noise of a room."""
    down = np.gcd(rate, 24_000)
    sound = resample_poly(sound, rate // down, 24_000 // down)
    sound = sound + np.random.default_rng(1).standard_normal(len(sound)) * 10 ** (noise_db / 20)
    sound = np.clip(sound * gain, -0.9, 0.9)
    stereo = np.repeat(sound[:, None], 2, axis=1)
    path = folder / f"read-{rate}-{bits}.wav"
    if bits == 24:
        whole = np.clip(np.rint(stereo * 2**23), -(2**23), 2**23 - 1).astype("<i4")
        raw = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        header = struct.pack(
            "<4sI4s4sIHHIIHH", b"RIFF", 36 + len(raw), b"WAVE", b"fmt ", 16, 1, 2, rate, rate * 6, 6, 24
        )
        path.write_bytes(header + struct.pack("<4sI", b"data", len(raw)) + raw)
    else:
        kinds = {16: np.int16, 32: np.float32}
        scale = 32767 if bits == 16 else 1
        wavfile.write(path, rate, (stereo * scale).astype(kinds[bits]))
    return path


def say(path: Path, number: int, sentences: list[list[str]] = SCRIPT) -> Made | Exception:
    spec = CATALOGUE.choose("speech", "recording")
    params = {
        "phrases": sentences[number],
        "sentences": sentences,
        "number": number,
        "locale": "en-GB",
        "speaker": "recording",
    }
    [made] = resolve(spec.target)(spec, 1).make([Task("k", "speech", params, {"reference": path}, 0, path.parent)])
    return made


@pytest.mark.parametrize(("rate", "bits"), [(44_100, 24), (48_000, 16), (96_000, 32)])
def test_each_sentence_is_found_where_it_is(tmp_path: Path, read: Any, rate: int, bits: int) -> None:
    sound, places = read
    path = studio(tmp_path, sound, rate, bits)
    header = wav_header(path)
    assert header is not None and header.problem is None
    assert (header.rate, header.channels) == (rate, 2)
    assert header.ms == pytest.approx(len(sound) / 24, abs=2)
    for number, (start, end) in enumerate(places):
        made = say(path, number)
        assert isinstance(made, Made), made
        assert made.notes["from_ms"] / 1000 == pytest.approx(start, abs=0.12)
        assert made.notes["until_ms"] / 1000 == pytest.approx(end, abs=0.12)
        with wave.open(io.BytesIO(made.outputs["audio"])) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        # It begins and ends softly, and its times are as many as its phrases, in order, inside.
        assert max(abs(samples[0]), abs(samples[-1])) < 0.001
        spans = json.loads(made.outputs["times"])
        assert len(spans) == len(SCRIPT[number])
        bounds = [value for span in spans for value in (span["start_ms"], span["end_ms"])]
        assert bounds == sorted(bounds) and bounds[-1] <= len(samples) / 48 + 1


def test_a_read_of_another_script_is_refused_with_times(tmp_path: Path, read: Any) -> None:
    path = studio(tmp_path, read[0])
    longer = [*SCRIPT, ["And here is quite another thing that nobody has read out so far, not even once."]] * 3
    refused = say(path, 0, longer)
    assert isinstance(refused, StepRefused) and ("pauses" in str(refused) or "lasts" in str(refused))
    swapped = [
        ["Order."],
        ["Marlo House Roast, roasted slowly in small drums, and this autumn only five pounds forty-nine."],
        ["Now."],
    ]
    refused = say(path, 0, swapped)
    assert isinstance(refused, StepRefused)
    assert "does not match its script: sentence 3 would be from 6.8 to 7.8 s" in str(refused)
    refused = say(path, 0, [["Hi."]])
    assert "is it a read of this script?" in str(refused)


def test_what_an_engineer_would_send_back_is_refused(tmp_path: Path, read: Any) -> None:
    sound = read[0]
    assert "clipped at" in str(say(studio(tmp_path, sound, gain=4), 0))
    assert "too quiet" in str(say(studio(tmp_path, sound * 0.004, noise_db=-96), 0))
    assert "noise is only" in str(say(studio(tmp_path, sound, noise_db=-34), 0))
    assert "cut at its beginning" in str(say(studio(tmp_path, sound[14_400:]), 0))
    assert "Hz" in str(say(studio(tmp_path, sound, rate=16_000, bits=16), 0))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x00\x00\x00\x00WAVEnonsense")
    assert isinstance(say(broken, 0), StepRefused)
    assert wav_header(broken) is None


def test_the_same_bytes_again(tmp_path: Path, read: Any) -> None:
    path = studio(tmp_path, read[0])
    assert say(path, 1).outputs == say(path, 1).outputs
