"""Films whose set moves by itself: the camera and the product as over a set that stands still."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from creative.resources import templates
from tests.support.tiny_models import PHOTO
from workers.clip.clip import Track
from workers.compose.body import Body
from workers.compose.endcard import EndCard
from workers.generate.compose import composed
from workers.scene import layers
from workers.scene.cutout import open_photo

FRAMES, CARD = 45, 24
_BOX = (120, 270, 120, 188)
_LAYOUT = Path(__file__).parent / "golden" / "film-layout.json"
_SHARED = {
    "width": 360, "height": 640, "texts": {"headline": "Slow is good.", "cta": "Order", "price": "£5.49"},
    "palette": {"ground": "#b9763f", "second": "#1d4038", "accent": "#e8a33d", "text": "#fff6e8", "on_accent": "#1a120a"},
    "locale": "en-GB", "direction": "ltr", "fps": 30,
}  # fmt: skip


def _clip(path: Path, light: int, frames: int = FRAMES) -> Path:
    """A set of one tone in which a stripe goes down, much smaller than the film."""
    with Track(path, 90, 160, 30) as track:
        for n in range(frames):
            picture = np.full((160, 90, 3), light, np.uint8)
            picture[n * 2 : n * 2 + 30] -= 30
            track.add(picture)
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    made = composed(Image.new("RGB", (360, 640), (120, 90, 60)), open_photo(PHOTO), _BOX, 1.0, painted=False)
    meta = {"width": 360, "height": 640, "product": list(_BOX), "plate": list(made.parts.box or ()), "set": "painted"}
    logo = Image.new("RGBA", (120, 30), (0, 0, 0, 0))
    ImageDraw.Draw(logo).rectangle((0, 0, 119, 29), fill="#fff6e8")
    contents = {
        "scene": layers.png(made.image),
        "meta": json.dumps(meta).encode(),
        "plate": made.parts.plate,
        "layer": made.parts.layer,
        "logo.light": layers.png(logo),
        "layout": _LAYOUT.read_bytes(),
    }
    given = {}
    for role, data in contents.items():
        given[role] = folder / role
        given[role].write_bytes(data)
    fonts = {"font.display": "Geologica-SemiBold.ttf", "font.text": "Inter-Medium.ttf"}
    dark, bright = _clip(folder / "dark.mp4", 90), _clip(folder / "bright.mp4", 130)
    return given | {role: templates() / "fonts" / name for role, name in fonts.items()} | {"1": dark, "2": bright}


def _make(kind: str, inputs: dict[str, Path], clip: Path | None, folder: Path, **params: Any) -> list[np.ndarray]:
    folder.mkdir()
    given = {role: path for role, path in inputs.items() if role not in "12"} | ({"clip": clip} if clip else {})
    backend = {"body": Body, "endcard": EndCard}[kind](BackendSpec("warp", kind, "x"), 1)
    (made,) = backend.make([Task("k", kind, _SHARED | params, given, None, folder)])
    if not isinstance(made, Made):
        raise made
    with av.open(str(made.outputs["picture"])) as file:
        return [frame.to_ndarray(format="rgb24").astype(float) for frame in file.decode(video=0)]


def _apart(one: np.ndarray, other: np.ndarray, place: tuple[int, int, int, int]) -> float:
    x, y, w, h = place
    return float(np.abs(one - other)[y : y + h, x : x + w].mean())


def test_the_set_moves_and_the_product_is_as_before_one_that_stands(inputs: dict[str, Path], tmp_path: Path) -> None:
    dark, bright, still = (
        _make("body", inputs, inputs.get(name), tmp_path / name, frames=FRAMES) for name in ("1", "2", "0")
    )
    assert len(dark) == len(bright) == len(still) == FRAMES
    middle = (155, 330, 50, 80)  # of the product, in every framing
    for one, other, plain in zip(dark[::6], bright[::6], still[::6], strict=True):
        assert _apart(one, other, middle) < 3 and _apart(one, plain, middle) < 3
        assert _apart(one, other, (0, 420, 30, 200)) > 25  # the sets are 40 levels apart
    # Beside the product the stripe has come by: the last framing is wide, and nearly at rest.
    assert _apart(bright[-1], bright[-10], (0, 410, 30, 50)) > 15


def test_the_end_card_goes_on_from_the_clip_and_rests_on_its_scene(inputs: dict[str, Path], tmp_path: Path) -> None:
    body = _make("body", inputs, inputs["1"], tmp_path / "body", frames=FRAMES)
    card = _make("endcard", inputs, inputs["1"], tmp_path / "card", frames=CARD, moving=FRAMES)
    plain = _make("endcard", inputs, None, tmp_path / "plain", frames=CARD)
    assert np.abs(body[-1] - card[0]).mean() < 6 < np.abs(body[-1] - plain[0]).mean()
    assert np.abs(card[-1] - plain[-1]).mean() < 2


def test_a_clip_that_is_too_short_or_none_is_refused(inputs: dict[str, Path], tmp_path: Path) -> None:
    short, broken = _clip(tmp_path / "short.mp4", 90, 20), tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    with pytest.raises(StepRefused, match="20 frames, the body 45"):
        _make("body", inputs, short, tmp_path / "a", frames=FRAMES)
    with pytest.raises(StepRefused, match="cannot be read"):
        _make("endcard", inputs, broken, tmp_path / "b", frames=CARD, moving=FRAMES)
