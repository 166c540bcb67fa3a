"""Text as pixels: the glyphs that `creative.typefaces` shaped, drawn by HarfBuzz's rasteriser at their exact places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import uharfbuzz
from PIL import Image

from creative.copyfit import Metrics
from creative.errors import StepRefused
from creative.font_files import opened
from creative.segments import typographic
from creative.typefaces import Shaped

_KEPT = 512
"""How many drawn lines are remembered."""


class Ink(NamedTuple):
    """The ink of a string: a mask (L), and where its left edge and top are from the pen on the baseline."""

    mask: Image.Image
    left: int
    top: int


class Face:
    """A typeface: measures for fitting, glyphs for drawing. `others` are fonts of other scripts by name ("Arab").

    Raises StepRefused when a file is no font.
    """

    def __init__(self, path: Path, others: Mapping[str, Path] | None = None) -> None:
        try:
            found = {name: opened(other) for name, other in (others or {}).items()}
            own = opened(path)
        except (ValueError, OSError) as error:
            raise StepRefused(f"a font cannot be used: {error}") from error
        key = (id(own), *((name, id(font)) for name, font in sorted(found.items())))
        # Fonts are kept open by `opened`; what was measured and drawn in them is kept with them.
        kept = _FACES.get(key)
        if kept is None:
            if len(_FACES) >= 32:
                _FACES.clear()
            kept = _FACES[key] = (Metrics(own, found), {})
        self.metrics, self._drawn = kept

    def ink(self, text: str, size: int, locale: str, levels: Sequence[int] = ()) -> Ink:
        """Draw one line. `levels` are its characters' bidi levels, if it is a part of a longer paragraph."""
        key = (text, size, locale, tuple(levels))
        found = self._drawn.get(key)
        if found is None:
            if len(self._drawn) >= _KEPT:
                self._drawn.clear()
            found = self._drawn[key] = _draw(self.metrics.shaped(text, locale, levels), size)
        return Ink(found.mask.copy(), found.left, found.top)


_FACES: dict[tuple[object, ...], tuple[Metrics, dict[tuple[object, ...], Ink]]] = {}
_RASTER = uharfbuzz.RasterDraw()


def faces(fonts: Mapping[str, Path]) -> dict[str, Face]:
    """Typefaces by role from a step's fonts: "display", "text", and those of other scripts ("display.Arab")."""
    made = {}
    for role in ("display", "text"):
        others = {name.partition(".")[2]: path for name, path in fonts.items() if name.startswith(f"{role}.")}
        made[role] = Face(fonts[role], others)
    return made


def _draw(line: Shaped, size: int) -> Ink:
    _RASTER.reset()
    for font, glyph, x, y, scale in line.glyphs:
        unit = size * scale / font.em
        _RASTER.transform = (unit, 0.0, 0.0, unit, x * size, y * size)
        _RASTER.draw_glyph(font.font, glyph)
    image = _RASTER.render()
    place = image.extents
    if not place.width or not place.height:
        return Ink(Image.new("L", (1, 1), 0), 0, 0)
    # Its rows go upwards.
    mask = Image.frombuffer("L", (place.width, place.height), image.buffer, "raw", "L", place.stride, -1)
    box = mask.getbbox()
    if box is None:
        return Ink(Image.new("L", (1, 1), 0), 0, 0)
    return Ink(mask.crop(box), place.x_origin + box[0], -(place.y_origin + place.height) + box[1])


def check_glyphs(faces: Mapping[str, Face], font: str, role: str, text: str, locale: str = "") -> None:
    """Raise StepRefused naming the characters that cannot be set right."""
    missing = faces[font].metrics.missing(typographic(text, locale), locale)
    if missing:
        names = ", ".join(f"{letter!r} (U+{ord(letter):04X})" for letter in missing[:8])
        raise StepRefused(
            f"the {font} font has no glyph for {names} in the {role} {text!r}: "
            "change the copy, or name a font in the brand kit that has it"
        )


def check_direction(direction: str) -> None:
    """Raise StepRefused for what is no direction."""
    if direction not in ("ltr", "rtl"):
        raise StepRefused(f"{direction!r} is no direction: ltr or rtl")
