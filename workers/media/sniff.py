"""What a file is, by its first bytes: names and suffixes may lie."""

from __future__ import annotations

MAX_BYTES = 1 << 30
"""No ad is larger; nothing larger is read."""


def sniff(data: bytes) -> str | None:
    """The format by its first bytes: jpeg, png, mp4, mp3 or wav; None for anything else."""
    if data[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if data[4:8] == b"ftyp":
        return "mp4"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "mp3"
    return None
