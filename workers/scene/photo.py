"""Photos as people bring them: JPEG, PNG, WebP or TIFF, turned upright, in sRGB, 8 bits a channel.

What a camera or a retoucher wrote beside the pixels is obeyed: the EXIF orientation, an ICC profile (Adobe RGB, Display P3, a
press's CMYK), 16 bits a channel. After that the pixels are the photo; nobody touches them but where it is said.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from creative.errors import StepRefused

MOST_PIXELS = 64_000_000
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, TypeError)


def open_upright(path: Path, what: str = "the product photo") -> Image.Image:
    """The photo as it is seen: RGB, or RGBA where it has transparency. `what` is how refusals call it.

    The header is judged before a pixel is decoded. Raises StepRefused with words for the person who supplied it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(path, formats=("PNG", "WEBP", "TIFF", "JPEG"))
    except Image.DecompressionBombError as bomb:
        raise StepRefused(f"{what} is too large: 64 megapixels are the most") from bomb
    except _BROKEN as error:
        raise StepRefused(f"{what} cannot be read: supply a JPEG, PNG or WebP, and check that it opens") from error
    with opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise StepRefused(f"{what} is too large ({opened.width} x {opened.height} px): 64 megapixels are the most")
        try:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            return _in_srgb(upright, opened.info.get("icc_profile"))
        except _BROKEN as error:
            raise StepRefused(f"{what} is damaged, its end is probably missing: export or upload it again") from error


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """8 bits a channel in sRGB; transparency stays as it is."""
    image = _eight_bits(image)
    alpha = None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode == "P":
        image = image.convert("RGB")
    converted = _converted(image, profile) if isinstance(profile, bytes) and profile else None
    rgb = converted or image.convert("RGB")
    if alpha is None:
        return rgb
    rgb.putalpha(alpha)
    return rgb


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit greys scaled down: Pillow's own conversion would cut them off at 255."""
    if not image.mode.startswith("I") and image.mode != "F":
        return image
    values = np.asarray(image, np.float64)
    top = 65535.0 if float(values.max(initial=0)) > 255 else 255.0
    return Image.fromarray(np.clip(np.rint(values * 255 / top), 0, 255).astype(np.uint8))


def _converted(image: Image.Image, profile: bytes) -> Image.Image | None:
    """By its ICC profile, relative colorimetric with black point compensation, as Photoshop does; None where the profile
    is broken or of another kind of image: then it is taken for what it says in its mode."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        wanted = {"RGB": "RGB ", "CMYK": "CMYK", "L": "GRAY"}.get(image.mode)
        if wanted is None or source.profile.xcolor_space.strip() != wanted.strip():
            return None
        return ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
