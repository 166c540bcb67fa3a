"""Where the product is in a photo: U2-Netp (Qin et al., 2020; Apache-2.0) on onnxruntime, on the CPU."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from creative.errors import StepError, UsageError
from creative.resources import templates

MODEL = "u2netp.onnx"
SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
SIDE = 320
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as the network was trained
_AROUND = 0.14  # of the product's longer side: what the second look shows around it

Floats = npt.NDArray[np.float32]


def saliency(image: Image.Image) -> tuple[Floats, float]:
    """How sure it is that each pixel is product, 0 to 1, in two looks: at all, then at where something was found.

    Also how strong the strongest answer was before it was stretched to 1: of an empty ground, that is little.
    """
    first, strength = _look(image)
    box = _box(first)
    if box is None:
        return first, strength
    left, top, right, bottom = box
    margin = round(_AROUND * max(right - left, bottom - top))
    around = (
        max(0, left - margin),
        max(0, top - margin),
        min(image.width, right + margin),
        min(image.height, bottom + margin),
    )
    area = (around[2] - around[0]) * (around[3] - around[1])
    if area > 0.8 * image.width * image.height:
        return first, strength
    near, _ = _look(image.crop(around))
    second = np.zeros_like(first)
    second[around[1] : around[3], around[0] : around[2]] = near
    return second, strength


def _look(image: Image.Image) -> tuple[Floats, float]:
    small = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    values = np.asarray(small, np.float32) / 255
    values = (values / max(float(values.max()), 1e-6) - _MEAN) / _SPREAD
    session = _session()
    answer = session.run(None, {session.get_inputs()[0].name: values.transpose(2, 0, 1)[None].astype(np.float32)})[0]
    map_: Floats = np.asarray(answer[0, 0], np.float32)
    low, high = float(map_.min()), float(map_.max())
    map_ = (map_ - low) / max(high - low, 1e-6)
    grown = Image.fromarray(map_).resize(image.size, Image.Resampling.BICUBIC)
    return np.clip(np.asarray(grown, np.float32), 0, 1), high


def _box(map_: Floats) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of what is more likely product than not."""
    rows, columns = np.flatnonzero((map_ > 0.5).any(1)), np.flatnonzero((map_ > 0.5).any(0))
    if not len(rows) or not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@cache
def _session() -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise UsageError(
            "cutting out photos needs the Python package onnxruntime: pip install 'creative-farm[studio]'"
        ) from error
    data = (templates() / "models" / MODEL).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise StepError(f"{MODEL} is not the file that it should be: install the package again")
    settings = onnxruntime.SessionOptions()
    # One thread: the sums of several come in another order, and the step's bytes would change with the machine's load.
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
