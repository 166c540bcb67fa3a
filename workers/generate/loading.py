"""Weights straight onto the card, read while the library is still being imported: that is half of the wait for a first picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

_NETWORKS = ("unet", "transformer", "transformer_2", "vae")
_STEM = "diffusion_pytorch_model"


class Reading:
    """The tensors of a pipeline's networks, on their way to a device from the moment this is made. Text encoders are read by
    their own library.
    """

    def __init__(self, folder: Path, device: Any, variant: str = "") -> None:
        self._folder, self._device, self._variant = folder, device, variant
        self._pool = ThreadPoolExecutor(2, "reading")
        self._states = {
            name: self._pool.submit(self._read, files)
            for name in _NETWORKS
            if (files := files_of(folder / name, variant))
        }
        self._pool.shutdown(wait=False)

    def parts(self, diffusers: Any, dtype: Any) -> dict[str, Any]:
        """The pipeline's parts by name, on the device, as `from_pretrained` of its class takes them; those that their library
        would load in another way than as they lie in their files are left out.
        """
        said = json.loads((self._folder / "model_index.json").read_text())
        found: dict[str, Any] = {}
        for name, state in self._states.items():
            library, kind = said.get(name) or (None, None)
            if (
                library == "diffusers"
                and (made := self._network(getattr(diffusers, str(kind)), name, state, dtype)) is not None
            ):
                found[name] = made
        import transformers

        for name, (library, kind) in ((name, one) for name, one in said.items() if isinstance(one, list)):
            if library == "transformers" and name.startswith("text_encoder"):
                found[name] = getattr(transformers, str(kind)).from_pretrained(
                    str(self._folder / name), dtype=dtype, use_safetensors=True, local_files_only=True,
                    device_map={"": str(self._device)}, variant=self._variant or None,
                )  # fmt: skip
        return found

    def _read(self, files: tuple[Path, ...]) -> dict[str, Any]:
        from safetensors.torch import load_file

        return {name: tensor for file in files for name, tensor in load_file(file, device=str(self._device)).items()}

    def _network(self, kind: Any, name: str, read: Future[dict[str, Any]], dtype: Any) -> Any:
        from accelerate import init_empty_weights

        if getattr(kind, "_keep_in_fp32_modules", None):
            return None
        state = read.result()
        with init_empty_weights(include_buffers=False):
            made = kind.from_config(kind.load_config(str(self._folder / name), local_files_only=True))
        if not _fits(made.state_dict(), state, dtype):
            return None
        made.load_state_dict(state, strict=True, assign=True)
        return made.to(self._device).eval().requires_grad_(False)


def files_of(folder: Path, variant: str = "") -> tuple[Path, ...]:
    """The safetensors files of a network, one or its shards; none where there are none of that variant."""
    stem = f"{_STEM}.{variant}" if variant else _STEM
    if (one := folder / f"{stem}.safetensors").is_file():
        return (one,)
    if (index := folder / f"{_STEM}.safetensors.index{f'.{variant}' if variant else ''}.json").is_file():
        return tuple(folder / name for name in sorted(set(json.loads(index.read_text())["weight_map"].values())))
    return ()


def _fits(wanted: Mapping[str, Any], state: Mapping[str, Any], dtype: Any) -> bool:
    """Whether the tensors are the network's own: names, forms, and the kind of numbers that it is to compute with."""
    return wanted.keys() == state.keys() and all(
        state[name].shape == one.shape and (state[name].dtype == dtype or not one.is_floating_point())
        for name, one in wanted.items()
    )
