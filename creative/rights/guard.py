"""Asked before every step that has somebody's voice in its sound, reused or new: by the loop, and by each worker.

A worker has no database: it reads the store's rights log, at least once a batch. A step that would clone a voice under no
consent at all is refused as well, whoever sent it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from creative.backends import BackendSpec
from creative.rights.ledger import Ledger, Rights, today
from creative.steps import Step
from creative.store.port import Store
from creative.voices import CLONE

_INSTEAD = "enter another consent (creative voices add), or take another voice"


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

        The store is asked once, and only if a step needs a consent. `spec`: their backend. Raises StoreError.
        """
        asked = [step for step in steps if step.rights or clones(step, spec)]
        if not asked:
            return {}
        rights, day = self._ledger.refresh(), self._day()
        return {step.key: why for step in asked if (why := _why_not(step, rights, day))}

    def lapsed(self, ids: Iterable[str]) -> dict[str, str]:
        """Of these consents those that are not in force, as the store says it now, with the reason. Raises StoreError."""
        asked = sorted(set(ids))
        if not asked:
            return {}
        rights, day = self._ledger.refresh(), self._day()
        return {id: why for id in asked if (why := rights.why_not((id,), day))}


def clones(step: Step, spec: BackendSpec | None) -> bool:
    """Whether it makes sound in the voice of a reference, as far as its backend's row says that it clones."""
    return (
        spec is not None
        and step.kind == "speech"
        and "reference" in step.inputs
        and CLONE in spec.facts.get("uses", ())
    )


def _why_not(step: Step, rights: Rights, day: date) -> str:
    if not step.rights:
        return f"a cloned voice needs a consent, and none was named: {_INSTEAD}"
    reference = step.inputs.get("reference") if step.kind == "speech" else None
    why = rights.why_not(step.rights, day, reference if isinstance(reference, str) else None)
    return f"{why}: {_INSTEAD}" if why else ""
