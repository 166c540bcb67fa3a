"""What is asked of the registry about verdicts, deliveries, and what may be shown to whom."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from creative.registry.database import chunks
from creative.registry.rows import ApprovedRow, Candidate, DeliveryRow, Reviewable, VerdictRow, Wanted
from creative.registry.saying import is_present
from creative.registry.tables import asset_history, assets, cells, deliveries, traits, verdicts

T = TypeVar("T")
_OF_CELL = ("campaign", "segment", "placement", "locale", "value", "first_day", "last_day", "timezone")


class _Reads(Protocol):
    def _read(self, work: Callable[[Connection], T]) -> T: ...


class Judged:
    """Part of `Registry`."""

    def verdicts(
        self: _Reads, *, campaign: str | None = None, asset_id: str | None = None, last: int | None = None
    ) -> list[VerdictRow]:
        """What was said, of a campaign's assets or of one, oldest first; with `last`, only so many of the newest."""
        columns = [verdicts.c[name] for name in VerdictRow.__dataclass_fields__]
        query = sa.select(*columns).order_by(verdicts.c.at.desc(), verdicts.c.entry.desc(), verdicts.c.number.desc())
        if campaign is not None:
            query = query.where(verdicts.c.campaign == campaign)
        if asset_id is not None:
            query = query.where(verdicts.c.asset_id == asset_id)
        rows = self._read(lambda connection: connection.execute(query.limit(last)).all())
        return [VerdictRow(*row) for row in reversed(rows)]

    def reviewable(self: _Reads, ids: Collection[str]) -> dict[str, Reviewable]:
        """The renditions of these ids that there are, by asset_id."""
        columns = {
            name: assets.c[name]
            for name in ("asset_id", "ad_id", "campaign", "name", "state", "sha256", "reasons", "rehearsal")
        }
        query: sa.Select[Any] = sa.select(*columns.values(), cells.c.asset, is_present()).join(
            cells, cells.c.ad_id == assets.c.ad_id
        )

        def work(connection: Connection) -> dict[str, Reviewable]:
            return {
                row[0]: Reviewable(*row)
                for some in chunks(sorted(set(ids)))
                for row in connection.execute(query.where(assets.c.asset_id.in_(some)))
            }

        return self._read(work)

    def approved(self: _Reads, campaign: str) -> list[ApprovedRow]:
        """The campaign's approved renditions, by ad_id."""
        names = ApprovedRow.__dataclass_fields__
        query = (
            sa.select(*((cells if name in _OF_CELL else assets).c[name] for name in names))
            .join(cells, cells.c.ad_id == assets.c.ad_id)
            .where(assets.c.campaign == campaign, assets.c.state == "approved")
            .order_by(assets.c.ad_id)
        )
        return [ApprovedRow(*row) for row in self._read(lambda connection: connection.execute(query).all())]

    def deliveries(self: _Reads, campaign: str) -> dict[str, DeliveryRow]:
        """What the campaign's log says is delivered, by path below `published/`."""
        query = (
            sa.select(deliveries.c.path, assets.c.ad_id, deliveries.c.asset_id, deliveries.c.sha256)
            .outerjoin(assets, assets.c.asset_id == deliveries.c.asset_id)
            .where(deliveries.c.campaign == campaign)
            .order_by(deliveries.c.path)
        )
        rows = self._read(lambda connection: connection.execute(query).all())
        return {row[0]: DeliveryRow(row[0], row[1] or "", *row[2:]) for row in rows}

    def candidates(
        self: _Reads,
        wanted: Wanted,
        days: tuple[str, str] | None,
        good: Callable[[Candidate], bool] = lambda _: True,
        *,
        state: str | None = "approved",
        most: int = 8,
    ) -> list[Candidate]:
        """The first `most` renditions that are `good`, best first: by traits, the segment's value, newer, then by ad_id.

        `days`: the first and the last day that it may be anywhere now; left out, all days. Without a `state`, all present
        renditions.
        """
        query = _candidates(wanted, days, state)

        def work(connection: Connection) -> list[Candidate]:
            found = (Candidate(*row) for row in connection.execute(query))
            return _first(most, (one for one in found if good(one)))

        return self._read(work)

    def known_values(self: _Reads, name: str, campaign: str | None = None, **among: str) -> list[str]:
        """The values that ads of these coordinates have or had of another one (`name`), sorted; twenty at most."""
        query = sa.select(cells.c[name]).distinct().order_by(cells.c[name]).limit(20)
        for other, value in (among | ({"campaign": campaign} if campaign else {})).items():
            query = query.where(cells.c[other] == value)
        return list(self._read(lambda connection: connection.scalars(query).all()))


def _candidates(wanted: Wanted, days: tuple[str, str] | None, state: str | None) -> sa.Select[Any]:
    """Ads by the index of segment, placement and market; segments by that of traits; assets by their id."""
    fits: sa.ColumnElement[int] = sa.literal(len(wanted.traits))
    source: Any = cells
    which = []
    if wanted.segment is not None:
        which.append(cells.c.segment == wanted.segment)
        if wanted.traits:
            theirs = (traits.c.campaign == cells.c.campaign) & (traits.c.segment == cells.c.segment)
            fits = sa.select(sa.func.count()).where(theirs, _any_of(wanted.traits)).scalar_subquery()
    elif wanted.traits:
        (name, value), *others = wanted.traits
        source = traits.join(cells, (cells.c.segment == traits.c.segment) & (cells.c.campaign == traits.c.campaign))
        which += [traits.c.name == name, traits.c.value == value]
        for name, value in others:
            also = traits.alias()
            same = (also.c.campaign == traits.c.campaign) & (also.c.segment == traits.c.segment)
            which.append(sa.exists().where(same, also.c.name == name, also.c.value == value))
    newest = (
        sa.select(sa.func.max(asset_history.c.at))
        .where(asset_history.c.asset_id == assets.c.asset_id)
        .scalar_subquery()
    )
    fits = fits.label("fits")
    columns = [
        fits if name == "fits" else (cells if name in _OF_CELL else assets).c[name]
        for name in Candidate.__dataclass_fields__
    ]
    which += [cells.c.placement == wanted.placement, cells.c.market == wanted.market, _locale(wanted)]
    if wanted.but is not None:
        which.append(cells.c.segment != wanted.but)
    if wanted.campaign is not None:
        which.append(cells.c.campaign == wanted.campaign)
    if not wanted.rehearsals:
        which.append(assets.c.rehearsal == "")
    if state is not None:
        which.append(assets.c.state == state)
    if days is not None:
        which.append(sa.or_(cells.c.first_day.is_(None), cells.c.first_day <= days[1]))
        which.append(sa.or_(cells.c.last_day.is_(None), cells.c.last_day >= days[0]))
    return (
        sa.select(*columns)
        .select_from(source.join(assets, assets.c.asset_id == cells.c.asset))
        .where(*which)
        .order_by(fits.desc(), cells.c.value.desc(), newest.desc(), cells.c.ad_id)
    )


def _any_of(wanted: Iterable[tuple[str, str]]) -> sa.ColumnElement[bool]:
    return sa.or_(*((traits.c.name == name) & (traits.c.value == value) for name, value in wanted))


def _locale(wanted: Wanted) -> sa.ColumnElement[bool]:
    if not wanted.near:
        return cells.c.locale == wanted.locale
    language = wanted.locale
    if len(last := language.rpartition("-")[2]) in (2, 3) and last != language:
        language = language.rpartition("-")[0]  # without its country
    same = sa.or_(cells.c.locale == language, cells.c.locale.startswith(f"{language}-", autoescape=True))
    return same & (cells.c.locale != wanted.locale)


def _first(most: int, found: Iterator[T]) -> list[T]:
    return [one for one, _ in zip(found, range(most), strict=False)]
