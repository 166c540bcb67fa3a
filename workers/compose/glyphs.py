"""Text as pixels: shaped by raqm, measured by its ink."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont, features

from creative.copyfit import Metrics
from creative.errors import StepRefused

_SMALL, _FINE = 32, 4
"""Type under so many px is drawn so many times larger."""
_FAINT = 12
"""Coverage (0 to 255) that cannot be seen."""


class Ink(NamedTuple):
    """The ink of a string: a mask (L), and where its left edge and top are from the pen on the baseline."""

    mask: Image.Image
    left: int
    top: int


class Face:
    """One font file: measures for fitting, glyphs for drawing. Raises StepRefused when it is no font, or raqm is missing."""

    def __init__(self, path: Path) -> None:
        if not features.check("raqm"):
            raise StepRefused("Pillow was built without raqm, so text cannot be shaped: install Pillow's own wheel")
        try:
            self._data = path.read_bytes()
            self.metrics = _metrics(self._data)
            self._at(12)
        except (ValueError, OSError) as error:
            raise StepRefused(f"a font cannot be used: {error}") from error

    def _at(self, size: int) -> ImageFont.FreeTypeFont:
        return _font(self._data, size)

    def ink(self, text: str, size: int, locale: str, direction: str) -> Ink:
        """Draw one line.

        Small type is drawn larger and averaged, so that its letters stand where they belong: at its own size Pillow
        rounds each to a whole pixel, which a reader sees as uneven spaces.
        """
        fine = _FINE if size < _SMALL else 1
        font = self._at(size * fine)
        base, reach = size * 2, size
        width = math.ceil(font.getlength(text, direction=direction, language=locale) / fine) + 2 * reach
        mask = Image.new("L", (width * fine, size * 3 * fine), 0)
        ImageDraw.Draw(mask).text(
            (reach * fine, base * fine), text, fill=255, font=font, anchor="ls", direction=direction, language=locale
        )
        if fine > 1:
            mask = mask.reduce(fine).point(lambda level: level if level > _FAINT else 0)
        box = mask.getbbox()
        if box is None:
            return Ink(Image.new("L", (1, 1), 0), 0, 0)
        return Ink(mask.crop(box), box[0] - reach, box[1] - base)


# By content, not by path: a worker's scratch folders come and go with the same names.
@lru_cache(maxsize=8)
def _metrics(data: bytes) -> Metrics:
    return Metrics(data)


@lru_cache(maxsize=64)
def _font(data: bytes, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.RAQM)


def check_glyphs(faces: Mapping[str, Face], font: str, role: str, text: str) -> None:
    """Raise StepRefused naming the characters that a font cannot draw."""
    missing = faces[font].metrics.missing(text)
    if missing:
        names = ", ".join(f"{letter!r} (U+{ord(letter):04X})" for letter in missing[:8])
        raise StepRefused(
            f"the {font} font has no glyph for {names} in the {role} {text!r}: "
            "change the copy, or name a font in the brand kit that has it"
        )


def check_direction(direction: str) -> None:
    """Raise StepRefused when right-to-left text cannot be set right on this machine."""
    if direction == "rtl" and not features.check("fribidi"):
        raise StepRefused("right-to-left text needs the system library FriBiDi (Debian: libfribidi0) on the worker")
