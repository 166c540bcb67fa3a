"""Reading a brief: the file, its tables, brand kit, media and scripts; everything that is wrong, at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from creative.brief import rules, wording
from creative.brief.brand import Brand, load_brand
from creative.brief.brief import Brief
from creative.brief.explain import note_empty, validate
from creative.brief.films import film_header
from creative.brief.findings import Findings, Place
from creative.brief.library import read_library
from creative.brief.loading import Loading
from creative.brief.media import (
    MAX_FILM_BYTES,
    MAX_MEDIA_BYTES,
    FileType,
    Folders,
    MediaError,
    References,
    read_text,
)
from creative.brief.models import (
    BriefFile,
)
from creative.brief.photos import photo_header
from creative.brief.reading import read_root, sound_problem
from creative.brief.resolved import resolved
from creative.brief.support import refuse_unsupported
from creative.brief.tables import open_table, read_copy, read_segments
from creative.brief.types import WrittenFloat, WrittenInt, bad_character
from creative.brief.yaml_source import Node

MAX_SCRIPT_BYTES = 20_000

_STAND_INS: Mapping[str, Any] = {
    "schema": 1,
    "campaign": {"id": "missing", "name": "missing"},
    "brand": ".",
    "markets": {"DE": {"locales": ["de-DE"], "currency": "EUR"}},
    "copy": {},
    "segments": [{"id": "missing"}],
    "placements": ["missing"],
}


def load_brief(path: Path, *, media_roots: Sequence[Path] = (), references: References | None = None) -> Brief:
    """Read the brief at `path` with everything that it names.

    Files may lie in the brief's folder, in the brand kit's, and below `media_roots` (symbolic links are resolved first).
    `references` notes what its paths stand for, or says so.
    Raises BriefError with every finding, in the file's order, each with its line; nothing else for any content.
    """
    findings = Findings()
    root = read_root(path, "a brief", findings)
    base = Path(os.path.realpath(path.parent))
    loading = Loading(root, Folders.of([base, *media_roots], references), findings, base)
    refuse_unsupported(root, findings)
    extensions = _extensions(root)
    _read_tables(loading)
    if any(root.select("products.feed")):
        loading.unread.add("product")
    kit = _read_brand(loading)
    known = rules.written_names(root)
    file = validate(BriefFile, root, findings, _STAND_INS)
    note_empty(root, findings)
    if file is not None:
        _find_files(loading)
        _read_scripts(loading)
        facts = rules.Facts(file, root, kit, findings, known, loading.scripts, frozenset(loading.unread))
        for check in (*rules.CHECKS, *wording.CHECKS):
            check(facts)
    findings.check()
    if file is None or kit is None:
        raise AssertionError("a brief without findings has a model and a brand kit")
    return resolved(Path(os.path.realpath(path)), file, kit, extensions, loading)


def _read_tables(loading: Loading) -> None:
    """Put the rows of segments.csv and copy.csv where the brief names them."""
    for name in ("segments", "copy"):
        node = loading.root.child(name)
        if node is None or node.text is None or bad_character(node.text):
            continue
        table = open_table(node, loading.folders, loading.rank(), loading.findings)
        if table is not None:
            rows = read_segments(table, loading.findings) if name == "segments" else read_copy(table, loading.findings)
            loading.keep(table.path)
            if rows:
                node.value = rows
                continue
            if not loading.findings.under(name):
                loading.findings.add(node.at, name, f"names a table without rows: {node.value}", "Write some rows")
        # What is wrong with it is noted; the rest is checked with something in its place.
        loading.unread.add({"segments": "segment", "copy": "headline"}[name])
        missing = Node("missing", node.at, node.at, (name, "0", "id"))
        node.value = {} if name == "copy" else [Node({"id": missing}, node.at, node.at, (name, "0"))]


def _read_brand(loading: Loading) -> Brand | None:
    node = loading.root.child("brand")
    if node is None or node.text is None or bad_character(node.text):
        return None
    found = load_brand(node, loading.folders, loading.rank(), loading.findings)
    if found is None:
        return None
    kit, folder, files = found
    loading.brand_folder = folder
    loading.folders = Folders.of([*loading.folders.allowed, folder], loading.folders.references)
    for path in files:
        loading.keep(path)
    return kit


def _items(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else [node]


def _find_files(loading: Loading) -> None:
    for photos in loading.root.select("products.*.photos"):
        for node in _items(photos):
            path = _file(loading, node, ("png", "jpeg", "webp"), "Save it as a PNG, JPEG or WebP")
            if path is not None:
                _check_photo(loading, node, path)
    for node in loading.root.select("scenes.library"):
        if node.text is not None:
            products = loading.root.child("products")
            names = products.names() if products is not None else ()
            own, files = read_library(node, loading.folders, loading.rank(), names, loading.findings)
            loading.library = [replace(photo, path=loading.keep(photo.path)) for photo in own]
            for path in files:
                loading.keep(path)
    for sound in ("voices.*.file", "voices.*.reference", "music.track"):
        for node in loading.root.select(sound):
            path = _file(loading, node, ("wav",), "Export it as WAV, PCM, 24 bits, 48 kHz")
            if path is not None:
                _check_recording(loading, node, path)
    for node in loading.root.select("voices.*.licence"):
        _file(loading, node, ("pdf", "text", "png", "jpeg"), "Save it as a PDF")
    for films in loading.root.select("footage.*.files"):
        for node in _items(films):
            name = node.child("file") if isinstance(node.value, dict) else node
            path = _file(loading, name, ("film",), _FILM, MAX_FILM_BYTES) if name is not None else None
            if path is not None and name is not None:
                _check_film(loading, node, name, path)


def _file(
    loading: Loading, node: Node, types: Sequence[FileType], instead: str, most: int = MAX_MEDIA_BYTES
) -> Path | None:
    try:
        path = loading.folders.file(node.at.file.folder, Path(node.text or ""), types, most)
    except MediaError as error:
        hint = instead if error.instead.startswith("Save it as") else error.instead
        loading.findings.add(node.at, node.path, str(error), hint)
        return None
    loading.files[node.steps] = loading.keep(path)
    return path


def _check_photo(loading: Loading, node: Node, path: Path) -> None:
    """A product photo has a header that can be read; one without transparency is cut out."""
    try:
        photo_header(path)
    except MediaError as error:
        loading.findings.add(node.at, node.path, str(error), error.instead)
        return
    except OSError as error:
        loading.findings.add(node.at, node.path, f"cannot be read: {error.strerror}", "Check the file")


def _check_recording(loading: Loading, node: Node, path: Path) -> None:
    """A recording has a header that can be read, and is long enough to be one."""
    if (found := sound_problem(path)) is not None:
        loading.findings.add(node.at, node.path, *found)


_FILM = "Export it as an MP4 with H.264"


def _check_film(loading: Loading, take: Node, name: Node, path: Path) -> None:
    """A film is long enough for where it is cut, as far as its header says."""
    try:
        header = film_header(path)
    except OSError as error:
        loading.findings.add(name.at, name.path, f"cannot be read: {error.strerror}", "Check the file")
        return
    for end in ("from", "until"):
        node = take.child(end)
        try:
            wanted = Decimal(node.text) if node is not None and node.text is not None else None
        except ArithmeticError:
            continue
        if node is not None and wanted is not None and header.ms is not None and wanted * 1000 > header.ms + 100:
            problem = f"is beyond the end of {name.text}, which lasts {header.ms / 1000:g} s"
            loading.findings.add(node.at, node.path, problem, "Write a time that it has")


def _read_scripts(loading: Loading) -> None:
    for by_locale in loading.root.select("copy.script.*"):
        for node in by_locale.select("*") if isinstance(by_locale.value, dict) else [by_locale]:
            name = node.text
            if name is None:
                continue
            try:
                path = loading.folders.find(node.at.file.folder, Path(name))
                text = read_text(path, name, MAX_SCRIPT_BYTES)
            except MediaError as error:
                loading.findings.add(node.at, node.path, str(error), error.instead)
                continue
            loading.files[node.steps] = loading.keep(path)
            place = Place(node.at.file.beside(path, name, loading.rank()))
            if problem := bad_character(text, allowed="\n\t"):
                loading.findings.add(place, node.path, problem, "Remove it")
            elif not text.strip():
                loading.findings.add(place, node.path, "is an empty script", "Write what the voice says")
            else:
                loading.scripts[node.steps] = rules.Script(text, node, place)


def _extensions(root: Node) -> dict[str, Any]:
    """Every x- key by its path, as JSON values."""
    found: dict[str, Any] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node.value, list):
            stack.extend(node.value)
        elif isinstance(node.value, dict):
            for name, below in node.value.items():
                if not name.startswith("x-"):
                    stack.append(below)
                elif "lexicon" not in node.steps[:1] and not {"facts", "traits"} & set(node.steps[-1:]):
                    found[below.path] = _json(below.plain())
    return dict(sorted(found.items()))


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, WrittenFloat):
        return value.written
    if isinstance(value, WrittenInt):
        return int(value)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
