"""A label in a JPEG: an XMP segment put in without touching a coded pixel."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_SOI, _APP0, _APP1, _COM, _SOS = 0xD8, 0xE0, 0xE1, 0xFE, 0xDA
_LONGEST = 65533


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment before the coded pixels; the last one runs to the end of the file."""
    if data[:2] != b"\xff\xd8":
        raise ValueError("not a JPEG")
    at = 2
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise ValueError("the JPEG's segments are broken: the file is cut off or damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == _SOS:
            yield marker, at, len(data)
            return
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if end < at + 4 or end > len(data):
            raise ValueError("the JPEG's segments are broken: the file is cut off or damaged")
        yield marker, at, end
        at = end


def with_xmp(data: bytes, packet: bytes) -> bytes:
    """The JPEG with `packet` after its JFIF header; XMP and comments that were there go. Raises ValueError."""
    payload = _XMP + packet
    if len(payload) > _LONGEST:
        raise ValueError("the label is too long for a JPEG: shorten title and note")
    parts = []
    for marker, start, end in _segments(data):
        old = marker == _COM or (marker == _APP1 and data[start + 4 : end].startswith(_XMP))
        if not old:
            parts.append((marker, data[start:end]))
    head = [part for marker, part in parts[:1] if marker == _APP0]
    ours = b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload
    return b"".join([b"\xff\xd8", *head, ours, *(part for _, part in parts[len(head) :])])


def find_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a JPEG, or None. Raises ValueError."""
    for marker, start, end in _segments(data):
        if marker == _APP1 and data[start + 4 : end].startswith(_XMP):
            return data[start + 4 + len(_XMP) : end]
    return None
