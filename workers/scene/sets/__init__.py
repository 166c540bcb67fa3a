"""The sets: one function each, and a row in `SETS`. How to add one: templates/scenes/README.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workers.scene.sets.blocks import paper, podium, stone
from workers.scene.sets.night import dusk, wet
from workers.scene.sets.outside import sky
from workers.scene.sets.parts import GROUNDS
from workers.scene.sets.rooms import kitchen, table
from workers.scene.sets.soft import fabric
from workers.scene.sets.walls import blinds, leaves, studio
from workers.scene.stage import Built, Stage

SETS: Mapping[str, Callable[[Stage], Built]] = {
    "studio": studio,
    "blinds": blinds,
    "leaves": leaves,
    "podium": podium,
    "table": table,
    "stone": stone,
    "kitchen": kitchen,
    "dusk": dusk,
    "paper": paper,
    "fabric": fabric,
    "wet": wet,
    "sky": sky,
}

__all__ = ["GROUNDS", "SETS", "Built", "Stage"]
