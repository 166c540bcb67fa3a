"""Clips by diffusers: exact frames and size, the product before every one of them."""

from __future__ import annotations

import io
import itertools
import json
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from creative.backends import Made
from creative.errors import AttemptRefused, UsageError
from tests.support.tiny_models import FILMS, PHOTO, film_task, row, spoilt
from workers.generate.compose import composed
from workers.generate.films import DiffusersVideo
from workers.generate.reels import length, times
from workers.scene import layers
from workers.scene.cutout import open_photo

_BOX = (60, 120, 60, 94)


def _scene() -> dict[str, bytes]:
    made = composed(Image.new("RGB", (180, 320), (200, 190, 170)), open_photo(PHOTO), _BOX, 1.0, painted=False)
    meta = {"width": 180, "height": 320, "product": list(_BOX), "plate": list(made.parts.box or ())}
    return {"image": layers.png(made.image), "meta": json.dumps(meta).encode(), **made.parts.outputs()}


@pytest.mark.parametrize("name", FILMS)
def test_the_set_of_a_scene_moves_without_its_product(name: str, models: Path, tmp_path: Path) -> None:
    backend = DiffusersVideo(row(name), 1)
    scene = _scene()
    (made,) = backend.make([film_task(tmp_path, scene)])
    assert isinstance(made, Made), made
    path = made.outputs["picture"]
    assert isinstance(path, Path)
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.average_rate == 30 and not file.streams.audio
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    # As large as the model makes it, in the scene's form; the product is not there.
    assert len(frames) == 45 and frames[0].shape == (96, 54, 3)
    layer = np.asarray(Image.open(io.BytesIO(scene["layer"])).convert("RGB").resize((18, 28)))
    x, y = round(_BOX[0] * 0.3), round(_BOX[1] * 0.3)
    for frame in frames[::9]:
        assert np.abs(frame[y : y + 28, x : x + 18].astype(int) - layer).mean() > 40
    assert np.abs(frames[0].astype(int) - frames[20]).mean() > 0.3
    # Once through the encoder, which halves colour.
    last, seen = Image.open(io.BytesIO(bytes(made.outputs["image"]))), Image.fromarray(frames[-1])
    assert np.abs(np.asarray(last.convert("L"), int) - np.asarray(seen.convert("L"))).mean() < 3
    assert json.loads(bytes(made.outputs["meta"])) == {
        "width": 54, "height": 96, "product": None, "set": "painted", "sound": False,
    }  # fmt: skip
    with wave.open(io.BytesIO(bytes(made.outputs["audio"]))) as sound:
        assert (sound.getnframes(), sound.getnchannels()) == (96_000, 2)
    first = path.read_bytes()
    (again,) = backend.make([film_task(tmp_path, scene)])
    assert isinstance(again, Made) and isinstance(again.outputs["picture"], Path)
    assert again.outputs["picture"].read_bytes() == first


def test_a_film_from_words_has_the_shadow_of_its_product(models: Path, tmp_path: Path) -> None:
    films = []
    for first in ("WanImageToVideoPipeline", ""):
        (made,) = DiffusersVideo(row("rehearse-wan", first=first), 1).make([film_task(tmp_path, _scene())])
        assert isinstance(made, Made), made
        with av.open(str(made.outputs["picture"])) as file:
            films.append(next(file.decode(video=0)).to_ndarray(format="gray").astype(float))
    foot = slice(round(0.3 * (_BOX[1] + _BOX[3])) - 2, round(0.3 * (_BOX[1] + _BOX[3])) + 2), slice(20, 34)
    above = slice(0, 20), slice(0, 54)
    seen, shaded = films
    assert shaded[foot].mean() / shaded[above].mean() < 0.8 * seen[foot].mean() / seen[above].mean()


def test_nan_is_a_refused_attempt(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_MODELS", str(spoilt(models, "rehearse-wan", tmp_path / "spoilt", bias=float("nan"))))
    (refusal,) = DiffusersVideo(row("rehearse-wan"), 1).make([film_task(tmp_path, _scene())])
    assert isinstance(refusal, AttemptRefused) and "NaN" in str(refusal)


def test_a_film_model_has_to_say_its_frames() -> None:
    with pytest.raises(UsageError, match="frames"):
        DiffusersVideo(row("rehearse-wan", frames={}), 1)


@given(
    count=st.integers(1, 2000),
    fps=st.sampled_from([24, 25, 30]),
    made=st.integers(1, 161),
    rate=st.sampled_from([8, 16, 24]),
)
def test_every_frame_has_its_place_and_none_jumps(count: int, fps: int, made: int, rate: int) -> None:
    places = list(times(count, fps, made, rate))
    assert len(places) == count and all(0 <= place <= made - 1 for place in places) and places[0] == 0
    assert all(abs(after - before) <= rate / fps + 1e-6 for before, after in itertools.pairwise(places))


@given(seconds=st.floats(0.1, 60), most=st.integers(9, 161))
def test_a_model_is_asked_for_lengths_that_it_knows(seconds: float, most: int) -> None:
    rule = {"most": most, "step": 8, "plus": 1, "fps": 24}
    frames = length(seconds, rule)
    assert (frames - 1) % 8 == 0 and 9 <= frames <= most
    assert frames >= seconds * 24 or frames + 8 > most
