"""The tree of readable names: `<folder>/<campaign>/<segment>/<placement>/<name>.<ext>`, each a symbolic link to a blob;
beside a film its subtitles, `<name>.vtt` and `<name>.srt`.

Symbolic links, since they work across file systems, show where they lead, and cannot be taken for the blob itself (to
write through a hard link would change the store's bytes). They are relative when the store lies beside the tree (under
the folder's parent), so that both can be moved together; else absolute. Each campaign's folder has a file `.links.json`
with what was made here; nothing else is ever touched.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from creative.errors import StoreError
from creative.store.port import Store

_INDEX = ".links.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_BLOB = re.compile(r"[0-9a-f]{64}")
_LONGEST = 150
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
}


class Named(Protocol):
    """What a link needs to know of an asset: `creative.registry.AssetRow` has it."""

    @property
    def ad_id(self) -> str: ...
    @property
    def campaign(self) -> str: ...
    @property
    def segment(self) -> str: ...
    @property
    def placement(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def type(self) -> str: ...


class Linked(Named, Protocol):
    """What the tree needs beside: its figures say what lies beside the ad."""

    @property
    def figures(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Tree:
    """What `link_tree` did. `left`: paths that somebody else's file occupies; they were not touched."""

    made: int
    kept: int
    removed: int
    left: tuple[Path, ...]


def link_tree(store: Store, rows: Iterable[Linked], folder: Path, campaigns: Collection[str] = ()) -> Tree:
    """Make the tree under `folder` show exactly `rows`; links of earlier calls that are not wanted any more are removed.

    Only the campaigns of `rows`, and those named in `campaigns`, are dealt with. A store that is not on this machine has no
    files to link to: nothing is made, nothing is downloaded; there people browse what is published. Raises StoreError if a blob is missing
    or the folder cannot be written.
    """
    if not store.is_local:
        return Tree(0, 0, 0, ())
    wanted: dict[str, dict[str, str]] = {safe(campaign): {} for campaign in campaigns}
    for row in rows:
        links = wanted.setdefault(safe(row.campaign), {})
        path = _free(links, row)
        links[path] = row.sha256
        for extension, sha256 in (row.figures.get("subtitles") or {}).items():
            links[f"{path.rpartition('.')[0]}.{safe(extension)}"] = sha256
    try:
        return _sum(_link(store, links, folder.absolute() / campaign) for campaign, links in sorted(wanted.items()))
    except OSError as error:
        raise StoreError(f"cannot link the tree of names in {folder}: {error.strerror or error}") from error


def safe(name: str) -> str:
    """`name` in letters, digits and ._- only, as one part of a path: accents dropped, all else a hyphen, never hidden."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return _UNSAFE.sub("-", plain).strip(".-")[:_LONGEST].rstrip(".-") or "_"


def readable(row: Named) -> tuple[str, str]:
    """The ad's path below its campaign's, and the one that it has if another ad is called the same."""
    stem = f"{safe(row.segment)}/{safe(row.placement)}/{safe(row.name)}"
    extension = EXTENSIONS.get(row.type, "bin")
    return f"{stem}.{extension}", f"{stem}-{safe(row.ad_id)}.{extension}"


def _free(links: dict[str, str], row: Named) -> str:
    path, other = readable(row)
    return path if path not in links else other


def _link(store: Store, links: dict[str, str], folder: Path) -> Tree:
    index = folder / _INDEX
    ours = _read_index(index)
    if not links and not ours:
        return Tree(0, 0, 0, ())
    folder.mkdir(parents=True, exist_ok=True)
    made = kept = removed = 0
    left: list[Path] = []
    for path in sorted(ours - links.keys()):
        link = folder / path
        if _is_ours(link):
            link.unlink()
            removed += 1
        _remove_empty(link.parent, folder)
    mine = ours & links.keys()
    # The index first: a crash in between leaves names in it without links, never links that nobody owns.
    _write_index(index, mine | {path for path in links if not os.path.lexists(folder / path)})
    for path, sha256 in sorted(links.items()):
        link = folder / path
        target = _target(store.fetch(sha256, folder.parent / ".blobs"), link)
        if link.is_symlink() and str(link.readlink()) == target:
            kept += 1
            continue
        if os.path.lexists(link) and not (path in mine and _is_ours(link)):
            left.append(link)
            continue
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh = link.with_name(f".{os.getpid()}-{link.name}"[:255])
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
        made += 1
    return Tree(made, kept, removed, tuple(left))


def _is_ours(link: Path) -> bool:
    """Whether a path of the index still is a link to a blob: somebody may have put a thing of their own there."""
    return link.is_symlink() and bool(_BLOB.fullmatch(link.readlink().name))


def _target(blob: Path, link: Path) -> str:
    """What `link` (<folder>/<campaign>/<segment>/<placement>/<name>) has to say to lead to `blob`."""
    folder = link.parents[3]
    near, blob = folder.parent.resolve(), blob.resolve()
    if near != near.parent and blob.is_relative_to(near):
        return os.path.relpath(blob, folder.resolve() / link.relative_to(folder).parent)
    return str(blob)


def _remove_empty(path: Path, top: Path) -> None:
    while path != top and path.is_relative_to(top):
        try:
            path.rmdir()
        except OSError:  # not empty, or gone: either way not ours to remove
            return
        path = path.parent


def _read_index(index: Path) -> set[str]:
    """The links made here before, as paths below the campaign's folder; those that lead out of it are not believed."""
    try:
        paths = json.loads(index.read_bytes())["links"]
        return {path for path in paths if all(safe(part) == part for part in path.split("/"))}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{index} is damaged: remove the folder {index.parent} and run again") from error


def _write_index(index: Path, paths: set[str]) -> None:
    fresh = index.with_name(f"{_INDEX}.{os.getpid()}")
    fresh.write_text(json.dumps({"links": sorted(paths)}, indent=0) + "\n")
    fresh.replace(index)


def _sum(trees: Iterable[Tree]) -> Tree:
    made = kept = removed = 0
    left: tuple[Path, ...] = ()
    for tree in trees:
        made, kept, removed, left = made + tree.made, kept + tree.kept, removed + tree.removed, left + tree.left
    return Tree(made, kept, removed, left)
