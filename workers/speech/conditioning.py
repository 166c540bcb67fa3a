"""The recording that a voice is cloned from: checked, brought to the model's rate, and made its conditioning once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from creative.backends import Task
from creative.canonical import file_digest
from creative.errors import StepRefused
from workers.sound.wav import RATE, Samples, fade, resample
from workers.speech.recording import heard

LEAST_S, MOST_S = 3.0, 30.0
"""Seconds of voice: below, no model knows a voice; above, none listens any more."""
_KEPT = 64
_EDGE = 0.05  # seconds kept around the voice


def reference(path: Path, rate: int, most_s: float = MOST_S) -> Samples:
    """The recording's voice at `rate`, mono, peak 0.7, from its first word on, at most `most_s` seconds.

    Raises StepRefused for a file that is no usable recording, and for one with less than three seconds of voice.
    """
    read = heard(path)
    voiced = sum(end - start for start, end in read.spoken)
    if voiced < LEAST_S:
        raise StepRefused(
            f"the recording has {voiced:.1f} s of voice: a voice is cloned from at least {LEAST_S:g}, best 10 to 30"
        )
    begin = max(0.0, read.spoken[0][0] - _EDGE)
    # Ends in the last pause that fits: a model that hears half a word goes on with it.
    end = max((end for _, end in read.spoken if end - begin <= most_s - _EDGE), default=begin + most_s - _EDGE) + _EDGE
    sound = read.audio[round(begin * RATE) : round(end * RATE)]
    return np.ascontiguousarray(resample(fade(sound, RATE, 10, 20), RATE, rate))


def reference_of(task: Task) -> tuple[Path, str]:
    """The recording of a step, and its sha256. Raises StepRefused where the step has none."""
    path = task.inputs.get("reference")
    if path is None:
        raise StepRefused("this voice is cloned, and the step has no recording to clone: input `reference`")
    return path, task.digests.get("reference") or file_digest(path)


class Voices:
    """What a model made of recordings, by their sha256: the last 64."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Any] = OrderedDict()

    def get(self, digest: str, make: Callable[[], Any]) -> Any:
        """The conditioning of a recording, made by `make` if it is new."""
        if digest not in self._kept:
            self._kept[digest] = make()
        self._kept.move_to_end(digest)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[digest]
