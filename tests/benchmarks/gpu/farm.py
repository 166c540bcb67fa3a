"""The farm on a card: how busy Ray keeps it, ads through the farm's door, and the first picture after a process' start.

    python -m tests.benchmarks.gpu.farm FOLDER [--seconds 200] [--parts model,busy,ad,first,first] [--batch 16] [--behind]
    python -m tests.benchmarks.gpu.farm FOLDER --rehearse          a megabyte of model, a card that is only pretended

SDXL's true architecture with random weights: 4 steps, 1024 x 1024, around the product as the catalogue's own row has it, then
from words (`--behind`: from words alone). Parts go in the order given; of `--seconds` each has its share, the card's busy share
most. It is said every few seconds, stands in FOLDER/report.txt, and is reported from whatever was done when the time is up or
the program is ended (SIGTERM, Ctrl-C). FOLDER keeps model, cache of compiled parts, store and log; the second `first` in it is
with a warm cache. Wanted: the card busy for 97% of the steady part, 10 s to the first picture.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from creative.prompts import Way
from creative.signals import terminate_cleanly, terminated
from tests.benchmarks.gpu.farm_model import NAME, PRETENDED, TARGET, table, write

_PARTS = "model,busy,ad,first,first"
_SHARES = {"model": 0.0, "busy": 3.0, "ad": 1.0, "first": 0.6}
"""How what is left of the time is shared by the parts that are left; a model is written whatever it takes."""
_PRETEND = "40,1500,2"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code: 0, 2 where there is no card, 130 or 143 where it was ended before its end."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu.farm", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", default=_PARTS)
    parser.add_argument("--seconds", type=float, default=200.0, help="for all parts together")
    parser.add_argument("--steps", type=int, default=1_000_000, help="at most so many pictures of each kind")
    parser.add_argument("--every", type=float, default=5.0, help="seconds from line to line")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--cpus", type=int, default=os.cpu_count())
    parser.add_argument("--option", action="append", default=[], metavar="NAME=JSON", help="of the row's recipe")
    parser.add_argument("--behind", action="store_true", help="paint from words alone")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument(
        "--pretend",
        default=_PRETEND,
        metavar="MS,LAUNCHES,SMALL",
        help="the rehearsal's card: see farm_pretended.PRETEND",
    )
    parser.add_argument("--side", type=int, help="pixels; 1024, or 256 in a rehearsal")
    told = parser.parse_args(arguments)
    told.ends = time.monotonic() + told.seconds
    folder = told.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _set(folder)
    import torch

    if not torch.cuda.is_available() and not told.rehearse:
        print("there is no GPU that torch can use here: --rehearse tries the program", file=sys.stderr)
        return 2
    if told.rehearse:
        print("NO GPU: nothing below is a measurement of one.", flush=True)
    terminate_cleanly()
    try:
        _measure(folder, told, told.parts.split(","))
    except KeyboardInterrupt:
        print("ended from outside; what is above is what was done by then", flush=True)
        return 143 if terminated() else 130
    return 0


def _measure(folder: Path, told: argparse.Namespace, parts: Sequence[str]) -> None:
    options = {name: json.loads(value) for name, _, value in (one.partition("=") for one in told.option)}
    if told.behind:
        options["inpaint"] = ""
    small = told.rehearse
    for number, part in enumerate(parts):
        left = told.ends - time.monotonic()
        if part != "model" and left <= 0:
            print(f"{part}: no time left for it", flush=True)
            continue
        share = left * _SHARES[part] / (sum(_SHARES[one] for one in parts[number:]) or 1.0)
        if part == "model":
            _model(folder, small)
        elif part == "busy":
            from tests.benchmarks.gpu.farm_busy import measure as busy

            ways: list[Way] = ["surroundings"] if told.behind else ["with_product", "surroundings"]
            table(folder, small=small, batch=told.batch, side=told.side or (256 if small else 0),
                  target=PRETENDED if small else TARGET, **options)  # fmt: skip
            busy(folder, ways, told.side or (256 if small else 1024), share, most=told.steps, cpus=told.cpus,
                 every=told.every, pretend=told.pretend if small else "")  # fmt: skip
        elif part == "ad":
            from tests.benchmarks.gpu.farm_ad import ad

            ad(folder, rehearse=small, small=small, seconds=max(left * 0.9, 30.0))
        else:
            from tests.benchmarks.gpu.farm_first import measure as first

            table(folder, small=small, batch=told.batch, **options)
            first(folder, 128 if small else 1024, list(parts[:number]).count("first"), max(left, 20.0))


def _model(folder: Path, small: bool) -> None:
    began = time.monotonic()
    write(folder, small=small)
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()  # the actors' card is this one
    size = sum(file.stat().st_size for file in (folder / NAME).rglob("*.safetensors")) / 1e9
    print(f"model: {size:.2f} GB written and hashed in {time.monotonic() - began:.1f} s", flush=True)


def _set(folder: Path) -> None:
    os.environ |= {
        "CREATIVE_MODELS": str(folder),
        "CREATIVE_CATALOGUES": str(folder / "rows.yaml"),
        "CREATIVE_CACHE": str(folder / "cache"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "compiled"),
        "CREATIVE_OFFLINE": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
