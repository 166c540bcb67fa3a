"""The team's own mirror of models: a store of ours (a folder, or s3://bucket/prefix), so that a hundred workers do not ask the hub.

blobs/...                          every file, by its sha256
models/<name>/<revision>.json      its manifest, written last
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from creative.canonical import file_digest
from creative.errors import UsageError
from creative.models.bringing import check_room, incoming, is_there, locked, put_in_place
from creative.models.files import (
    Manifest,
    ModelError,
    keep_manifest,
    parse_manifest,
    problems,
    read_manifest,
    spell_manifest,
)
from creative.store import Store, open_store

_TYPES = {".json": "application/json", ".txt": "text/plain", ".md": "text/markdown"}


def mirror(models: Path, name: str, store: Store, say: Callable[[str], None] = lambda _: None) -> Manifest:
    """Put a model of this machine into the mirror; what is there already is not sent again.

    Raises ModelError for a model that is damaged here, UsageError if the mirror has other files under that revision,
    StoreError.
    """
    folder = models / name
    manifest = read_manifest(folder)
    wrong = problems(folder, manifest)
    if wrong:
        raise ModelError(f"{folder}: {'; '.join(wrong[:3])}: nothing of it was mirrored")
    entry, data = f"models/{name}/{manifest.revision}.json", spell_manifest(manifest)
    there = store.read(entry)
    if there is not None and parse_manifest(there, entry).files != manifest.files:
        raise UsageError(f"the mirror has other files as {name} at {manifest.revision}: give them another revision")
    for number, (path, file) in enumerate(sorted(manifest.files.items()), 1):
        if store.size_of(file.sha256) == file.bytes:
            continue
        say(f"{number} of {len(manifest.files)}: {path} ({file.bytes / 1e9:.2f} GB)")
        put = store.put_blob(folder / path, _TYPES.get(Path(path).suffix, "application/octet-stream"))
        if put.sha256 != file.sha256:
            raise ModelError(f"{folder / path} changed while it was sent")
    if there is None:
        store.create(entry, data)
    return manifest


def mirrored(store: Store, name: str, revision: str | None) -> Manifest | None:
    """The manifest of a model in the mirror; None if it is not there.

    Raises ModelError where it is there at several revisions and none is named.
    """
    if revision is None:
        entries = [one for one in store.names(f"models/{name}/") if one.endswith(".json")]
        if len(entries) > 1:
            named = ", ".join(Path(one).stem for one in entries)
            raise ModelError(f"the mirror has {name} at several revisions ({named}): pin the row's `model` to one")
        if not entries:
            return None
        entry = entries[0]
    else:
        entry = f"models/{name}/{revision}.json"
    data = store.read(entry)
    if data is None:
        return None
    manifest = parse_manifest(data, f"{entry} of the mirror")
    if manifest.name != name or (revision and manifest.revision != revision):
        raise ModelError(f"{entry} of the mirror is of another model: mirror {name} again")
    return manifest


def bring(
    url: str,
    models: Path,
    name: str,
    revision: str | None,
    *,
    check: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Manifest | None:
    """Bring a model from the mirror to this machine, once, whoever asks; None if the mirror does not have it. `check`: hold what
    is there against its sha256, and bring it anew if it is damaged.

    What was cut off is never taken for whole: each file is held against its sha256 before it gets its name, and the
    manifest comes last. Raises ModelError, UsageError, StoreError.
    """
    with locked(models, name, say):
        if is_there(models, name, revision):
            here = read_manifest(models / name)
            wrong = problems(models / name, here) if check else []
            if not wrong:
                say(f"{name} is there already, at {here.revision}")
                return here
            say(f"{name} is damaged ({'; '.join(wrong[:3])}): it is brought again")
            revision = here.revision
        store = open_store(url, create=False)
        manifest = mirrored(store, name, revision)
        if manifest is None:
            return None
        part = incoming(models, f"{name}-{manifest.revision}")
        cache = models / ".incoming" / f"{name}-{manifest.revision}.blobs"
        missing = {path: file for path, file in manifest.files.items() if not _is_whole(part / path, file.sha256)}
        check_room(models, sum(file.bytes for file in missing.values()), name)
        say(f"{name} at {manifest.revision}: {len(missing)} files from the mirror")
        for path, file in missing.items():
            found = store.fetch(file.sha256, cache)
            _take(found, part / path, file.sha256, own=found.is_relative_to(cache))
        for left in sorted(part.rglob("*")):  # of a fetch that was cut off
            if left.is_file() and left.relative_to(part).as_posix() not in manifest.files:
                left.unlink()
        keep_manifest(part, manifest)
        put_in_place(part, models / name)
        shutil.rmtree(cache, ignore_errors=True)
        return manifest


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and file_digest(path) == sha256


def _take(source: Path, target: Path, sha256: str, *, own: bool) -> None:
    """A file from what the store gave: moved if it was downloaded for us, else copied; it gets its name when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    if own:
        source.rename(part)
    else:
        shutil.copyfile(source, part)
        if file_digest(part) != sha256:
            part.unlink()
            raise ModelError(f"{source} of the mirror is damaged: mirror the model again")
    part.chmod(0o644)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
