"""Folders of this machine's own: for what was fetched and may be fetched again, and for work in progress.

A worker of a cluster does not know what the driver's machine looks like, and a container may have nothing that can be
written but `/tmp`: so each machine is asked by itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

from creative.errors import UsageError


def own_folder() -> Path:
    """CREATIVE_CACHE, else `cache` in CREATIVE_OUT, else a folder of this user's where temporary files are.

    Made if it is not there. Raises UsageError if none of them can be written to.
    """
    named = [(name, Path(told) / below) for name, below in _NAMED if (told := os.environ.get(name))]
    for name, folder in named:
        with contextlib.suppress(OSError):
            return _usable(folder.absolute())
        if name == "CREATIVE_CACHE":
            raise UsageError(f"{socket.gethostname()}: CREATIVE_CACHE={folder} cannot be written to")
    try:
        temporary = Path(tempfile.gettempdir())
        with contextlib.suppress(OSError):
            return _usable(temporary / f"creative-{os.getuid()}", own=True)
        return Path(tempfile.mkdtemp(prefix="creative-"))
    except OSError as error:
        raise UsageError(
            f"{socket.gethostname()} has no folder that can be written to: name one in CREATIVE_CACHE "
            "(in Kubernetes, mount an emptyDir)"
        ) from error


_NAMED = (("CREATIVE_CACHE", ""), ("CREATIVE_OUT", "cache"))


def _usable(folder: Path, *, own: bool = False) -> Path:
    """The folder, if it can be written to. Raises OSError otherwise; with `own` also if it is a link, or others may write
    to it: what is fetched into it is believed, and where everybody makes folders anybody may have made this one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = folder.lstat()
    if own and (folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise PermissionError(f"{folder} is somebody else's")
    with tempfile.TemporaryFile(dir=folder):
        return folder


@contextlib.contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """A new folder that goes away afterwards; what processes that were killed left there goes first."""
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=scratch_name(os.getpid()), dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_name(pid: int) -> str:
    """What the name of a process's folder begins with: a disk may be shared by machines."""
    return f"{socket.gethostname()}-{pid}-"


def sweep(folder: Path) -> None:
    """Remove what processes of this machine left when they died."""
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            host, _, rest = entry.name.rpartition("-")[0].rpartition("-")
            if host == socket.gethostname() and rest.isdecimal() and not _is_alive(int(rest)):
                shutil.rmtree(entry, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
