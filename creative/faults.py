"""What is kept of a fault of the farm's own: a file with the traceback, to be sent with a report."""

from __future__ import annotations

import sys
import tempfile
import traceback

from creative.version import VERSION


def kept(error: BaseException) -> str:
    """What to do about it, naming the file, which only this user can read; the traceback has lines of code, no values."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="creative-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(f"creative-farm {VERSION}, Python {sys.version}\n")
            traceback.print_exception(error, file=file)
    except OSError as full:
        return f"please report it (its traceback could not be written: {full.strerror or full})"
    return f"please report it with: {file.name}"
