"""Python in a process of its own: what is imported there, is not here."""

from __future__ import annotations

import subprocess
import sys


def said(code: str) -> str:
    """What it prints, without the last line's end. An error in it is the test's."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
