"""What teams bring themselves, as planning knows it: their films, their photo library, what their product photos are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from creative.brief.brief import Brief
from creative.brief.films import film_header
from creative.brief.library import LibraryPhoto, words_of
from creative.brief.models import Take
from creative.brief.photos import PhotoHeader, photo_header
from creative.brief.recordings import wav_header
from creative.brief.sound import CloneVoice, RecordedVoice, Track

MOST_ENLARGED = 1.4
"""How far a photo of the library is enlarged at most, where it is seen sharp: from edge to edge of a scene's one side."""
MOST_BLURRED = 3.0
"""And where it lies out of focus behind a product, filling the scene."""
FILM_ENLARGED = 3.0
"""How far a film is enlarged at most; `workers.clip.footage` has the same figure."""
_WORDS = 2
"""How many words a photo has to share with a scene, unless the scene has fewer."""
_STEM = 5
_EMPTY = frozenset(
    ["the", "and", "with", "from", "into", "over", "under", "for", "near", "out", "one", "two", "all", "its"]
)


@dataclass(frozen=True, slots=True)
class Film:
    """One film of some footage, with the part of it that is used, in ms; `until_ms` None: to its end.

    `ms` is how long it says that it is, None where it does not say.
    """

    sha256: str
    name: str
    from_ms: int
    until_ms: int | None
    ms: int | None
    size: tuple[int, int] | None = None
    """px as it is seen, upright; None where it does not say."""

    def fills(self, width: int, height: int) -> bool:
        """Whether it can be cropped to fill a picture without being enlarged too much, as far as it is known."""
        return self.size is None or max(width / self.size[0], height / self.size[1]) <= FILM_ENLARGED

    @property
    def used_ms(self) -> int | None:
        """How much of it is used, as far as it is known."""
        end = self.until_ms if self.until_ms is not None else self.ms
        return None if end is None else max(0, min(end, self.ms or end) - self.from_ms)


def films(brief: Brief, add: Callable[[Path], str]) -> Mapping[str, tuple[Film, ...]]:
    """The films of each footage of a brief; `add` takes a file and says its sha256."""
    return {
        name: tuple(_film(take, add(take.file)) for take in footage.takes) for name, footage in brief.footage.items()
    }


def _film(take: Take, sha256: str) -> Film:
    header = film_header(take.file)
    return Film(
        sha256,
        take.file.name,
        int(take.from_ * 1000),
        int(take.until * 1000) if take.until is not None else None,
        header.ms,
        (header.width, header.height) if header.width and header.height else None,
    )


@dataclass(frozen=True, slots=True)
class Recording:
    """A studio read: its sha256, its length in ms as its header says, and the sha256 of the document that allows its use."""

    sha256: str
    ms: int
    licence: str


def recordings(brief: Brief, add: Callable[[Path], str]) -> Mapping[str, Recording]:
    """The brief's recorded voices by id."""
    found = {}
    for voice in brief.voices:
        if isinstance(voice, RecordedVoice):
            header = wav_header(voice.file)
            found[voice.id] = Recording(add(voice.file), header.ms if header else 0, add(voice.licence))
    return found


@dataclass(frozen=True, slots=True)
class OwnTrack:
    """A piece of music: its sha256, and its length in ms as its header says."""

    sha256: str
    ms: int


def track(brief: Brief, add: Callable[[Path], str]) -> OwnTrack | None:
    """The licensed music of a brief, if it names some."""
    if not isinstance(brief.music, Track):
        return None
    header = wav_header(brief.music.track)
    return OwnTrack(add(brief.music.track), header.ms if header else 0)


def references(brief: Brief, add: Callable[[Path], str]) -> Mapping[str, str]:
    """The sha256 of the recording that each cloned voice of a brief is cloned from, by the voice's id."""
    return {voice.id: add(voice.reference) for voice in brief.voices if isinstance(voice, CloneVoice)}


def product_photos(brief: Brief, add: Callable[[Path], str]) -> Mapping[str, PhotoHeader]:
    """What each product photo says of itself, by its sha256: planning chooses how it is cut out without opening it."""
    return {add(Path(path)): photo_header(Path(path)) for product in brief.products.values() for path in product.photos}


@dataclass(frozen=True, slots=True)
class OwnPhoto:
    """A photo of the brand's library, and the sha256 of its file."""

    sha256: str
    photo: LibraryPhoto


def library(brief: Brief, add: Callable[[Path], str]) -> tuple[OwnPhoto, ...]:
    """The brief's library."""
    return tuple(OwnPhoto(add(photo.path), photo) for photo in brief.library)


def fitting(
    photos: Sequence[OwnPhoto], scene: str, product: str | None, size: tuple[int, int], seed: int, behind: bool = False
) -> OwnPhoto | None:
    """The photo for a scene, or None when none fits.

    It shares at least two words with the scene's (one, where the scene has no more, or where it shows the product itself),
    shows no other product, and is large enough for `size`. `behind`: the product's cut-out will stand before it, unless it
    shows the product itself. Of those that share most, a stable draw: the same whatever the size.
    """
    wanted = words_of(scene) - _EMPTY
    best: list[tuple[float, bytes, OwnPhoto]] = []
    for own in photos:
        photo = own.photo
        if photo.product is not None and photo.product != product:
            continue
        if not large_enough(photo, size, behind):
            continue
        shared = _shared(wanted, photo.words)
        shows = photo.product is not None
        if shared < min(1 if shows else _WORDS, max(len(wanted), 1)) - 0.45:
            continue
        draw = hashlib.sha256(f"{seed}\0{own.sha256}\0{scene}\0{product or ''}".encode()).digest()
        best.append((shared + (0.5 if shows else 0.0), draw, own))
    return max(best, key=lambda found: found[:2])[2] if best else None


def large_enough(photo: LibraryPhoto, size: tuple[int, int], behind: bool) -> bool:
    """Whether a photo has enough pixels for a scene of `size`; see `fitting`."""
    across, down = size[0] / photo.width, size[1] / photo.height
    if behind and photo.product is None:
        return max(across, down) <= MOST_BLURRED
    return min(across, down) <= MOST_ENLARGED


def _shared(wanted: frozenset[str], words: Sequence[str]) -> float:
    """How many words are shared; those that only begin alike (kitchen, kitchens) count a little less."""
    stems = {word[:_STEM] for word in words if len(word) >= _STEM}
    return sum(1.0 if word in words else 0.8 if word[:_STEM] in stems else 0.0 for word in wanted)
