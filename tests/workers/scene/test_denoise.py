"""What cleans a picture loads nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("before", ["", "import torch"])
def test_torch_is_loaded_by_whoever_wants_it_and_nobody_else(before: str) -> None:
    code = f"""
import sys
{before}
there = "torch" in sys.modules
import numpy as np
from workers.scene.denoise import denoise
grey = np.full((64, 64, 3), 0.5, np.float32)
assert abs(denoise(grey, grey, None, 1) - 0.5).mean() < 0.1
assert ("torch" in sys.modules) == there == {bool(before)}
import torch
assert torch.ones(2).sum() == 2
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
