"""User footage becomes a clip: exact frames and size, trimmed, joined, upright, in time; what cannot be used is refused."""

from __future__ import annotations

import io
import json
import subprocess
import wave
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from creative.backends import BackendSpec, Made, Task
from tests.support.own_media import disc, film
from workers.clip.clip import Clip


def _cut(folder: Path, *films: Path, **params: Any) -> Made | Exception:
    given = {"width": 180, "height": 240, "fps": 30, "frames": 45, "sound": "keep", "ms": 2500} | params
    given.setdefault("trims", [[0, None]] * len(films))
    inputs = {f"footage.{number}": path for number, path in enumerate(films)}
    (made,) = Clip(BackendSpec("cut", "clip", "x"), 1).make([Task("k", "clip", given, inputs, None, folder)])
    return made


def _frames(made: Made | Exception) -> list[np.ndarray]:
    assert isinstance(made, Made), made
    with av.open(str(made.outputs["picture"])) as file:
        assert not file.streams.audio
        frames = list(file.decode(video=0))
    assert [frame.pts for frame in frames] == [number * frames[1].pts for number in range(len(frames))]
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def _heard(made: Made | Exception) -> np.ndarray:
    assert isinstance(made, Made), made
    with wave.open(io.BytesIO(bytes(made.outputs["audio"]))) as file:
        assert (file.getframerate(), file.getnchannels()) == (48_000, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768


def _pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples[:, 0] * np.hanning(len(samples))))
    return float(spectrum.argmax()) * 48_000 / len(samples)


def test_films_are_trimmed_joined_and_cropped_to_the_frame(tmp_path: Path) -> None:
    one = film(tmp_path / "one.mp4", (320, 240), 25, 2.0)
    two = film(tmp_path / "two.mov", (180, 320), 30, 1.0, hertz=880, hue=2.0)
    made = _cut(tmp_path, one, two, trims=[[500, 1500], [0, None]])
    frames = _frames(made)
    assert len(frames) == 45 and frames[0].shape == (240, 180, 3)
    # A quarter of the way at half a second; then the second film, from its start. Cropped in the middle: 320 px are 240 high.
    first, cut = disc(frames[2]), disc(frames[30 + 7])
    assert first is not None and abs(first - (0.2 + 0.6 * 0.286 - 0.5) * 320 / 180 - 0.5) < 0.04
    assert cut is not None and cut < 0.5
    sound = _heard(made)
    assert len(sound) == 120_000
    assert abs(_pitch(sound[4_800:43_200]) - 440) < 5 and abs(_pitch(sound[52_800:90_000]) - 880) < 5
    assert np.abs(sound[97_000:]).max() == 0  # nothing is left of it: silence, entered softly
    picture = Image.open(io.BytesIO(bytes(made.outputs["image"])))  # type: ignore[union-attr]
    assert np.abs(np.asarray(picture, int) - frames[-1]).mean() < 2
    meta = json.loads(bytes(made.outputs["meta"]))  # type: ignore[union-attr]
    assert meta == {"width": 180, "height": 240, "product": None, "set": "footage", "sound": True}


def test_the_same_step_gives_the_same_bytes(tmp_path: Path) -> None:
    one = film(tmp_path / "one.mp4", (160, 120), 25, 1.0)
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        cut = _cut(tmp_path / name, one, width=120, height=160, frames=25)
        assert isinstance(cut, Made)
        made.append([Path(cut.outputs["picture"]).read_bytes(), cut.outputs["audio"], cut.outputs["image"]])  # type: ignore[arg-type]
    assert made[0] == made[1]


def test_a_varying_frame_rate_is_kept_in_time(tmp_path: Path) -> None:
    steady = _frames(_cut(tmp_path, film(tmp_path / "steady.mp4", (240, 180), 25, 2.0)))
    varying = _frames(_cut(tmp_path, film(tmp_path / "varying.mkv", (240, 180), 25, 2.0, varying=True)))
    for number in (5, 20, 40):
        one, other = disc(steady[number]), disc(varying[number])
        assert one is not None and other is not None and abs(one - other) < 0.04


def test_a_film_that_was_shot_upright_is_turned(tmp_path: Path) -> None:
    lying = film(tmp_path / "lying.mp4", (320, 180), 25, 1.0, hertz=0)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-display_rotation", "-90", "-i", str(lying)]
    subprocess.run([*command, "-c", "copy", str(tmp_path / "turned.mp4")], check=True)
    frames = _frames(_cut(tmp_path, tmp_path / "turned.mp4", width=180, height=320, frames=20, sound="none"))
    rows = [
        float(np.nonzero((frame[..., 0] > 215) & (frame[..., 2] < 120))[0].mean()) for frame in (frames[1], frames[18])
    ]
    assert rows[0] < 130 and rows[1] > 160  # what went to the right goes down now


def test_ten_bits_are_taken_and_hdr_is_not(tmp_path: Path) -> None:
    deep = film(tmp_path / "deep.mp4", (160, 120), 25, 1.0, codec="libx265", pixels="yuv420p10le", hertz=0)
    made = _cut(tmp_path, deep, width=120, height=160, frames=20, sound="none")
    assert isinstance(made, Made) and "of 10 bits" in made.notes["footage"][0]
    bright = film(tmp_path / "pq.mp4", (160, 120), 25, 0.5, codec="libx265", pixels="yuv420p10le", transfer=16, hertz=0)
    assert "is HDR (PQ)" in str(_cut(tmp_path, bright, frames=5, width=120, height=160))


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    one = film(tmp_path / "one.mp4", (240, 180), 25, 1.0, hertz=0)
    assert "lasts 1.00 s, and 1.50 s are needed: 0.50 s are missing" in str(_cut(tmp_path, one, sound="none"))
    assert "lasts 1.00 s, and is wanted from 0 s until 3 s" in str(_cut(tmp_path, one, trims=[[0, 3000]]))
    assert "has no sound" in str(_cut(tmp_path, one, frames=20))
    assert "too few to fill 1080 x 1920 px" in str(_cut(tmp_path, one, width=1080, height=1920, frames=20))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is no MP4, MOV, MKV or WebM"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "is no MP4, MOV, MKV or WebM"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 200, "cannot be decoded"),
        (b"\x1aE\xdf\xa3" + b"\0" * 200, "cannot be decoded"),
        (b"", "is no MP4"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "x.mp4").write_bytes(data)
    assert says in str(_cut(tmp_path, tmp_path / "x.mp4"))


def test_a_film_that_ends_before_it_says_is_refused(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", (320, 240), 25, 2.0, hertz=0)
    data = whole.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 2 // 5])
    refusal = str(_cut(tmp_path, tmp_path / "cut.mkv", sound="none"))
    assert "cut off" in refusal or "missing" in refusal
