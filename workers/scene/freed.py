"""Product photos without transparency, freed from their ground.

A network says where the product is; on studio paper the paper's own colour corrects it. Only a band along the
outline is then solved for transparency and for the product's colour in it: the pixels inside are those of the photo, byte
for byte (in sRGB, and scaled down where the photo is larger than 2000 px). Shadows stay behind: the set throws its own.
A photo whose outline is doubtful is refused, with what to do: a wrong outline costs more than a missing ad.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import (
    binary_closing,
    binary_dilation,
    binary_erosion,
    binary_fill_holes,
    binary_opening,
    distance_transform_edt,
    gaussian_filter,
    label,
)

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.scene.cutout import FAINT, LEAST_SIDE, LONGEST
from workers.scene.ground import Studio, empty, evenly_bare, studio
from workers.scene.matting import closed_form, foreground, guided
from workers.scene.photo import open_upright
from workers.scene.salient import saliency

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_SUPPLY = "supply the product as a PNG with a transparent background"
_LEAST, _MOST = 0.012, 0.92  # of the photo: what a product may cover
_TOUCHING = 0.04  # of the photo's border: more of it may not be product
_SECOND = 0.22  # of the largest part's area: a second part as large as that is a second thing
_UNSURE = 0.34  # of what is product at all: more of it may not be doubtful


@dataclass(frozen=True, slots=True)
class Outline:
    """What is surely product and surely ground; what is in neither is solved. `way`: how it was found."""

    product: Mask
    ground: Mask
    way: str


class Freed(OneByOne):
    """Kind `cutout` for a photo without transparency: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Cut the product out. Raises StepRefused for a photo that cannot be used, or in which the outline is doubtful."""
        image = open_upright(task.inputs["photo"])
        if image.mode == "RGBA":
            if int(np.asarray(image.getchannel("A")).min()) < 250:
                raise StepRefused("the product photo has transparency of its own: remove `backends: {cutout: ...}`")
            image = image.convert("RGB")
        if max(image.size) > LONGEST:
            factor = LONGEST / max(image.size)
            size = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
            image = image.resize(size, Image.Resampling.LANCZOS)
        if min(image.size) < LEAST_SIDE:
            raise StepRefused(
                f"the product photo has only {image.width} x {image.height} px: at least 600 px look good"
            )
        cut, notes = cut_out(image)
        if min(cut.size) < LEAST_SIDE:
            raise StepRefused(
                f"the product is only {cut.width} x {cut.height} px in its photo: at least 600 px high looks good, "
                f"{LEAST_SIDE} px are the least"
            )
        out = io.BytesIO()
        cut.save(out, "PNG", compress_level=6)
        return Made({"image": out.getvalue()}, {"size": list(cut.size), **notes})


def cut_out(image: Image.Image) -> tuple[Image.Image, dict[str, str]]:
    """The product of an RGB photo, RGBA, trimmed to its outline; and how it was found. Raises StepRefused in doubt."""
    pixels = np.asarray(image)
    picture = (pixels.astype(np.float32) / 255).astype(np.float32)
    sure, strength = saliency(image)
    paper = studio(picture)
    if strength < 0.35 and paper is None:
        raise StepRefused(f"no product stands out from the ground of the photo: {_SUPPLY}")
    outline = _found(picture, sure, paper)
    _check(outline, sure)
    alpha = _edges(picture, outline)
    colours = foreground(picture, alpha)
    rgba = np.dstack([_kept(pixels, colours, alpha), np.rint(alpha * 255).astype(np.uint8)])
    box = Image.fromarray(rgba[..., 3]).point(lambda value: 255 if value >= FAINT else 0).getbbox()
    if box is None:
        raise StepRefused(f"no product was found in the photo: {_SUPPLY}")
    return Image.fromarray(rgba).crop(box), {"outline": outline.way}


def _found(picture: Floats, sure: Floats, paper: Studio | None) -> Outline:
    """By the network, its answer drawn onto the photo's own edges; on studio paper corrected by the paper's colour."""
    grey = picture.mean(2)
    radius = max(4, round(max(grey.shape) / 110))
    fine = guided(grey, sure, radius, 1e-4)
    fine = guided(grey, fine, max(2, radius // 3), 3e-5)
    solid = _main(binary_opening(fine > 0.5, np.ones((3, 3), bool)))
    reach = _reach(picture)
    if paper is not None:
        solid = _by_paper(picture, paper, solid, sure, reach)
    solid = binary_closing(solid, iterations=2) | _small_holes(solid)
    # The band is wider where the network wavers.
    waver = (sure > 0.12) & (sure < 0.88) & binary_dilation(solid, iterations=3 * reach)
    waver &= ~binary_erosion(solid, iterations=3 * reach)
    product = binary_erosion(solid, iterations=2 * reach) | (binary_erosion(solid, iterations=reach) & ~waver)
    ground = ~binary_dilation(solid, iterations=2 * reach) | (~binary_dilation(solid, iterations=reach) & ~waver)
    return Outline(product, ground, "network" if paper is None else "network, paper")


def _by_paper(picture: Floats, paper: Studio, solid: Mask, sure: Floats, reach: int) -> Mask:
    """What the network overlooked on plain paper: the hole of a handle, a thin strap; and paper that it took along."""
    bare, shaded = empty(picture, paper)
    solid = solid & ~(bare & (sure < 0.85))
    solid &= ~(binary_opening(evenly_bare(picture, paper), iterations=reach) & (sure < 0.5))
    away = np.abs(picture - paper.ground).max(2)
    missed = binary_opening((away > 0.16) & ~shaded & (sure > 0.02), np.ones((3, 3), bool))
    parts, _ = label(missed | solid, np.ones((3, 3), int))
    joined = np.unique(parts[solid])
    return _main(np.isin(parts, joined[joined > 0]))


def _reach(picture: Floats) -> int:
    """Half the width of the band, px."""
    return int(max(2, round(max(picture.shape[:2]) / 400)))


def _main(solid: Mask) -> Mask:
    """The largest part with what belongs to it; crumbs go."""
    parts, count = label(solid, np.ones((3, 3), int))
    if count < 2:
        return solid
    areas = np.bincount(parts.ravel())
    areas[0] = 0
    kept = areas >= max(0.05 * areas.max(), 20)
    return np.asarray(kept[parts], bool)


def _small_holes(solid: Mask) -> Mask:
    """Holes that no handle has: less than a thousandth of the product."""
    holes, count = label(binary_fill_holes(solid) & ~solid)
    if not count:
        return np.zeros_like(solid)
    areas = np.bincount(holes.ravel())
    small = areas < 0.001 * solid.sum()
    small[0] = False
    return np.asarray(small[holes], bool)


def _check(outline: Outline, sure: Floats) -> None:
    """Refuse what is doubtful, and say why."""
    solid = ~outline.ground
    share = float(solid.mean())
    if not outline.product.any() or share < _LEAST:
        raise StepRefused(f"no product was found in the photo, or only a very small one: go nearer, or {_SUPPLY}")
    if share > _MOST:
        raise StepRefused(f"the product fills the whole photo, its outline cannot be found: {_SUPPLY}")
    border = np.concatenate([solid[0], solid[-1], solid[:, 0], solid[:, -1]])
    if float(border.mean()) > _TOUCHING:
        raise StepRefused(f"the product is cut off by the photo's edge: leave some ground around it, or {_SUPPLY}")
    parts, count = label(binary_closing(solid, iterations=3))
    if count > 1:
        areas = np.sort(np.bincount(parts.ravel())[1:])[::-1]
        if areas[1] > _SECOND * areas[0]:
            raise StepRefused(f"the photo shows two or more separate things: show the product alone, or {_SUPPLY}")
    seen = sure > 0.1
    doubtful = float(((sure > 0.2) & (sure < 0.8)).sum()) / max(float(seen.sum()), 1)
    if doubtful > _UNSURE:
        raise StepRefused(
            f"the outline of the product cannot be told from its ground ({doubtful:.0%} of it is doubtful): "
            f"photograph it on plain paper, or {_SUPPLY}"
        )


def _edges(picture: Floats, outline: Outline) -> Floats:
    """Alpha: 1 inside, 0 outside, solved in the band between."""
    known = outline.product.astype(np.float32)
    unknown = ~outline.product & ~outline.ground
    rows, columns = np.flatnonzero(unknown.any(1)), np.flatnonzero(unknown.any(0))
    if not len(rows):
        return known
    pad = 40
    part = np.s_[
        max(0, rows[0] - pad) : rows[-1] + pad + 1,
        max(0, columns[0] - pad) : columns[-1] + pad + 1,
    ]
    start = np.where(unknown, _ramp(outline), known).astype(np.float32)
    alpha = start.copy()
    alpha[part] = closed_form(picture[part], start[part], unknown[part])
    # What is nearly 1 is product, what is nearly 0 ground: a veil of 2 % looks like dirt on another ground.
    alpha = np.clip((alpha - 0.04) / 0.92, 0, 1)
    alpha[outline.product], alpha[outline.ground] = 1, 0
    return _without_crumbs(alpha.astype(np.float32))


def _ramp(outline: Outline) -> Floats:
    """A soft edge in the middle of the band, for a band that is too wide to be solved."""
    inside, outside = distance_transform_edt(~outline.product), distance_transform_edt(~outline.ground)
    soft = outside / np.maximum(inside + outside, 1e-6)
    return np.asarray(np.clip((soft - 0.5) * 3 + 0.5, 0, 1), np.float32)


def _without_crumbs(alpha: Floats) -> Floats:
    """Nothing that hangs in the air: what is not joined to the product goes."""
    parts, count = label(alpha > 0.1, np.ones((3, 3), int))
    if count < 2:
        return alpha
    strong = np.bincount(parts.ravel(), (alpha >= 1).ravel())
    kept = strong > 0.01 * strong.max()
    kept[0] = False
    near = gaussian_filter(kept[parts].astype(np.float32), 1.0) > 0.05
    return np.where(near, alpha, 0).astype(np.float32)


def _kept(pixels: Bytes, colours: Floats, alpha: Floats) -> Bytes:
    """The photo's own bytes inside, the product's part of the colour in the band, black where there is none of it."""
    band = (alpha > 0) & (alpha < 1)
    made = np.where(band[..., None], np.rint(colours * 255).astype(np.uint8), pixels)
    return np.where((alpha > 0)[..., None], made, 0).astype(np.uint8)
