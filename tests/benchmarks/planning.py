"""`creative plan` of 10,000 and of 100,000 ads: CPU-seconds and peak memory of the whole process.

    python -m tests.benchmarks.planning

The brief is the demo's in ten markets, with as many segments in a segments.csv as it takes, in 40 different scenes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from creative.starter import write_starter

_ENGLISH, _GERMAN = ("GB", "IE", "US", "AU", "NZ"), ("DE", "AT", "CH", "LU", "LI")
_ADS_A_SEGMENT = len(_ENGLISH) * 8 + len(_GERMAN) * 6
_SCENES = 40


def write_brief(folder: Path, segments: int) -> Path:
    """The demo brief in ten markets with so many segments: 70 ads each."""
    brief = write_starter(folder / "brief")
    text = brief.read_text("utf-8")
    head, _, rest = text.partition("segments:\n")
    tail = rest[rest.index("\n\n") :]
    rows = ["id,description,copy,scene,value"]
    hooks = ("hook-slow", "hook-craft", "hook-gift")
    for number in range(segments):
        rows.append(f"s{number},Segment {number},{hooks[number % 3]},scene {number % _SCENES},{segments - number}")
    (brief.parent / "segments.csv").write_text("\n".join(rows) + "\n", "utf-8")
    text = f"{head}segments: segments.csv\n{tail}".replace("limits: {ads: 100}", "")
    start, end = text.index("markets:\n"), text.index("products:\n")
    places = [(market, "en-GB", "GBP") for market in _ENGLISH] + [(market, "de-DE", "EUR") for market in _GERMAN]
    markets = "".join(f"  {market}: {{locales: [{locale}], currency: {money}}}\n" for market, locale, money in places)
    text = f"{text[:start]}markets:\n{markets}\n{text[end:]}".replace(
        "markets: [DE]", f"markets: [{', '.join(_GERMAN)}]"
    )
    for old, price in (('{GB: "5.49", DE: "5.99"}', "5.49"), ('{GB: "6.99", DE: "7.49"}', "6.99")):
        text = text.replace(old, "{" + ", ".join(f'{market}: "{price}"' for market, _, _ in places) + "}")
    brief.write_text(text, "utf-8")
    return brief


def plan(ads: int) -> tuple[int, float, float]:
    """`creative plan` of so many ads: ads, CPU-seconds and peak MB of the process, start and loading included."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_brief(folder, -(-ads // _ADS_A_SEGMENT))
        command = [sys.executable, "-m", "creative", "plan", str(path), "--out", str(folder / "out"), "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"creative plan failed: {said}")
    return sum(json.loads(said)["ads"].values()), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Both sizes, each in a process of its own."""
    print("ads      CPU s    peak MB")
    for size in (10_000, 100_000):
        ads, seconds, peak = plan(size)
        print(f"{ads:<8} {seconds:<8.1f} {peak:.0f}")


if __name__ == "__main__":
    main()
