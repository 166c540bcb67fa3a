"""How good a voice sounds: DNSMOS (Microsoft, MIT), whose weights come with `speechmos` (MIT).

Reddy, Gopal, Cutler, "DNSMOS P.835", ICASSP 2022: a net that takes 9.01 s of speech at 16 kHz and guesses what listeners
would say of the speech, of what is behind it, and of both; a quadratic maps its raw figures to their scale of 1 to 5.
It judges the voice alone, before music: it takes music for noise.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from creative.backends import Made, Task
from creative.errors import StepRefused, UsageError
from workers.backend import OneByOne
from workers.media.decode import read, sound_of

_RATE, _SAMPLES = 16_000, 144_160
_SCALE = {
    "speech": (-0.08397278, 1.22083953, 0.0052439),
    "quiet": (-0.13166888, 1.60915514, -0.39604546),
    "overall": (-0.06766283, 1.11546468, 0.04602535),
}
_SILENT = 10 ** (-50 / 20)


class Speech(OneByOne):
    """One read."""

    def make_one(self, task: Task) -> Made:
        """See kind `judge`. figures: `speech`, `quiet` (how little is behind it), `overall`, 1 to 5."""
        data, kind = read(task.inputs["voice"])
        heard = sound_of(data, kind)
        if heard is None:
            raise StepRefused("there is no voice to be judged")
        mono = heard.signal.mean(axis=0, dtype=np.float64)
        loud = np.flatnonzero(np.abs(mono) > _SILENT)
        if not len(loud):
            raise StepRefused("the voice is silent")
        mono = mono[loud[0] : loud[-1] + 1]
        divisor = int(np.gcd(_RATE, heard.rate))
        sound = resample_poly(mono, _RATE // divisor, heard.rate // divisor).astype(np.float32)
        sound = np.clip(sound, -1, 1)
        # The net hears one length only: a shorter read is said again, a longer one is heard second by second.
        sound = np.tile(sound, -(-_SAMPLES // len(sound)))
        starts = (
            range(0, len(sound) - _SAMPLES + 1, _RATE)
            if len(sound) < 3 * _SAMPLES
            else range(0, len(sound) - _SAMPLES + 1, 4 * _RATE)
        )
        session = _session(self.threads)
        name = session.get_inputs()[0].name
        raw = np.mean([session.run(None, {name: sound[None, at : at + _SAMPLES]})[0][0] for at in starts], axis=0)
        figures = {
            what: round(float(np.clip(np.polyval(_SCALE[what], value), 1, 5)), 2)
            for what, value in zip(("speech", "quiet", "overall"), raw, strict=True)
        }
        return Made({"figures": json.dumps(figures, sort_keys=True).encode()})


@functools.cache
def _session(threads: int) -> Any:
    import onnxruntime

    # Its own module wants librosa, which nothing here needs: the weights are all that is taken.
    found = importlib.util.find_spec("speechmos")
    if found is None or found.origin is None:
        raise UsageError(
            "there is no package speechmos: install the extra that has it, pip install 'creative-farm[judges]'"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    path = Path(found.origin).parent / "dnsmos_models" / "sig_bak_ovr.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
