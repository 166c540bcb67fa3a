"""The brand's own photos as scenes: cropped by what is seen in them, level, whole in banners, before a product."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from creative.backends import BackendSpec, Made, Task
from creative.framings import families
from tests.support import photos
from tests.support.own_media import kitchen
from workers.scene.crop import Sight, best_crop
from workers.scene.faces import faces
from workers.scene.library import Library, drawn_out
from workers.scene.view import Look, horizon, view

SLOT = {"x": 500, "foot": 700, "width": 560, "height": 310}


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photo that falls to the right by 1.8 degrees, and what was seen in it."""
    folder = tmp_path_factory.mktemp("library")
    kitchen((900, 600), lean=1.8).save(folder / "photo.jpg", quality=93)
    (made,) = Look(BackendSpec("look", "view", "x"), 1).make(
        [Task("k", "view", {}, {"photo": folder / "photo.jpg"}, None, folder)]
    )
    assert isinstance(made, Made)
    (folder / "view.json").write_bytes(bytes(made.outputs["view"]))  # type: ignore[arg-type]
    return folder


def _scene(folder: Path, size: tuple[int, int], slot: Any = None, view_: Any = None, **more: Any) -> Made | Exception:
    known = {"name": "photo.jpg", "shows": False, "released": False, "people": "none", "focus": None} | more.pop(
        "photo", {}
    )
    params = {"width": size[0], "height": size[1], "product": slot or SLOT, "take": 0, "palette": {}, "photo": known}
    inputs = {"photo": folder / "photo.jpg", "view": folder / "view.json"} | more
    if view_ is not None:
        (folder / "other.json").write_text(json.dumps(view_))
        inputs["view"] = folder / "other.json"
    (made,) = Library(BackendSpec("library", "scene", "x"), 1).make([Task("k", "scene", params, inputs, 1, folder)])
    return made


def _opened(made: Made | Exception, name: str = "image") -> tuple[Image.Image, dict[str, Any]]:
    assert isinstance(made, Made), made
    image = Image.open(io.BytesIO(bytes(made.outputs[name])))  # type: ignore[arg-type]
    return image, json.loads(bytes(made.outputs["meta"]))  # type: ignore[arg-type]


def test_what_is_in_a_photo_is_seen(looked: Path) -> None:
    seen = json.loads((looked / "view.json").read_text())
    x, y, width, height = seen["focus"]
    # The mug stands right of the middle: 0.6 of the width to 0.6 + 0.52 / 1.5.
    assert 560 < x + width / 2 < 860 and 300 < y + height / 2 < 800 and seen["faces"] == []
    assert 130 < seen["horizon"]["tilt_hundredths"] < 230
    assert len(seen["busy"]) == 24 and max(map(max, seen["busy"])) <= 255


def test_a_level_horizon_is_left_and_no_horizon_is_none() -> None:
    grey = np.asarray(kitchen((600, 400)).convert("L"), np.float32) / 255
    found = horizon(grey)
    assert found is not None and found["tilt_hundredths"] == 0 and abs(found["y"] - 660) < 25
    assert horizon(np.random.default_rng(1).random((200, 300))) is None


@pytest.mark.parametrize("family", ["portrait", "landscape", "leaderboard", "skyscraper"])
def test_what_a_photo_is_about_is_whole_in_every_family(looked: Path, family: str) -> None:
    frame = families()[family]
    size = (frame.width // 2, frame.height // 2)
    image, meta = _opened(_scene(looked, size, dict(frame.product)))
    assert image.size == size and image.mode == "RGB" and (meta["width"], meta["height"]) == size
    x, y, width, height = meta["product"]
    assert x >= 0 and y >= 0 and x + width <= size[0] and y + height <= size[1]
    # The mug's red is there, and all of it inside of the box.
    pixels = np.asarray(image, int)
    red = (pixels[..., 0] > 120) & (pixels[..., 1] < 75) & (pixels[..., 2] < 60)
    rows, columns = np.nonzero(red)
    assert len(rows) > 30
    inside = (rows >= y - 2) & (rows <= y + height + 2) & (columns >= x - 2) & (columns <= x + width + 2)
    assert inside.mean() > 0.97


def test_the_horizon_is_level_afterwards(looked: Path) -> None:
    image, _ = _opened(_scene(looked, (840, 560)))
    found = horizon(np.asarray(image.convert("L"), np.float32) / 255)
    assert found is not None and found["tilt_hundredths"] == 0


def test_a_product_stands_before_the_photo_unchanged(looked: Path) -> None:
    cut = photos.mug(300).crop((30, 25, 280, 280))
    cut.save(looked / "cut.png")
    made = _scene(looked, (540, 960), cutout=looked / "cut.png")
    image, meta = _opened(made)
    x, y, width, height = meta["product"]
    assert abs(x + width / 2 - 270) <= 1 and abs(y + height - 672) <= 1
    fitted = np.asarray(cut.resize((width, height), Image.Resampling.LANCZOS))
    there = np.asarray(image)[y : y + height, x : x + width]
    solid = fitted[..., 3] == 255
    assert np.array_equal(there[solid], fitted[..., :3][solid])
    # The plate is what lies behind: pasted, the product is gone; the shadow is on it.
    plate, _ = _opened(made, "plate")
    px, py, pw, ph = meta["plate"]
    assert plate.size == (pw, ph)
    below = np.asarray(plate.convert("L"), float)[y - py + height - 2 : y - py + height + 3, x - px : x - px + width]
    beside = np.asarray(image.convert("L"), float)[y + height - 2 : y + height + 3, : max(x - width // 2, 8)]
    assert below.mean() < 0.8 * beside.mean()


def test_faces_are_not_shown_unless_they_agreed(looked: Path) -> None:
    seen = json.loads((looked / "view.json").read_text()) | {"faces": [[400, 200, 90, 140, 950]]}
    refusal = str(_scene(looked, (540, 960), view_=seen))
    assert "photo.jpg shows a face" in refusal and "release:" in refusal
    assert isinstance(_scene(looked, (540, 960), view_=seen, photo={"released": True}), Made)


def test_a_crop_keeps_faces_whole_and_the_slot_filled() -> None:
    busy = np.zeros((24, 24), np.float32)
    sight = Sight(2000, 1000, (0.62, 0.2, 0.74, 0.6), ((0.65, 0.22, 0.71, 0.36),), busy)
    crop = best_crop(sight, (500, 800), (0.3, 0.4, 0.7, 0.8))
    assert crop.seen > 0.99
    left, top, right, bottom = crop.place(sight.faces[0], sight)
    assert left >= 0 and top >= 0 and right <= 1 and bottom <= 1


def test_beyond_a_photo_its_own_tones_go_on() -> None:
    pixels = np.zeros((100, 120, 3), np.uint8)
    pixels[...] = (40, 90, 160)
    pixels[20:80, 30:90] = (250, 40, 30)
    made = np.asarray(drawn_out(Image.fromarray(pixels), (0, 0), (600, 100), (30, 20, 60, 60)), int)
    assert np.abs(made[:, 200:] - (40, 90, 160)).max() <= 12  # nothing of the red comes twice
    assert np.array_equal(made[20:80, 30:90], pixels[20:80, 30:90])


def test_nothing_that_is_no_face_is_taken_for_one() -> None:
    assert faces(kitchen((600, 400))) == []
    assert faces(photos.photo(photos.pack(300), "room", (400, 400))[0]) == []
    assert view(Image.new("RGB", (300, 200), (120, 130, 140)))["faces"] == []
