"""Libraries of models, imported so that they work with torch for CPUs too, and without a word on stderr."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from creative.errors import UsageError
from workers.models.later import alone, compiler_later, spared

_EXTENSION = "torchaudio._extension"


def torchaudio_ready() -> None:
    """Make `import torchaudio` possible where it is installed; transformers and TTS import it then.

    The registry's torchaudio is built for CUDA; with torch for CPUs its extension cannot be loaded. Nothing here needs it
    (resampling is plain torch), so that it is stood in for. Raises ImportError where there is no torchaudio.
    """
    try:
        importlib.import_module("torchaudio")
    except (OSError, RuntimeError):
        for name in [name for name in sys.modules if name == "torchaudio" or name.startswith("torchaudio.")]:
            del sys.modules[name]
        sys.modules[_EXTENSION] = _stand_in()
        importlib.import_module("torchaudio")


def transformers_ready() -> None:
    """Make what transformers imports where it is installed importable: with torch for CPUs, see `torchaudio_ready`."""
    with contextlib.suppress(ImportError):  # nobody asks for it then
        torchaudio_ready()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within it the libraries' own warnings, which are for their developers, are not heard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def diffusers_ready(*classes: str) -> Any:
    """The module `diffusers`, quiet and offline, and `classes` of it imported, as far as it has them. Raises UsageError where the
    extra is missing.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for name in ("transformers", "diffusers"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with quiet(), spared():
            from huggingface_hub import constants

            # Weights come by `workers.models.weights`, never while a step is made. Said to the library, not to the environment:
            # there it would be the operator's word, and this process would fetch no other model.
            constants.HF_HUB_OFFLINE = True
            alone()
            compiler_later()
            transformers_ready()
            import diffusers
            import transformers
    except ImportError as error:
        raise UsageError(
            f"this model needs diffusers, torch and transformers ({str(error).strip().splitlines()[0]}): "
            "pip install 'creative-farm[diffusion]' -c constraints.txt"
        ) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    with quiet(), spared():
        for name in classes:
            getattr(diffusers, name, None)
    return diffusers


def _stand_in() -> types.ModuleType:
    module = types.ModuleType(_EXTENSION)
    nothing: Callable[..., Any] = lambda *_, **__: None  # noqa: E731
    module._IS_TORCHAUDIO_EXT_AVAILABLE = False  # type: ignore[attr-defined]
    module._IS_RIR_AVAILABLE = False  # type: ignore[attr-defined]
    module._IS_ALIGN_AVAILABLE = False  # type: ignore[attr-defined]
    module._check_cuda_version = nothing  # type: ignore[attr-defined]
    module.fail_if_no_align = lambda function: function  # type: ignore[attr-defined]
    module.fail_if_no_rir = lambda function: function  # type: ignore[attr-defined]
    return module
