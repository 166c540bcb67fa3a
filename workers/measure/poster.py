"""poster: one small picture of an ad, for pages. A film shows its fullest moment, sound its loudness over time."""

from __future__ import annotations

import io

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.measure.boxes import Boxes, read_boxes
from workers.measure.film import crop, plane
from workers.media.decode import MAX_PIXELS, MAX_SECONDS, Sound, container, decoder, picture, read, sound_of

_QUALITY = 85
_MOMENTS = 9
_BETWEEN = (0.25, 0.7)  # of a film: after what enters has entered, before the end card
_COMES, _GOES = 22, 8  # frames before words stand, and after: they may be on their way
_STEP = 6  # px between looked-at samples
_PAPER, _INK, _QUIET, _LINE = "#f4f2ee", "#3c3a37", "#b9b4ac", "#dcd8d1"
_SUPERSAMPLED = 3


class Poster(OneByOne):
    """A JPEG whose longer side has `side` pixels (never more than the ad itself has)."""

    def make_one(self, task: Task) -> Made:
        """See `creative.steps.KINDS["poster"]`. Raises StepRefused for a file that cannot be decoded."""
        side, modality = int(task.params.get("side", 0)), task.params.get("modality")
        if not 16 <= side <= 4096:
            raise StepRefused(f"side is {side}: a poster has 16 to 4096 pixels")
        data, kind = read(task.inputs["asset"])
        if kind in ("jpeg", "png") and modality == "image":
            image = picture(data)
        elif kind == "mp4" and modality == "video":
            parts = sorted((role for role in task.inputs if role.startswith("boxes.")), key=lambda role: int(role[6:]))
            image = _moment(data, self.threads, read_boxes([task.inputs[role] for role in parts]))
        elif kind in ("mp3", "wav") and modality == "audio":
            heard = sound_of(data, kind)
            if heard is None:
                raise StepRefused("the file has no sound track")
            return Made({"image": _jpeg(waveform(heard, side))})
        else:
            raise StepRefused(f"this is a {kind}, which is no {modality}")
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
        return Made({"image": _jpeg(image)})


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()


def _fullness(frame: VideoFrame) -> float:
    """How much there is to see: edges, which type and a sharp product have more of than a set alone."""
    small = plane(frame, 0)[::_STEP, ::_STEP].astype(np.int16)
    across, down = np.abs(np.diff(small, axis=1)), np.abs(np.diff(small, axis=0))
    return float(np.minimum(across, 80).mean() + np.minimum(down, 80).mean())


def calm(boxes: Boxes) -> list[int]:
    """Frames at which the headline stands (or, without one, anything) and nothing comes or goes; of the body, if it has any.

    When something comes and goes the boxes do not say: so long before it stands, and after it did, nobody looks.
    """
    busy = [
        span for run in boxes.runs for span in ((run.first - _COMES, run.first + 1), (run.end - 1, run.end + _GOES))
    ]
    still = [n for n in range(boxes.frames) if not any(first <= n < end for first, end in busy)]
    said = [run for run in boxes.runs if run.role == "headline"] or boxes.runs
    standing = [n for n in still if any(run.first <= n < run.end for run in said)]
    before = [n for n in standing if boxes.card is None or n < boxes.card]
    return before or standing


def _moments(frames: int, boxes: Boxes | None) -> set[int]:
    """The numbers of the frames to choose from."""
    if boxes is not None and boxes.frames == frames and (found := calm(boxes)):
        return {found[(len(found) - 1) * turn // (_MOMENTS - 1)] for turn in range(_MOMENTS)}
    least, most = _BETWEEN
    return {round(frames * (least + (most - least) * turn / (_MOMENTS - 1))) for turn in range(_MOMENTS)}


def _moment(data: bytes, threads: int, boxes: Boxes | None = None) -> Image.Image:
    """The fullest of some moments of a film's body at which its words stand; of equal ones the earliest."""
    with container(data, "mp4") as film:
        if not film.streams.video:
            raise StepRefused("the file has no picture track")
        stream = film.streams.video[0]
        decoder(stream, threads)
        stream.thread_type = "AUTO"
        frames = stream.frames or round(float((stream.duration or 0) * (stream.time_base or 0)) * 30)
        wanted = _moments(frames, boxes)
        best: VideoFrame | None = None
        fullest = -1.0
        for number, frame in enumerate(film.decode(stream)):
            if best is None:
                best = frame
            if number in wanted and (full := _fullness(frame)) > fullest:
                best, fullest = frame, full
            if number >= max(wanted) or number > MAX_SECONDS * 60:
                break
        if best is None:
            raise StepRefused("the film has no frame that can be decoded")
        if best.width * best.height > MAX_PIXELS:
            raise StepRefused(f"the film's frames have {best.width}x{best.height} pixels: more than are shown")
        return Image.fromarray(crop(best, (0, 0, best.width, best.height)))


def _bars(heard: Sound, count: int) -> NDArray[np.float64]:
    """Height of each bar, 0 to 1: level of its stretch of time, from -48 dBFS up to the loudest."""
    edges = np.linspace(0, heard.signal.shape[1], count + 1).astype(int)
    power = np.concatenate([[0.0], np.cumsum(np.square(heard.signal, dtype=np.float64).mean(axis=0))])
    mean = (power[edges[1:]] - power[edges[:-1]]) / np.maximum(edges[1:] - edges[:-1], 1)
    level = 10 * np.log10(np.maximum(mean, 1e-12))
    top = max(float(level.max()), -30.0)
    return np.asarray(np.clip((level + 48) / (top + 48), 0.0, 1.0) ** 1.6, np.float64)


def waveform(heard: Sound, side: int) -> Image.Image:
    """Rounded bars about a middle line, twice as wide as high; a tick stands at every five seconds."""
    width, height = side, side // 2
    scale = _SUPERSAMPLED
    image = Image.new("RGB", (width * scale, height * scale), _PAPER)
    draw = ImageDraw.Draw(image)
    margin = width * scale * 6 // 100
    pitch = max(4, round(width / 110)) * scale
    bar = pitch * 6 // 10
    room = width * scale - 2 * margin
    count = max(8, (room + pitch - bar) // pitch)
    left = (width * scale - (count * pitch - (pitch - bar))) // 2
    middle, reach = height * scale * 47 // 100, height * scale * 34 // 100
    for turn, tall in enumerate(_bars(heard, count)):
        x = left + turn * pitch
        half = max(bar / 2, tall * reach)
        colour = _INK if tall > 0.04 else _QUIET
        draw.rounded_rectangle((x, middle - half, x + bar - 1, middle + half), radius=bar / 2, fill=colour)
    span = count * pitch - (pitch - bar)
    foot = height * scale * 90 // 100
    draw.rectangle((left, foot, left + span, foot + scale - 1), fill=_LINE)
    for second in range(0, int(heard.seconds) + 1, 5):
        x = left + round(span * second / heard.seconds)
        draw.rectangle((x - scale // 2, foot - 3 * scale, x + scale // 2, foot + scale - 1), fill=_QUIET)
    return image.resize((width, height), Image.Resampling.LANCZOS)
