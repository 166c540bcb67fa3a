"""What a film says of itself before its pictures: read in the boxes of an MP4 or MOV; nothing is decoded."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CONTAINERS = (b"moov", b"trak", b"mdia")
_MOST_BOXES = 2_000


@dataclass(frozen=True, slots=True)
class FilmHeader:
    """Length of the picture in ms, and its size in px as it is seen, turned upright; None for what it does not say."""

    ms: int | None = None
    width: int | None = None
    height: int | None = None


def is_film(head: bytes) -> bool:
    """Whether a file begins as MP4 and MOV (ISO base media), or as MKV and WebM (EBML) do."""
    boxed = head[:1] == b"\0" and head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip")
    return boxed or head.startswith(b"\x1aE\xdf\xa3")


def film_header(path: Path) -> FilmHeader:
    """What an MP4 or MOV says of its picture (ISO/IEC 14496-12: mdhd, tkhd); nothing of an MKV or WebM. Raises OSError."""
    ms: int | None = None
    size: tuple[int, int] | None = None
    shown: tuple[int, int] | None = None
    with path.open("rb") as file:
        if file.read(4) == b"\x1aE\xdf\xa3":
            return FilmHeader()
        for name, body in _boxes(file, os.fstat(file.fileno()).st_size):
            try:
                if name == b"tkhd":
                    ms_of_track, shown = None, _shown(body)
                elif name == b"mdhd":
                    ms_of_track = _duration(body)
                elif name == b"hdlr" and body[8:12] == b"vide" and size is None:
                    size, ms = shown, ms_of_track
            except (struct.error, UnboundLocalError, ZeroDivisionError):
                return FilmHeader()
    return FilmHeader(ms or None, *(size or (None, None)))


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The small boxes of a file in order, with their bodies; containers are entered."""
    ends, at = [size], 0
    for _ in range(_MOST_BOXES):
        while ends and at >= ends[-1]:
            ends.pop()
        if not ends:
            return
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head[:8])
        skip = 8
        if length == 1 and len(head) == 16:
            length, skip = struct.unpack(">Q", head[8:])[0], 16
        length = length or ends[-1] - at
        if length < skip or at + length > ends[-1]:
            return
        if name in _CONTAINERS:
            ends.append(at + length)
            at += skip
            continue
        if name in (b"tkhd", b"mdhd", b"hdlr") and length < 4_096:
            file.seek(at + skip)
            yield name, file.read(length - skip)
        at += length


def _duration(body: bytes) -> int:
    scale, length = struct.unpack(">IQ" if body[0] else ">II", body[20:32] if body[0] else body[12:20])
    return int(length * 1000 // scale)


def _shown(body: bytes) -> tuple[int, int]:
    at = 52 if body[0] else 40
    matrix = struct.unpack(">9i", body[at : at + 36])
    width, height = (side >> 16 for side in struct.unpack(">II", body[at + 36 : at + 44]))
    return (height, width) if abs(matrix[1]) > abs(matrix[0]) else (width, height)
