"""From linear light to a picture: exposure, a filmic curve, full size, grain, and the product's own pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from workers.scene.frame import Box
from workers.scene.look import Hour

Floats = npt.NDArray[np.float32]
WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)


def expose(light: Floats, key: float, least: float) -> Floats:
    """Scale so that the bright parts (the upper twentieth) come out at `key` of white.

    Parts darker than `least` do not count as bright: a brand's black wall stays black.
    """
    bright = float(np.quantile(light @ WEIGHTS, 0.95))
    wanted = _uncurve(key)
    return light * np.float32(wanted / max(bright, least))


def curve(light: Floats) -> Floats:
    """A filmic curve with a soft shoulder (0 to 1); bright colours lose a little of their saturation, as on film."""
    value = np.maximum(light, 0)
    grey = (value @ WEIGHTS)[..., None]
    toned = _tone(value)
    by_grey = value * (_tone(grey) / np.maximum(grey, 1e-6))
    return np.clip(0.55 * toned + 0.45 * np.minimum(by_grey, 1.0), 0, 1)


def _tone(x: Floats) -> Floats:
    return ((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)).astype(np.float32)


def _uncurve(key: float) -> float:
    """The light that the curve brings to `key` of white on the screen (sRGB share)."""
    linear = key**2.2
    grid = np.linspace(0, 6, 6001, dtype=np.float32)
    return float(np.interp(linear, _tone(grid), grid))


def picture(light: Floats, hour: Hour, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The finished set without the product: (height, width, 3). Grain hides the enlarging and breaks up bands."""
    height, width = light.shape[:2]
    linear = curve(expose(light, hour.key, hour.least))
    full = _SCREEN[(linear * (len(_SCREEN) - 1) + 0.5).astype(np.uint16)] * _vignette(width, height)
    tone = full @ WEIGHTS / 255
    strength = 1.0 + 1.3 * (1 - np.abs(2 * tone - 1))
    grain = rng.standard_normal((height, width), np.float32) * strength
    colour = rng.standard_normal((height, width, 3), np.float32) * 0.5
    return np.clip(full + grain[..., None] + colour + 0.5, 0, 255).astype(np.uint8)


_LEVELS = np.linspace(0, 1, 65536)
# What a screen is given (0 to 255) for a share of white, IEC 61966-2-1: as a table, powers of whole pictures take long.
_SCREEN = np.where(_LEVELS <= 0.0031308, 12.92 * _LEVELS, 1.055 * np.maximum(_LEVELS, 1e-8) ** (1 / 2.4) - 0.055)
_SCREEN = (_SCREEN * 255).astype(np.float32)


def _vignette(width: int, height: int) -> Floats:
    """A lens gives its corners a little less light."""
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    result: Floats = (1 - 0.05 * (across**2 + down**2)).astype(np.float32)[..., None]
    return result


def fitted(cutout: Image.Image, box: Box) -> Image.Image:
    """The cutout at the size of its box."""
    return cutout.resize((box[2], box[3]), Image.Resampling.LANCZOS)


def grounded(ground: npt.NDArray[np.uint8], product: Image.Image, box: Box) -> npt.NDArray[np.uint8]:
    """The set with the line of shade where the product's foot touches it; the solid that is traced in its place is simpler
    than its outline, and does not touch just there."""
    height, width = ground.shape[:2]
    x, y, w, h = box
    size = float(max(w, h))
    top, pad = y + round(0.84 * h), round(0.05 * size) + 2
    left, right, low = max(x - pad, 0), min(x + w + pad, width), min(y + h + pad, height)
    if low <= top or right <= left or top < 0:
        return ground
    shade = np.zeros((low - top, right - left), np.float32)
    for drop, blur, strength in ((0.003, 0.0035, 0.34), (0.010, 0.013, 0.30)):
        mask = Image.new("L", (right - left, low - y + pad))
        mask.paste(product.getchannel("A"), (x - left, round(drop * size)))
        soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(blur * size)), np.float32) / 255
        shade = 1 - (1 - shade) * (1 - strength * soft[top - y : low - y])
    rows = np.arange(top, low, dtype=np.float32)[:, None]
    shade *= np.clip((rows - top) / max(0.08 * h, 1), 0, 1)  # a foot, not an outline
    result = ground.copy()
    part = result[top:low, left:right]
    part[:] = (part * (1 - shade[..., None]) + 0.5).astype(np.uint8)
    return result


def lay_over(ground: npt.NDArray[np.uint8], product: Image.Image, box: Box) -> Image.Image:
    """The product's own pixels over the set, unchanged where they are opaque."""
    image = Image.fromarray(ground)
    image.paste(product.convert("RGB"), (box[0], box[1]), product.getchannel("A"))
    return image


def light_side(cutout: Image.Image | None, rng: np.random.Generator) -> float:
    """The side that the product is lit from in its own photo, -1 left or 1 right; when that cannot be told, drawn."""
    drawn = -1.0 if rng.random() < 0.5 else 1.0
    if cutout is None:
        return drawn
    small = np.asarray(cutout.resize((64, 64), Image.Resampling.BOX)).astype(np.float32)
    weight = small[..., 3] / 255
    grey = small[..., :3] @ WEIGHTS
    halves = [
        float((grey[:, part] * weight[:, part]).sum() / max(float(weight[:, part].sum()), 1e-3))
        for part in (slice(0, 32), slice(32, 64))
    ]
    if abs(halves[0] - halves[1]) < 0.03 * max(sum(halves), 1e-3):
        return drawn
    return -1.0 if halves[0] > halves[1] else 1.0
