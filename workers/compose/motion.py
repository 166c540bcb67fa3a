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
from av.video.reformatter import Interpolation
from numpy.typing import NDArray
from PIL import Image

from workers.compose.encode import Planes, frame_of, views

_MARGIN = 112  # px around the picture: room for the search below
_ENLARGED = (1.0, 1.071, 1.153, 1.217, 1.303)
_GOOD = 0.09  # px: an error that nobody sees; larger sources cost time
_LOOKED_AT = 9  # views of a move that choose the enlargement
_REACH = 6  # px beyond the view that the resampling kernel reads
_HOW = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT


def ease_in_out(t: float) -> float:
    """0 to 1 with rest at both ends (smoothstep); `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def ease_out(t: float) -> float:
    """0 to 1, quick at first, coming to rest (quintic); `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return 1 - (1 - t) ** 5


def ease_in(t: float) -> float:
    """0 to 1, leaving from rest (cubic); `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return t * t * t


def ease_drift(t: float) -> float:
    """0 to 1, nearly steady with soft ends: a camera on a dolly; `t` is clamped to 0..1."""
    t = min(max(t, 0.0), 1.0)
    return 0.6 * t + 0.4 * ease_in_out(t)


Window = tuple[int, int, int, int]
"""x, y, width, height on the canvas, px: even numbers."""


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


def across(view: View, window: Window, canvas: tuple[int, int]) -> View:
    """A view of a window on the canvas as one of the whole canvas."""
    x, y, w, h = window
    return View(
        view.scale, view.x + (canvas[0] / 2 - x - w / 2) / view.scale, view.y + (canvas[1] / 2 - y - h / 2) / view.scale
    )


def showing(view: View, hole: Window, size: tuple[int, int], canvas: tuple[int, int]) -> View:
    """The nearest view of the canvas that shows nothing beyond a source of `size` px within a `hole` in the canvas."""
    x, y, w, h = hole
    scale = max(view.scale, w / size[0], h / size[1])
    left, top = view.x + (x - canvas[0] / 2) / scale, view.y + (y - canvas[1] / 2) / scale
    shift_x = min(max(left, 0.0), size[0] - w / scale) - left
    shift_y = min(max(top, 0.0), size[1] - h / scale) - top
    return View(scale, view.x + shift_x, view.y + shift_y)


def moving(one: Window, other: Window, share: float) -> Window:
    """The window at `share` (0 to 1) of the way from one to another; even numbers, as all windows are."""
    edges = [(a, a + c) for a, c in ((one[0], one[2]), (one[1], one[3]))]
    goals = [(a, a + c) for a, c in ((other[0], other[2]), (other[1], other[3]))]
    (left, right), (top, bottom) = (
        (round((a + (c - a) * share) / 2) * 2, round((b + (d - b) * share) / 2) * 2)
        for (a, b), (c, d) in zip(edges, goals, strict=True)
    )
    return (left, top, right - left, bottom - top)


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

    The picture is enlarged a little first, by Lanczos, where a view of the move would come near a ratio of small numbers
    (1:1, 3:2): there whole rectangles can only stand on whole pixels, and a slow move would jerk.
    """

    def __init__(
        self,
        picture: Planes,
        canvas: tuple[int, int],
        move: Sequence[View],
        windows: Sequence[Window] | None = None,
    ) -> None:
        """`move`: the views that will be seen, in the picture's px; they are kept within the picture, unless only `windows`
        of them are seen, one for each view."""
        self.width, self.height, self.canvas = picture.width, picture.height, canvas
        self._inside = windows is None
        step = max(1, len(move) // _LOOKED_AT)
        seen = list(zip(move, windows or [(0, 0, *canvas)] * len(move), strict=True))
        looked = [*seen[::step], seen[-1]]
        best = float("inf")
        for size in self._sizes():
            worst = max(max(span.error for span in self._spans(view, size, window)) for view, window in looked)
            if worst < best:
                best, self._size = worst, size
            if worst < _GOOD:
                break
        self._source = _enlarged(picture, self._size)
        self._shown: av.VideoFrame | None = None
        self._format = "yuv420p" if picture.alpha is None else "yuva420p"

    def _sizes(self) -> list[tuple[int, int]]:
        return [(round(self.width * more / 2) * 2, round(self.height * more / 2) * 2) for more in _ENLARGED]

    def _spans(self, view: View, size: tuple[int, int], window: Window) -> tuple[_Span, _Span]:
        if self._inside:
            view = view.inside(self.width, self.height, self.canvas)
        spans = [
            _span(
                (at + (start - canvas / 2) / view.scale) * large / small + _MARGIN,
                view.scale * small / large,
                length,
                large + 2 * _MARGIN,
            )
            for at, canvas, small, large, start, length in zip(
                (view.x, view.y), self.canvas, (self.width, self.height), size, window[:2], window[2:], strict=True
            )
        ]
        return spans[0], spans[1]

    def error(self, view: View) -> float:
        """By how many px at most a point is shown beside its place."""
        return max(span.error for span in self._spans(view, self._size, (0, 0, *self.canvas)))

    def show(self, picture: av.VideoFrame) -> None:
        """Look at another picture of any size from now on, as if it were as large as the one before."""
        if picture is self._shown:
            return
        scaled = picture.reformat(*self._size, format="yuv420p", interpolation=_HOW, threads=1)
        self._source = _drawn_out(views(scaled))
        self._shown = picture

    def see(self, view: View, window: Window | None = None) -> av.VideoFrame:
        """A fresh frame that shows `view`: of the canvas' size, or only of a `window` (x, y, w, h: even numbers) on it."""
        window = window or (0, 0, *self.canvas)
        across, down = self._spans(view, self._size, window)
        graph = Graph()
        graph.threads = 1
        chain = (
            graph.add_buffer(
                width=self._source.width,
                height=self._source.height,
                format=av.VideoFormat(self._format),
                time_base=Fraction(1),
            ),
            graph.add("crop", f"{across.length}:{down.length}:{across.start}:{down.start}:exact=1"),
            graph.add("scale", f"{across.size}:{down.size}:flags=bicubic"),
            graph.add("crop", f"{window[2]}:{window[3]}:{across.cut}:{down.cut}:exact=1"),
            graph.add("buffersink"),
        )
        for before, after in pairwise(chain):
            before.link_to(after)
        graph.configure()
        graph.push(self._source)
        frame = graph.pull()
        assert isinstance(frame, av.VideoFrame)
        # Nothing cropped and nothing scaled: then the filters hand the source's own planes on, which words are laid over.
        frame.make_writable()
        return frame


def _enlarged(picture: Planes, size: tuple[int, int]) -> av.VideoFrame:
    """The planes at another size, their edges drawn out by the margin on all sides."""
    made = []
    for plane, part in ((picture.y, 1), (picture.u, 2), (picture.v, 2), (picture.alpha, 1)):
        if plane is None:
            continue
        large = plane
        if size != (picture.width, picture.height):
            image = Image.fromarray(plane).resize((size[0] // part, size[1] // part), Image.Resampling.LANCZOS)
            large = np.asarray(image)
        made.append(large)
    return _drawn_out(made)


def _drawn_out(made: Sequence[NDArray[np.uint8]]) -> av.VideoFrame:
    """Planes (luma, two of chroma, opacity if there is one) with the margin on all sides."""
    parts = zip(made, (1, 2, 2, 1), strict=False)
    return frame_of(Planes(*(np.pad(plane, _MARGIN // part, mode="edge") for plane, part in parts)))
