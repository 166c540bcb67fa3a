"""`make bench`: what stills, films and their variants cost beside the usual ways, in one run.

    python -m tests.benchmarks [--rounds N] [--remotion FOLDER] [--all]

CPU-seconds of whole process trees, medians of interleaved rounds, as tables in Markdown; then whether the same steps give
the same bytes in another process; last, what was aimed at and what was measured, in one table. `--all`: planning and the rehearsal of a night too.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks import films, planning, rehearsal, same_bytes, stills
from tests.benchmarks.film_ways import remotion_folder
from tests.benchmarks.meter import machine, table


def main() -> None:
    """Run them one after another."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of films; stills have three times as many")
    parser.add_argument("--remotion", type=Path, default=remotion_folder(), help="where npm has installed it")
    parser.add_argument("--all", action="store_true", help="planning and the rehearsal of a night too")
    arguments = parser.parse_args()
    print(machine(), end="\n\n", flush=True)
    if arguments.remotion is None:
        print("Remotion is left out: name a folder that has it by --remotion or the variable REMOTION\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        pictures = stills.measure(_folder(name, "stills"), 3 * arguments.rounds)
        print(stills.report(pictures), end="\n\n", flush=True)
        moving = films.measure(_folder(name, "films"), arguments.rounds, remotion=arguments.remotion)
        print(films.report(moving), end="\n\n", flush=True)
        print(same_bytes.report(same_bytes.compare(_folder(name, "bytes"))), end="\n\n", flush=True)
        print(summary(pictures, moving))
    if arguments.all:
        for module in (planning, rehearsal):
            print(f"\n{module.__name__.rpartition('.')[2]}", flush=True)
            module.main()


def summary(pictures: stills.Figures, moving: films.Figures) -> str:
    """What was aimed at and what was measured, of those that were there, in one table."""
    cached, cold = pictures.costs[stills.CACHED], pictures.costs[stills.COLD]
    film, anew = moving.films["ours"], moving.variants[films.ANEW]
    peers = {**pictures.costs, **moving.films}
    rows = [
        (f"still, {stills.CACHED.partition(', ')[2]}", "100 a core-second", f"{cached.a_second:.0f}"),
        *(
            (f"- beside {name}", aim, f"{cached.faster_than(peers[name])} x")
            for name, aim in (
                ("Pillow, full-size RGBA layers", "7 x"),
                ("Chromium, one page kept open, a new photo each", "6 x"),
                ("Chromium, one page kept open", ""),
            )
            if name in peers
        ),
        (f"still, {stills.COLD.partition(', ')[2]}", "30 a core-second", f"{cold.a_second:.0f}"),
        ("film", "30 frames a core-second", f"{film.a_second:.0f}"),
        *(
            (f"- beside {name}", aim, f"{film.faster_than(peers[name])} x")
            for name, aim in (("moviepy", "5 x"), ("Remotion", "3.5 x"))
            if name in peers
        ),
        ("- of x264's own speed", "70 %", f"{100 * peers['x264 alone'].median / film.median:.0f} %"),
        (f"film again, {films.VOICE}, beside moviepy", "50 x", f"{moving.variants[films.VOICE].faster_than(anew)} x"),
        (f"film again, {films.CARD}, beside moviepy", "8 x", f"{moving.variants[films.CARD].faster_than(anew)} x"),
    ]
    return table(("what, CPU-time of all processes", "aim", "measured"), rows)


def _folder(base: str, name: str) -> Path:
    path = Path(base) / name
    path.mkdir()
    return path


if __name__ == "__main__":
    main()
