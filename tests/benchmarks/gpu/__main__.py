"""What a card makes of the picture, film and voice models, beside the libraries' plain way in the same run.

    python -m tests.benchmarks.gpu [--models sdxl,flux.2-klein-4b] [--repeats N] [--out FILE]     with a GPU
    python -m tests.benchmarks.gpu --rehearse                                                     anywhere, in a minute
    python -m tests.benchmarks.gpu --count                                                        operations only, anywhere

Random weights of the true architectures: what is painted is noise, what it takes is what the real weights take. From text
embeddings to bytes in memory (films: to an MP4); text encoders are left out, since each text is encoded once. Seconds are
medians after two calls that do not count; of voices, for a second of speech. `--rehearse`: tiny models of the same classes on the CPU; its figures only say that
the program runs.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.gpu.architectures import MODELS
from tests.benchmarks.gpu.measure import Ask, Figure, count, measure
from workers.models.libraries import diffusers_ready

VOICES = ("xtts-v2", "pocket-tts")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code: 0, or 2 where there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join([*MODELS, *VOICES]), help="names, parted by commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, help="a file of JSON lines besides")
    parser.add_argument("--rehearse", action="store_true", help="tiny models on the CPU")
    parser.add_argument("--count", action="store_true", help="count operations of the true architectures, and end")
    parser.add_argument("--ways", default="", help="only these ways, parted by |, in this order")
    parser.add_argument(
        "--then", default="", help="these ways afterwards, when all models have had theirs, if there is time"
    )
    parser.add_argument("--batches", default="", help="only these batches, parted by commas")
    parser.add_argument(
        "--until", type=float, default=math.inf, help="seconds from the start after which no way is begun"
    )
    parser.add_argument("--kernels", type=int, default=0, help="show so many kernels that take most of one call's time")
    parser.add_argument(
        "--ahead", type=float, default=0, help="compile the other models meanwhile, for so many seconds at most"
    )
    told = parser.parse_args(arguments)
    began = time.monotonic()
    children: list[subprocess.Popen[str]] = []
    chosen = [name for name in told.models.split(",") if name]
    known = [*MODELS, *VOICES]
    if unknown := set(chosen) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there is: {', '.join(known)}")
    diffusers = diffusers_ready()
    import torch

    card = torch.cuda.is_available() and not told.rehearse
    if not card and not told.rehearse and not told.count:
        print(
            "there is no GPU that torch can use here: --rehearse tries the program, --count counts operations",
            file=sys.stderr,
        )
        return 2
    device = torch.device("cuda" if card else "cpu")
    dtype = torch.bfloat16 if card else torch.float32
    where = torch.cuda.get_device_name() if card else "the CPU"
    print(f"torch {torch.__version__}, diffusers {diffusers.__version__}, {where}", flush=True)
    if not card:
        torch.set_num_threads(1)
        print("NO GPU: nothing below is a measurement of one.", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was measured is shown all the same
    pictures = [name for name in chosen if name in MODELS]
    ways = [tuple(way for way in said.split("|") if way) for said in (told.ways, told.then)]
    if card and told.ahead:
        children = ahead(pictures[1:], ways[0])
    ask = Ask(
        told.repeats, ways[0], tuple(int(one) for one in told.batches.split(",") if one), began + told.until, told.kernels,
        lambda: joined(children, began + told.ahead),
    )  # fmt: skip
    figures: list[Figure] = []
    try:
        for figure in found(chosen, told.count, device, dtype, card, ask, ways[1]):
            figures.append(figure)
            print("\n    ".join([f"  {line(figure)}", *figure.kernels]), flush=True)
            if told.out:
                with told.out.open("a") as file:
                    file.write(json.dumps(figure.json()) + "\n")
    finally:
        joined(children, 0)
        print(f"\n{table(figures)}", flush=True)
    if not card:
        print("\nTiny models on the CPU: these seconds say nothing about a card." if told.rehearse else "")
    return 0


def found(
    chosen: Sequence[str], counting: bool, device: Any, dtype: Any, card: bool, ask: Ask, later: tuple[str, ...]
) -> Iterator[Figure]:
    """The figures of the models, each as it is there."""
    for name in chosen:
        if counting and name in MODELS:
            yield Figure(name, "counted", 1, tflop=count(MODELS[name], small=False), target=MODELS[name].target)
        elif name in MODELS:
            yield from measure(MODELS[name], device, dtype, small=not card, ask=ask)
        elif not counting:
            from tests.benchmarks.gpu import speech

            yield from speech.speech(device, dtype, small=not card, repeats=ask.repeats, models=(name,))
    for name in chosen if later and not counting else ():
        if name in MODELS:
            yield from measure(MODELS[name], device, dtype, small=not card, ask=replace(ask, ways=later))


def ahead(models: Sequence[str], ways: Sequence[str]) -> list[subprocess.Popen[str]]:
    """Processes that make the first calls of models, so that what they compile is in the kept cache."""
    running = []
    for name in models:
        own = [way for way in MODELS[name].ways if not way.tiny and (not ways or way.name in ways)][:1]
        for way in own:
            words = ["--models", name, "--ways", way.name, "--batches", str(way.batches[0]), "--repeats", "0"]
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.benchmarks.gpu", *words],
                    env=os.environ | {"TORCHINDUCTOR_COMPILE_THREADS": "5"}, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
    return running


def joined(running: list[subprocess.Popen[str]], until: float) -> None:
    """Wait for those processes, until then; none is left."""
    while running:
        process = running.pop(0)
        try:
            said = process.communicate(timeout=max(until - time.monotonic(), 0.1))[0]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[0] + "  no time left\n"
        for one in said.splitlines():
            if one.startswith("  "):
                print(f"compiled ahead:{one}", flush=True)


def line(figure: Figure) -> str:
    """One figure as it comes."""
    said = [f"{figure.model}, {figure.way}, batch {figure.batch}: {figure.note}"]
    if figure.seconds is not None:
        said.append(f"{figure.seconds:.4f} s each")
    if figure.row_s is not None:
        said.append(f"{figure.row_s:.4f} s in a row")
    if figure.first_s is not None:
        said.append(f"first {figure.first_s:.1f} s")
    if figure.peak_gb is not None:
        said.append(f"peak {figure.peak_gb:.1f} GB")
    said += [f"{name} {seconds:.4f}" for name, seconds in figure.phases.items()]
    return " | ".join(said)


def table(figures: Sequence[Figure]) -> str:
    """The figures in Markdown; each beside its model's eager one. Of many in a row, one is decoded beside the next."""
    lines = [
        "| model | way | batch | s alone | s in a row | each/s | TFLOP | TFLOP/s | beside eager | wanted s | first call s | peak GB | a step s "
        "| after s | MP4 s |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    eager = {one.model: one.seconds for one in figures if one.way.startswith("eager")}
    for one in figures:
        if one.seconds is None:
            cells = [one.note or "", "", "", _said(one.tflop, 3), "", "", _said(one.target, 3), *[""] * 5]
        else:
            base, best = eager.get(one.model), one.row_s or one.seconds
            cells = [
                _said(one.seconds, 4), _said(one.row_s, 4), _said(1 / best, 2), _said(one.tflop, 1),
                _said(one.tflop / best if one.tflop else None, 0), f"{base / best:.2f}x" if base else "",
                _said(one.target, 3), _said(one.first_s, 1), _said(one.peak_gb, 1),
                *(_said(one.phases.get(name), 3) for name in ("step", "after", "mp4")),
            ]  # fmt: skip
        lines.append(f"| {one.model} | {one.way} | {one.batch} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _said(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
