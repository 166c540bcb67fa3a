"""Reads the words on a picture, or on a film while they stand still, and compares them with the boxes.

rapidocr (Apache-2.0) with PP-OCRv6 small (Apache-2.0): Latin, Chinese and Japanese. Words in letters that the model does not
know are left out, and counted.
"""

from __future__ import annotations

import functools
import json
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.judge.moments import frames_at
from workers.judge.words import compare, words
from workers.measure.boxes import Boxes, read_boxes
from workers.media.decode import picture, read

Pixels = NDArray[np.uint8]
_ROLES = ("caption",)
_LETTERS_WRONG = 0.2  # a share of wrong letters that a reader would stumble over; the model itself errs by a few
_SURE = 0.85
_LEAST_LETTERS = 4
_HEIGHT = 64  # px that a line is brought to: the model reads lines of 48
_MOST_MOMENTS = 6
_FIND_SIDE = 800  # px of the longer side that words are looked for on: what is smaller nobody reads in passing


class Ocr(OneByOne):
    """One picture or film."""

    def make_one(self, task: Task) -> Made:
        """See kind `judge`. figures: `read` words that are read right, `of` so many, `unknown` runs in letters that the
        model does not know, `wrong` [{role, text, read}], `extra` [str]: what is written outside of product and marks."""
        boxes = read_boxes([task.inputs[role] for role in sorted(task.inputs) if role.startswith("boxes.")])
        if boxes is None:
            raise StepRefused("there is nothing to read: the ad has no boxes")
        data, kind = read(task.inputs["asset"])
        if kind in ("jpeg", "png"):
            pictures = {0: np.asarray(picture(data), np.uint8)}
        elif kind == "mp4":
            pictures = frames_at(data, _moments(boxes), self.threads)
        else:
            raise StepRefused(f"this is a {kind}, on which nothing is written")
        figures = _judged(boxes, pictures, _engine(self.threads))
        return Made({"figures": json.dumps(figures, ensure_ascii=False, sort_keys=True).encode()})


def _moments(boxes: Boxes) -> list[int]:
    """Frames on which, together, every run of words stands still: few, each with as many as can be."""
    left = [run for run in boxes.runs if run.end > run.first]
    found: list[int] = []
    while left and len(found) < _MOST_MOMENTS:
        middles = {(run.first + run.end - 1) // 2 for run in left}
        best = max(sorted(middles), key=lambda frame: sum(run.first <= frame < run.end for run in left))
        found.append(best)
        left = [run for run in left if not run.first <= best < run.end]
    return found


def _judged(boxes: Boxes, pictures: dict[int, Pixels], engine: _Engine) -> dict[str, Any]:
    right = of = unknown = 0
    wrong: dict[tuple[str, str], dict[str, str]] = {}
    for frame, pixels in sorted(pictures.items()):
        for run in boxes.runs:
            text = run.text
            if not run.first <= frame < max(run.end, run.first + 1) or not words(text):
                continue
            if not engine.knows(text):
                unknown += 1
                continue
            said, _ = engine.line(_around(pixels, run.x, run.y, run.x + run.w, run.y + run.h))
            many = len(words(text))
            of += many
            if compare(text, said).letters > _LETTERS_WRONG:
                wrong.setdefault((run.role, text), {"role": run.role, "text": text, "read": said})
            else:
                right += many
    # In a film the product moves, and its label with it: only of a still is it known where no words should be.
    extra = _extra(boxes, pictures[0], 0, engine) if boxes.frames == 1 and 0 in pictures else []
    return {"read": right, "of": of, "unknown": unknown, "wrong": list(wrong.values()), "extra": extra}


def _around(pixels: Pixels, left: int, top: int, right: int, bottom: int) -> Pixels:
    """A line's place with some room, at the height that the model reads."""
    more = max(4, round((bottom - top) * 0.25))
    part = pixels[max(0, top - more) : bottom + more, max(0, left - more) : right + more]
    factor = _HEIGHT / max(1, part.shape[0])
    size = max(8, round(part.shape[1] * factor)), max(8, round(part.shape[0] * factor))
    return np.asarray(Image.fromarray(part).resize(size, Image.Resampling.LANCZOS), np.uint8)


def _extra(boxes: Boxes, pixels: Pixels, frame: int, engine: _Engine) -> list[str]:
    """What is written where no words should be."""
    known: list[tuple[int, int, int, int]] = [
        run.ink for run in boxes.runs if run.first <= frame < max(run.end, run.first + 1)
    ]
    known += [(mark.x, mark.y, mark.w, mark.h) for mark in boxes.marks]
    if boxes.product is not None:
        known.append(boxes.product)  # a label's words are the product's own
    found = []
    for x, y, w, h in engine.places(pixels):
        middle = (x + w / 2, y + h / 2)
        if not any(a - h <= middle[0] <= a + c + h and b - h <= middle[1] <= b + d + h for a, b, c, d in known):
            text, score = engine.line(_around(pixels, x, y, x + w, y + h))
            if score >= _SURE and len("".join(words(text))) >= _LEAST_LETTERS:
                found.append(text)
    return found


class _Engine:
    """The two models, and the letters that they know."""

    def __init__(self, threads: int) -> None:
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._read: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Det.limit_type": "max",  # found on a small picture, read on the large one
                "Det.limit_side_len": _FIND_SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self._letters: frozenset[str] | None = None

    def knows(self, text: str) -> bool:
        """Whether the model has every letter of the text."""
        if self._letters is None:
            letters = self._read._load_rec_model().postprocess_op.character
            self._letters = frozenset("".join(letters))
        return set("".join(words(text))) <= {sign.casefold() for sign in self._letters}

    def line(self, part: Pixels) -> tuple[str, float]:
        """The words of one line, RGB, and how sure it is, 0 to 1."""
        found = self._read(np.ascontiguousarray(part[..., ::-1]), use_det=False, use_cls=False, use_rec=True)
        return " ".join(found.txts or ()), min(found.scores or (0.0,))

    def places(self, pixels: Pixels) -> list[tuple[int, int, int, int]]:
        """Where any line is: x, y, width, height."""
        found = self._read(np.ascontiguousarray(pixels[..., ::-1]), use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        corners = [(np.min(box, axis=0), np.max(box, axis=0)) for box in found.boxes]
        return [(int(a[0]), int(a[1]), int(b[0] - a[0]), int(b[1] - a[1])) for a, b in corners]


@functools.cache
def _engine(threads: int) -> _Engine:
    return _Engine(threads)
