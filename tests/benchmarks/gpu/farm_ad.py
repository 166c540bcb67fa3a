"""One picture ad through the farm's own door: brief, plan, Ray, the model on its card, still, finish, measure, registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.gpu.farm_model import NAME, table
from tests.support.demo import demo

_BACKEND = "workers.generate.images:DiffusersImage"


def ad(folder: Path, *, rehearse: bool, small: bool, ads: int = 3, seconds: float | None = None) -> None:
    """Make the demo brief's feed ads for one market, and say where they are. `rehearse`: without a card. It has `seconds` at most."""
    table(folder, small=small, gpu=0 if rehearse else 1, target=_BACKEND)
    brief = demo(folder / f"ad-{int(time.time())}")
    brief.write_text(brief.read_text("utf-8") + f"\nbackends: {{scene: {NAME}}}\n", "utf-8")
    out = brief.parent / "out"
    command = [
        sys.executable, "-m", "creative", "run", str(brief), "--runner", "ray", "--workers", str(min(ads + 1, os.cpu_count() or 1)),
        "--only", "market=GB,placement=meta-feed-4x5", "--out", str(out), "--json",
    ]  # fmt: skip
    env = os.environ | {"CREATIVE_JUDGES": "none", "CREATIVE_CACHE": str(folder / "cache")}
    began = time.monotonic()
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        print(f"the ad: not there after {seconds:.0f} s: ended", flush=True)
        return
    took = time.monotonic() - began
    if done.returncode not in (0, 3):
        print(f"the ad: exit code {done.returncode}\n{done.stderr[-3000:]}")
        return
    said = json.loads(done.stdout)
    print(
        f"through the door: {said['assets']} ads, {said['steps_made']} steps made, {said['steps_failed']} failed, in {took:.1f} s"
    )
    lines = [json.loads(line) for line in (out / "marlo-autumn" / "manifest.jsonl").read_text("utf-8").splitlines()]
    for line in lines:
        painted = [one for one in line["lineage"]["steps"] if one["backend"] == NAME]
        print(f"  {line['name']}: {line.get('state')}; scene by {painted[0]['model'] if painted else 'nobody'}")
    for number, file in enumerate(sorted((out / "ads").rglob("*.jpg"))):
        (folder / f"ad-{number}.jpg").write_bytes(file.read_bytes())
