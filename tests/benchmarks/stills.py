"""Stills: images a core-second, ours beside the two usual ways.

    python -m tests.benchmarks.stills [--rounds N]

The ad: 1080x1080 from a photo of 1920x1280 px in JPEG: cover crop, scrim, logo, a headline that is wrapped, a button;
JPEG at quality 85. Ours is the real step (`workers.compose.still.Still`) with the inputs that a run gives it. It decides
where things stand, how large and in which colours; the others are told that, wrap and draw. Fonts and logo are loaded once
by all; ours never has a headline twice.

- Ours, parts cached: the photo was seen before; so was, for most headlines, the scrim of others at about the same place,
  as in a run with many headlines of one scene and layout (a brief with one ad of each shares none). Cold: a photo that was not, read, decoded, cropped and scaled each time.
- Pillow: as most scripts do it, the photo decoded each time, each thing a full-size RGBA layer, laid over the others with
  `alpha_composite`.
- Chromium: one page, kept open; each ad sets its headline and takes a screenshot as JPEG; with the photo that the page has,
  or with a new one each time.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from creative.backends import BackendSpec, Made, Task
from creative.canonical import file_digest
from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from tests.benchmarks.likeness import psnr, ssim
from tests.benchmarks.meter import Cost, interleaved, machine, table
from tests.support.browser import CHROMIUM, Browser
from workers.compose.canvas import place_scene
from workers.compose.still import Still
from workers.compose.typeset import lay_out

PALETTE = {"ground": "#dbe4e6", "second": "#2b5c78", "accent": "#ff7a59", "text": "#10263a", "on_accent": "#10263a"}
QUALITY = 85
CACHED, COLD = "ours, parts cached", "ours, cold: a new photo each"
_WORDS = ("Calm as the sea, and as {} too", "Slow fire, round taste, {} cups", "Made by hand, in {} small batches")
_NUMBERS = ("two", "six", "ten", "four", "nine", "five", "one", "eight")


def headlines(number: int, first: int = 0) -> list[str]:
    """So many different headlines of two lines."""
    return [
        f"{_WORDS[at % 3].format(_NUMBERS[at // 3 % 8])}{'' if at < 24 else ' ' + str(at // 24)}."
        for at in range(first, first + number)
    ]


def photograph(width: int, height: int) -> Image.Image:
    """What a camera would see: a wall in falling light, a table, lights out of focus, a tin, grain."""
    rng = np.random.default_rng(5)
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    light = 0.25 + 0.75 * np.exp(-(((across - 0.25) / 0.5) ** 2 + ((down - 0.2) / 0.6) ** 2))
    ground = light[..., None] * np.array([196.0, 172.0, 140.0])
    ground[down > 0.8] *= 0.62
    image = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    spots = Image.new("RGB", image.size)
    draw = ImageDraw.Draw(spots)
    for _ in range(26):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height * 0.5), rng.uniform(0.01, 0.05) * height
        level = int(rng.uniform(15, 60))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(level, int(level * 0.8), level // 2))
    soft = np.asarray(spots.filter(ImageFilter.GaussianBlur(height / 320)), dtype=np.float64)
    pixels = np.asarray(image, dtype=np.float64) + soft + rng.normal(0, 2.2, (height, width, 1))
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    tin = Image.open(templates() / "briefs/demo/media/house-roast.png")
    tall = round(height * 0.46)
    tin = tin.resize((round(tin.width * tall / tin.height), tall), Image.Resampling.LANCZOS)
    image.paste(tin, ((width - tin.width) // 2, round(height * 0.88) - tall), tin)
    return image


@dataclass(frozen=True, slots=True)
class Ad:
    """One benchmark: the files that a step is given, and its side in px."""

    side: int
    inputs: Mapping[str, Path]
    digests: Mapping[str, str]

    @classmethod
    def write(cls, folder: Path, side: int = 1080) -> Ad:
        """Write photo and layout; `side` other than 1080 scales all, for trying."""
        width, height = side * 16 // 9, side * 32 // 27
        photograph(width, height).save(folder / "photo.jpg", quality=92)
        meta = {"width": width, "height": height, "product": None, "set": "photo"}
        (folder / "meta.json").write_text(json.dumps(meta))
        row = placements()["meta-feed-1x1"].model_copy(update={"width": side, "height": side})
        document = load_layouts(templates() / "layouts")["pedestal"].shape_for(row).document(row)
        (folder / "layout.json").write_text(json.dumps(document))
        inputs = {
            "scene": folder / "photo.jpg",
            "meta": folder / "meta.json",
            "layout": folder / "layout.json",
            "font.display": templates() / "fonts/Geologica-SemiBold.ttf",
            "font.text": templates() / "fonts/Inter-Medium.ttf",
            "logo.light": templates() / "brands/oseli/logo-light.png",
            "logo.dark": templates() / "brands/oseli/logo-dark.png",
        }
        return cls(side, inputs, {role: file_digest(path) for role, path in inputs.items()})

    def task(self, headline: str, folder: Path, photo: str = "") -> Task:
        """The step of one headline; `photo` is what makes its photo another one than before."""
        params = {
            "width": self.side, "height": self.side, "texts": {"headline": headline, "cta": "Shop now"},
            "palette": PALETTE, "locale": "en-GB", "direction": "ltr", "max_bytes": 31457280,
        }  # fmt: skip
        digests = {**self.digests, "scene": self.digests["scene"] + photo}
        return Task(headline, "still", params, self.inputs, None, folder, digests=digests)


class Ours:
    """The real step. With `options` as a row of the catalogue may have them."""

    def __init__(self, ad: Ad, folder: Path, **options: Any) -> None:
        self.ad, self.folder = ad, folder
        self.spec = BackendSpec("layers", "still", "", options=options)
        self.backend = Still(self.spec, 1)
        self._made = 0

    def make(self, number: int, cold: bool = False) -> list[bytes]:
        """So many images with new headlines; `cold`: each with a photo that was not seen before."""
        words = headlines(number, self._made)
        made = []
        for headline in words:
            self._made += 1
            photo = f"-{self._made}" if cold else ""
            (result,) = self.backend.make([self.ad.task(headline, self.folder, photo)])
            if not isinstance(result, Made):
                raise result
            image = result.outputs["image"]
            assert isinstance(image, bytes)
            made.append(image)
        return made


@dataclass(frozen=True, slots=True)
class Design:
    """What ours decided for a headline, as a designer would hand it to somebody who draws it: px and colours."""

    side: int
    headline: str
    wide: int
    size: int
    baselines: tuple[int, ...]
    colour: str
    logo: Image.Image
    logo_at: tuple[int, int]
    button: tuple[int, int, int, int]
    fill: tuple[int, int, int]
    label: str
    label_size: int
    label_baseline: int
    label_colour: str
    tint: tuple[int, int, int]
    strength: tuple[int, ...]
    """Of the scrim, 0 to 255, in so many steps from top to bottom."""

    @classmethod
    def of(cls, ad: Ad, headline: str) -> Design:
        """Read off the layers of ours."""
        document = json.loads(ad.inputs["layout"].read_text())
        photo = Image.open(ad.inputs["scene"])
        ground = place_scene(photo, json.loads(ad.inputs["meta"].read_text()), document).image
        fonts = {"display": ad.inputs["font.display"], "text": ad.inputs["font.text"]}
        logos = {name: Image.open(ad.inputs[name]) for name in ("logo.light", "logo.dark")}
        texts = {"headline": headline, "cta": "Shop now"}
        layers = lay_out(document, texts, fonts, ground, PALETTE, "en-GB", "ltr", logo=logos)
        words = next(layer for layer in layers if layer.role == "headline" and layer.runs)
        label = next(layer for layer in layers if layer.role == "cta" and layer.runs)
        button = next(layer for layer in layers if layer.kind == "button")
        logo = next(layer for layer in layers if layer.kind == "logo")
        strength, tint = np.zeros(ad.side), (0, 0, 0)
        for layer in layers:
            if layer.kind == "scrim":
                alpha = np.asarray(layer.image.getchannel("A"), dtype=np.float64)
                rows = slice(layer.y, layer.y + layer.image.height)
                strength[rows] = np.maximum(strength[rows], alpha.sum(axis=1) / ad.side)
                tint = layer.image.getpixel((0, 0))[:3]  # type: ignore[index]
        return cls(
            ad.side,
            headline,
            max(run["w"] for run in words.runs) + words.runs[0]["size"] // 4,
            words.runs[0]["size"],
            tuple(_baseline(fonts["display"], run) for run in words.runs),
            words.runs[0]["colour"],
            logo.image,
            (logo.x, logo.y),
            (button.x, button.y, button.image.width, button.image.height),
            button.image.getpixel((button.image.width // 2, 2))[:3],  # type: ignore[index]
            label.runs[0]["text"],
            label.runs[0]["size"],
            _baseline(fonts["display"], label.runs[0]),
            label.runs[0]["colour"],
            tint,
            tuple(int(level) for level in strength[:: max(1, ad.side // 24)]),
        )


def _baseline(font: Path, run: Mapping[str, Any]) -> int:
    """Where the baseline of a run is, from the top of its ink."""
    face = ImageFont.truetype(str(font), run["size"])
    return int(run["y"] - face.getbbox(run["text"], anchor="ls")[1])


def pillow(ad: Ad, design: Design) -> bytes:
    """The usual script: the photo, then each thing as a full-size RGBA layer."""
    side = design.side
    photo = Image.open(ad.inputs["scene"]).convert("RGB")
    scale = max(side / photo.width, side / photo.height)
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
    left, top = (photo.width - side) // 2, (photo.height - side) // 2
    canvas = photo.crop((left, top, left + side, top + side)).convert("RGBA")
    column = Image.new("L", (1, len(design.strength)))
    column.putdata(design.strength)
    scrim = Image.new("RGBA", canvas.size, (*design.tint, 0))
    scrim.putalpha(column.resize(canvas.size, Image.Resampling.BILINEAR))
    canvas = Image.alpha_composite(canvas, scrim)
    layer = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    layer.paste(design.logo, design.logo_at)
    canvas = Image.alpha_composite(canvas, layer)
    face = ImageFont.truetype(str(ad.inputs["font.display"]), design.size)
    layer = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    lines, line = [], ""
    for word in design.headline.split():
        longer = f"{line} {word}".strip()
        if draw.textlength(longer, font=face) > design.wide and line:
            lines.append(line)
            longer = word
        line = longer
    for text, base in zip([*lines, line], design.baselines, strict=False):
        draw.text((side / 2, base), text, font=face, fill=design.colour, anchor="ms")
    canvas = Image.alpha_composite(canvas, layer)
    layer = Image.new("RGBA", canvas.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    x, y, w, h = design.button
    draw.rounded_rectangle((x, y, x + w - 1, y + h - 1), h / 2, fill=(*design.fill, 255))
    face = ImageFont.truetype(str(ad.inputs["font.display"]), design.label_size)
    draw.text((x + w / 2, design.label_baseline), design.label, font=face, fill=design.label_colour, anchor="ms")
    canvas = Image.alpha_composite(canvas, layer)
    out = io.BytesIO()
    canvas.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


class Chromium:
    """One page of a headless Chromium, kept open."""

    def __init__(self, ad: Ad, design: Design, folder: Path) -> None:
        font = ad.inputs["font.display"]
        ascent, descent = ImageFont.truetype(str(font), 1000).getmetrics()

        def top(baseline: int, size: int) -> float:
            return baseline - size * ascent / 1000

        line = design.baselines[1] - design.baselines[0] if len(design.baselines) > 1 else design.size
        first = design.baselines[0] - line / 2 - design.size * (ascent - descent) / 2000
        design.logo.save(folder / "logo.png")
        stops = ", ".join(f"rgb({' '.join(map(str, design.tint))} / {level / 255:.3f})" for level in design.strength)
        x, y, w, h = design.button
        (folder / "ad.html").write_text(f"""<!doctype html><meta charset=utf-8><style>
@font-face {{ font-family: display; src: url({font.as_uri()}) }}
* {{ margin: 0; padding: 0; font-family: display }}
body {{ width: {design.side}px; height: {design.side}px; overflow: hidden; position: relative;
}}
#photo {{ width: 100%; height: 100%; object-fit: cover }}
#scrim {{ position: absolute; inset: 0; background: linear-gradient({stops}) }}
#words {{ position: absolute; left: {(design.side - design.wide) / 2}px; width: {design.wide}px; top: {first}px;
  font-size: {design.size}px; line-height: {line}px; color: {design.colour}; text-align: center }}
#logo {{ position: absolute; left: {design.logo_at[0]}px; top: {design.logo_at[1]}px }}
#button {{ position: absolute; left: {x}px; top: {y}px; width: {w}px; height: {h}px; border-radius: {h / 2}px;
  background: rgb{design.fill} }}
#label {{ position: absolute; left: {x}px; width: {w}px; top: {top(design.label_baseline, design.label_size)}px;
  text-align: center; font-size: {design.label_size}px; line-height: {(ascent + descent) / 1000}; color: {design.label_colour} }}
</style><img id=photo src="{ad.inputs["scene"].as_uri()}"><div id=scrim></div><div id=words></div><img id=logo src=logo.png><div id=button></div><div id=label>{design.label}</div>""")
        self.browser = Browser(folder / "profile")
        self.browser.call(
            "Emulation.setDeviceMetricsOverride",
            width=design.side,
            height=design.side,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.browser.open(folder / "ad.html")
        self.browser.run("document.fonts.ready.then(() => 1)")
        self._photo, self._photos = ad.inputs["scene"].as_uri(), 0

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.browser.__exit__(kind, error, trace)

    def make(self, headline: str, cold: bool = False) -> bytes:
        """One screenshot; `cold`: with a photo that the page has not seen before."""
        script = f"document.getElementById('words').textContent = {json.dumps(headline)}"
        if cold:
            self._photos += 1
            new = json.dumps(f"{self._photo}?{self._photos}")
            script += f"; photo.src = {new}; photo.decode().then(() => 1)"
        self.browser.run(script)
        shot = self.browser.call("Page.captureScreenshot", format="jpeg", quality=QUALITY, optimizeForSpeed=True)
        return base64.b64decode(shot["data"])


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU-seconds an image by way, and how alike the others' ads are to ours: (SSIM, PSNR)."""

    costs: Mapping[str, Cost]
    alike: Mapping[str, tuple[float, float]]


def measure(folder: Path, rounds: int = 9, side: int = 1080, number: int = 24) -> Figures:
    """Make `number` ads a round by ours, a third as many cold and by the others."""
    ad = Ad.write(folder, side)
    # As the others save: their JPEG has half the colour resolution.
    ours, full = Ours(ad, folder, quality=QUALITY, subsampling=2), Ours(ad, folder)
    cold = Ours(ad, folder, quality=QUALITY, subsampling=2)
    few = max(1, number // 3)
    designs = [Design.of(ad, headline) for headline in headlines(few)]
    work = {
        CACHED: lambda: len(ours.make(number)),
        COLD: lambda: len(cold.make(few, cold=True)),
        "ours, parts cached, as a run saves it (quality 94, 4:4:4)": lambda: len(full.make(number)),
        "Pillow, full-size RGBA layers": lambda: len([pillow(ad, design) for design in designs]),
    }
    example = Image.open(io.BytesIO(Ours(ad, folder, quality=QUALITY, subsampling=2).make(1)[0]))
    theirs = {"Pillow, full-size RGBA layers": pillow(ad, designs[0])}
    if CHROMIUM is None:
        print("Chromium is not installed: its row is left out")
        return Figures(interleaved(work, rounds), _alike(example, theirs, folder))
    with Chromium(ad, designs[0], folder) as page:
        theirs["Chromium, one page kept open"] = page.make(designs[0].headline)
        work["Chromium, one page kept open"] = lambda: len([page.make(design.headline) for design in designs])
        work["Chromium, one page kept open, a new photo each"] = lambda: len(
            [page.make(design.headline, cold=True) for design in designs]
        )
        return Figures(interleaved(work, rounds), _alike(example, theirs, folder))


def _alike(example: Image.Image, theirs: Mapping[str, bytes], folder: Path) -> dict[str, tuple[float, float]]:
    example.save(folder / "ours.png")
    found = {}
    for name, data in theirs.items():
        picture = Image.open(io.BytesIO(data))
        picture.save(folder / f"{name.partition(',')[0].lower()}.png")
        found[name] = (ssim(example, picture), psnr(example, picture))
    return found


def report(figures: Figures) -> str:
    """The table."""
    rows = []
    for name, cost in figures.costs.items():
        ratios = ["" if name.startswith("ours") else figures.costs[way].faster_than(cost) for way in (CACHED, COLD)]
        alike = "" if name not in figures.alike else "{:.3f}, {:.1f} dB".format(*figures.alike[name])
        spread = f"{1 / cost.most:.0f} to {1 / cost.least:.0f}"
        rows.append((name, f"{cost.a_second:.1f}", spread, *ratios, alike))
    head = (
        "still, 1080x1080, JPEG 85",
        "images a core-second",
        "least to most",
        "ours, cached, is x faster",
        "ours, cold, is x faster",
        "like ours: SSIM, PSNR",
    )
    return table(head, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="a folder for one ad of each way")
    arguments, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.keep or Path(name)
        folder.mkdir(exist_ok=True)
        print(machine())
        print(report(measure(folder, arguments.rounds)))


if __name__ == "__main__":
    main()
