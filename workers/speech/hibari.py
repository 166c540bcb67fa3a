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
import onnxruntime
from hibari import dsp
from hibari.g2p import G2P
from hibari.g2p.normalize import normalize

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused
from workers.backend import OneByOne
from workers.sound.wav import Samples
from workers.speech.reading import Span, accept, check_pinned, outputs, phrases_of, settle, trim

_ASSETS = Path(hibari.__file__).parent / "assets"
_ENDS = "/CumSum_output_0"  # in the pinned graph: after each phoneme, the units so far
_UNIT = 0.025  # seconds: two frames of the decoder
_MOST = 400  # phonemes that the model was made for at once
_SILENT = frozenset(' ;:,.!?—…"()“”')


def _field(number: int, payload: bytes) -> bytes:
    """One length-delimited field in protocol buffer's wire format."""
    head = bytearray()
    for value in (number << 3 | 2, len(payload)):
        while value > 127:
            head.append(value & 127 | 128)
            value >>= 7
        head.append(value)
    return bytes(head) + payload


class Hibari(OneByOne):
    """Says one sentence in English.

    Options: `version` of hibari-tts, `files` {name in the package's assets: sha256}, `speakers` {name: model file}.
    """

    @cached_property
    def _sessions(self) -> dict[str, Any]:
        check_pinned("hibari-tts", self.spec.options["version"], _ASSETS, self.spec.options["files"])
        settings = onnxruntime.SessionOptions()
        # One thread always: how a sum is split over threads must not decide what is heard.
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        settings.log_severity_level = 3
        sessions = {}
        for speaker, name in self.spec.options["speakers"].items():
            # Messages of the wire format merge when they are joined: this adds one output (field 12, named in field 1)
            # to the graph (field 7) without touching anything else.
            graph = (_ASSETS / name).read_bytes() + _field(7, _field(12, _field(1, _ENDS.encode())))
            sessions[speaker] = onnxruntime.InferenceSession(graph, settings, providers=["CPUExecutionProvider"])
        return sessions

    @cached_property
    def _g2p(self) -> Any:
        return G2P()

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

    def _phonemes(self, phrases: list[str]) -> list[str]:
        """The phonemes of each phrase, found in the sentence as a whole; joined by spaces they are the sentence's."""
        texts = [normalize(phrase) for phrase in phrases]
        tokens = self._g2p.phonemize_tokens(self._g2p.tokenize(" ".join(texts)))
        ends = np.cumsum([len(text) + 1 for text in texts])
        found = [""] * len(texts)
        at = 0
        for token in tokens:
            phrase = min(int(np.searchsorted(ends, at, side="right")), len(texts) - 1)
            found[phrase] += (token.phonemes or "") + (" " if token.whitespace else "")
            at += len(token.text) + len(token.whitespace)
        found = [phonemes.strip() for phonemes in found]
        if not all(any(sign not in _SILENT for sign in phonemes) for phonemes in found):
            raise StepRefused(
                f"the voice finds no sound in {phrases[min(range(len(found)), key=lambda i: len(found[i]))]!r}"
            )
        return found

    def _read(self, session: Any, phonemes: list[str], seed: int) -> tuple[Samples, list[Span]]:
        """Audio at 24 kHz and each phrase's span in it, in seconds."""
        rng = np.random.default_rng(seed)
        sounds: list[Samples] = []
        spans: list[Span] = []
        length = 0.0
        for chunk in self._chunks(phonemes):
            signs = [sign for sign in " ".join(chunk) if sign in self._vocabulary]
            ids = np.array([[0, *(self._vocabulary[sign] for sign in signs), 0]], np.int64)
            *parts, ends = session.run(None, {"ids": ids, "speed": np.ones(1, np.float32)})
            audio = np.asarray(dsp.synth(*(part[0] for part in parts), rng), np.float32)
            if len(audio) != round(int(ends[-1]) * _UNIT * dsp.SR):
                raise AttemptRefused("the voice's durations do not add up to its sound")
            sounds.append(audio)
            at = 1  # after the opening silence
            for phrase in chunk:
                heard = [sign for sign in phrase if sign in self._vocabulary]
                inner = [at + i for i, sign in enumerate(heard) if sign not in _SILENT]
                spans.append((length + float(ends[inner[0] - 1]) * _UNIT, length + float(ends[inner[-1]]) * _UNIT))
                at += len(heard) + 1  # and the space between two phrases
            length += len(audio) / dsp.SR
        return np.concatenate(sounds), spans

    @staticmethod
    def _chunks(phonemes: list[str]) -> list[list[str]]:
        chunks: list[list[str]] = [[]]
        for phrase in phonemes:
            if len(phrase) > _MOST:
                raise StepRefused(
                    "a phrase of the sentence is too long for this voice: put a full stop or a comma into it"
                )
            if chunks[-1] and len(" ".join([*chunks[-1], phrase])) > _MOST:
                chunks.append([])
            chunks[-1].append(phrase)
        return chunks
