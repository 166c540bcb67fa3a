"""Small plans made by hand: a chain of steps for each ad, over the test backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from creative.backends import BackendSpec
from creative.planning.window import ENDS, Part, PlannedCell, PlanWindow, part
from creative.records import CellRecord
from creative.steps import step

ECHO = "tests.support.backends:Echo"


def specs(**changes: Any) -> dict[tuple[str, str], BackendSpec]:
    """The echo backend for every kind that these plans use."""
    rows = [
        BackendSpec(name="echo", kind=kind, target=ECHO, **({"attempts": 3} if kind == "bed" else {}) | changes)
        for kind in ("bed", "mix", *ENDS)
    ]
    return {(row.kind, row.name): row for row in rows}


def ad(name: str, mood: str = "warm", **behave: str) -> tuple[CellRecord, tuple[Part, ...]]:
    """A voice ad: music, mix, and the three ends. `behave`: what a kind's backend does (mix="poison")."""

    def one(kind: str, params: Mapping[str, Any], *below: tuple[str, Part, str], seed: int | None = None) -> Part:
        marked = {**params, **({"behave": behave[kind]} if kind in behave else {})}
        if "mark" in behave and kind in behave:
            marked["mark"] = behave["mark"]
        inputs = {role: source.out(output) for role, source, output in below}
        return part(step(kind, "echo", 1, None, marked, inputs, seed, f"{kind} of {name}"), *(p for _, p, _ in below))

    bed = one("bed", {"mood": mood, "ms": 1000}, seed=7)
    mix = one("mix", {"ms": 1000, "ad": name}, ("bed", bed, "audio"))
    finish = one("finish", {"ad_id": name}, ("media", mix, "audio"))
    measure = one("measure", {"modality": "audio"}, ("asset", finish, "asset"))
    poster = one("poster", {"side": 64}, ("asset", finish, "asset"))
    ends = dict(zip(ENDS, (finish, measure, poster), strict=True))
    cell = CellRecord(
        ad_id=f"ad_{name}", campaign="test", market="GB", locale="en-GB", product=None, offer=None, segment="all",
        placement="spotify-audio-15", arm=None, variant=1, modality="audio", name=name, choices={}, texts={},
        wanted="w", binding="b", steps={end: made.step.key for end, made in ends.items()},
    )  # fmt: skip
    return cell, tuple(ends.values())


def window(number: int, ads: Sequence[tuple[CellRecord, tuple[Part, ...]]]) -> PlanWindow:
    """One window of such ads."""
    steps = {below.key: below for _, parts in ads for made in parts for below in made.steps}
    cells = (
        PlannedCell(cell.ad_id, cell.modality, cell.segment, cell.steps, lambda cell=cell: cell) for cell, _ in ads
    )
    return PlanWindow(number, tuple(cells), steps)
