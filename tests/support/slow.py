"""Backends that make nothing, but take their time: long enough to be killed in the middle."""

from __future__ import annotations

import time

from creative.backends import Made, Task
from tests.support.null import Null, null_table

SECONDS = 0.2


class Slow(Null):
    """See the module."""

    def make_one(self, task: Task) -> Made:
        time.sleep(SECONDS)
        return super().make_one(task)


def slow_table() -> str:
    """A table of backends with all rows of the packaged catalogue, each made by `Slow`."""
    return null_table(target="tests.support.slow:Slow", seconds=SECONDS)
