"""The rights log in the store, and what it comes to.

rights/log/0000000001.json    one entry an object, made by conditional create: a consent is wider than one campaign

What an entry does depends on the entries before it only: of two consents with one id the first stands, of two revocations
too. A revocation ends every consent that rests on the same statement, entered before or after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from pydantic import ValidationError

from creative.errors import StoreError
from creative.records import Entry
from creative.rights.records import EVENTS, NOUNS, Consent, ConsentEvent, Kind, RevocationEvent, spelled
from creative.store.log import Log
from creative.store.port import Store

_FILES: Mapping[Kind, str] = {"voice": "recording", "likeness": "photo", "music": "recording"}


class RightsLog(Log):
    """The store's one rights log. `seen`: as for `creative.store.log.Log`."""

    def __init__(self, store: Store, seen: int = 0) -> None:
        super().__init__(store, "rights", seen)

    def _begin(self) -> None:
        pass

    def _name(self, number: int) -> str:
        return f"rights/log/{number:010}.json"


def event_of(entry: Entry) -> ConsentEvent | RevocationEvent:
    """What an entry says. Raises StoreError for what this version does not understand: half of a consent is none."""
    model = EVENTS.get(entry.type)
    try:
        if model is not None:
            return model.model_validate(entry.data)
        why = f"it is of the type {entry.type!r}"
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise StoreError(
        f"entry {entry.n} of the rights log was written by a newer version of creative-farm ({why}): upgrade"
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """One consent as it stands: who entered it and when (ISO 8601), and, if it was revoked, when, by whom and why."""

    consent: Consent
    entered_by: str
    entered_at: str
    revoked_at: str = ""
    revoked_by: str = ""
    revoked_reason: str = ""

    def state(self, day: date) -> str:
        """revoked, coming, expired, or in-force on that day."""
        if self.revoked_at:
            return "revoked"
        if day.isoformat() < self.consent.valid_from:
            return "coming"
        return "expired" if day.isoformat() > self.consent.valid_until else "in-force"

    def why_not(self, day: date) -> str:
        """Why nothing may be made or shown with it on that day; empty if it may. It names no person."""
        state, consent, noun = self.state(day), self.consent, NOUNS[self.consent.kind]
        if state == "revoked":
            return f"the {noun} {consent.id} was revoked on {self.revoked_at[:10]}"
        if state == "coming":
            return f"the {noun} {consent.id} begins on {consent.valid_from}"
        return f"the {noun} {consent.id} ended with {consent.valid_until}" if state == "expired" else ""


@dataclass(frozen=True, slots=True)
class Rights:
    """All consents by id, as the log says them up to its entry `last`."""

    standing: Mapping[str, Standing] = field(default_factory=dict)
    revoked: Mapping[str, RevocationEvent] = field(default_factory=dict)
    """Revocations by the statement that they end."""
    last: int = 0

    def naming(self, kind: Kind) -> dict[str, tuple[str, ...]]:
        """What entries of a kind are about, by sha256, each with the ids of all of them, whether they hold or not."""
        found: dict[str, tuple[str, ...]] = {}
        for id, one in self.standing.items():
            if one.consent.kind == kind:
                for blob in one.consent.references:
                    found[blob.sha256] = (*found.get(blob.sha256, ()), id)
        return found

    def unnamed(self, sha256: str, ids: Iterable[str]) -> tuple[str, ...]:
        """Of everybody whom entries of likenesses say to be seen in a file, those for whom none of `ids` is: the id of their
        last entry each. A consent of one of two who are seen is not the other's.
        """
        given, last = set(ids), dict[str, str]()
        of = self.naming("likeness").get(sha256, ())
        for id in of:
            last[spelled(self.standing[id].consent.holder)] = id
        for id in given.intersection(of):
            last.pop(spelled(self.standing[id].consent.holder), None)
        return tuple(last.values())

    def why_not(self, ids: Iterable[str], day: date, reference: str | None = None, kind: Kind | None = None) -> str:
        """Why nothing may be made or shown on that day with all of these consents; empty if it may.

        `reference`: the sha256 of what is cloned, shown or played, which every one of them has to name, and be of `kind`.
        """
        for id in ids:
            one = self.standing.get(id)
            if one is None:
                return f"there is no consent {id}"
            if why := one.why_not(day):
                return why
            if kind is not None and one.consent.kind != kind:
                return f"the {NOUNS[one.consent.kind]} {id} is for another use than {kind}"
            if reference is not None and reference not in {blob.sha256 for blob in one.consent.references}:
                return f"the {NOUNS[one.consent.kind]} {id} is of another {_FILES[one.consent.kind]} than {reference[:12]}..."
        return ""

    def with_entries(self, entries: Iterable[Entry]) -> Rights:
        """With these entries applied, which follow its last. Raises StoreError for what is not understood."""
        standing, revoked, last = dict(self.standing), dict(self.revoked), self.last
        for entry in entries:
            event, last = event_of(entry), entry.n
            if isinstance(event, ConsentEvent):
                standing.setdefault(event.consent.id, Standing(event.consent, event.by, entry.at))
                ended = revoked.get(event.consent.statement.sha256)
                if ended is not None:  # entered at the same moment as its statement was revoked
                    _end(standing, ended, entry.at)
            else:
                revoked.setdefault(event.statement, event)
                _end(standing, event, entry.at)
        return Rights(standing, revoked, last)


def _end(standing: dict[str, Standing], event: RevocationEvent, at: str) -> None:
    for id, one in standing.items():
        if not one.revoked_at and (id == event.id or one.consent.statement.sha256 == event.statement):
            standing[id] = replace(one, revoked_at=at, revoked_by=event.by, revoked_reason=event.reason)


class Ledger:
    """The log, followed: `rights` is what it came to when it was read last. One request to the store where nothing is new."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.rights = Rights()

    def refresh(self) -> Rights:
        """Read what is new. Raises StoreError when the store cannot be reached, or says what is not understood."""
        new = list(self._new())
        if new:
            self.rights = self.rights.with_entries(new)
        return self.rights

    def _new(self) -> Iterator[Entry]:
        last = self.rights.last
        return RightsLog(self.store, seen=last).entries(after=last)


def read_rights(store: Store) -> Rights:
    """What the store's rights log comes to now."""
    return Ledger(store).refresh()


def today() -> date:
    """The day that it is in UTC."""
    return datetime.now(UTC).date()
