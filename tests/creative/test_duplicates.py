"""Near-duplicates: the lower variant keeps its place; other layouts, words and colours are no duplicates."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from creative.duplicates import LEAST_ALIKE, Seen, alike, near_duplicates
from workers.measure.looks import descriptor


def scene(product_x: int = 500, words: str = "top", ground: tuple[int, int, int] = (196, 164, 132)) -> Image.Image:
    """A product on a lit wall, words above it or beside it."""
    y, x = np.mgrid[0:600, 0:600]
    light = 1.1 - 0.5 * np.hypot(x - 120, y - 80) / 600
    image = Image.fromarray(np.clip(light[..., None] * np.array(ground), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.rectangle((product_x - 90, 260, product_x + 90, 520), fill="#1c3a2c")
    draw.ellipse((product_x - 90, 240, product_x + 90, 290), fill="#d8b24a")
    place = (60, 60) if words == "top" else (40, 420)
    for line in range(2):
        draw.rectangle((place[0], place[1] + 60 * line, place[0] + 300, place[1] + 60 * line + 36), fill="#102418")
    return image


def look(image: Image.Image) -> str:
    return descriptor(np.asarray(image))


def cropped(image: Image.Image, share: float) -> Image.Image:
    more = int(image.width * share)
    return image.crop((more, more, image.width - more, image.height - more)).resize(image.size)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.02, 0.03])
def test_another_crop_is_the_same_picture(share: float) -> None:
    assert alike(look(scene()), look(cropped(scene(), share))) >= LEAST_ALIKE


@pytest.mark.parametrize(
    "other",
    [scene(product_x=200), scene(words="below", product_x=440), scene(ground=(120, 150, 190))],
    ids=["product elsewhere", "words elsewhere", "another colour"],
)
def test_another_composition_or_colour_is_another_picture(other: Image.Image) -> None:
    assert alike(look(scene()), look(other)) < LEAST_ALIKE


def test_what_is_no_descriptor_is_like_nothing() -> None:
    good = look(scene())
    assert alike(good, good) == pytest.approx(1.0)
    assert alike(good, "nothing") == alike("00", good) == alike("0" * 174, good) == 0.0


def ad(variant: int, *looks: str, words: str = "Take it slow.", segment: str = "a") -> Seen:
    return Seen(
        f"as_{segment}{variant}", f"ad_{segment}{variant}", f"name-{variant}", variant, (segment,), looks, words
    )


def test_the_lower_variant_keeps_its_place() -> None:
    one, crop, other = look(scene()), look(cropped(scene(), 0.02)), look(scene(product_x=200))
    found = near_duplicates(
        [ad(3, crop), ad(1, one), ad(2, other), ad(4, one, words="Other."), ad(5, one, segment="b")]
    )
    assert list(found) == ["as_a3"]
    says = found["as_a3"].says
    assert found["as_a3"].id == "near-duplicate" and "variant 1 (name-1)" in says and "% alike" in says


def test_of_films_every_moment_counts() -> None:
    one, other = look(scene()), look(scene(product_x=200))
    assert near_duplicates([ad(1, one, one, one), ad(2, one, other, one)]) == {}
    assert list(near_duplicates([ad(1, one, other, one), ad(2, one, other, one)])) == ["as_a2"]
    assert near_duplicates([ad(1, one), ad(2, one, one)]) == {}
