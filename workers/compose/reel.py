"""A set that moves by itself: a clip of it, without the product, in a scene's place before the camera.

The camera moves over it and the product is laid before it exactly as where a scene stands still: `depth` only asks for
another picture of the set in each frame. A clip may be of any size; it always shows the whole of its scene.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image

from creative.errors import StepRefused

_GLIMPSES = 6


@dataclass(slots=True)
class Reel:
    """What a camera is shown of a set that moves: its picture now. `size`: the px in which the camera takes it."""

    size: tuple[int, int]
    now: av.VideoFrame

    def turning(self, clip: Path, count: int, frames: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """`frames`, each made while the clip's frame of the same number is shown. Raises StepRefused if it has not `count`."""
        for picture in pictures(clip, count):
            self.now = picture
            frame = next(frames, None)
            if frame is None:
                return
            yield frame


@dataclass(frozen=True, slots=True)
class Glimpses:
    """A clip at a glance: a few of its `pictures`, which words have to be readable on, and its `last` frame."""

    pictures: tuple[Image.Image, ...]
    last: av.VideoFrame


def glimpses(clip: Path, count: int, size: tuple[int, int]) -> Glimpses:
    """Look through the first `count` frames of a clip; pictures of `size` px. Raises StepRefused for a clip that is
    shorter, or no clip."""
    step = max(1, count // _GLIMPSES)
    seen = []
    last: av.VideoFrame | None = None
    for number, frame in enumerate(pictures(clip, count)):
        if number % step == 0 or number == count - 1:
            seen.append(Image.fromarray(frame.to_ndarray(format="rgb24")).resize(size, Image.Resampling.BILINEAR))
        last = frame
    assert last is not None
    return Glimpses(tuple(seen), last)


def pictures(clip: Path, count: int) -> Iterator[av.VideoFrame]:
    """A clip's first `count` frames. Raises StepRefused where it has fewer, or cannot be read."""
    made = 0
    try:
        with av.open(str(clip), "r", format="mp4") as file:
            stream = file.streams.video[0]
            stream.thread_count = 1
            for frame in file.decode(stream):
                if made == count:
                    return
                made += 1
                yield frame
    except (av.FFmpegError, IndexError) as error:
        raise StepRefused(f"the clip cannot be read: {error}") from error
    if made < count:
        raise StepRefused(f"the clip has {made} frames, the body {count}")
