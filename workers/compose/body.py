"""Bodies and end cards: a placed scene, moved over by a camera, with words that enter and leave.

Each scene is turned into YUV planes once; every frame is a warp of these planes (`motion`), with the words blended where
they are (`overlay`), and goes straight to the encoder (`encode`). moviepy would draw every frame as an RGB array and is
six times slower: it has no place here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from creative.backends import Made, Task
from workers.backend import OneByOne
from workers.compose.captions import captions, fade_frames
from workers.compose.colour import mixed, rgb
from workers.compose.encode import PictureTrack, Planes, frame_of, planes, views
from workers.compose.material import Cue, Material, open_material, read_cues
from workers.compose.motion import Camera, between, ease_in_out
from workers.compose.overlay import Overlay
from workers.compose.shots import Shot, Stage, standing, storyboard, wide
from workers.compose.typeset import Layer

_ENTER_SECONDS = 0.5  # how long words take to enter
_HEADLINE_SECONDS = 0.3  # the product alone comes first
_LEAVE_FRAMES = 5
_SLIDE = 0.022  # of the canvas's height: from how far below words rise
_SETTLE_SECONDS = 0.5  # how long an end card takes to come to rest
_LASTING = {"logo", "legal"}  # what stands through every shot
_WITH = {"was": "price", "unit_price": "price"}  # what enters together with what
_QUIET = 0.26  # how far an end card's surroundings step back: into the dark, or in a bright scene into light


class Body(OneByOne):
    """Kind `body`: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Shoot the body. Raises StepRefused for words that do not fit, or inputs that do not belong together."""
        material = open_material(task)
        cues = read_cues(task, material.frames)
        stage = _stage(material)
        shots = storyboard(stage, material.frames, material.fps, bool(cues), [cue.first for cue in cues])
        overlays = _scrims_first(_body_overlays(material, _standing(material, stage), shots, cues))
        overlays += _caption_overlays(material, cues)
        path = task.scratch / "body.mp4"
        _shoot(path, material, _through(material, shots), [shot.first for shot in shots], overlays)
        boxes = _boxes(material, "body", overlays)
        notes = {"shots": [f"{shot.kind} {shot.first}-{shot.end}" for shot in shots]}
        return Made({"picture": path, "boxes": json.dumps(boxes, sort_keys=True).encode()}, notes)


class EndCard(OneByOne):
    """Kind `endcard`: see `creative.steps.KINDS`. Goes on from the last frame of the body of the same scene and layout."""

    def make_one(self, task: Task) -> Made:
        """Shoot the end card. Raises StepRefused as `Body` does."""
        material = open_material(task)
        stage = _stage(material)
        overlays = _scrims_first(_endcard_overlays(material, stage))
        path = task.scratch / "endcard.mp4"
        rest = max(_settle_frames(material), *(overlay.stands[0] for _, overlay in overlays), 0)
        _shoot(path, material, _settling(material, stage), [0], overlays, rest)
        return Made(
            {"picture": path, "boxes": json.dumps(_boxes(material, "endcard", overlays), sort_keys=True).encode()}
        )


Placed = tuple[Layer, Overlay]


def _shoot(
    path: Path,
    material: Material,
    frames: Iterator[av.VideoFrame],
    keys: Sequence[int],
    overlays: Sequence[Placed],
    rest: int | None = None,
) -> None:
    """Encode `frames` with what lies over them; from frame `rest` on nothing changes, so nothing is drawn anew."""
    with PictureTrack(path, *material.canvas, material.fps) as track:
        for n in range(material.frames):
            if rest is None or n <= rest:
                frame = next(frames)
                for _, overlay in overlays:
                    overlay.blend(frame, n)
            track.add(frame, key=n in keys)


def _stage(material: Material) -> Stage:
    # Where words stand does not depend on the ground, only their colour does: any ground will do here.
    flat = Image.new("RGB", material.canvas, rgb(material.palette["ground"]))
    boxes: dict[bool, list[tuple[float, float, float, float]]] = {True: [], False: []}
    for layer in material.layers("body", _body_texts(material), flat):
        if layer.kind != "scrim":
            box = (float(layer.x), float(layer.y), float(layer.image.width), float(layer.image.height))
            boxes[layer.role in _LASTING].append(box)
    places = [
        tuple(map(float, group["box"]))
        for group in material.document["parts"]["body"]["groups"]
        if any(item["role"] == "caption" for item in group["items"])
    ]
    x, y, width, height = (float(edge) for edge in material.document["field"])
    return Stage(
        material.canvas,
        (x, y, width, height),
        material.scene.size,
        material.view("body"),
        material.product,
        tuple(boxes[False]),
        tuple(boxes[True]),
        tuple((x, y, w, h) for x, y, w, h in places),
    )


def _body_texts(material: Material) -> dict[str, str]:
    return {role: text for role, text in material.texts.items() if role != "caption"}


def _through(material: Material, shots: Sequence[Shot]) -> Iterator[av.VideoFrame]:
    picture = planes(np.asarray(material.scene))
    for shot in shots:
        move = [shot.view(n) for n in range(shot.first, shot.end)]
        camera = Camera(picture, material.canvas, move)
        for view in move:
            yield camera.see(view)


def _standing(material: Material, stage: Stage) -> list[Layer]:
    """The words of a body, coloured so that they read over whatever the camera brings under them.

    It does not depend on a film's length or captions, so that an end card finds the same.
    """
    clear, every = standing(stage)
    texts = _body_texts(material)
    legal = {role: text for role, text in texts.items() if role in _LASTING}
    made = material.layers("body", legal, material.ground(every), logo=False) if legal else []
    # The logo is laid out among the words, because its light or dark version goes with their colour.
    return [
        *made,
        *(layer for layer in material.layers("body", texts, material.ground(clear)) if layer.role not in legal),
    ]


def _body_overlays(
    material: Material, layers: Sequence[Layer], shots: Sequence[Shot], cues: Sequence[Cue]
) -> list[Placed]:
    made: list[Placed] = [
        (layer, Overlay(layer.image, layer.x, layer.y, 0, material.frames))
        for layer in layers
        if layer.role in _LASTING
    ]
    coming = [layer for layer in layers if layer.role not in _LASTING]
    roles = list(dict.fromkeys(layer.role for layer in coming))
    enter = round(_ENTER_SECONDS * material.fps)
    for start, end in _stretches(shots, _headline_start(material, shots, cues)):
        rise = min(enter, (end - start) // 3)
        leave = _LEAVE_FRAMES if end < material.frames else 0
        for layer in coming:
            late = min(roles.index(layer.role) * round(0.2 * material.fps), (end - start) // 3)
            slide = (0.0, 0.0) if layer.kind == "scrim" else (0.0, _SLIDE * material.canvas[1])
            made.append((layer, Overlay(layer.image, layer.x, layer.y, start + late, end, rise, leave, slide)))
    return made


def _scrims_first(overlays: Sequence[Placed]) -> list[Placed]:
    return sorted(overlays, key=lambda placed: placed[0].kind != "scrim")


def _stretches(shots: Sequence[Shot], first: int) -> list[tuple[int, int]]:
    """Stretches of frames in which text stands: the first of neighbouring shots that are clear for it, and the last."""
    stretches: list[tuple[int, int]] = []
    for shot in shots:
        if not shot.clear:
            continue
        if stretches and stretches[-1][1] == shot.first:
            stretches[-1] = (stretches[-1][0], shot.end)
        else:
            # Over a cut a word enters a moment after it: the eye finds the new picture first.
            stretches.append((shot.first + (6 if shot.first else 0), shot.end))
    found = [(max(start, first), end) for start, end in stretches if end > max(start, first)]
    return found if len(found) < 3 else [found[0], found[-1]]


def _headline_start(material: Material, shots: Sequence[Shot], cues: Sequence[Cue]) -> int:
    """Soon after the product was seen, and not together with a caption or a cut."""
    apart = round(0.27 * material.fps)
    early = round(_HEADLINE_SECONDS * material.fps)
    busy = [cue.first for cue in cues] + [shot.first for shot in shots if shot.first]
    latest = min(material.frames - 1, early + material.fps)
    for start in range(min(early, latest), latest + 1):
        if all(abs(start - moment) >= apart for moment in busy):
            return start
    return min(early, latest)


def _caption_overlays(material: Material, cues: Sequence[Cue]) -> list[Placed]:
    return [
        (layer, Overlay(layer.image, layer.x, layer.y, cue.first, cue.end, fade_frames(cue), fade_frames(cue)))
        for cue, layer in captions(material, cues)
    ]


def _settling(material: Material, stage: Stage) -> Iterator[av.VideoFrame]:
    """From the body's last view to the end card's own, while what surrounds the product steps back."""
    start, finish = wide(stage), material.view("endcard")
    sharp, quiet = planes(np.asarray(material.scene)), planes(np.asarray(_quiet(material)))
    steps = _settle_frames(material)
    move = [between(start, finish, ease_in_out((n + 1) / steps)) for n in range(steps)]
    clear, soft = Camera(sharp, material.canvas, move), Camera(quiet, material.canvas, move)
    for n, view in enumerate(move[:-1]):
        frame, share = soft.see(view), round(256 * ease_in_out((n + 1) / steps))
        for ground, before in zip(views(frame), views(clear.see(view)), strict=True):
            ground[...] = (ground * np.uint16(share) + before * np.uint16(256 - share) + 128) >> 8
        yield frame
    still = Planes(*(plane.copy() for plane in views(soft.see(move[-1]))))
    while True:
        yield frame_of(still)


def _settle_frames(material: Material) -> int:
    return min(round(_SETTLE_SECONDS * material.fps), max(1, material.frames // 3))


def _quiet(material: Material) -> Image.Image:
    """The scene with its surroundings soft and even, so that the product and the ask stand out."""
    scene = material.scene
    short = min(scene.size)
    # A blur this wide looks the same from a quarter of the size, at a tenth of the cost.
    quarter = scene.reduce(4).filter(ImageFilter.GaussianBlur(short * 0.003))
    soft = quarter.resize(scene.size, Image.Resampling.BICUBIC)
    # Bright scenes carry dark words, dark scenes light ones: stepping back must not cost contrast.
    towards = mixed((255, 255, 255), rgb(material.palette["ground"]), 0.5) if material.bright else (0, 0, 0)
    quiet = Image.blend(soft, Image.new("RGB", scene.size, towards), _QUIET)
    if material.product is None:
        return quiet
    x, y, w, h = material.product
    mask = Image.new("L", quarter.size, 0)
    grow = 0.1 * max(w, h)
    around = (x - grow, y - grow, x + w + grow, y + h + 1.6 * grow)
    ImageDraw.Draw(mask).rounded_rectangle([edge / 4 for edge in around], 0.06 * w, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(0.03 * max(w, h)))
    return Image.composite(scene, quiet, mask.resize(scene.size, Image.Resampling.BICUBIC))


def _endcard_overlays(material: Material, stage: Stage) -> list[Placed]:
    """What the body ends with stays, and moves to its place; what goes fades; then the rest enters, one by one."""
    fps, frames = material.fps, material.frames
    enter, settle = min(round(0.4 * fps), frames // 4), _settle_frames(material)
    before = _standing(material, stage)
    still = replace(material, scene=_quiet(material))
    texts = {role: text for role, text in material.texts.items() if role != "caption"}
    late: dict[str, int] = {}
    kept: list[Layer] = []
    made: list[Placed] = []
    for layer in material.layers("endcard", texts, still.ground([material.view("endcard")])):
        old = next((other for other in before if _same(other, layer)), None)
        if old is not None:
            kept.append(old)
            way = (float(old.x - layer.x), float(old.y - layer.y))
            scale = old.image.width / layer.image.width
            steps = settle if any(way) or scale != 1 else 0
            made.append((layer, Overlay(layer.image, layer.x, layer.y, 0, frames, steps, 0, way, False, scale)))
            continue
        # Not before what moves has left the place.
        start = late.setdefault(
            _WITH.get(layer.role, layer.role), min(round(0.3 * fps) + len(late) * round(0.17 * fps), frames // 3)
        )
        slide = (0.0, 0.0) if layer.kind == "scrim" else (0.0, _SLIDE * material.canvas[1])
        start = 0 if layer.kind == "scrim" else start
        made.append((layer, Overlay(layer.image, layer.x, layer.y, start, frames, enter, 0, slide)))
    for layer in before:
        if layer not in kept:
            leave = settle if layer.kind == "scrim" else min(_LEAVE_FRAMES, settle)
            # A row of the boxes needs frames in which it stands: what only fades away has none.
            gone = replace(layer, runs=(), marks=())
            made.insert(0, (gone, Overlay(layer.image, layer.x, layer.y, 0, leave, 0, leave)))
    return made


def _same(one: Layer, other: Layer) -> bool:
    """Whether two layers show the same words (or logo) in the same lines and colour, whatever their size."""

    def said(layer: Layer) -> list[tuple[str, str]]:
        return [(run["text"], run["colour"]) for run in layer.runs]

    if one.kind != other.kind or one.kind not in ("text", "logo") or one.role != other.role or said(one) != said(other):
        return False
    if abs(one.image.width * other.image.height / (one.image.height * other.image.width) - 1) > 0.04:
        return False
    # A logo has versions for light and dark grounds: as thumbnails they differ at a glance.
    small, large = (np.asarray(layer.image.resize((16, 8)), np.float64) for layer in (one, other))
    return float(np.abs(small - large).mean()) < 12


def _boxes(material: Material, part: str, overlays: Sequence[Placed]) -> Mapping[str, Any]:
    """The Boxes contract of `creative.steps`; each row for the frames in which it stands still and opaque."""
    product = material.placed(part).product

    def rows(kind: str) -> list[dict[str, Any]]:
        return [
            {**row, "first": overlay.stands[0], "end": overlay.stands[1]}
            for layer, overlay in overlays
            if overlay.stands[1] > overlay.stands[0]
            for row in getattr(layer, kind)
        ]

    return {
        "width": material.canvas[0],
        "height": material.canvas[1],
        "frames": material.frames,
        "product": None if product is None else list(product),
        "runs": rows("runs"),
        "marks": rows("marks"),
    }
