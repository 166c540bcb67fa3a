"""Hibari: a small neural English voice, packaged with its weights (hibari-tts, Apache-2.0; 24 kHz).

The sentence is read as a whole, for its melody. Its times are the model's own: the graph's running sum of phoneme
durations (25 ms a unit) is made an output, so that no alignment is guessed.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import hibari
import numpy as np
from hibari import dsp

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused
from workers.backend import OneByOne
from workers.sound.wav import Samples
from workers.speech.onnx import session, with_output
from workers.speech.phonemes import Phonemizer, chunks, english, spans_of
from workers.speech.reading import Span, accept, check_pinned, outputs, phrases_of, settle, trim

_ASSETS = Path(hibari.__file__).parent / "assets"
_ENDS = "/CumSum_output_0"  # in the pinned graph: after each phoneme, the units so far
_UNIT = 0.025  # seconds: two frames of the decoder
_MOST = 400  # phonemes that the model was made for at once


class Hibari(OneByOne):
    """Says one sentence in English.

    Options: `version` of hibari-tts, `files` {name in the package's assets: sha256}, `speakers` {name: model file}.
    """

    @cached_property
    def _sessions(self) -> dict[str, Any]:
        check_pinned("hibari-tts", self.spec.options["version"], _ASSETS, self.spec.options["files"])
        speakers: dict[str, str] = self.spec.options["speakers"]
        return {
            speaker: session(with_output((_ASSETS / name).read_bytes(), _ENDS)) for speaker, name in speakers.items()
        }

    @cached_property
    def _phonemes(self) -> Phonemizer:
        return english()

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((_ASSETS / "vocab.json").read_text(encoding="utf-8"))
        return found

    def make_one(self, task: Task) -> Made:
        """See kind `speech`."""
        phrases = phrases_of(task.params)
        sessions = self._sessions
        speaker = task.params["speaker"]
        if speaker not in sessions:
            raise StepRefused(f"{self.spec.name} has no speaker {speaker!r}: it has {', '.join(sessions)}")
        audio, spans = self._read(sessions[speaker], self._phonemes(phrases), task.seed or 0)
        audio, spans = trim(audio, dsp.SR, spans)
        accept(audio, dsp.SR, phrases)
        spans = settle(audio, dsp.SR, spans)
        return outputs(
            audio, dsp.SR, spans, {"times": "phoneme durations of the model, moved to the edges of the pauses"}
        )

    def _read(self, session: Any, phonemes: list[str], seed: int) -> tuple[Samples, list[Span]]:
        """Audio at 24 kHz and each phrase's span in it, in seconds."""
        rng = np.random.default_rng(seed)
        sounds: list[Samples] = []
        spans: list[Span] = []
        length = 0.0
        for chunk in chunks(phonemes, _MOST):
            signs = [sign for sign in " ".join(chunk) if sign in self._vocabulary]
            ids = np.array([[0, *(self._vocabulary[sign] for sign in signs), 0]], np.int64)
            *parts, ends = session.run(None, {"ids": ids, "speed": np.ones(1, np.float32)})
            audio = np.asarray(dsp.synth(*(part[0] for part in parts), rng), np.float32)
            if len(audio) != round(int(ends[-1]) * _UNIT * dsp.SR):
                raise AttemptRefused("the voice's durations do not add up to its sound")
            sounds.append(audio)
            spans += spans_of(chunk, self._vocabulary, [float(end) * _UNIT for end in ends], length)
            length += len(audio) / dsp.SR
        return np.concatenate(sounds), spans
