"""A label in an MP4: an XMP box and iTunes tags, the index before the sound and picture, nothing encoded again.

Boxes: four bytes of length, four of type, then the content (ISO/IEC 14496-12). XMP's place is a `uuid` box at the top
level (XMP specification, part 3).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.finish.label import SOFTWARE, Label, xmp

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_DROPPED = {b"free", b"skip", b"wide"}
_PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class Box:
    """One box: `start` and `end` in the file, `body` where its content begins."""

    kind: bytes
    start: int
    body: int
    end: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes side by side in `data[start:end]`. Raises ValueError for a box that leaves its place."""
    end = len(data) if end is None else end
    while start < end:
        if end - start < 8:
            raise ValueError("the MP4's boxes are broken: the file is cut off or damaged")
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and end - start >= 16:
            size, body = struct.unpack_from(">Q", data, start + 8)[0], start + 16
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            raise ValueError("the MP4's boxes are broken: the file is cut off or damaged")
        yield Box(kind, start, body, start + size)
        start += size


def is_faststart(data: bytes) -> bool:
    """Whether the index is before sound and picture, so that playing starts before all is loaded. Raises ValueError."""
    kinds = [box.kind for box in boxes(data)]
    return b"moov" in kinds and b"mdat" in kinds and kinds.index(b"moov") < kinds.index(b"mdat")


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _tag(name: bytes, text: str) -> bytes:
    return _box(name, _box(b"data", struct.pack(">II", 1, 0), text.encode()))


def _own_tag(name: str, text: str) -> bytes:
    flags = b"\0\0\0\0"
    return _box(
        b"----",
        _box(b"mean", flags, SOFTWARE.encode()),
        _box(b"name", flags, name.encode()),
        _box(b"data", struct.pack(">II", 1, 0), text.encode()),
    )


def _udta(label: Label) -> bytes:
    tags = [_tag(b"\xa9nam", label.title), _tag(b"\xa9too", SOFTWARE)]
    if label.ai_note:
        tags.append(_tag(b"desc", label.ai_note))
    tags += [_own_tag("ad_id", label.ad_id), _own_tag("digital_source_type", label.source_type)]
    handler = _box(b"hdlr", b"\0" * 8, b"mdirappl", b"\0" * 9)
    return _box(b"udta", _box(b"meta", b"\0" * 4, handler, _box(b"ilst", *tags)))


def _offset_tables(data: bytes, box: Box, path: Sequence[bytes]) -> Iterator[Box]:
    """The stco and co64 boxes inside `box`, whose own kind is `path[0]`."""
    for inner in boxes(data, box.body, box.end):
        if len(path) == 1 and inner.kind in (b"stco", b"co64"):
            yield inner
        elif len(path) > 1 and inner.kind == path[1]:
            yield from _offset_tables(data, inner, path[1:])


def _moved(moov: bytes, moves: Sequence[tuple[int, int, int]]) -> bytes:
    """The index with every chunk's place shifted. `moves`: start, end and shift of each stretch of media data."""
    out = bytearray(moov)
    (top,) = boxes(moov)
    for table in _offset_tables(moov, top, _PATH):
        if table.end - table.body < 8:
            raise ValueError("the MP4's table of chunks is broken")
        (count,) = struct.unpack_from(">I", moov, table.body + 4)
        form, width = ("I", 4) if table.kind == b"stco" else ("Q", 8)
        if table.body + 8 + count * width > table.end:
            raise ValueError("the MP4's table of chunks is broken")
        places = struct.unpack_from(f">{count}{form}", moov, table.body + 8)
        try:
            shifted = [next(place + shift for start, end, shift in moves if start <= place <= end) for place in places]
            struct.pack_into(f">{count}{form}", out, table.body + 8, *shifted)
        except StopIteration:
            raise ValueError("the MP4's table of chunks points outside its media data") from None
        except struct.error:
            raise ValueError("the MP4 is too large for its own table of chunks") from None
    return bytes(out)


def with_label(data: bytes, label: Label) -> bytes:
    """The MP4 with its label, faststart. Raises ValueError for a broken or fragmented file.

    Only the container changes: coded frames are the same bytes in the same order.
    """
    found = list(boxes(data))
    kinds = [box.kind for box in found]
    if kinds[:1] != [b"ftyp"] or kinds.count(b"moov") != 1 or b"mdat" not in kinds:
        raise ValueError("not an MP4 with one index and its media data")
    if b"moof" in kinds:
        raise ValueError("the MP4 is in fragments: write it as one piece, with +faststart")
    moov = next(box for box in found if box.kind == b"moov")
    index = _box(
        b"moov",
        *(data[box.start : box.end] for box in boxes(data, moov.body, moov.end) if box.kind != b"udta"),
        _udta(label),
    )
    head = [data[found[0].start : found[0].end], index, _box(b"uuid", _XMP, xmp(label))]
    place = sum(len(part) for part in head)
    rest, moves = [], []
    for box in found[1:]:
        ours = box.kind == b"uuid" and data[box.body : box.body + 16] == _XMP
        if box.kind in _DROPPED or box.kind == b"moov" or ours:
            continue
        if box.kind == b"mdat":
            moves.append((box.body, box.end, place - box.start))
        rest.append(data[box.start : box.end])
        place += len(rest[-1])
    head[1] = _moved(index, moves)
    return b"".join(head + rest)


def find_xmp(data: bytes) -> bytes | None:
    """The XMP packet of an MP4, or None. Raises ValueError."""
    for box in boxes(data):
        if box.kind == b"uuid" and data[box.body : box.body + 16] == _XMP:
            return data[box.body + 16 : box.end]
    return None
