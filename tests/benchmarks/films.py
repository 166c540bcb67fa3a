"""Films: frames a core-second, ours beside moviepy, Remotion and the encoder alone; and variants of a film that is there.

    python -m tests.benchmarks.films [--rounds N] [--remotion FOLDER]

The film: 6 s, 1080x1920, 30 frames a second, a photo that zooms with easing and two captions; x264, veryfast, CRF 18. Ours
is the real step (`workers.compose.body.Body`).

- moviepy: an ImageClip that is resized by time, captions as ImageClips over it, CompositeVideoClip, write_videofile.
- Remotion: `tests/benchmarks/remotion`, rendered by the Chromium of this machine. FOLDER (or the variable REMOTION) is where
  `npm install remotion @remotion/renderer @remotion/bundler react react-dom` was run; it is left out where there is none.
- x264 alone: our frames, drawn before, through the same encoder settings.

A variant is the film again, end card and sound and all, as long as before, with another voice on the same cues or with
another end card. moviepy renders the same film anew, with its sound: voice over music, as AAC of the same bit rate.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import moviepy
import numpy as np
from moviepy import vfx
from moviepy.audio.AudioClip import AudioArrayClip
from PIL import Image, ImageDraw, ImageFont

from creative.backends import Backend, BackendSpec, Made, Task
from creative.layouts import load_layouts
from creative.placements import placements
from creative.resources import templates
from tests.benchmarks.meter import Cost, interleaved, machine, table
from tests.benchmarks.stills import PALETTE, photograph
from tests.support.browser import CHROMIUM
from workers.compose import encode, shoot
from workers.compose.body import Body
from workers.compose.endcard import EndCard
from workers.compose.film import Film
from workers.sound.mix import Mix

WIDTH, HEIGHT, FPS = 1080, 1920, 30
CAPTIONS = ("Ten minutes, low heat, nothing rushed.", "House Roast, made in small batches.")
CRF = encode.CRF
VOICE, CARD, ANEW = "another voice", "another end card", "moviepy: the film anew"


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


# ------------------------------------------------------------------------------------------------------ the encoder alone


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


# -------------------------------------------------------------------------------------------------------------- the peers


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


def ssim(job: Job, film: Path, reference: Path) -> float:
    """Mean SSIM (all planes) of a film against a reference: a film, or raw planes (".yuv")."""
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{job.width}x{job.height}", "-r", str(FPS)]
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-r", str(FPS), "-i", str(film),
        *(raw if reference.suffix == ".yuv" else ["-r", str(FPS)]), "-i", str(reference), "-lavfi", "[0:v][1:v]ssim",
        "-f", "null", "-",
    ]  # fmt: skip
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.findall(r"All:([0-9.]+)", said)[-1])


# --------------------------------------------------------------------------------------------------------------- variants


def _sounds(folder: Path, ms: int) -> tuple[list[Path], Path]:
    """Two voices and a bed: bursts of noise as long as words, and a chord. 48 kHz."""
    rng, rate = np.random.default_rng(3), 48_000
    number = ms * rate // 1000
    at = np.arange(number) / rate
    voices = []
    for name in ("first", "second"):
        words = 0.22 * rng.normal(0, 1, number) * np.clip(np.sin(2 * np.pi * 2.3 * at + len(voices)), 0, 1)
        voices.append(_wav(folder / f"{name}.wav", words[:, None], rate))
    chord = sum(0.06 * np.sin(2 * np.pi * tone * at) for tone in (220.0, 277.2, 329.6))
    return voices, _wav(folder / "bed.wav", np.stack([chord, chord], axis=1), rate)


def _wav(path: Path, samples: Any, rate: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@dataclass(frozen=True, slots=True)
class Variants:
    """A film that is there, and how to make it again."""

    job: Job
    body: Path
    cards: Sequence[Path]
    voices: Sequence[Path]
    bed: Path

    @classmethod
    def of(cls, job: Job) -> Variants:
        """Make the film's parts once."""
        kept = shutil.copy(job.body(), job.folder / "body.mp4")
        card = shutil.copy(job.endcard(), job.folder / "card.mp4")
        voices, bed = _sounds(job.folder, job.ms)
        made = cls(job, Path(kept), [Path(card)], voices, bed)
        made.another_voice()
        return made

    def _joined(self, card: Path, mix: Path) -> None:
        frames = self.job.frames + self.job.card
        inputs = {"body": self.body, "endcard": card, "mix": mix}
        self.job.step(Film, "film", {"fps": FPS, "frames": frames}, inputs, "film")

    def _mixed(self, voice: Path) -> Path:
        params = {"ms": self.job.ms, "lufs_tenths": -140, "true_peak_tenths": -10}
        audio = self.job.step(Mix, "mix", params, {"voice": voice, "bed": self.bed}, "mix").outputs["audio"]
        if isinstance(audio, Path):
            return audio
        path = self.job.folder / "mix.wav"
        path.write_bytes(audio)
        return path

    def another_voice(self) -> int:
        """Mixed, mastered and joined."""
        self._joined(self.cards[0], self._mixed(self.voices[1]))
        return 1

    def by_moviepy(self) -> int:
        """The whole film anew."""
        picture = self.job.folder / "card.png"
        if not picture.exists():
            with av.open(str(self.cards[0])) as file:
                *_, last = file.decode(video=0)
            last.to_image().save(picture)
        with_moviepy(self.job, self.job.folder / "variant.mp4", card=picture, sounds=(self.voices[1], self.bed))
        return 1

    def another_card(self) -> int:
        """Drawn, encoded and joined with the sound that is there."""
        mix = self.job.folder / "mix.wav"
        self._joined(self.job.endcard("Find yours"), mix)
        return 1


# ----------------------------------------------------------------------------------------------------------------- report


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU-seconds a frame (films) and a variant; SSIM and bytes of each film."""

    films: Mapping[str, Cost]
    variants: Mapping[str, Cost]
    ssim: Mapping[str, float]
    size: Mapping[str, int]
    frames: int


def measure(folder: Path, rounds: int = 3, frames: int = 180, remotion: Path | None = None, share: int = 1) -> Figures:
    """Everything, interleaved. One more film of each way, not counted, is compared with its own frames."""
    job = Job.write(folder, frames, share)
    raw, out = folder / "frames.yuv", {name: folder / f"{name}.mp4" for name in ("moviepy", "remotion", "x264")}
    with recorded(raw):
        ours = shutil.copy(job.body(), folder / "ours.mp4")

    def body() -> int:
        job.body()
        return frames

    work: dict[str, Callable[[], int]] = {"ours": body, "x264 alone": lambda: x264(job, raw, out["x264"])}
    references = {"ours": raw}
    films = {"ours": Path(ours)}
    work["moviepy"] = lambda: with_moviepy(job, out["moviepy"])
    references["moviepy"], films["moviepy"] = folder / "moviepy-lossless.mp4", out["moviepy"]
    with_moviepy(job, references["moviepy"], lossless=True)
    if remotion is not None:
        work["Remotion"] = lambda: with_remotion(job, remotion, out["remotion"])
        references["Remotion"], films["Remotion"] = folder / "remotion-lossless.mp4", out["remotion"]
        with_remotion(job, remotion, references["Remotion"], crf=1)
    costs = interleaved(work, rounds, warm=0)
    # As long as the film that moviepy makes, its end card included.
    (folder / "parts").mkdir()
    variants = Variants.of(replace(Job.write(folder / "parts", frames - job.card, share), card=job.card))
    again = interleaved(
        {VOICE: variants.another_voice, CARD: variants.another_card, ANEW: variants.by_moviepy}, rounds, 0
    )
    alike = {name: ssim(job, film, references[name]) for name, film in films.items()}
    return Figures(costs, again, alike, {name: film.stat().st_size for name, film in films.items()}, frames)


def report(figures: Figures) -> str:
    """Both tables."""
    best = figures.films["ours"].median
    rows = []
    for name, cost in figures.films.items():
        ratio = "" if name == "ours" else f"{cost.median / best:.2f}"
        quality = f"{figures.ssim[name]:.4f}" if name in figures.ssim else ""
        size = f"{figures.size[name] / 1e6:.2f}" if name in figures.size else ""
        rows.append((name, f"{cost.a_second:.1f}", f"{cost.median * figures.frames:.1f}", ratio, quality, size))
    head = ("film, 6 s, 1080x1920", "frames a core-second", "CPU-s", "ours is x faster", "SSIM to its own frames", "MB")
    films = table(head, rows)
    theirs = figures.variants[ANEW]
    rows = [
        (name, f"{cost.median:.2f}", "" if name == ANEW else f"{theirs.median / cost.median:.0f}")
        for name, cost in figures.variants.items()
    ]
    return f"{films}\n\n{table(('variant of that film with its sound', 'CPU-s', 'x faster than moviepy'), rows)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=180)
    parser.add_argument("--remotion", type=Path, default=remotion_folder())
    arguments, _ = parser.parse_known_args()
    if arguments.remotion is None:
        print("Remotion is left out: name a folder that has it by --remotion or the variable REMOTION")
    with tempfile.TemporaryDirectory() as name:
        print(machine())
        print(report(measure(Path(name), arguments.rounds, arguments.frames, arguments.remotion)))


if __name__ == "__main__":
    main()
