"""On the path of a command under test: kills its whole process group, -9, at the k-th commit point of any of its processes.

A commit point is a call of Python's that makes something durable: a file renamed or linked into place, an fsync. Between two of
them lie SQLite's own.
KILL_FILE holds the count so far, shared by driver and workers; KILL_AT is k (0: count only).
"""

import fcntl
import os
import signal

_FILE, _AT = os.environ.get("KILL_FILE"), int(os.environ.get("KILL_AT", "0"))


def _point() -> None:
    with open(_FILE, "r+") as file:  # noqa: PTH123  this runs at every start of Python: no imports to spare
        fcntl.flock(file, fcntl.LOCK_EX)
        count = int(file.read() or 0) + 1
        file.seek(0)
        file.write(str(count))
        file.flush()
    if count == _AT:
        os.killpg(os.getpgid(0), signal.SIGKILL)


def _wrap(name: str) -> None:
    original = getattr(os, name)

    def wrapped(*args, **kwargs):
        result = original(*args, **kwargs)
        _point()
        return result

    setattr(os, name, wrapped)


if _FILE:
    for _name in ("link", "replace", "rename", "fsync"):
        _wrap(_name)
