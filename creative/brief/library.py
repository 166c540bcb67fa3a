"""The brand's own photo library: a folder of photos, and what is known of each.

A photo is found by words: those of its file name, the keywords in it (IPTC, XMP), and the tags beside it in `library.yaml`:

    photos:
      kitchen-07.jpg: {tags: [kitchen, morning, window], product: house-roast}
      terrace.jpg: {tags: terrace, focus: [620, 480], release: model release 2026-118}

`product`: the photo shows that product itself. `focus`: where to look, per mille from the left and from the top. `release`:
those who are seen agreed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from creative.brief.findings import Findings, SourceFile
from creative.brief.media import Folders, MediaError, read_text
from creative.brief.photos import photo_header
from creative.brief.types import did_you_mean
from creative.brief.yaml_source import MAX_BYTES, Node, parse_yaml

MAX_PHOTOS = 2_000
MAX_PHOTO_BYTES = 100_000_000
SIDECAR = "library.yaml"
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
_FIELDS = ("tags", "product", "focus", "release")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class LibraryPhoto:
    """One photo of the library. `words` in lower case, sorted; `focus` per mille; `width` and `height` as seen, px."""

    path: Path
    name: str
    width: int
    height: int
    words: tuple[str, ...]
    product: str | None = None
    focus: tuple[int, int] | None = None
    release: str | None = None


@dataclass
class _Notes:
    tags: list[str] = field(default_factory=list)
    product: str | None = None
    focus: tuple[int, int] | None = None
    release: str | None = None


def words_of(text: str) -> frozenset[str]:
    """The words of a text as they are compared: lower case, at least three letters."""
    return frozenset(word.lower() for word in _WORD.findall(text))


def read_library(
    node: Node, folders: Folders, rank: int, products: Sequence[str], findings: Findings
) -> tuple[list[LibraryPhoto], list[Path]]:
    """The photos of the folder that a brief's node names, in the order of their names, and all files that were read.

    What is wrong is noted: with the sidecar's line, or by the photo's name.
    """
    base, name = node.at.file.folder, node.text or ""
    try:
        folder = folders.find(base, Path(name))
    except MediaError as error:
        findings.add(node.at, node.path, str(error), error.instead)
        return [], []
    if not folder.is_dir():
        findings.add(node.at, node.path, f"is no folder: {name}", "Name the folder that has the photos in it")
        return [], []
    there = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not there or len(there) > MAX_PHOTOS:
        problem = f"has {len(there)} photos: {name}" if there else f"has no photos: {name}"
        findings.add(node.at, node.path, problem, f"Put 1 to {MAX_PHOTOS} JPEG, PNG or WebP files into it")
        return [], []
    found: list[LibraryPhoto] = []
    files: list[Path] = []
    relative = {path.relative_to(folder).as_posix(): path for path in there}
    notes = _sidecar(node, folders, folder, rank, relative, products, findings, files)
    for inside in relative:
        try:
            real = folders.file(base, Path(name) / inside, ("jpeg", "png", "webp"), MAX_PHOTO_BYTES)
            header = photo_header(real)
        except MediaError as error:
            text = str(error)
            problem = f"has a photo that cannot be used: {inside if inside not in text else ''} {text}"
            findings.add(
                node.at, node.path, " ".join(problem.split()), f"{error.instead}, or take it out of the folder"
            )
            continue
        except OSError as error:
            findings.add(node.at, node.path, f"has a photo that cannot be read: {inside}: {error.strerror}", "Check it")
            continue
        files.append(real)
        note = notes.get(inside, _Notes())
        words = words_of(
            " ".join((re.sub(r"[_\-./]", " ", Path(inside).with_suffix("").as_posix()), *header.keywords, *note.tags))
        )
        found.append(
            LibraryPhoto(
                real, inside, header.width, header.height, tuple(sorted(words)), note.product, note.focus, note.release
            )
        )
    return found, files


def _sidecar(
    node: Node,
    folders: Folders,
    folder: Path,
    rank: int,
    photos: dict[str, Path],
    products: Sequence[str],
    findings: Findings,
    files: list[Path],
) -> dict[str, _Notes]:
    name = f"{node.text}/{SIDECAR}"
    if not (folder / SIDECAR).is_file():
        return {}
    try:
        path = folders.find(node.at.file.folder, Path(name))
        text = read_text(path, name, MAX_BYTES)
    except MediaError as error:
        findings.add(node.at, node.path, str(error), error.instead)
        return {}
    files.append(path)
    root = parse_yaml(text, SourceFile(str(path), name, rank, path.parent), findings)
    rows = root.child("photos") if root is not None else None
    if root is None or rows is None or not isinstance(rows.value, dict):
        if root is not None:
            findings.add(root.at, "photos", "has no photos", "Begin with photos:, then name.jpg: {tags: [...]}")
        return {}
    notes = {}
    for inside in rows.names():
        row = rows.value[inside]
        if inside not in photos:
            hint = did_you_mean(inside, photos) or "Check the spelling, capital letters too"
            findings.add(row.key, row.path, f"names a photo that is not there: {inside}", hint)
            continue
        notes[inside] = _note(row, products, findings)
    return notes


def _note(row: Node, products: Sequence[str], findings: Findings) -> _Notes:
    note = _Notes()
    if not isinstance(row.value, dict):
        findings.add(row.at, row.path, "must be a mapping", "Write {tags: [kitchen, morning]}")
        return note
    for name in row.names():
        field_, items = row.value[name], row.value[name].value
        texts = [item.text for item in items] if isinstance(items, list) else [field_.text]
        if name not in _FIELDS:
            findings.add(field_.key, field_.path, "is not a field of a photo", did_you_mean(name, _FIELDS))
        elif any(text is None or not text.strip() for text in texts):
            findings.add(field_.at, field_.path, "must be text", f"Write {name}: and a text, or remove it")
        elif name == "tags":
            note.tags = [text for text in texts if text]
        elif name == "focus":
            note.focus = _focus(field_, texts, findings)
        elif name == "product":
            note.product = texts[0]
            if texts[0] not in products:
                hint = did_you_mean(texts[0] or "", products) or "Add the product, or remove the name"
                problem = f"names the product {texts[0]!r}, which the brief does not have"
                findings.add(field_.at, field_.path, problem, hint)
        else:
            note.release = texts[0]
    return note


def _focus(node: Node, texts: Sequence[str | None], findings: Findings) -> tuple[int, int] | None:
    numbers = [int(text) for text in texts if text is not None and text.isdecimal() and int(text) <= 1000]
    if len(numbers) != 2 or len(texts) != 2:
        findings.add(node.at, node.path, "is no place in a photo", "Write per mille from the left and top: [620, 480]")
        return None
    return numbers[0], numbers[1]
