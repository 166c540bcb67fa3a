"""The farm on a card: the first picture after a process' start, how busy Ray keeps the card, and one ad through the farm's door.

    python -m tests.benchmarks.gpu.farm FOLDER [--parts model,first,busy,ad] [--steps 200] [--batch 16] [--behind]
    python -m tests.benchmarks.gpu.farm FOLDER --rehearse          a megabyte of model, a card that is only pretended

SDXL's true architecture with random weights: 4 steps, 1024 x 1024, around the product as the catalogue's own row has it
(`--behind`: no pipeline for that is loaded). FOLDER keeps model, cache of compiled parts, store and log; the
second `first` in it is with a warm cache. Wanted: 10 s to the first picture, the card busy for 97% of the steady part.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from creative.prompts import Way
from tests.benchmarks.gpu.farm_model import NAME, row, said, table, write

_PARTS = "model,first,busy,ad"
_STARTED = "CREATIVE_FARM_STARTED"
_PALETTE = {"ground": "#ecdcc7", "second": "#b5633f", "accent": "#f0b64c"}
_SLOT = {"x": 500, "foot": 740, "width": 560, "height": 420}
_PLACES = ("kitchen", "station", "balcony", "market", "harbour", "garden", "office", "attic", "terrace", "library")
_TIMES = (
    "at dawn",
    "at noon",
    "in low sun",
    "on a rainy day",
    "in the evening",
    "in winter light",
    "in fog",
    "at night",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code: 0, or 2 where there is no card."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu.farm", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", default=_PARTS)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--cpus", type=int, default=os.cpu_count())
    parser.add_argument("--option", action="append", default=[], metavar="NAME=JSON", help="of the row's recipe")
    parser.add_argument("--behind", action="store_true", help="paint from words alone")
    parser.add_argument("--rehearse", action="store_true")
    told = parser.parse_args(arguments)
    folder = told.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _set(folder)
    import torch

    if not torch.cuda.is_available() and not told.rehearse:
        print("there is no GPU that torch can use here: --rehearse tries the program", file=sys.stderr)
        return 2
    if told.rehearse:
        print("NO GPU: nothing below is a measurement of one.", flush=True)
    options = {name: json.loads(value) for name, _, value in (one.partition("=") for one in told.option)}
    if told.behind:
        options["inpaint"] = ""
    parts = told.parts.split(",")
    if "model" in parts:
        began = time.monotonic()
        write(folder, small=told.rehearse)
        size = sum(file.stat().st_size for file in (folder / NAME).rglob("*.safetensors")) / 1e9
        print(f"model: {size:.2f} GB written and hashed in {time.monotonic() - began:.1f} s", flush=True)
    table(folder, small=told.rehearse, batch=told.batch, **options)
    for number in range(parts.count("first")):
        _first(folder, told.rehearse, number)
    if "busy" in parts:
        _busy(folder, told)
    if "ad" in parts:
        from tests.benchmarks.gpu.farm_ad import ad

        ad(folder, rehearse=told.rehearse, small=told.rehearse)
    return 0


def _set(folder: Path) -> None:
    os.environ |= {
        "CREATIVE_MODELS": str(folder),
        "CREATIVE_CATALOGUES": str(folder / "rows.yaml"),
        "CREATIVE_CACHE": str(folder / "cache"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
        "CREATIVE_OFFLINE": "1",
    }


# -- the first picture -------------------------------------------------------------------------------------------------


def _first(folder: Path, rehearse: bool, number: int) -> None:
    warm = (folder / "compiled").is_dir() and any((folder / "compiled").iterdir())
    (folder / "spec").write_bytes(pickle.dumps(row(folder)))
    for one in range(3):
        _prompt_file(folder, rehearse, one)
    code = "from tests.benchmarks.gpu.farm import first; first()"
    env = os.environ | {_STARTED: repr(time.time()), "CREATIVE_FARM_SMALL": "1" if rehearse else ""}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=env, capture_output=True, text=True, check=False
    )
    print(f"first picture, process {number + 1}, compile cache {'warm' if warm else 'cold'}:", flush=True)
    print((done.stdout + (done.stderr[-3000:] if done.returncode else "")).rstrip(), flush=True)


def first() -> None:
    """In a process of its own: one picture from a spec, and where the seconds went."""
    started = float(os.environ[_STARTED])
    spans: dict[str, float] = {"python starts": time.time() - started}
    folder, small = Path(sys.argv[1]), bool(os.environ.get("CREATIVE_FARM_SMALL"))
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
    task = _task(folder, small, 0)
    with _span(spans, "make in all"):
        (made,) = backend.make([task])
    first_s = time.time() - started
    if isinstance(made, Exception):
        raise made
    again = time.time()
    backend.make([_task(folder, small, number) for number in range(1, 3)])
    again = time.time() - again
    for name, seconds in spans.items():
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


def _task(folder: Path, small: bool, number: int) -> Any:
    from creative.backends import Task

    scratch = folder / "scratch"
    params = _params(number, small)
    inputs = {"prompt": scratch / f"prompt-{number}.json", "cutout": _photo()}
    return Task(f"first-{number}", "scene", params, inputs, 7 + number, scratch)


def _prompt_file(folder: Path, small: bool, number: int) -> None:
    (folder / "scratch").mkdir(exist_ok=True)
    (folder / "scratch" / f"prompt-{number}.json").write_bytes(_prompt(number, small))


def _params(number: int, small: bool) -> dict[str, Any]:
    side = 128 if small else 1024
    words = f"{_PLACES[number % 10]} {_TIMES[number // 10 % 8]}"
    return {"prompt": words, "width": side, "height": side, "take": number // 80, "palette": _PALETTE, "product": _SLOT}


def _prompt(number: int, small: bool, way: Way = "with_product") -> bytes:
    from creative.prompts import Framing, Told, document

    params = _params(number, small)
    told = Told(params["prompt"], "House Roast", _PALETTE)
    return document("tags", way, told, Framing(params["width"], params["height"], _SLOT))


def _photo() -> Path:
    from creative.resources import templates

    return templates() / "briefs" / "demo" / "media" / "house-roast.png"


# -- through Ray -------------------------------------------------------------------------------------------------------


def _busy(folder: Path, told: argparse.Namespace) -> None:
    import logging

    import ray

    from creative.registry import open_registry
    from creative.running.loop import Loop
    from creative.running.port import Worksite
    from creative.running.progress import Progress
    from creative.store import open_store
    from creative.world import Media
    from tests.benchmarks.gpu.farm_card import LOG
    from workers.ray_runner import RayRunner

    run = folder / f"run-{int(time.time())}"
    run.mkdir()
    log = run / "card.jsonl"
    store = open_store(str(run / "store"))
    registry = open_registry(run / "registry.db", store.id)
    media = Media()
    windows = list(_windows(media, folder, told.steps, told.rehearse))
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    more = {"num_gpus": 1} if told.rehearse else {}
    ray.init(
        "local", num_cpus=told.cpus, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False, **more
    )
    environment = tuple(
        (name, value) for name, value in os.environ.items() if name.startswith(("CREATIVE_", "TORCHINDUCTOR"))
    )
    site = Worksite(store.url, str(folder / "cache"), "", (), (*environment, (LOG, str(log))))
    runner = RayRunner(site, workers=told.cpus)
    landed: list[tuple[float, int]] = []
    spec = row(folder)

    def observe(progress: Progress) -> None:
        landed.append((time.time(), progress.total("made")))

    loop = Loop(
        store, registry, runner, {(spec.kind, spec.name): spec}, media,
        begin=lambda: None, commit=lambda *_: None, observe=observe,
    )  # fmt: skip
    began = time.time()
    with _sampled(told.rehearse) as samples:
        progress = loop.run(windows)
    took = time.time() - began
    runner.close()
    ray.shutdown()
    registry.close()
    for failure in progress.failures[:3]:
        print(f"  FAILED {failure.status}: {failure.reason}")
    print(
        f"busy: {progress.total('made')} of {told.steps} pictures made in {took:.1f} s with Ray's and the model's start"
    )
    lines = said(log)
    for around, name in ((False, "from words, product laid before it"), (True, "around the product")):
        print(f" {name}:")
        _report(lines, around, samples, landed)


def _windows(media: Any, folder: Path, count: int, small: bool) -> Iterator[Any]:
    """Scenes alone, all of one size, sixty-four cells a window: the first half from words, the others around the product."""
    from creative.planning.window import ENDS, PlannedCell, PlanWindow
    from creative.steps import step

    spec = row(folder)
    cutout = media.add_file(_photo())
    for number in range(0, count, 64):
        steps = {}
        for one in range(number, min(count, number + 64)):
            way: Way = "surroundings" if one < count // 2 else "with_product"
            inputs = {"cutout": cutout, "prompt": media.add_bytes(_prompt(one, small, way), "application/json")}
            made = step("scene", spec.name, spec.revision, spec.model, _params(one, small), inputs, 7, f"scene {one}")
            steps[made.key] = made
        cells = tuple(
            PlannedCell(f"ad_{key[:12]}", "image", "all", dict.fromkeys(ENDS, key), lambda: None)  # type: ignore[arg-type,return-value]
            for key in steps
        )
        yield PlanWindow(number // 64 + 1, cells, steps)


@contextlib.contextmanager
def _sampled(rehearse: bool) -> Iterator[list[tuple[float, int]]]:
    """The driver's own figure, ten times a second: the share of its last moment in which a kernel ran."""
    found: list[tuple[float, int]] = []
    if rehearse:
        yield found
        return
    import pynvml  # type: ignore[import-not-found,unused-ignore]

    pynvml.nvmlInit()
    card = pynvml.nvmlDeviceGetHandleByIndex(0)
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(0.1):
            found.append((time.time(), int(pynvml.nvmlDeviceGetUtilizationRates(card).gpu)))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    yield found
    ended.set()
    thread.join()


def _report(
    lines: list[dict[str, Any]], around: bool, samples: list[tuple[float, int]], landed: list[tuple[float, int]]
) -> None:
    """The steady part: from the end of the second batch on the card to the end of the last but one."""
    spans = {
        what: sorted((one["from"], one["to"]) for one in lines if one["what"] == what)
        for what in ("make", "told", "card")
    }
    card = [one for one in lines if one["what"] == "card" and one["around"] == around]
    if len(card) < 5:
        print(f"  the card had {len(card)} batches: too few for a steady part")
        return
    card.sort(key=lambda one: one["from"])
    begin, end = card[1]["to"], card[-2]["to"]
    count = sum(one["count"] for one in card[2:-1])
    share = covered(spans["card"], begin, end) / (end - begin)
    print(f"  steady: {count} pictures in {end - begin:.2f} s: {count / (end - begin):.2f} a second, batches of "
          f"{statistics.mean(one['count'] for one in card):.1f}, each {statistics.median(one['to'] - one['from'] for one in card):.3f} s")  # fmt: skip
    print(f"  the card has a batch: {100 * share:.1f}% of that time (by its own events)")
    if seen := [share for at, share in samples if begin <= at <= end]:
        print(
            f"  kernels run: {statistics.mean(seen):.1f}% of that time (NVML, {len(seen)} samples, least {min(seen)}%)"
        )
    if peaks := [one["peak"] for one in card if "peak" in one]:
        print(f"  most memory {max(peaks):.1f} GB")
    waiting = gaps(spans["card"], begin, end)
    waits = {"no batch is there (driver)": 0.0, "its words are encoded": 0.0, "it is drafted, or launched": 0.0}
    for one, other in waiting:
        there = covered(spans["make"], one, other)
        told = covered(spans["told"], one, other)
        waits["no batch is there (driver)"] += other - one - there
        waits["its words are encoded"] += told
        waits["it is drafted, or launched"] += max(0.0, there - told)
    print(f"  it waits {len(waiting)} times, {1e3 * sum(b - a for a, b in waiting):.0f} ms in all; meanwhile: "
          + ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in waits.items()))  # fmt: skip
    made = [one["to"] - one["from"] for one in lines if one["what"] == "make"]
    print(f"  a batch is {statistics.median(made):.2f} s in the worker, from its coming to its last file's end")
    steady = [(at, number) for at, number in landed if begin <= at <= end]
    if len(steady) > 1:
        (first_at, first_made), (last_at, last_made) = steady[0], steady[-1]
        if last_at > first_at:
            print(f"  registered: {(last_made - first_made) / (last_at - first_at):.2f} a second")


def covered(spans: list[tuple[float, float]], begin: float, end: float) -> float:
    """Seconds between both moments in which there was at least one of the spans."""
    total, upto = 0.0, begin
    for one, other in sorted(spans):
        one, other = max(one, upto), min(other, end)
        if other > one:
            total += other - one
            upto = other
    return total


def gaps(spans: list[tuple[float, float]], begin: float, end: float) -> list[tuple[float, float]]:
    """The stretches between both moments in which there was none."""
    found, upto = [], begin
    for one, other in [*sorted(spans), (end, end)]:
        if min(one, end) > upto:
            found.append((upto, min(one, end)))
        upto = max(upto, other)
    return found


if __name__ == "__main__":
    sys.exit(main())
