"""The actors that there are, by the backend that they belong to, and which of them may stay on a card when others come."""

from __future__ import annotations

import time
from collections.abc import Sequence

from creative.backends import BackendSpec
from creative.running.turns import beside, together
from workers.ray_actors import Member
from workers.ray_cluster import Room, end

CPU = "cpu"
_QUIET_S = 300.0  # a model of which nothing was asked for so long gives its cards back: it is loaded again in a fraction of that
_UNWANTED_S = 30.0  # and nobody waits for a further machine with one


class Roster:
    """Members by group. `_owners`: the backends with actors of their own; `_asked`: when something was last asked of each group."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._members: list[Member] = []
        self._owners: dict[str, BackendSpec] = {}
        self._asked: dict[str, float] = {}

    def _of(self, group: str) -> list[Member]:
        return [member for member in self._members if member.group == group]

    def _fitting(self, group: str, coming: Sequence[BackendSpec] = ()) -> int:
        """How many actors of the group the machines that are up can hold, beside those of other models and of one that comes."""
        owner = self._owners.get(group)
        if owner is None or not owner.resources.gpu:
            return int(self._room.total("CPU"))
        there = {one.group for one in self._members if one.group != group and self._is_on_card(one.group)}
        share = beside(owner, [*(self._owners[one] for one in there), *coming])
        return int(self._room.cards(owner.resources.accelerator_type) / share + 1e-6)  # 0.3 of three tenths is one

    def _make_room(self, spec: BackendSpec) -> None:
        """Of models that cannot be loaded beside this one, idle actors go: fixed pools starve each other. One that comes anew
        beside others has its share of each card: what they have more than theirs goes, as soon as it is idle.
        """
        group = group_of(spec)
        others = sorted(
            {one.group for one in self._members if one.group != group and self._is_on_card(one.group)},
            key=lambda one: self._asked.get(one, 0.0),
        )
        staying = list(others)
        for other in others:
            if together([spec, *(self._owners[one] for one in staying)]):
                break
            for member in self._of(other):
                if not member.batches:
                    self._dismiss(member)
            staying.remove(other)
        if self._of(group):
            return
        self._owners[group] = spec
        for other in staying:
            there = sorted((one for one in self._of(other) if not one.benched), key=lambda one: len(one.batches))
            for member in there[: max(0, len(there) - max(1, self._fitting(other, (spec,))))]:
                member.leaving = True
                if not member.batches:
                    self._dismiss(member)

    def _is_on_card(self, group: str) -> bool:
        return group in self._owners and self._owners[group].resources.gpu > 0

    def _dismiss(self, member: Member) -> None:
        end(member.handle)
        self._members.remove(member)

    def _let_go(self) -> None:
        """Models of which nothing is asked any more give their cards back, and nobody waits for a machine for them."""
        now = time.monotonic()
        for member in list(self._members):
            owner = self._owners.get(member.group)
            if owner and owner.resources.gpu and not member.batches:
                quiet = now - max(self._asked.get(member.group, 0.0), member.seen)
                if quiet > (_QUIET_S if member.seen else _UNWANTED_S):
                    self._dismiss(member)


def group_of(spec: BackendSpec) -> str:
    """All CPU backends share their actors; a GPU backend has its own, and so has one with an environment of its own."""
    return f"{spec.kind} {spec.name}" if spec.resources.gpu or spec.runtime_env else CPU
