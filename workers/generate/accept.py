"""What a model made, looked at before anybody keeps it: no NaN, not black, not flat, not the same picture twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from creative.canonical import digest
from creative.errors import AttemptRefused

Pixels = npt.NDArray[np.uint8]

_DARK = 4.0
"""Mean of 0 to 255 under which a picture is black; the darkest of real night scenes have ten and more."""
_FLAT = 1.5
"""Deviation of 0 to 255 under which a picture shows nothing."""
_STILL = 0.15
"""Mean change from frame to frame, 0 to 255, under which a film stands still: real ones have grain at least."""
_REMEMBERED = 512


class Accepting:
    """Remembers what was made by digest, so that a picture that comes twice for different wishes is told."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, str] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def picture(self, pixels: Pixels, finite: bool, wish: str) -> None:
        """Raise AttemptRefused for (h, w, 3) that nobody can use. `wish`: what was asked for, seed and all."""
        if not finite:
            raise AttemptRefused("the model made NaN: nothing can be seen in it")
        light, deviation = spread(pixels)
        if light < _DARK:
            raise AttemptRefused("the model made a black picture")
        if deviation < _FLAT:
            raise AttemptRefused("the model made a picture of one colour")
        name = digest(pixels.tobytes())
        with self._one_at_a_time:
            before = self._seen.setdefault(name, wish)
            self._seen.move_to_end(name)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        if before != wish:
            raise AttemptRefused("the model made the same picture as for another wish: it does not listen")

    def film(self, count: int, wish: str) -> Watched:
        """Of a film of `count` frames that comes in parts."""
        return Watched(self, count, wish)


def spread(pixels: Pixels) -> tuple[float, float]:
    """Mean of (h, w, 3), and the largest deviation of its channels: counted, a tenth of the work of looking at each value twice.

    Of a batch it stands between the card and its packing.
    """
    counts = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).histogram(), np.float64).reshape(-1, 256)
    levels, each = np.arange(256.0), counts.sum(1)
    means = counts @ levels / each
    squares = counts @ levels**2 / each
    return float(means.mean()), float(np.sqrt(np.maximum(squares - means**2, 0)).max())


class Watched:
    """One film, looked at while it comes. A part is refused when it is seen, the whole when nothing moved in it."""

    def __init__(self, accepting: Accepting, count: int, wish: str) -> None:
        self._accepting, self._wish, self._middle = accepting, wish, count // 2
        self._seen, self._change = 0, 0.0
        self._last: Any = None
        self._kept: Pixels | None = None

    def add(self, frames: Pixels, finite: bool) -> None:
        """Raise AttemptRefused for the next frames (n, h, w, 3) if nobody can use them."""
        if not finite:
            raise AttemptRefused("the model made NaN: nothing can be seen in it")
        small = frames[:, ::4, ::4].astype(np.int16)
        if float(small.mean(axis=(1, 2, 3)).min()) < _DARK:
            raise AttemptRefused("the model made a film with black pictures")
        if self._seen <= self._middle < self._seen + len(frames):
            self._kept = frames[self._middle - self._seen].copy()
        joined = small if self._last is None else np.concatenate([self._last, small])
        if len(joined) > 1:
            self._change += float(np.abs(np.diff(joined, axis=0)).mean(axis=(1, 2, 3)).sum())
        self._last, self._seen = small[-1:], self._seen + len(frames)

    def end(self) -> None:
        """Raise AttemptRefused for a film that is none, or that another wish had too."""
        if self._kept is None:
            raise AttemptRefused("the model made too few pictures")
        self._accepting.picture(self._kept, True, self._wish)
        if self._seen > 1 and self._change / (self._seen - 1) < _STILL:
            raise AttemptRefused("the model made a film in which nothing moves")
