"""What a model made, looked at before anybody keeps it: no NaN, not black, not flat, not the same picture twice."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import numpy.typing as npt

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
        if float(pixels.mean()) < _DARK:
            raise AttemptRefused("the model made a black picture")
        if float(pixels.std(axis=(0, 1)).max()) < _FLAT:
            raise AttemptRefused("the model made a picture of one colour")
        name = digest(pixels.tobytes())
        with self._one_at_a_time:
            before = self._seen.setdefault(name, wish)
            self._seen.move_to_end(name)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        if before != wish:
            raise AttemptRefused("the model made the same picture as for another wish: it does not listen")

    def film(self, frames: Pixels, finite: bool, wish: str) -> None:
        """Raise AttemptRefused for (frames, h, w, 3) that nobody can use."""
        if not finite:
            raise AttemptRefused("the model made NaN: nothing can be seen in it")
        for frame in frames:
            if float(frame.mean()) < _DARK:
                raise AttemptRefused("the model made a film with black pictures")
        self.picture(frames[len(frames) // 2], finite, wish)
        if len(frames) > 1:
            small = frames[:, ::4, ::4].astype(np.int16)
            if float(np.abs(np.diff(small, axis=0)).mean()) < _STILL:
                raise AttemptRefused("the model made a film in which nothing moves")
