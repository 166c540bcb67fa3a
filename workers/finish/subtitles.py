"""Subtitles: what is said in a film as WebVTT and SubRip files, for players, publishers and search."""

from __future__ import annotations

import json
from collections.abc import Sequence

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.sound.cues import read_cues, spoken_cues

LONGEST_LINE = 42
"""Characters a line that subtitling guides allow (Netflix Timed Text, BBC: 37 to 42); full-width ones count twice."""

Cue = tuple[str, int, int]


class Subtitles(OneByOne):
    """Kind `subtitles`: see `creative.steps.KINDS`."""

    def make_one(self, task: Task) -> Made:
        """Raises StepRefused when captions and spoken phrases are not as many, or cannot be read in the film's time."""
        captions, fps, frames = list(task.params["captions"]), int(task.params["fps"]), int(task.params["frames"])
        if "times" in task.inputs:
            spans = json.loads(task.inputs["times"].read_bytes())
            if len(spans) != len(captions):
                raise StepRefused(f"there are {len(captions)} captions for {len(spans)} spoken phrases")
            cues = spoken_cues([(span["start_ms"], span["end_ms"]) for span in spans], captions, fps, frames)
        else:
            cues = read_cues(captions, fps, frames)
        return Made({"vtt": vtt(cues, fps), "srt": srt(cues, fps)})


def vtt(cues: Sequence[Cue], fps: int) -> bytes:
    """A WebVTT file (W3C): cues (text, first frame, end frame) at `fps`."""
    blocks = ["WEBVTT"]
    for text, first, end in cues:
        safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{_time(first, fps, '.')} --> {_time(end, fps, '.')}\n{_lines(safe)}")
    return ("\n\n".join(blocks) + "\n").encode()


def srt(cues: Sequence[Cue], fps: int) -> bytes:
    """A SubRip file: the same, numbered."""
    blocks = [
        f"{number}\n{_time(first, fps, ',')} --> {_time(end, fps, ',')}\n{_lines(text)}"
        for number, (text, first, end) in enumerate(cues, start=1)
    ]
    return ("\n\n".join(blocks) + "\n").encode() if blocks else b""


def _time(frame: int, fps: int, point: str) -> str:
    ms = (frame * 1000 + fps // 2) // fps
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}{point}{ms % 1000:03d}"


def _lines(text: str) -> str:
    """The text on one line, or broken at the space nearest to its middle; no empty line, which would end the cue."""
    text = " ".join(text.split())
    wide = sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
    spaces = [at for at, letter in enumerate(text) if letter == " "]
    if wide <= LONGEST_LINE or not spaces:
        return text
    middle = min(spaces, key=lambda at: abs(at - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"
