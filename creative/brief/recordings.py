"""What a WAV says of itself before its sound: read in its chunks (RIFF, WAVE); no sample is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

LEAST_RATE = 22_050
LEAST_MS, MOST_MS = 500, 600_000
_FORMATS = frozenset({1, 3, 0xFFFE})  # PCM, float, extensible
_MOST_CHUNKS = 200


@dataclass(frozen=True, slots=True)
class WavHeader:
    """Format code, channels, Hz, bits a sample, and length in ms."""

    format: int
    channels: int
    rate: int
    bits: int
    ms: int

    @property
    def problem(self) -> str | None:
        """Why no read can be made from it, or None."""
        if self.format not in _FORMATS or not self.bits:
            return "is compressed, and must be PCM"
        if self.rate < LEAST_RATE:
            return f"has {self.rate} Hz, and needs {LEAST_RATE} at least"
        if not 1 <= self.channels <= 8:
            return f"has {self.channels} channels"
        if not LEAST_MS <= self.ms <= MOST_MS:
            return f"lasts {self.ms / 1000:g} s, and may last {LEAST_MS / 1000:g} to {MOST_MS / 1000:g} s"
        return None


def wav_header(path: Path) -> WavHeader | None:
    """The header of a WAV; None where it has no format or no sound. Raises OSError."""
    found: tuple[int, int, int, int, int] | None = None
    with path.open("rb") as file:
        size = path.stat().st_size
        if file.read(4) != b"RIFF" or len(file.read(8)) < 8:
            return None
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                return None
            name, length = struct.unpack("<4sI", head)
            if name == b"fmt ":
                body = file.read(length)
                if len(body) < 16:
                    return None
                format_, channels, rate, a_second, _, bits = struct.unpack("<HHIIHH", body[:16])
                found = (format_, channels, rate, bits, a_second)
                file.seek(length % 2, 1)
            elif name == b"data":
                if found is None or not found[4]:
                    return None
                # A file that was still being written says 0 or 4 GB: what there is counts.
                there = min(length or size, size - file.tell())
                return WavHeader(*found[:4], there * 1000 // found[4])
            else:
                file.seek(length + length % 2, 1)
    return None
