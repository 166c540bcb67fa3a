"""A small finished campaign, made up: rows as the registry gives them, and their files in a store."""

from __future__ import annotations

import hashlib
import io
import tempfile
import wave
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from creative.placements import Placement, placements
from creative.registry.rows import AssetRow
from creative.store import DirectoryStore, Store

SEGMENTS = {"commuters": (40, 90, 70), "gift-givers": (150, 70, 40), "home-baristas": (200, 190, 160)}
MARKETS = {"DE": ("de-DE", "Langsam gut."), "GB": ("en-GB", "Take it slow.")}
PLACEMENTS = (
    "meta-feed-1x1",
    "meta-story-9x16",
    "google-landscape",
    "iab-728x90",
    "iab-160x600",
    "meta-reel-6",
    "spotify-audio-15",
)


@cache
def picture(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A JPEG of one colour that darkens downwards."""
    shade = np.linspace(1.0, 0.5, height)[:, None, None] * np.array(colour)[None, None, :]
    file = io.BytesIO()
    Image.fromarray(np.broadcast_to(shade, (height, width, 3)).astype(np.uint8)).save(file, "JPEG", quality=80)
    return file.getvalue()


@cache
def film(colour: tuple[int, int, int]) -> bytes:
    """A second of 90x160 H.264 with AAC."""
    # Faststart reads the file again while it is written: not possible in memory.
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        with av.open(file.name, "w", options={"movflags": "+faststart"}) as out:
            track = out.add_stream("libx264", rate=8, options={"preset": "ultrafast", "threads": "1"})
            track.width, track.height, track.pix_fmt = 90, 160, "yuv420p"
            voice = out.add_stream("aac", rate=48000)
            voice.codec_context.layout = "stereo"
            for number in range(8):
                frame = np.full((160, 90, 3), colour, np.uint8)
                frame[: number * 20] = 255
                out.mux(track.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            out.mux(track.encode(None))
            for number in range(46):
                block = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
                block.sample_rate, block.pts = 48000, number * 1024
                out.mux(voice.encode(block))
            out.mux(voice.encode(None))
        return Path(file.name).read_bytes()


@cache
def sound(kind: str) -> bytes:
    """Half a second of silence: "mp3" or "wav"."""
    file = io.BytesIO()
    if kind == "wav":
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(44100)
            out.writeframes(b"\0\0" * 22050)
        return file.getvalue()
    with av.open(file, "w", format="mp3") as out:
        voice = out.add_stream("libmp3lame", rate=44100)
        voice.codec_context.layout = "stereo"
        for number in range(20):
            block = av.AudioFrame.from_ndarray(np.zeros((2, 1152), np.int16), format="s16p", layout="stereo")
            block.sample_rate, block.pts = 44100, number * 1152
            out.mux(voice.encode(block))
        out.mux(voice.encode(None))
    return file.getvalue()


def row(store: Store, segment: str, market: str, placement: str, **more: Any) -> AssetRow:
    """One rendition; its files are in the store. `more` replaces fields."""
    place: Placement = placements()[placement]
    colour = SEGMENTS.get(segment, (90, 90, 90))
    locale, headline = MARKETS.get(market, ("en-GB", "Take it slow."))
    script = "Some mornings deserve more than a button."
    if place.modality == "image" and place.width and place.height:
        data, type = picture(place.width, place.height, colour), "image/jpeg"
        poster = picture(*_smaller(place.width, place.height), colour)
        texts, figures = {"headline": headline, "cta": "Order now"}, {"texts": [{"contrast": 7.1}, {"contrast": 5.25}]}
    elif place.modality == "video":
        data, type, poster = film(colour), "video/mp4", picture(360, 640, colour)
        texts, figures = {"headline": headline, "script": script}, {"lufs": -14.02, "true_peak": -1.2, "fps": 30}
    else:
        kind = "wav" if segment == "commuters" else "mp3"
        data, type, poster = sound(kind), "audio/wav" if kind == "wav" else "audio/mpeg", picture(640, 320, colour)
        texts, figures = {"script": script}, {"lufs": -13.9, "true_peak": None}
    blob, seen = store.put_blob(data, type), store.put_blob(poster, "image/jpeg")
    id = hashlib.sha256(f"{segment}/{market}/{placement}/{more.get('variant', 1)}".encode(errors="replace")).hexdigest()
    fields: dict[str, Any] = {
        "asset_id": f"as_{id[:20]}", "ad_id": f"ad_{id[20:40]}", "campaign": "autumn", "market": market,
        "locale": locale, "product": "house", "offer": None, "segment": segment, "placement": placement, "arm": None,
        "variant": 1, "modality": place.modality, "name": f"marlo_{market}_{segment}_{placement}_{id[:8]}",
        "sha256": blob.sha256, "bytes": blob.bytes, "type": type, "width": place.width, "height": place.height,
        "ms": place.ms, "state": "pending", "wanted": "w", "binding": "b", "finish": "f", "poster": seen.sha256,
        "reasons": [], "findings": [], "figures": figures, "choices": {"headline": "hook-slow", "layout": "pedestal"},
        "texts": texts, "lines": {}, "carried": {"alt": f"Coffee on a shelf: {headline}"}, "lineage": [],
    }  # fmt: skip
    return AssetRow(**(fields | more))


def campaign(store: Store) -> list[AssetRow]:
    """Three segments in two markets, five shapes of stills, a film and a sound (Great Britain only); one ad failed."""

    def rows() -> Iterator[AssetRow]:
        for segment in SEGMENTS:
            for market in MARKETS:
                for name in PLACEMENTS:
                    if name == "spotify-audio-15" and market == "DE":
                        continue
                    more: dict[str, Any] = {}
                    if (segment, market, name) == ("gift-givers", "DE", "meta-story-9x16"):
                        more = {"state": "failed-check", "reasons": ["headline: contrast 3.1 is under 4.5"]}
                    if (segment, market, name) == ("commuters", "GB", "iab-728x90"):
                        more = {"state": "approved", "findings": ["the product fills 18 % of the shorter side"]}
                    yield row(store, segment, market, name, **more)

    return sorted(rows(), key=lambda row: row.ad_id)


def new_store(folder: Path) -> DirectoryStore:
    """An empty store."""
    return DirectoryStore.open(folder / "store")


def _smaller(width: int, height: int) -> tuple[int, int]:
    scale = min(640 / max(width, height), 1.0)
    return round(width * scale), round(height * scale)
