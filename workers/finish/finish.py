"""finish: the final bytes of an ad. The label goes in, sound gets its final form; nothing touches the file after."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from creative.backends import Made, Task
from creative.errors import StepRefused
from workers.backend import OneByOne
from workers.finish import jpeg, mp4, sound
from workers.finish.encode import RATE, encode
from workers.finish.label import Label, label_from, xmp
from workers.finish.read import metadata_of
from workers.media.decode import container, decoder, decoding, picture, read, sound_of
from workers.media.sniff import MAX_BYTES

_TAKES = {"jpeg": "jpeg", "mp4": "mp4", "wav": "wav", "mp3": "wav"}
_TYPES = {"jpeg": "image/jpeg", "mp4": "video/mp4", "wav": "audio/wav", "mp3": "audio/mpeg"}
_TRUE_PEAK_TENTHS = -10
_CONTAINER_BYTES = 2048  # a WAV's chunks repeat title and note


class Finish(OneByOne):
    """Labels a still or film, encodes and labels a mix.

    Optional parameters, for sound: `true_peak_tenths` (the ceiling after encoding, -10), `max_bytes` (none) and
    `min_kbps` (192). An MP3 gets the best bit rate that fits, up to 320 kbit/s.
    """

    def make_one(self, task: Task) -> Made:
        """See `creative.steps.KINDS["finish"]`. Raises StepRefused."""
        form = str(task.params.get("format"))
        if form not in _TAKES:
            raise StepRefused(f"format is {form!r}: choose one of {', '.join(_TAKES)}")
        label = label_from(task.params)
        data, kind = read(task.inputs["media"])
        if kind != _TAKES[form]:
            raise StepRefused(f"a finished {form} is made from a {_TAKES[form]}, and this is a {kind}")
        notes: dict[str, Any] = {}
        if form == "jpeg":
            asset = _jpeg(data, label)
        elif form == "mp4":
            asset = _mp4(data, label)
        else:
            asset, notes = _sound(data, form, label, task.params)
        found = metadata_of(asset)
        if any(found.get(name) != getattr(label, name) for name in ("ad_id", "title", "source_type")):
            raise StepRefused("the label cannot be read back from the finished file")
        return Made({"asset": asset}, notes, {"asset": _TYPES[str(task.params["format"])]})


def _jpeg(data: bytes, label: Label) -> bytes:
    with decoding("picture"):
        asset = jpeg.with_xmp(data, xmp(label))
    picture(asset)
    return asset


def _packets(data: bytes) -> str:
    """A digest of every coded packet with its stream and times."""
    digest = hashlib.sha256()
    with container(data, "mp4") as film:
        if not film.streams.video:
            raise StepRefused("the MP4 has no picture track")
        for packet in film.demux():
            digest.update(repr((packet.stream_index, packet.pts, packet.dts, packet.size)).encode())
            digest.update(bytes(packet))
    return digest.hexdigest()


def _mp4(data: bytes, label: Label) -> bytes:
    with decoding("film"):
        asset = mp4.with_label(data, label)
    # A chunk table that is off by one byte still opens: only the packets show it.
    if _packets(asset) != _packets(data):
        raise StepRefused("the film's packets changed while it was labelled: its index is not as it should be")
    with container(asset, "mp4") as film:
        decoder(film.streams.video[0])
        if next(film.decode(video=0), None) is None:
            raise StepRefused("the film has no frame that can be decoded")
    return asset


def _sound(data: bytes, form: str, label: Label, params: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    mix = sound_of(data, "wav")
    if mix is None or len(mix.signal) not in (1, 2):
        raise StepRefused("the mix has to have one or two channels")
    ceiling = int(params.get("true_peak_tenths", _TRUE_PEAK_TENTHS)) / 10
    most = int(params.get("max_bytes") or MAX_BYTES)
    least = int(params.get("min_kbps", 0))
    tag = sound.id3(label)
    coded = encode(mix.signal, mix.rate, form, ceiling, most - len(tag) - _CONTAINER_BYTES, least)
    asset = tag + coded.data if form == "mp3" else sound.wav(coded.data, len(mix.signal), RATE, label)
    peak = "silent" if coded.true_peak is None else f"{coded.true_peak:.2f}"
    return asset, {"kbps": coded.kbps, "true_peak": peak, "peaks_lowered_db": f"{coded.lowered_db:.2f}"}
