"""Media as teams bring them, made by code: films with a moving disc and a tone, photos of a mug on a table by a window."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from creative.resources import templates
from tests.support import photos


def film(
    path: Path,
    size: tuple[int, int] = (320, 180),
    fps: int = 25,
    seconds: float = 2.0,
    *,
    hertz: int = 440,
    varying: bool = False,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    transfer: int | None = None,
    hue: float = 0.0,
) -> Path:
    """A film of a disc that goes from left to right, with a tone of so many `hertz` (0: without sound).

    `varying`: every second picture lasts three times as long as the others. `transfer`: the colour transfer it claims.
    """
    width, height = size
    base = Fraction(1, 1000)
    y, x = np.mgrid[0:height, 0:width]
    with av.open(str(path), "w") as file:
        video = file.add_stream(codec, rate=fps)
        context = video.codec_context
        context.width, context.height, context.pix_fmt, context.time_base = width, height, pixels, base
        if codec == "libx265":
            context.options = {"x265-params": "log-level=none"}
        if transfer is not None:
            context.color_trc = transfer
        sound = file.add_stream("aac", rate=48_000, layout="stereo") if hertz else None
        context.options = {"preset": "ultrafast"} if codec == "libx264" else context.options
        ground = np.stack([140 + 60 * np.sin(x / width * 3 + hue), 120 + 50 * np.sin(y / height * 2), 90 + 0 * x], -1)
        ground = ground.astype(np.uint8)
        count, at = round(fps * seconds), 0.0
        for number in range(count):
            share = number / max(count - 1, 1)
            tone = ground.copy()
            inside = (x - width * (0.2 + 0.6 * share)) ** 2 + (y - height * 0.55) ** 2 < (height * 0.14) ** 2
            tone[inside] = (245, 210, 70)
            frame = av.VideoFrame.from_ndarray(tone, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = round(at), base
            at += 1000 / fps * ((0.5 if number % 2 else 1.5) if varying else 1.0)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if sound is not None:
            heard = 0.2 * np.sin(2 * np.pi * hertz * np.arange(round(48_000 * seconds)) / 48_000).astype(np.float32)
            for start in range(0, len(heard), 1024):
                block = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(np.stack([heard[start : start + 1024]] * 2)), format="fltp", layout="stereo"
                )
                block.sample_rate, block.pts, block.time_base = 48_000, start, Fraction(1, 48_000)
                file.mux(sound.encode(block))
            file.mux(sound.encode(None))
    return path


def disc(frame: np.ndarray) -> float | None:
    """Where the disc's middle is, in shares of the width; None where there is none."""
    near = (frame[..., 0] > 215) & (frame[..., 1] > 180) & (frame[..., 2] < 120)
    return float(np.nonzero(near)[1].mean()) / frame.shape[1] if near.sum() > 20 else None


def kitchen(size: tuple[int, int] = (1500, 1000), lean: float = 0.0) -> Image.Image:
    """A photo of a mug on a table before a bright window; the table's edge falls to the right by `lean` degrees."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wall = np.stack([208 - 40 * y / height, 196 - 40 * y / height, 176 - 38 * y / height], -1)
    picture = Image.fromarray(wall.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.rectangle([width * 0.06, -10, width * 0.34, height * 0.5], fill=(250, 246, 232))
    draw.rectangle([width * 0.19, -10, width * 0.205, height * 0.5], fill=(190, 178, 158))
    picture = picture.filter(ImageFilter.GaussianBlur(width / 90))
    edge = height * 0.66 + (x - width / 2) * np.tan(np.radians(lean))
    table = photos.ground("wood", width, height, 3) * 255
    mask = Image.fromarray(((y > edge) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.2))
    picture = Image.composite(Image.fromarray(table.astype(np.uint8)), picture, mask)
    side = round(height * 0.52)
    mug = photos.mug(side)
    at = (round(width * 0.6), round(height * 0.84) - side)
    shade = Image.new("L", size, 0)
    foot = [at[0] + side * 0.05, at[1] + side * 0.84, at[0] + side * 1.05, at[1] + side * 1.0]
    ImageDraw.Draw(shade).ellipse(foot, fill=140)
    picture.paste((30, 22, 18), (0, 0), shade.filter(ImageFilter.GaussianBlur(side / 20)))
    picture.paste(mug, at, mug)
    return picture


BRIEF = """\
schema: 1
campaign: {id: mugs, name: Mugs}
brand: brand
markets:
  GB: {locales: [en-GB], currency: GBP}
products:
  mug:
    name: {en-GB: Red Mug}
    photos: [mug.jpg]
offers:
  now: {product: mug, price: {GB: "12.00"}}
copy:
  hook: {short: {en-GB: Slow mornings.}, long: {en-GB: Slow mornings start here.}}
  cta: {en-GB: Order now}
  script: {en-GB: script.txt}
scenes: {library: library}
footage:
  pour: {files: [{file: a.mp4, from: 0.5}, b.mov], sound: keep}
segments:
  - {id: home, scene: "kitchen table, morning window", copy: hook, footage: pour, value: 3}
  - {id: away, scene: "harbour at dusk", copy: hook}
placements: [meta-feed-1x1, iab-728x90, meta-reel-6]
exclude: [{segments: [away], placements: [meta-reel-6, iab-728x90]}]
music: {mood: warm}
backends: {scene: studio-draft}
"""


def campaign(folder: Path, brief: str = BRIEF) -> Path:
    """A brief whose media are of all these kinds: `folder`/brief.yaml."""
    (folder / "library").mkdir(parents=True, exist_ok=True)
    shutil.copytree(templates() / "brands" / "marlo", folder / "brand", dirs_exist_ok=True)
    photos.photo(photos.mug(500), "grey", (800, 800))[0].save(folder / "mug.jpg", quality=93)
    kitchen(lean=1.8).save(folder / "library" / "kitchen-morning-window.jpg", quality=93)
    Image.new("RGB", (1000, 700), (180, 200, 220)).save(folder / "library" / "spare.jpg", quality=90)
    (folder / "library" / "library.yaml").write_text("photos:\n  spare.jpg: {tags: [beach, parasol]}\n")
    film(folder / "a.mp4", (1280, 720), 12, 3.0)
    film(folder / "b.mov", (540, 960), 12, 3.0, hertz=330, hue=1.0)
    (folder / "script.txt").write_text("The red mug. Slow mornings start here.\n")
    path = folder / "brief.yaml"
    path.write_text(brief)
    return path
