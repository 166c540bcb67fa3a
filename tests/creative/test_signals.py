"""Signals that wait, and a process that is left with its own exit code."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from creative.signals import held

ROOT = Path(__file__).parents[2]


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


def test_an_interrupt_acts_where_the_block_is_left() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with held() as came:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            done.append(list(came))
        done.append("after")
    assert done == [[signal.SIGINT, signal.SIGINT]]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_patience_has_an_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held(patience=1):
        signal.raise_signal(signal.SIGINT)
        done.append("one")
        signal.raise_signal(signal.SIGINT)
        done.append("two")
    assert done == ["one"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_came() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with held() as came:
        pass
    assert came == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_fails_within_still_fails() -> None:
    with pytest.raises(ValueError, match="of its own"), held():
        raise ValueError("of its own")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_hold_nothing() -> None:
    seen = []

    def inside() -> None:
        with held() as came:
            seen.append((list(came), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [([], signal.default_int_handler)]


def test_an_ignored_signal_stays_ignored() -> None:
    done = run(
        "import signal\nfrom creative.signals import held\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "with held() as came:\n signal.raise_signal(signal.SIGINT)\nprint(came)"
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize("loaded", ["", "sys.modules['ray'] = sys"])
def test_the_exit_code_stands(loaded: str) -> None:
    """Signals at the very end, after Python gave back its handlers, would kill; what waits for the end is done."""
    done = run(
        f"import atexit, os, signal, sys\nfrom creative.signals import leave\n{loaded}\n"
        "class Late:\n"
        " def __init__(self): self.kill, self.me = os.kill, os.getpid()\n"
        " def __del__(self): self.kill(self.me, 2); self.kill(self.me, 15)\n"
        "late = Late()\n"
        "atexit.register(print, 'at exit')\n"
        "print('said', end=' ')\n"
        "leave(3)"
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "said at exit\n", "")


def test_nobody_reads() -> None:
    """A pipe closed by its reader is the caller's to handle, whether Ray was loaded or not."""
    program = (
        "import os, signal, sys\nfrom creative import cli\nsys.modules['ray'] = sys\n"
        "cli.app = lambda **_: print('x' * 10)\ncli.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, heard = process.communicate(timeout=120)
    assert (process.returncode, heard) == (0, b"")
