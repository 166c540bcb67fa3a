"""Open Image Denoise, kept ready: building its device takes longer than cleaning a picture."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


@contextlib.contextmanager
def _lazily(name: str) -> Iterator[None]:
    """As if a package were not installed, unless it is loaded already."""
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system's own sign for it
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]


# pyoidn loads torch if it is there, for tensors that it is never given here: two seconds and 300 MB in every worker.
with _lazily("torch"):
    import pyoidn

Floats = npt.NDArray[np.float32]


@functools.lru_cache(2)
def _device(threads: int) -> Any:
    """A device with its own number of threads (the package's one-call form takes all cores)."""
    device = pyoidn.Device(pyoidn.OIDN_DEVICE_TYPE_CPU)
    device.set_int("numThreads", max(threads, 1))
    device.set_bool("setAffinity", False)
    device.commit()
    return device


def denoise(colour: Floats, albedo: Floats, normal: Floats | None, threads: int) -> Floats:
    """(h, w, 3) linear light, cleaned. `albedo` and `normal`: of the same picture, a little noisy is no harm."""
    planes = {pyoidn.OIDN_IMAGE_COLOR: colour, pyoidn.OIDN_IMAGE_ALBEDO: albedo}
    if normal is not None:
        planes[pyoidn.OIDN_IMAGE_NORMAL] = normal
    device = _device(threads)
    result = _filtered(device, planes, pyoidn.OIDN_QUALITY_HIGH, hdr=True)
    error = device.get_error()
    if error is not None:
        raise RuntimeError(f"Open Image Denoise: {error}")
    return result


def _filtered(device: Any, planes: Mapping[str, Floats], quality: int, **settings: bool) -> Floats:
    held = {name: np.ascontiguousarray(plane, np.float32) for name, plane in planes.items()}
    result: Floats = np.zeros(next(iter(held.values())).shape, np.float32)
    with pyoidn.Filter(device, pyoidn.OIDN_FILTER_TYPE_RT) as filter_:
        for name, plane in {**held, pyoidn.OIDN_IMAGE_OUTPUT: result}.items():
            filter_.set_image(name, plane, pyoidn.OIDN_FORMAT_FLOAT3)
        filter_.set_quality(quality)
        for name, value in settings.items():
            filter_.set_bool(name, value)
        filter_.commit()
        filter_.execute()
    return result
