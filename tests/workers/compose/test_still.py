"""Stills: words inside their boxes, off the product, readable on the final JPEG; within the ceiling; the same bytes."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from ruamel.yaml import YAML

from creative.backends import BackendSpec, Made, Task
from creative.canonical import canonical
from creative.copyfit import Fitter
from creative.errors import StepRefused
from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from workers.compose.still import METADATA_BYTES, Still

FONTS = {
    "display": templates() / "fonts" / "Geologica-SemiBold.ttf",
    "text": templates() / "fonts" / "Inter-Medium.ttf",
}
FITTER = Fitter(FONTS["display"].read_bytes(), FONTS["text"].read_bytes())
LAYOUT = load_layouts(templates() / "layouts")["pedestal"]
FAMILIES = YAML(typ="safe", pure=True).load(templates() / "scenes" / "families.yaml")["families"]
STILLS = [row.id for row in placements().values() if row.modality == "image" and row.shape]
QUICK = ["iab-300x250", "iab-728x90", "iab-160x600", "iab-320x50", "iab-970x250", "spotify-companion-640"]
PALETTES = {
    "warm": {"ground": "#c98a55", "second": "#7a4a2c", "accent": "#0f5a46", "text": "#2a160b", "on_accent": "#f8ecd6"},
    "dark": {"ground": "#1f3a36", "second": "#122522", "accent": "#e9b44c", "text": "#fdf6e8", "on_accent": "#1c1408"},
    "grey": {"ground": "#808080", "second": "#606060", "accent": "#808488", "text": "#777777", "on_accent": "#888888"},
}
FULL = {
    "headline": "Hausröstung: langsam geröstet.",
    "cta": "Jetzt bestellen",
    "price": "5,99\u00a0€",
    "was": "7,49\u00a0€",
    "unit_price": "23,96\u00a0€/kg",
}
STILL = Still(BackendSpec("layers", "still", "workers.compose.still:Still"), 1)


def scene(family: str, palette: dict[str, str]) -> tuple[Image.Image, dict[str, Any]]:
    """A wall with light and shade on it, a floor, and a product in its place; half as large as real ones, to be quick."""
    row = FAMILIES[family]
    width, height, slot = row["width"] // 2, row["height"] // 2, row["product"]
    ground = np.array(Image.new("RGB", (1, 1), palette["ground"]), dtype=np.float64)[0, 0]
    y, x = np.mgrid[0:height, 0:width]
    light = 1.15 - 0.35 * y / height + 0.12 * np.sin(x / width * 5 + y / height * 3)
    picture = Image.fromarray(np.clip(ground * light[..., None], 0, 255).astype(np.uint8))
    ph = height * slot["height"] // 1000
    pw = min(width * slot["width"] // 1000, round(ph * 0.74))
    ph = round(pw / 0.74)
    left, foot = width * slot["x"] // 1000 - pw // 2, height * slot["foot"] // 1000
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, foot - height // 20, width, height), fill=palette["second"])
    picture = picture.filter(ImageFilter.GaussianBlur(height / 150))
    ImageDraw.Draw(picture).rounded_rectangle((left, foot - ph, left + pw - 1, foot - 1), pw // 12, fill="#123f33")
    return picture, {"width": width, "height": height, "product": [left, foot - ph, pw, ph], "set": "test"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scene a family and palette, a logo and the layouts of all stills."""
    folder = tmp_path_factory.mktemp("studio")
    for name, palette in PALETTES.items():
        for family in FAMILIES:
            picture, meta = scene(family, palette)
            picture.save(folder / f"{name}-{family}.png", compress_level=1)
            (folder / f"{family}.json").write_text(json.dumps(meta))
    for tone, colour in (("light", "#2a160b"), ("dark", "#fdf6e8")):
        logo = Image.new("RGBA", (420, 120), (0, 0, 0, 0))
        ImageDraw.Draw(logo).rounded_rectangle((10, 10, 409, 109), 50, fill=colour)
        logo.save(folder / f"logo-{tone}.png")
    for name in STILLS:
        row = placements()[name]
        (folder / f"{name}.layout.json").write_bytes(canonical(LAYOUT.shape_for(row).document(row)))
    return folder


def task(studio: Path, name: str, texts: dict[str, str], palette: str = "warm", **changes: Any) -> Task:
    row = placements()[name]
    family = LAYOUT.shape_for(row).scene
    params = {
        "width": row.width,
        "height": row.height,
        "texts": texts,
        "palette": PALETTES[palette],
        "locale": "de-DE",
        "direction": "ltr",
        "max_bytes": row.max_bytes,
    } | {key: value for key, value in changes.items() if key != "inputs"}
    inputs = {
        "scene": studio / f"{palette}-{family}.png",
        "meta": studio / f"{family}.json",
        "layout": studio / f"{name}.layout.json",
        "logo.light": studio / "logo-light.png",
        "logo.dark": studio / "logo-dark.png",
        **{f"font.{role}": path for role, path in FONTS.items()},
    } | changes.get("inputs", {})
    return Task("key", "still", params, inputs, None, studio)


def made(task: Task) -> tuple[bytes, dict[str, Any]]:
    result = STILL.make([task])[0]
    if isinstance(result, Exception):
        raise result
    image, boxes = result.outputs["image"], result.outputs["boxes"]
    assert isinstance(image, bytes) and isinstance(boxes, bytes)
    return image, json.loads(boxes)


def refusal(task: Task) -> str:
    with pytest.raises(StepRefused) as caught:
        made(task)
    return str(caught.value)


def luminance(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    unit = pixels / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))


def ring_contrast(picture: Image.Image, run: dict[str, Any], others: list[dict[str, Any]]) -> float:
    """Contrast of a run's colour to the pixels just outside its ink: none of them is a glyph's."""
    data = np.asarray(picture, dtype=np.float64)
    x, y, w, h = run["x"], run["y"], run["w"], run["h"]
    outer = data[max(0, y - 3) : y + h + 3, max(0, x - 3) : x + w + 3]
    mask = np.ones(outer.shape[:2], bool)
    mask[min(y, 3) - 1 : min(y, 3) + h + 1, min(x, 3) - 1 : min(x, 3) + w + 1] = False
    for other in others:
        # Another run's ink is nobody's ground.
        top, left = max(0, y - 3), max(0, x - 3)
        rows = slice(max(0, other["y"] - top - 1), max(0, other["y"] + other["h"] - top + 1))
        mask[rows, max(0, other["x"] - left - 1) : max(0, other["x"] + other["w"] - left + 1)] &= other is run
    theirs = luminance(outer[mask])
    own = luminance(np.array([int(run["colour"][at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float64))
    return float(np.percentile((np.maximum(theirs, own) + 0.05) / (np.minimum(theirs, own) + 0.05), 5))


def over(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def check(name: str, image: bytes, boxes: dict[str, Any]) -> None:
    row = placements()[name]
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    assert picture.size == (row.width, row.height)
    assert len(image) <= row.max_bytes - METADATA_BYTES
    assert row.width and row.height
    safe = (row.safe.left, row.safe.top, row.width - row.safe.right, row.height - row.safe.bottom)
    product = tuple(boxes["product"])
    for run in boxes["runs"]:
        ink, box = (run["x"], run["y"], run["w"], run["h"]), run["box"]
        assert box[0] <= ink[0] and ink[0] + ink[2] <= box[0] + box[2], run
        assert box[1] <= ink[1] and ink[1] + ink[3] <= box[1] + box[3], run
        assert not over(ink, product), (run, product)
        assert run["size"] >= run["least"] >= 12
        assert ring_contrast(picture, run, boxes["runs"]) >= 4.5, run
    for mark in boxes["marks"]:
        assert not over((mark["x"], mark["y"], mark["w"], mark["h"]), product), mark
    for thing in (*boxes["runs"], *boxes["marks"]):
        assert thing["x"] >= safe[0] and thing["y"] >= safe[1]
        assert thing["x"] + thing["w"] <= safe[2] and thing["y"] + thing["h"] <= safe[3]
    things = [(thing["x"], thing["y"], thing["w"], thing["h"], thing["role"]) for thing in boxes["runs"]]
    for at, one in enumerate(things):
        for other in things[at + 1 :]:
            # A comma may reach between small lines, and line below line may share a row: never ink over ink by half.
            assert not over(
                (one[0], one[1], one[2], one[3] * 7 // 10), (other[0], other[1], other[2], other[3] * 7 // 10)
            )


@pytest.mark.parametrize(
    ("name", "palette"),
    [
        (name, palette)
        for at, name in enumerate(STILLS)
        for palette in (PALETTES if name in QUICK else [[*PALETTES][at % 3]])
    ],
)
def test_every_placement_in_every_palette(studio: Path, name: str, palette: str) -> None:
    document = json.loads((studio / f"{name}.layout.json").read_bytes())
    texts = dict(FULL)
    texts["headline"] = FITTER.longest(document, "headline", [FULL["headline"], "Langsam gut."], "de-DE") or ""
    image, boxes = made(task(studio, name, texts, palette))
    check(name, image, boxes)
    shown = {run["role"] for run in boxes["runs"]}
    assert {"headline", "cta"} <= shown
    assert shown >= {"price", "was", "unit_price"} or name == "iab-320x50"
    assert " ".join(run["text"] for run in boxes["runs"] if run["role"] == "headline") == texts["headline"]


letters = st.text("abcdefghijklmnoprstuvwzäöüßÄÖÜÉŁŞĐжқω", min_size=1, max_size=16)
headlines = st.one_of(
    st.lists(letters, min_size=1, max_size=7).map(" ".join),
    st.sampled_from(["Donaudampfschifffahrtskapitän", "Spezialitäten\u00adrösterei am Hafen", "Éclair, Ångström, Ŷ"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(QUICK),
    headline=headlines,
    offer=st.sampled_from([(), ("price",), ("price", "was"), ("price", "unit_price"), ("price", "was", "unit_price")]),
    palette=st.sampled_from(list(PALETTES)),
)
def test_what_planning_finds_fitting_can_be_set(
    studio: Path, name: str, headline: str, offer: tuple[str, ...], palette: str
) -> None:
    document = json.loads((studio / f"{name}.layout.json").read_bytes())
    texts = {"headline": headline, "cta": "Kaufen"} | {role: FULL[role] for role in offer}
    wanted = task(studio, name, texts, palette)
    if FITTER.longest(document, "headline", [headline], "de-DE"):
        check(name, *made(wanted))
    elif not offer:  # planning goes by the arrangement with a price; without one there may be more room
        with contextlib.suppress(StepRefused):
            check(name, *made(wanted))
    else:
        assert "the headline" in refusal(wanted) and "px" in refusal(wanted)


def test_without_a_price_the_button_takes_the_middle(studio: Path) -> None:
    _, boxes = made(task(studio, "meta-feed-1x1", {"headline": "Langsam gut.", "cta": "Jetzt bestellen"}))
    button = next(mark for mark in boxes["marks"] if mark["role"] == "button")
    assert abs(button["x"] + button["w"] / 2 - 540) <= 1


def test_nothing_to_say_is_still_a_picture(studio: Path) -> None:
    image, boxes = made(task(studio, "iab-300x250", {}, inputs={}))
    assert boxes["runs"] == [] and [mark["role"] for mark in boxes["marks"]] == ["logo"]
    assert Image.open(io.BytesIO(image)).size == (300, 250)


def test_a_scene_without_product(studio: Path, tmp_path: Path) -> None:
    meta = json.loads((studio / "portrait.json").read_text()) | {"product": None}
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    _, boxes = made(task(studio, "meta-feed-4x5", FULL, inputs={"meta": tmp_path / "meta.json"}))
    assert boxes["product"] is None


@pytest.mark.parametrize("name", ["iab-728x90", "spotify-companion-640"])
def test_the_same_step_gives_the_same_bytes(studio: Path, name: str) -> None:
    wanted = task(studio, name, FULL)
    other = Still(BackendSpec("layers", "still", "x"), 4).make([wanted])[0]
    assert isinstance(other, Made)
    image, boxes = made(wanted)
    assert other.outputs["image"] == image and json.loads(bytes(other.outputs["boxes"])) == boxes  # type: ignore[arg-type]


def test_quality_gives_way_to_the_ceiling(studio: Path) -> None:
    image, _ = made(task(studio, "spotify-companion-640", FULL))
    ceiling = METADATA_BYTES + len(image) * 2 // 3
    small, _ = made(task(studio, "spotify-companion-640", FULL, max_bytes=ceiling))
    assert len(small) <= ceiling - METADATA_BYTES
    assert "takes" in refusal(task(studio, "spotify-companion-640", FULL, max_bytes=METADATA_BYTES + 1000))


def test_offer_and_button_change_sides_for_a_calm_ground(studio: Path, tmp_path: Path) -> None:
    sides = []
    for busy in (None, 0, 320):
        picture = Image.open(studio / "dark-portrait.png").copy()
        draw = ImageDraw.Draw(picture)
        for step in range(20 if busy is not None else 0):
            draw.ellipse(
                [busy + step * 10, 690 + step % 3 * 12, busy + step * 10 + 14, 704 + step % 3 * 12], fill="#ffffff"
            )
        picture.save(tmp_path / "scene.png")
        _, boxes = made(task(studio, "meta-feed-1x1", FULL, "dark", inputs={"scene": tmp_path / "scene.png"}))
        sides.append(next(run["x"] for run in boxes["runs"] if run["role"] == "price") > 400)
    assert sides == [False, True, False]


def test_the_product_is_kept_clear_of_scrims(studio: Path) -> None:
    image, boxes = made(task(studio, "iab-300x250", FULL, "grey"))
    x, y, w, h = boxes["product"]
    middle = Image.open(io.BytesIO(image)).convert("RGB").getpixel((x + w // 2, y + h // 2))
    assert np.abs(np.array(middle) - np.array([0x12, 0x3F, 0x33])).max() <= 4


def test_the_logo_that_stands_out_is_taken(studio: Path) -> None:
    for palette, dark_logo in (("warm", True), ("dark", False)):
        image, boxes = made(task(studio, "iab-970x250", FULL, palette))
        mark = next(mark for mark in boxes["marks"] if mark["role"] == "logo")
        middle = (
            Image.open(io.BytesIO(image))
            .convert("L")
            .getpixel((mark["x"] + mark["w"] // 2, mark["y"] + mark["h"] // 2))
        )
        assert isinstance(middle, int) and (middle < 90) is dark_logo


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"headline": "茶"}, r"no glyph for '茶' \(U\+8336\)"),
        ({"headline": "Wort " * 60}, "too long for its place: it would fit only at"),
        ({"price": "1.299.999.999.999,00\u00a0€"}, "the price"),
    ],
)
def test_what_cannot_be_set_is_refused_by_role_and_text(studio: Path, texts: dict[str, str], said: str) -> None:
    import re

    assert re.search(said, refusal(task(studio, "iab-300x250", texts)))


def test_refusals_of_what_does_not_belong_together(studio: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("no picture")
    assert "the layout is for" in refusal(task(studio, "iab-300x250", FULL, width=301))
    assert "no picture" in refusal(task(studio, "iab-300x250", FULL, inputs={"scene": text}))
    assert "no JSON" in refusal(task(studio, "iab-300x250", FULL, inputs={"layout": text}))
    assert "its meta says" in refusal(task(studio, "iab-300x250", FULL, inputs={"meta": studio / "portrait.json"}))
    assert "font" in refusal(task(studio, "iab-300x250", FULL, inputs={"font.display": text}))
    wanted = task(studio, "iab-300x250", FULL)
    params = {**wanted.params, "palette": PALETTES["warm"] | {"accent": "mauve"}}
    assert "#rrggbb" in refusal(Task("key", "still", params, wanted.inputs, None, studio))


def test_a_direction_is_one_of_two(studio: Path) -> None:
    assert "no direction" in refusal(task(studio, "iab-300x250", FULL, direction="down"))


@pytest.mark.parametrize("name", ["iab-300x250", "iab-728x90"])
def test_the_same_bytes_whatever_ads_had_the_same_ground_before(studio: Path, name: str) -> None:
    """Ads whose words stand at about the same place share a scrim, and the rows of the ground under it."""
    words = [f"Langsam geröstet, {number}." for number in ("zwei", "drei", "vier", "acht")]
    shared = Still(BackendSpec("layers", "still", "workers.compose.still:Still"), 1)
    for headline in words:
        wanted = task(studio, name, {**FULL, "headline": headline})
        alone = Still(BackendSpec("layers", "still", "workers.compose.still:Still"), 1)
        (one,), (other,) = shared.make([wanted]), alone.make([wanted])
        assert isinstance(one, Made) and isinstance(other, Made)
        assert one.outputs == other.outputs


GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", [*QUICK, "meta-feed-4x5", "google-landscape", "iab-300x600"])
def test_stills_look_as_they_did(studio: Path, name: str) -> None:
    """A picture that changes needs a raised revision in the catalogue, and then a new golden one."""
    image, _ = made(task(studio, name, FULL))
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    picture.thumbnail((400, 400), Image.Resampling.BOX)
    kept = GOLDEN / f"still-{name}.png"
    if not kept.exists():
        GOLDEN.mkdir(exist_ok=True)
        picture.save(kept, optimize=True)
        pytest.fail(f"{kept} was missing and is written now: look at it")
    difference = np.abs(np.asarray(picture, dtype=np.int16) - np.asarray(Image.open(kept), dtype=np.int16))
    assert difference.mean() < 0.6 and np.percentile(difference, 99.5) < 24
