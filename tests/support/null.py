"""Backends that make nothing, at once, for every kind: what is left of a run is the farm's own work.

Every output is a few dozen bytes of JSON: what an ad has to be (pixels, milliseconds, its name), handed on from step to
step, so that `measure` can say of the last file what a good one would be.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creative.backends import Made, Task
from creative.catalogue import load_catalogue
from creative.placements import ENCODINGS
from creative.steps import KINDS
from workers.backend import OneByOne

_HANDED_ON = (
    "width", "height", "fps", "frames", "ms", "lufs_tenths", "true_peak_tenths", "ad_id", "title", "format", "source_type"
)  # fmt: skip
_ASIDE = {"photo", "layout", "font", "logo", "reference", "track", "footage", "boxes"}


def null_table(**changes: Any) -> str:
    """A table of backends with all rows of the packaged catalogue, each made by `Null`. `changes` go into every row."""
    rows = [
        {
            "kind": spec.kind, "name": spec.name, "target": "tests.support.null:Null", "revision": spec.revision,
            "model": spec.model, "licence": spec.licence, "attempts": spec.attempts, "draft": spec.draft,
            "generative": spec.generative, "facts": dict(spec.facts), "seconds": 0.001, **changes,
        }
        for spec in load_catalogue().specs.values()
    ]  # fmt: skip
    return json.dumps({"backends": rows})  # JSON is YAML too


class Null(OneByOne):
    """See the module."""

    def make_one(self, task: Task) -> Made:
        known: dict[str, Any] = {}
        for role, path in task.inputs.items():
            if role.partition(".")[0] not in _ASIDE:
                known |= _read(path)
        known |= {name: task.params[name] for name in _HANDED_ON if name in task.params}
        outputs = {
            name: json.dumps({"kind": task.kind, "output": name, **known}).encode() for name in KINDS[task.kind].outputs
        }
        if task.kind == "measure":
            outputs["figures"] = json.dumps(_figures(str(task.params["modality"]), known)).encode()
        types = {"asset": ENCODINGS[known["format"]].media_type} if task.kind == "finish" else {}
        return Made(outputs, types=types)


class Unequal(Null):
    """As a GPU, or a signature: never the same bytes twice."""

    def make_one(self, task: Task) -> Made:
        made = super().make_one(task)
        outputs = {
            name: json.dumps({**json.loads(bytes(data)), "nonce": secrets.token_hex(8)}).encode()
            for name, data in made.outputs.items()
            if isinstance(data, bytes)
        }
        return Made(outputs, types=made.types)


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_bytes())
    return {name: found[name] for name in _HANDED_ON if name in found}


def _figures(modality: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What `creative.acceptance` asks of a file that is as it should be."""
    encoding = ENCODINGS[known["format"]]
    label = {name: known[name] for name in ("ad_id", "title", "source_type")}
    figures = {"container": encoding.container, "bytes": 60_000, "kbps": 9_999, "metadata": label}
    if modality != "audio":
        figures |= {"width": known["width"], "height": known["height"], "codec": encoding.codec, "mode": "RGB"}
        figures |= {"pix_fmt": encoding.pix_fmt} if encoding.pix_fmt else {}
    if modality == "video":
        figures |= {"fps": known["fps"], "frames": known["frames"]}
    if modality != "image" and "ms" in known:
        figures |= {
            "audio_codec": encoding.audio_codec, "audio_rate": encoding.audio_rate, "audio_seconds": known["ms"] / 1000,
            "lufs": known["lufs_tenths"] / 10, "true_peak": known["true_peak_tenths"] / 10,
        }  # fmt: skip
    return figures
