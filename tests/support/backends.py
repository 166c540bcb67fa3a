"""Backends that misbehave on purpose, for the tests of running. Any kind; outputs say what they were made from."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from creative.backends import Made, Task
from creative.errors import AttemptRefused, StepRefused
from creative.steps import KINDS
from workers.backend import OneByOne


def _unreadable(_: Task) -> Made:
    raise OSError("cannot identify image file")  # as Pillow does: no errno


def _odd_refusal(_: Task) -> Made:
    raise StepRefused("cannot read \udcff.wav")


def _with_notes(task: Task, notes: dict[str, Any]) -> Made:
    return Made(dict.fromkeys(KINDS[task.kind].outputs, b"x"), notes=notes)


_LIES: dict[str, Callable[[Task], Any]] = {
    "nothing": lambda _: None,
    "no-file": lambda task: Made(dict.fromkeys(KINDS[task.kind].outputs, task.scratch / "missing")),
    "odd-notes": lambda task: _with_notes(task, {"tempo": Decimal("1.03")}),
    "nan-notes": lambda task: _with_notes(task, {"gain": float("nan")}),
    "surrogate-notes": lambda task: _with_notes(task, {"file": "\udcff.wav"}),
    "odd-type": lambda task: Made(
        dict.fromkeys(KINDS[task.kind].outputs, b"x"), types=dict.fromkeys(KINDS[task.kind].outputs, 7)
    ),
    "unreadable": _unreadable,
    "odd-refusal": _odd_refusal,
}


class Echo(OneByOne):
    """Every output is the step spelled out. `behave` in the params says what else happens."""

    def make_one(self, task: Task) -> Made:
        behave = str(task.params.get("behave", ""))
        mark = Path(str(task.params.get("mark", "/nonexistent")))
        if behave == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        if behave == "hang":
            time.sleep(3600)
        if behave == "slow":
            time.sleep(0.3)
        if behave == "refuse":
            raise StepRefused("the read is too long: cut about 6 words")
        if behave == "crash":
            raise ZeroDivisionError("division by zero in a model")
        if behave == "black" and task.attempt < 2:
            raise AttemptRefused(f"the picture is black with seed {task.seed}")
        if behave == "die-once" and not mark.exists():
            mark.write_text("died")
            os.kill(os.getpid(), signal.SIGKILL)
        if behave == "full-disk-once" and not mark.exists():
            mark.write_text("full")
            raise OSError(28, "No space left on device")
        if behave in _LIES:
            return _LIES[behave](task)
        said = {
            "kind": task.kind,
            "params": {name: value for name, value in task.params.items() if name != "mark"},
            "seed": task.seed,
            "inputs": {role: path.read_text("utf-8", "replace")[:80] for role, path in task.inputs.items()},
        }
        return Made({name: json.dumps([name, said]).encode() for name in KINDS[task.kind].outputs})


class Poison(OneByOne):
    """Kills its worker, every time."""

    def make_one(self, task: Task) -> Made:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Judge(OneByOne):
    """A judge that has something to say, or that fails where the file `options["mark"]` is there."""

    def make_one(self, task: Task) -> Made:
        if Path(str(self.spec.options.get("mark", "/nonexistent"))).exists():
            raise StepRefused("no model")
        said = {"ocr": {"wrong": [{"role": "cta", "text": "Order now", "read": "0rder"}]}, "safety": ["odd"]}
        return Made({"figures": json.dumps(said.get(self.spec.name, {})).encode()})
