"""A licensed piece of music as a bed: its beginning, which ends with the spot."""

from __future__ import annotations

import numpy as np

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.bed import LEVEL
from workers.sound.loudness import integrated, limit
from workers.sound.wav import RATE, Samples, fade, frames_of, read_wav, resample, wav_bytes

_IN_MS, _OUT_MS = 4, 1800
_SILENT_MS = 30  # at the very end, so that a coder has nothing to cut


class Track(OneByOne):
    """Kind `bed` from a track: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Raises StepRefused for a track that cannot be read, is too short, or is silent where it would be heard."""
        ms = int(task.params["ms"])
        if "track" not in task.inputs:
            raise StepRefused("there is no track: name one in the brief (music: {track: ..., licence: ...})")
        rate, samples = read_wav(task.inputs["track"])
        music = _stereo(resample(samples[: frames_of(ms, rate) + rate], rate))[: frames_of(ms)]
        if len(music) < frames_of(ms):
            raise StepRefused(
                f"the track lasts {len(music) / RATE:.1f} s, and the ad {ms / 1000:g} s: name a longer one"
            )
        level = integrated(music, RATE)
        if not np.isfinite(level):
            raise StepRefused("the track is silent where the ad would play it: cut its beginning")
        music = limit((music * 10 ** ((LEVEL - level) / 20)).astype(np.float32), RATE, -3.0)
        music = fade(music, RATE, _IN_MS, min(_OUT_MS, ms / 4) + _SILENT_MS)
        music[-frames_of(_SILENT_MS) :] = 0
        return Made({"audio": wav_bytes(music, RATE)}, {"track": task.digests.get("track", "")})


def _stereo(samples: Samples) -> Samples:
    """(frames, 2): one channel on both sides, of more than two the first two."""
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else np.ascontiguousarray(samples[:, :2])
