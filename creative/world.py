"""World: what planning may know, frozen at the edge. Media are hashed here, once; nothing is uploaded yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from creative.brief.brief import Brief
from creative.brief.photos import PhotoHeader
from creative.canonical import canonical, digest, file_digest
from creative.catalogue import Catalogue
from creative.copyfit import Fitter
from creative.errors import StoreError, UsageError
from creative.font_files import opened
from creative.font_table import ROLES, FontRole, own_fonts
from creative.framings import Family, families
from creative.layouts import Layout, load_layouts
from creative.own_media import (
    Film,
    OwnPhoto,
    OwnTrack,
    Recording,
    films,
    library,
    product_photos,
    recordings,
    references,
    track,
)
from creative.placements import Placement, placements
from creative.resources import templates
from creative.rights.ledger import Rights, today
from creative.store import Store
from creative.store.files import size_of

_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".wav": "audio/wav",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".mp4": "video/mp4",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
}
_DEFAULT_FONTS: Mapping[str, str] = {"display": "Geologica-SemiBold.ttf", "text": "Inter-Medium.ttf"}


class Media:
    """Ingested media by sha256: files where they lie, or bytes made here (a layout resolved for a placement)."""

    def __init__(self) -> None:
        self._sources: dict[str, tuple[Path | bytes, str]] = {}
        self._uploaded: set[tuple[str, str]] = set()

    def add_file(self, path: Path) -> str:
        """Hash a file; its sha256."""
        sha256 = file_digest(path)
        self._sources.setdefault(sha256, (path, _TYPES.get(path.suffix.lower(), "application/octet-stream")))
        return sha256

    def add_bytes(self, data: bytes, type_: str) -> str:
        """Take bytes; their sha256."""
        sha256 = digest(data)
        self._sources.setdefault(sha256, (data, type_))
        return sha256

    def file(self, sha256: str) -> Path:
        """Where an ingested file lies. Raises KeyError for what was not ingested from a file."""
        source, _ = self._sources[sha256]
        if isinstance(source, bytes):
            raise KeyError(sha256)
        return source

    def bytes(self) -> int:
        """How much there is to upload at most."""
        return sum(_size(source) or 0 for source, _ in self._sources.values())

    def upload(self, sha256: str, store: Store) -> None:
        """Put one medium into the store, if it is not there whole. Raises UsageError when its file has changed meanwhile."""
        if (store.id, sha256) in self._uploaded:
            return
        there = store.size_of(sha256)
        if sha256 not in self._sources and there is None:
            raise StoreError(f"medium {sha256[:12]} is neither in the store nor in the brief")
        if sha256 in self._sources and there != _size(self._sources[sha256][0]):
            source, type_ = self._sources[sha256]
            if store.put_blob(source, type_).sha256 != sha256:
                raise UsageError(f"{source!s} changed while the run began: run the command again")
        self._uploaded.add((store.id, sha256))


def _size(source: Path | bytes) -> int | None:
    """In bytes; None for a file that is gone."""
    return len(source) if isinstance(source, bytes) else size_of(source)


@dataclass(frozen=True, slots=True)
class Document:
    """A layout resolved for one placement: what the worker gets, and its digest."""

    sha256: str
    content: Mapping[str, object]
    family: str


@dataclass(frozen=True, slots=True)
class World:
    """Media digests, tables and rows, for one brief. `photos` by product id, `fonts` by role, `logos` by light or dark.

    `script_fonts`: files for scripts that those fonts lack, by role and script ("display.Arab").
    """

    media: Media
    catalogue: Catalogue
    placements: Mapping[str, Placement]
    layouts: Mapping[str, Layout]
    families: Mapping[str, Family]
    photos: Mapping[str, tuple[str, ...]]
    logos: Mapping[str, str]
    fonts: Mapping[str, str]
    fitter: Fitter
    footage: Mapping[str, tuple[Film, ...]] = field(default_factory=dict)
    headers: Mapping[str, PhotoHeader] = field(default_factory=dict)
    library: tuple[OwnPhoto, ...] = ()
    recordings: Mapping[str, Recording] = field(default_factory=dict)
    script_fonts: Mapping[str, Path] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    """What each cloned voice is cloned from, by the voice's id."""
    track: OwnTrack | None = None
    """The licensed music."""
    rights: Rights = field(default_factory=Rights)
    """Who agreed to what, as the store says it on the day `today` (UTC)."""
    today: date = date.max
    authors: tuple[str, ...] = ()
    """Who asks for the ads: the brief's owner, and whoever gives this command."""
    _documents: dict[tuple[str, str, str, bool], Document] = field(default_factory=dict)

    def fonts_for(self, texts: Iterable[str], locale: str) -> dict[str, str]:
        """The digests of the fonts that texts are set in, by name; no others, so that a new font changes no other ad."""
        named = {name: self.media.add_file(self.script_fonts[name]) for name in self.fitter.scripts(texts, locale)}
        return {**self.fonts, **named}

    def document(
        self, layout: str, placement: str, direction: Literal["ltr", "rtl"] = "ltr", label: bool = False
    ) -> Document:
        """One layout for one placement and direction of script, with a label's area or without; made at its first use."""
        found = self._documents.get((layout, placement, direction, label))
        if found is None:
            shape = self.layouts[layout].shape_for(self.placements[placement])
            content = shape.document(self.placements[placement], direction, label=label)
            sha256 = self.media.add_bytes(canonical(content), "application/json")
            found = Document(sha256, content, shape.framing(direction))
            self._documents[layout, placement, direction, label] = found
        return found


def _owner(brief: Brief) -> tuple[str | None, ...]:
    return (brief.owner.name, brief.owner.email) if brief.owner else ()


def _check_font(path: Path) -> None:
    try:
        opened(path)
    except (ValueError, OSError) as error:
        raise UsageError(f"{path}: {error}: give the brand kit a TTF or OTF file that can be opened") from error


def ingest(
    brief: Brief, catalogue: Catalogue, rights: Rights | None = None, by: str | None = None, day: date | None = None
) -> World:
    """Hash the brief's media and read layouts and fonts.

    `rights`: what the store says of consents; nobody agreed to anything, if left out. `by`: who gives this command, as far
    as it is known. `day`: today, if left out.
    """
    media, kit = Media(), brief.brand_kit
    fonts: dict[str, Path] = {role: templates() / "fonts" / name for role, name in _DEFAULT_FONTS.items()}
    fonts |= {role: Path(font.file) for role, font in kit.fonts.items()}
    others: dict[FontRole, dict[str, Path]] = {role: dict(own_fonts(role)) for role in ROLES}
    for role, font in kit.fonts.items():
        others[role] |= {script: Path(own.file) for script, own in font.scripts.items()}
        for path in (font.file, *(own.file for own in font.scripts.values())):
            _check_font(Path(path))
    return World(
        media=media,
        catalogue=catalogue,
        placements=placements(),
        layouts=load_layouts(templates() / "layouts", kit.layout_files),
        families=families(),
        photos={
            name: tuple(media.add_file(Path(photo)) for photo in product.photos)
            for name, product in brief.products.items()
        },
        logos={tone: media.add_file(Path(path)) for tone, path in kit.logo.items()},
        fonts={role: media.add_file(path) for role, path in fonts.items()},
        fitter=Fitter(fonts["display"], fonts["text"], others),
        script_fonts={f"{role}.{script}": path for role, files in others.items() for script, path in files.items()},
        footage=films(brief, media.add_file),
        headers=product_photos(brief, media.add_file),
        library=library(brief, media.add_file),
        recordings=recordings(brief, media.add_file),
        references=references(brief, media.add_file),
        track=track(brief, media.add_file),
        rights=rights or Rights(),
        today=day or today(),
        authors=tuple(name for name in (*_owner(brief), by) if name),
    )
