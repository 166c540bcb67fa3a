"""Whether the same steps give the same bytes in another process, on one core and with another order of sets.

    python -m tests.benchmarks.same_bytes

The demo brief with rough scenes, one ad of each modality, is run twice into stores of their own; every output of every
step is compared by its sha256.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from creative.starter import write_starter
from tests.benchmarks.meter import table

ONE_OF_EACH = "segment=commuters,market=GB,placement=iab-728x90,meta-reel-6,spotify-audio-15"
QUICK = "segment=commuters,market=GB,placement=iab-728x90,spotify-audio-15"


def compare(folder: Path, only: str = ONE_OF_EACH) -> Mapping[str, tuple[int, int]]:
    """By kind of step: how many outputs there are, and how many of them differ between two runs."""
    brief = write_starter(folder / "brief")
    brief.write_text(brief.read_text("utf-8") + "\nbackends: {scene: studio-draft}\n", "utf-8")
    runs = [_outputs(brief, folder / f"run-{number}", only, number) for number in (1, 2)]
    if set(runs[0]) != set(runs[1]):
        raise SystemExit(f"the two runs made other steps: {sorted(set(runs[0]) ^ set(runs[1]))[:4]}")
    total = Counter(kind for kind, _, _ in runs[0])
    other = Counter(name[0] for name, sha256 in runs[0].items() if runs[1][name] != sha256)
    return {kind: (number, other[kind]) for kind, number in sorted(total.items())}


def _outputs(brief: Path, out: Path, only: str, number: int) -> dict[tuple[str, str, str], str]:
    """The sha256 of each output, by kind, step and name. The second run has one core only."""
    command: Sequence[str] = [
        sys.executable, "-m", "creative", "run", str(brief), "--out", str(out), "--runner", "inline", "--no-sheet", "--only", only,
    ]  # fmt: skip
    cores = os.sched_getaffinity(0)
    environment = {**os.environ, "PYTHONHASHSEED": str(number), "CREATIVE_LOG": ""}
    try:
        if number == 2:
            os.sched_setaffinity(0, {min(cores)})
        subprocess.run(command, check=True, env=environment, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"creative run failed: {error.stderr.decode()[-2000:]}") from error
    finally:
        os.sched_setaffinity(0, cores)
    found = {}
    for path in (out / "store").rglob("receipts/**/*.json"):
        receipt = json.loads(path.read_text())
        for name, blob in receipt["outputs"].items():
            found[receipt["recipe"]["kind"], receipt["key"], name] = blob["sha256"]
    return found


def report(found: Mapping[str, tuple[int, int]]) -> str:
    """The table."""
    rows = [(kind, str(number), "all" if not other else f"{number - other}") for kind, (number, other) in found.items()]
    return table(("kind of step", "outputs", "the same bytes in another process"), rows)


def main() -> None:
    """Compare and print."""
    with tempfile.TemporaryDirectory() as name:
        print(report(compare(Path(name))))


if __name__ == "__main__":
    main()
