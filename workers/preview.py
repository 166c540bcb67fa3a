"""Layouts drawn for the eye: many stills on one contact sheet, quickly, without a run or a store.

Scenes are stand-ins unless asked otherwise: a wall and a floor in the brand's colours with the product's own photo before
them, in a tenth of a second. What cannot be drawn is a tile that says why.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from creative.backends import BackendSpec, Task, resolve
from creative.errors import CreativeError
from creative.resources import templates
from workers.compose.canvas import place_scene
from workers.compose.colour import mixed, rgb
from workers.compose.typeset import draw, lay_out
from workers.scene.cutout import open_photo
from workers.scene.develop import fitted, lay_over
from workers.scene.frame import frame

_INK, _PAPER, _FAINT, _WRONG = (24, 24, 24), (246, 246, 244), (120, 120, 118), (176, 38, 28)
_WIDTH, _GAP, _CAPTION, _TITLE = 2400, 28, 30, 64


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture of a sheet, or the reason why there is none."""

    row: str
    name: str
    picture: Image.Image | None
    problem: str = ""


def draw_sheet(job: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a job of `creative.previewing` into its `out` (PNG or JPEG by its ending).

    Returns {"width", "height", "problems": ["layout placement: why"]}. Nothing is raised for a tile that cannot be drawn.
    """
    tiles = [_tile(row) for row in job["tiles"]]
    sheet = _sheet(tiles)
    width = int(job["width"])
    if width < sheet.width:
        sheet = sheet.resize((width, round(sheet.height * width / sheet.width)), Image.Resampling.LANCZOS)
    out = Path(job["out"])
    data = io.BytesIO()
    if out.suffix.lower() in (".jpg", ".jpeg"):
        sheet.save(data, "JPEG", quality=int(job["quality"]), optimize=True, progressive=True)
    else:
        sheet.save(data, "PNG")
    part = out.with_name(f".{out.name}.part")
    part.write_bytes(data.getvalue())
    part.replace(out)
    problems = [f"{tile.row} {tile.name}: {tile.problem}" for tile in tiles if tile.problem]
    return {"width": sheet.width, "height": sheet.height, "problems": problems}


def _tile(row: Mapping[str, Any]) -> Tile:
    if row["problem"]:
        return Tile(row["row"], row["name"], None, row["problem"])
    try:
        picture, meta = _scene(
            json.dumps({"scene": row["scene"], "palette": row["palette"], "photo": row["photo"]}, sort_keys=True)
        )
        document, part = row["layout"], row["part"]
        placed = place_scene(picture, meta, document, part)
        layers = lay_out(
            document,
            row["texts"],
            {role: Path(path) for role, path in row["fonts"].items()},
            placed.image,
            row["palette"],
            row["locale"],
            row["direction"],
            logo={tone: open_photo(Path(path)) for tone, path in row["logos"].items()} or None,
            part=part,
            product=placed.product,
        )
    except CreativeError as error:
        return Tile(row["row"], row["name"], None, str(error))
    return Tile(row["row"], row["name"], draw(placed.image, layers))


@lru_cache(maxsize=32)
def _scene(spec: str) -> tuple[Image.Image, dict[str, Any]]:
    """A scene with its meta, for a JSON of {scene: {quality, prompt, seed, width, height, product}, palette, photo}."""
    asked = json.loads(spec)
    row, palette, photo = asked["scene"], asked["palette"], asked["photo"]
    if row["quality"] == "stand-in":
        return _stand_in(row, palette, photo)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = {}
        if photo is not None:
            inputs["cutout"] = folder / "cutout.png"
            _cut(photo).save(inputs["cutout"], "PNG", compress_level=1)
        params = {
            "prompt": row["prompt"],
            "width": row["width"],
            "height": row["height"],
            "product": row["product"] if photo is not None else None,
            "palette": {role: palette[role] for role in ("ground", "second", "accent")},
            "take": 0,
        }
        options = {"quality": row["quality"]}
        spec_row = BackendSpec("studio", "scene", "workers.scene.studio:Studio", options=options)
        studio = resolve(spec_row.target)(spec_row, 2)
        made = studio.make_one(Task("preview", "scene", params, inputs, int(row["seed"]), folder))
        picture = Image.open(io.BytesIO(made.outputs["image"])).convert("RGB")
        return picture, json.loads(made.outputs["meta"])


def _cut(photo: str) -> Image.Image:
    image = open_photo(Path(photo))
    return image.crop(image.getchannel("A").getbbox() or (0, 0, *image.size))


def _stand_in(
    row: Mapping[str, Any], palette: Mapping[str, str], photo: str | None
) -> tuple[Image.Image, dict[str, Any]]:
    width, height = row["width"], row["height"]
    cutout = _cut(photo) if photo is not None else None
    slot = row["product"] if cutout is not None else None
    geometry = frame(width, height, slot, cutout.width / cutout.height if cutout is not None else None)
    wall, floor = rgb(palette["ground"]), mixed(rgb(palette["ground"]), rgb(palette["second"]), 0.45)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light = 1.06 - 0.16 * x / width - 0.22 * y / height
    horizon = geometry.foot - 0.06 * height
    share = np.clip((y - horizon) / (0.01 * height + 2), 0, 1)[..., None]
    ground = (np.array(wall, np.float32) * (1 - share) + np.array(floor, np.float32) * share) * light[..., None]
    picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    meta = {"width": width, "height": height, "product": None, "set": "stand-in"}
    if cutout is None:
        return picture, meta
    bx, by, bw, bh = geometry.box
    shade = Image.new("L", (width, height), 0)
    ImageDraw.Draw(shade).ellipse((bx - 0.06 * bw, by + 0.965 * bh, bx + 1.16 * bw, by + 1.035 * bh), fill=150)
    shade = shade.filter(ImageFilter.GaussianBlur(0.02 * bh + 1))
    picture.paste(mixed(floor, (0, 0, 0), 0.8), (0, 0), shade)
    whole = lay_over(np.asarray(picture), fitted(cutout, geometry.box), geometry.box)
    return whole, {**meta, "product": list(geometry.box)}


def _sheet(tiles: Sequence[Tile]) -> Image.Image:
    """Lines of tiles, each family under its title; small ads are never enlarged."""
    width = _WIDTH
    parts: list[tuple[Image.Image, int, int]] = []
    y = _GAP
    for title in dict.fromkeys(tile.row for tile in tiles):
        parts.append((_text(title, 34, _INK), _GAP, y))
        y += _TITLE
        for line, high in _lines([tile for tile in tiles if tile.row == title], width - 2 * _GAP):
            x = _GAP
            for tile, size in line:
                picture = _shown(tile, size)
                parts += [(picture, x, y), (_text(tile.name, 17, _FAINT), x, y + size[1] + 6)]
                x += size[0] + _GAP
            y += high + _CAPTION + _GAP
    sheet = Image.new("RGB", (width, y), _PAPER)
    for picture, left, top in parts:
        sheet.paste(picture, (left, top))
    return sheet


def _lines(tiles: Sequence[Tile], room: int) -> list[tuple[list[tuple[Tile, tuple[int, int]]], int]]:
    """Tiles in lines that fit the room, with the sizes that they are shown in."""
    lines: list[tuple[list[tuple[Tile, tuple[int, int]]], int]] = []
    line: list[tuple[Tile, tuple[int, int]]] = []
    used = 0
    for tile in tiles:
        own = tile.picture.size if tile.picture is not None else (420, 300)
        scale = min(1.0, 640 / own[1], 800 / own[0], room / own[0])
        size = (max(1, round(own[0] * scale)), max(1, round(own[1] * scale)))
        if line and used + size[0] > room:
            lines.append((line, max(high for _, (_, high) in line)))
            line, used = [], 0
        line.append((tile, size))
        used += size[0] + _GAP
    if line:
        lines.append((line, max(high for _, (_, high) in line)))
    return lines


def _shown(tile: Tile, size: tuple[int, int]) -> Image.Image:
    if tile.picture is not None:
        return tile.picture if tile.picture.size == size else tile.picture.resize(size, Image.Resampling.LANCZOS)
    made = Image.new("RGB", size, (255, 255, 255))
    pen = ImageDraw.Draw(made)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=_WRONG)
    words, lines = tile.problem.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 46:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    for number, text in enumerate(lines[:13]):
        pen.text((14, 14 + 20 * number), text, fill=_WRONG, font=_font(15))
    return made


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(
        str(templates() / "fonts" / "Inter-Medium.ttf"), size, layout_engine=ImageFont.Layout.BASIC
    )


def _text(text: str, size: int, colour: tuple[int, int, int]) -> Image.Image:
    font = _font(size)
    made = Image.new("RGB", (max(1, round(font.getlength(text))), round(size * 1.3)), _PAPER)
    ImageDraw.Draw(made).text((0, 0), text, fill=colour, font=font)
    return made
