"""Matching: which approved ad to show for a placement, to whom, where and in which language.

Only what is approved and in flight counts: the campaign's flight and the offer's days, from midnight to midnight in the
market's own time zone, the last day included. Best first:

1. the locale that is asked for; else the same language in the same market
2. the segment that is asked for, of them the one that has most of the traits; then any segment that has all the traits
3. the segment's value, then what was approved later, then by ad_id

What somebody's consent is needed for (their voice, their face) is offered on its days only, and never again once it was
revoked: the store's rights log is asked for it each time. What is found to have lapsed today is withdrawn.

A rehearsal (`creative.rehearsals`) is offered to nobody who does not ask for one.

The bytes are read from the store and hashed before they are offered. What is damaged or gone is withdrawn in the log,
which everybody follows, and the next best is tried.
"""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from creative.brief.places import known_locale
from creative.errors import DamagedStoreError, UsageError
from creative.registry import Candidate, Registry, Wanted
from creative.rehearsals import SAID
from creative.review.verdicts import Wish, judge, lapses
from creative.store import Store

BY = "match"
_MOST_TRAITS = 100
_FIRST, _MOST = 8, 1_000
"""How many candidates are looked at together, at first and at most."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an ad is wanted for. `traits`: (name, value). `at`: now, if left out. `rehearsals`: they are offered as well."""

    placement: str
    market: str
    locale: str
    segment: str | None = None
    traits: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    campaign: str | None = None
    rehearsals: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The ad to show, or None for everything but `reason`. `rehearsal`: what noise made of it, where it is no ad but a trial.
    `withdrawn`: campaigns of ads that were found damaged.
    """

    reason: str
    asset_id: str | None = None
    ad_id: str | None = None
    uri: str | None = None
    sha256: str | None = None
    type: str | None = None
    rehearsal: str = ""
    withdrawn: tuple[tuple[str, str], ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is one."""
        return self.asset_id is not None

    def summary(self) -> dict[str, Any]:
        """As data."""
        names = ("asset_id", "ad_id", "uri", "sha256", "type", "reason")
        return {name: getattr(self, name) for name in names} | ({"rehearsal": self.rehearsal} if self.rehearsal else {})


def request(
    placement: str,
    market: str,
    locale: str,
    segment: str | None = None,
    traits: Sequence[str] = (),
    at: str | None = None,
    campaign: str | None = None,
    rehearsals: bool = False,
) -> Request:
    """A request as it is written on a command line: `traits` as "name=value", `at` in ISO 8601, UTC where it has no zone.

    Raises UsageError for what cannot be meant.
    """
    pairs = []
    for text in traits:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"--trait {text}: write NAME=VALUE, such as crm=portafilter")
        pairs.append((name.strip(), value.strip()))
    if not segment and not pairs:
        raise UsageError("say who it is for: --segment SEGMENT, or --trait NAME=VALUE")
    if len(pairs) > _MOST_TRAITS:
        raise UsageError(f"--trait: {_MOST_TRAITS} at most")
    if not known_locale(locale):
        raise UsageError(f"--locale {locale}: write language and country, such as de-DE or en-GB")
    return Request(
        placement,
        market.upper(),
        locale,
        segment or None,
        tuple(dict.fromkeys(pairs)),
        _moment(at),
        campaign,
        rehearsals,
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--at {text}: write a time such as 2026-12-24T18:00+01:00") from error


def match(store: Store, registry: Registry, asked: Request) -> Match:
    """The best ad for the request, whose bytes were seen to be right.

    Raises StoreError when the store cannot be reached: that is no reason to withdraw anything.
    """
    at = asked.at or datetime.now(UTC)
    withdrawn: list[tuple[str, str]] = []
    forbidden: list[str] = []
    tried: set[str] = set()
    for wanted in _ways(asked):
        most = _FIRST
        while found := registry.candidates(
            wanted, _days(at), lambda one: one.asset_id not in tried and in_flight(one, at), most=most
        ):
            most = min(4 * most, _MOST)  # the first is nearly always good; when a consent ended, a thousand may not be
            lapsed = _lapsed(store, registry, found, at)
            if lapsed and asked.at is None:
                withdrawn += _withdraw_lapsed(store, registry, [one for one in found if one.asset_id in lapsed])
            for one in found:
                tried.add(one.asset_id)
                if one.asset_id in lapsed:
                    forbidden.append(lapsed[one.asset_id])
                    continue
                try:
                    store.get_blob(one.sha256)
                except DamagedStoreError:
                    _withdraw(store, registry, one)
                    withdrawn.append((one.campaign, one.asset_id))
                    continue
                return Match(
                    _why(asked, wanted, one),
                    one.asset_id,
                    one.ad_id,
                    store.uri(one.sha256),
                    one.sha256,
                    one.type,
                    one.rehearsal,
                    tuple(withdrawn),
                )
    if forbidden:
        more = f" (and {len(forbidden) - 1} more)" if len(forbidden) > 1 else ""
        return Match(f"approved, and must not be shown: {forbidden[0]}{more}", withdrawn=tuple(withdrawn))
    return Match(_why_none(registry, asked, at, len(withdrawn)), withdrawn=tuple(withdrawn))


def _lapsed(store: Store, registry: Registry, found: Sequence[Candidate], at: datetime) -> dict[str, str]:
    """Which of these must not be shown at that moment for want of a consent, and why."""
    needed = registry.needed_rights([one.asset_id for one in found])
    if not needed:
        return {}
    registry.follow_rights(store)
    rights = registry.rights()
    return {
        one.asset_id: why for one in found if (why := rights.why_not(needed.get(one.asset_id, ()), _today(one, at)))
    }


def _withdraw_lapsed(store: Store, registry: Registry, lapsed: Sequence[Candidate]) -> list[tuple[str, str]]:
    """What nobody may be shown any more today, anywhere, is withdrawn by whoever sees it first."""
    reasons = lapses(store, registry, [one.asset_id for one in lapsed])
    wishes = [
        Wish(one.asset_id, one.sha256, "withdrawn", BY, reasons[one.asset_id])
        for one in lapsed
        if one.asset_id in reasons
    ]
    gone = set(judge(store, registry, wishes).withdrawn) if wishes else set()
    return [(one.campaign, one.asset_id) for one in lapsed if one.asset_id in gone]


def _ways(asked: Request) -> Iterator[Wanted]:
    """What to look for, one after another."""
    exact = Wanted(
        asked.placement,
        asked.market,
        asked.locale,
        traits=asked.traits,
        campaign=asked.campaign,
        rehearsals=asked.rehearsals,
    )
    for wanted in (exact, replace(exact, near=True)):
        if asked.segment is not None:
            yield replace(wanted, segment=asked.segment)
        if asked.traits:
            yield replace(wanted, but=asked.segment)


def _days(at: datetime) -> tuple[str, str]:
    """The first and the last date that it is anywhere (UTC-12 to UTC+14)."""
    return _date(at, timedelta(hours=-12)).isoformat(), _date(at, timedelta(hours=14)).isoformat()


def _date(at: datetime, shift: timedelta) -> date:
    try:
        return (at + shift).date()
    except OverflowError:  # the first or the last day of all
        return at.date()


def in_flight(one: Candidate, at: datetime) -> bool:
    """Whether it may be shown at that moment."""
    today = _today(one, at).isoformat()
    return (one.first_day is None or one.first_day <= today) and (one.last_day is None or today <= one.last_day)


def _today(one: Candidate, at: datetime) -> date:
    """Which day it is in its market."""
    try:
        return at.astimezone(_zone(one.timezone)).date()
    except OverflowError:
        return at.date()


@cache
def _zone(name: str | None) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def _withdraw(store: Store, registry: Registry, one: Candidate) -> None:
    damaged = store.has_blob(one.sha256)
    reason = "its file in the store is damaged" if damaged else "its file in the store is gone"
    judge(store, registry, [Wish(one.asset_id, one.sha256, "withdrawn", BY, reason)])


def _why(asked: Request, wanted: Wanted, one: Candidate) -> str:
    if wanted.segment is not None:
        said = f"segment {one.segment}"
        if asked.traits:
            said += f", {one.fits} of {len(asked.traits)} trait{'' if len(asked.traits) == 1 else 's'}"
    else:
        said = f"segment {one.segment} has {', '.join(f'{name}={value}' for name, value in asked.traits)}"
    locale = f"locale {one.locale}" + (f" for want of {asked.locale}" if wanted.near else "")
    until = f", until {one.last_day}" if one.last_day else ""
    noise = f"; {SAID}: {one.rehearsal}" if one.rehearsal else ""
    return f"{said}; {locale}; value {one.value}; approved, in flight{until}{noise}"


def _why_none(registry: Registry, asked: Request, at: datetime, withdrawn: int) -> str:
    """What was missing, for whoever wonders: nothing is found, so this may take its time."""
    ways = list(_ways(asked))
    approved = [one for way in ways for one in registry.candidates(way, None, most=1_000)]
    lost = f"; {withdrawn} approved whose files are damaged or gone: withdrawn" if withdrawn else ""
    if approved:
        return f"{len(approved)} approved, none in flight{_when(approved, at)}{lost}"
    if not asked.rehearsals and (noise := _rehearsed(registry, asked)):
        return f"{noise}{lost}"
    ways = [replace(way, rehearsals=True) for way in ways]
    states = Counter(one.state for way in ways for one in registry.candidates(way, None, state=None, most=1_000))
    if states:
        there = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        return f"none approved ({there}){lost}"
    return _nothing_such(registry, asked)


def _rehearsed(registry: Registry, asked: Request) -> str:
    """What there is of rehearsals, for who did not ask for them; empty if there is none."""
    ways = _ways(replace(asked, rehearsals=True))
    found = [one for way in ways for one in registry.candidates(way, None, lambda it: bool(it.rehearsal), most=1_000)]
    if not found:
        return ""
    return f"none approved but {len(found)} as {SAID}: --rehearsal takes them, {found[0].asset_id} first"


def _when(approved: Sequence[Candidate], at: datetime) -> str:
    today = at.date().isoformat()
    later = sorted(one.first_day for one in approved if one.first_day and one.first_day > today)
    if later:
        return f" until {later[0]}"
    over = sorted(one.last_day for one in approved if one.last_day)
    return f": the last one ended with {over[-1]}" if over else ""


def _nothing_such(registry: Registry, asked: Request) -> str:
    """Which of the things that were asked for has no ads at all."""
    of = f" of {asked.campaign}" if asked.campaign else ""
    among: Mapping[str, str] = {}
    for name, value in (("placement", asked.placement), ("market", asked.market), ("segment", asked.segment)):
        if value is None:
            continue
        values = registry.known_values(name, asked.campaign, **among, **{name: value})
        if not values:
            there = ", ".join(registry.known_values(name, asked.campaign, **among)) or "none at all"
            where = f" for {' in '.join(among.values())}" if among else ""
            return f"no ad{of} has the {name} {value}{where}; there is: {there}"
        among = {**among, name: value}
    locales = registry.known_values("locale", asked.campaign, **among)
    language = asked.locale.partition("-")[0]
    if not any(locale.partition("-")[0] == language for locale in locales):
        return f"no ad{of} for {' in '.join(among.values())} speaks {language}; there is: {', '.join(locales)}"
    traits = ", ".join(f"{name}={value}" for name, value in asked.traits)
    return f"no segment{of} for {' in '.join(among.values())} has {traits or 'an ad that was made'}"
