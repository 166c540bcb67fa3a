"""One model at a time has a worker's card: those before it give its memory back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from creative.backends import BackendSpec, Made, Resources, Task
from creative.running.port import Batch, Worksite
from creative.steps import KINDS, Step, step
from creative.store import open_store
from workers.work import Workshop

_said: list[str] = []


class OnCard:
    """Says when it is loaded, used, and closed."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        self.name = spec.name
        _said.append(f"{self.name} loaded")

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        _said.append(f"{self.name} made {len(tasks)}")
        return [Made(dict.fromkeys(KINDS[task.kind].outputs, task.key.encode())) for task in tasks]

    def close(self) -> None:
        _said.append(f"{self.name} closed")


def _spec(name: str, gpu: float) -> BackendSpec:
    return BackendSpec(name, "bed", f"{__name__}:OnCard", resources=Resources(1, gpu))


def _step(spec: BackendSpec, number: int) -> Step:
    return step("bed", spec.name, 1, None, {"mood": "warm", "ms": number}, {}, 7)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    _said.clear()
    return Workshop(Worksite(open_store(str(tmp_path / "store")).url, str(tmp_path / "cache"), ""), 1)


def test_a_model_that_comes_gets_the_card_of_the_one_before(workshop: Workshop) -> None:
    one, other, beside = _spec("one", 1), _spec("other", 0.5), _spec("beside", 0)
    for number, spec in enumerate((one, beside, one, other, beside, one)):
        [outcome] = workshop.run(Batch(number, spec, (_step(spec, number),)))
        assert outcome.status == "made", outcome
    assert _said == [
        "one loaded", "one made 1", "beside loaded", "beside made 1", "one made 1",
        "one closed", "other loaded", "other made 1", "beside made 1",
        "other closed", "one loaded", "one made 1",
    ]  # fmt: skip
