"""The product of a generated scene is compared with its cut-out: a few levels are enough to refuse an ad."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from creative.acceptance import accept
from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from creative.placements import placements
from tests.support.tiny_models import small_photo
from workers.finish import jpeg
from workers.finish.label import Label, xmp
from workers.generate.compose import composed
from workers.measure.measure import Measure
from workers.measure.product import product_pixels, product_tone
from workers.scene import layers
from workers.scene.cutout import open_photo

_SIZE, _BOX = (400, 300), (150, 30, 140, 220)
_STILL = placements()["google-landscape"].model_copy(update={"width": 400, "height": 300})
_LABEL = Label("Autumn", "ad-1", "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic", "")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A scene's files, as planning gives them to a measurement."""
    folder = tmp_path_factory.mktemp("scene")
    photo = small_photo(folder)
    ground = Image.effect_noise(_SIZE, 60).convert("RGB")
    made = composed(ground, open_photo(photo), _BOX, 1.0, painted=False)
    (folder / "scene.png").write_bytes(layers.png(made.image))
    (folder / "layer.png").write_bytes(made.parts.layer)
    (folder / "meta.json").write_text(json.dumps({"product": list(_BOX)}))
    names = {"scene": "scene.png", "layer": "layer.png", "meta": "meta.json"}
    return {role: folder / name for role, name in names.items()} | {"cutout": photo}


def _asset(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return jpeg.with_xmp(out.getvalue(), xmp(_LABEL))


def _judged(folder: Path, parts: dict[str, Path], picture: Image.Image) -> tuple[dict[str, Any], str]:
    """The figures, and what an ad of that picture is refused for."""
    (folder / "asset").write_bytes(_asset(picture))
    (folder / "boxes").write_text(json.dumps({"width": 400, "height": 300, "product": list(_BOX)}))
    inputs = {"asset": folder / "asset", "boxes.0": folder / "boxes", **parts}
    task = Task("key", "measure", {"modality": "image"}, inputs, None, folder)
    (made,) = Measure(BackendSpec("decode", "measure", "x:y"), 1).make([task])
    if not isinstance(made, Made):
        raise made
    figures = json.loads(bytes(made.outputs["figures"]))
    return figures["product_pixels"], " | ".join(accept(figures, _STILL, ad_id="ad-1").reasons)


def _changed(parts: dict[str, Path], role: str, folder: Path, levels: int, x: int, y: int, w: int, h: int) -> Path:
    """A copy of a scene's picture or layer in which a rectangle is brighter, or darker where that is not possible."""
    pixels = np.array(Image.open(parts[role]))
    part = pixels[y : y + h, x : x + w, :3]
    part[...] = np.where(part > 255 - levels, part - levels, part + levels)
    path = folder / f"{role}.png"
    Image.fromarray(pixels).save(path)
    return path


def test_the_product_itself_passes(parts: dict[str, Path], tmp_path: Path) -> None:
    found, reasons = _judged(tmp_path, parts, Image.open(parts["scene"]))
    assert reasons == ""
    assert found["px"] > 15_000 and (found["changed"], found["most"]) == (0, 0)
    assert found["cells"] > 200 and found["tone"] < 3


@pytest.mark.parametrize("role", ["scene", "layer"])
def test_a_product_that_a_model_altered_by_three_levels_is_refused(
    role: str, parts: dict[str, Path], tmp_path: Path
) -> None:
    x, y = (200, 120) if role == "scene" else (50, 90)
    other = parts | {role: _changed(parts, role, tmp_path, 3, x, y, 40, 30)}
    found, reasons = _judged(tmp_path, other, Image.open(parts["scene"]))
    assert (found["changed"], found["most"]) == (1200, 3)
    assert "is not its photo: 1,200 of" in reasons and "by up to 3 levels" in reasons


def test_what_surrounds_it_may_be_anything(parts: dict[str, Path], tmp_path: Path) -> None:
    other = parts | {"scene": _changed(parts, "scene", tmp_path, 90, 0, 0, 140, 300)}
    assert _judged(tmp_path, other, Image.open(other["scene"]))[1] == ""


def test_a_file_whose_product_looks_otherwise_is_refused(parts: dict[str, Path], tmp_path: Path) -> None:
    """The scene is right; what was composed of it is not."""
    red, green, blue = Image.open(parts["scene"]).split()
    found, reasons = _judged(tmp_path, parts, Image.merge("RGB", (blue, red, green)))
    assert found["changed"] == 0 and found["tone"] > 10 and "looks unlike its photo" in reasons


def test_a_product_that_is_too_small_is_compared_in_its_scene_alone(parts: dict[str, Path]) -> None:
    pixels = np.asarray(Image.open(parts["scene"]).convert("RGB"))
    assert product_tone(pixels, (10, 10, 95, 149), parts["cutout"], []) == {"cells": 0, "tone": None}
    # Nor is what words cover, or what lies outside of the picture.
    assert product_tone(pixels, _BOX, parts["cutout"], [(0, 0, 400, 300)])["cells"] == 0
    whole, half = (product_tone(pixels, _BOX, parts["cutout"], words) for words in ([], [(0, 0, 400, 140)]))
    assert 100 < half["cells"] < 0.7 * whole["cells"] and half["tone"] < 3


def test_a_scene_without_the_product_is_refused(parts: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text(json.dumps({"product": [900, 30, 140, 220]}))
    found, reasons = _judged(tmp_path, parts | {"meta": tmp_path / "meta.json"}, Image.open(parts["scene"]))
    assert found["px"] == 0 and "does not show the product" in reasons


def test_what_cannot_be_compared_is_refused_in_words(parts: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("[]")
    with pytest.raises(StepRefused, match="cannot be compared with its product"):
        product_pixels(parts | {"meta": tmp_path / "meta.json"})
    Image.new("RGBA", (7, 9)).save(tmp_path / "layer.png")
    with pytest.raises(StepRefused, match="7x9 px, and its place 140x220"):
        product_pixels(parts | {"layer": tmp_path / "layer.png"})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(x=st.integers(0, 139), y=st.integers(0, 219), levels=st.integers(2, 100))
def test_no_pixel_is_too_small(parts: dict[str, Path], tmp_path: Path, x: int, y: int, levels: int) -> None:
    opaque = Image.open(parts["layer"]).getchannel("A").getpixel((x, y)) == 255
    path = _changed(parts, "scene", tmp_path, levels, _BOX[0] + x, _BOX[1] + y, 1, 1)
    found = product_pixels(parts | {"scene": path})
    assert (found["changed"], found["most"]) == ((1, levels) if opaque else (0, 0))
