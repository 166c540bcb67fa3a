"""`make bench`: what stills, films and their variants cost beside the usual ways, in one run.

    python -m tests.benchmarks [--rounds N] [--remotion FOLDER] [--all]

CPU-seconds of whole process trees, medians of interleaved rounds, as tables in Markdown; then whether the same steps give
the same bytes in another process. `--all`: planning and the rehearsal of a night too.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.benchmarks import films, planning, rehearsal, same_bytes, stills
from tests.benchmarks.meter import machine


def main() -> None:
    """Run them one after another."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of films; stills have three times as many")
    parser.add_argument("--remotion", type=Path, default=films.remotion_folder(), help="where npm has installed it")
    parser.add_argument("--all", action="store_true", help="planning and the rehearsal of a night too")
    arguments = parser.parse_args()
    print(machine(), end="\n\n", flush=True)
    if arguments.remotion is None:
        print("Remotion is left out: name a folder that has it by --remotion or the variable REMOTION\n", flush=True)
    with tempfile.TemporaryDirectory() as name:
        print(stills.report(stills.measure(_folder(name, "stills"), 3 * arguments.rounds)), end="\n\n", flush=True)
        figures = films.measure(_folder(name, "films"), arguments.rounds, remotion=arguments.remotion)
        print(films.report(figures), end="\n\n", flush=True)
        print(same_bytes.report(same_bytes.compare(_folder(name, "bytes"))))
    if arguments.all:
        for module in (planning, rehearsal):
            print(f"\n{module.__name__.rpartition('.')[2]}", flush=True)
            module.main()


def _folder(base: str, name: str) -> Path:
    path = Path(base) / name
    path.mkdir()
    return path


if __name__ == "__main__":
    main()
