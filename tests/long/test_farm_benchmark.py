"""The benchmark of the farm on a card, on a card that is only pretended: every part of it runs and says what it is not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent.parent


def test_every_part_is_rehearsed(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.gpu.farm",
        str(tmp_path),
        "--rehearse",
        "--seconds",
        "300",
        "--steps",
        "48",
    ]
    env = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [*command, "--batch", "4", "--cpus", "2"], capture_output=True, text=True, cwd=ROOT, check=False, env=env
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert said.startswith("NO GPU: nothing below is a measurement of one.")
    assert len(re.findall(r"from the process' start to the first picture", said)) == 2
    assert len(re.findall(r"(around the product|laid before it): (4[89]|5\d|60) pictures made", said)) == 2
    assert "FAILED" not in said
    assert len(re.findall(r"the card has a batch: +\d+\.\d% of that time", said)) == 2
    assert len(re.findall(r"kernels run: +\d+\.\d% of that time", said)) == 2
    assert re.search(r"through the door: 3 ads, \d+ steps made, 0 failed", said)
