"""Flashes of a film: what can harm who is sensitive to them.

WCAG 2.2, success criterion 2.3.1 ("general flash and red flash thresholds"), which follows ITU-R BT.1702: a flash is a
pair of opposing changes. A general flash changes the relative luminance by a tenth or more while its darker picture is
below 0.8; a red one goes to or from a saturated red (R at least 0.8 of R+G+B) and changes (R - G - B) x 320 by more than
20. At most three of either in any second, where they take a quarter or more of any 10 degrees of sight: of any window of
a third of the frame's sides (341x256 of 1024x768 px).
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from workers.measure.sight import TO_LUMINANCE, Floats, Pixels, linear

GENERAL, RED = "general", "red"
MOST = 3
"""Flashes a second that are allowed."""
_LEAST_CHANGE, _DARKER = 0.1, 0.8
_RED_SHARE, _RED_CHANGE = 0.8, 20.0
_AREA = 0.25
_WINDOW = 1 / 3


class _Swings:
    """Counts, for each place of a grid, the changes of a value that oppose each other, over the last second.

    A place that crosses back by `least` or more from its last extreme has changed.
    """

    def __init__(self, least: float, span: int) -> None:
        self.least, self.span = least, span
        self._extreme: Floats | None = None
        self._marked: NDArray[np.bool_] | None = None
        self._way: NDArray[np.int8] | None = None
        self._recent: deque[NDArray[np.bool_]] = deque()
        self._count: NDArray[np.int16] | None = None

    def see(self, value: Floats, allowed: NDArray[np.bool_] | None, darker: float | None) -> NDArray[np.int16]:
        """One more frame; how many changes each place had in the last second. `allowed`: where this frame's picture may
        be an end of a change; one of both ends is enough."""
        if self._extreme is None or self._way is None or self._count is None or self._marked is None:
            self._extreme, self._way = value.copy(), np.zeros(value.shape, np.int8)
            self._count = np.zeros(value.shape, np.int16)
            self._marked = np.ones(value.shape, np.bool_) if allowed is None else allowed.copy()
            return self._count
        marked = np.ones(value.shape, np.bool_) if allowed is None else allowed
        moved = value - self._extreme
        turned = (np.abs(moved) >= self.least) & (np.sign(moved) != self._way)
        if darker is not None:
            turned &= np.minimum(value, self._extreme) < darker
        turned &= marked | self._marked
        further = np.sign(moved) == self._way
        self._way = np.where(turned, np.sign(moved), self._way).astype(np.int8)
        renewed = turned | further
        self._extreme = np.where(renewed, value, self._extreme)
        self._marked = np.where(renewed, marked, self._marked)
        self._recent.append(turned)
        self._count = self._count + turned
        if len(self._recent) > self.span:
            self._count = self._count - self._recent.popleft()
        return self._count


class Flashes:
    """Watches small pictures of a film's frames, in order. `found`: [first frame, end, kind] of what flashes too often."""

    def __init__(self, fps: Fraction) -> None:
        self.found: list[tuple[int, int, str]] = []
        self._span = max(1, int(fps))
        self._swings = {GENERAL: _Swings(_LEAST_CHANGE, self._span), RED: _Swings(_RED_CHANGE, self._span)}
        self._number = 0
        self.most = 0
        """The most flashes in one second that took such an area together; 0 for a calm film."""

    def see(self, small: Pixels) -> None:
        """One more frame, RGB of shape (rows, columns, 3)."""
        light = linear(small)
        bright = np.asarray(light @ TO_LUMINANCE, np.float32)
        whole = light.sum(axis=-1)
        saturated = (light[..., 0] >= _RED_SHARE * whole) & (whole > 0.02)
        redness = np.maximum((light[..., 0] - light[..., 1] - light[..., 2]) * 320, 0.0).astype(np.float32)
        for kind, value, allowed, darker in ((GENERAL, bright, None, _DARKER), (RED, redness, saturated, None)):
            changes = self._swings[kind].see(value, allowed, darker)
            # Two opposing changes are one flash; a frame on which nothing changed cannot bring one more.
            flashes = self._together(changes // 2)
            self.most = max(self.most, flashes)
            if flashes > MOST:
                self._say(kind)
        self._number += 1

    def _together(self, flashes: NDArray[np.int16]) -> int:
        """The most flashes that a quarter of some window had."""
        if not flashes.any():
            return 0
        rows, columns = flashes.shape
        high, wide = max(1, round(rows * _WINDOW)), max(1, round(columns * _WINDOW))
        for many in range(int(flashes.max()), 0, -1):
            sums = np.pad((flashes >= many).astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
            held = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
            if held.size and held.max() >= _AREA * high * wide:
                return many
        return 0

    def _say(self, kind: str) -> None:
        first, end = max(0, self._number - self._span + 1), self._number + 1
        for number, (since, until, before) in enumerate(self.found):
            if before == kind and first <= until:
                self.found[number] = (since, end, kind)
                return
        self.found.append((first, end, kind))
