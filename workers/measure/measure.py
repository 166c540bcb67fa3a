"""measure: figures of the final file. Whether they are good enough is `creative.acceptance`'s to say."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from PIL import Image

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.finish.mp4 import is_faststart
from workers.finish.read import metadata_of
from workers.measure.boxes import Boxes, Run, read_boxes
from workers.measure.contrast import Legibility, Mask, Pixels, Rectangle, around, legibility
from workers.measure.film import Film, crop, watch
from workers.measure.looks import descriptor, look_at
from workers.measure.packets import sound_gap_ms
from workers.measure.product import ROLES, product_pixels, product_tone
from workers.measure.voice import under_db
from workers.media.decode import Sound, decoding, picture, read, sound_of
from workers.media.levels import clipped, loudness, silences, true_peak

Figures = dict[str, Any]
_MODALITIES = {"jpeg": "image", "png": "image", "mp4": "video", "mp3": "audio", "wav": "audio"}
_SHORTEST_STILL_MS = 1000


class Measure(OneByOne):
    """Decodes a finished file once and measures it; see `figures_of` for what comes out."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        super().__init__(spec, threads)
        self._known: dict[tuple[str, ...], Mapping[str, int]] = {}

    def make_one(self, task: Task) -> Made:
        """See `creative.steps.KINDS["measure"]`. Raises StepRefused for a file that cannot be decoded to its end."""
        numbered = sorted((role for role in task.inputs if role.startswith("boxes.")), key=lambda r: int(r[6:]))
        figures = figures_of(
            task.inputs["asset"],
            str(task.params.get("modality")),
            [task.inputs[role] for role in numbered],
            self.threads,
            task.inputs.get("cutout"),
        )
        if "cutout" in task.inputs:
            figures["product_pixels"] = {**self._compared(task), **figures.get("product_pixels", {})}
        return Made({"figures": json.dumps(figures, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()})

    def _compared(self, task: Task) -> Mapping[str, int]:
        """What became of the product in the ad's scene; a scene is in several ads, which are measured one after another."""
        key = tuple(task.digests.get(role, "") for role in ROLES)
        found = self._known.get(key) if all(key) else None
        if found is None:
            found = self._known[key] = product_pixels(task.inputs)
        return found


def figures_of(
    asset: Path, modality: str, boxes: Sequence[Path] = (), threads: int = 1, cutout: Path | None = None
) -> Figures:
    """All figures of one file. Absent is what does not apply; null what could not be found (loudness of silence).

    Always: `bytes`, `format`, `container`, `metadata` {title, ad_id, source_type, ai_note, software}.
    Pictures: `codec, width, height, mode, flat`.   Films: `codec, profile, pix_fmt, width, height, frames, fps`
    (a whole number, or "30000/1001"), `even` (no frame early or late), `seconds, ms, faststart, kbps, flat`,
    `black` and `still` [[first, end]] in frames, `bars` [top, right, bottom, left] px always black, `card` (first frame
    of the end card), `flashing` [[first, end, general|red]], `flashes` (most in a second), `changes`, `cuts` (frames),
    `bright` (0 to 1), `sound_gap_ms`.
    Sound: `audio_codec, audio_rate, audio_channels, audio_kbps, audio_seconds`, in films `audio_offset_ms` (against the picture),
    `lufs, true_peak, clipped` (samples), `under_db` (see `workers.measure.voice`), `silent` [[start, end]] in ms; sound alone has `seconds, ms, kbps` too.
    Pictures, and three moments of films: `looks` [descriptor], to be compared by `creative.duplicates`.
    With boxes: `canvas` [w, h], `texts` [{role, text, x, y, w, h, box, size, least, first, end, contrast, ink, sight}],
    `marks` [{role, x, y, w, h, first, end}], `product` [x, y, w, h], `eye`: see `workers.measure.looks.look_at`; a film's
    is that of its end card.
    With the `cutout` of the product: `product_pixels` {cells, tone}, of a film's end card; a step whose scene is generated has
    {px, changed, most} of that too: see `workers.measure.product`.
    """
    data, kind = read(asset)
    if _MODALITIES[kind] != modality:
        raise StepRefused(f"this is a {kind}, which is no {modality}")
    with decoding("file"):
        found = metadata_of(data) if kind != "png" else {}
    figures: Figures = {
        "bytes": len(data),
        "format": kind,
        "container": kind,
        "metadata": {name: text for name, text in found.items() if name != "format"},
    }
    whole = read_boxes(boxes)
    if modality == "image":
        figures |= _of_picture(data, kind, whole, cutout)
    elif modality == "video":
        rest = read_boxes(boxes[-1:])
        figures |= _of_film(data, whole, threads, (rest.product, cutout) if rest is not None else (None, None))
    else:
        heard = sound_of(data, kind)
        if heard is None:
            raise StepRefused("the file has no sound track")
        figures |= _of_sound(heard)
        figures |= {"seconds": round(heard.seconds, 6), "ms": round(heard.seconds * 1000), "kbps": heard.kbps}
    return figures


def _of_picture(data: bytes, kind: str, boxes: Boxes | None, cutout: Path | None) -> Figures:
    pixels = np.asarray(picture(data))
    with Image.open(io.BytesIO(data)) as header:
        mode = header.mode
    spread = pixels[::4, ::4].reshape(-1, 3)
    figures: Figures = {
        "codec": kind,
        "width": int(pixels.shape[1]),
        "height": int(pixels.shape[0]),
        "mode": mode,
        "flat": bool((spread.max(axis=0).astype(int) - spread.min(axis=0) < 8).all()),
        "looks": [descriptor(pixels)],
    }
    if boxes is not None:
        looks = _Looks(boxes, figures["width"], figures["height"])
        for place, (left, top, right, bottom) in looks.places(0):
            looks.take(place, pixels[top:bottom, left:right])
        figures |= looks.figures()
        if (boxes.width, boxes.height) == (figures["width"], figures["height"]):
            figures["eye"] = _eye(pixels, boxes, 0, boxes.product)
            if cutout is not None and boxes.product is not None:
                figures["product_pixels"] = product_tone(pixels, boxes.product, cutout, _over(boxes, 0))
    return figures


def _over(boxes: Boxes, moment: int) -> list[Rectangle]:
    """What words and marks cover in one frame."""
    words = [run.ink for run in boxes.runs if run.first <= moment < max(run.end, 1)]
    return words + [(mark.x, mark.y, mark.w, mark.h) for mark in boxes.marks if mark.first <= moment < max(mark.end, 1)]


def _eye(pixels: Pixels, boxes: Boxes, moment: int, product: Rectangle | None) -> Figures:
    """What is drawn to the eye by what stands in one frame."""
    texts = [(run.role, run.ink) for run in boxes.runs if run.first <= moment < run.end]
    marks = [(mark.role, (mark.x, mark.y, mark.w, mark.h)) for mark in boxes.marks if mark.first <= moment < mark.end]
    return look_at(pixels, product, texts, marks)


def _of_film(data: bytes, boxes: Boxes | None, threads: int, product: tuple[Rectangle | None, Path | None]) -> Figures:
    """`product`: where the end card has it, and its cut-out, if it is to be compared."""
    with decoding("film"):
        faststart = is_faststart(data)
    heard = sound_of(data, "mp4")
    looks = _Looks(boxes, boxes.width, boxes.height) if boxes is not None else None
    moments = _Moments(boxes, *product)
    film = watch(data, moments.wanted(looks.wanted() if looks else {}), threads)
    seconds = film.frames / film.fps
    figures: Figures = {
        "codec": film.codec,
        "profile": film.profile,
        "pix_fmt": film.pix_fmt,
        "width": film.width,
        "height": film.height,
        "frames": film.frames,
        "fps": int(film.fps) if film.fps.denominator == 1 else str(film.fps),
        "even": film.even,
        "seconds": round(float(seconds), 6),
        "ms": round(seconds * 1000),
        "faststart": faststart,
        "kbps": round(len(data) * 8 / float(seconds) / 1000),
        "flat": film.flat,
        "black": film.black,
        "bars": film.bars,
        "flashing": film.flashing,
        "flashes": film.flashes,
        "changes": film.changes,
        "cuts": film.cuts,
        "bright": film.bright,
        "looks": moments.looks,
        "still": [span for span in film.still if (span[1] - span[0]) / film.fps * 1000 >= _SHORTEST_STILL_MS],
    }
    if heard is not None:
        figures |= _of_sound(heard, film) | {"sound_gap_ms": sound_gap_ms(data)}
    if looks is not None and boxes is not None:
        figures |= looks.figures()
        figures["card"] = boxes.card
        if moments.eye:
            figures["eye"] = moments.eye
        if moments.tone:
            figures["product_pixels"] = moments.tone
    return figures


class _Moments:
    """The frames of a film that stand for it: two of its body, one of its end card. Known from the boxes alone."""

    def __init__(self, boxes: Boxes | None, product: Rectangle | None, cutout: Path | None) -> None:
        self.boxes = boxes
        self.product, self.cutout = product, cutout
        self.looks: list[str] = []
        self.eye: Figures = {}
        self.tone: Figures = {}

    def wanted(
        self, others: Mapping[int, Sequence[Callable[[VideoFrame], None]]]
    ) -> Mapping[int, Sequence[Callable[[VideoFrame], None]]]:
        """`others`, and what is looked at here."""
        if self.boxes is None:
            return others
        body = self.boxes.card or self.boxes.frames
        rest = self.boxes.frames - body
        moments = [body // 4, body * 6 // 10, *([body + rest * 3 // 4] if rest else [])]
        return {**others, **{moment: [*others.get(moment, ()), self._look(moment, rest)] for moment in moments}}

    def _look(self, moment: int, rest: int) -> Callable[[VideoFrame], None]:
        def use(frame: VideoFrame) -> None:
            pixels = crop(frame, (0, 0, frame.width, frame.height))
            self.looks.append(descriptor(pixels))
            boxes = self.boxes
            if (
                boxes
                and rest
                and moment >= boxes.frames - rest
                and (frame.width, frame.height) == (boxes.width, boxes.height)
            ):
                self.eye = _eye(pixels, boxes, moment, None)
                if self.product is not None and self.cutout is not None:
                    self.tone = product_tone(pixels, self.product, self.cutout, _over(boxes, moment))

        return use


def _of_sound(heard: Sound, film: Film | None = None) -> Figures:
    lufs, peak = loudness(heard.signal, heard.rate), true_peak(heard.signal)
    return {
        "audio_codec": heard.codec,
        "audio_rate": heard.rate,
        "audio_channels": int(heard.signal.shape[0]),
        "audio_kbps": heard.kbps,
        "audio_seconds": round(heard.seconds, 6),
        **({"audio_offset_ms": round((heard.offset - film.start) * 1000)} if film else {}),
        "lufs": None if lufs is None else round(lufs, 2),
        "true_peak": None if peak is None else round(peak, 2),
        "clipped": clipped(heard.signal),
        "under_db": under_db(heard.signal, heard.rate),
        "silent": silences(heard.signal, heard.rate),
    }


class _Looks:
    """Every look at a run of glyphs at one moment: what to cut out of which frame, and what it came to."""

    def __init__(self, boxes: Boxes, width: int, height: int) -> None:
        self.boxes = boxes
        self.width, self.height = width, height
        self.seen: dict[int, list[Legibility]] = {number: [] for number in range(len(boxes.runs))}

    def places(self, moment: int) -> list[tuple[int, Rectangle]]:
        """The runs to look at in one frame, with what to cut out."""
        return [
            (number, around(run.ink, run.size, self.width, self.height))
            for number, run in enumerate(self.boxes.runs)
            if moment in run.moments()
        ]

    def wanted(self) -> dict[int, list[Callable[[VideoFrame], None]]]:
        """The same for a whole film, as what to call with which frame."""
        moments = {moment for run in self.boxes.runs for moment in run.moments()}

        def look(moment: int) -> Callable[[VideoFrame], None]:
            def use(frame: VideoFrame) -> None:
                if (frame.width, frame.height) == (self.width, self.height):
                    for number, place in self.places(moment):
                        self.take(number, crop(frame, place), moment)

            return use

        return {moment: [look(moment)] for moment in moments}

    def take(self, number: int, pixels: Pixels, moment: int = 0) -> None:
        """Looks at one run in what was cut out for it."""
        run = self.boxes.runs[number]
        left, top, _, _ = around(run.ink, run.size, self.width, self.height)
        ink = (run.x - left, run.y - top, run.w, run.h)
        others = self._others(run, moment, left, top, pixels.shape[:2])
        self.seen[number].append(legibility(pixels, ink, run.rgb, run.size, others))

    def _others(self, run: Run, moment: int, left: int, top: int, shape: tuple[int, ...]) -> Mask | None:
        mask = np.zeros(shape, np.bool_)
        for other in self.boxes.runs:
            if other is not run and other.first <= moment < max(other.end, other.first + 1):
                x, y = other.x - left, other.y - top
                mask[max(y - 1, 0) : max(y + other.h + 1, 0), max(x - 1, 0) : max(x + other.w + 1, 0)] = True
        return mask if mask.any() else None

    def figures(self) -> Figures:
        """What all looks came to: a run's worst contrast, and its least ink."""
        return {
            "canvas": [self.boxes.width, self.boxes.height],
            "product": self.boxes.product,
            "marks": [mark.model_dump() for mark in self.boxes.marks],
            "texts": [
                {
                    **run.model_dump(),
                    "contrast": _worst(self.seen[number]),
                    "ink": _least(self.seen[number]),
                    "sight": _sight(self.seen[number]),
                }
                for number, run in enumerate(self.boxes.runs)
            ],
        }


def _worst(seen: Sequence[Legibility]) -> float | None:
    ratios = [look.contrast for look in seen]
    known = [ratio for ratio in ratios if ratio is not None]
    return round(min(known), 2) if known and len(known) == len(ratios) else None


def _sight(seen: Sequence[Legibility]) -> dict[str, float]:
    """The worst contrast to each kind of dichromat, as far as it is known."""
    names = sorted({who for look in seen for who in look.sight})
    return {who: round(min(look.sight[who] for look in seen if who in look.sight), 2) for who in names}


def _least(seen: Sequence[Legibility]) -> float:
    return round(min((look.ink for look in seen), default=0.0), 4)
