"""Whether a consent covers an ad: who, where, in which language and channel, from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from creative.rights.ledger import Rights, Standing
from creative.rights.records import ALL, RIGHT_TYPES, USES, Kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one ad asks of a consent. `brand`: the kit's name and its id, if it has one. `channel`: AdCP's, None where the
    placement has none. `days`: the first and the last day of the flight, None without one. `authors`: who asks for the ad:
    whoever entered the consent must be somebody else.
    """

    kind: Kind
    consent: str
    reference: str | None
    brand: tuple[str, ...]
    market: str
    locale: str
    placement: str
    channel: str | None
    days: tuple[date, date] | None
    today: date
    authors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an ad may not be made: the field of the voice that it is about, what is wrong, what to do."""

    field: str
    problem: str
    instead: str


_ADD = "Somebody with the role rights enters it: creative voices add CONSENT.yaml --by NAME"


def refusal(rights: Rights, wanted: Wanted) -> Refusal | None:
    """Why the consent does not cover the ad; None if it does."""
    one = rights.standing.get(wanted.consent)
    if one is None or one.consent.kind != wanted.kind:
        problem = f"there is no consent {wanted.consent!r} for a {wanted.kind} in this store"
        return Refusal("consent", problem, _ADD)
    return _ended(one, wanted) or _who(one, wanted) or _where(one, wanted)


def _ended(one: Standing, wanted: Wanted) -> Refusal | None:
    why = one.why_not(wanted.today)
    consent = one.consent
    if one.revoked_at:
        again = "A revocation is final: a new recorded statement is a new consent, or take another voice"
        return Refusal("consent", why, again)
    if why:
        return Refusal("consent", why, "Wait for it, enter another consent, or take another voice")
    if wanted.days is None:
        return None
    first, last = (day.isoformat() for day in wanted.days)
    if first < consent.valid_from or last > consent.valid_until:
        problem = (
            f"the flight is from {first} until {last}, and the consent {consent.id} from {consent.valid_from} until "
            f"{consent.valid_until}"
        )
        return Refusal("consent", problem, "Shorten the flight, or enter another consent")
    return None


def _who(one: Standing, wanted: Wanted) -> Refusal | None:
    consent = one.consent
    if wanted.reference is not None and wanted.reference not in {blob.sha256 for blob in consent.references}:
        known = ", ".join(f"{blob.sha256[:12]}..." for blob in consent.references)
        problem = (
            f"the recording (sha256 {wanted.reference[:12]}...) is not the one that {consent.id} is about: {known}"
        )
        return Refusal("reference", problem, "Name the recording that was agreed to, byte for byte")
    if not wanted.authors:
        problem = "nobody can tell who asks for this voice: the brief has no owner"
        return Refusal("consent", problem, "Write owner: {name: ...}")
    if _same(one.entered_by) in {_same(author) for author in wanted.authors}:
        problem = f"the consent {consent.id} was entered by {one.entered_by}, who asks for this brief's ads as well"
        return Refusal("consent", problem, "Somebody else with the role rights enters another consent")
    return None


def _where(one: Standing, wanted: Wanted) -> Refusal | None:
    consent, scope = one.consent, one.consent.scope
    if not _covers(scope.brands, wanted.brand):
        problem = f"{consent.id} does not cover the brand {wanted.brand[0]}: it covers {_list(scope.brands)}"
        return Refusal("consent", problem, "Enter a consent for this brand, or take another voice")
    if not _covers(scope.languages, (wanted.locale.partition("-")[0], wanted.locale)):
        problem = f"{consent.id} does not cover the language of {wanted.locale}: it covers {_list(scope.languages)}"
        return Refusal("locale", problem, "Take another voice for this language")
    if not _covers(scope.markets, (wanted.market,)):
        problem = f"{consent.id} does not cover the market {wanted.market}: it covers {_list(scope.markets)}"
        leave_out = f"exclude: [{{markets: [{wanted.market}], placements: [{wanted.placement}]}}]"
        return Refusal("consent", problem, f"Leave its spoken ads out there ({leave_out}), or enter another consent")
    if not _covers(scope.channels, (wanted.channel,) if wanted.channel else ()):
        channel = wanted.channel or "of no known name"
        problem = f"{consent.id} does not cover {wanted.placement}, whose channel is {channel}: it covers {_list(scope.channels)}"
        return Refusal("consent", problem, f"Leave {wanted.placement} out, or enter another consent")
    return None


def constraint(rights: Rights, id: str) -> dict[str, object]:
    """A consent as manifests carry it, in AdCP's words for a rights constraint. It names no person."""
    consent = rights.standing[id].consent
    scope = consent.scope
    found: dict[str, object] = {
        "rights_id": consent.id,
        "right_type": RIGHT_TYPES[consent.kind],
        "uses": list(USES[consent.kind]),
        "cloned": consent.kind == "voice",
        "valid_from": consent.valid_from,
        "valid_until": consent.valid_until,
    }
    for name, values in (("countries", scope.markets), ("channels", scope.channels), ("languages", scope.languages)):
        if ALL not in values:
            found[name] = list(values)
    return found


def _covers(covered: tuple[str, ...], any_of: tuple[str, ...]) -> bool:
    return ALL in covered or bool({_same(one) for one in covered} & {_same(one) for one in any_of})


def _same(name: str) -> str:
    """Names that a person would take for the same."""
    return " ".join(name.split()).casefold()


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(values)
