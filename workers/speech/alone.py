"""Engines whose model reads one line after another, in a voice of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from creative.errors import StepRefused
from workers.sound.wav import Samples
from workers.speech.neural import Line, Said


class Alone:
    """A subclass says one line (`say`), and has `rate` and `hears`."""

    flight = 1  # its numbers are drawn for a whole batch: a line would depend on its neighbours
    rate: int
    hears: int

    def voice(self, sound: Samples) -> Any:
        """It clones none. Raises StepRefused."""
        del sound
        raise StepRefused("this voice is one of its own, and clones none: its row needs a converter")

    def read(self, lines: Sequence[Line]) -> Sequence[Said]:
        """One read a line."""
        return [self.say(line) for line in lines]

    def say(self, line: Line) -> Said:
        """The read of a line."""
        raise NotImplementedError


def heard(made: Any) -> Said:
    """A read from the samples that a model made, in whatever shape, number format and place."""
    return Said(np.asarray(made.flatten().float().cpu().numpy(), np.float32))
