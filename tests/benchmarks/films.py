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
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np

from tests.benchmarks.film_ways import FPS, Job, recorded, remotion_folder, with_moviepy, with_remotion, x264
from tests.benchmarks.meter import Cost, interleaved, machine, table
from workers.compose.film import Film
from workers.sound.mix import Mix

VOICE, CARD, ANEW = "another voice", "another end card", "moviepy: the film anew"


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
