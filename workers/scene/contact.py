"""The contact sheet of all sets, with a product on it: `python -m workers.scene.contact OUT.jpg [PHOTO.png]`."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from creative.backends import BackendSpec, Made, Task
from creative.resources import templates
from workers.scene.sets import SETS
from workers.scene.studio import Studio

_PALETTE = {"ground": "#ecdcc7", "second": "#b5633f", "accent": "#f0b64c"}
_SLOT = {"x": 500, "foot": 740, "width": 560, "height": 420}
_WIDTH, _HEIGHT, _ACROSS, _LINE = 480, 600, 6, 26
_PHOTO = "briefs/demo/media/house-roast.png"


def sheet(photo: Path, takes: int = 2) -> Image.Image:
    """Every set in `takes` takes, side by side, with its name under it."""
    font = ImageFont.truetype(str(templates() / "fonts" / "Inter-Medium.ttf"), 15)
    small = (_WIDTH // 2, _HEIGHT // 2)
    rows = -(-len(SETS) * takes // _ACROSS)
    result = Image.new("RGB", (_ACROSS * (small[0] + 6) - 6, rows * (small[1] + _LINE)), "white")
    draw = ImageDraw.Draw(result)
    studio = Studio(BackendSpec("studio", "scene", "workers.scene.studio:Studio"), 2)
    for n, (name, take) in enumerate((name, take) for name in SETS for take in range(takes)):
        place = ((n % _ACROSS) * (small[0] + 6), n // _ACROSS * (small[1] + _LINE))
        result.paste(_picture(studio, name, take, photo).resize(small, Image.Resampling.LANCZOS), place)
        draw.text((place[0], place[1] + small[1] + 4), name if not take else f"{name}, another take", "#333", font)
    return result


def _picture(studio: Studio, name: str, take: int, photo: Path) -> Image.Image:
    params = {"prompt": name, "width": _WIDTH, "height": _HEIGHT, "take": take, "palette": _PALETTE, "product": _SLOT}
    with tempfile.TemporaryDirectory() as scratch:
        (made,) = studio.make([Task("0" * 64, "scene", params, {"cutout": photo}, 7, Path(scratch))])
        if not isinstance(made, Made):
            raise made
        image = made.outputs["image"]
        return Image.open(io.BytesIO(image if isinstance(image, bytes) else image.read_bytes())).convert("RGB")


def main() -> None:
    """Write the sheet as a JPEG."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m workers.scene.contact OUT.jpg [PHOTO.png]")
    photo = Path(sys.argv[2]) if len(sys.argv) > 2 else templates() / _PHOTO
    sheet(photo).save(sys.argv[1], quality=72, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
