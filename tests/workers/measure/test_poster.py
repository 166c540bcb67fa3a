"""poster: the right size, the right moment, the shape of the sound."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from creative.backends import BackendSpec, Task
from creative.errors import StepRefused
from workers.measure.film import crop
from workers.measure.poster import Poster


def poster(folder, data, modality, side=96):
    (folder / "asset").write_bytes(data)
    task = Task("key", "poster", {"modality": modality, "side": side}, {"asset": folder / "asset"}, None, Path())
    (made,) = Poster(BackendSpec("poster", "poster", "x:y"), 1).make([task])
    if isinstance(made, Exception):
        raise made
    with Image.open(io.BytesIO(made.outputs["image"])) as image:
        assert image.format == "JPEG" and image.mode == "RGB"
        return np.asarray(image), made.outputs["image"]


def test_a_stills_poster_is_the_still_made_small(still, tmp_path):
    data, _ = still()
    pixels, coded = poster(tmp_path, data, "image")
    assert pixels.shape == (72, 96, 3)
    with Image.open(io.BytesIO(data)) as image:
        small = np.asarray(image.resize((96, 72)), int)
    assert np.abs(pixels - small).mean() < 6
    assert poster(tmp_path, data, "image")[1] == coded
    assert poster(tmp_path, data, "image", side=4000)[0].shape == (300, 400, 3)


def test_a_films_poster_shows_words_and_is_never_black(film, tmp_path):
    data, _ = film(frames=30, black=range(0, 20))
    pixels, coded = poster(tmp_path, data, "video", side=160)
    assert pixels.shape == (160, 90, 3)
    assert pixels.max() > 200 and pixels.mean() > 40
    assert poster(tmp_path, data, "video", side=160)[1] == coded


def test_a_film_of_one_frame(film, tmp_path):
    assert poster(tmp_path, film(frames=1)[0], "video", side=80)[0].shape == (80, 45, 3)


def test_a_waveform_is_high_where_it_is_loud(mix, tone, tmp_path):
    signal = tone(4000)
    signal[:, : 2 * 48000] *= 0.06
    signal[:, 150000:] = 0
    pixels, _ = poster(tmp_path, mix(signal), "audio", side=400)
    assert pixels.shape == (200, 400, 3)
    ink = (pixels[:170].mean(axis=-1) < 150).sum(axis=0)
    quiet, loud, silent = ink[30:190].mean(), ink[215:290].mean(), ink[325:].mean()
    assert loud > 3 * quiet > 0 and silent < 1


@pytest.mark.parametrize(("modality", "side"), [("image", 0), ("image", 9999), ("video", 96), ("audio", 96)])
def test_what_cannot_be_shown_is_refused(still, tmp_path, modality, side):
    with pytest.raises(StepRefused):
        poster(tmp_path, still()[0], modality, side)


def test_broken_media_are_refused(film, tmp_path):
    for data in (b"", bytes(100), film(frames=3)[0][:900]):
        with pytest.raises(StepRefused):
            poster(tmp_path, data, "video")


def test_colours_of_a_frame_are_as_ffmpeg_converts_them():
    """Our conversion of a cut-out agrees with the library's of the whole frame."""
    rng = np.random.default_rng(5)
    blocks = np.repeat(np.repeat(rng.integers(20, 236, (8, 10, 3), dtype=np.uint8), 16, 0), 16, 1)
    frame = av.VideoFrame.from_ndarray(blocks, format="rgb24").reformat(format="yuv420p")
    ours = crop(frame, (17, 9, 130, 101)).astype(int)
    assert np.abs(ours - frame.to_ndarray(format="rgb24")[9:101, 17:130]).max() <= 3
    assert np.abs(ours - blocks[9:101, 17:130]).mean() < 3


def test_a_waveforms_looks_are_kept(mix, tone, tmp_path):
    """Decoded and made coarse: a change that can be seen wants a raised revision in the catalogue."""
    pixels, _ = poster(tmp_path, mix(tone(2000)), "audio", side=320)
    coarse = pixels.reshape(8, 20, 8, 40, 3).mean(axis=(1, 3, 4))
    golden = [
        [241, 241, 241, 241, 241, 241, 241, 241],
        [197, 166, 207, 149, 214, 155, 195, 224],
        [188, 134, 134, 134, 134, 134, 134, 187],
        [188, 134, 134, 134, 134, 134, 134, 187],
        [188, 134, 134, 134, 134, 134, 134, 187],
        [188, 137, 156, 134, 159, 134, 150, 197],
        [223, 214, 237, 201, 240, 207, 230, 240],
        [240, 240, 240, 240, 240, 240, 240, 240],
    ]
    assert np.abs(coarse - np.array(golden)).max() < 3
