"""A backend whose library does not go with this package's: Ray makes it an environment of its own, with pip, from its row."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.running.port import Batch, Worksite
from creative.steps import KINDS, step
from creative.store import open_store

pytestmark = pytest.mark.long
_NAME = "creative_farm_apart"


class Apart:
    """Makes what only its own environment has."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        import creative_farm_apart  # type: ignore[import-not-found]  # installed by Ray, there only

        self.word = creative_farm_apart.WORD

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        return [Made(dict.fromkeys(KINDS[task.kind].outputs, b"x"), notes={"word": self.word}) for task in tasks]


def _wheel(folder: Path) -> Path:
    """A package of one line, which needs no registry."""
    info = f"{_NAME}-1.0.dist-info"
    files = {
        f"{_NAME}.py": b'WORD = "apart"\n',
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: creative-farm-apart\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    path = folder / f"{_NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
        wheel.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return path


def _row(*packages: str) -> BackendSpec:
    return BackendSpec(
        "apart", "bed", f"{__name__}:Apart", resources=Resources(gpu=0.5), runtime_env={"pip": list(packages)}
    )


def _free(runner: Any, spec: BackendSpec) -> int:
    until = time.monotonic() + 500
    while not (found := runner.free(spec)) and time.monotonic() < until:
        time.sleep(0.5)
    return int(found)


@pytest.mark.usefixtures("local_ray")
def test_a_package_that_is_only_there(tmp_path: Path) -> None:
    from workers.ray_runner import RayRunner

    spec = _row(str(_wheel(tmp_path)))
    site = Worksite(open_store(str(tmp_path / "store")).url, str(tmp_path / "cache"), "")
    with contextlib.closing(RayRunner(site, workers=1)) as runner:
        assert _free(runner, spec)
        one = step("bed", "apart", 1, None, {"mood": "warm", "ms": 1}, {}, 7, "bed")
        runner.submit(Batch(1, spec, (one,)))
        landed: list[Any] = []
        while not landed:
            landed = list(runner.wait(5.0))
        [(_, [outcome])] = landed
        assert (outcome.status, outcome.receipt.notes) == ("made", {"word": "apart"}), outcome.reason
