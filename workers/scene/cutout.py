"""Product photos, freed from their ground: the photo brings its own alpha, trimmed to what is seen of it."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne

LONGEST = 2000
MOST_PIXELS = 60_000_000
LEAST_SIDE = 64
# Under this, alpha is the dust of a careless export, not product.
FAINT = 8


class Alpha(OneByOne):
    """Trims a photo with a transparent background to its outline; longest side at most 2000 px."""

    def make_one(self, task: Task) -> Made:
        """See `creative.steps.KINDS["cutout"]`. Raises StepRefused for a photo that cannot be used."""
        image = open_photo(task.inputs["photo"])
        alpha = image.getchannel("A")
        if int(np.asarray(alpha).min()) > 250:
            raise StepRefused(
                "the product photo has no transparent background: save it as a PNG in which only the product is opaque"
            )
        box = alpha.point(lambda value: 255 if value >= FAINT else 0).getbbox()
        if box is None:
            raise StepRefused(
                "the product photo is entirely transparent: export it again with its product layer visible"
            )
        image = image.crop(box)
        solid = float((np.asarray(image.getchannel("A")) > 127).mean())
        if solid < 0.04:
            raise StepRefused(
                "hardly anything in the product photo is opaque: the product must be solid, only its background transparent"
            )
        if min(image.size) < LEAST_SIDE:
            raise StepRefused(
                f"the product is only {image.width} x {image.height} px in its photo: at least 600 px high looks good, "
                f"{LEAST_SIDE} px are the least"
            )
        if max(image.size) > LONGEST:
            factor = LONGEST / max(image.size)
            size = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
            image = image.resize(size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=6)
        return Made({"image": out.getvalue()}, {"size": list(image.size)})


def open_photo(path: Path) -> Image.Image:
    """An RGBA image from a file that nobody has vouched for: its header is judged before a pixel is decoded.

    Raises StepRefused with words for the person who supplied the photo.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(path, formats=("PNG", "WEBP", "TIFF", "JPEG"))
    except Image.DecompressionBombError as bomb:
        raise StepRefused(_too_large()) from bomb
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise StepRefused(
            "the product photo cannot be read: supply a PNG with a transparent background, and check that it opens"
        ) from error
    with image:
        if image.width * image.height > MOST_PIXELS:
            raise StepRefused(_too_large(image.width, image.height))
        if image.format == "JPEG":
            raise StepRefused(
                "the product photo is a JPEG, which has no transparency: save it as a PNG with a transparent background"
            )
        try:
            image.load()
            return image.convert("RGBA")
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
            raise StepRefused(
                "the product photo is damaged, its end is probably missing: export or upload it again"
            ) from error


def _too_large(width: int = 0, height: int = 0) -> str:
    size = f" ({width} x {height} px)" if width else ""
    return f"the product photo is too large{size}: {LONGEST} px on its longer side are enough, 60 megapixels the most"
