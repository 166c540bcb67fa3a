"""The first picture after a process' start, and where its seconds went: a part of `farm`."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.gpu.farm_model import row
from tests.benchmarks.gpu.farm_scenes import params, photo, prompt

_STARTED = "CREATIVE_FARM_STARTED"
_SIDE = "CREATIVE_FARM_SIDE"


def measure(folder: Path, side: int, number: int, seconds: float | None = None) -> None:
    """Start a process that makes one picture, and print what it says; one that takes longer than `seconds` is ended."""
    warm = (folder / "compiled").is_dir() and any((folder / "compiled").iterdir())
    (folder / "spec").write_bytes(pickle.dumps(row(folder)))
    (folder / "scratch").mkdir(exist_ok=True)
    for one in range(3):
        (folder / "scratch" / f"prompt-{one}.json").write_bytes(prompt(one, side))
    code = "from tests.benchmarks.gpu.farm_first import first; first()"
    env = os.environ | {_STARTED: repr(time.time()), _SIDE: str(side)}
    print(f"first picture, process {number + 1}, compile cache {'warm' if warm else 'cold'}:", flush=True)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            env=env, capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"  not there after {seconds:.0f} s: ended", flush=True)
        return
    print((done.stdout + (done.stderr[-3000:] if done.returncode else "")).rstrip(), flush=True)


def first() -> None:
    """In a process of its own: one picture from a spec, and where the seconds went."""
    started, side = float(os.environ[_STARTED]), int(os.environ[_SIDE])
    spans: dict[str, float] = {"python starts": time.time() - started}
    folder = Path(sys.argv[1])
    with _span(spans, "our own modules, and what they import"):
        from workers.generate import images, pipelines
        from workers.models import weights

        spec = pickle.loads((folder / "spec").read_bytes())  # as an actor is given it
    _watch(spans, weights, "_check", "weights are checked")
    _watch(spans, pipelines, "diffusers_ready", "diffusers is imported")
    _watch(spans, pipelines.Pipelines, "_load", "loaded onto the card")
    _watch(spans, images.DiffusersImage, "_told", "words are encoded (with all before)")
    _watch(spans, images.DiffusersImage, "_paint", "painting is launched (with compiling)")
    from creative.backends import resolve

    backend = resolve(spec.target)(spec, 4)
    with _span(spans, "make in all"):
        (made,) = backend.make([_task(folder, side, 0)])
    first_s, spent = time.time() - started, dict(spans)
    if isinstance(made, Exception):
        raise made
    again = time.time()
    backend.make([_task(folder, side, number) for number in range(1, 3)])
    again = time.time() - again
    for name, seconds in spent.items():
        print(f"  {seconds:8.2f} s  {name}")
    print(f"  {first_s:8.2f} s  from the process' start to the first picture; the next two {again:.2f} s", flush=True)
    os._exit(0)


@contextlib.contextmanager
def _span(spans: dict[str, float], name: str) -> Iterator[None]:
    began = time.time()
    yield
    spans[name] = spans.get(name, 0.0) + time.time() - began


def _watch(spans: dict[str, float], owner: Any, name: str, label: str) -> None:
    call = getattr(owner, name)

    def watched(*given: Any, **named: Any) -> Any:
        with _span(spans, label):
            return call(*given, **named)

    setattr(owner, name, watched)


def _task(folder: Path, side: int, number: int) -> Any:
    from creative.backends import Task

    scratch = folder / "scratch"
    inputs = {"prompt": scratch / f"prompt-{number}.json", "cutout": photo()}
    return Task(f"first-{number}", "scene", params(number, side), inputs, 7 + number, scratch)
