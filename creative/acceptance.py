"""Acceptance: the figures of a finished file beside its placement's row. Pure: no file is opened here.

What a publisher would refuse, or a viewer could not read or hear, fails (`reasons`). What only good craft asks for is a
finding: worth a look, no refusal. Figures are what `workers.measure.measure.figures_of` gives.

Safe zone: every word and every logo or button has to stay out of what the publisher's interface covers. Nothing is
excepted: captions are read, and legal text must be legible by law.

What is a finding, and what a check, is in `creative.craft.table`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from creative.craft import checks_of_judges, findings
from creative.placements import ENCODINGS, Placement
from creative.records import FindingRecord

Figures = Mapping[str, Any]
Rectangle = Sequence[int]

LEAST_CONTRAST = 4.5
_MOST_TONE = 10  # levels: crop, scale, codec and shade cost one or two
_LEAST_INK = 0.02
_SLACK_PX = 1  # antialiasing may touch the next pixel
_SOUND_SLACK_MS = 25  # AAC comes in frames of 21.3 ms at 48 kHz
_OFFSET_SLACK_MS = 20
_HEAD_SILENCE_MS = 300
_INNER_SILENCE_MS = 1000
_BLACK_MS = 200
_STILL_MS = 3000
_LEVEL_SLACK = 0.05  # dB that two true-peak meters may differ by


# XML 1.0 has no spelling for these; a lone surrogate has no UTF-8 either.
_UNSPEAKABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def one_line(text: str) -> str:
    """`text` as a file's label carries it: control characters and line breaks become spaces, runs of spaces one."""
    text = _UNSPEAKABLE.sub("", text)
    text = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in text)
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Acceptance:
    """`failed-check` has reasons, sentences for people; `pending` has none and waits for somebody's eyes."""

    state: Literal["pending", "failed-check"]
    reasons: tuple[str, ...] = ()
    findings: tuple[FindingRecord, ...] = ()


def accept(
    figures: Figures,
    placement: Placement,
    *,
    ad_id: str | None = None,
    title: str | None = None,
    texts: Mapping[str, str] | None = None,
    brand: str = "",
    spoken: bool = False,
) -> Acceptance:
    """Whether a finished file may be shown to people who approve.

    `ad_id`, `title`: what it has to say it is. `texts`: its copy by role; `brand`: whose name has to be heard; `spoken`:
    whether a voice says its script.
    """
    reasons = (
        *_file(figures, placement),
        *_label(figures, ad_id, title),
        *(_picture(figures, placement) if placement.modality != "audio" else ()),
        *_product(figures),
        *(_film(figures, placement) if placement.modality == "video" else ()),
        *(_sound(figures, placement) if placement.modality != "image" else ()),
        *(reason for text in figures.get("texts", ()) for reason in _text(text, figures, placement)),
        *(reason for mark in figures.get("marks", ()) for reason in _mark(mark, figures, placement)),
        *checks_of_judges(figures),
    )
    # A word that fails in each of ten captions is said once.
    once = tuple(dict.fromkeys(reasons))
    found = dict.fromkeys(findings(figures, placement, texts=texts, brand=brand, spoken=spoken))
    return Acceptance("failed-check" if once else "pending", once, tuple(found))


def _file(figures: Figures, placement: Placement) -> Iterator[str]:
    wanted = ENCODINGS[placement.format]
    if figures.get("container") != wanted.container:
        yield f"the file is a {figures.get('container')}, {placement.title} takes {wanted.container}"
    size = figures.get("bytes", 0)
    if size > placement.max_bytes:
        yield f"the file has {size:,} bytes, at most {placement.max_bytes:,} are taken"
    if placement.min_kbps and figures.get("kbps", 0) < placement.min_kbps:
        yield f"the file has {figures.get('kbps', 0)} kbit/s, at least {placement.min_kbps} are asked for"


def _label(figures: Figures, ad_id: str | None, title: str | None) -> Iterator[str]:
    found = figures.get("metadata", {})
    if not found.get("source_type"):
        yield "the file does not say how it was made: its digital source type is missing"
    for name, wanted in (("ad_id", ad_id), ("title", title)):
        if not found.get(name):
            yield f"the file does not carry its {name}"
        elif wanted is not None and found[name] != one_line(wanted):
            yield f"the file says that its {name} is “{found[name]}”, it should be “{wanted}”"


def _picture(figures: Figures, placement: Placement) -> Iterator[str]:
    wanted = ENCODINGS[placement.format]
    pixels = (figures.get("width"), figures.get("height"))
    if pixels != (placement.width, placement.height):
        yield f"the picture has {pixels[0]}x{pixels[1]} pixels, {placement.width}x{placement.height} are needed"
    if figures.get("codec") != wanted.codec:
        yield f"the picture is coded as {figures.get('codec')}, {wanted.codec} is needed"
    if wanted.pix_fmt and figures.get("pix_fmt") != wanted.pix_fmt:
        yield f"the picture's pixels are {figures.get('pix_fmt')}, {wanted.pix_fmt} is needed"
    if figures.get("mode", "RGB") != "RGB":
        yield f"the picture's colours are {figures['mode']}, RGB is needed"
    if figures.get("flat"):
        yield "the picture is one flat colour"
    canvas = figures.get("canvas")
    if canvas is not None and tuple(canvas) != pixels:
        yield f"the boxes are for {canvas[0]}x{canvas[1]} pixels, so that its text could not be measured"


def _product(figures: Figures) -> Iterator[str]:
    """What a model painted may be anything but the product: see `workers.measure.product`."""
    found = figures.get("product_pixels")
    if found is None:
        return
    if not found["px"]:
        yield "the generated scene does not show the product that it was made for"
    if found["changed"]:
        yield (
            f"the product in the generated scene is not its photo: {found['changed']:,} of {found['px']:,} pixels differ, "
            f"by up to {found['most']} levels"
        )
    elif (tone := found.get("tone")) is not None and tone > _MOST_TONE:
        yield f"the product looks unlike its photo: by {tone:g} levels, at most {_MOST_TONE} are expected"


def _film(figures: Figures, placement: Placement) -> Iterator[str]:
    fps, ms, frames = figures.get("fps"), placement.ms or 0, figures.get("frames", 0)
    if placement.fps and fps != placement.fps:
        yield f"the film has {fps} frames a second, {placement.fps} are needed"
    if not figures.get("even", True):
        yield "the film's frames do not come in even time"
    if placement.fps and frames * 1000 != ms * placement.fps:
        yield f"the film has {frames} frames, {ms * placement.fps / 1000:g} are needed for {ms / 1000:g} s"
    if not figures.get("faststart", True):
        yield "the film's index is at its end, so that it cannot play while it loads"
    rate = placement.fps or 30
    for first, end in figures.get("black", ()):
        if (end - first) * 1000 / rate >= _BLACK_MS:
            yield f"the film is black from {first / rate:.1f} s to {end / rate:.1f} s"
    card = figures.get("card")
    for first, end in figures.get("still", ()):
        # An end card may stand still, and what comes before it only until then.
        until = min(end, card) if card is not None and first < card else end
        if (card is None or first < card) and (until - first) * 1000 / rate > _STILL_MS:
            yield f"the film stands still from {first / rate:.1f} s to {until / rate:.1f} s"
    for first, end, kind in figures.get("flashing", ()):
        what = "saturated red flashes" if kind == "red" else "flashes"
        yield f"the film {what} more than three times a second from {first / rate:.1f} s to {end / rate:.1f} s: it can harm"


def _sound(figures: Figures, placement: Placement) -> Iterator[str]:
    wanted, ms = ENCODINGS[placement.format], placement.ms or 0
    if "audio_codec" not in figures:
        if placement.modality == "audio":
            yield "the file has no sound"
        return
    if figures["audio_codec"] != wanted.audio_codec:
        yield f"the sound is coded as {figures['audio_codec']}, {wanted.audio_codec} is needed"
    if figures["audio_rate"] != wanted.audio_rate:
        yield f"the sound has {figures['audio_rate']} Hz, {wanted.audio_rate} are needed"
    lasts = figures["audio_seconds"] * 1000
    slack = _SOUND_SLACK_MS if placement.modality == "video" else 1
    if abs(lasts - ms) > slack:
        yield f"the sound lasts {lasts / 1000:.3f} s, {ms / 1000:g} s are needed"
    if abs(figures.get("audio_offset_ms", 0)) > _OFFSET_SLACK_MS:
        yield f"the sound begins {figures['audio_offset_ms']} ms beside the picture"
    if (gap := figures.get("sound_gap_ms") or 0) > 1000 / (placement.fps or 30):
        yield f"the sound leaves the picture by {gap} ms: one frame is {1000 / (placement.fps or 30):.0f} ms"
    yield from _levels(figures, placement)
    for start, end in figures.get("silent", ()):
        if start == 0 and end > _HEAD_SILENCE_MS:
            yield f"the sound begins with {end / 1000:.1f} s of silence, at most {_HEAD_SILENCE_MS / 1000} s are allowed"
        elif end < lasts - _SOUND_SLACK_MS and end - start > _INNER_SILENCE_MS:
            yield f"the sound is silent from {start / 1000:.1f} s to {end / 1000:.1f} s"


def _levels(figures: Figures, placement: Placement) -> Iterator[str]:
    lufs, peak = figures.get("lufs"), figures.get("true_peak")
    if placement.lufs_tenths is not None:
        aim, tolerance = placement.lufs_tenths / 10, placement.lufs_tolerance_tenths / 10
        if lufs is None:
            yield "the sound is silent"
        elif round(abs(lufs - aim), 2) > tolerance:
            yield f"the sound has {lufs:.1f} LUFS, {aim:g} within {tolerance:g} are needed"
    if placement.true_peak_tenths is not None and peak is not None:
        ceiling = placement.true_peak_tenths / 10
        if peak > ceiling + _LEVEL_SLACK:
            yield f"the sound's true peak is {peak:.1f} dBTP, at most {ceiling:g} is allowed"
    if figures.get("clipped"):
        yield f"the sound clips: {figures['clipped']} samples stand at full scale"


def _named(text: Mapping[str, Any]) -> str:
    role = str(text["role"]).replace("_", " ")
    words = str(text["text"])
    return f"the {role} “{words if len(words) <= 40 else words[:39] + '…'}”"


def _text(text: Mapping[str, Any], figures: Figures, placement: Placement) -> Iterator[str]:
    name, contrast = _named(text), text.get("contrast")
    if text["end"] <= text["first"]:
        yield f"{name} never stands still, so that it cannot be read"
    elif contrast is None:
        yield f"the contrast of {name} cannot be measured: nothing is seen around it"
    elif contrast < LEAST_CONTRAST:
        # Cut, not rounded: 4.48 must not read as 4.5.
        yield f"the contrast of {name} is {int(contrast * 10) / 10:.1f}:1, at least {LEAST_CONTRAST}:1 is needed"
    elif text.get("ink", 1.0) < _LEAST_INK:
        yield f"{name} cannot be seen: its place has none of its colour {text['colour']}"
    ink = (text["x"], text["y"], text["w"], text["h"])
    if not _inside(ink, text["box"]):
        yield f"{name} leaves its box by {_beyond(ink, text['box'])} px"
    yield from _in_safe_zone(name, ink, figures, placement)
    if text["size"] < text["least"]:
        yield f"{name} is set in {text['size']} px, at least {text['least']} px are needed"


def _mark(mark: Mapping[str, Any], figures: Figures, placement: Placement) -> Iterator[str]:
    yield from _in_safe_zone(f"the {mark['role']}", (mark["x"], mark["y"], mark["w"], mark["h"]), figures, placement)


def _in_safe_zone(name: str, ink: Rectangle, figures: Figures, placement: Placement) -> Iterator[str]:
    width, height = figures.get("canvas") or (figures.get("width", 0), figures.get("height", 0))
    if not _inside(ink, (0, 0, width, height)):
        yield f"{name} leaves the picture by {_beyond(ink, (0, 0, width, height))} px"
        return
    safe = placement.safe
    free = (safe.left, safe.top, width - safe.left - safe.right, height - safe.top - safe.bottom)
    if not _inside(ink, free):
        yield f"{name} is {_beyond(ink, free)} px inside what {placement.title} covers with its own interface"


def _beyond(inner: Rectangle, outer: Rectangle) -> int:
    """By how many pixels `inner` (x, y, w, h) leaves `outer` at its worst side; 0 or less: not at all."""
    return max(
        outer[0] - inner[0],
        outer[1] - inner[1],
        inner[0] + inner[2] - outer[0] - outer[2],
        inner[1] + inner[3] - outer[1] - outer[3],
    )


def _inside(inner: Rectangle, outer: Rectangle) -> bool:
    return _beyond(inner, outer) <= _SLACK_PX
