"""How a run is ended from outside: SIGTERM as Ctrl-C, calls that must not be cut short, and the end of the process."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

_ENDING = (signal.SIGINT, signal.SIGTERM)

_seen = threading.Event()


def terminate_cleanly() -> None:
    """From now on the first SIGTERM raises KeyboardInterrupt in the main thread; later ones do nothing.

    Call it again after whatever replaces signal handlers (Ray, when it starts). Outside the main thread it does nothing.
    """
    if _in_main_thread():
        signal.signal(signal.SIGTERM, _terminate)


def terminated() -> bool:
    """Whether a SIGTERM came."""
    return _seen.is_set()


@contextlib.contextmanager
def held(patience: int = sys.maxsize) -> Iterator[list[int]]:
    """Within the block SIGINT and SIGTERM only add their number to the list given; the first acts where the block is left.

    For calls into native libraries that crash, or end the process, once an exception was thrown into them. Where such a
    call may take long, `patience` says how many signals are held: the next acts at once. Handlers that the block replaces
    are put back. Outside the main thread, where no signal acts, and for signals that are ignored or left to the system,
    nothing is held.
    """
    came: list[int] = []
    if not _in_main_thread():
        yield came
        return
    before = {int(number): signal.getsignal(number) for number in _ENDING}

    def hold(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler = before[number]
        if len(came) > patience and callable(handler):
            handler(number, frame)

    try:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, hold)
        yield came
    finally:
        for number, handler in before.items():
            if handler is not None:  # one that Python did not set
                signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def leave(code: int) -> NoReturn:
    """End the process with this exit code; signals do not change it any more. Raises BrokenPipeError if nobody reads stdout.

    Where Ray was loaded, what is registered to be done at exit is done and the process ends there. Its threads (metrics,
    gRPC) outlive `ray.shutdown`, as of Ray 2.60: one that runs while the interpreter and the library's globals are taken
    apart reads freed memory, and the exit code would be that of a crash.
    """
    if _in_main_thread():
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)  # Python gives back its own handlers early at exit, but not this
    if "ray" not in sys.modules:
        sys.exit(code)
    _flush()
    atexit._run_exitfuncs()
    _flush()
    os._exit(code)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form that `signal` wants
    if not _seen.is_set():
        _seen.set()
        raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
