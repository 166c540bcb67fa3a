"""JPEGs row by row: what ads of one ground have in common is coded once.

With a restart marker after every row of blocks, each row's code stands by itself: rows that no layer touches are copied from
an ad that had the same ground before. What comes out is, byte for byte, what coding the whole picture would give.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Iterable, Iterator

from PIL import Image

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_NEAR = 2
"""Rows between two parts that are coded along with them: a part's own header takes as long."""
_SIZES = range(0xC0, 0xC3)  # SOF0 to SOF2


class Rows:
    """The coded rows of one ground, as far as they were seen, by quality and subsampling."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], dict[int, bytes]] = {}

    def jpeg(
        self,
        size: tuple[int, int],
        cut: Callable[[int, int], Image.Image],
        touched: Iterable[tuple[int, int]],
        quality: int,
        subsampling: int = 0,
    ) -> bytes:
        """A picture of `size` px as a JPEG; `cut` gives its rows from one to another (first, end; px) as an RGB picture, and is
        asked only for what has to be coded. Beyond the rows of px that were `touched` (first, end) it is the ground itself.

        `subsampling` is Pillow's: 0 is 4:4:4, 1 4:2:2, 2 4:2:0.
        """
        high = 16 if subsampling == 2 else 8
        number = -(-size[1] // high)
        own = {row for first, end in touched for row in range(max(0, first) // high, min(number, -(-end // high)))}
        known = self._known.setdefault((quality, subsampling), {})
        coded: dict[int, bytes] = {}
        head = b""
        for first, end in _parts({row for row in range(number) if row in own or row not in known}):
            head, rows = _coded(cut(first * high, min(end * high, size[1])), quality, subsampling)
            coded.update(zip(range(first, end), rows, strict=True))
        if not coded:  # nothing is touched: any row has the head
            head, _ = _coded(cut(0, min(high, size[1])), quality, subsampling)
        known.update((row, code) for row, code in coded.items() if row not in own and row not in known)
        made = [_as_high(head, size[1])]
        for row in range(number):
            made.append(coded.get(row) or known[row])
            made.append(bytes((0xFF, 0xD0 + row % 8)))
        made[-1] = b"\xff\xd9"
        return b"".join(made)


def _parts(rows: set[int]) -> Iterator[tuple[int, int]]:
    """Runs of rows (first, end), those close together as one."""
    first = last = -1
    for row in sorted(rows):
        if first >= 0 and row - last <= _NEAR + 1:
            last = row
            continue
        if first >= 0:
            yield first, last + 1
        first = last = row
    if first >= 0:
        yield first, last + 1


def _coded(part: Image.Image, quality: int, subsampling: int) -> tuple[bytes, list[bytes]]:
    """The head of a JPEG, up to its pixels, and the code of each row of blocks."""
    buffer = io.BytesIO()
    part.save(buffer, "JPEG", quality=quality, subsampling=subsampling, restart_marker_rows=1)
    data = buffer.getvalue()
    start = _scan(data)
    return data[:start], _RESTART.split(data[start:-2])


def _scan(data: bytes) -> int:
    """Where a JPEG's coded pixels begin."""
    at = 2
    while data[at + 1] != 0xDA:
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    return at + 2 + int(struct.unpack_from(">H", data, at + 2)[0])


def _as_high(head: bytes, height: int) -> bytes:
    """The head of a JPEG that is `height` px high."""
    at = 2
    while head[at + 1] not in _SIZES:
        at += 2 + int(struct.unpack_from(">H", head, at + 2)[0])
    return head[: at + 5] + struct.pack(">H", height) + head[at + 7 :]
