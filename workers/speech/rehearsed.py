"""Reads of a rehearsal: random weights say noise of any length, which is cut or repeated to what a voice would take.

Only rows that say `rehearsal: true` come here; a real voice's read of a wrong length is refused instead.
"""

from __future__ import annotations

import numpy as np

from creative.errors import AttemptRefused
from workers.sound.wav import Samples, fade

_PEAK = 0.5
_QUIETEST = 1e-9


def rehearsed(audio: Samples, rate: int, seconds: float) -> tuple[Samples, str]:
    """The noise with exactly so many seconds and a peak of 0.5, and in words what was done to it, for the receipt.

    Raises AttemptRefused where there is nothing at all.
    """
    peak = float(np.abs(audio).max(initial=0.0))
    if not len(audio) or peak < _QUIETEST:
        raise AttemptRefused("the read is silent")
    wanted = max(1, round(seconds * rate))
    done = "repeated" if len(audio) < wanted else "cut"
    did = f"random weights: noise of {len(audio) / rate:.2f} s, {done} to {wanted / rate:.2f} s, which its text would take"
    made = np.tile(audio, -(-wanted // len(audio)))[:wanted] * np.float32(_PEAK / peak)
    return fade(made, rate, 10, 10), did
