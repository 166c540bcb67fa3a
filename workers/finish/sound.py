"""A label in an MP3 (ID3v2.4 in front) and in a WAV (chunks behind).

Own small writers: the formats are short, and mutagen, which has both, is GPL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from workers.finish.label import SOFTWARE, Label, xmp

_UTF8 = b"\x03"


def _synchsafe(number: int) -> bytes:
    """28 bits in four bytes of seven, as ID3v2.4 counts."""
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _synchsafe(len(body)) + b"\0\0" + body


def _own_text(name: str, text: str) -> bytes:
    return _frame(b"TXXX", _UTF8 + name.encode() + b"\0" + text.encode())


def id3(label: Label) -> bytes:
    """An ID3v2.4 tag: title, software, note, our ids, and the XMP packet in a PRIV frame (XMP specification, part 3)."""
    frames = [_frame(b"TIT2", _UTF8 + label.title.encode()), _frame(b"TSSE", _UTF8 + SOFTWARE.encode())]
    if label.ai_note:
        frames.append(_frame(b"COMM", _UTF8 + b"eng" + b"\0" + label.ai_note.encode()))
    frames += [
        _own_text("ad_id", label.ad_id),
        _own_text("digital_source_type", label.source_type),
        _frame(b"PRIV", b"XMP\0" + xmp(label)),
    ]
    # Some readers want room for one more frame's head behind the last, or doubt its size.
    body = b"".join(frames) + b"\0" * 10
    return b"ID3\x04\x00\x00" + _synchsafe(len(body)) + body


def _id3_frames(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:5] != b"ID3\x04\x00" or len(data) < 10:
        return
    sizes = struct.unpack_from("4B", data, 6)
    end = min(len(data), 10 + sum(size << shift for size, shift in zip(sizes, (21, 14, 7, 0), strict=True)))
    at = 10
    while at + 10 <= end and data[at] != 0:
        sizes = struct.unpack_from("4B", data, at + 4)
        size = sum(part << shift for part, shift in zip(sizes, (21, 14, 7, 0), strict=True))
        yield data[at : at + 4], data[at + 10 : min(at + 10 + size, end)]
        at += 10 + size


def find_id3_xmp(data: bytes) -> bytes | None:
    """The XMP packet of an MP3's ID3v2.4 tag, or None."""
    for name, body in _id3_frames(data):
        if name == b"PRIV" and body.startswith(b"XMP\0"):
            return body[4:]
    return None


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(pcm: bytes, channels: int, rate: int, label: Label) -> bytes:
    """A WAV of 16-bit samples: `fmt `, `data`, then LIST INFO and `_PMX` (XMP), as readers that stop at `data` like it."""
    info = [_chunk(b"INAM", label.title.encode() + b"\0"), _chunk(b"ISFT", SOFTWARE.encode() + b"\0")]
    if label.ai_note:
        info.append(_chunk(b"ICMT", label.ai_note.encode() + b"\0"))
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    body = b"".join(
        [
            b"WAVE",
            _chunk(b"fmt ", form),
            _chunk(b"data", pcm),
            _chunk(b"LIST", b"INFO" + b"".join(info)),
            _chunk(b"_PMX", xmp(label)),
        ]
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def find_wav_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a WAV, or None. Raises ValueError for a broken one."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("not a WAV")
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            raise ValueError("the WAV's chunks are broken: the file is cut off or damaged")
        if name == b"_PMX":
            return data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return None
