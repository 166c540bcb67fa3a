"""Time stamps of a film's sound: whether it runs on without a hole, so that it stays with the picture to the end."""

from __future__ import annotations

import itertools
from fractions import Fraction
from statistics import median

from workers.media.decode import container


def sound_gap_ms(data: bytes) -> int | None:
    """By how many milliseconds any packet of sound comes earlier or later than those before it say; None without sound.

    A film whose sound begins with the picture (`audio_offset_ms`) and has no such gap is in step with it all the time.
    All packets but the last hold the same number of samples, and so last the same time: what a container writes as a
    longer one is a hole.
    """
    with container(data, "mp4") as opened:
        if not opened.streams.audio:
            return None
        times = [
            packet.pts * packet.time_base
            for packet in opened.demux(opened.streams.audio[0])
            if packet.pts is not None and packet.time_base is not None
        ]
    steps = [after - before for before, after in itertools.pairwise(times)]
    if not steps:
        return 0
    usual = Fraction(median(steps))
    return round(max(abs(step - usual) for step in steps) * 1000)
