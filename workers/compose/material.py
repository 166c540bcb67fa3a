"""What a film is made of: a task's scene, layout, fonts, logo and words, opened once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from creative.backends import Task
from creative.errors import StepRefused
from creative.layouts import placed
from workers.compose.canvas import window_of
from workers.compose.colour import luminance, mixed, rgb, spelled
from workers.compose.depth import Cut
from workers.compose.kinetic import MOTIONS, Motion
from workers.compose.motion import View, Window
from workers.compose.reel import Glimpses, Reel, glimpses
from workers.compose.still import read_image, read_json, read_logos
from workers.compose.typeset import Layer, lay_out

Box = tuple[float, float, float, float]
_BRIGHT = 0.3  # mean luminance
PLATE_PAD = (0.62, 0.36)
"""Of a caption's plate, to the sides and above, by its type size."""
_ASKS = {"price", "was", "unit_price", "cta"}
_SMALLEST = 0.82  # a product's layer is never smaller beside its set: its shadow would give it away
_SMALLER = 135  # squares of which grounds are made, across the shorter side: text is never as fine as that


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption and its frames; `end` exclusive."""

    text: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Material:
    """The inputs of a body or an end card; see `creative.steps.KINDS`."""

    scene: Image.Image
    meta: Mapping[str, Any]
    document: Mapping[str, Any]
    fonts: Mapping[str, Path]
    logos: Mapping[str, Image.Image]
    texts: Mapping[str, str]
    palette: Mapping[str, str]
    locale: str
    direction: str
    fps: int
    frames: int
    behind: Image.Image
    """The scene without its product, where that is known; else the scene."""
    cut: Cut | None
    motion: Motion = "push"
    loops: bool = False
    least_kbps: int = 0
    ink: str | None = None
    """The colour that words on the picture have already, if any: later parts of a film keep to it."""
    clip: Path | None = None
    glimpses: Glimpses | None = None
    """Of a clip that is the scene's set as it moves."""

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height, px."""
        return int(self.document["width"]), int(self.document["height"])

    @property
    def product(self) -> Box | None:
        """The product's box in the scene, px."""
        box = self.meta["product"]
        return None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))

    @property
    def seamless(self) -> bool:
        """Whether the film's first frame goes on from its last one: with another window it cannot, and the card stands."""
        return self.loops and self.window("body") == self.window("endcard")

    @property
    def logo_stays(self) -> bool:
        """Whether a film that starts over has its logo in one place, from the first frame to the last."""

        def places(part: str) -> list[Any]:
            groups = self.document["parts"][part]["groups"]
            return [group for group in groups if any(item["role"] == "logo" for item in group["items"])]

        return self.loops and places("body") == places("endcard")

    @property
    def bright(self) -> bool:
        """Whether the scene, as a whole, is a ground for dark words."""
        small = np.asarray(self.scene.reduce(8), np.float64)
        return float(luminance(small).mean()) > _BRIGHT

    @property
    def toned(self) -> Mapping[str, str]:
        """The palette with a text colour that goes with the scene.

        Words that keep to the brand's dark colour on a scene of middling light would need a milky veil, which comes and
        goes with them: in films they are light there, and the veil a shadow.
        """
        if self.ink is not None:
            return {**self.palette, "text": self.ink}
        text, ground = rgb(self.palette["text"]), rgb(self.palette["ground"])
        light = float(luminance(np.array(text, np.float64))) > _BRIGHT
        if light != self.bright:
            return self.palette
        return {**self.palette, "text": spelled(mixed((0, 0, 0) if self.bright else (255, 255, 255), ground, 0.08))}

    def _lies(self, part: str) -> tuple[float, float, float, tuple[int, int, int, int] | None]:
        """How the scene lies on the canvas for a part: scale, and x, y of its corner; and the product's box in its window."""
        x, y, width, height = window_of(self.document, part)
        stand = dict(self.document["parts"][part]["product"])
        stand["x"], stand["foot"] = stand["x"] - x, stand["foot"] - y
        product = self.meta["product"]
        scale, left, top = placed((width, height), self.scene.size, product, stand)
        left, top = left + x, top + y
        if product is None:
            return scale, left, top, None
        near, far = (
            max(x, round(product[0] * scale + left)),
            min(x + width, round((product[0] + product[2]) * scale + left)),
        )
        high, low = (
            max(y, round(product[1] * scale + top)),
            min(y + height, round((product[1] + product[3]) * scale + top)),
        )
        return scale, left, top, (near, high, max(0, far - near), max(0, low - high))

    def product_in(self, part: str) -> tuple[int, int, int, int] | None:
        """The product's box on the canvas as a part of the layout has it, px."""
        box = self._lies(part)[3]
        if box is None:
            return None
        near, (x, y, w, h) = self.near(part), box
        width, height = round(w * near), round(h * near)
        return (x + (w - width) // 2, y + h - height, width, height)

    def near(self, part: str) -> float:
        """How large the product's layer is beside its set, where the layout wants it smaller than a set can be that covers
        the canvas; 1 where it is no layer."""
        if self.cut is None:
            return 1.0
        stand, scale = self.document["parts"][part]["product"], self._lies(part)[0]
        _, _, w, h = self.meta["product"]
        return float(min(1.0, max(_SMALLEST, min(stand["height"] / (h * scale), stand["width"] / (w * scale)))))

    def window(self, part: str) -> Window:
        """Where a part shows the scene: its picture window with even edges, or the whole canvas."""
        x, y, w, h = window_of(self.document, part)
        left, top = x // 2 * 2, y // 2 * 2
        right, bottom = min((x + w + 1) // 2 * 2, self.canvas[0]), min((y + h + 1) // 2 * 2, self.canvas[1])
        return (left, top, right - left, bottom - top)

    def view(self, part: str) -> View:
        """The same as a view of the scene, from the part's window."""
        scale, x, y, _ = self._lies(part)
        left, top, width, height = self.window(part)
        view = View(scale, (left + width / 2 - x) / scale, (top + height / 2 - y) / scale)
        return view.inside(*self.scene.size, (width, height))

    @property
    def footage(self) -> bool:
        """Whether the scene is the last frame of footage, which moves by itself."""
        return self.meta.get("set") == "footage"

    def reel(self) -> Reel | None:
        """The set as a camera takes it where it moves by itself, at the end of its clip; None where it stands still."""
        if self.glimpses is None:
            return None
        width, height = self.scene.size
        return Reel((round(width / 4) * 2, round(height / 4) * 2), self.glimpses.last)

    def layers(self, part: str, texts: Mapping[str, str], ground: Image.Image, logo: bool = True) -> list[Layer]:
        """Lay out `texts` over a ground of the canvas's size."""
        return lay_out(
            self.document,
            texts,
            self.fonts,
            ground,
            self.toned,
            self.locale,
            self.direction,
            logo=self.logos if logo else None,
            part=part,
            brand=self.palette,
        )

    def shows(self, part: str) -> frozenset[str]:
        """The roles that a part of the layout has a place for."""
        arranged = self.document["parts"][part]
        groups = [*arranged["groups"], *(arranged["plain"] or ())]
        roles = {item["role"] for group in groups for item in group["items"]}
        return frozenset(roles | ({"was", "unit_price"} if "price" in roles else set()))

    def said(self, part: str) -> dict[str, str]:
        """The texts that a part of the layout shows, captions apart."""
        roles = self.shows(part)
        return {role: text for role, text in self.texts.items() if role in roles and role != "caption"}

    def ground(self, views: Sequence[View], part: str = "body", over: Image.Image | None = None) -> Image.Image:
        """One ground of the canvas's size that is as hard to write on as the worst of all `views` of a part's window.

        Each small square shows the darkest and the brightest that passes under it, in turns like a chessboard. `over`: a
        picture that is looked at instead of the scene.
        """
        looked = [(over or self.scene).reduce(2)]
        if over is None and self.glimpses is not None:
            looked += self.glimpses.pictures
        left, top, width, height = self.window(part)
        square = max(4, min(self.canvas) // _SMALLER)
        size = (max(1, width // square), max(1, height // square))
        board = worst(self._sample(small, view, size, (width, height)) for small in looked for view in views)
        ground = Image.fromarray(board).resize((width, height), Image.Resampling.NEAREST)
        if (width, height) == self.canvas:
            return ground
        whole = Image.new("RGB", self.canvas, (128, 128, 128))
        whole.paste(ground, (left, top))
        return whole

    def _sample(
        self, small: Image.Image, view: View, size: tuple[int, int], window: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """A view, `size` px large, of the scene at half its size."""
        half_w, half_h = window[0] / view.scale / 2, window[1] / view.scale / 2
        box = (
            max(0.0, (view.x - half_w) / 2),
            max(0.0, (view.y - half_h) / 2),
            min(float(small.width), (view.x + half_w) / 2),
            min(float(small.height), (view.y + half_h) / 2),
        )
        return np.asarray(small.resize(size, Image.Resampling.BOX, box=box))


def worst(pictures: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The darkest and the brightest of pictures of one size, square by square, in turns like a chessboard."""
    seen = iter(pictures)
    darkest = brightest = next(seen)
    dark = bright = _light(darkest)
    for picture in seen:
        light = _light(picture)
        darkest = np.where((light < dark)[..., None], picture, darkest)
        brightest = np.where((light > bright)[..., None], picture, brightest)
        dark, bright = np.minimum(dark, light), np.maximum(bright, light)
    rows, columns = np.indices(dark.shape)
    return np.where(((rows + columns) % 2 == 0)[..., None], darkest, brightest)


def _light(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32)


def open_material(task: Task) -> Material:
    """Open a task's inputs. Raises StepRefused for what cannot be read, or does not fit together."""
    params = task.params
    document = with_captions(read_json(task.inputs["layout"]))
    size = (params["width"], params["height"])
    if (document["width"], document["height"]) != size:
        raise StepRefused(
            f"the layout is for {document['width']}x{document['height']}, the film for {size[0]}x{size[1]}"
        )
    if size[0] % 2 or size[1] % 2:
        raise StepRefused(f"a film of {size[0]}x{size[1]} px is not possible: H.264 wants even sides")
    if params["frames"] < 1 or params["fps"] < 1:
        raise StepRefused("a film needs at least one frame: give the placement seconds and frames a second")
    scene, meta = read_image(task.inputs["scene"]).convert("RGB"), read_json(task.inputs["meta"])
    if list(scene.size) != [meta["width"], meta["height"]]:
        raise StepRefused(f"the scene is {scene.width}x{scene.height}, its meta says {meta['width']}x{meta['height']}")
    behind, cut = _layers(task, scene, meta)
    clip = task.inputs.get("clip")
    moves = clip is not None and meta.get("set") != "footage"
    motion = next((one for one in MOTIONS if one == params.get("motion", "push")), None)
    if motion is None:
        raise StepRefused(f"there is no motion {params['motion']!r}: choose one of {', '.join(MOTIONS)}")
    return Material(
        scene=scene,
        meta=meta,
        document=document,
        fonts={role.partition(".")[2]: path for role, path in task.inputs.items() if role.startswith("font.")},
        logos=read_logos(task),
        texts=params["texts"],
        palette=params["palette"],
        locale=params["locale"],
        direction=params["direction"],
        fps=int(params["fps"]),
        frames=int(params["frames"]),
        behind=behind,
        cut=cut,
        motion=motion,
        loops=bool(params.get("loop", False)),
        least_kbps=int(params.get("least_kbps", 0)),
        clip=clip,
        glimpses=glimpses(clip, _moving(params), scene.reduce(2).size) if clip and moves else None,
    )


def _moving(params: Mapping[str, Any]) -> int:
    """Frames of the clip that a body shows; an end card says so of the body before it."""
    return int(params.get("moving", params["frames"]))


def with_captions(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A layout document whose body has a place for captions, with room in it for the plate under them.

    Where the layout gives none, the body is what lasts of its words (headline, logo, legal lines) and captions stand at the
    foot of the field, where offers stand in a still.
    """
    part = document["parts"]["body"]
    if not any(item["role"] == "caption" for group in part["groups"] for item in group["items"]):
        part = _captioned(part, document)
    plain = part.get("plain")
    body = {**part, "groups": _plated(part["groups"]), "plain": None if plain is None else _plated(plain)}
    return {**document, "parts": {**document["parts"], "body": body}}


def _captioned(part: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A still's part as a body's."""
    x, y, w, h = document["field"]
    short = min(document["width"], document["height"])
    foot = min(
        (g["box"][1] for g in part["groups"] if any(item["role"] == "legal" for item in g["items"])), default=y + h
    )
    high = max(round(0.16 * short), h * 110 // 1000)
    size = {"most": max(12, round(0.044 * short)), "least": max(12, round(0.032 * short))}
    item = {"role": "caption", "width": w, "height": high, "font": "text", "lines": 2, "leading": 1180, **size}
    place = {"box": [x, foot - high, w, high], "h": "center", "v": "bottom", "gap": 0, "mirror": x}

    def quieter(groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        kept = [{**group, "items": [one for one in group["items"] if one["role"] not in _ASKS]} for group in groups]
        return [*(group for group in kept if group["items"]), {**place, "items": [{**item, "colour": "text"}]}]

    plain = part.get("plain")
    surfaces = [one for one in part.get("surfaces", ()) if one["role"] not in _ASKS]
    return {
        **part,
        "groups": quieter(part["groups"]),
        "plain": None if plain is None else quieter(plain),
        "surfaces": surfaces,
    }


def _plated(groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Groups whose captions leave room for their plate within what the layout allots."""
    made: list[Mapping[str, Any]] = []
    for group in groups:
        (item, *rest) = group["items"]
        if item["role"] == "caption" and not rest:
            x, y, w, h = group["box"]
            across, down = (math.ceil(share * item["most"]) for share in PLATE_PAD)
            least = math.ceil(item["lines"] * item["least"] * item["leading"] / 1000)
            down = max(0, min(down, (h - least) // 2))
            inner = {"width": min(item["width"], w - 2 * across), "height": min(item["height"], h - 2 * down)}
            box = [x + across, y + down, w - 2 * across, h - 2 * down]
            group = {**group, "box": box, "mirror": group["mirror"] + across, "items": [{**item, **inner}]}
        made.append(group)
    return made


def _layers(task: Task, scene: Image.Image, meta: Mapping[str, Any]) -> tuple[Image.Image, Cut | None]:
    """The set without its product, and the product; the scene alone where they are not given."""
    place, box = meta.get("plate"), meta["product"]
    if place is None or box is None or not {"plate", "layer"} <= task.inputs.keys():
        return scene, None
    plate, layer = read_image(task.inputs["plate"]).convert("RGB"), read_image(task.inputs["layer"]).convert("RGBA")
    if plate.size != tuple(place[2:]) or layer.size != tuple(box[2:]):
        raise StepRefused(
            f"the scene's layers are {plate.width}x{plate.height} and {layer.width}x{layer.height} px, its meta says "
            f"{place[2]}x{place[3]} and {box[2]}x{box[3]}"
        )
    behind = scene.copy()
    behind.paste(plate, (place[0], place[1]))
    return behind, Cut(layer, box[0], box[1], (box[0] + box[2] / 2, float(box[1] + box[3])))


def read_cues(task: Task, frames: int) -> list[Cue]:
    """The captions, in order, one at a time and within the body; those without words or frames are left out."""
    if "cues" not in task.inputs:
        return []
    cues: list[Cue] = []
    for row in sorted(json.loads(task.inputs["cues"].read_bytes()), key=lambda row: int(row["first"])):
        first = max(int(row["first"]), cues[-1].end if cues else 0)
        end = min(int(row["end"]), frames)
        if end > first and row["text"].strip():
            cues.append(Cue(row["text"], first, end))
    return cues
