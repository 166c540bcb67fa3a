"""Whose turn it is on the cards: models that fit on a card together work beside each other, others one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping

from creative.backends import BackendSpec
from creative.running.ready import Name

_EVEN = 1e-6


def together(specs: Collection[BackendSpec]) -> bool:
    """Whether they may be loaded at the same time: no card would have to hold more than there is of it.

    Two that want half a card each may, and two that want cards of different kinds; two that want a whole one may not. One that
    takes any kind may come to whichever another one wants.
    """
    by_kind: dict[str | None, list[float]] = defaultdict(list)
    apart = all(spec.resources.accelerator_type for spec in specs)
    for spec in specs:
        by_kind[spec.resources.accelerator_type if apart else None].append(spec.resources.gpu)
    return all(len(wanted) == 1 or sum(wanted) <= 1 + _EVEN for wanted in by_kind.values())


def beside(spec: BackendSpec, others: Collection[BackendSpec]) -> float:
    """How much of each of its cards goes to it and to those that work beside it."""
    kind = spec.resources.accelerator_type
    return spec.resources.gpu + sum(
        other.resources.gpu
        for other in others
        if kind is None or other.resources.accelerator_type in (kind, None)
    )  # fmt: skip


class Turns:
    """The models that are at work on cards. A turn lasts until its model has nothing to do."""

    def __init__(self, specs: Mapping[Name, BackendSpec]) -> None:
        self._specs = specs
        self._now: list[Name] = []

    def may(self, name: Name, busy: Callable[[Name], bool]) -> bool:
        """Whether this model may work now; `busy` says of another one whether it has anything to do still."""
        self._now = [one for one in self._now if one == name or busy(one)]
        if name not in self._now:
            if self._now and not together([self._specs[one] for one in (*self._now, name)]):
                return False
            self._now.append(name)
        return True
