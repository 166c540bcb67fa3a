"""What a worker does with a batch whose store is far away: steps are settled beside each other, and told in their order."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from creative.running.at_once import AtOnce
from creative.running.port import Batch, Worksite
from creative.steps import KINDS, step
from creative.store import open_store
from workers.work import Workshop


class Mixed:
    """Makes most steps; refuses the third, fails at the fifth."""

    def __init__(self, spec: BackendSpec, threads: int) -> None:
        pass

    def make(self, tasks: Sequence[Task]) -> Sequence[Made | Exception]:
        strange = {3: StepRefused("too loud"), 5: ValueError("no such note")}
        return [
            strange.get(task.params["ms"]) or Made(dict.fromkeys(KINDS["bed"].outputs, task.key.encode()))
            for task in tasks
        ]


def test_steps_are_settled_beside_each_other_and_told_in_order(tmp_path: Path) -> None:
    shop = Workshop(Worksite(open_store(str(tmp_path / "store")).url, str(tmp_path / "cache"), ""), 1)
    shop._at_once = AtOnce(8).map
    there, most, lock, put = [0], [0], threading.Lock(), shop.store.put_blob

    def slow(*given: object, **named: object) -> object:
        with lock:
            there[0] += 1
            most[0] = max(most[0], there[0])
        time.sleep(0.05)
        try:
            return put(*given, **named)  # type: ignore[arg-type]
        finally:
            with lock:
                there[0] -= 1

    shop.store.put_blob = slow  # type: ignore[method-assign,assignment]
    spec = BackendSpec("mixed", "bed", f"{__name__}:Mixed", batch=8)
    steps = tuple(step("bed", "mixed", 1, None, {"mood": "warm", "ms": n}, {}, 7) for n in range(8))
    outcomes = shop.run(Batch(1, spec, steps))
    assert [outcome.key for outcome in outcomes] == [one.key for one in steps]
    assert [outcome.status for outcome in outcomes] == [
        "made",
        "made",
        "made",
        "refused",
        "made",
        "failed",
        "made",
        "made",
    ]
    assert most[0] > 1
    for outcome in outcomes:
        if outcome.receipt is not None:
            assert shop.store.get_blob(next(iter(outcome.receipt.outputs.values())).sha256) == outcome.key.encode()
