"""Many `creative` commands that start at the same moment, each a process of its own.

    python -m tests.support.at_once 20 FOLDER nightly campaigns --json

They are forked from this process, which has imported the command already and nothing else (no Ray, no threads): twenty
interpreters that start on two cores do not start at once. Writes FOLDER/0.out, FOLDER/0.err, ...; prints the exit codes.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path

import creative.nights.nightly  # noqa: F401  what a night needs is imported once
from creative import cli  # noqa: F401


def main(count: int, folder: Path, arguments: list[str]) -> None:
    """Fork them all, open the gate, wait for them."""
    gate_read, gate_write = os.pipe()
    children = [_forked(arguments, folder, number, gate_read, gate_write) for number in range(count)]
    os.close(gate_read)
    os.close(gate_write)
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))


def _forked(arguments: list[str], folder: Path, number: int, gate_read: int, gate_write: int) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.close(gate_write)
        os.read(gate_read, 1)  # nothing comes: it ends when everybody has let go of the other end
        for file, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / f"{number}.{name}", os.O_WRONLY | os.O_CREAT), file)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115  as at any start
        sys.argv = ["creative", *arguments]
        try:
            runpy.run_module("creative", run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
