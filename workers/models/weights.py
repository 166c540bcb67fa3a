"""The folder that a backend loads its model from: on this machine, whole, and checked once in each process."""

from __future__ import annotations

import threading
from pathlib import Path

from creative.backends import BackendSpec
from creative.models.files import Manifest, ModelError, is_name, models_folder, problems, read_manifest

_checked: dict[Path, Manifest] = {}
_one_at_a_time = threading.Lock()


def weights(spec: BackendSpec, scratch: Path | None = None) -> Path:
    """The folder of the model that the row names in `options: {weights: NAME}`, every file held against its sha256.

    Safetensors, JSON, text and tokenizers' models are all that is in it. The first call in a process reads every file;
    later ones cost nothing. Raises ModelError (a UsageError) in plain words: no such weights here, another sha256, a file
    that is pickled, another revision than the row's.
    """
    del scratch
    name = spec.options.get("weights")
    if not isinstance(name, str) or not is_name(name):
        raise ModelError(f"the row {spec.name} of the catalogue does not say its weights: options: {{weights: NAME}}")
    folder = models_folder() / name
    with _one_at_a_time:
        manifest = _checked.get(folder)
        if manifest is None:
            manifest = _checked[folder] = _check(folder, name)
    _compare(spec, manifest, folder)
    return folder


def manifest_of(spec: BackendSpec) -> Manifest:
    """The manifest of the row's weights, checked as by `weights`."""
    return _checked[weights(spec)]


def _check(folder: Path, name: str) -> Manifest:
    if not folder.is_dir():
        raise ModelError(
            f"the weights of {name} are not in {folder.parent}: creative models pull {name}, or name their folder in "
            "CREATIVE_MODELS"
        )
    manifest = read_manifest(folder)
    wrong = problems(folder, manifest)
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(f"{folder}: {'; '.join(wrong[:3])}{more}: creative models pull {name} brings it again")
    return manifest


def _compare(spec: BackendSpec, manifest: Manifest, folder: Path) -> None:
    """Raise ModelError if the row is pinned to another revision ("<repo> <revision>") than these files have."""
    _, _, revision = (spec.model or "").partition(" ")
    if revision and revision != manifest.revision:
        raise ModelError(
            f"{folder} has revision {manifest.revision}, and the row {spec.name} is pinned to {revision}: "
            f"creative models pull {spec.options['weights']} --revision {revision}"
        )
