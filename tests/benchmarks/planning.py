"""Planning 10,000 and 100,000 ads: CPU-seconds and peak memory of whole processes.

    python -m tests.benchmarks.planning            the table
    python -m tests.benchmarks.planning 10000      one size, in this process

The brief is the demo's with as many segments as it takes, each with a scene of its own words, as in a segments.csv.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.planning import Planner, survey
from creative.registry import open_registry
from creative.resources import templates
from creative.starter import write_starter
from creative.store import open_store
from creative.world import ingest

_ADS_A_SEGMENT = 14
_SCENES = 40


def _write(folder: Path, segments: int) -> Path:
    brief = write_starter(folder / "brief")
    text = brief.read_text("utf-8")
    head, _, rest = text.partition("segments:\n")
    tail = rest[rest.index("\n\n") :]
    rows = ["id,description,copy,scene,value"]
    hooks = ("hook-slow", "hook-craft", "hook-gift")
    for number in range(segments):
        rows.append(f"s{number},Segment {number},{hooks[number % 3]},scene {number % _SCENES},{segments - number}")
    (brief.parent / "segments.csv").write_text("\n".join(rows) + "\n", "utf-8")
    brief.write_text(f"{head}segments: segments.csv\n{tail}".replace("limits: {ads: 100}", ""), "utf-8")
    return brief


def plan(ads: int) -> dict[str, float]:
    """Load, ingest and survey; seconds and MB of this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = _write(folder, -(-ads // _ADS_A_SEGMENT))
        catalogue = load_catalogue()
        started = time.process_time()
        brief = load_brief(path, media_roots=[templates()])
        loaded = time.process_time()
        store = open_store(str(folder / "store"))
        with open_registry(folder / "registry.db", store.id) as registry:
            planner = Planner(brief, ingest(brief, catalogue))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            found = survey(planner.windows(), registry.known_steps, {}, catalogue.specs)
        ended = time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "ads": sum(found.ads.values()),
        "findings": len(planner.findings),
        "load_s": loaded - started,
        "plan_s": ended - loaded,
        "before_mb": before / 1024,
        "peak_mb": peak / 1024,
    }


def main() -> None:
    """One size, or both in processes of their own."""
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(plan(int(sys.argv[1]))) + "\n")
        return
    print("ads      load s   plan s   peak MB")
    for ads in (10_000, 100_000):
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.planning", str(ads)], capture_output=True, text=True, check=True
        )
        figures = json.loads(done.stdout)
        print(f"{figures['ads']:<8.0f} {figures['load_s']:<8.1f} {figures['plan_s']:<8.1f} {figures['peak_mb']:.0f}")


if __name__ == "__main__":
    main()
