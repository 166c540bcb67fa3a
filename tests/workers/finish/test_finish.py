"""finish: labels that read back, coded pixels untouched, sound under its ceiling, refusals instead of tracebacks."""

import hashlib
import io
import os
import struct
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from creative.acceptance import one_line
from creative.backends import BackendSpec, Task
from creative.errors import StepRefused
from workers.finish.finish import Finish
from workers.finish.label import Label, xmp
from workers.finish.read import metadata_of, read_metadata
from workers.finish.sound import id3, wav
from workers.media.decode import sound_of
from workers.media.levels import loudness, true_peak

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
PARAMS = {"ad_id": "ad-7f3a", "title": "Röstung & <Käfer> 😀 قهوة", "source_type": SOURCE, "ai_note": "Made with AI."}
FORMATS = ("jpeg", "mp4", "mp3", "wav")


@pytest.fixture(scope="module")
def media(tmp_path_factory, still, film, mix, tone):
    folder = tmp_path_factory.mktemp("media")
    made = {"jpeg": still()[0], "mp4": film(frames=8, sound=tone(700))[0], "wav": mix(tone(1000))}
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return {**{name: folder / name for name in made}, "mp3": folder / "wav"}


def finish(path, form, **params):
    task = Task("key", "finish", {**PARAMS, "format": form, **params}, {"media": path}, None, Path())
    (made,) = Finish(BackendSpec("tag", "finish", "x:y"), 1).make([task])
    if isinstance(made, Exception):
        raise made
    return bytes(made.outputs["asset"])


def written(data, path):
    path.write_bytes(data)
    return path


def frames(data):
    with av.open(io.BytesIO(data)) as film:
        return [frame.to_ndarray() for frame in film.decode(video=0)]


@pytest.mark.parametrize("form", FORMATS)
def test_label_reads_back_and_names_no_version(media, form, tmp_path):
    asset = finish(media[form], form)
    found = read_metadata(written(asset, tmp_path / "asset"))
    assert found == {**PARAMS, "format": form, "software": "creative-farm"}
    assert b"Lavf6" not in asset


def test_a_reader_that_is_not_ours_finds_the_label(media):
    with Image.open(io.BytesIO(finish(media["jpeg"], "jpeg"))) as image:
        assert SOURCE.encode() in image.info["xmp"]
    for form in ("mp4", "mp3", "wav"):
        with av.open(io.BytesIO(finish(media[form], form))) as opened:
            assert opened.metadata["title"] == PARAMS["title"]
            assert opened.metadata["encoder"] == "creative-farm"
            if form != "wav":
                assert opened.metadata["ad_id"] == PARAMS["ad_id"]
                assert opened.metadata["digital_source_type"] == SOURCE


def test_jpeg_keeps_every_pixel(media):
    asset = finish(media["jpeg"], "jpeg")
    with Image.open(io.BytesIO(asset)) as ours, Image.open(media["jpeg"]) as before:
        assert np.array_equal(np.asarray(ours), np.asarray(before))


def test_a_second_label_takes_the_place_of_the_first(media, tmp_path):
    for form in ("jpeg", "mp4"):
        once = finish(media[form], form, title="first")
        twice = finish(written(once, tmp_path / form), form, title="second")
        assert metadata_of(twice)["title"] == "second"
        assert b"first" not in twice


@pytest.mark.parametrize("faststart", [True, False])
def test_mp4_keeps_every_frame_and_sample_and_its_index_is_in_front(film, tone, tmp_path, faststart):
    data, _ = film(frames=10, sound=tone(800), faststart=faststart)
    asset = finish(written(data, tmp_path / "film"), "mp4")
    assert asset.index(b"moov") < asset.index(b"mdat")
    before, after = frames(data), frames(asset)
    assert len(before) == len(after) and all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert np.array_equal(sound_of(data, "mp4").signal, sound_of(asset, "mp4").signal)


def test_mp4_with_long_offsets(film, tmp_path):
    """Chunk offsets of 64 bits are moved as well."""
    data, _ = film(frames=6)
    at = data.index(b"stco") - 4
    size, _, flags, count = struct.unpack_from(">I4sII", data, at)
    offsets = struct.unpack_from(f">{count}I", data, at + 16)
    grown = 4 * count
    table = struct.pack(">I4sII", size + grown, b"co64", flags, count)
    table += struct.pack(f">{count}Q", *(offset + grown for offset in offsets))
    wide = bytearray(data[:at] + table + data[at + size :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        place = wide.index(name) - 4
        struct.pack_into(">I", wide, place, struct.unpack_from(">I", wide, place)[0] + grown)
    assert len(frames(bytes(wide))) == 6
    asset = finish(written(bytes(wide), tmp_path / "film"), "mp4")
    assert all(np.array_equal(a, b) for a, b in zip(frames(data), frames(asset), strict=True))


@pytest.mark.parametrize("ms", [1000, 1234, 6000])
def test_mp3_is_exact_in_length_and_constant_in_rate(mix, tone, tmp_path, ms):
    asset = finish(written(mix(tone(ms)), tmp_path / "mix"), "mp3")
    heard = sound_of(asset, "mp3")
    assert heard.signal.shape == (2, round(ms * 44.1))
    assert (heard.rate, heard.codec, heard.kbps) == (44100, "mp3", 320)


def test_mp3_takes_the_best_rate_that_fits(mix, tone, tmp_path):
    path = written(mix(tone(30000, channels=1)), tmp_path / "mix")
    asset = finish(path, "mp3", max_bytes=1_000_000)
    assert len(asset) <= 1_000_000 and sound_of(asset, "mp3").kbps == 256
    with pytest.raises(StepRefused, match=r"do not fit into .* bytes: shorten"):
        finish(path, "mp3", max_bytes=500_000)
    with pytest.raises(StepRefused, match=r"at 320 kbit/s do not fit"):
        finish(path, "mp3", max_bytes=1_000_000, min_kbps=320)
    with pytest.raises(StepRefused, match="choose an mp3 placement"):
        finish(path, "wav", max_bytes=1_000_000)


def test_wav_is_16_bit_44100(media):
    with wave.open(io.BytesIO(finish(media["wav"], "wav"))) as opened:
        assert (opened.getframerate(), opened.getsampwidth(), opened.getnchannels()) == (44100, 2, 2)
        assert opened.getnframes() == 44100


@pytest.mark.parametrize("form", ["mp3", "wav"])
def test_true_peak_holds_after_encoding_and_the_loudness_stays(mix, tone, tmp_path, form):
    """Sharp bursts on a steady tone overshoot when resampled and encoded."""
    signal = tone(3000, gain=0.3)
    rng = np.random.default_rng(7)
    for at in range(5000, 140000, 12000):
        burst = np.convolve(rng.standard_normal(240), np.hanning(24), "same") * np.hanning(240)
        burst *= 10 ** (-1 / 20) / 10 ** (true_peak(burst[None].astype(np.float32)) / 20)
        signal[:, at : at + 240] = burst
    assert -1.2 < true_peak(signal) <= -0.95
    path = written(mix(signal), tmp_path / "mix")
    heard = sound_of(finish(path, form), form)
    assert true_peak(heard.signal) <= -1.0 + 1e-6
    assert abs(loudness(heard.signal, 44100) - loudness(signal, 48000)) < 0.5
    lower = sound_of(finish(path, form, true_peak_tenths=-30), form)
    assert true_peak(lower.signal) <= -3.0 + 1e-6


def test_labels_are_spelled_as_ever():
    """A change of these bytes wants a raised revision in the catalogue."""
    label = Label("Röst & Co", "ad-1", SOURCE, "Note")
    spelled = {
        "xmp": xmp(label),
        "id3": id3(label),
        "wav": wav(b"\0\0" * 10, 1, 44100, label),
    }
    assert {name: hashlib.sha256(data).hexdigest()[:16] for name, data in spelled.items()} == {
        "xmp": "dbc6a741e4806ca6",
        "id3": "633690c10267b73c",
        "wav": "f07a7aad47ab9698",
    }


@pytest.mark.parametrize("form", FORMATS)
def test_same_bytes_again(media, form):
    assert finish(media[form], form) == finish(media[form], form)


def test_same_bytes_in_another_process_with_other_threads(media):
    script = (
        "import hashlib, sys\nfrom pathlib import Path\nfrom creative.backends import BackendSpec, Task\n"
        "from workers.finish.finish import Finish\n"
        f"params = {PARAMS!r}\n"
        "for form, path in zip(('jpeg', 'mp4', 'mp3', 'wav'), sys.argv[1:]):\n"
        "    task = Task('key', 'finish', {**params, 'format': form}, {'media': Path(path)}, None, Path())\n"
        "    made = Finish(BackendSpec('tag', 'finish', 'x:y'), 4).make([task])[0]\n"
        "    print(hashlib.sha256(made.outputs['asset']).hexdigest())\n"
    )
    paths = [str(media[form]) for form in FORMATS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "3", "PYTHONPATH": str(Path.cwd())}
    there = subprocess.run(
        [sys.executable, "-c", script, *paths], capture_output=True, text=True, env=environment, check=True
    )
    here = [hashlib.sha256(finish(media[form], form)).hexdigest() for form in FORMATS]
    assert there.stdout.split() == here


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(max_size=200), note=st.text(max_size=80))
@pytest.mark.parametrize("form", ["jpeg", "mp4", "mp3", "wav"])
def test_any_title_is_carried(media, form, title, note, mix, tone, tmp_path):
    short = tmp_path / "short.wav"
    if not short.exists():
        short.write_bytes(mix(tone(100, channels=1)))
    path = short if form in ("mp3", "wav") else media[form]
    found = metadata_of(finish(path, form, title=title, ai_note=note))
    assert found["title"] == (one_line(title) or PARAMS["ad_id"])
    assert found.get("ai_note", "") == one_line(note)


@pytest.mark.parametrize("form", FORMATS)
def test_pathological_media_are_refused(media, form, tmp_path):
    good = media[form].read_bytes()
    bad = {
        "empty": b"",
        "zeros": bytes(5000),
        "text": b"hello there, this is no picture",
        "half": good[: len(good) // 2],
        "head": good[:20],
        "magic": good[:12],
        "other": media["jpeg" if form != "jpeg" else "mp4"].read_bytes(),
    }
    for name, data in bad.items():
        if name == "half" and form in ("mp3", "wav"):
            continue  # a shorter mix is a mix: acceptance knows how long it has to be
        with pytest.raises(StepRefused):
            finish(written(data, tmp_path / name), form)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("form", ["jpeg", "mp4", "wav"])
def test_damaged_bytes_never_give_a_traceback(media, form, data, tmp_path):
    good = bytearray(media[form].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, min(len(good), 3000) - 1))] = data.draw(st.integers(0, 255))
    try:
        finish(written(bytes(good), tmp_path / form), form)
    except StepRefused as refusal:
        assert str(refusal)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"ad_id": ""}, "ad_id is empty"),
        ({"title": "x" * 1001}, "shorten it to 1000"),
        ({"source_type": "ai"}, "IPTC's vocabulary"),
        ({"format": "gif"}, "choose one of jpeg"),
    ],
)
def test_wrong_parameters_are_refused_in_words(media, params, says):
    with pytest.raises(StepRefused, match=says):
        finish(media["jpeg"], **{"form": "jpeg"} | ({"form": params["format"]} if "format" in params else params))
