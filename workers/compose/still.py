"""Stills: one picture for one placement, as a JPEG within the publisher's ceiling."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from creative.backends import BackendSpec, Made, Task
from creative.canonical import canonical
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.compose.canvas import place_scene
from workers.compose.colouring import Wanted
from workers.compose.kept import Kept, digest_of, weight_of
from workers.compose.rows import Rows
from workers.compose.typeset import Layer, boxes, draw, lay_out

METADATA_BYTES = 4096
"""Kept free under the ceiling for the metadata that `finish` embeds."""
_QUALITIES = (94, 92, 90, 88, 85, 82, 79, 76, 72, 68, 64, 60, 55, 50)


@dataclass(slots=True)
class _Scrim:
    """A scrim that several ads of one ground may have, and how many had it."""

    wanted: Wanted
    layer: Layer
    uses: int = 0


class Still(OneByOne):
    """Kind `still`. Notes: the JPEG's quality and the least contrast of its texts, in tenths.

    Options: `quality`, the JPEG's highest (94); `subsampling`, Pillow's (0 is 4:4:4: thin coloured letters blur without).
    """

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        super().__init__(spec, threads)
        self._kept = Kept()

    def make_one(self, task: Task) -> Made:
        """Raises StepRefused: see `lay_out`, `place_scene`, `encode`."""
        params = task.params
        layout = digest_of(task, "layout")
        document = self._kept.get(("layout", layout), lambda: read_json(task.inputs["layout"]))
        if [document["width"], document["height"]] != [params["width"], params["height"]]:
            raise StepRefused(f"the layout is for {document['width']}x{document['height']}, the placement is not")
        scene, meta = digest_of(task, "scene"), digest_of(task, "meta")
        placed = self._kept.get(
            ("placed", scene, meta, layout),
            lambda: place_scene(self._picture(task, "scene", scene), read_json(task.inputs["meta"]), document),
            lambda made: weight_of(made.image),
        )
        own = (scene, meta, layout)
        scrims: list[_Scrim] = []

        def share(wanted: Wanted, make: Callable[[], Layer]) -> Layer:
            found = self._kept.get(
                ("scrim", *own, wanted), lambda: _Scrim(wanted, make()), lambda made: weight_of(made.layer.ink)
            )
            found.uses += 1
            scrims.append(found)
            return found.layer

        layers = lay_out(
            document,
            params["texts"],
            {role.partition(".")[2]: path for role, path in task.inputs.items() if role.startswith("font.")},
            placed.image,
            params["palette"],
            params["locale"],
            params["direction"],
            logo={role: self._picture(task, role) for role in logo_roles(task)} or None,
            product=placed.product,
            share=share,
        )
        options = self.spec.options
        ground, over, under = placed.image, layers, None
        if scrims and scrims[0].uses > 1:
            # Words at about the same place again: the ground with that scrim over it is a part of these ads too.
            under, over = scrims[0].wanted, layers[1:]
            ground = self._kept.get(("shaded", *own, under), lambda: draw(placed.image, layers[:1]), weight_of)
        rows = self._kept.get(("rows", *own, under), Rows, lambda _: _coded_weight(ground))
        data, quality = encode(
            placed.image.size,
            lambda first, end: draw(ground, over, (first, end)),
            params["max_bytes"] - METADATA_BYTES,
            int(options.get("quality", _QUALITIES[0])),
            int(options.get("subsampling", 0)),
            rows,
            [(layer.y, layer.y + layer.ink.height) for layer in over],
        )
        ratios = [layer.contrast for layer in layers if layer.runs]
        notes = {"quality": quality, "contrast_tenths": int(min(ratios) * 10) if ratios else None}
        found = canonical(boxes(document, placed.product, layers))
        return Made({"image": data, "boxes": found}, notes)

    def _picture(self, task: Task, role: str, digest: str | None = None) -> Image.Image:
        """An input, decoded once for all steps that have it."""
        key = ("picture", digest or digest_of(task, role))
        return self._kept.get(key, lambda: read_image(task.inputs[role]), weight_of)


def _coded_weight(picture: Image.Image) -> int:
    """Bytes that a ground's coded rows take, about: what they are in a fine JPEG."""
    return picture.width * picture.height // 2


def encode(
    size: tuple[int, int],
    cut: Callable[[int, int], Image.Image],
    ceiling: int,
    best: int = _QUALITIES[0],
    subsampling: int = 0,
    rows: Rows | None = None,
    touched: Sequence[tuple[int, int]] | None = None,
) -> tuple[bytes, int]:
    """A JPEG of at most `ceiling` bytes at the highest quality up to `best` that allows it, and that quality.

    `size` of the picture, px; `cut` gives its rows from one to another (first, end) as an RGB picture. `rows`: those of the picture's ground that are coded already, for which only what was `touched` (first and end of rows,
    px) is coded; the bytes are the same without.

    Full colour resolution (`subsampling` 0: 4:4:4), since thin coloured letters blur without it. Raises StepRefused when
    not even quality 50 is small enough.
    """
    taken = 0
    for quality in (best, *(lower for lower in _QUALITIES if lower < best)):
        if taken == 0:
            data = (rows or Rows()).jpeg(size, cut, touched or [(0, size[1])], quality, subsampling)
        else:
            # Tables of its own make a JPEG a twentieth smaller and take as long again: only where bytes are short.
            buffer = io.BytesIO()
            cut(0, size[1]).save(buffer, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
            data = buffer.getvalue()
        taken = len(data)
        if taken <= ceiling:
            return data, quality
    raise StepRefused(
        f"the picture takes {taken} bytes at quality {_QUALITIES[-1]}, the placement allows {ceiling} beside its metadata"
    )


def read_image(path: Path) -> Image.Image:
    """A picture, decoded. Raises StepRefused when it is none."""
    try:
        with Image.open(path) as picture:
            picture.load()
            image: Image.Image = picture  # the pixels stay; only its file is closed
            return image
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise StepRefused(f"{path.name} is no picture that can be read: {error}") from error


def read_logos(task: Task) -> dict[str, Image.Image]:
    """The logo's versions by input role ("logo.light", "logo.dark"); none, if the brand has none. Raises StepRefused."""
    return {role: read_image(task.inputs[role]) for role in logo_roles(task)}


def logo_roles(task: Task) -> list[str]:
    """The input roles that have a version of the logo."""
    return [role for role in sorted(task.inputs) if role.split(".")[0] == "logo"]


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. Raises StepRefused when it is none."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise StepRefused(f"{path.name} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise StepRefused(f"{path.name} is no JSON object")
    return found
