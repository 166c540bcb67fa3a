"""Makes the demo's pictures: the tin of "Marlo House Roast" as a cut-out photo, and the brand's two logos.

Run from the repository:  python templates/briefs/demo/make_media.py [--draft]
Marlo does not exist; everything here is our own work. The tin is path-traced with the camera of the sets, lit from the
left; its label is drawn below.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from workers.scene.colour import linear  # noqa: E402
from workers.scene.material import at, matt, mesh, rgb, texture  # noqa: E402
from workers.scene.packshot import Place, photographed, soft_box  # noqa: E402
from workers.scene.solid import turned  # noqa: E402

FONTS = ROOT / "templates/fonts"
BRAND = ROOT / "templates/brands/marlo"
MEDIA = Path(__file__).parent / "media"

GREEN, DEEP, CREAM, GOLD, CORAL, CLAY = "#1d4636", "#16332a", "#f3e6d0", "#f0b64c", "#e0794f", "#b5633f"
# The tin, in units of its own height.
RADIUS, LID, SHOULDER = 0.335, 0.145, 0.012
BODY = 1.0 - LID
LABEL = (4200, 1712)


def display(size: float) -> ImageFont.FreeTypeFont:
    """The display face."""
    return ImageFont.truetype(str(FONTS / "Geologica-SemiBold.ttf"), round(size))


def plain(size: float) -> ImageFont.FreeTypeFont:
    """The text face."""
    return ImageFont.truetype(str(FONTS / "Inter-Medium.ttf"), round(size))


def spaced(
    draw: ImageDraw.ImageDraw, middle: tuple[float, float], words: str, font: Any, colour: str, gap: float
) -> float:
    """Letterspaced words about a middle; returns their width."""
    widths = [draw.textlength(letter, font=font) for letter in words]
    total = sum(widths) + gap * (len(words) - 1)
    x = middle[0] - total / 2
    for letter, width in zip(words, widths, strict=True):
        draw.text((x, middle[1]), letter, font=font, fill=colour, anchor="lm")
        x += width + gap
    return total


def wordmark(size: float, ink: str, sun: str) -> Image.Image:
    """MARLO, its O a ring around a rising sun; RGBA, trimmed. `size`: px of a capital's height."""
    zoom = 4
    high = size * zoom
    probe = display(high)
    font = display(high * high / (probe.getbbox("M", anchor="ls")[3] - probe.getbbox("M", anchor="ls")[1]))
    image = Image.new("RGBA", (round(high * 8), round(high * 2)), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    x, base, gap = high * 0.5, high * 1.5, high * 0.20
    ink_rgba = (*Image.new("RGB", (1, 1), ink).getpixel((0, 0)), 255)
    sun_rgba = (*Image.new("RGB", (1, 1), sun).getpixel((0, 0)), 255)
    for letter in "MARL":
        draw.text((x, base), letter, font=font, fill=ink_rgba, anchor="ls")
        x += draw.textlength(letter, font=font) + (gap * 0.55 if letter == "L" else gap)
    r, thick = high * 0.53, high * 0.155
    cx, cy = x + r, base - high / 2
    draw.ellipse((cx - r, cy - r, cx + r, cy + r), outline=ink_rgba, width=round(thick))
    inner = r - thick * 1.75
    draw.pieslice((cx - inner, cy - inner + high * 0.05, cx + inner, cy + inner + high * 0.05), 180, 360, fill=sun_rgba)
    image = image.resize((image.width // zoom, image.height // zoom), Image.Resampling.LANCZOS)
    return image.crop(image.getchannel("A").getbbox())


def label() -> Image.Image:
    """The printed sheet around the tin: a sunrise over hills, cream below, its front in the middle."""
    wide, high = LABEL
    zoom = 2
    image = Image.new("RGB", (wide * zoom, high * zoom), GREEN)
    draw = ImageDraw.Draw(image)

    def box(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        return x0 * zoom, y0 * zoom, x1 * zoom, y1 * zoom

    horizon, middle = 1010, wide / 2
    for radius, colour in ((470, "#24523f"), (385, CLAY), (300, CORAL), (215, GOLD), (130, CREAM)):
        draw.ellipse(box(middle - radius, horizon - radius, middle + radius, horizon + radius), fill=colour)
    xs = np.arange(0, wide + 1, 6)
    for level, height, waves, phase, colour in (
        (horizon - 30, 46, 3, 0.4, "#2f6650"),
        (horizon + 26, 40, 4, 2.1, "#23513f"),
        (horizon + 78, 30, 5, 4.4, DEEP),
    ):
        ys = (
            level
            - height * np.sin(2 * np.pi * waves * xs / wide + phase)
            - height * 0.35 * np.sin(2 * np.pi * (2 * waves + 1) * xs / wide + phase * 2)
        )
        hill = [(float(x) * zoom, float(y) * zoom) for x, y in zip(xs, ys, strict=True)]
        draw.polygon([*hill, (wide * zoom, high * zoom), (0, high * zoom)], fill=colour)
    band = 1130
    draw.rectangle(box(0, band, wide, high), fill=CREAM)
    draw.rectangle(box(0, band, wide, band + 12), fill=GOLD)
    draw.rectangle(box(0, 44, wide, 50), fill=GOLD)
    draw.rectangle(box(0, high - 50, wide, high - 44), fill=GREEN)
    for side in (0.0, wide):  # the back
        spaced(draw, (side * zoom, 260 * zoom), "MARLO", display(120 * zoom), CREAM, 26 * zoom)
    mark = wordmark(160 * zoom, CREAM, GOLD)
    image.paste(mark, (round(middle * zoom - mark.width / 2), round(190 * zoom)), mark)
    spaced(draw, (middle * zoom, 436 * zoom), "COFFEE ROASTERS", plain(46 * zoom), GOLD, 17 * zoom)
    spaced(draw, (middle * zoom, 1300 * zoom), "House Roast", display(184 * zoom), DEEP, 0)
    spaced(draw, (middle * zoom, 1452 * zoom), "MEDIUM  ·  WHOLE BEAN", plain(52 * zoom), CLAY, 9 * zoom)
    spaced(draw, (middle * zoom, 1578 * zoom), "250 g", plain(66 * zoom), DEEP, 2 * zoom)
    return image.resize((wide, high), Image.Resampling.LANCZOS)


def corner(radius: float, height: float, edge: float, quarter: int) -> list[tuple[float, float]]:
    """A rounded outer corner of a profile: `quarter` 0 turns from level to upright, 1 from upright to level."""
    turn = np.linspace(0, math.pi / 2, 7)
    if quarter == 0:
        return [(radius - edge + edge * math.sin(t), height + edge - edge * math.cos(t)) for t in turn]
    return [(radius - edge + edge * math.cos(t), height - edge + edge * math.sin(t)) for t in turn]


def tin(scratch: Path) -> dict[str, Any]:
    """The tin standing on z = 0, its front touching y = 0."""
    place = at(0, RADIUS, 0)
    sheet = np.asarray(label())
    skin = {
        "type": "twosided",
        "b": {"type": "roughplastic", "diffuse_reflectance": texture(sheet), "alpha": 0.11, "nonlinear": True},
    }
    brass = {
        "type": "twosided",
        "b": {
            "type": "roughconductor",
            "material": "Au",
            "alpha": 0.23,
            "specular_reflectance": rgb((0.86, 0.80, 0.74)),
        },
    }
    rim = 0.016
    foot = [(1e-4, 0.0), (RADIUS - 0.012, 0.0), (RADIUS - 0.012, 0.0)]
    foot += [(RADIUS - 0.012 + 0.012 * math.sin(t), 0.008 - 0.008 * math.cos(t)) for t in np.linspace(0, math.pi, 9)]
    foot += [(RADIUS - 0.004, rim + 0.004)]
    body = turned([(RADIUS - 0.003, rim), (RADIUS - 0.003, BODY + 0.002)], 256)
    r = RADIUS + 0.008
    lid = [(RADIUS - 0.02, BODY), (r - 0.006, BODY), (r - 0.006, BODY), *corner(r, BODY, 0.006, 0)]
    groove = BODY + LID * 0.32
    lid += [(r, groove - 0.009), (r, groove - 0.009)]
    lid += [(r - 0.008 * math.sin(t), groove - 0.009 * math.cos(t)) for t in np.linspace(0, math.pi, 9)]
    lid += [(r, groove + 0.009), (r, groove + 0.009), *corner(r, 1.0, 0.016, 1)]
    lid += [(r - 0.03, 1.0), (r - 0.03, 1.0), (r - 0.036, 0.992), (r - 0.04, 0.990), (r - 0.04, 0.990), (1e-4, 0.990)]
    shadow = matt(rgb((0.02, 0.03, 0.025)))
    return {
        "body": mesh(body, scratch / "body.ply", skin, place),
        "seam": mesh(
            turned([(RADIUS - 0.008, BODY - 0.004), (RADIUS - 0.008, BODY + 0.006)], 128),
            scratch / "seam.ply",
            shadow,
            place,
        ),
        "lid": mesh(turned(lid, 256), scratch / "lid.ply", brass, place),
        "foot": mesh(turned(foot, 256), scratch / "foot.ply", brass, place),
    }


def panel(
    place: Place, aim: Place, wide: float, high: float, light: float, tint: Place = (1.0, 0.97, 0.93)
) -> dict[str, Any]:
    """A soft box in this brand's light."""
    return soft_box(place, aim, wide, high, light, tint)


def photo(high: int, samples: int) -> Image.Image:
    """The tin as a cut-out photo `high` px high: RGBA, straight alpha."""
    aim = (0.0, RADIUS, 0.5)
    lights: dict[str, Any] = {
        "key": panel((-3.4, -2.6, 1.9), aim, 1.6, 3.2, 9.6, (1.0, 0.95, 0.88)),
        "strip": panel((3.0, -0.7, 1.0), aim, 0.5, 2.8, 4.4),
        "front": panel((0.5, -8.5, 3.2), aim, 4.0, 2.5, 1.9),
        "over": panel((-0.4, 1.8, 3.4), (0, 0.3, 1.0), 3.6, 2.2, 2.2),
        "bounce": panel((0.0, -1.6, -1.2), (0, 0.3, 0.4), 5.0, 2.4, 0.55, (1.0, 0.86, 0.72)),
        "fill": {"type": "constant", "radiance": rgb((0.16, 0.165, 0.17))},
    }
    with tempfile.TemporaryDirectory() as scratch:
        return photographed({**tin(Path(scratch)), **lights}, high, 0.76, 1.065, 0.01, samples, 7, 1.5)


def logo(ink: str, sun: str) -> Image.Image:
    """The wordmark, 1200 px wide."""
    mark = wordmark(300, ink, sun)
    return mark.resize((1200, round(mark.height * 1200 / mark.width)), Image.Resampling.LANCZOS)


def main() -> None:
    """Write the tin and the logos."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draft", action="store_true", help="a small tin, into the current folder")
    arguments = parser.parse_args()
    colours = YAML(typ="safe").load(BRAND / "brand.yaml")["colours"]
    assert linear(colours["text"]) == linear(DEEP), "the label's green is the brand's"
    if arguments.draft:
        label().save("label.png")
        photo(700, 12).save("tin.png")
        return
    MEDIA.mkdir(exist_ok=True)
    logo(DEEP, CLAY).save(BRAND / "logo-light.png", optimize=True)  # for light grounds
    logo(CREAM, GOLD).save(BRAND / "logo-dark.png", optimize=True)  # for dark grounds
    photo(2080, 25).save(MEDIA / "house-roast.png", optimize=True)


if __name__ == "__main__":
    main()
