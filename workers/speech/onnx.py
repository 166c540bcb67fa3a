"""ONNX graphs of voices: run on one thread, with one more of their inner values as an output."""

from __future__ import annotations

from typing import Any

import onnxruntime


def with_output(model: bytes, name: str) -> bytes:
    """The same model with the inner value `name` as its last output.

    Messages of protocol buffer's wire format merge when they are joined: this adds one output (field 12, named in field 1)
    to the graph (field 7) without touching anything else.
    """
    return model + _field(7, _field(12, _field(1, name.encode())))


def session(model: bytes) -> Any:
    """A session that keeps one core busy: how a sum is split over threads must not decide what is heard."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])


def _field(number: int, payload: bytes) -> bytes:
    """One length-delimited field in protocol buffer's wire format."""
    head = bytearray()
    for value in (number << 3 | 2, len(payload)):
        while value > 127:
            head.append(value & 127 | 128)
            value >>= 7
        head.append(value)
    return bytes(head) + payload
