"""The folder that a backend loads its model from: on this machine, whole, and checked.

Where it is not there yet, one process of the machine brings it while the others wait: from the team's mirror
(CREATIVE_MODELS_MIRROR, a store), else from the hub, unless CREATIVE_OFFLINE or HF_HUB_OFFLINE says no.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from creative.backends import BackendSpec
from creative.errors import UsageError
from creative.models.bringing import pull
from creative.models.files import MANIFEST, Manifest, ModelError, is_name, models_folder, problems, read_manifest
from creative.models.hub import is_offline
from creative.models.mirror import bring
from creative.models.rows import own_models
from creative.models.seen import Seen
from creative.scratch import own_folder

_checked: dict[Path, Manifest] = {}
_one_at_a_time = threading.Lock()


def weights(spec: BackendSpec, scratch: Path | None = None) -> Path:
    """The folder of the model that the row names in `options: {weights: NAME}`, every file held against its sha256.

    Safetensors, JSON, text and tokenizers' models are all that is in it. The first call on a machine reads every file; later
    ones only look whether they are still the same files (`creative.models.seen`). Raises ModelError (a UsageError) in plain words: no such weights here, another sha256, a file
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
            if not (folder / MANIFEST).is_file():
                _bring(folder.parent, name, _revision(spec))
            manifest = _checked[folder] = _check(folder, name)
    _compare(spec, manifest, folder)
    return folder


def manifest_of(spec: BackendSpec) -> Manifest:
    """The manifest of the row's weights, checked as by `weights`."""
    return _checked[weights(spec)]


def _bring(models: Path, name: str, revision: str | None) -> None:
    """From the mirror, else from the hub. Raises ModelError that says what was tried."""
    mirror, tried = os.environ.get("CREATIVE_MODELS_MIRROR", ""), []
    if mirror:
        if bring(mirror, models, name, revision) is not None:
            return
        tried.append("the mirror does not have them")
    row = own_models().get(name)
    if row is None:
        tried.append("no table of the package names the model")
    elif row.archive:
        tried.append(f"they come from {row.archive}")
    elif is_offline():
        tried.append("no hub is asked, by setting")
    elif not (revision or row.revision):
        tried.append("their row is not pinned to a revision, and no worker picks one")
    else:
        try:
            pull(row, models, revision=revision)
            return
        except UsageError as error:
            tried.append(str(error))
    raise ModelError(
        f"the weights of {name} are not in {models} ({'; '.join(tried)}): creative models pull {name}, or name "
        "their folder in CREATIVE_MODELS"
    )


def _revision(spec: BackendSpec) -> str | None:
    return (spec.model or "").partition(" ")[2] or None


def _check(folder: Path, name: str) -> Manifest:
    manifest = read_manifest(folder)
    seen = Seen(own_folder() / "hashed.json")
    wrong = problems(folder, manifest, hashed=seen.digest)
    seen.keep()
    if wrong:
        more = f", and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(f"{folder}: {'; '.join(wrong[:3])}{more}: creative models pull {name} brings it again")
    return manifest


def _compare(spec: BackendSpec, manifest: Manifest, folder: Path) -> None:
    """Raise ModelError if the row is pinned to another revision ("<repo> <revision>") than these files have."""
    revision = _revision(spec)
    if revision and revision != manifest.revision:
        raise ModelError(
            f"{folder} has revision {manifest.revision}, and the row {spec.name} is pinned to {revision}: "
            f"creative models pull {spec.options['weights']} --revision {revision}"
        )
