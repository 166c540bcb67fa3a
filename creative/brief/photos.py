"""What a photo says of itself before its pixels: its size as it is seen, transparency, keywords. Nothing is decoded.

JPEG (ITU T.81, EXIF 2.32's orientation, IPTC IIM 2:25 keywords, XMP dc:subject), PNG, WebP (RFC 9649).
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import BinaryIO

from creative.brief.media import MAX_PIXELS, MAX_SIDE, MediaError, png_header

_MOST_SEGMENTS = 500
_MOST_KEYWORDS = 200
_NO_FRAME = {0xC4, 0xC8, 0xCC}
_SUBJECT = re.compile(r"<dc:subject>(.*?)</dc:subject>", re.DOTALL)
_ITEM = re.compile(r"<rdf:li[^>]*>(.*?)</rdf:li>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PhotoHeader:
    """Sides in px, upright; whether there is transparency; what its maker tagged it with."""

    width: int
    height: int
    has_alpha: bool = False
    keywords: tuple[str, ...] = ()


def photo_header(path: Path) -> PhotoHeader:
    """Read the header of a JPEG, PNG or WebP. Raises MediaError for another or a damaged file, or one that is larger than the
    farm takes; OSError for one that cannot be read."""
    with path.open("rb") as file:
        head = file.read(32)
        if head.startswith(b"\x89PNG"):
            png = png_header(path)
            return PhotoHeader(png.width, png.height, png.has_alpha)
        if head.startswith(b"\xff\xd8\xff"):
            file.seek(2)
            return _checked(_jpeg(file))
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _checked(_webp(head))
    raise MediaError("is no JPEG, PNG or WebP", "Save it as one of them")


def _checked(header: PhotoHeader) -> PhotoHeader:
    if not header.width or not header.height:
        raise MediaError("is damaged: it has no pixels", "Save it again")
    if max(header.width, header.height) > MAX_SIDE or header.width * header.height > MAX_PIXELS:
        raise MediaError(
            f"is too large: {header.width} x {header.height} px, and may have {MAX_SIDE} px a side and 64 megapixels",
            "Save it smaller; 3000 px are plenty",
        )
    return header


def _webp(head: bytes) -> PhotoHeader:
    kind = head[12:16] if len(head) >= 30 else b""
    if kind == b"VP8X":
        width, height = int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
        return PhotoHeader(width, height, bool(head[20] & 0x10))
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return PhotoHeader((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1))
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return PhotoHeader(width & 0x3FFF, height & 0x3FFF)
    raise MediaError("is a damaged WebP: it has no picture", "Save it again")


def _jpeg(file: BinaryIO) -> PhotoHeader:
    turned, keywords = False, list[str]()
    for _ in range(_MOST_SEGMENTS):
        start = file.read(2)
        while start[:1] == b"\xff" and start[1:] == b"\xff":
            start = b"\xff" + file.read(1)
        if len(start) < 2 or start[0] != 0xFF:
            break
        marker = start[1]
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            continue
        size = file.read(2)
        if len(size) < 2 or marker in (0xD9, 0xDA):
            break
        length = int.from_bytes(size, "big") - 2
        if length < 0:
            break
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            frame = file.read(5)
            if len(frame) < 5:
                break
            height, width = struct.unpack(">HH", frame[1:])
            width, height = (height, width) if turned else (width, height)
            return PhotoHeader(width, height, False, tuple(dict.fromkeys(keywords))[:_MOST_KEYWORDS])
        if marker in (0xE1, 0xED):
            body = file.read(length)
            if body.startswith(b"Exif\0\0"):
                turned = _orientation(body[6:]) in (5, 6, 7, 8)
            elif body.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
                keywords += _subjects(body)
            elif body.startswith(b"Photoshop 3.0\0"):
                keywords += _iptc(body[14:])
        else:
            file.seek(length, os.SEEK_CUR)
    raise MediaError("is a damaged JPEG: it ends before its picture", "Save it again")


def _orientation(exif: bytes) -> int:
    """EXIF's tag 0x0112; 1 where there is none."""
    order = "<" if exif[:2] == b"II" else ">"
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for number in range(min(count, 200)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, first + 2 + 12 * number)
            if tag == 0x0112:
                return int(value)
    except struct.error:
        pass
    return 1


def _subjects(xmp: bytes) -> list[str]:
    text = xmp.decode("utf-8", "replace")
    return [unescape(item).strip() for found in _SUBJECT.findall(text) for item in _ITEM.findall(found)]


def _iptc(resources: bytes) -> list[str]:
    """Keywords (data set 2:25) in Photoshop's image resource 0x0404."""
    found, at = list[str](), 0
    while at + 12 <= len(resources) and resources[at : at + 4] == b"8BIM":
        number = int.from_bytes(resources[at + 4 : at + 6], "big")
        named = resources[at + 6]
        at += 6 + named + 1 + (named + 1) % 2
        size = int.from_bytes(resources[at : at + 4], "big")
        body, at = resources[at + 4 : at + 4 + size], at + 4 + size + size % 2
        if number != 0x0404:
            continue
        place = 0
        while place + 5 <= len(body) and body[place] == 0x1C:
            length = int.from_bytes(body[place + 3 : place + 5], "big")
            if body[place + 1 : place + 3] == b"\x02\x19":
                found.append(body[place + 5 : place + 5 + length].decode("utf-8", "replace").strip())
            place += 5 + length
    return found
