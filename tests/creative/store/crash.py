"""A process that dies at the n-th system call that changes the disk, for every n: `crash.py FOLDER`.

Makes FOLDER/<n>/store, and FOLDER/<n>/acknowledged: one line for each thing that the store had acknowledged by then.
Prints how many points there were.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from creative.records import Window
from creative.store import Log, link_tree, open_store, write_receipt, write_window
from tests.support.store_records import Link, receipt


def work(folder: Path, acknowledge: Callable[[str], None]) -> None:
    store = open_store(folder / "store")
    acknowledge(f"id {store.id}")
    original = folder / "media"
    original.write_bytes(b"a file's bytes" * 999)
    for source in (b"some bytes", original):
        blob = store.put_blob(source, "image/jpeg")
        acknowledge(f"blob {blob.sha256}")
    acknowledge(f"receipt {write_receipt(store, receipt('ab' * 32)).key}")
    log = Log(store, "c")
    acknowledge(f"entry {log.append('brief', {'snapshot': blob.sha256}).n}")
    acknowledge(f"window {write_window(store, 'c', Window(cells=(), assets=()))}")
    acknowledge(f"entry {log.append('run', {'run': 'r', 'status': 'done'}).n}")
    link_tree(store, [Link(sha256=blob.sha256)], folder / "ads")
    acknowledge("tree -")


def dying(at: int) -> Callable[[], None]:
    left = itertools.count(at, -1)

    def step() -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def around(real: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        step()
        return real(*arguments, **named)

    return call


def wrap(step: Callable[[], None]) -> None:
    for name in ("link", "fsync", "replace", "unlink", "mkdir", "symlink"):
        setattr(os, name, around(getattr(os, name), step))
    real_write = os.write
    halve = itertools.cycle([True, False])

    def half(descriptor: int, data: bytes) -> int:
        step()
        return real_write(descriptor, bytes(data)[: len(data) // 2 + 1] if next(halve) else data)

    os.write = half  # type: ignore[assignment]


def live_and_die(folder: Path, at: int) -> None:
    said = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    write = os.write

    def acknowledge(line: str) -> None:
        write(said, f"{line}\n".encode())

    wrap(dying(at))
    work(folder, acknowledge)
    os._exit(0)


def main() -> None:
    for at in itertools.count():
        folder = Path(sys.argv[1]) / str(at)
        folder.mkdir()
        child = os.fork()
        if child == 0:
            live_and_die(folder, at)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            print(at)
            return
        assert os.WIFSIGNALED(status), status


main()
