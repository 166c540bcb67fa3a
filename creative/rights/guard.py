"""Asked before every step that has somebody's voice, likeness or music in it, reused or new: by the loop, and by each worker.

A worker has no database: it reads the store's rights log, at least once a batch. A step that would clone a voice, or play a
track, under no consent at all is refused as well, whoever sent it, and so is a photo that a consent of the store names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from creative.backends import BackendSpec
from creative.rights.ledger import Ledger, Rights, today
from creative.rights.records import NOUNS, WITHOUT, Kind
from creative.steps import Step
from creative.store.port import Store
from creative.voices import CLONE

ENTERS: Mapping[str, tuple[str, Kind]] = {
    "speech": ("reference", "voice"),
    "scene": ("photo", "likeness"),
    "bed": ("track", "music"),
}
"""Where what somebody agreed to comes into an ad: by kind of step the input, and what kind of right it needs."""


class Guard:
    """Follows the rights log of one store. `day` says which day it is, in UTC."""

    def __init__(self, store: Store, day: Callable[[], date] = today) -> None:
        self._ledger = Ledger(store)
        self._day = day

    @property
    def rights(self) -> Rights:
        """As they were when they were asked for last."""
        return self._ledger.rights

    def refused(self, steps: Iterable[Step], spec: BackendSpec | None = None) -> dict[str, str]:
        """Why steps must not be made or used, by their key, as the store says it now; empty if all may be.

        The store is asked once, and only if a step may need a consent. `spec`: their backend. Raises StoreError.
        """
        asked = [step for step in steps if may_need(step, spec)]
        if not asked:
            return {}
        rights, day = self._ledger.refresh(), self._day()
        persons = rights.naming("likeness")
        return {step.key: why for step in asked if (why := _why_not(step, spec, rights, persons, day))}

    def lapsed(self, ids: Iterable[str]) -> dict[str, str]:
        """Of these consents those that are not in force, as the store says it now, with the reason. Raises StoreError."""
        asked = sorted(set(ids))
        if not asked:
            return {}
        rights, day = self._ledger.refresh(), self._day()
        return {id: why for id in asked if (why := rights.why_not((id,), day))}


def source(step: Step) -> tuple[str, Kind] | None:
    """What comes into the ad by this very step, for which somebody must have agreed, as far as a consent may be needed for
    it: its sha256, and the kind of right; None for all other steps.
    """
    role, kind = ENTERS.get(step.kind, ("", "voice"))
    found = step.inputs.get(role)
    return (found, kind) if isinstance(found, str) else None


def may_need(step: Step, spec: BackendSpec | None = None) -> bool:
    """Whether the step needs a consent, or may need one: then the store has to be asked. `spec`: its backend, if it is known."""
    return bool(step.rights) or _needs(step, spec) or (step.kind == "scene" and source(step) is not None)


def _needs(step: Step, spec: BackendSpec | None) -> bool:
    """Whether it is certain without asking anybody: a recording may also be played as it is, under its own licence."""
    if source(step) is None:
        return False
    return step.kind == "bed" or (step.kind == "speech" and spec is not None and CLONE in spec.facts.get("uses", ()))


def _why_not(
    step: Step, spec: BackendSpec | None, rights: Rights, persons: Mapping[str, tuple[str, ...]], day: date
) -> str:
    entering = source(step)
    sha256, kind = entering if entering is not None else (None, None)
    for id in step.rights:
        if why := rights.why_not((id,), day, sha256, kind):
            one = rights.standing.get(id)
            return f"{why}: {_instead(kind or (one.consent.kind if one is not None else 'voice'))}"
    if step.rights or entering is None:
        return ""
    if _needs(step, spec):
        thing = "a cloned voice" if kind == "voice" else "a track"
        return f"{thing} needs a {NOUNS[entering[1]]}, and none was named: {_instead(entering[1])}"
    if kind == "likeness" and sha256 in persons:
        named = ", ".join(persons[entering[0]])
        return f"the photo shows somebody who has to agree ({named}), and no consent was named: {_instead(kind)}"
    return ""


def _instead(kind: Kind) -> str:
    return f"enter another {NOUNS[kind]} (creative voices add), or {WITHOUT[kind]}"
