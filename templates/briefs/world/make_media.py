"""Makes the second brief's pictures: Oseli's jar and carton as cut-out photos, and the brand's two logos.

Run from the repository:  python templates/briefs/world/make_media.py [--draft]
Oseli does not exist; everything here is our own work. Jar and carton are path-traced with the camera of the sets, lit
from the left; what is printed on them is drawn below.
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
from workers.scene.material import Transform, at, matt, mesh, rgb, satin, texture  # noqa: E402
from workers.scene.packshot import Place, photographed, soft_box  # noqa: E402
from workers.scene.solid import block, turned  # noqa: E402

FONTS = ROOT / "templates/fonts"
BRAND = ROOT / "templates/brands/oseli"
MEDIA = Path(__file__).parent / "media"

INK, WATER, DEEP, MIST, PAPER, BUOY = "#10263a", "#2b5c78", "#1b4159", "#dbe4e6", "#f3f0e8", "#ff7a59"
FINE = 2
"""What is printed is drawn so many times larger."""


def font(size: float, display: bool = False) -> ImageFont.FreeTypeFont:
    """The text face, or the display face."""
    name = "Geologica-SemiBold.ttf" if display else "Inter-Medium.ttf"
    return ImageFont.truetype(str(FONTS / name), round(size))


def spaced(
    draw: ImageDraw.ImageDraw, middle: tuple[float, float], words: str, face: Any, colour: str, gap: float
) -> None:
    """Letterspaced words about a middle."""
    widths = [draw.textlength(letter, font=face) for letter in words]
    x = middle[0] - (sum(widths) + gap * (len(words) - 1)) / 2
    for letter, width in zip(words, widths, strict=True):
        draw.text((x, middle[1]), letter, font=face, fill=colour, anchor="ls")
        x += width + gap


def wordmark(high: float, ink: str, dot: str) -> Image.Image:
    """oseli in lower case, the dot of its i a buoy; RGBA, trimmed. `high`: px of an ascender."""
    zoom = 4
    size = high * zoom * 1.36
    face = font(size)
    gap = size * 0.06
    image = Image.new("RGBA", (round(size * 4), round(size * 2)), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    x, base = size * 0.3, size * 1.4
    for letter in "oselı":
        draw.text((x, base), letter, font=face, fill=ink, anchor="ls")
        if letter == "ı":
            middle, y, radius = x + draw.textlength(letter, font=face) / 2, base - size * 0.675, size * 0.07
            draw.ellipse((middle - radius, y - radius, middle + radius, y + radius), fill=dot)
        x += draw.textlength(letter, font=face) + gap
    image = image.resize((image.width // zoom, image.height // zoom), Image.Resampling.LANCZOS)
    return image.crop(image.getchannel("A").getbbox())


def waves(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: str, lines: int, thick: float
) -> None:
    """Level lines that swell a little, closer towards the horizon (the top of the box)."""
    x0, y0, x1, y1 = box
    xs = np.linspace(x0, x1, 400)
    for number in range(lines):
        share = ((number + 0.6) / lines) ** 1.7
        y = y0 + (y1 - y0) * share
        swell = (y1 - y0) * 0.018 * (0.3 + share)
        length = (x1 - x0) / (5.5 - 3 * share)
        ys = (
            y
            + swell * np.sin(2 * np.pi * xs / length + number * 1.9)
            + swell * 0.5 * np.sin(2 * np.pi * xs / (length * 0.43) + number * 0.7)
        )
        draw.line(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=colour, width=max(round(thick), 1))


def jar_label(wide: int = 5400, high: int = 900) -> Image.Image:
    """The paper around the jar; its front in the middle."""
    image = Image.new("RGB", (wide * FINE, high * FINE), PAPER)
    draw = ImageDraw.Draw(image)
    w, h = wide * FINE, high * FINE
    draw.rectangle((0, h * 0.80, w, h), fill=WATER)
    waves(draw, (0, h * 0.80, w, h * 1.02), MIST, 6, h * 0.006)
    radius = h * 0.115
    draw.pieslice((w / 2 - radius, h * 0.80 - radius, w / 2 + radius, h * 0.80 + radius), 180, 360, fill=BUOY)
    mark = wordmark(h * 0.15, INK, BUOY)
    image.paste(mark, (round(w / 2 - mark.width / 2), round(h * 0.09)), mark)
    spaced(draw, (w / 2, h * 0.46), "Night Balm", font(h * 0.155, True), INK, 0)
    spaced(draw, (w / 2, h * 0.57), "SEA SALT · PLANT OILS", font(h * 0.047), WATER, h * 0.008)
    for side in (-1, 1):
        spaced(draw, (w / 2 + side * h * 0.66, h * 0.57), "50 ml" if side > 0 else "No. 1", font(h * 0.055), INK, 0)
    return image.resize((wide, high), Image.Resampling.LANCZOS)


def carton_front(wide: int = 1560, high: int = 2000) -> Image.Image:
    """The carton's front: the sea under a low buoy."""
    image = Image.new("RGB", (wide * FINE, high * FINE), MIST)
    draw = ImageDraw.Draw(image)
    w, h = wide * FINE, high * FINE
    horizon = h * 0.53
    radius = w * 0.19
    draw.ellipse((w / 2 - radius, horizon - radius * 0.9, w / 2 + radius, horizon + radius * 1.1), fill=BUOY)
    draw.rectangle((0, horizon, w, h), fill=WATER)
    waves(draw, (0, horizon, w, h * 0.80), MIST, 11, h * 0.0032)
    draw.rectangle((0, h * 0.745, w, h), fill=DEEP)
    mark = wordmark(h * 0.075, INK, BUOY)
    image.paste(mark, (round(w / 2 - mark.width / 2), round(h * 0.105)), mark)
    spaced(draw, (w / 2, h * 0.245), "SEA CARE", font(h * 0.021), WATER, h * 0.009)
    spaced(draw, (w / 2, h * 0.845), "Salt Soap", font(h * 0.085, True), PAPER, 0)
    spaced(draw, (w / 2, h * 0.893), "FIVE INGREDIENTS", font(h * 0.021), MIST, h * 0.006)
    spaced(draw, (w / 2, h * 0.955), "120 g", font(h * 0.028), PAPER, 0)
    return image.resize((wide, high), Image.Resampling.LANCZOS)


def carton_side(wide: int = 780, high: int = 2000) -> Image.Image:
    """The carton's side: the same horizon, the name along it."""
    image = Image.new("RGB", (wide * FINE, high * FINE), MIST)
    draw = ImageDraw.Draw(image)
    w, h = wide * FINE, high * FINE
    horizon = h * 0.53
    draw.rectangle((0, horizon, w, h), fill=WATER)
    waves(draw, (0, horizon, w, h * 0.80), MIST, 11, h * 0.0032)
    draw.rectangle((0, h * 0.745, w, h), fill=DEEP)
    for number, line in enumerate(("Sodium olivate", "Sodium cocoate", "Sea salt", "Water", "Lavender oil")):
        draw.text((w * 0.14, h * (0.13 + 0.034 * number)), line, font=font(h * 0.023), fill=INK, anchor="ls")
    spaced(draw, (w / 2, h * 0.90), "oseli.example", font(h * 0.024), MIST, 0)
    return image.resize((wide, high), Image.Resampling.LANCZOS)


def bend(radius: float, height: float, edge: float, rising: bool) -> list[tuple[float, float]]:
    """A rounded outer edge of a profile that ends at `radius` and `height`: from level to upright, or back."""
    turn = np.linspace(0, math.pi / 2, 9)
    if rising:
        return [(radius - edge + edge * math.sin(t), height + edge - edge * math.cos(t)) for t in turn]
    return [(radius - edge + edge * math.cos(t), height - edge + edge * math.sin(t)) for t in turn]


def jar(scratch: Path) -> dict[str, Any]:
    """Blue glass around a pale cup, a paper label, a lid of brushed aluminium; on z = 0, its front touching y = 0."""
    radius, body = 0.45, 0.735
    place = at(0, radius, 0)
    tint = (0.34, 0.60, 0.84)
    glass = {"type": "dielectric", "int_ior": 1.5, "specular_transmittance": rgb(tint)}
    outside = [(1e-4, 0.012), (0.22, 0.012), (0.30, 0.0), *bend(radius, 0.0, 0.055, True)]
    outside += [*bend(radius, body, 0.05, False), (0.36, body), (0.36, body + 0.02), (1e-4, body + 0.02)]
    cup = [
        (1e-4, 0.085),
        (radius - 0.115, 0.085),
        *bend(radius - 0.055, 0.085, 0.06, True),
        (radius - 0.055, body - 0.03),
    ]
    cup += [(1e-4, body - 0.03)]
    low, high = 0.13, 0.585
    paper = satin(texture(np.asarray(jar_label())), 0.32)
    aluminium = {"type": "twosided", "b": {"type": "roughconductor", "material": "Al", "alpha": 0.24}}
    r = radius - 0.004
    lid = [(r - 0.02, body + 0.012), *bend(r, body + 0.012, 0.008, True), (r, 0.93), *bend(r, 1.0, 0.035, False)]
    lid += [(r - 0.06, 1.0), (r - 0.066, 0.994), (r - 0.066, 0.994), (1e-4, 0.994)]
    return {
        "glass": mesh(turned(outside, 256), scratch / "glass.ply", glass, place),
        "cup": mesh(turned(cup, 192), scratch / "cup.ply", matt(rgb((0.80, 0.80, 0.76))), place),
        "label": mesh(turned([(radius + 0.002, low), (radius + 0.002, high)], 256), scratch / "label.ply", paper, place),
        "lid": mesh(turned(lid, 256), scratch / "lid.ply", aluminium, place),
        "seam": mesh(
            turned([(r - 0.012, body - 0.002), (r - 0.012, body + 0.02)], 128), scratch / "seam.ply",
            matt(rgb((0.03, 0.04, 0.05))), place,
        ),
    }  # fmt: skip


def carton(scratch: Path) -> dict[str, Any]:
    """A carton turned a little, so that its side is seen; on z = 0, its nearest edge touching y = 0."""
    wide, deep, high, edge = 0.78, 0.39, 1.0, 0.006
    angle = -13.0
    reach = (wide / 2) * math.sin(math.radians(-angle)) + (deep / 2) * math.cos(math.radians(angle))
    place = Transform().translate([0, reach, high / 2]).rotate([0, 0, 1], angle)

    def face(picture: Image.Image, where: Any, w: float, h: float) -> dict[str, Any]:
        board = matt(texture(np.asarray(picture)))
        return {"type": "rectangle", "to_world": place @ where @ Transform().scale([w / 2, h / 2, 1]), "bsdf": board}

    inner = 2 * edge * 0.8
    upright = Transform().rotate([1, 0, 0], 90)
    plain = Image.new("RGB", (64, 64), MIST)
    gap = matt(rgb((0.05, 0.07, 0.08)))
    top = place @ Transform().translate([0, -deep / 2 + 0.012, high / 2 + 0.0012])
    return {
        "board": mesh(block((wide, deep, high), edge), scratch / "board.ply", matt(rgb((0.66, 0.70, 0.70))), place),
        "front": face(
            carton_front(), Transform().translate([0, -deep / 2 - 0.0006, 0]) @ upright, wide - inner, high - inner
        ),
        "side": face(
            carton_side(),
            Transform().translate([wide / 2 + 0.0006, 0, 0]).rotate([0, 0, 1], 90) @ upright,
            deep - inner,
            high - inner,
        ),
        "top": face(plain, Transform().translate([0, 0, high / 2 + 0.0006]), wide - inner, deep - inner),
        "tuck": {"type": "rectangle", "to_world": top @ Transform().scale([wide / 2 - 0.03, 0.0022, 1]), "bsdf": gap},
    }


def panel(
    place: Place, aim: Place, wide: float, high: float, light: float, tint: Place = (0.97, 0.985, 1.0)
) -> dict[str, Any]:
    """A soft box in this brand's light."""
    return soft_box(place, aim, wide, high, light, tint)


def photo(
    things: Any, aspect: float, deep: float, high: int, samples: int, bounces: int, exposure: float
) -> Image.Image:
    """A product as a cut-out photo: RGBA, straight alpha, about `high` px high.

    `things`: makes its shapes; `aspect`: room for its width by its height; `deep`: y of its middle; `exposure`: factor.
    """
    aim = (0.0, deep, 0.5)
    lights: dict[str, Any] = {
        "light_key": panel((-3.4, -2.4, 2.0), aim, 1.7, 3.2, 8.6),
        "light_strip": panel((2.9, -0.5, 0.9), aim, 0.55, 2.8, 4.6),
        "light_front": panel((0.6, -8.5, 3.2), aim, 4.0, 2.5, 2.0),
        "light_over": panel((-0.4, 1.8, 3.4), (0, 0.3, 1.0), 3.6, 2.2, 2.6),
        "light_bounce": panel((0.0, -1.6, -1.2), (0, 0.3, 0.4), 5.0, 2.4, 0.6),
        "light_fill": {"type": "constant", "radiance": rgb((0.19, 0.195, 0.2))},
    }
    with tempfile.TemporaryDirectory() as scratch:
        return photographed({**things(Path(scratch)), **lights}, high, aspect, 1.10, 0.02, samples, bounces, exposure)


def logo(ink: str) -> Image.Image:
    """The wordmark, 1200 px wide."""
    mark = wordmark(420, ink, BUOY)
    return mark.resize((1200, round(mark.height * 1200 / mark.width)), Image.Resampling.LANCZOS)


def main() -> None:
    """Write jar, carton and logos."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draft", action="store_true", help="small and rough, into the current folder")
    parser.add_argument("--only", choices=("jar", "carton", "logos"))
    arguments = parser.parse_args()
    colours = YAML(typ="safe").load(BRAND / "brand.yaml")["colours"]
    assert linear(colours["text"]) == linear(INK), "the print's ink is the brand's"
    high, samples = (520, 12) if arguments.draft else (1500, 40)
    brand, media = (Path(), Path()) if arguments.draft else (BRAND, MEDIA)
    if arguments.only in (None, "logos"):
        logo(INK).save(brand / "logo-light.png", optimize=True)  # for light grounds
        logo(PAPER).save(brand / "logo-dark.png", optimize=True)  # for dark grounds
    if arguments.only in (None, "jar"):
        photo(jar, 1.0, 0.45, high, samples, 12, 1.5).save(media / "night-balm.png", optimize=True)
    if arguments.only in (None, "carton"):
        photo(carton, 1.1, 0.3, high, samples, 6, 1.2).save(media / "salt-soap.png", optimize=True)


if __name__ == "__main__":
    main()
