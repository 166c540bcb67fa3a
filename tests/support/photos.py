"""Product photos made by code, with the truth beside them: drawn products on grounds as people photograph on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats = npt.NDArray[np.float32]

GROUNDS = ("white", "grey", "coloured", "wood", "room", "stone")


def mug(side: int = 420) -> Image.Image:
    """A glazed mug with a handle that one sees through; RGBA."""
    big = side * 3
    solid = Image.new("L", (big, big), 0)
    draw = ImageDraw.Draw(solid)
    draw.rounded_rectangle([big * 0.12, big * 0.1, big * 0.68, big * 0.92], big * 0.09, fill=255)
    draw.ellipse([big * 0.5, big * 0.25, big * 0.93, big * 0.72], fill=255)
    draw.ellipse([big * 0.6, big * 0.36, big * 0.83, big * 0.61], fill=0)
    draw.rounded_rectangle([big * 0.12, big * 0.1, big * 0.68, big * 0.92], big * 0.09, fill=255)
    y, x = np.mgrid[0:big, 0:big] / big
    across = np.clip((x - 0.12) / 0.56, 0, 1)
    light = 0.28 + 0.75 * np.exp(-(((across - 0.3) / 0.28) ** 2)) * (0.9 + 0.1 * y)
    base = np.array([0.75, 0.29, 0.2])[None, None] * light[..., None]
    base += 0.5 * np.exp(-(((across - 0.24) / 0.035) ** 2))[..., None] * ((y > 0.2) & (y < 0.75))[..., None]
    stripe = (y > 0.55) & (y < 0.66) & (x < 0.68)
    base[stripe] = np.array([0.95, 0.9, 0.8]) * light[stripe][:, None]
    colours = Image.fromarray((np.clip(base, 0, 1) * 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.LANCZOS
    )
    colours.putalpha(solid.resize((side, side), Image.Resampling.LANCZOS))
    return colours


def pack(side: int = 420) -> Image.Image:
    """A pale carton with a dark label: hard to tell from white paper; RGBA."""
    big = side * 3
    picture = Image.new("RGBA", (big, big), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    front = [(0.2, 0.14), (0.66, 0.2), (0.66, 0.94), (0.2, 0.86)]
    flank = [(0.66, 0.2), (0.82, 0.12), (0.82, 0.82), (0.66, 0.94)]
    draw.polygon([(x * big, y * big) for x, y in front], fill=(226, 219, 204, 255))
    draw.polygon([(x * big, y * big) for x, y in flank], fill=(168, 160, 146, 255))
    draw.polygon(
        [(x * big, y * big) for x, y in ((0.2, 0.14), (0.36, 0.08), (0.82, 0.12), (0.66, 0.2))],
        fill=(240, 235, 224, 255),
    )
    draw.polygon(
        [(x * big, y * big) for x, y in ((0.27, 0.36), (0.59, 0.4), (0.59, 0.66), (0.27, 0.62))], fill=(32, 66, 58, 255)
    )
    draw.ellipse([big * 0.38, big * 0.44, big * 0.48, big * 0.56], fill=(230, 180, 80, 255))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def ground(kind: str, width: int, height: int, seed: int = 1) -> Floats:
    """A ground without a product, (h, w, 3) in 0..1."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y / height, x / width
    if kind in ("white", "grey", "coloured"):
        base = {"white": (0.975, 0.975, 0.97), "grey": (0.62, 0.63, 0.65), "coloured": (0.83, 0.66, 0.42)}[kind]
        fall = {"white": 0.03, "grey": 0.3, "coloured": 0.22}[kind]
        shade = 1 - fall * ((x - 0.45) ** 2 + (y - 0.4) ** 2)
        made = np.array(base, np.float32) * shade[..., None]
    elif kind == "wood":
        grain = np.sin(y * 60 + 2.5 * np.sin(x * 5 + np.floor(y * 5))) * 0.04 + _noise(rng, height, width, 3, 60) * 0.07
        planks = np.where((y * 5) % 1 < 0.015, 0.6, 1.0)
        made = np.array([0.55, 0.38, 0.24], np.float32) * ((1 + grain) * planks)[..., None]
    elif kind == "room":
        made = np.full((height, width, 3), 0.42, np.float32) + _noise(rng, height, width, 5, 5)[..., None] * 0.12
        picture = Image.fromarray((np.clip(made, 0, 1) * 255).astype(np.uint8))
        draw = ImageDraw.Draw(picture)
        for _ in range(14):
            r = rng.uniform(0.02, 0.07) * width
            cx, cy = rng.uniform(0, width), rng.uniform(0, height * 0.6)
            colour = tuple(int(v) for v in rng.uniform(120, 250, 3))
            draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=colour)
        draw.rectangle([0, height * 0.72, width, height], fill=(92, 70, 52))
        made = np.asarray(picture.filter(ImageFilter.GaussianBlur(width / 60)), np.float32) / 255
    else:
        veins = np.abs(_noise(rng, height, width, 6, 6)) + 0.5 * np.abs(_noise(rng, height, width, 14, 14))
        made = np.array([0.7, 0.69, 0.67], np.float32) * (0.82 + 0.25 * np.clip(veins, 0, 1))[..., None]
    return np.clip(made + rng.normal(0, 0.006, made.shape), 0, 1).astype(np.float32)


def _noise(rng: np.random.Generator, height: int, width: int, rows: int, columns: int) -> Floats:
    coarse = Image.fromarray(rng.normal(0, 1, (rows, columns)).astype(np.float32))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def photo(
    product: Image.Image, kind: str, size: tuple[int, int] = (720, 720), seed: int = 1
) -> tuple[Image.Image, Floats]:
    """A photo of the product on a ground, with its soft shadow; and the truth: its alpha, (h, w) in 0..1."""
    width, height = size
    behind = ground(kind, width, height, seed)
    scale = 0.62 * min(width, height) / max(product.size)
    fitted = product.resize((round(product.width * scale), round(product.height * scale)), Image.Resampling.LANCZOS)
    x, y = (width - fitted.width) // 2 + width // 40, round(height * 0.86) - fitted.height
    layer = Image.new("RGBA", size, (0, 0, 0, 0))
    layer.paste(fitted, (x, y))
    alpha = np.asarray(layer.getchannel("A"), np.float32) / 255
    foot = Image.new("L", size, 0)
    draw = ImageDraw.Draw(foot)
    draw.ellipse(
        [x + fitted.width * 0.02, y + fitted.height * 0.9, x + fitted.width * 1.2, y + fitted.height * 1.05], fill=150
    )
    wide = np.asarray(foot.filter(ImageFilter.GaussianBlur(width / 40)), np.float32) / 255
    near = np.asarray(foot.filter(ImageFilter.GaussianBlur(width / 140)), np.float32) / 255
    behind = behind * (1 - 0.45 * np.maximum(wide, 0.7 * near))[..., None]
    front = np.asarray(layer.convert("RGB"), np.float32) / 255
    made = front * alpha[..., None] + behind * (1 - alpha[..., None])
    made = made + np.random.default_rng(seed + 7).normal(0, 0.004, made.shape)
    return Image.fromarray((np.clip(made, 0, 1) * 255).round().astype(np.uint8)), alpha
