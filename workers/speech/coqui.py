"""The library `TTS` (coqui-tts, MPL-2.0): imported so that it works with torch for CPUs too, its models built from their
configuration, and their state loaded from safetensors by ourselves: the library's own loader unpickles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from creative.errors import UsageError
from creative.models.files import ModelError
from workers.models.libraries import torchaudio_ready


def ready() -> None:
    """Make `import TTS` possible, whoever has imported a part of it before. Raises UsageError where the extra is missing."""
    try:
        torchaudio_ready()
        import TTS  # noqa: F401
        from transformers.utils import logging
    except ImportError as error:
        raise UsageError(
            f"this voice needs coqui-tts with torchaudio and torchcodec ({str(error).strip().splitlines()[0]}): "
            "pip install 'creative-farm[voice]' -c constraints.txt"
        ) from error
    logging.set_verbosity_error()  # of GPT-2's tokens, which XTTS does not have


def config_of(folder: Path, name: str = "config.json") -> dict[str, Any]:
    """The folder's `config.json`, or another of its settings. Raises ModelError."""
    try:
        said = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} has no {name} that can be read: pull the model again") from error
    if not isinstance(said, dict):
        raise ModelError(f"{folder}/{name} is not a model's configuration: pull the model again")
    return said


def load_state(model: Any, folder: Path, leave: Iterable[str] = (), files: str = "*.safetensors") -> None:
    """Give a model the tensors of the folder's safetensors files. Raises ModelError where one is missing or of no use.

    `leave`: prefixes of tensors that only training needs, in the file or in the model. `files`: which of the folder's.
    """
    from safetensors.torch import load_file

    leave = tuple(leave)
    state = {
        name.removeprefix("xtts."): tensor
        for file in sorted(folder.glob(files))
        for name, tensor in load_file(file).items()
        if not name.removeprefix("xtts.").startswith(leave)
    }
    if not state:
        raise ModelError(f"{folder} has no safetensors with tensors in it: pull the model again")
    try:
        missing, more = model.load_state_dict(state, strict=False)
    except RuntimeError as error:  # a tensor of another shape
        raise ModelError(
            f"the weights in {folder} are of another model than its config.json: {_short(error)}"
        ) from error
    missing = [name for name in missing if not name.startswith(leave)]
    if missing or more:
        what = f"lacks {missing[0]}" if missing else f"has {more[0]}, which the model does not"
        raise ModelError(f"the weights in {folder} are of another model than its config.json: it {what}")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
