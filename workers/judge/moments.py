"""Some frames of a film, as pictures."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from creative.errors import StepRefused
from workers.measure.film import crop
from workers.media.decode import MAX_PIXELS, container, decoder


def frames_at(data: bytes, numbers: Iterable[int], threads: int) -> dict[int, NDArray[np.uint8]]:
    """The frames of these numbers, RGB; those beyond the end are left out. Raises StepRefused for a broken film."""
    wanted = set(numbers)
    found: dict[int, NDArray[np.uint8]] = {}
    with container(data, "mp4") as film:
        if not film.streams.video:
            raise StepRefused("the file has no picture track")
        stream = film.streams.video[0]
        decoder(stream, threads)
        stream.thread_type = "AUTO"
        for number, frame in enumerate(film.decode(stream)):
            if frame.width * frame.height > MAX_PIXELS:
                raise StepRefused(
                    f"the film's frames have {frame.width}x{frame.height} pixels: more than are looked at"
                )
            if number in wanted:
                found[number] = crop(frame, (0, 0, frame.width, frame.height))
            if number >= max(wanted, default=0):
                break
    if not found:
        raise StepRefused("the film has no frame that can be decoded")
    return found
