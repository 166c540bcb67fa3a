"""Bodies: a placed scene, or footage, moved over by a camera, with words that enter and leave.

Each scene is turned into YUV planes once; every frame is a warp of these planes (`motion`, `depth`), with the words blended
where they are (`overlay`), and goes straight to the encoder (`encode`). moviepy would draw every frame as an RGB array and
is six times slower: it has no place here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import av
import numpy as np
from PIL import Image

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.compose.captions import captions, fades
from workers.compose.depth import Depth, Scenery
from workers.compose.encode import Planes, frame_of, views
from workers.compose.ground import Ground
from workers.compose.kinetic import Shown, Timing, enter_frames, entering, leave_frames, shown
from workers.compose.material import Cue, Material, open_material, read_cues, worst
from workers.compose.motion import View, Window, ease_in_out
from workers.compose.opening import Opening, opened, opening_of
from workers.compose.shoot import (
    LASTING,
    body_layers,
    boxes,
    dissolve,
    in_order,
    ink_of,
    lay,
    lifted,
    off_surfaces,
    quiet,
    quiet_scenery,
    scenery,
    shoot,
    size_of,
    staged,
    surfaces,
)
from workers.compose.shots import Shot, storyboard
from workers.compose.typeset import Layer

_HEADLINE_SECONDS = 0.3  # the product alone comes first
_RACK_SECONDS = 0.6  # from a soft set to a sharp one
_LONG_SECONDS = 8  # longer ones have a middle without headline
_SEEN_SECONDS = 0.8  # a caption that the end card cuts off sooner would only flash: subtitles have it whole
_LOGO_FRAMES = 6  # how long the logo takes to come where a film starts over


class Body(OneByOne):
    """Kind `body`: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Shoot the body. Raises StepRefused for words that do not fit, or inputs that do not belong together."""
        material = open_material(task)
        cues = read_cues(task, material.frames)
        stage = staged(material)
        shots = storyboard(
            stage, material.frames, material.fps, bool(cues), [cue.first for cue in cues], material.motion
        )
        layers = body_layers(material, stage, _worst_of(material) if material.footage else None)
        opening = opening_of(material, stage, shots, cues)
        words = in_order(_words(material, off_surfaces(layers, material.canvas), shots, cues, opening))
        words += _captions(material, cues)
        ground = Ground(material.canvas, material.window("body"), surfaces(layers))
        low, high = ([], words) if material.footage else lifted(material, "body", words)
        path = task.scratch / "body.mp4"

        def frames() -> Iterator[av.VideoFrame]:
            if material.footage:
                return (ground.under(frame) for frame in _footage(material))
            sharp = scenery(material)
            soft: Scenery | None = None
            steps = 0
            if stage.card is not None or (material.motion == "rack" and shots[0].end > 1):
                soft = quiet_scenery(sharp, quiet(material, ink_of(layers)))
                steps = min(round(_RACK_SECONDS * material.fps), shots[0].end // 2)
            rest = shots if opening is None else shots[1:]
            begun = iter(()) if opening is None else opened(opening, material, ground, sharp, soft, steps)
            seen = _through(material, rest, sharp, soft, steps, low)
            coming = chain(begun, (ground.under(frame) for frame in seen))
            if sharp.reel is None or material.clip is None:
                return coming
            return sharp.reel.turning(material.clip, material.frames, coming)

        finer = shoot(path, material, frames, [shot.first for shot in shots], high)
        notes = {"shots": [f"{shot.kind} {shot.first}-{shot.end}" for shot in shots], "finer": finer}
        return Made({"picture": path, "boxes": boxes(material, "body", words)}, notes)


def _through(
    material: Material, shots: Sequence[Shot], sharp: Scenery, soft: Scenery | None, steps: int, low: Sequence[Shown]
) -> Iterator[av.VideoFrame]:
    """What the camera sees, out of a `soft` set in the first `steps` frames of the film; `low` lies between the set and the
    product."""
    for shot in shots:
        looks = [shot.look(n) for n in range(shot.first, shot.end)]
        camera = Depth(sharp, size_of(material.window("body")), looks)
        before = Depth(soft, size_of(material.window("body")), looks) if soft is not None and not shot.first else None
        for n, look in enumerate(looks):
            frame = camera.ground(look)
            if before is not None and n < steps:
                dissolve(frame, before.ground(look), 1 - ease_in_out(n / steps))
            lay(frame, low, shot.first + n)
            camera.lay(frame, look)
            yield frame


def _footage(material: Material) -> Iterator[av.VideoFrame]:
    """The clip's frames. Raises StepRefused when it is not as long and as large as the body."""
    window, view = material.window("body"), material.view("body")
    assert material.clip is not None
    count = 0
    with av.open(str(material.clip), "r", format="mp4") as file:
        stream = file.streams.video[0]
        stream.thread_count = 1
        for frame in file.decode(stream):
            if (frame.width, frame.height) != material.canvas:
                raise StepRefused(f"the clip is {frame.width}x{frame.height}, the film is not")
            count += 1
            if count > material.frames:
                return
            yield _seen(frame, view, window)
    if count < material.frames:
        raise StepRefused(f"the clip has {count} frames, the body {material.frames}")


def _seen(frame: av.VideoFrame, view: View, window: Window) -> av.VideoFrame:
    """A frame as a view has it in a window, fresh and writable: where the end card's own view goes on from."""
    width, height = size_of(window)
    wide, high = (
        max(part, round(side * view.scale / 2) * 2)
        for side, part in zip((frame.width, frame.height), (width, height), strict=True)
    )
    left = min(max(0, round((view.x * view.scale - width / 2) / 2) * 2), wide - width)
    top = min(max(0, round((view.y * view.scale - height / 2) / 2) * 2), high - height)
    same = (wide, high) == (frame.width, frame.height)
    scaled = (
        frame.reformat(format="yuv420p", threads=1)
        if same
        else frame.reformat(wide, high, "yuv420p", interpolation="BICUBIC", threads=1)
    )
    cut = [
        plane[top // part : (top + height) // part, left // part : (left + width) // part].copy()
        for plane, part in zip(views(scaled), (1, 2, 2), strict=True)
    ]
    return frame_of(Planes(*cut))


def _worst_of(material: Material) -> Image.Image:
    """One ground that is as hard to write on as the worst of the clip's frames."""
    small = (max(1, material.canvas[0] // 4), max(1, material.canvas[1] // 4))
    looked = max(1, material.frames // 24)
    pictures = [
        np.asarray(Image.fromarray(frame.to_ndarray(format="rgb24")).resize(small, Image.Resampling.BOX))
        for n, frame in enumerate(_footage(material))
        if n % looked == 0
    ]
    board = Image.fromarray(worst(pictures)).resize(size_of(material.window("body")), Image.Resampling.NEAREST)
    whole = Image.new("RGB", material.canvas, (128, 128, 128))
    whole.paste(board, material.window("body")[:2])
    return whole


def _words(
    material: Material, layers: Sequence[Layer], shots: Sequence[Shot], cues: Sequence[Cue], opening: Opening | None
) -> list[Shown]:
    fps, frames = material.fps, material.frames
    # What lies on surfaces that close in comes when they stand.
    begin = opening.end if opening is not None and opening.whole else 0
    comes = begin or (material.loops and not material.logo_stays)
    logo = _LOGO_FRAMES if comes and frames > begin + 2 * _LOGO_FRAMES else 0
    made = [
        shown(layer, Timing(begin, frames, logo if layer.role == "logo" else 0))
        for layer in layers
        if layer.role in LASTING
    ]
    coming = [layer for layer in layers if layer.role not in LASTING]
    roles = list(dict.fromkeys(layer.role for layer in coming))
    first = max(_headline_start(material, shots, cues), begin + _LOGO_FRAMES if begin else 0)
    # On a panel of their own words are in nobody's way, and without them it would be empty.
    aside = material.window("body") != (0, 0, *material.canvas)
    for start, end in [(first, frames)] if aside and first < frames - 1 else _stretches(shots, first, fps):
        enter = min(enter_frames(fps), (end - start) // 4)
        leave = min(leave_frames(fps), (end - start) // 5) if end < frames else 0
        for layer in coming:
            late = min(roles.index(layer.role) * round(0.4 * fps), (end - start) // 3)
            timing = Timing(start + late, end, enter, leave, fps, (end - start) // 4)
            made.append(entering(layer, timing, material.motion, material.canvas, material.direction))
    return made


def _stretches(shots: Sequence[Shot], first: int, fps: int) -> list[tuple[int, int]]:
    """Stretches of frames in which text stands: the first of neighbouring shots that are clear for it, and the last."""
    stretches: list[tuple[int, int]] = []
    for shot in shots:
        if not shot.clear:
            continue
        if stretches and stretches[-1][1] == shot.first:
            stretches[-1] = (stretches[-1][0], shot.end)
        else:
            # Over a cut a word enters a moment after it: the eye finds the new picture first.
            stretches.append((shot.first + (5 if shot.first else 0), shot.end))
    if shots[-1].end > _LONG_SECONDS * fps and len(shots) > 3:
        # Words that never leave are wallpaper: in between, product and captions have the picture to themselves.
        stretches = [(start, min(end, shots[1].end)) for start, end in stretches[:1]] + [
            (max(start, shots[-1].first + 5), end) for start, end in stretches[-1:]
        ]
    found = [(max(start, first), end) for start, end in stretches if end > max(start, first) + 1]
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


def _captions(material: Material, cues: Sequence[Cue]) -> list[Shown]:
    return [
        shown(layer, Timing(cue.first, cue.end, *fades(cues, cue)))
        for cue, layer in captions(material, cues)
        if cue.end < material.frames or cue.end - cue.first >= _SEEN_SECONDS * material.fps
    ]
