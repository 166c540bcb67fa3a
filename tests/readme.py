"""Runs the README's commands, in order, in an empty folder: every `$ ` line of its ```console blocks.

    python -m tests.readme

A line may end with `# exit N`, the exit code it is shown with; else it has to be 0.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def commands() -> list[tuple[str, int]]:
    """Command lines with their exit codes."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL):
        for line in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
            exit_code = re.search(r"# exit (\d+)$", line)
            found.append((line, int(exit_code[1]) if exit_code else 0))
    return found


def main() -> None:
    """Run them all; stop at the first that does not do what is shown."""
    lines = commands()
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        for line, wanted in lines:
            print(f"$ {line}", flush=True)
            got = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, check=False).returncode
            if got != wanted:
                sys.exit(f"exit code {got}, the README shows {wanted}")
    print(f"{len(lines)} passed, 0 failed")


if __name__ == "__main__":
    main()
