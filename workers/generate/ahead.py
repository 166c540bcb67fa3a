"""Files of weights on their way to a card beside all that Python does meanwhile: in few large pieces.

A thread that asked for each tensor would wait for the interpreter each time, some thousand times, while another one imports
libraries. Here it asks once for every 64 MB: one read that leaves each tensor where a kernel likes it, one copy out of memory
that the card may read while the next piece is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PIECE = 64 << 20
_ALIGNED = 256
"""Bytes: where torch's own tensors begin."""
_AT_ONCE = 512
"""Tensors a read: systems take 1024."""
_TYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One entry of a file's head; `at`: its first byte in the piece that it is read with."""

    name: str
    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int
    at: int


def tensors(file: Path, device: Any, piece: int = _PIECE) -> dict[str, Any]:
    """What a safetensors file holds, on the device, each byte as it is there. Its bytes were held against their sha256 before.

    Raises OSError, ValueError or KeyError for a file that is none.
    """
    import torch

    found: dict[str, Any] = {}
    card = device.type == "cuda"
    stream: Any = torch.cuda.Stream(device) if card else None
    staging: list[tuple[Any, Any]] = []
    with file.open("rb", buffering=0) as opened:
        for number, part in enumerate(_pieces(opened, piece)):
            size = part[-1].at + part[-1].end - part[-1].begin
            there = torch.empty(size, dtype=torch.uint8, device=device)
            if not card:
                _scatter(opened.fileno(), part, memoryview(there.numpy()))
            else:
                if number < 2:
                    staging.append((_pinned(max(size, piece)), torch.cuda.Event()))
                here, copied = staging[number % 2]
                copied.synchronize()
                if here.numel() < size:
                    here = _pinned(size)
                    staging[number % 2] = here, copied
                _scatter(opened.fileno(), part, memoryview(here.numpy()))
                stream.wait_stream(torch.cuda.current_stream(device))  # whoever had that memory before is done with it
                with torch.cuda.stream(stream):
                    there.copy_(here[:size], non_blocking=True)
                    copied.record(stream)
            for one in part:
                values = there[one.at : one.at + one.end - one.begin].view(getattr(torch, _TYPES[one.kind]))
                found[one.name] = values.view(one.shape)
    if stream is not None:
        stream.synchronize()
    return found


def _pinned(size: int) -> Any:
    import torch

    return torch.empty(size, dtype=torch.uint8, pin_memory=True)


def _pieces(opened: Any, most: int) -> Iterator[list[_Tensor]]:
    """The file's tensors in the order in which they lie in it, as many as make a piece; a larger one is a piece by itself."""
    length = int.from_bytes(opened.read(8), "little")
    if not 0 < length <= 100_000_000:
        raise ValueError("this is no safetensors file")
    head = json.loads(opened.read(length))
    head.pop("__metadata__", None)
    first = 8 + length
    part: list[_Tensor] = []
    upto = at = 0
    for name, said in sorted(head.items(), key=lambda one: (one[1]["data_offsets"], one[0])):
        begin, end = (first + int(place) for place in said["data_offsets"])
        if part and (begin != upto or at + end - begin > most or len(part) == _AT_ONCE):
            yield part
            part, at = [], 0
        part.append(_Tensor(name, str(said["dtype"]), tuple(said["shape"]), begin, end, at))
        upto = end
        at = -(-(at + end - begin) // _ALIGNED) * _ALIGNED
    if part:
        yield part


def _scatter(file: int, part: list[_Tensor], into: memoryview) -> None:
    """Read neighbours of a file, each to its own place. Raises OSError for a file that ends before."""
    waiting = [into[one.at : one.at + one.end - one.begin] for one in part if one.end > one.begin]
    place = part[0].begin
    while waiting:
        count = os.preadv(file, waiting, place)
        if count <= 0:
            raise OSError("the file ends within a tensor")
        place += count
        while waiting and count >= len(waiting[0]):
            count -= len(waiting.pop(0))
        if count:
            waiting[0] = waiting[0][count:]
