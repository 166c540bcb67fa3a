"""Time stamps of a film's sound: whether it runs on without a hole, so that it stays with the picture to the end."""

from __future__ import annotations

from workers.media.decode import container


def sound_gap_ms(data: bytes) -> int | None:
    """By how many milliseconds any packet of sound comes earlier or later than those before it say; None without sound.

    A film whose sound begins with the picture (`audio_offset_ms`) and has no such gap is in step with it all the time.
    """
    with container(data, "mp4") as opened:
        if not opened.streams.audio:
            return None
        worst, due = 0.0, None
        for packet in opened.demux(opened.streams.audio[0]):
            if packet.pts is None or packet.time_base is None:
                continue
            if due is not None:
                worst = max(worst, abs(float((packet.pts - due) * packet.time_base)))
                due += packet.duration or 0
            else:
                due = packet.pts + (packet.duration or 0)
        return round(worst * 1000)
