"""What a finished file says about itself."""

from __future__ import annotations

from pathlib import Path

from workers.finish import jpeg, mp4, sound
from workers.finish.label import read_xmp
from workers.media.sniff import MAX_BYTES, sniff


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
