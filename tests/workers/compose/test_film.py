from __future__ import annotations

import hashlib
import subprocess
import sys
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from workers.compose.encode import PictureTrack, frame_of, planes
from workers.compose.film import Film

SIZE = (216, 384)
FPS = 30
WHITE = 20  # the frame that is white, and the moment of the click


def picture(path: Path, frames: int, white: int | None = None, size: tuple[int, int] = SIZE, fps: int = FPS) -> Path:
    rng = np.random.default_rng(1)
    ground = rng.integers(0, 160, (size[1] // 8, size[0] // 8, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    with PictureTrack(path, *size, fps) as track:
        for n in range(frames):
            rgb = np.full_like(ground, 255) if n == white else np.roll(ground, n, 0)
            track.add(frame_of(planes(rgb)), key=n == 15)
    return path


def sound(path: Path, frames: int, rate: int = 48_000, channels: int = 2) -> Path:
    samples = np.zeros((frames * rate // FPS, channels))
    samples[WHITE * rate // FPS :][:200] = 0.8
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def film(folder: Path, frames: int, fps: int = FPS, **inputs: Path) -> Path:
    folder.mkdir(exist_ok=True)
    backend = Film(BackendSpec("remux", "film", "workers.compose.film:Film"), 1)
    task = Task("k", "film", {"fps": fps, "frames": frames}, inputs, None, folder)
    (made,) = backend.make([task])
    if isinstance(made, Exception):
        raise made
    assert isinstance(made, Made)
    path = made.outputs["film"]
    assert isinstance(path, Path)
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("parts")
    return {
        "body": picture(folder / "body.mp4", 40, WHITE),
        "endcard": picture(folder / "endcard.mp4", 25),
        "mix": sound(folder / "mix.wav", 65),
    }


@pytest.fixture(scope="module")
def whole(parts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film"), 65, **parts)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(video=0) if packet.size]


def test_has_exactly_its_frames_at_a_constant_rate(whole: Path) -> None:
    with av.open(str(whole)) as file:
        stream = file.streams.video[0]
        times = [frame.pts * frame.time_base for frame in file.decode(stream)]
        assert times == [Fraction(n, FPS) for n in range(65)]
        assert stream.average_rate == FPS
        assert stream.duration * stream.time_base == Fraction(65, FPS)


def test_is_what_players_expect(whole: Path) -> None:
    with av.open(str(whole)) as file:
        video, audio = file.streams.video[0].codec_context, file.streams.audio[0].codec_context
        assert (video.name, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
        assert (video.color_range, video.colorspace, video.color_primaries, video.color_trc) == (1, 1, 1, 1)
        assert (audio.name, audio.profile, audio.sample_rate, audio.channels) == ("aac", "LC", 48_000, 2)
    data = whole.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_picture_is_copied_not_encoded_again(whole: Path, parts: dict[str, Path]) -> None:
    assert packets(whole) == packets(parts["body"]) + packets(parts["endcard"])


def test_sound_and_picture_start_and_end_together(whole: Path) -> None:
    with av.open(str(whole)) as file:
        bright = [float(frame.to_ndarray(format="gray").mean()) for frame in file.decode(video=0)]
    with av.open(str(whole)) as file:
        audio = file.streams.audio[0]
        assert abs(audio.duration * audio.time_base - Fraction(65, FPS)) < Fraction(1, FPS)
        heard = list(file.decode(audio))
    first = heard[0].pts
    samples = np.concatenate([frame.to_ndarray() for frame in heard], axis=1)[0]
    click = (int(np.argmax(np.abs(samples) > 0.4)) + first) / 48_000
    assert int(np.argmax(bright)) == WHITE
    assert abs(click - WHITE / FPS) < 0.25 / FPS


def test_the_same_bytes_from_another_process(whole: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from workers.compose.film import join; p = [pathlib.Path(a) for a in sys.argv[1:]];"
        "join(p[0], p[1:3], p[3], 30, 65)"
    )
    again = tmp_path / "again.mp4"
    subprocess.run([sys.executable, "-c", script, again, *parts.values()], check=True)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(whole.read_bytes()).digest()


def test_works_without_end_card_and_without_sound(parts: dict[str, Path], tmp_path: Path) -> None:
    with av.open(str(film(tmp_path / "a", 40, body=parts["body"]))) as file:
        assert sum(1 for _ in file.decode(video=0)) == 40
        assert not file.streams.audio
    with av.open(str(film(tmp_path / "b", 40, body=parts["body"], mix=parts["mix"]))) as file:
        audio = file.streams.audio[0]
        assert abs(audio.duration * audio.time_base - Fraction(40, FPS)) < Fraction(1, FPS)


def test_refuses_parts_that_do_not_fit(parts: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(StepRefused, match="have 65 frames, the film wants 70"):
        film(tmp_path, 70, **parts)
    with pytest.raises(StepRefused, match="encoded differently"):
        film(tmp_path, 45, body=parts["body"], endcard=picture(tmp_path / "other.mp4", 5, size=(200, 200)))
    (tmp_path / "broken.mp4").write_bytes(parts["body"].read_bytes()[:300])
    with pytest.raises(StepRefused, match=r"broken\.mp4"):
        film(tmp_path, 65, body=tmp_path / "broken.mp4", endcard=parts["endcard"])
    with pytest.raises(StepRefused, match="runs at 30 frames"):
        film(tmp_path, 65, fps=25, **parts)


def test_refuses_sound_that_is_not_a_mix(parts: dict[str, Path], tmp_path: Path) -> None:
    mono = sound(tmp_path / "mono.wav", 65, 44_100, 1)
    with pytest.raises(StepRefused, match="44100 Hz and 1 channels"):
        film(tmp_path, 65, body=parts["body"], endcard=parts["endcard"], mix=mono)
    (tmp_path / "noise.wav").write_bytes(b"no sound at all")
    with pytest.raises(StepRefused, match="no WAV file"):
        film(tmp_path, 65, body=parts["body"], endcard=parts["endcard"], mix=tmp_path / "noise.wav")
