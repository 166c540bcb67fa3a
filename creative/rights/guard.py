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
    "clip": ("footage", "likeness"),
    "bed": ("track", "music"),
}
"""Where what somebody agreed to comes into an ad: by kind of step the input (of several: "footage.0"), and what kind of right it
needs."""
DRAWS = "likeness"
"""The fact of a backend that draws persons (by a LoRA, for one): the ids of the consents to that."""


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


def sources(step: Step) -> tuple[str, ...]:
    """What comes into the ad by this very step, for which somebody must have agreed, as far as a consent may be needed for
    it: by sha256; empty for all other steps. `ENTERS` says the kind of right.
    """
    return entering(step.kind, step.inputs)


def entering(kind: str, inputs: Mapping[str, object]) -> tuple[str, ...]:
    """As `sources`, of a step of a kind with these inputs by role: sha256 of media, or outputs of other steps."""
    role = ENTERS[kind][0] if kind in ENTERS else ""
    return tuple(it for name, it in inputs.items() if role and name.partition(".")[0] == role and isinstance(it, str))


def drawn(spec: BackendSpec | None) -> tuple[str, ...]:
    """The consents of those whom a backend draws, as its row states them (`facts: {likeness: [ana-2027]}`)."""
    said = spec.facts.get(DRAWS, ()) if spec is not None else ()
    return (said,) if isinstance(said, str) else tuple(map(str, said))


def may_need(step: Step, spec: BackendSpec | None = None) -> bool:
    """Whether the step needs a consent, or may need one: then the store has to be asked. `spec`: its backend, if it is known."""
    known = bool(step.rights) or _needs(step, spec) or bool(drawn(spec))
    return known or (bool(sources(step)) and ENTERS[step.kind][1] == "likeness")


def _needs(step: Step, spec: BackendSpec | None) -> bool:
    """Whether it is certain without asking anybody: a recording may also be played as it is, under its own licence."""
    if not sources(step):
        return False
    return step.kind == "bed" or (step.kind == "speech" and spec is not None and CLONE in spec.facts.get("uses", ()))


def _why_not(
    step: Step, spec: BackendSpec | None, rights: Rights, persons: Mapping[str, tuple[str, ...]], day: date
) -> str:
    enters, people = sources(step), drawn(spec)
    kind: Kind | None = ENTERS[step.kind][1] if enters else "likeness" if people else None
    for id in step.rights:
        # Of several films each consent is about some; whom a model draws is in no file of this step.
        of = None if id in people or not enters else next((it for it in enters if id in persons.get(it, ())), enters[0])
        if why := rights.why_not((id,), day, of, kind):
            one = rights.standing.get(id)
            return f"{why}: {_instead(kind or (one.consent.kind if one is not None else 'voice'))}"
    if missing := sorted(set(people) - set(step.rights)):
        return f"{step.backend} draws somebody who has to agree ({', '.join(missing)}), and no consent was named: {_instead('likeness')}"
    if kind == "likeness":
        for sha256 in enters:
            if sha256 in persons and (unnamed := rights.unnamed(sha256, step.rights)):
                named, thing = ", ".join(unnamed), "film" if step.kind == "clip" else "photo"
                return (
                    f"the {thing} shows somebody who has to agree ({named}), and no consent was named: {_instead(kind)}"
                )
        return ""
    if not step.rights and kind is not None and _needs(step, spec):
        thing = "a cloned voice" if kind == "voice" else "a track"
        return f"{thing} needs a {NOUNS[kind]}, and none was named: {_instead(kind)}"
    return ""


def _instead(kind: Kind) -> str:
    return f"enter another {NOUNS[kind]} (creative voices add), or {WITHOUT[kind]}"
