"""Photos without transparency are cut out: clean edges, the product untouched, doubt refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from scipy.ndimage import binary_dilation, binary_erosion

from creative.backends import BackendSpec, Made, Task
from tests.support import photos
from workers.scene.freed import Freed, cut_out
from workers.scene.photo import open_upright


def _made(path: Path) -> Made | Exception:
    spec = BackendSpec("u2netp", "cutout", "x")
    (made,) = Freed(spec, 1).make([Task("k", "cutout", {}, {"photo": path}, None, path.parent)])
    return made


@pytest.mark.parametrize(("product", "ground"), [("mug", "white"), ("mug", "room"), ("pack", "grey"), ("pack", "wood")])
def test_the_outline_is_the_true_one(product: str, ground: str) -> None:
    picture, truth = photos.photo(getattr(photos, product)(400), ground, (480, 480))
    cut, _ = cut_out(picture)
    placed = np.zeros(truth.shape, np.float32)
    rows, columns = np.flatnonzero((truth > 0.03).any(1)), np.flatnonzero((truth > 0.03).any(0))
    alpha = np.asarray(cut.getchannel("A"), np.float32) / 255
    # The cut-out is trimmed: it lies where the truth begins, give or take a pixel.
    assert (
        abs(alpha.shape[0] - (rows[-1] - rows[0] + 1)) <= 3
        and abs(alpha.shape[1] - (columns[-1] - columns[0] + 1)) <= 3
    )
    best = 0.0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            y, x = rows[0] + dy, columns[0] + dx
            placed[:] = 0
            part = placed[y : y + alpha.shape[0], x : x + alpha.shape[1]]
            part[...] = alpha[: part.shape[0], : part.shape[1]]
            both, either = ((placed > 0.5) & (truth > 0.5)).sum(), ((placed > 0.5) | (truth > 0.5)).sum()
            if both / either > best:
                best = float(both / either)
                error = np.abs(placed - truth)
    assert best > 0.985
    assert error.mean() < 0.005
    assert error[binary_dilation((truth > 0.02) & (truth < 0.98), iterations=3)].mean() < 0.1


def test_the_product_itself_is_untouched() -> None:
    picture, _ = photos.photo(photos.mug(400), "wood", (480, 480))
    cut, _ = cut_out(picture)
    made, pixels = np.asarray(cut), np.asarray(picture)
    inside = binary_erosion(made[..., 3] == 255, iterations=2)
    rows, columns = np.nonzero(made[..., 3] == 255)
    # Where it lay in the photo: found by its own bytes.
    y, x = next(
        (y, x)
        for y in range(pixels.shape[0] - made.shape[0] + 1)
        for x in range(pixels.shape[1] - made.shape[1] + 1)
        if (pixels[y + rows[0], x + columns[0]] == made[rows[0], columns[0], :3]).all()
        and (pixels[y : y + made.shape[0], x : x + made.shape[1]][inside] == made[..., :3][inside]).all()
    )
    there = pixels[y : y + made.shape[0], x : x + made.shape[1]]
    assert inside.sum() > 20_000
    assert (there[made[..., 3] == 255] == made[..., :3][made[..., 3] == 255]).all()


def test_no_ground_shines_in_at_the_edge() -> None:
    picture, _ = photos.photo(photos.mug(400), "white", (480, 480))
    cut, _ = cut_out(picture)
    on_black = Image.new("RGBA", cut.size, (0, 0, 0, 255))
    on_black.alpha_composite(cut)
    made, alpha = np.asarray(on_black.convert("RGB"), np.float32), np.asarray(cut.getchannel("A"))
    rim = (alpha > 25) & ~binary_erosion(alpha > 25, iterations=2)
    # The mug is darker than 190 but for its highlight and its stripe: a white fringe would be seen as lighter pixels.
    assert (made[rim].min(1) > 190).mean() < 0.02


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda one: Image.fromarray((photos.ground("grey", 400, 400) * 255).astype(np.uint8)), "no product"),
        (lambda one: _beside(one, one), "two or more separate things"),
        (lambda one: one.crop((150, 60, 320, 400)), "cut off by the photo's edge"),
    ],
)
def test_a_doubtful_photo_is_refused_with_what_to_do(tmp_path: Path, make: Any, says: str) -> None:
    one, _ = photos.photo(photos.mug(300), "grey", (400, 400))
    make(one).save(tmp_path / "photo.jpg", quality=92)
    refusal = _made(tmp_path / "photo.jpg")
    assert says in str(refusal) and "PNG with a transparent background" in str(refusal)


def _beside(one: Image.Image, other: Image.Image) -> Image.Image:
    both = Image.new("RGB", (one.width + other.width, one.height))
    both.paste(one, (0, 0))
    both.paste(other, (one.width, 0))
    return both


def test_photos_are_turned_upright_and_converted_to_srgb(tmp_path: Path) -> None:
    plain = Image.new("RGB", (64, 32), (200, 40, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    plain.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    assert open_upright(tmp_path / "turned.jpg").size == (32, 64)
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    plain.save(tmp_path / "wrong.png", icc_profile=wide.tobytes())  # a profile of another kind is passed over
    assert open_upright(tmp_path / "wrong.png").getpixel((0, 0)) == (200, 40, 40)
    plain.save(tmp_path / "srgb.png", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    assert open_upright(tmp_path / "srgb.png").getpixel((0, 0)) == (200, 40, 40)
    grey = Image.fromarray(np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16))
    grey.save(tmp_path / "deep.png")
    deep = np.asarray(open_upright(tmp_path / "deep.png"))
    assert deep.shape == (32, 64, 3) and deep.min() == 0 and deep.max() == 255 and abs(float(deep.mean()) - 127.5) < 1
    plain.convert("CMYK").save(tmp_path / "press.jpg", quality=95)
    red = open_upright(tmp_path / "press.jpg").getpixel((8, 8))
    assert red[0] > 150 and red[1] < 90


@pytest.mark.parametrize("name", ["cut.jpg", "text.jpg", "small.png"])
def test_what_is_no_photo_is_refused(tmp_path: Path, name: str) -> None:
    data = io.BytesIO()
    photos.photo(photos.mug(200), "grey", (200, 200))[0].save(data, "JPEG")
    small = io.BytesIO()
    Image.new("RGB", (40, 40)).save(small, "PNG")
    (tmp_path / name).write_bytes(
        {"cut.jpg": data.getvalue()[:900], "text.jpg": b"words", "small.png": small.getvalue()}[name]
    )
    refusal = _made(tmp_path / name)
    assert "the product photo" in str(refusal)
