"""The benchmark of the farm on a card never loses what it found: it says so as it goes, and reports however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.gpu.farm_report import covered, gaps, report, so_far, steady

ROOT = Path(__file__).parent.parent


def _lines(batches: int, *, every: float = 3.0, takes: float = 2.7) -> list[dict[str, Any]]:
    """A card that paints 16 pictures at a time, and waits a little after each batch while the next one's words are read."""
    found: list[dict[str, Any]] = []
    for number in range(batches):
        begin = number * every
        found += [
            {"what": "told", "from": begin - 0.2, "to": begin, "count": 16},
            {"what": "launched", "from": begin, "to": begin + 1.0, "count": 16},
            {"what": "card", "from": begin, "to": begin + takes, "count": 16, "around": True, "peak": 9.9},
            {"what": "make", "from": begin - 4.0, "to": begin + takes + 0.5, "count": 16,
             "own": number * 1.6, "packing": number * 6.4},
        ]  # fmt: skip
    return found


def test_a_report_of_whatever_was_done() -> None:
    samples = [(at / 10, 100 if at % 30 < 27 else 0) for at in range(400)]
    said = "\n".join(report(_lines(10), True, samples, "NVML", [(at, int(at * 5)) for at in range(30)]))
    assert "steady: 112 pictures in 21.00 s: 5.33 a second, batches of 16.0, each 2.700 s" in said
    assert "the card has a batch: 90.0% of that time" in said
    assert re.search(r"kernels run: (89|90)\.\d% of that time \(NVML, 21\d samples, least 0%\); wanted: 97%", said)
    assert "it waits 7 times, 2100 ms in all" in said and "words are encoded 1400 ms" in said
    assert "a picture takes 0.100 CPU-s of the worker and 0.400 of those that pack for it" in said
    assert "registered: 5.00 a second" in said
    assert "of 3 batches only" in "\n".join(report(_lines(3), True, samples, "NVML", []))
    assert report(_lines(1), True, samples, "NVML", []) == ["  the card had 1 batches: too few to say anything"]
    assert report(_lines(9), False, samples, "NVML", []) == ["  the card had 0 batches: too few to say anything"]
    assert "nobody counted (no NVML: ImportError)" in "\n".join(report(_lines(9), True, [], "no NVML: ImportError", []))
    assert so_far(_lines(10), True, samples).startswith(
        "10 batches, 5.33 pictures a second, has a batch 90.0%, kernels"
    )
    begin, end = steady(_lines(10), True) or (0.0, 0.0)
    assert [round(begin, 3), round(end, 3)] == [5.7, 26.7]


def test_spans_and_gaps() -> None:
    spans = [(0.0, 1.0), (0.5, 2.0), (3.0, 4.0)]
    assert covered(spans, 0.5, 3.5) == pytest.approx(2.0)
    assert gaps(spans, 0.5, 5.0) == [(2.0, 3.0), (4.0, 5.0)]


def test_ended_from_outside_it_still_reports(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "tests.benchmarks.gpu.farm", str(tmp_path), "--rehearse", "--parts", "busy", "--seconds", "600",
        "--batch", "2", "--side", "128", "--cpus", "1", "--every", "0.5",
    ]  # fmt: skip
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    heard: list[str] = []
    until = time.monotonic() + 240
    while not any("kernels run" in line for line in heard) and time.monotonic() < until:
        heard.append(process.stdout.readline())
        assert heard[-1], process.communicate()[1]
    process.send_signal(signal.SIGTERM)
    rest, said = process.communicate(timeout=120)
    assert process.returncode == 143, said
    whole = "".join(heard) + rest
    assert whole.startswith("NO GPU: nothing below is a measurement of one.")
    assert re.search(
        r"around the product: \d+ pictures made\n  steady.*pictures in .* a second, batches of 2\.0", whole
    )
    assert re.search(r"kernels run: \d+\.\d% of that time \(a pretended card's clock, \d+ samples", whole)
    assert whole.rstrip().endswith("ended from outside; what is above is what was done by then")
    assert "FAILED" not in whole and "Traceback" not in whole + said
    assert "steady" in (tmp_path / "report.txt").read_text()
