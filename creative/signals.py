"""SIGTERM as Ctrl-C: what a scheduler sends ends a run as cleanly as a person does, with an exit code of its own."""

from __future__ import annotations

import signal
import threading
from types import FrameType

_seen = threading.Event()


def terminate_cleanly() -> None:
    """From now on the first SIGTERM raises KeyboardInterrupt in the main thread; later ones do nothing.

    Call it again after whatever replaces signal handlers (Ray, when it starts). Outside the main thread it does nothing.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def terminated() -> bool:
    """Whether a SIGTERM came."""
    return _seen.is_set()


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form that `signal` wants
    if not _seen.is_set():
        _seen.set()
        raise KeyboardInterrupt
