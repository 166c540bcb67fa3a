"""What every loop that speaks runs on: states of a few sizes that stay where they are, and the graphs that step them.

A loop has B lines, whose past fills up from the left; a step makes one token or frame more of each. Attention looks at the first
`places` of the past only, a multiple of `PLACES`: there is a graph for each. What differs between loops is their state and step.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import torch

from workers.speech.graphs import Graphs, lines, up

ASK = 16  # steps between two questions whether all lines have ended: each waits for the card
PLACES = 128
"""Attention looks at so many places of the past at a time: a graph for each multiple of it."""

State = TypeVar("State")
Step = Callable[[int], None]  # one step more, whose past is in so many first places


class Stepping(Generic[State]):
    """A loop's states, by how many lines they hold, and its graphs."""

    def __init__(self, graphs: bool) -> None:
        self.graphs = Graphs(graphs)
        self.states: dict[int, State] = {}

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within it a batch is read. What is kept from call to call is given back where that fails."""
        try:
            with torch.inference_mode():
                yield
        except RuntimeError:  # memory, most likely: what is kept is part of what filled it
            self.forget()
            raise

    def forget(self) -> None:
        """Give back what is kept from one call to the next."""
        self.graphs.forget()
        self.states.clear()

    def lines(self, real: int) -> int:
        """How many lines a state for `real` ones has."""
        return lines(real, self.graphs.on)

    def state(self, count: int, fits: Callable[[State], bool], make: Callable[[], State]) -> State:
        """The state of `count` lines: the one of the last call where it `fits`, else a new one.

        Two are kept, mostly of a full batch and of what is left over: each holds every line's past. The graphs that read what
        goes go with it.
        """
        here = self.states.pop(count, None)
        if here is None or not fits(here):
            here = None  # its memory is free before the new one is made
            gone = {count, *list(self.states)[:-1]}
            for other in gone:
                self.states.pop(other, None)
            self.graphs.forget(lambda key: key[0] in gone)
            here = make()
        if self.graphs.on:  # elsewhere nothing is gained by keeping it
            self.states[count] = here  # the last one used stands last
        return here

    def prepare(
        self, count: int, kind: Hashable, longest: int, steps: int, rewind: Callable[[], None], step: Step
    ) -> None:
        """Capture what is new of the steps to come after `longest` places; the state is begun anew afterwards.

        `kind`: what else is fixed in a graph, such as how tokens are drawn. `rewind` makes room for the calls before a capture.
        """
        for places in range(up(longest + 1, PLACES), up(longest + steps, PLACES) + 1, PLACES):
            rewind()
            self.graphs.prepare((count, kind, places), _at(step, places))

    def run(
        self, count: int, kind: Hashable, longest: int, steps: int, step: Step, ended: Callable[[int], bool]
    ) -> int:
        """Step until all lines have `ended` (asked now and then, with the steps so far) or `steps` are done; how many were."""
        for done in range(1, steps + 1):
            places = up(longest + done, PLACES)
            self.graphs.run((count, kind, places), _at(step, places))
            if (done % ASK == 0 or done == steps) and ended(done):
                return done
        return steps


def _at(step: Step, places: int) -> Callable[[], None]:
    return lambda: step(places)
