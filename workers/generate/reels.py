"""What becomes of a painted film on the way to its step's outputs: cut to the scene, shaded, at the brief's rate, an MP4.

It goes on while the film's last pictures are still latents, in a thread of its own: encoding leaves Python to itself, and
no card waits for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from creative.backends import Task
from creative.errors import StepRefused
from workers.clip.clip import Track
from workers.generate.accept import Pixels, Watched
from workers.generate.painting import Seen
from workers.generate.shapes import Shape
from workers.scene import develop
from workers.scene.frame import Box
from workers.scene.library import shadowed

THREADS = 4
"""Of one film's encoder, whatever the machine: another number gives other bytes."""
PRESET = "ultrafast"
"""The clip is read once or twice, by the films that show it: what counts is that it is there soon. See `Track`."""
_STRETCH = 1.25
"""How much slower than it was made a film may be shown before it goes back instead."""

Planes = npt.NDArray[np.uint8]
"""A picture as codecs have it, 4:2:0: (3 h / 2, w), lightness above colour."""


@dataclass(frozen=True, slots=True)
class Set:
    """A scene: the set `bare` of its product, and the product's layer in its box, px. `side`: -1 if light comes from the
    left, 1 from the right."""

    bare: Image.Image
    product: Image.Image | None
    box: Box
    side: float


@dataclass(frozen=True, slots=True)
class Reel:
    """What a film is to be: `count` frames at `fps`, of `made` frames at `rate`. `shaded`: with the product's shadow."""

    stage: Set
    form: Shape
    made: int
    rate: int
    count: int
    fps: int
    shaded: bool

    @property
    def size(self) -> tuple[int, int]:
        """Px of the clip: the scene's part of what is made, with even sides, as codecs want them; at least 16 px."""
        _, _, w, h = self.form.crop
        return max(w // 2 * 2, 16), max(h // 2 * 2, 16)


def stage(task: Task) -> Set:
    """The step's scene, without its product. Raises StepRefused for one that is damaged."""
    try:
        image = Image.open(task.inputs["image"]).convert("RGB")
        meta = json.loads(task.inputs["meta"].read_bytes())
        product, plate = meta["product"], meta["plate"]
        layer = Image.open(task.inputs["layer"]).convert("RGBA") if product and plate else None
        if plate and layer is not None:
            image.paste(Image.open(task.inputs["plate"]).convert("RGB"), tuple(plate[:2]))
        x, y, w, h = product if layer is not None else (0, 0, 1, 1)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StepRefused(f"the scene of this film cannot be read: {error}") from error
    return Set(image, layer, (x, y, w, h), -1.0 if meta.get("light") == "left" else 1.0)


def length(seconds: float, rule: Mapping[str, int]) -> int:
    """How many frames a model makes for that many seconds, by its row's {most, step, plus, fps}."""
    wanted = math.ceil(seconds * rule["fps"])
    steps = max(math.ceil((wanted - rule["plus"]) / rule["step"]), 1)
    return min(steps, (rule["most"] - rule["plus"]) // rule["step"]) * rule["step"] + rule["plus"]


def times(count: int, fps: int, made: int, rate: int) -> Iterator[float]:
    """For each of `count` frames at `fps`, its place (0 to made - 1) among `made` frames of `rate` a second."""
    last = made - 1
    needed, there = count / fps, made / rate
    if there < needed <= there * _STRETCH:
        yield from (last * number / max(count - 1, 1) for number in range(count))
        return
    for number in range(count):
        place = number / fps * rate % (2 * last) if last else 0.0  # forth and back
        yield min(place if place <= last else 2 * last - place, float(last))


def filmed(parts: Iterable[Seen], reel: Reel, watched: Watched, path: Path) -> Pixels:
    """Encode a film while it comes; its last frame (h, w, 3). Raises AttemptRefused for a film that is none."""
    came = _Came(parts, reel, watched)
    places = list(times(reel.count, reel.fps, reel.made, reel.rate))
    with Track(path, *reel.size, reel.fps, THREADS, PRESET) as track:
        for place in places:
            track.add_planes(came.at(place))
        came.rest()
    watched.end()
    return came.picture(places[-1])


class _Came:
    """A film's frames as far as they are there; those that are asked for are waited for."""

    def __init__(self, parts: Iterable[Seen], reel: Reel, watched: Watched) -> None:
        self._parts, self._reel, self._watched = iter(parts), reel, watched
        self._frames: list[Pixels] = []
        self._planes: dict[int, Planes] = {}
        self._shade: tuple[slice, slice, npt.NDArray[np.uint16]] | None = None

    def at(self, place: float) -> Planes:
        """The frame at a place: between two of the film's both are seen."""
        before, after, share = _between(place, self._reel.made)
        if not share:
            return self._plane(before)
        return _mixed(self._plane(before), self._plane(after), share)

    def picture(self, place: float) -> Pixels:
        """The same in colours (h, w, 3)."""
        before, after, share = _between(place, self._reel.made)
        return np.ascontiguousarray(
            _mixed(self._frame(before), self._frame(after), share) if share else self._frame(before)
        )

    def rest(self) -> None:
        """What is left of the film is looked at too."""
        while self._more():
            pass

    def _plane(self, number: int) -> Planes:
        found = self._planes.get(number)
        if found is None:
            while len(self._planes) > 2:  # a film goes forth, or back: never far from where it is
                del self._planes[next(iter(self._planes))]
            found = self._planes[number] = Track.planes(self._frame(number))
        return found

    def _frame(self, number: int) -> Pixels:
        while len(self._frames) <= number and self._more():
            pass
        return self._frames[min(number, len(self._frames) - 1)]

    def _more(self) -> bool:
        part = next(self._parts, None)
        if part is None:
            return False
        self._watched.add(part.pixels, part.finite)
        x, y, *_ = self._reel.form.crop
        wide, high = self._reel.size
        for frame in part.pixels[:, y : y + high, x : x + wide]:
            self._frames.append(self._shaded(frame) if self._reel.shaded else frame)
        return True

    def _shaded(self, frame: Pixels) -> Pixels:
        """A frame of a film that was made from words, with the shadow that the product throws on it."""
        if self._shade is None:
            self._shade = _shade(self._reel.stage, self._reel.size)
        rows, columns, shade = self._shade
        shaded = frame.copy()
        shaded[rows, columns] = (shaded[rows, columns] * shade + 127) // 255
        return shaded


def _between(place: float, made: int) -> tuple[int, int, int]:
    """The frames before and after a place, and the second one's share of 256; 0 where the first alone is seen."""
    before, share = int(place), round((place - int(place)) * 256)
    after = min(before + 1, made - 1)
    if 2 < share < 254:
        return before, after, share
    return (after, after, 0) if share > 128 else (before, before, 0)


def _mixed(before: Pixels, after: Pixels, share: int) -> Pixels:
    mixed = before * np.uint16(256 - share)
    mixed += after * np.uint16(share)
    mixed += 128
    mixed >>= 8
    return mixed.astype(np.uint8)


def _shade(scene: Set, size: tuple[int, int]) -> tuple[slice, slice, npt.NDArray[np.uint16]]:
    """Where the product's shadow falls on frames of that size, and how light they are there, 0 to 255 (h, w, 1)."""
    wide, high = size
    if scene.product is None:
        return slice(0, 0), slice(0, 0), np.zeros((0, 0, 1), np.uint16)
    scale = wide / scene.bare.width
    x, y, w, h = (round(value * scale) for value in scene.box)
    box = (x, y, max(w, 1), max(h, 1))
    product = develop.fitted(scene.product, box)
    white = shadowed(Image.new("RGB", (wide, high), (255, 255, 255)), product, box, scene.side)
    shade = develop.grounded(np.asarray(white), product, box)[..., :1].astype(np.uint16)
    dark = shade[..., 0] < 255
    rows, columns = (np.flatnonzero(dark.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0, 0), slice(0, 0), shade[:0, :0]
    down, across = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return down, across, shade[down, across]


__all__ = ["Reel", "Set", "filmed", "length", "stage", "times"]
