"""Cues: when each caption is shown, on the frame grid. Captions follow one another, one at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence

from creative.backends import Made, Task
from creative.canonical import canonical
from creative.craft.pictures import words_in
from creative.errors import StepRefused
from workers.backend import OneByOne

HOLD_MS = 600  # a caption stays this long after its phrase, unless the next one comes
LEAST_MS = 500  # shorter is a flicker
SHIFT_MS = 200  # a caption may come so much before its phrase, or stay so much into the next one, to be read
ENTRY_MS = 200  # without a voice: the picture comes first


class Cues(OneByOne):
    """Captions from phrase times, or by reading speed where nobody speaks."""

    def make_one(self, task: Task) -> Made:
        """See kind `cues`. A phrase that is said over the end card has no caption: the card shows the ask."""
        captions, fps, frames = list(task.params["captions"]), task.params["fps"], task.params["frames"]
        if "times" in task.inputs:
            spans = json.loads(task.inputs["times"].read_bytes())
            if len(spans) != len(captions):
                raise StepRefused(
                    f"there are {len(captions)} captions for {len(spans)} spoken phrases: they must be as many"
                )
            cues = spoken_cues([(span["start_ms"], span["end_ms"]) for span in spans], captions, fps, frames)
        else:
            cues = read_cues(captions, fps, frames)
        return Made({"cues": canonical([{"text": text, "first": first, "end": end} for text, first, end in cues])})


def spoken_cues(
    spans: Sequence[tuple[int, int]], captions: Sequence[str], fps: int, frames: int
) -> list[tuple[str, int, int]]:
    """(text, first, end) of each caption whose phrase begins in time; spans in milliseconds, in order."""
    least = _frames(LEAST_MS, fps)
    firsts: list[int] = []
    for start, _ in spans:
        first = _frames(start, fps)
        firsts.append(max(first, firsts[-1] + least) if firsts else first)
    kept = [index for index, first in enumerate(firsts) if first + least <= frames]
    cues = []
    for index in kept:
        following = firsts[index + 1] if index + 1 < len(firsts) else frames
        end = max(_frames(spans[index][1] + HOLD_MS, fps), firsts[index] + least)
        cues.append((captions[index], firsts[index], min(end, following, frames)))
    return _readable(cues, fps)


def _readable(cues: list[tuple[str, int, int]], fps: int) -> list[tuple[str, int, int]]:
    """The same, where a caption that is gone before it is read takes a little from a neighbour that can spare it: first from
    the one after it, then from the one before (or from the pause there)."""
    most = _frames(SHIFT_MS, fps)
    bounds = [[first, end] for _, first, end in cues]
    needs = [_frames(300 + 200 * words_in(text), fps) for text, _, _ in cues]
    for n, need in enumerate(needs):
        first, end = bounds[n]
        if end - first < need and n + 1 < len(bounds) and bounds[n + 1][0] == end:
            spare = bounds[n + 1][1] - end - needs[n + 1]
            more = max(0, min(need - (end - first), spare, most))
            bounds[n][1] = bounds[n + 1][0] = end + more
        first, end = bounds[n]
        if end - first < need and n:
            before = bounds[n - 1]
            pause = first - before[1]
            spare = max(0, before[1] - before[0] - needs[n - 1])
            more = min(need - (end - first), pause + spare, most)
            bounds[n][0] = first - more
            before[1] = min(before[1], first - more)
    return [(text, first, end) for (text, _, _), (first, end) in zip(cues, bounds, strict=True)]


def read_cues(captions: Sequence[str], fps: int, frames: int) -> list[tuple[str, int, int]]:
    """(text, first, end) of each caption, its share of the time by its length; the last stays to the end.

    Raises StepRefused when there is no time to read them.
    """
    if not captions:
        return []
    least = _frames(LEAST_MS, fps)
    entry = min(_frames(ENTRY_MS, fps), max(0, frames - least * len(captions)))
    room = frames - entry
    if least * len(captions) > room:
        raise StepRefused(
            f"{len(captions)} captions do not fit {frames / fps:.1f} s: {max(1, room // least)} would; cut the text"
        )
    # Eight characters' worth of time goes into finding the line, however short it is.
    weights = [len(caption) + 8 for caption in captions]
    spare = room - least * len(captions)
    bounds = [entry]
    said = 0
    for number, weight in enumerate(weights, start=1):
        said += weight
        bounds.append(entry + least * number + spare * said // sum(weights))
    return [(caption, bounds[i], bounds[i + 1]) for i, caption in enumerate(captions)]


def _frames(ms: int, fps: int) -> int:
    return (ms * fps + 500) // 1000
