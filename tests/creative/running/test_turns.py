"""Whose turn it is on the cards, and what a card is given early."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from creative.backends import BackendSpec, Resources
from creative.records import Receipt
from creative.running.port import FLIGHTS, Batch, Outcome
from creative.running.turns import Turns, beside, together
from tests.support.bench import Bench
from tests.support.plans import ad, window


def _spec(name: str, gpu: float, kind: str | None = None) -> BackendSpec:
    return BackendSpec(name, "bed", "a:B", resources=Resources(0, gpu, accelerator_type=kind))


def test_who_fits_on_a_card_together() -> None:
    half, third, whole, two = _spec("half", 0.5), _spec("third", 0.3), _spec("whole", 1.0), _spec("two", 2.0)
    here, there, also = _spec("here", 1.0, "H100"), _spec("there", 2.0, "L4"), _spec("also", 0.5, "L4")
    assert together([whole]) and together([two]) and together([half, half]) and together([half, third])
    assert not together([whole, third]) and not together([half, half, third])
    assert together([here, there]), "each has cards of its own kind"
    assert not together([there, also]) and not together([here, third]), "who takes any card may come to this one"
    assert beside(half, []) == 0.5 and beside(half, [third]) == 0.8
    assert beside(here, [also]) == 1.0 and beside(also, [here, third]) == 0.8


def test_a_turn_lasts_until_its_model_has_nothing_to_do() -> None:
    specs = {("bed", one.name): one for one in (_spec("a", 0.5), _spec("b", 0.5), _spec("c", 1.0))}
    a, b, c = specs
    busy = {a, b, c}
    turns = Turns(specs)
    assert turns.may(a, busy.__contains__) and turns.may(b, busy.__contains__)
    assert not turns.may(c, busy.__contains__)
    busy -= {a}
    assert not turns.may(c, busy.__contains__) and turns.may(b, busy.__contains__)
    busy -= {b}
    assert turns.may(c, busy.__contains__)
    busy |= {a}
    assert not turns.may(a, busy.__contains__)


class _Card:
    """A runner that notes how many steps each batch has, and what was under way by then; it answers one batch a wait."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.sent: list[tuple[str, int, int]] = []

    def free(self, spec: BackendSpec) -> int:
        return FLIGHTS - len(self.batches)

    def submit(self, batch: Batch) -> None:
        self.sent.append((batch.spec.kind, len(batch.steps), len(self.batches)))
        self.batches.append(batch)

    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        if not self.batches:
            return ()
        batch = self.batches.pop(0)
        receipts = [Receipt(key=s.key, recipe=s.recipe(), outputs={}, inputs={}, seconds=0.1) for s in batch.steps]
        return [(batch.id, [Outcome(receipt.key, "made", receipt) for receipt in receipts])]

    def kill(self, batch: int) -> None: ...

    def close(self) -> None: ...


def _bench(folder: Path, *kinds: str) -> Any:
    bench = Bench(folder, lambda _: _Card())
    for kind in kinds:
        bench.specs[kind, "echo"] = dataclasses.replace(bench.specs[kind, "echo"], resources=Resources(0, 1.0), batch=4)
    return bench


def test_what_is_left_over_goes_to_a_card_early_where_nothing_can_fill_it(tmp_path: Path) -> None:
    bench = _bench(tmp_path, "bed")
    bench.run(window(1, [ad(f"a{number}", mood=f"m{number}") for number in range(6)]))
    assert [sent for sent in bench.runner.sent if sent[0] == "bed"] == [("bed", 4, 0), ("bed", 2, 1)]


def test_where_models_take_turns_more_windows_are_open(tmp_path: Path) -> None:
    windows = [window(number + 1, [ad(f"a{number}", mood=f"m{number}")]) for number in range(8)]
    for kinds, first in ((("bed",), 2), (("bed", "mix"), 4)):
        bench = _bench(tmp_path / str(len(kinds)), *kinds)
        bench.run(*windows)
        beds = [count for kind, count, _ in bench.runner.sent if kind == "bed"]
        assert beds[0] == first and sum(beds) == 8, kinds
