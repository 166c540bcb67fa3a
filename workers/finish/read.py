"""What a finished file says about itself."""

from __future__ import annotations

from pathlib import Path

from workers.finish import jpeg, mp4, sound
from workers.finish.label import read_xmp

MAX_BYTES = 1 << 30


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


def metadata_of(data: bytes) -> dict[str, str]:
    """As `read_metadata`, of bytes."""
    kind = sniff(data)
    finders = {"jpeg": jpeg.find_xmp, "mp4": mp4.find_xmp, "mp3": sound.find_id3_xmp, "wav": sound.find_wav_xmp}
    if kind not in finders:
        raise ValueError("not a JPEG, MP4, MP3 or WAV")
    packet = finders[kind](data)
    return {"format": kind, **(read_xmp(packet) if packet else {})}


def read_metadata(path: Path) -> dict[str, str]:
    """`format` and, where they are there, `title`, `ad_id`, `source_type`, `ai_note`, `software` of a finished file.

    Raises ValueError for a file that is none of the four formats, is broken, or is larger than a gigabyte.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.stat().st_size} bytes are too many to read")
    return metadata_of(path.read_bytes())
