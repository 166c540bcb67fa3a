"""How a film goes: how bright it is, where it is cut, and when something has visibly changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workers.measure.sight import TO_LUMINANCE, Pixels, linear

_CUT = 0.12  # mean change of sRGB values between two frames (0 to 1) that is a cut, if the frames beside change less
_CUT_TIMES = 4.0
_CHANGED = 0.045  # mean change since the last one that anybody sees
_PART = 0.012  # of the picture: so much has to change strongly, where the rest stands (a word, a hand)
_STRONG = 0.22


class Pace:
    """Watches small pictures of a film's frames, in order.

    `changes`: frames on which the picture has visibly become another since the last of them (a slow zoom adds up).
    `cuts`: frames whose picture is a new one.   `bright`: mean relative luminance, 0 to 1.
    """

    def __init__(self) -> None:
        self.changes: list[int] = []
        self.cuts: list[int] = []
        self._anchor: NDArray[np.float32] | None = None
        self._before: NDArray[np.float32] | None = None
        self._steps: list[float] = []
        self._light = 0.0
        self._number = 0

    def see(self, small: Pixels) -> None:
        """One more frame, RGB of shape (rows, columns, 3)."""
        now = np.asarray(small, np.float32) / np.float32(255)
        self._light += float((linear(small) @ TO_LUMINANCE).mean())
        if self._anchor is None or self._before is None:
            self._anchor = now
        else:
            self._steps.append(float(np.abs(now - self._before).mean()))
            difference = np.abs(now - self._anchor)
            if difference.mean() > _CHANGED or (difference.max(axis=-1) > _STRONG).mean() > _PART:
                self.changes.append(self._number)
                self._anchor = now
        self._before = now
        self._number += 1

    @property
    def bright(self) -> float:
        """Of all frames."""
        return round(self._light / max(1, self._number), 4)

    def end(self) -> None:
        """Find the cuts, when every frame was seen."""
        steps = np.array([0.0, *self._steps, 0.0])
        for number in range(1, len(steps) - 1):
            beside = max(steps[number - 1], steps[number + 1], 0.004)
            if steps[number] > _CUT or (steps[number] > _CUT / 3 and steps[number] > _CUT_TIMES * beside):
                self.cuts.append(number)
