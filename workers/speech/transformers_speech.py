"""Voices of the library `transformers`: pocket-tts, which clones; VITS and Bark, which clone with a converter behind them.

One backend for the library: `model_type` in the folder's `config.json` says which model it is. Safetensors only, no code from
the folder, nothing from the net.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from creative.models.files import ModelError
from workers.models.libraries import transformers_ready
from workers.models.weights import weights
from workers.speech.coqui import config_of
from workers.speech.devices import device_of, dtype_of
from workers.speech.neural import Engine, Neural, weights_spec


class TransformersSpeech(Neural):
    """Says sentences with a model of `transformers`.

    Options besides those of `Neural`: `codec` names pocket-tts' audio tokenizer where it is a model of its own; `converter`
    the OpenVoice weights that give a voice the recording's colour; `flight` how many lines are read side by side; `dtype`,
    `graphs`, `compile`: speed on a GPU, without effect on a CPU.
    """

    def _weights(self) -> list[str]:
        more = [self.spec.options[name] for name in ("codec", "converter") if name in self.spec.options]
        return [*super()._weights(), *map(str, more)]

    def load(self) -> Engine:
        """The engine of the folder's model. Raises ModelError for one that this backend does not know."""
        folder, options = weights(self.spec), self.spec.options
        kind, device = str(config_of(folder).get("model_type")), device_of(options)
        transformers_ready()
        if kind == "pocket_tts":
            from workers.speech.pocket import Pocket

            codec = weights(weights_spec(self.spec, str(options["codec"]))) if "codec" in options else None
            return Pocket.load(folder, codec, device, dtype_of(options, device), options)
        if kind == "vits":
            from workers.speech.hf_vits import HfVits

            return self._coloured(HfVits(folder, device))
        if kind == "bark":
            from workers.speech.bark import Bark

            return self._coloured(Bark(folder, device, dtype_of(options, device)))
        raise ModelError(f"{folder} is a model {kind!r}, and this backend reads with pocket_tts, vits and bark")

    def _coloured(self, base: Engine) -> Engine:
        """The voice, with the converter behind it that the row names."""
        more = self.spec.options.get("converter")
        if not more:
            return base
        from workers.speech.coloured import Coloured
        from workers.speech.conversion import converter

        return Coloured(base, converter(self.spec, str(more), self.rehearsal))


def loaded(cls: Any, folder: Path, device: str, dtype: Any) -> Any:
    """A pretrained model from its folder: safetensors, offline, no code of its own, in `dtype` on `device`, for reading only.

    Raises ModelError where the files are not this model's: the library itself would make up what they lack.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        model, told = cls.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=dtype, output_loading_info=True,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            f"{folder} cannot be loaded as {cls.__name__} ({' '.join(str(error).split())[:300]}): pull the model again"
        ) from error
    lacking = sorted(told["missing_keys"]) or sorted(map(str, told["mismatched_keys"]))
    if lacking:
        raise ModelError(
            f"the weights in {folder} are of another model than its config.json: {cls.__name__} finds no {lacking[0]} in them"
        )
    model.to(device).eval()
    model.requires_grad_(False)
    return model
