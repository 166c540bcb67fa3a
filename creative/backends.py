"""Backends: what makes one kind of step, described as data and loaded where it runs.

The catalogue is a table (`creative/catalogue.yaml`, and the tables that the settings add): one row a backend. Planning
reads only rows; the class behind "module:Class" is imported by the worker that runs it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from creative.errors import UsageError


@dataclass(frozen=True, slots=True)
class Resources:
    """What one running backend takes: CPU cores and GPUs (fractions allowed), memory in MB.

    `accelerator_type`: the kind of card that it has to be, by Ray's name ("H100"); any, if left out. A backend with a GPU
    keeps no core to itself, whatever `cpu` says: it waits for its card.
    """

    cpu: float = 1.0
    gpu: float = 0.0
    memory_mb: int = 0
    accelerator_type: str | None = None


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """One row of the catalogue.

    `revision` is raised by hand whenever the same step would come out differently. `model` names pinned weights with
    their revision ("hibari-tts 0.2.1"). `seconds` is a guess for one step, used until receipts have measured it.
    `options` are given to the class: they must not change what is made unless `revision` is raised with them.
    `facts` are what planning asks of this kind's rows, such as a voice's locales and speaking rate. A `named` row is used
    only where a brief names it, never by default. `runtime_env` is the environment of its own in which Ray runs it, for a
    library that does not go with this package's: {pip: [...], env_vars: {...}}, as Ray takes it.
    """

    name: str
    kind: str
    target: str
    revision: int = 1
    model: str | None = None
    licence: str = "Apache-2.0"
    resources: Resources = Resources()
    batch: int = 1
    attempts: int = 1
    timeout_s: float = 600.0
    seconds: float = 0.1
    draft: bool = False
    generative: bool = False
    named: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    runtime_env: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One step as a backend sees it.

    `inputs` maps each role to a local file, to be read only. `seed` is the attempt's own (attempt 0 has the step's), or
    None for a kind without seed. `scratch` is an empty folder for this attempt, removed afterwards. `digests` has the
    sha256 of each input's bytes where the worker knows it: what a backend keeps decoded, it keeps by that.
    """

    key: str
    kind: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Path]
    seed: int | None
    scratch: Path
    attempt: int = 0
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What an attempt made: every output of the kind by name, as bytes or as a file in `scratch`.

    `notes` go into the receipt for people to read ("tempo 1.03"): JSON values, no part of any key. `types` says the
    media type of an output whose kind leaves it open (`finish`).
    """

    outputs: Mapping[str, bytes | Path]
    notes: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """Makes the steps of one kind. Built once in a worker process, then called many times.

    A class with `at_once = True` bears calls of `make` from several threads; others are called by one at a time. One with
    `close()` gives a card's memory back by it, and loads again if it is called again.
    """

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        """`threads`: how many cores it may keep busy; what is made must not depend on it."""

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        """One result a task, in order: what was made, or StepRefused, or AttemptRefused.

        An exception that is raised, not returned, counts for every task of the batch.
        """


def resolve(target: str) -> Any:
    """The object behind "module:Name". Raises UsageError when there is none, or its module needs a missing extra."""
    module, _, name = target.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{target} needs the Python package {error.name!r}: install the extra that has it, "
            "for example pip install 'creative-farm[studio]'"
        ) from error
    except AttributeError as error:
        raise UsageError(f"there is no {name!r} in {module}") from error
