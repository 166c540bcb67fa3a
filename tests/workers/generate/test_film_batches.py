"""Films of one form are made together, and none waits for what is no work of a card's; each is as if it were alone."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused, UsageError
from tests.support.tiny_models import FILMS, PHOTO, film_task, row
from workers.clip.clip import Track
from workers.generate import films as films_module
from workers.generate.accept import Accepting, Pixels
from workers.generate.compose import composed
from workers.generate.films import DiffusersVideo
from workers.generate.painting import Painter, Seen
from workers.generate.pipelines import Pipelines
from workers.generate.recipe import recipe_of
from workers.generate.reels import Reel, Set, filmed
from workers.generate.shapes import shape
from workers.scene import layers
from workers.scene.cutout import open_photo

_BOX = (60, 120, 60, 94)


def _scene(red: int) -> dict[str, bytes]:
    made = composed(Image.new("RGB", (180, 320), (red, 190, 170)), open_photo(PHOTO), _BOX, 1.0, painted=False)
    meta = {"width": 180, "height": 320, "product": list(_BOX), "plate": list(made.parts.box or ())}
    return {"image": layers.png(made.image), "meta": json.dumps(meta).encode(), **made.parts.outputs()}


def _task(folder: Path, number: int, frames: int = 30) -> Task:
    own = folder / str(number)
    own.mkdir(parents=True)
    return dataclasses.replace(film_task(own, _scene(120 + 30 * number), frames=frames), key=str(number), seed=number)


def _frames(made: Made | Exception) -> Any:
    assert isinstance(made, Made), made
    with av.open(str(made.outputs["picture"])) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(int)


def _last(made: Made | Exception) -> Any:
    """The film's last picture, before any encoder."""
    assert isinstance(made, Made), made
    return np.asarray(Image.open(io.BytesIO(bytes(made.outputs["image"]))), int)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many films were denoised together, call by call."""
    seen: list[int] = []
    plain = Painter.films

    def noted(self: Painter, pipe: Any, asked: Any, count: int) -> Any:
        seen.append(count)
        return plain(self, pipe, asked, count)

    monkeypatch.setattr(Painter, "films", noted)
    return seen


@pytest.mark.parametrize("name", FILMS)
def test_a_batch_of_films_is_as_each_alone(name: str, models: Path, tmp_path: Path, batches: list[int]) -> None:
    backend = DiffusersVideo(row(name), 1)
    frames = (30, 24, 30)  # of 30 a second: 9 of the model's 8 a second for all
    together = backend.make([_task(tmp_path / "a", number, count) for number, count in enumerate(frames)])
    assert batches == [3]
    (alone,), one = backend.make([_task(tmp_path / "b", 2)]), together[2]
    assert isinstance(one, Made) and isinstance(alone, Made) and one.notes == alone.notes
    assert np.abs(_last(one) - _last(alone)).max() <= 1
    assert np.abs(_frames(one) - _frames(alone)).mean() < 0.5  # through the encoder a rounding may become more
    assert len(_frames(together[1])) == 24
    assert np.abs(_last(together[0]) - _last(together[2])).mean() > 2  # each has its own seed and first picture
    backend.close()


def test_films_of_other_lengths_are_made_by_themselves(models: Path, tmp_path: Path, batches: list[int]) -> None:
    backend = DiffusersVideo(row("rehearse-wan-words"), 1)
    made = backend.make([_task(tmp_path, number, frames) for number, frames in enumerate((18, 45, 18))])
    assert [len(_frames(one)) for one in made] == [18, 45, 18]
    assert sorted(batches) == [1, 2]
    assert [one.notes["made"].split(", ")[1] for one in made if isinstance(one, Made)] == [
        f"{count} frames of 8 a second" for count in (5, 9, 5)
    ]


def test_memory_that_is_out_splits_a_batch_of_films(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, seen = Painter.films, []

    def small(self: Painter, pipe: Any, asked: Any, count: int) -> Any:
        seen.append(count)
        if count > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return plain(self, pipe, asked, count)

    monkeypatch.setattr(Painter, "films", small)
    backend = DiffusersVideo(row("rehearse-wan"), 1)
    made = backend.make([_task(tmp_path, number) for number in range(2)])
    assert all(isinstance(one, Made) for one in made) and seen == [2, 1, 1]
    backend.make([_task(tmp_path / "again", number) for number in range(2)])
    assert seen[3:] == [1, 1], "what does not fit is remembered"


def test_memory_that_the_film_before_had_is_waited_for(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls, moved = Painter.films, [], []

    def full(self: Painter, pipe: Any, asked: Any, count: int) -> Any:
        calls.append(count)
        if len(calls) in failing:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return plain(self, pipe, asked, count)

    monkeypatch.setattr(Painter, "films", full)
    monkeypatch.setattr(Pipelines, "offload", lambda _: moved.append(len(calls)))
    backend = DiffusersVideo(row("rehearse-wan-words"), 1)
    failing: tuple[int, ...] = (1,)
    (made,) = backend.make([_task(tmp_path / "a", 0)])
    assert isinstance(made, Made) and calls == [1, 1] and not moved
    failing = (3, 4)
    (made,) = backend.make([_task(tmp_path / "b", 0)])
    assert isinstance(made, Made) and moved == [4], "only then what is idle is moved out"
    failing = (6, 7, 8)
    with pytest.raises(UsageError, match="9 frames of 64x96 are too"):
        backend.make([_task(tmp_path / "c", 0)])


def test_the_next_films_are_begun_while_the_last_are_encoded(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: list[int]
) -> None:
    assert DiffusersVideo.at_once
    encoding, go_on = threading.Event(), threading.Event()

    def slow(*given: Any) -> Pixels:
        encoding.set()
        assert go_on.wait(60)
        return filmed(*given)

    monkeypatch.setattr(films_module, "filmed", slow)
    backend = DiffusersVideo(row("rehearse-wan-words"), 1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(backend.make, [_task(tmp_path / "a", 0)])
        assert encoding.wait(60) and batches == [1]
        second = pool.submit(backend.make, [_task(tmp_path / "b", 1), _task(tmp_path / "b", 2)])
        for _ in range(600):
            if len(batches) == 2:
                break
            threading.Event().wait(0.1)
        assert batches == [1, 2] and not first.done()
        go_on.set()
        assert [isinstance(one, Made) for made in (first, second) for one in made.result(60)] == [True] * 3
    backend.close()


def test_one_scene_that_cannot_be_read_leaves_the_others_alone(models: Path, tmp_path: Path) -> None:
    tasks = [_task(tmp_path, number) for number in range(2)]
    tasks[0].inputs["image"].write_bytes(b"nothing")
    refused, made = DiffusersVideo(row("rehearse-wan-words"), 1).make(tasks)
    assert isinstance(refused, StepRefused) and isinstance(made, Made)


def _reel(made: int = 9, count: int = 45) -> Reel:
    scene = Set(Image.new("RGB", (96, 64)), None, (0, 0, 1, 1), 1.0)
    return Reel(scene, shape((96, 64), [(96, 64)], None), made, 8, count, 30, False)


def _film(frames: int = 9) -> Any:
    rows = np.linspace(40, 200, 64)[None, :, None, None] + np.linspace(0, 40, 96)[None, None, :, None]
    return np.clip(rows + np.arange(frames)[:, None, None, None] * 2 + np.array([0, 8, -8]), 0, 255).astype(np.uint8)


def test_a_film_is_encoded_while_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[int] = []
    plain = Track.add_planes

    def noted(self: Track, planes: Pixels) -> None:
        added.append(1)
        plain(self, planes)

    monkeypatch.setattr(Track, "add_planes", noted)
    film = _film()
    before: list[int] = []

    def parts() -> Iterator[Seen]:
        for start, end in ((0, 1), (1, 5), (5, 9)):
            before.append(len(added))
            yield Seen(film[start:end], True)

    reel = _reel()
    last = filmed(parts(), reel, Accepting().film(9, "wish"), tmp_path / "clip.mp4")
    assert before[0] == 0 and 0 < before[1] < before[2] < len(added) == 45
    with av.open(str(tmp_path / "clip.mp4")) as file:
        seen = np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]).astype(int)
    assert seen.shape == (45, 64, 96, 3)
    # 9 frames of 8 a second are 1.1 s: they go forth, and back for the rest; colours are those that were painted.
    assert np.abs(seen[0] - film[0]).mean() < 2 and np.abs(seen[30] - film[8]).mean() < 2
    assert np.abs(seen[-1] - last.astype(int)).mean() < 2
    halfway = (film[0].astype(int) + film[1]) / 2
    assert np.abs(seen[2] - halfway).mean() < 2


@pytest.mark.parametrize(
    ("parts", "finite", "said"),
    [
        ([np.full((9, 64, 96, 3), 2, np.uint8)], True, "black"),
        ([_film()[:1], _film()[1:]], False, "NaN"),
        ([_film()[:1]] * 9, True, "nothing moves"),
        ([np.full((9, 64, 96, 3), 90, np.uint8)], True, "one colour"),
    ],
)
def test_a_film_that_is_none_is_a_refused_attempt(
    parts: Sequence[Pixels], finite: bool, said: str, tmp_path: Path
) -> None:
    seen = (Seen(part, finite or number == 0) for number, part in enumerate(parts))
    with pytest.raises(AttemptRefused, match=said):
        filmed(seen, _reel(), Accepting().film(9, "wish"), tmp_path / "clip.mp4")


def test_the_same_film_for_another_wish_is_a_refused_attempt(tmp_path: Path) -> None:
    accepting = Accepting()
    for _ in range(2):  # the same wish may have it again
        filmed(iter([Seen(_film(), True)]), _reel(), accepting.film(9, "one"), tmp_path / "clip.mp4")
    with pytest.raises(AttemptRefused, match="another wish"):
        filmed(iter([Seen(_film(), True)]), _reel(), accepting.film(9, "other"), tmp_path / "clip.mp4")


def test_on_a_card_films_are_begun_and_waited_for_later(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card's branch, with streams and events that only note what is asked of them."""
    import torch

    said: list[str] = []

    class Stream:
        def wait_stream(self, other: Any) -> None:
            said.append("decoding after denoising")

    class Event:
        made = 0

        def __init__(self, blocking: bool = False) -> None:
            assert blocking
            Event.made += 1
            self.number = Event.made

        def record(self, stream: Any) -> None:
            said.append(f"part {self.number} launched")

        def synchronize(self) -> None:
            said.append(f"part {self.number} waited for")

    spec = row("rehearse-wan-words")
    pipes = Pipelines(spec, recipe_of(spec), "")
    painter = Painter(pipes)
    told = pipes.words.encode_prompt(prompt=["a cup", "a hat"], negative_prompt=["", ""])
    asked = {
        "prompt_embeds": told[0], "negative_prompt_embeds": told[1], "width": 64, "height": 64, "num_frames": 9,
        "num_inference_steps": 2, "guidance_scale": 2.0,
    }  # fmt: skip

    def films() -> list[Iterator[Seen]]:
        noise = [torch.Generator("cpu").manual_seed(number) for number in range(2)]
        return painter.films(pipes.words, asked | {"generator": noise}, 2)

    wanted = [list(film) for film in films()]
    painter._stream = Stream()
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "stream", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: None)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda *_: None)
    monkeypatch.setattr("workers.generate.painting._fetched", lambda *made: made)
    begun = films()
    assert said == ["decoding after denoising", *(f"part {number} launched" for number in (1, 2, 3, 4))]
    said.clear()
    made = [list(film) for film in begun]
    assert said == [f"part {number} waited for" for number in (1, 2, 3, 4)]
    for one, other in zip(made, wanted, strict=True):
        assert [len(part.pixels) for part in one] == [1, 8]
        assert all(np.array_equal(left.pixels, right.pixels) for left, right in zip(one, other, strict=True))
    pipes.close()
