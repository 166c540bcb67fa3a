"""Weights straight onto the card, read while the library is still being imported: that is half of the wait for a first picture."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workers.generate.ahead import tensors

_NETWORKS = ("unet", "transformer", "transformer_2", "vae")
_TEXTS = ("text_encoder", "text_encoder_2", "text_encoder_3")
_STEMS = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}


class Reading:
    """The tensors of a pipeline's networks and text encoders, on their way to a device from the moment this is made."""

    def __init__(self, folder: Path, device: Any, variant: str = "") -> None:
        self._folder, self._device, self._variant = folder, device, variant
        self._pool = ThreadPoolExecutor(2, "reading")
        self._states = {
            name: self._pool.submit(self._read, files)
            for library, names in (("diffusers", _NETWORKS[:3]), ("transformers", _TEXTS), ("diffusers", _NETWORKS[3:]))
            for name in names
            if (files := files_of(folder / name, variant, _STEMS[library]))
        }
        self._pool.shutdown(wait=False)

    def parts(self, diffusers: Any, dtype: Any) -> dict[str, Any]:
        """The pipeline's parts by name, on the device, as `from_pretrained` of its class takes them; those that their library
        would load in another way than as they lie in their files are left out, or loaded by it.
        """
        import transformers

        found: dict[str, Any] = {}
        for name, state in self._states.items():
            for module, made in ((diffusers, self._network), (transformers, self._text)):
                kind = parts_of(self._folder, module.__name__).get(name)
                if kind and (one := made(getattr(module, kind), name, state, dtype)) is not None:
                    found[name] = one
        return found

    def _read(self, files: tuple[Path, ...]) -> dict[str, Any]:
        return {name: tensor for file in files for name, tensor in tensors(file, self._device).items()}

    def _network(self, kind: Any, name: str, read: Future[dict[str, Any]], dtype: Any) -> Any:
        kept = tuple(kind._keep_in_fp32_modules or ())
        with _empty():
            made = kind.from_config(kind.load_config(str(self._folder / name), local_files_only=True))
        return self._filled(made, read.result(), dtype, kept)

    def _text(self, kind: Any, name: str, read: Future[dict[str, Any]], dtype: Any) -> Any:
        folder = str(self._folder / name)
        if not any(getattr(kind, f"_keep_in_fp32_modules{one}", None) for one in ("", "_strict")):
            config = kind.config_class.from_pretrained(folder, local_files_only=True, dtype=dtype)
            with _empty(), _undrawn():
                made = kind(config)
            if (filled := self._filled(made, read.result(), dtype, ())) is not None:
                return filled
        return kind.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True, device_map={"": str(self._device)},
            variant=self._variant or None,
        )  # fmt: skip

    def _filled(self, made: Any, read: dict[str, Any], dtype: Any, kept: tuple[str, ...]) -> Any:
        """The empty network with its tensors, in the precision in which its library would have them; None if they are others'."""
        import torch

        wanted, beside = made.state_dict(), {name for name, _ in made.named_buffers()}
        state = {name: tensor for name, tensor in read.items() if name in wanted or name not in beside}
        read.clear()  # what is turned into another precision is not held in both
        if not _fits(wanted, state):
            return None
        for name in state:
            if state[name].is_floating_point():
                whole = any(one in name.split(".") for one in kept)
                state[name] = state[name].to(torch.float32 if whole else dtype)
        made.load_state_dict(state, strict=True, assign=True)
        return made.to(self._device).eval().requires_grad_(False)


@contextlib.contextmanager
def _empty() -> Iterator[None]:
    """Networks made within it have no weights, and their buffers."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        yield


def _undrawn() -> contextlib.AbstractContextManager[None]:
    """Within it nobody draws first weights, where this version of the library can be told so."""
    with contextlib.suppress(ImportError):
        from transformers.initialization import no_init_weights

        return no_init_weights()  # type: ignore[no-any-return]  # transformers is not typed here
    return contextlib.nullcontext()


def parts_of(folder: Path, library: str = "diffusers") -> dict[str, str]:
    """The pipeline's parts that are of the library, name to class. Nothing where its index cannot be read: loading says so."""
    try:
        said = json.loads((folder / "model_index.json").read_text())
        return {name: str(one[1]) for name, one in said.items() if isinstance(one, list) and one[0] == library}
    except (OSError, ValueError, AttributeError, IndexError):
        return {}


def files_of(folder: Path, variant: str = "", stem: str = _STEMS["diffusers"]) -> tuple[Path, ...]:
    """The safetensors files of a network, one or its shards; none where there are none of that variant."""
    if (one := folder / f"{stem}{f'.{variant}' if variant else ''}.safetensors").is_file():
        return (one,)
    if (index := folder / f"{stem}.safetensors.index{f'.{variant}' if variant else ''}.json").is_file():
        return tuple(folder / name for name in sorted(set(json.loads(index.read_text())["weight_map"].values())))
    return ()


def _fits(wanted: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    """Whether the tensors are the network's own: names, forms, and the kind of numbers."""
    return wanted.keys() == state.keys() and all(
        state[name].shape == one.shape
        and (state[name].is_floating_point() if one.is_floating_point() else state[name].dtype == one.dtype)
        for name, one in wanted.items()
    )
