"""The files that a brief names: found inside the allowed folders only, known by their first bytes, not by their names."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from creative.brief.films import is_film

MAX_MEDIA_BYTES = 200_000_000
MAX_FILM_BYTES = 1_000_000_000
MAX_SIDE = 12_000
MAX_PIXELS = 64_000_000

FileType = Literal["png", "jpeg", "gif", "webp", "svg", "wav", "font", "film", "pdf", "text", "unknown"]
TITLES: dict[FileType, str] = {
    "png": "a PNG",
    "jpeg": "a JPEG",
    "gif": "a GIF",
    "webp": "a WebP",
    "svg": "an SVG",
    "wav": "a WAV",
    "font": "a font (TTF or OTF)",
    "film": "a film (MP4, MOV, MKV or WebM)",
    "pdf": "a PDF",
    "text": "a text file",
    "unknown": "a file of unknown type",
}


class MediaError(Exception):
    """A file that cannot be used. `instead` says what to do; `line` is where in the file, if it is known."""

    def __init__(self, problem: str, instead: str = "", line: int | None = None) -> None:
        super().__init__(problem)
        self.instead, self.line = instead, line


@dataclass(frozen=True, slots=True)
class PngHeader:
    """What a PNG says of itself before its pixels. Sides in px."""

    width: int
    height: int
    has_alpha: bool


def png_header(path: Path) -> PngHeader:
    """Read a PNG's header (W3C PNG, third edition): no pixel is decoded.

    `has_alpha`: an alpha channel (colour types 4 and 6), or a tRNS chunk before the pixels. Raises MediaError for a file
    that is no PNG, cut short, or larger than the farm takes (12,000 px a side, 64 megapixels).
    """
    with path.open("rb") as file:
        return _png_header(file)


def _png_header(file: BinaryIO) -> PngHeader:
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        raise MediaError("is not a PNG", "Save it as a PNG with alpha")
    start = file.read(8 + 13 + 4)
    if len(start) < 25 or start[:8] != b"\x00\x00\x00\x0dIHDR":
        raise MediaError("is a damaged PNG: it has no header", "Save it again")
    width, height, _, colour_type = struct.unpack(">IIBB", start[8:18])
    if not width or not height:
        raise MediaError("is a damaged PNG: it has no pixels", "Save it again")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise MediaError(
            f"is too large: {width} x {height} px, and may have {MAX_SIDE} px a side and 64 megapixels",
            "Save it smaller; 3000 px are plenty",
        )
    has_alpha = colour_type in (4, 6)
    for _ in range(1_000):
        chunk = file.read(8)
        if len(chunk) < 8:
            raise MediaError("is a damaged PNG: it ends before its pixels", "Save it again")
        length, name = struct.unpack(">I4s", chunk)
        if name == b"IDAT":
            return PngHeader(width, height, has_alpha)
        has_alpha = has_alpha or (name == b"tRNS" and length > 0)
        file.seek(length + 4, os.SEEK_CUR)
    raise MediaError("is a damaged PNG: it has no pixels", "Save it again")


def sniff(head: bytes) -> FileType:
    """The type of a file by its first bytes (at least 512, if it has them)."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"WEBP"):
        return "wav" if head[8:12] == b"WAVE" else "webp"
    if head.startswith((b"\x00\x01\x00\x00", b"OTTO", b"true")):
        return "font"
    if is_film(head):
        return "film"
    if head.startswith(b"%PDF-"):
        return "pdf"
    if b"<svg" in head:
        return "svg"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character may be cut at the end of what was read
            return "unknown"
    return "unknown" if b"\x00" in head else "text"


Reference = tuple[Path, str]
"""A path as a file spells it, with the folder of that file (absolute, links resolved)."""


@dataclass(frozen=True, slots=True)
class References:
    """What the paths in a brief's files stand for: `noted` while they are read; `given` where they are read again after
    the files were moved, so that a link or an absolute path still leads to its file."""

    given: Mapping[Reference, Path] = field(default_factory=dict)
    noted: dict[Reference, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where media may lie. All are absolute, symbolic links resolved."""

    allowed: tuple[Path, ...]
    references: References = field(default_factory=References)

    @classmethod
    def of(cls, folders: Sequence[Path], references: References | None = None) -> Folders:
        """Those of `folders` that are there."""
        there = dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders if folder.is_dir())
        return cls(tuple(there), references or References())

    def find(self, base: Path, path: Path) -> Path:
        """The absolute path, links resolved, of what `path` names, seen from the folder `base`. Raises MediaError when it
        lies outside, or is not there."""
        reference = (Path(os.path.realpath(base)), str(path))
        try:
            real = Path(os.path.realpath(self.references.given.get(reference, base / path)))
            if not any(real.is_relative_to(folder) for folder in self.allowed):
                raise MediaError(
                    f"lies outside the brief's folder: {path}",
                    "Put it beside the brief, or let its folder be one of the media roots",
                )
            real.lstat()
        except FileNotFoundError:
            raise MediaError(f"is not there: {path}", "Check the spelling, capital letters too") from None
        except (OSError, ValueError) as error:
            raise MediaError(f"cannot be opened: {path}: {reason(error)}", "Check its name and its rights") from None
        self.references.noted[reference] = real
        return real

    def file(self, base: Path, path: Path, types: Sequence[FileType], most: int = MAX_MEDIA_BYTES) -> Path:
        """As `find`, for a readable file of one of these types, of at most `most` bytes."""
        real = self.find(base, path)
        head = read_bytes(real, str(path), 4_096, most)
        found = sniff(head)
        if not head:
            raise MediaError(f"is empty: {path}", "Save it again")
        if found not in types:
            wanted = " or ".join(TITLES[name] for name in types)
            raise MediaError(f"is {TITLES[found]}, and must be {wanted}: {path}", f"Save it as {wanted}")
        return real


def read_bytes(path: Path, shown: str, count: int, most: int) -> bytes:
    """The first `count` bytes of a regular file of at most `most` bytes. Raises MediaError."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if stat.S_ISDIR(status.st_mode):
                raise MediaError(f"is a folder: {shown}", "Name a file in it")
            if not stat.S_ISREG(status.st_mode):
                raise MediaError(f"is not an ordinary file: {shown}", "Name an ordinary file")
            if status.st_size > most:
                raise MediaError(
                    f"is too large: {shown} has {_size(status.st_size)}, and may have {_size(most)}", "Make it smaller"
                )
            return file.read(count)
    except FileNotFoundError:
        raise MediaError(f"is not there: {shown}", "Check the spelling, capital letters too") from None
    except IsADirectoryError:
        raise MediaError(f"is a folder: {shown}", "Name a file in it") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"cannot be opened: {shown}: {reason(error)}", "Check its name and its rights") from None


def read_text(path: Path, shown: str, most: int) -> str:
    """A UTF-8 text file of at most `most` bytes, without byte order mark, lines ended by \\n. Raises MediaError."""
    data = read_bytes(path, shown, most + 1, most)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise MediaError(f"is UTF-16: {shown}", "Save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MediaError(f"is not UTF-8 in its line {line}: {shown}", "Save it as UTF-8", line) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def reason(error: OSError | ValueError) -> str:
    """Why a file could not be opened, without its path."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _size(count: int) -> str:
    return f"{count / 1_000_000:.0f} MB" if count >= 1_000_000 else f"{count / 1_000:.0f} kB"
