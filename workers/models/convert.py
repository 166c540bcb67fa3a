"""The child that makes a pickled file safe: `python -m workers.models.convert SOURCE TARGET .safetensors|.json`.

It reads tensors and plain values, nothing that has to be called. What a file was saved with beside them, such as a
training's settings, becomes an empty shape without code. Exit code 1, with one line on stderr, for everything else.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # Linux: CLONE_NEWUSER, CLONE_NEWNET
_INERT = ("TTS.", "trainer.", "coqpit.", "mutagen.")
"""What coqui's files name beside their tensors: their own settings. Nothing of it is imported."""
_PLAIN = frozenset(
    (
        "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "collections.defaultdict",
        "_codecs.encode", "__builtin__.dict", "builtins.dict",
    )
)  # fmt: skip
_GB = 1 << 30


class _Shape:
    """Stands where a class was that nobody needs: takes whatever it is given and keeps none of it."""

    def __new__(cls, *_: object, **__: object) -> _Shape:
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        """Nothing."""

    def __setstate__(self, _: object) -> None:
        """Nothing."""


def main() -> None:
    """Convert, or say in one line why not."""
    source, target, suffix = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    _jail(source.stat().st_size)
    try:
        if source.suffix == ".npy":
            _save_array(source, target)
            return
        found = _load(source)
        if suffix == ".json":
            target.write_text(json.dumps(_plain(found), ensure_ascii=False), "utf-8")
        else:
            _save(found, target)
    except Exception as error:  # noqa: BLE001  whatever a hostile file leads to is one line, and exit code 1
        sys.stderr.write(f"{_line(error)}\n")
        sys.exit(1)


def _jail(size: int) -> None:
    """Give up the network where that is allowed, and bound what a hostile file can take."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NET)
    memory = 3 * size + 12 * _GB
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, 900),
        (resource.RLIMIT_FSIZE, 2 * size + _GB),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _load(source: Path) -> Any:
    import torch
    from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

    torch.set_num_threads(1)
    named: list[str] = []
    with contextlib.suppress(ValueError):  # not a zip file: the older format, of which torch names nothing
        named = get_unsafe_globals_in_checkpoint(str(source))
    foreign = sorted(name for name in named if not name.startswith(_INERT) and name not in _PLAIN)
    if foreign:
        raise ValueError(f"it calls {', '.join(foreign[:3])}: a file of weights that runs code is never loaded")
    shapes = [(_shape(), name) for name in named if name.startswith(_INERT)]
    plain = [(one, name) for name in named if name in _PLAIN if (one := _real(name)) is not None]
    with safe_globals([*shapes, *plain, *(_dtypes() if plain else [])]):
        return torch.load(str(source), map_location="cpu", weights_only=True)


def _dtypes() -> list[type]:
    """What a number of numpy's is: a trainer notes its loss as one. Not the kind that holds any Python object."""
    import numpy as np

    return [one for name, one in vars(np.dtypes).items() if name.endswith("DType") and name != "ObjectDType"]


def _shape() -> type[_Shape]:
    return type("_Shape", (_Shape,), {})


def _real(name: str) -> Any:
    import importlib

    module, _, attribute = name.rpartition(".")
    module = {"__builtin__": "builtins"}.get(module, module).replace("numpy.core", "numpy._core")
    return getattr(importlib.import_module(module), attribute, None)


def _save_array(source: Path, target: Path) -> None:
    """An array of numpy's, which needs no torch."""
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"prompt": np.ascontiguousarray(np.load(source, allow_pickle=False))}, target, metadata={"format": "pt"})


def _save(found: Any, target: Path) -> None:
    from safetensors.torch import save_file

    root = found
    for name in ("model", "state_dict", "model_state_dict"):
        if isinstance(root, dict) and isinstance(root.get(name), dict):
            root = root[name]
            break
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in _tensors(root, "")}
    if not tensors:
        raise ValueError("it has no tensors in it")
    save_file(tensors, target, metadata={"format": "pt"})


def _tensors(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every tensor below, named by its way: "model.encoder.weight"."""
    import torch

    if isinstance(value, torch.Tensor):
        yield path or "tensor", value
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from _tensors(below, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for number, below in enumerate(value):
            yield from _tensors(below, f"{path}.{number}" if path else str(number))


def _plain(value: Any) -> Any:
    """As JSON. Raises ValueError for anything else."""
    if isinstance(value, dict):
        return {str(name): _plain(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError(f"it has a {type(value).__name__} in it, which JSON cannot say")


def _line(error: BaseException) -> str:
    """Its first line; of torch's long advice what it is about, without how to switch the refusal off."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    unsafe = next((line for line in lines if "Unsupported" in line or "Trying to" in line), None)
    text = unsafe or (lines[0] if lines else type(error).__name__)
    code = ": it runs code, or is no file of weights" if "nsupported" in text or "Weights only" in text else ""
    return f"{text[:300]}{code}".replace(os.linesep, " ")


if __name__ == "__main__":
    main()
