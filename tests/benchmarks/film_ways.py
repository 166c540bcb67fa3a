"""The film of the benchmark, and the ways to it: our steps, moviepy, Remotion, the encoder alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import moviepy
import numpy as np
from moviepy import vfx
from moviepy.audio.AudioClip import AudioArrayClip
from PIL import Image, ImageDraw, ImageFont

from creative.backends import Backend, BackendSpec, Made, Task
from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from tests.benchmarks.stills import PALETTE, photograph
from tests.support.browser import CHROMIUM
from workers.compose import encode, shoot
from workers.compose.body import Body
from workers.compose.endcard import EndCard

WIDTH, HEIGHT, FPS = 1080, 1920, 30
CAPTIONS = ("Ten minutes, low heat, nothing rushed.", "House Roast, made in small batches.")
CRF = encode.CRF


@dataclass(frozen=True, slots=True)
class Job:
    """The film's inputs in a folder. Fewer `frames` than 180, and another `share` of its sides, are for trying."""

    folder: Path
    frames: int
    card: int
    width: int
    height: int
    cues: tuple[Mapping[str, Any], ...]
    inputs: Mapping[str, Path]

    @classmethod
    def write(cls, folder: Path, frames: int = 180, share: int = 1) -> Job:
        """Photo, layout and cues; sides divided by `share`."""
        width, height = WIDTH // share, HEIGHT // share
        photograph(width, height).save(folder / "photo.png")
        Image.open(folder / "photo.png").save(folder / "photo.jpg", quality=95, subsampling=0)
        meta = {"width": width, "height": height, "product": None, "set": "photo"}
        (folder / "meta.json").write_text(json.dumps(meta))
        row = placements()["meta-reel-6"].model_copy(update={"width": width, "height": height})
        if share > 1:
            row = row.model_copy(update={"safe": type(row.safe)()})
        document = load_layouts(templates() / "layouts")["pedestal"].shape_for(row).document(row)
        (folder / "layout.json").write_text(json.dumps(document))
        half = frames // 2
        cues = (
            {"text": CAPTIONS[0], "first": 2, "end": half - 4},
            {"text": CAPTIONS[1], "first": half, "end": frames - 4},
        )
        (folder / "cues.json").write_text(json.dumps(cues))
        fonts = templates() / "fonts"
        inputs = {
            "scene": folder / "photo.png",
            "meta": folder / "meta.json",
            "layout": folder / "layout.json",
            "font.display": fonts / "Geologica-SemiBold.ttf",
            "font.text": fonts / "Inter-Medium.ttf",
        }
        return cls(folder, frames, max(6, frames // 4), width, height, cues, inputs)

    @property
    def ms(self) -> int:
        """How long body and end card are."""
        return (self.frames + self.card) * 1000 // FPS

    def params(self, frames: int, **texts: str) -> dict[str, Any]:
        """Parameters of a body or an end card."""
        return {
            "width": self.width, "height": self.height, "texts": texts, "palette": PALETTE, "locale": "en-GB", "direction": "ltr",
            "fps": FPS, "frames": frames,
        }  # fmt: skip

    def step(
        self, backend: Callable[[BackendSpec, int], Backend], kind: str, params: Any, inputs: Any, name: str
    ) -> Made:
        """Make one step with one thread, in a folder of its own."""
        scratch = self.folder / name
        scratch.mkdir(exist_ok=True)
        (made,) = backend(BackendSpec(kind, kind, ""), 1).make([Task(name, kind, params, inputs, None, scratch)])
        if not isinstance(made, Made):
            raise made
        return made

    def body(self) -> Path:
        """Our body."""
        inputs = {**self.inputs, "cues": self.folder / "cues.json"}
        return _path(self.step(Body, "body", self.params(self.frames), inputs, "body"), "picture")

    def endcard(self, cta: str = "Shop now") -> Path:
        """Our end card: 1.5 s for 6 s."""
        params = self.params(self.card, headline="Calm as the sea.", cta=cta)
        return _path(self.step(EndCard, "endcard", params, self.inputs, "endcard"), "picture")


def _path(made: Made, name: str) -> Path:
    found = made.outputs[name]
    assert isinstance(found, Path)
    return found


@contextmanager
def recorded(path: Path) -> Iterator[None]:
    """What is encoded within is written to `path` too, as raw planes of YUV 4:2:0."""

    class Recorder(encode.PictureTrack):
        def add(self, frame: av.VideoFrame, *rest: Any, **named: Any) -> None:
            for plane in encode.views(frame):
                raw.write(np.ascontiguousarray(plane).tobytes())
            super().add(frame, *rest, **named)

    with path.open("wb") as raw:
        kept, shoot.PictureTrack = shoot.PictureTrack, Recorder  # type: ignore[misc]
        try:
            yield
        finally:
            shoot.PictureTrack = kept  # type: ignore[misc]


def x264(job: Job, raw: Path, out: Path) -> int:
    """Encode raw planes as a body is encoded; the number of frames."""
    wide, high = job.width, job.height
    luma, chroma = wide * high, wide * high // 4
    frames = np.memmap(raw, np.uint8, "r").reshape(-1, luma + 2 * chroma)
    with encode.PictureTrack(out, wide, high, FPS) as track:
        for data in frames:
            track.add(
                encode.frame_of(
                    encode.Planes(
                        data[:luma].reshape(high, wide),
                        data[luma : luma + chroma].reshape(high // 2, wide // 2),
                        data[luma + chroma :].reshape(high // 2, wide // 2),
                    )
                )
            )
    return len(frames)


def with_moviepy(
    job: Job, out: Path, lossless: bool = False, card: Path | None = None, sounds: Sequence[Path] = ()
) -> int:
    """The film by moviepy; the number of frames. `card`: a picture for its end; `sounds`: voice and music."""
    seconds = job.frames / FPS

    def scale(t: float) -> float:
        share = t / seconds
        return 1 + 0.08 * share * share * (3 - 2 * share)

    photo = moviepy.ImageClip(np.asarray(Image.open(job.folder / "photo.jpg")), duration=seconds)
    clips = [photo.resized(scale).with_position("center")]
    for cue in job.cues:
        plate = moviepy.ImageClip(np.asarray(_caption(cue["text"])), duration=(cue["end"] - cue["first"]) / FPS)
        plate = plate.with_start(cue["first"] / FPS).with_position(("center", job.height * 55 // 100))
        clips.append(plate.with_effects([vfx.CrossFadeIn(0.2), vfx.CrossFadeOut(0.2)]))
    frames = job.frames
    if card is not None:
        frames += job.card
        end = moviepy.ImageClip(np.asarray(Image.open(card)), duration=job.card / FPS).with_start(seconds)
        clips.append(end.with_effects([vfx.CrossFadeIn(0.2)]))
    film = moviepy.CompositeVideoClip(clips, size=(job.width, job.height)).with_duration(frames / FPS)
    if sounds:
        voice, bed = map(_heard, sounds)
        film = film.with_audio(moviepy.CompositeAudioClip([voice, bed.with_volume_scaled(0.3)]))
    quality = ["-qp", "0"] if lossless else ["-crf", str(CRF)]
    film.write_videofile(
        str(out), fps=FPS, codec="libx264", preset="ultrafast" if lossless else "veryfast", audio=bool(sounds), threads=1,
        audio_codec="aac", audio_bitrate="192k", audio_fps=48_000, temp_audiofile=f"{out}.m4a",
        logger=None, pixel_format="yuv420p", ffmpeg_params=quality,
    )  # fmt: skip
    film.close()
    return frames


def _heard(path: Path) -> moviepy.AudioClip:
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels()) / 32768
        clip = AudioArrayClip(np.broadcast_to(samples, (len(samples), 2)), file.getframerate())
        return clip.with_duration(len(samples) / file.getframerate())


def _caption(text: str) -> Image.Image:
    face = ImageFont.truetype(str(templates() / "fonts" / "Inter-Medium.ttf"), 44)
    left, top, right, bottom = face.getbbox(text)
    image = Image.new("RGBA", (round(right - left) + 56, round(bottom - top) + 40), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, image.width - 1, image.height - 1), 16, fill=(16, 38, 58, 220))
    draw.text((28 - left, 20 - top), text, font=face, fill="#f3f0e8")
    return image


def remotion_folder() -> Path | None:
    """Where Remotion is installed, if it is."""
    found = Path(os.environ.get("REMOTION") or "node_modules/..")
    there = (found / "node_modules/@remotion/renderer").is_dir() and shutil.which("node") and CHROMIUM
    return found.absolute() if there else None


def with_remotion(job: Job, where: Path, out: Path, crf: int = CRF) -> int:
    """The film by Remotion; the number of frames."""
    source = Path(__file__).parent / "remotion"
    for name in ("index.jsx", "render.mjs"):
        shutil.copy(source / name, where / name)
    (where / "public").mkdir(exist_ok=True)
    shutil.copy(job.folder / "photo.jpg", where / "public/photo.jpg")
    props = job.folder / "props.json"
    props.write_text(json.dumps({"photo": "photo.jpg", "frames": job.frames, "captions": job.cues}))
    shell = shutil.which("chromium-headless-shell")
    mode = "headless-shell" if shell else "chrome-for-testing"
    environment = {**os.environ, "CHROMIUM": shell or str(CHROMIUM), "CHROME_MODE": mode}
    command = ["node", str(where / "render.mjs"), str(out), str(crf), str(props)]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return job.frames
