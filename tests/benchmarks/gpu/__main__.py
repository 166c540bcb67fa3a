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
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.gpu.architectures import MODELS
from tests.benchmarks.gpu.measure import Figure, count, measure
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
    parser.add_argument(
        "--within", type=float, default=3600, help="seconds for a model; no other way is begun afterwards"
    )
    parser.add_argument("--ways", default="", help="only the ways whose names have one of these in them, parted by |")
    parser.add_argument("--batches", default="", help="only these batches, parted by commas")
    parser.add_argument(
        "--kernels", type=int, default=0, help="show the so many kernels that take most of one call's time"
    )
    told = parser.parse_args(arguments)
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
    batches = tuple(int(one) for one in told.batches.split(",") if one)
    figures: list[Figure] = []
    for name in chosen:
        if name in VOICES:
            if told.count:
                continue
            from tests.benchmarks.gpu import speech

            found = speech.speech(device, dtype, small=not card, repeats=told.repeats, models=(name,))
        elif told.count:
            found = iter(
                [Figure(name, "counted", 1, tflop=count(MODELS[name], small=False), target=MODELS[name].target)]
            )
        else:
            found = measure(
                MODELS[name], device, dtype, small=not card, repeats=told.repeats, within=told.within, ways=told.ways,
                batches=batches, kernels=told.kernels,
            )  # fmt: skip
        for figure in found:
            figures.append(figure)
            print("\n    ".join([f"  {line(figure)}", *figure.kernels]), flush=True)
            if told.out:
                with told.out.open("a") as file:
                    file.write(json.dumps(figure.json()) + "\n")
    print(f"\n{table(figures)}")
    if not card:
        print("\nTiny models on the CPU: these seconds say nothing about a card." if told.rehearse else "")
    return 0


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
