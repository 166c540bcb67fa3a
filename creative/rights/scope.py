"""Whether a consent covers an ad: who, where, in which language and channel, from when until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from creative.rights.ledger import Rights, Standing
from creative.rights.records import ALL, NOUNS, RIGHT_TYPES, USES, WITHOUT, Kind, spelled

_A: Mapping[Kind, str] = {"voice": "a voice", "likeness": "a likeness", "music": "music"}
_THIS: Mapping[Kind, str] = {"voice": "this voice", "likeness": "this likeness", "music": "this music"}
_ADS: Mapping[Kind, str] = {"voice": "spoken ads", "likeness": "pictures", "music": "films and spoken ads"}
_ADD = "Somebody with the role rights enters it: creative voices add {noun}.yaml --by NAME"


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
    """Why an ad may not be made: what of the brief it is about, what is wrong, what to do."""

    about: Literal["consent", "reference", "locale"]
    problem: str
    instead: str


def refusal(rights: Rights, wanted: Wanted) -> Refusal | None:
    """Why the consent does not cover the ad; None if it does."""
    return unusable(rights, wanted) or _where(rights.standing[wanted.consent], wanted)


def unusable(rights: Rights, wanted: Wanted) -> Refusal | None:
    """Why the consent is none for this brief, wherever its ads are shown; None if it is one."""
    one, noun = rights.standing.get(wanted.consent), NOUNS[wanted.kind]
    if one is None or one.consent.kind != wanted.kind:
        other = f": {wanted.consent} is for {_A[one.consent.kind]}" if one is not None else ""
        problem = f"there is no {noun} {wanted.consent!r} for {_A[wanted.kind]} in this store{other}"
        return Refusal("consent", problem, _ADD.format(noun=noun.upper()))
    return _ended(one, wanted) or _who(one, wanted)


def _ended(one: Standing, wanted: Wanted) -> Refusal | None:
    why = one.why_not(wanted.today)
    consent, without = one.consent, WITHOUT[wanted.kind]
    if one.revoked_at:
        fresh = (
            "a new document is a new licence" if wanted.kind == "music" else "a new recorded statement is a new consent"
        )
        return Refusal("consent", why, f"A revocation is final: {fresh}, or {without}")
    if why:
        instead = f"enter another {NOUNS[wanted.kind]}, or {without}"
        coming = wanted.today.isoformat() < consent.valid_from
        return Refusal("consent", why, f"Wait until then, {instead}" if coming else instead[0].upper() + instead[1:])
    if wanted.days is None:
        return None
    first, last = (day.isoformat() for day in wanted.days)
    if first < consent.valid_from or last > consent.valid_until:
        problem = (
            f"the flight is from {first} until {last}, and the {NOUNS[wanted.kind]} {consent.id} from {consent.valid_from} "
            f"until {consent.valid_until}"
        )
        return Refusal("consent", problem, f"Shorten the flight, or enter another {NOUNS[wanted.kind]}")
    return None


def _who(one: Standing, wanted: Wanted) -> Refusal | None:
    consent, noun = one.consent, NOUNS[wanted.kind]
    if wanted.reference is not None and wanted.reference not in {blob.sha256 for blob in consent.references}:
        known = ", ".join(f"{blob.sha256[:12]}..." for blob in consent.references)
        problem = (
            f"the recording (sha256 {wanted.reference[:12]}...) is not the one that {consent.id} is about: {known}"
        )
        return Refusal("reference", problem, "Name the recording that was agreed to, byte for byte")
    if not wanted.authors:
        problem = f"nobody can tell who asks for {_THIS[wanted.kind]}: the brief has no owner"
        return Refusal("consent", problem, "Write owner: {name: ...}")
    if spelled(one.entered_by) in {spelled(author) for author in wanted.authors}:
        problem = f"the {noun} {consent.id} was entered by {one.entered_by}, who asks for this brief's ads as well"
        return Refusal("consent", problem, f"Somebody else with the role rights enters another {noun}")
    return None


def _where(one: Standing, wanted: Wanted) -> Refusal | None:
    consent, scope = one.consent, one.consent.scope
    noun, without = NOUNS[wanted.kind], WITHOUT[wanted.kind]
    if not _covers(scope.brands, wanted.brand):
        problem = f"{consent.id} does not cover the brand {wanted.brand[0]}: it covers {_list(scope.brands)}"
        return Refusal("consent", problem, f"Enter a {noun} for this brand, or {without}")
    if not _covers(scope.languages, (wanted.locale.partition("-")[0], wanted.locale)):
        problem = f"{consent.id} does not cover the language of {wanted.locale}: it covers {_list(scope.languages)}"
        if wanted.kind == "voice":
            return Refusal("locale", problem, "Take another voice for this language")
        return Refusal(
            "locale", problem, f"Leave the language out (exclude: [{{locales: [{wanted.locale}]}}]), or {without}"
        )
    if not _covers(scope.markets, (wanted.market,)):
        problem = f"{consent.id} does not cover the market {wanted.market}: it covers {_list(scope.markets)}"
        only = f", placements: [{wanted.placement}]" if wanted.kind == "voice" else ""
        leave_out = f"exclude: [{{markets: [{wanted.market}]{only}}}]"
        return Refusal(
            "consent", problem, f"Leave its {_ADS[wanted.kind]} out there ({leave_out}), or enter another {noun}"
        )
    if not _covers(scope.channels, (wanted.channel,) if wanted.channel else ()):
        channel = wanted.channel or "of no known name"
        problem = f"{consent.id} does not cover {wanted.placement}, whose channel is {channel}: it covers {_list(scope.channels)}"
        return Refusal("consent", problem, f"Leave {wanted.placement} out, or enter another {noun}")
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
    return ALL in covered or bool({spelled(one) for one in covered} & {spelled(one) for one in any_of})


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(values)
