"""Moving over a picture smoothly: easing, views, and the sub-pixel warp of YUV planes.

The warp uses swscale, the fastest resampler at hand (4.5 ms for 1080x1920), which only knows whole source rectangles and
whole target sizes. For each view we therefore look for a whole rectangle and a whole size whose ratio and phase meet the
wanted place within a few hundredths of a pixel; what is scaled beyond the canvas is cut off. So nothing jitters, as it
does where a crop is rounded to pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import exp, log

import av
import numpy as np
from av.filter import Graph
from PIL import Image

from workers.compose.encode import Planes, frame_of

_MARGIN = 112  # px around the picture: room for the search below
_ENLARGED = (1.153, 1.181, 1.217, 1.259, 1.303, 1.341)
_REACH = 6  # px beyond the view that the resampling kernel reads


def ease_in_out(t: float) -> float:
    """0 to 1 with rest at both ends (smoothstep); `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def ease_out(t: float) -> float:
    """0 to 1, quick at first, coming to rest (quintic); `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return 1 - (1 - t) ** 5


def ease_drift(t: float) -> float:
    """0 to 1, nearly steady with soft ends: a camera on a dolly; `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return 0.6 * t + 0.4 * ease_in_out(t)


@dataclass(frozen=True, slots=True)
class View:
    """Where the camera looks: the source point (`x`, `y`), in px, comes to the canvas' centre, magnified by `scale`."""

    scale: float
    x: float
    y: float

    def inside(self, width: int, height: int, canvas: tuple[int, int]) -> View:
        """The nearest view that shows nothing beyond a source of `width` x `height` px."""
        scale = max(self.scale, canvas[0] / width, canvas[1] / height)
        half_w, half_h = canvas[0] / scale / 2, canvas[1] / scale / 2
        return View(scale, min(max(self.x, half_w), width - half_w), min(max(self.y, half_h), height - half_h))

    def place(self, x: float, y: float, canvas: tuple[int, int]) -> tuple[float, float]:
        """Where a source point is seen on the canvas, px."""
        return (x - self.x) * self.scale + canvas[0] / 2, (y - self.y) * self.scale + canvas[1] / 2


def between(start: View, end: View, t: float) -> View:
    """The view at `t` (0..1) of a move whose magnification grows at an even pace, aimed so that one point stays put."""
    if abs(log(end.scale / start.scale)) < 1e-6:
        share = t
    else:
        scale = start.scale * exp(log(end.scale / start.scale) * t)
        # The window's corner moves linearly in 1/scale: then the move has a fixed point instead of a curve.
        share = (1 / start.scale - 1 / scale) / (1 / start.scale - 1 / end.scale)
    scale = start.scale * exp(log(end.scale / start.scale) * t)
    return View(scale, start.x + (end.x - start.x) * share, start.y + (end.y - start.y) * share)


@dataclass(frozen=True, slots=True)
class _Span:
    """One axis: source from `start`, `length` px of it scaled to `size`, of which the canvas starts at `cut`."""

    start: int
    length: int
    size: int
    cut: int
    error: float


def _span(first: float, scale: float, canvas: int, source: int) -> _Span:
    """The whole numbers that show source px `first`.. at `scale` on `canvas` px with the least error.

    `error` is the largest shift on the canvas, px. All numbers are even, so that luma and chroma agree.
    """
    last = first + canvas / scale
    highest = int(min(first - _REACH, source)) // 2 * 2
    starts = np.arange(max(0, highest - 72), max(0, highest) + 1, 2)[:, None]
    ends = np.arange(min(int(last) + _REACH, source) // 2 * 2, min(int(last) + _REACH + 76, source) + 1, 2)[None, :]
    lengths = ends - starts
    sizes = 2 * np.rint(lengths * scale / 2).astype(int)
    ratio = sizes / lengths
    cuts = 2 * np.rint((first - starts) * ratio / 2).astype(int)
    errors = np.maximum(np.abs((first - starts) * ratio - cuts), np.abs((last - starts) * ratio - cuts - canvas))
    errors = np.where((cuts < 0) | (cuts + canvas > sizes), np.inf, errors)
    row, column = np.unravel_index(int(np.argmin(errors)), errors.shape)
    return _Span(
        int(starts[row, 0]),
        int(lengths[row, column]),
        int(sizes[row, column]),
        int(cuts[row, column]),
        float(errors[row, column]),
    )


class Camera:
    """Looks at one still picture, `canvas` (width, height) px at a time.

    The picture is enlarged a little first, by Lanczos. By how much is chosen so that no view of a move comes near a ratio
    of small numbers (1:1, 3:2), where whole rectangles can only stand on whole pixels and a slow move would jerk.
    """

    def __init__(self, picture: Planes, canvas: tuple[int, int], move: Sequence[View]) -> None:
        """`move`: the views that will be seen, in the picture's px."""
        self.width, self.height, self.canvas = picture.width, picture.height, canvas
        self._size = min(self._sizes(), key=lambda size: self._worst(size, move))
        self._source = _enlarged(picture, self._size)

    def _sizes(self) -> list[tuple[int, int]]:
        return [(round(self.width * more / 2) * 2, round(self.height * more / 2) * 2) for more in _ENLARGED]

    def _worst(self, size: tuple[int, int], move: Sequence[View]) -> float:
        return max(max(span.error for span in self._spans(view, size)) for view in move)

    def _spans(self, view: View, size: tuple[int, int]) -> tuple[_Span, _Span]:
        view = view.inside(self.width, self.height, self.canvas)
        spans = [
            _span(
                (at - canvas / view.scale / 2) * large / small + _MARGIN,
                view.scale * small / large,
                canvas,
                large + 2 * _MARGIN,
            )
            for at, canvas, small, large in zip(
                (view.x, view.y), self.canvas, (self.width, self.height), size, strict=True
            )
        ]
        return spans[0], spans[1]

    def error(self, view: View) -> float:
        """By how many px at most a point is shown beside its place."""
        return max(span.error for span in self._spans(view, self._size))

    def see(self, view: View) -> av.VideoFrame:
        """A fresh frame of the canvas' size that shows `view`."""
        across, down = self._spans(view, self._size)
        graph = Graph()
        graph.threads = 1
        chain = (
            graph.add_buffer(
                width=self._source.width,
                height=self._source.height,
                format=av.VideoFormat("yuv420p"),
                time_base=Fraction(1),
            ),
            graph.add("crop", f"{across.length}:{down.length}:{across.start}:{down.start}:exact=1"),
            graph.add("scale", f"{across.size}:{down.size}:flags=bicubic+accurate_rnd+bitexact"),
            graph.add("crop", f"{self.canvas[0]}:{self.canvas[1]}:{across.cut}:{down.cut}:exact=1"),
            graph.add("buffersink"),
        )
        for before, after in pairwise(chain):
            before.link_to(after)
        graph.configure()
        graph.push(self._source)
        frame = graph.pull()
        assert isinstance(frame, av.VideoFrame)
        return frame


def _enlarged(picture: Planes, size: tuple[int, int]) -> av.VideoFrame:
    """The planes at another size, their edges drawn out by the margin on all sides."""
    made = []
    for plane, part in ((picture.y, 1), (picture.u, 2), (picture.v, 2)):
        large = Image.fromarray(plane).resize((size[0] // part, size[1] // part), Image.Resampling.LANCZOS)
        made.append(np.pad(np.asarray(large), _MARGIN // part, mode="edge"))
    return frame_of(Planes(*made))
